//! Workbooks: ids, phone numbers and words as text cells, moments as dates, numbers as numbers. Nothing in a text
//! cell is calculated.
//!
//! A row leaves memory for a temporary file when the next begins; the workbook is packed from those at the end.
//!
//! A line of a cell ends in LF, whatever it ended in, and control characters that XML forbids are dropped. Excel
//! has a way to write both (`_x000D_`), but LibreOffice and others show that as it stands `[public: XlsxWriter
//! issues 589 and 680]`. Whoever imports the workbook again changes nothing by that.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format as CellFormat, FormatAlign, IgnoreError, Workbook, Worksheet,
    XlsxError,
};
use tousu_wire::{BeijingTime, Lang};

use super::columns::{COLUMNS, Cell, Kind};
use super::{Error, HashingWriter, Options, Row, Summary};

/// A workbook under way.
pub struct Xlsx {
    workbook: Workbook,
    out: HashingWriter,
    lang: Lang,
    /// The rows that a sheet may have, its heading included.
    sheet_rows: u32,
    /// Sheets begun.
    sheets: usize,
    /// The next row of the last of them.
    at: u32,
    rows: u64,
    cut: u64,
    /// No more bytes than these are in the sheets before they are packed.
    at_most: u64,
}

/// Excel's limit, heading included.
const SHEET_ROWS: u32 = 1_048_576;
/// Excel's limit for the text of a cell, in UTF-16 units.
const LONGEST: usize = 32_767;
/// Excel keeps fifteen digits of a number.
const LARGEST_NUMBER: i64 = 999_999_999_999_999;
/// 1900-03-01: before it, Excel has a day that never was.
const FIRST_DAY: f64 = 61.0;
/// 1970-01-01, as Excel counts days.
const EPOCH_DAY: f64 = 25_569.0;
/// Beijing's offset in seconds.
const BEIJING: i64 = 8 * 3600;
/// What a cell takes besides its text, and by how much that can grow (`&amp;`).
const CELL_BYTES: u64 = 100;
const GROWTH: u64 = 5;

impl Xlsx {
    /// Begins the first sheet.
    pub(super) fn new(options: &Options, out: HashingWriter) -> Result<Self, Error> {
        Xlsx::with_sheets_of(SHEET_ROWS, options, out)
    }

    fn with_sheets_of(sheet_rows: u32, options: &Options, out: HashingWriter) -> Result<Self, Error> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(&options.temp).map_err(other)?;
        // Otherwise the library asks the clock, and no two files are the same.
        let created = ExcelDateTime::from_timestamp(options.created_at);
        let created = created.or_else(|_| ExcelDateTime::from_timestamp(0)).map_err(other)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let mut xlsx = Xlsx {
            workbook,
            out,
            lang: options.lang,
            sheet_rows,
            sheets: 0,
            at: 0,
            rows: 0,
            cut: 0,
            at_most: 0,
        };
        xlsx.begin_sheet()?;
        Ok(xlsx)
    }

    fn begin_sheet(&mut self) -> Result<(), Error> {
        self.sheets += 1;
        self.at = 1;
        let (name, number, lang) = (sheet_name(self.lang), self.sheets, self.lang);
        let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
        let workbook = &mut self.workbook;
        caught(|| {
            let sheet = workbook.add_worksheet_with_constant_memory()?;
            sheet.set_name(name)?.set_freeze_panes(1, 1)?;
            let bold = CellFormat::new().set_bold().set_align(FormatAlign::VerticalCenter);
            for (at, column) in (0u16..).zip(COLUMNS) {
                sheet.set_column_width(at, column.width)?;
                if let Some(format) = number_format(column.kind) {
                    sheet.set_column_format(at, &CellFormat::new().set_num_format(format))?;
                }
                sheet.write_string_with_format(0, at, column.heading(lang), &bold)?;
            }
            Ok(())
        })
    }

    /// What is said of a whole sheet once its last row is known.
    fn end_sheet(&mut self) -> Result<(), Error> {
        let last = self.at - 1;
        let sheet = self.sheets - 1;
        let workbook = &mut self.workbook;
        caught(|| {
            let sheet = workbook.worksheet_from_index(sheet)?;
            sheet.autofilter(0, 0, last, COLUMNS.len() as u16 - 1)?;
            for (at, column) in (0u16..).zip(COLUMNS) {
                // No green corners on ids: they are meant to be text.
                if number_format(column.kind) == Some(AS_TEXT) && last > 0 {
                    sheet.ignore_error_range(1, at, last, at, IgnoreError::NumberStoredAsText)?;
                }
            }
            Ok(())
        })
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        if self.at == self.sheet_rows {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        let (at, lang, sheet) = (self.at, self.lang, self.sheets - 1);
        let (workbook, cut, at_most) = (&mut self.workbook, &mut self.cut, &mut self.at_most);
        caught(|| {
            let sheet = workbook.worksheet_from_index(sheet)?;
            for (column_at, column) in (0u16..).zip(COLUMNS) {
                *at_most += CELL_BYTES;
                match column.cell(row, lang) {
                    Cell::Text(text) => {
                        let (text, whole) = held(text, lang);
                        *cut += u64::from(!whole);
                        *at_most += GROWTH * text.len() as u64;
                        sheet.write_string(at, column_at, text)?;
                    }
                    Cell::Moment(None) => {}
                    Cell::Moment(Some(time)) => write_moment(sheet, at, column_at, time)?,
                    Cell::Number(number) => write_number(sheet, at, column_at, number)?,
                }
            }
            Ok(())
        })?;
        self.at += 1;
        self.rows += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Summary, Error> {
        self.end_sheet()?;
        // Old readers do not know the large form, so it is used only where the small one might not do.
        self.workbook.use_zip_large_file(self.at_most > u64::from(u32::MAX));
        let (workbook, out) = (&mut self.workbook, &mut self.out);
        caught(|| workbook.save_to_writer(out))?;
        let (bytes, sha256) = self.out.finish()?;
        Ok(Summary { rows: self.rows, cut: self.cut, bytes, sha256 })
    }
}

/// A sheet's name.
fn sheet_name(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "投诉",
        Lang::En => "complaints",
    }
}

