//! Files that come with a call: looked at, matched, tried and imported.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rust_xlsxwriter::Workbook;
use tousu_wire::Endpoint;
use tousu_wire::complaint_export::ComplaintExport;
use tousu_wire::import_file::{ImportPreview, ImportRun};

use super::*;
use crate::handling::Desk;

/// A file that needs matching: none of its headings is known.
const FOREIGN: &str = "编号,什么时候,哪里,谁给的,怎么样,说了什么,电话\r\n\
                       c_1,2024/4/30 11:25,店铺,H5店铺,待处理,要退款,18812341474\r\n\
                       c_2,2024/4/29 8:05,微信支付,外部-微信支付投诉,处理中,=1+1,13912345678\r\n\
                       c_3,昨天,店铺,H5店铺,待处理,\"=cmd, 13812345678\",13812345678\r\n\
                       c_4,2024/4/29 8:05,店铺\r\n\
                       c_1,2024/4/30 11:25,店铺,H5店铺,待处理,要退款,18812341474\r\n";

fn mapping() -> Value {
    let fields = [
        "complaint_id",
        "complaint_time",
        "channel_type",
        "complaint_from",
        "state",
        "complaint_reason",
        "complainant_phone",
    ];
    fields.iter().enumerate().map(|(column, field)| json!({ "column": column, "field": field })).collect()
}

fn file(name: &str, content: impl AsRef<[u8]>) -> Value {
    json!({ "file_name": name, "content": STANDARD.encode(content) })
}

fn with(mut file: Value, more: Value) -> Value {
    file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    file
}

#[test]
fn a_file_is_looked_at_before_it_is_imported() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let seen = desk.call::<ImportPreview>(file("投诉.CSV", FOREIGN)).await;
        let data = seen.data();
        assert_eq!((&data["rows"], &data["sheets"], &data["sheet"]), (&json!(5), &json!([]), &json!("")));
        let columns = data["columns"].as_array().unwrap();
        assert_eq!(
            columns[6],
            json!({
                "index": 6, "heading": "电话", "field": null,
                "samples": ["188****1474", "139****5678", "138****5678"],
            })
        );
        assert!(!seen.text.contains("13812345678"));
        let required: Vec<&str> = data["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|field| field["required"] == 1)
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        assert_eq!(required, ["complaint_id", "channel_type", "complaint_from", "state", "complaint_time"]);
        let known = desk.call::<ImportPreview>(file("a.csv", "单号,备注,State\nc_1,急,0\n")).await;
        let fields: Vec<&Value> =
            known.data()["columns"].as_array().unwrap().iter().map(|column| &column["field"]).collect();
        assert_eq!(fields, [&json!("complaint_id"), &json!(null), &json!("state")]);
        // Of a workbook the sheets are told, and any of them is read.
        let mut workbook = Workbook::new();
        for (name, heading) in [("说明", "读我"), ("四月", "单号")] {
            let sheet = workbook.add_worksheet().set_name(name).unwrap();
            sheet.write(0, 0, heading).unwrap();
            sheet.write(1, 0, "x").unwrap();
        }
        let book = file("a.xlsx", workbook.save_to_buffer().unwrap());
        let first = desk.call::<ImportPreview>(book.clone()).await;
        assert_eq!(
            (&first.data()["sheets"], &first.data()["sheet"]),
            (&json!(["说明", "四月"]), &json!("说明"))
        );
        let second = desk.call::<ImportPreview>(with(book, json!({ "sheet": "四月" }))).await;
        assert_eq!(second.data()["columns"][0]["field"], "complaint_id");
        // To look changes nothing.
        assert_eq!(listed(&desk.server, &desk.shop).await, [] as [Value; 0]);
    });
}

#[test]
fn a_trial_tells_what_an_import_does() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let asked = with(file("a.csv", FOREIGN), json!({ "mapping": mapping(), "operator": "小李" }));
        let rejected = json!([
            { "row": 4, "problem": "complaint_time 收到 \"昨天\"，应为yyyy-MM-dd HH:mm:ss" },
            { "row": 5, "problem": "有 3 列，应为 7 列" },
        ]);
        let mut reports = Vec::new();
        for dry in [1, 1, 0, 1, 0] {
            let before = version(&desk.server, &desk.shop).await;
            let answer = desk.call::<ImportRun>(with(asked.clone(), json!({ "dry_run": dry }))).await;
            let data = answer.data();
            assert_eq!(data["rejected"], rejected);
            assert_eq!(
                (&data["rejected_total"], &data["complete"], &data["problem"]),
                (&json!(2), &json!(1), &json!(""))
            );
            reports
                .push([&data["imported"], &data["changed"], &data["repeated"]].map(|n| n.as_i64().unwrap()));
            let is_new = version(&desk.server, &desk.shop).await > before;
            assert_eq!(is_new, dry == 0 && reports.len() == 3, "a trial leaves no trace");
        }
        assert_eq!(reports, [[2, 0, 1], [2, 0, 1], [2, 0, 1], [0, 0, 3], [0, 0, 3]]);
        // One that differs, once with a number that is masked.
        let changed = FOREIGN.replace("要退款", "要退货").replace("18812341474", "188****1474");
        let asked = with(asked, json!({ "content": STANDARD.encode(changed) }));
        for dry in [1, 0] {
            let answer = desk.call::<ImportRun>(with(asked.clone(), json!({ "dry_run": dry }))).await;
            let data = answer.data();
            assert_eq!([&data["imported"], &data["changed"], &data["repeated"]], [1, 1, 2], "{dry}");
        }
        assert_eq!(desk.server.whole_phone(&desk.shop, "c_1").await.unwrap(), "18812341474");
        // The history knows who it was.
        let mut tx = desk.server.store.read().await.unwrap();
        let kept = tx.history(&desk.shop, "").await.unwrap();
        let of = |event: &str| kept.iter().filter(|one| one.entry.event == event).collect::<Vec<_>>();
        assert_eq!((of("imported_in_bulk").len(), of("import_ended").len()), (2, 2));
        assert!(of("import_ended").iter().all(|one| one.entry.operator == "小李"));
        assert!(of("imported_in_bulk").iter().all(|one| one.entry.client_id.starts_with("xop")));
    });
}

