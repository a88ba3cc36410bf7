//! Whatever rows come in whatever form: what the list gives is what the file held.

use encoding_rs::GB18030;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rust_xlsxwriter::Workbook;
use serde_json::json;
use tousu::import::Report;
use tousu_wire::BeijingTime;

use super::*;

fn time() -> impl Strategy<Value = String> {
    // 1980 to 2200.
    (315_532_800i64..7_258_118_400).prop_map(|epoch| BeijingTime::from_epoch(epoch).to_string())
}

fn code() -> impl Strategy<Value = i64> {
    prop_oneof![0i64..8, 101i64..108, 201i64..212, any::<i64>()]
}

/// Texts without blanks around them, which are cut off, and without what a spreadsheet escapes.
fn text() -> impl Strategy<Value = String> {
    "[a-z\"',;{}\\[\\]:\\\\=+@0-9要退款《》😀é\n\t ]{0,40}".prop_map(|text| text.trim().to_owned())
}

fn any_row() -> impl Strategy<Value = Value> {
    let times = (time(), time(), time(), proptest::option::of(time()));
    let codes = (code(), code(), code(), code(), code(), code(), select(vec![0i64, 1, 2, 2, 5]), 1i64..=2);
    ("c_[0-9a-f]{13}_[A-Za-z0-9]{8}", times, codes, text(), "[A-Za-z0-9_]{0,30}", "[0-9*+]{0,14}").prop_map(
        |(id, (complained, opened, ends, closed), codes, reason, resource, phone)| {
            json!({
                "channel_type": codes.0,
                "closed_at": closed.unwrap_or_else(|| "1970-01-02 00:00:00".into()),
                "complainant_phone": phone,
                "complaint_from": codes.1,
                "complaint_id": id,
                "complaint_reason": reason,
                "complaint_resource_id": resource,
                "complaint_resource_type": codes.2,
                "complaint_time": complained,
                "complaint_type": codes.3,
                "current_step": codes.4,
                "is_overtime": codes.7,
                "operate_end_time": ends,
                "operate_time": opened,
                "state": codes.6,
                "time_limit": codes.5,
            })
        },
    )
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn csv(rows: &[Value]) -> String {
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",") + "\r\n";
    for row in rows {
        let cells: Vec<String> = names.iter().map(|name| quoted(cell(&row[name.as_str()]))).collect();
        out += &(cells.join(",") + "\r\n");
    }
    out
}

fn xlsx(rows: &[Value]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in rows[0].as_object().unwrap().keys().enumerate() {
        sheet.write(0, column as u16, name.as_str()).unwrap();
        for (at, row) in rows.iter().enumerate() {
            let (line, column) = (at as u32 + 1, column as u16);
            // A spreadsheet's numbers have fifteen digits.
            match row[name].as_i64().filter(|number| number.abs() < 1 << 50) {
                Some(number) => sheet.write(line, column, number).unwrap(),
                None => sheet.write(line, column, cell(&row[name])).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn written(rows: &[Value], form: usize) -> (&'static str, Vec<u8>) {
    let answer = |rows: &[Value]| json!({ "code": 0, "data": { "list": rows, "total": 0 }, "msg": "" });
    let (name, text) = match form {
        0 => ("rows.json", json!(rows).to_string()),
        1 => ("rows.json", format!("{:#}", json!(rows))),
        2 => ("rows.ndjson", rows.iter().map(|row| format!("{row}\n")).collect()),
        3 => ("rows.json", answer(rows).to_string()),
        4 => ("rows.json", rows.chunks(3).map(|rows| format!("{:#}\n", answer(rows))).collect()),
        5 => ("rows.csv", csv(rows)),
        6 => return ("rows.csv", GB18030.encode(&csv(rows)).0.into_owned()),
        _ => return ("rows.xlsx", xlsx(rows)),
    };
    (name, text.into_bytes())
}

#[test]
fn what_is_imported_is_what_is_listed() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        for case in 0..48 {
            let strategy = proptest::collection::vec(any_row(), 1..120);
            let rows = strategy.new_tree(&mut runner).unwrap().current();
            let (name, bytes) = written(&rows, case % 8);
            let shop = server.shop(&format!("appAny{case}")).await;
            let taken = take_in_batches(&server, &shop, name, &bytes, 50).await;
            let count = rows.len() as u64;
            let added = Report { read: count, added: count, ..Report::default() };
            assert_eq!(
                (taken.report, taken.cut_short.as_deref()),
                (added, None),
                "{name} {:?}",
                taken.rejects
            );
            let (listed, shown) = (listed(&server, &shop).await, shown(&rows));
            assert_eq!(listed.len(), shown.len());
            for (listed, shown) in listed.iter().zip(&shown) {
                assert_eq!(listed, shown, "{name}, form {}", case % 8);
            }
            let taken = take_in_batches(&server, &shop, name, &bytes, 50).await;
            assert_eq!(taken.report, Report { read: count, unchanged: count, ..Report::default() });
        }
    });
}