const AS_TEXT: &str = "@";

/// How a column's cells are shown, and what they become when someone edits them: an id stays text.
fn number_format(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Id | Kind::Phone | Kind::Text => Some(AS_TEXT),
        Kind::Moment => Some("yyyy-mm-dd hh:mm:ss"),
        Kind::Number => Some("0"),
        Kind::Code => None,
    }
}

fn write_moment(sheet: &mut Worksheet, row: u32, column: u16, time: BeijingTime) -> Result<(), XlsxError> {
    // Without a format of its own the cell takes the column's, which need not be looked up for each.
    match serial(time) {
        Some(serial) => sheet.write_number(row, column, serial)?,
        None => sheet.write_string(row, column, time.to_string())?,
    };
    Ok(())
}

fn write_number(sheet: &mut Worksheet, row: u32, column: u16, number: i64) -> Result<(), XlsxError> {
    // So few digits are exact in a float.
    match (-LARGEST_NUMBER..=LARGEST_NUMBER).contains(&number) {
        true => sheet.write_number(row, column, number as f64)?,
        false => sheet.write_string(row, column, number.to_string())?,
    };
    Ok(())
}

/// The moment in Excel's days, if Excel has it.
fn serial(time: BeijingTime) -> Option<f64> {
    let serial = (time.epoch() + BEIJING) as f64 / 86_400.0 + EPOCH_DAY;
    (serial >= FIRST_DAY).then_some(serial)
}

/// The text as a cell can hold it, and whether that is all of it but for how its lines end.
fn held(text: Cow<'_, str>, lang: Lang) -> (Cow<'_, str>, bool) {
    let mut text = text;
    let mut whole = true;
    if text.contains('\r') {
        text = Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    if text.contains(forbidden) {
        text = Cow::Owned(text.replace(forbidden, ""));
        whole = false;
    }
    if let Some(shortened) = shortened(&text, lang) {
        text = Cow::Owned(shortened);
        whole = false;
    }
    (text, whole)
}

/// What no XML may hold.
fn forbidden(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The text cut to what a cell holds, with a mark at its end, if it is longer.
fn shortened(text: &str, lang: Lang) -> Option<String> {
    // A text has no more units than bytes, and few have as many bytes.
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return None;
    }
    let mark = match lang {
        Lang::Zh => "…（已截断）",
        Lang::En => "… (cut)",
    };
    let room = LONGEST - mark.encode_utf16().count();
    let mut units = 0;
    let mut kept: String = text
        .chars()
        .take_while(|character| {
            units += character.len_utf16();
            units <= room
        })
        .collect();
    kept.push_str(mark);
    Some(kept)
}

/// Does what may panic: the library does when a temporary file cannot be written.
fn caught(work: impl FnOnce() -> Result<(), XlsxError>) -> Result<(), Error> {
    // What the panic leaves behind is dropped: a failed export goes no further.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(other),
        Err(_) => Err(Error::TempFull),
    }
}