#[test]
fn what_was_refused_can_be_put_right_and_imported() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let asked = with(file("a.csv", FOREIGN), json!({ "mapping": mapping() }));
        let answer = desk.call::<ImportRun>(asked).await;
        assert!(!answer.data()["rejected"].to_string().contains("13812345678"));
        let csv = STANDARD.decode(answer.data()["rejects_csv"].as_str().unwrap()).unwrap();
        let text = String::from_utf8(csv).unwrap();
        assert_eq!(
            text,
            "\u{feff}投诉单号,投诉时间(北京时间),渠道,来源,状态,问题描述,投诉人手机号(脱敏),拒绝原因\r\n\
             c_3,昨天,1,101,0,\"\t=cmd, 13812345678\",\t13812345678,\"complaint_time 收到 \"\"昨天\"\"，应为yyyy-MM-dd HH:mm:ss\"\r\n\
             c_4,\t2024/4/29 8:05,店铺,,,,,有 3 列，应为 7 列\r\n"
        );
        let right = text.replace("昨天", "2024-04-28 00:00:00").replace("店铺,,,", "店铺,H5店铺,处理中,");
        let again = desk.call::<ImportRun>(file("rejects.csv", right)).await;
        assert_eq!([&again.data()["imported"], &again.data()["rejected_total"]], [2, 0], "{}", again.text);
        assert_eq!(again.data()["rejects_csv"], "");
        let rows = listed(&desk.server, &desk.shop).await;
        let third = rows.iter().find(|row| row["complaint_id"] == "c_3").unwrap();
        assert_eq!(third["complaint_reason"], "=cmd, 138****5678");
        assert_eq!(desk.server.whole_phone(&desk.shop, "c_3").await.unwrap(), "13812345678");
    });
}

/// What is exported is imported as it is, texts that a spreadsheet would calculate included.
#[test]
fn an_export_is_imported_as_it_is() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let mut rows = vec![row("c_0001")];
        for (at, reason) in
            ["=1+1", "\t制表", "-30", "正常", "多\n行, \"引\"", "+86", "表格\r\n只有 LF\r"].iter().enumerate()
        {
            rows.push(row_with(
                &format!("c_1{at:03}"),
                json!({ "complaint_reason": reason, "complaint_resource_id": format!("2024041718080178354{at}") }),
            ));
        }
        take_in(&desk.server, &desk.shop, "rows.json", json!(rows).to_string()).await;
        let before = listed(&desk.server, &desk.shop).await;
        let elsewhere = desk.server.shop("appElsewhere").await;
        let credentials = desk.server.app(&elsewhere).await;
        let there = desk.server.token_for(&elsewhere, &credentials, 1_000_000).await;
        for format in ["csv", "xlsx"] {
            let body = json!({ "access_token": desk.token, "format": format }).to_string();
            let request = desk.server.http.post(format!("{}{}", desk.server.url, ComplaintExport::path()));
            let bytes = request.body(body).send().await.unwrap().bytes().await.unwrap();
            let name = format!("complaints.{format}");
            let same = desk.call::<ImportRun>(with(file(&name, &bytes), json!({ "dry_run": 1 }))).await;
            assert_eq!(
                [&same.data()["imported"], &same.data()["repeated"], &same.data()["rejected_total"]],
                [0, rows.len() as i64, 0],
                "{format} {}",
                same.text
            );
            let asked = with(file(&name, &bytes), json!({ "access_token": there }));
            let copied = desk.server.post(&ImportRun::path(), &asked).await;
            assert_eq!(copied.data()["rejected_total"], 0);
            assert_eq!(listed(&desk.server, &elsewhere).await, before, "{format}");
        }
    });
}

