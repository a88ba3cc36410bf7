//! JSON: an array, a row a line, answers of the list interface.

use serde_json::{Value, json};
use tousu::import::Report;

use super::*;

fn answer(rows: &[Value]) -> Value {
    json!({ "code": 0, "data": { "list": rows, "total": 28 }, "msg": "操作成功 {\"list\":[" })
}

fn lines(rows: &[Value], end: &str) -> String {
    rows.iter().map(|row| format!("{row}{end}")).collect()
}

/// Every form in which three rows may come.
fn forms(rows: &[Value]) -> Vec<(&'static str, String)> {
    let [a, b, c] = rows else { panic!("three rows") };
    let answers = [answer(&rows[..2]), answer(&[]), answer(&rows[2..])];
    let pretty = |values: &[Value]| values.iter().map(|value| format!("{value:#}\n")).collect::<String>();
    let without_rows = |list: &str| format!("{{\"code\":0,\"data\":{list},\"msg\":\"\"}}\n{}", json!(rows));
    vec![
        ("an array", json!(rows).to_string()),
        ("a pretty array", format!("{:#}\n", json!(rows))),
        ("an array with a byte order mark", format!("\u{feff}{}", json!(rows))),
        ("an array with trailing commas", format!("[{a},\n{b},\n{},]", c.to_string().replace('}', ",}"))),
        ("a row a line", lines(rows, "\n")),
        ("a row a line, the last line not ended", lines(rows, "\n").trim_end().to_owned()),
        ("a row a line, with CRLF and blank lines", lines(rows, "\r\n\r\n")),
        ("a row a line, with commas", lines(rows, ",\n")),
        ("files with byte order marks put together", format!("\u{feff}{a}\n\u{feff}{b}\r\n\u{feff}[{c}]")),
        ("pretty rows", pretty(rows)),
        ("an answer", answer(rows).to_string()),
        ("a pretty answer", format!("{:#}", answer(rows))),
        (
            "an answer without indentation",
            pretty(&[answer(rows)]).lines().map(str::trim).collect::<Vec<_>>().join("\n"),
        ),
        ("answers in a row", lines(&answers, "\n")),
        ("answers without anything between", lines(&answers, "")),
        ("pretty answers", pretty(&answers)),
        ("an array of answers", json!(answers).to_string()),
        ("the answer's data alone", answer(rows)["data"].to_string()),
        ("an answer whose data is the list", json!({ "code": "0", "data": rows, "msg": "" }).to_string()),
        (
            "an answer with more than the page knows",
            json!({
                "code": 0,
                "data": { "info": { "a": [{}] }, "list": rows, "page": { "x": [{ "y": 1 }, 2], "z": {} } },
                "msg": "",
                "trace": { "complaint_id": "none", "list": [{}] },
            })
            .to_string(),
        ),
        ("an answer with list null", without_rows("{\"list\":null,\"total\":0}")),
        ("an answer with list {}", without_rows("{\"list\":{},\"total\":\"0\"}")),
        ("an answer with list []", without_rows("{\"list\":[ ],\"total\":0}")),
        ("an answer with data null", without_rows("null")),
        ("an answer with data {}", without_rows("{}")),
        ("an answer with data []", without_rows("[]")),
    ]
}

#[test]
fn every_form_of_the_same_rows() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let rows = [
            row("c_1"),
            row_with(
                "c_2",
                json!({ "complaint_reason": "说\"好}]{\\的\n\\\" [{", "state": 2, "is_overtime": 2 }),
            ),
            row_with("c_3", json!({ "complaint_time": "2024-05-01 00:00:00" })),
        ];
        for (at, (what, text)) in forms(&rows).into_iter().enumerate() {
            let shop = server.shop(&format!("appForm{at}")).await;
            let taken = take_in(&server, &shop, "rows.json", &text).await;
            assert_eq!(taken.report, Report { read: 3, added: 3, ..Report::default() }, "{what}: {taken:?}");
            assert_eq!(taken.cut_short, None, "{what}");
            assert_eq!(listed(&server, &shop).await, shown(&rows), "{what}");
        }
        let shop = server.shop("appNothing").await;
        for nothing in ["", "\u{feff}", "[]", " \r\n", &answer(&[]).to_string()] {
            let taken = take_in(&server, &shop, "rows.json", nothing).await;
            assert_eq!((taken.report, taken.cut_short), (Report::default(), None), "{nothing}");
        }
    });
}