fn other(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => Error::Io(error),
        XlsxError::TempFileError(folder, error) => Error::Temp(folder, error),
        error => Error::Workbook(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::sync::{Arc, Mutex};

    use calamine::{Data, Reader};
    use tousu_wire::written::RowRef;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn row(id: &str, time: i64) -> RowRef<'_> {
        RowRef {
            channel_type: 1.into(),
            closed_at: None,
            complainant_phone: "188****1474".into(),
            complaint_from: 101.into(),
            complaint_id: id,
            complaint_reason: "".into(),
            complaint_resource_id: "20240417180801783546".into(),
            complaint_resource_type: 0,
            complaint_time: BeijingTime::from_epoch(time),
            complaint_type: 1.into(),
            current_step: 1.into(),
            is_overtime: 1.into(),
            operate_end_time: BeijingTime::from_epoch(time),
            operate_time: BeijingTime::from_epoch(time),
            state: 0.into(),
            time_limit: i64::MAX,
        }
    }

    fn options() -> Options {
        Options { lang: Lang::Zh, created_at: 1_714_535_999, temp: std::env::temp_dir() }
    }

    #[test]
    fn a_full_sheet_is_followed_by_another() {
        let kept = Kept::default();
        let out = HashingWriter::new(Box::new(kept.clone()));
        let mut xlsx = Xlsx::with_sheets_of(3, &options(), out).unwrap();
        let ids = ["c_1", "c_2", "c_3", "c_4", "c_5"];
        for id in ids {
            xlsx.push(&Row { listed: row(id, 0), handler: "", tags: &[] }).unwrap();
        }
        assert_eq!(xlsx.finish().unwrap().rows, 5);
        let bytes = kept.0.lock().unwrap().clone();
        let mut workbook: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        assert_eq!(workbook.sheet_names(), ["投诉", "投诉 2", "投诉 3"]);
        let mut found = Vec::new();
        for sheet in workbook.sheet_names() {
            let range = workbook.worksheet_range(&sheet).unwrap();
            assert_eq!(range.get_value((0, 0)), Some(&Data::String("投诉单号".into())), "{sheet}");
            found.extend(range.rows().skip(1).map(|cells| cells[0].to_string()));
        }
        assert_eq!(found, ids);
    }

    /// Bytes are the same for the same rows: nothing asks the clock.
    #[test]
    fn what_excel_has_no_number_for_is_text() {
        let write = || {
            let kept = Kept::default();
            let out = HashingWriter::new(Box::new(kept.clone()));
            let mut xlsx = Xlsx::new(&options(), out).unwrap();
            let before_excel = "1900-02-28 23:59:59".parse::<BeijingTime>().unwrap().epoch();
            xlsx.push(&Row { listed: row("c_1", before_excel), handler: "", tags: &[] }).unwrap();
            xlsx.push(&Row { listed: row("c_2", before_excel + 1), handler: "", tags: &[] }).unwrap();
            (xlsx.finish().unwrap(), kept.0.lock().unwrap().clone())
        };
        let (summary, bytes) = write();
        assert_eq!((&summary, &bytes), (&write().0, &write().1));
        let mut workbook: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let range = workbook.worksheet_range("投诉").unwrap();
        assert_eq!(range.get_value((1, 11)), Some(&Data::String("1900-02-28 23:59:59".into())));
        assert!(matches!(range.get_value((2, 11)), Some(Data::DateTime(day)) if day.as_f64() == FIRST_DAY));
        assert_eq!(range.get_value((1, 13)), Some(&Data::String(i64::MAX.to_string())));
        assert_eq!(range.get_value((1, 6)), Some(&Data::Float(0.0)));
    }

    #[test]
    fn long_texts_end_in_a_mark() {
        let fits = "退".repeat(LONGEST);
        assert_eq!(shortened(&fits, Lang::Zh), None);
        let cut = shortened(&format!("{fits}款"), Lang::Zh).unwrap();
        assert_eq!(cut.encode_utf16().count(), LONGEST);
        assert!(cut.starts_with("退退") && cut.ends_with("退…（已截断）"));
        // Characters of two units are not torn.
        let cut = shortened(&"😀".repeat(20_000), Lang::En).unwrap();
        assert!((LONGEST - 1..=LONGEST).contains(&cut.encode_utf16().count()));
        assert!(cut.ends_with("😀… (cut)"));
    }

    #[test]
    fn what_a_cell_cannot_hold_is_told() {
        let held = |text: &'static str| held(text.into(), Lang::Zh);
        assert_eq!(held("一\r\n二\r三\n\t四"), ("一\n二\n三\n\t四".into(), true));
        assert_eq!(held("\0a\u{b}b\u{1f}\u{ffff}"), ("ab".into(), false));
        assert!(matches!(held("_x000D_ <&> \u{7f}"), (Cow::Borrowed(_), true)));
    }

    #[test]
    fn a_panic_is_an_error() {
        assert!(matches!(caught(|| panic!("as when the disk is full")), Err(Error::TempFull)));
        assert!(matches!(caught(|| Err(XlsxError::RowColumnLimitError)), Err(Error::Workbook(_))));
        assert!(caught(|| Ok(())).is_ok());
    }
}