#[test]
fn what_is_wrong_is_named() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let columns = |columns: &[(i64, &str)]| -> Value {
            columns.iter().map(|(column, field)| json!({ "column": column, "field": field })).collect()
        };
        let mut twice = mapping();
        twice[6]["field"] = json!("state");
        let mut beyond = mapping();
        beyond[6]["column"] = json!(7);
        let mut both = mapping();
        both[6]["column"] = json!(5);
        let mut unknown = mapping();
        unknown[6]["field"] = json!("phone");
        let few = columns(&[(0, "complaint_id"), (1, "complaint_time")]);
        for mapping in [twice, beyond, both, unknown, few, json!("all"), json!([{ "field": "state" }])] {
            let answer =
                desk.call::<ImportRun>(with(file("a.csv", FOREIGN), json!({ "mapping": mapping }))).await;
            assert_eq!(answer.code(), 3001, "{mapping}");
            assert!(answer.msg().contains("mapping"), "{}", answer.msg());
        }
        for (name, asked) in [
            ("file_name", json!({ "content": "" })),
            ("file_name", file("a.json", "[]")),
            ("file_name", file("a", FOREIGN)),
            ("content", json!({ "file_name": "a.csv" })),
            ("content", json!({ "file_name": "a.csv", "content": "电话 18812341474" })),
            ("content", file("a.csv", FOREIGN)),
            ("content", file("a.csv", "")),
            ("content", file("a.xlsx", FOREIGN)),
            ("content", file("a.xlsx", Workbook::new().save_to_buffer().unwrap())),
        ] {
            let answer = desk.call::<ImportRun>(asked).await;
            assert_eq!(answer.code(), 3001, "{name}");
            assert!(answer.msg().contains(name), "{name}: {}", answer.msg());
            assert!(!answer.text.contains("18812341474"));
        }
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write(0, 0, "单号").unwrap();
        let book = with(file("a.xlsx", workbook.save_to_buffer().unwrap()), json!({ "sheet": "五月" }));
        assert!(desk.call::<ImportPreview>(book).await.msg().contains("五月"));
        // A workbook that breaks off is told so far as it was read.
        let shown = desk.call::<ImportPreview>(file("a.csv", "单号\n\"不闭合")).await;
        assert_eq!(shown.data()["rows"], 1);
    });
}

#[test]
fn a_file_may_be_larger_than_other_bodies_but_not_boundless() {
    on_each_database(async |database| {
        let server =
            Server::start_with(database, |settings| settings.server.max_import_bytes = 300_000).await;
        let shop = server.shop("appDesk").await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 1_000_000).await;
        let desk = Desk { server, shop, token };
        let line = |at: usize| format!("c_{at},2024-04-30 11:25:19,1,101,0,要退款要退款要退款\n");
        let text = |rows: usize| {
            let head = "complaint_id,complaint_time,channel_type,complaint_from,state,complaint_reason\n";
            std::iter::once(head.to_owned()).chain((0..rows).map(line)).collect::<String>()
        };
        let fits = text(4000);
        assert!(fits.len() > 3 * 65_536 && fits.len() < 300_000, "{}", fits.len());
        let answer = desk.call::<ImportRun>(file("a.csv", &fits)).await;
        assert_eq!(answer.data()["imported"], 4000);
        let large = text(5500);
        assert!(large.len() > 300_000);
        let answer = desk.call::<ImportRun>(file("a.csv", &large)).await;
        assert_eq!(answer.code(), 3001);
        assert!(answer.msg().contains("300000") || answer.msg().contains("上限"), "{}", answer.msg());
        // Other interfaces go on to take what they took.
        let long = json!({ "complaint_reason": "退".repeat(30_000) });
        assert_eq!(desk.call::<tousu_wire::complaint_create::ComplaintCreate>(long).await.code(), 3001);
    });
}

/// Few at once: what is large takes memory.
#[test]
fn one_file_too_many_is_told_to_come_again() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| settings.server.max_imports = 1).await;
        let shop = server.shop("appDesk").await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 1_000_000).await;
        let mut first = crate::gate::raw::Raw::begin_post(&server, &ImportPreview::path(), 2);
        let desk = Desk { server, shop, token };
        let second = desk.call::<ImportPreview>(file("a.csv", "单号\nc_1\n")).await;
        assert_eq!((second.code(), second.header("retry-after")), (1001, Some("1")));
        first.send("{}");
        assert_eq!(first.received().code(), 2007);
        let answer = desk.call::<ImportPreview>(file("a.csv", "单号\nc_1\n")).await;
        assert_eq!(answer.data()["rows"], 1);
    });
}

/// An import that may take no time ends before its call does, which says how far it came.
#[test]
fn an_import_that_takes_too_long_is_told() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| settings.server.export_seconds = 0).await;
        let shop = server.shop("appDesk").await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 1_000_000).await;
        let desk = Desk { server, shop, token };
        let answer =
            desk.call::<ImportRun>(with(file("a.csv", FOREIGN), json!({ "mapping": mapping() }))).await;
        let told = answer.data();
        let there = listed(&desk.server, &desk.shop).await.len();
        assert_eq!(told["imported"], there, "{told}");
        assert_eq!(told["complete"] == 0, told["problem"] != "", "{told}");
    });
}