/// One broken row costs no other, and is told with the line on which it begins.
#[test]
fn refused_rows_have_their_line_and_their_reason() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appRefused").await;
        let cut = row("c_cut").to_string();
        let in_a_string = cut.find("要退").unwrap();
        let all = [
            row("c_line_1").to_string(),
            String::new(),
            "not json".into(),
            cut[..in_a_string].into(),
            row("c_line_5").to_string(),
            cut[..cut.len() - 1].into(),
            row("c_line_7").to_string(),
            row_with("c_x", json!({ "state": null })).to_string(),
            row_with("c_x", json!({ "state": "done" })).to_string(),
            row_with("c_x", json!({ "complaint_time": "2024-04-31 00:00:00" })).to_string(),
            row_with("c_x", json!({ "complaint_time": "1970-01-02 00:00:00" })).to_string(),
            row_with("", json!({})).to_string(),
            "[1, 2]".into(),
            format!("{:#}", row_with("c_x", json!({ "time_limit": [72] }))),
            "{\"complaint_id\": }".into(),
            "{\"code\":2008,\"data\":null,\"msg\":\"access_token 已过期\"}".into(),
            "{\"code\":2008,\"data\":[],\"msg\":\"access_token 已过期\"}".into(),
            "{\"code\":0,\"data\":{\"list\":{\"0\":{}},\"total\":1},\"msg\":\"\"}".into(),
            "{\"code\":0,\"data\":{\"list\":[],\"total\"".into(),
            row("c_last").to_string(),
        ];
        let taken = take_in(&server, &shop, "rows.ndjson", all.join("\n")).await;
        assert_eq!(taken.cut_short, None);
        assert_eq!(
            taken.refused(),
            [
                (3, "不是完整的 JSON 对象"),
                (4, "不是完整的 JSON 对象"),
                (6, "不是完整的 JSON 对象"),
                (8, "state 缺失"),
                (9, "state 收到 \"done\"，应为整数"),
                (10, "complaint_time 收到 \"2024-04-31 00:00:00\"，应为yyyy-MM-dd HH:mm:ss"),
                (11, "complaint_time 缺失"),
                (12, "complaint_id 缺失"),
                (13, "不是完整的 JSON 对象"),
                (14, "time_limit 收到 数组，应为整数"),
                (34, "不是合法的 JSON：expected value at line 1 column 18"),
                (35, "这是一个失败的应答"),
                (36, "这是一个失败的应答"),
                (37, "complaint_id 缺失"),
                (39, "前一个应答在此之前中断"),
            ]
        );
        assert_eq!(taken.rejects[0].row, json!("not json"));
        assert_eq!(taken.rejects[1].row, json!(cut[..in_a_string]));
        assert_eq!(taken.rejects[4].row, row_with("c_x", json!({ "state": "done" })));
        let ids: Vec<Value> =
            listed(&server, &shop).await.iter().map(|row| row["complaint_id"].clone()).collect();
        assert_eq!(ids, ["c_line_7", "c_line_5", "c_line_1", "c_last"]);
    });
}

/// A text of which the end is missing is never taken for whole, wherever it was cut.
#[test]
fn a_cut_file_is_told_at_every_byte() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let row = |id| {
            json!({ "complaint_id": id, "complaint_time": "2024-04-30 11:25:19", "channel_type": 1,
            "complaint_from": 101, "state": 0, "complaint_reason": "}]{[," })
        };
        let rows = [row("c_1"), row("c_2")];
        let wholes = [
            json!(rows).to_string(),
            format!("{:#}", json!(rows)),
            answer(&rows).to_string(),
            json!({ "code": 0, "data": rows, "msg": "" }).to_string(),
            json!([answer(&rows[..1]), answer(&rows[1..])]).to_string(),
        ];
        for (at, whole) in wholes.iter().enumerate() {
            let shop = server.shop(&format!("appCut{at}")).await;
            for end in (1..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
                let taken = take_in(&server, &shop, "rows.json", &whole[..end]).await;
                assert!(
                    taken.cut_short.is_some() || taken.report.refused > 0,
                    "{}: {taken:?}",
                    &whole[..end]
                );
            }
            let taken = take_in(&server, &shop, "rows.json", whole).await;
            assert_eq!(
                (taken.report.unchanged + taken.report.added, taken.report.refused),
                (2, 0),
                "{whole}"
            );
            assert_eq!(taken.cut_short, None);
        }
        let shop = server.shop("appCutLine").await;
        let whole = lines(&rows, "\n");
        let taken = take_in(&server, &shop, "rows.ndjson", &whole[..whole.len() - 10]).await;
        assert_eq!((taken.report.added, taken.refused()), (1, vec![(2, "不是完整的 JSON 对象")]));
    });
}

/// What is too large for a row is refused as one row, whatever its text holds.
#[test]
fn a_huge_row_is_one_refused_row() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appHuge").await;
        let inner = row("c_smuggled").to_string();
        let huge =
            row_with("c_huge", json!({ "complaint_reason": format!("{}{inner}", "x\"".repeat(600_000)) }));
        let all = [row("c_1"), huge, row("c_2")];
        for (name, text) in [("rows.json", json!(all).to_string()), ("rows.ndjson", lines(&all, "\n"))] {
            let taken = take_in(&server, &shop, name, text).await;
            assert_eq!((taken.report.read, taken.report.refused), (3, 1));
            assert_eq!(taken.refused()[0].1, "超过 1 MiB，不是投诉");
            assert_eq!(taken.cut_short, None);
        }
        assert_eq!(listed(&server, &shop).await, shown(&[row("c_1"), row("c_2")]));
    });
}
