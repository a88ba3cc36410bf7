//! Exports over the wire and by the command: what is in the file, and what is known of it afterwards.

mod heavy;

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tousu::complaint::Complaint;
use tousu_wire::Endpoint;
use tousu_wire::complaint_export::{ComplaintExport, ExportGet};
use tousu_wire::complaint_search::ComplaintSearch;

use crate::handling::Desk;
use crate::program::Program;
use crate::search::some;
use crate::support::*;

/// Some complaints, more than are read at once.
async fn filled(database: &Database, count: usize) -> Desk {
    let desk = Desk::open(database).await;
    let mut rng = StdRng::seed_from_u64(9);
    let complaints: Vec<Complaint> = (0..count).map(|id| some(&mut rng, id)).collect();
    for chunk in complaints.chunks(1000) {
        desk.server.put(&desk.shop, chunk).await;
    }
    for id in 0..10 {
        let id = format!("c_{:05}", rng.random_range(0..count.min(50)) + id);
        desk.act("assign", &id, json!({ "assignee": "小李" })).await.data();
        desk.act("tag", &id, json!({ "add": ["退款", "急"] })).await.data();
    }
    desk
}

fn asking(desk: &Desk, mut asked: Value) -> reqwest::RequestBuilder {
    asked["access_token"] = json!(desk.token);
    desk.server.http.post(format!("{}{}", desk.server.url, ComplaintExport::path())).body(asked.to_string())
}

/// A whole file.
async fn file(desk: &Desk, asked: Value) -> (HeaderMap, Vec<u8>) {
    let answer = asking(desk, asked).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert!(!headers.contains_key("content-length"), "nobody knew how long it would be");
    (headers, answer.bytes().await.unwrap().to_vec())
}

/// All rows of the list.
async fn listed(desk: &Desk, filter: &Value) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let mut asked = filter.clone();
        (asked["page"], asked["page_size"]) = (json!(page), json!(1000));
        let answer = desk.server.list(&desk.token, asked).await;
        let list = answer.data()["list"].as_array().unwrap();
        rows.extend(list.iter().cloned());
        if list.len() < 1000 {
            assert_eq!(answer.total(), rows.len() as i64);
            break;
        }
    }
    rows
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The manifest of the export in whose answer these headers were.
async fn record(desk: &Desk, headers: &HeaderMap) -> Value {
    let export_id: i64 = headers["x-export-id"].to_str().unwrap().parse().unwrap();
    desk.call::<ExportGet>(json!({ "export_id": export_id })).await.data().clone()
}

/// All rows that a search finds, as it sorts by default.
async fn searched(desk: &Desk, filter: &Value) -> Vec<Value> {
    let (mut rows, mut asked) = (Vec::new(), filter.clone());
    asked["page_size"] = json!(100);
    loop {
        let answer = desk.call::<ComplaintSearch>(asked.clone()).await;
        rows.extend(answer.data()["list"].as_array().unwrap().iter().cloned());
        asked["cursor"] = answer.data()["next_cursor"].clone();
        if asked["cursor"] == "" {
            return rows;
        }
    }
}

/// The filter of a search is one of an export, too, so that what is on the page can be taken away.
#[test]
fn an_export_has_what_a_search_finds() {
    on_each_database(async |database| {
        let desk = filled(database, 1200).await;
        for filter in [
            json!({ "state": [0, 1] }),
            json!({ "state": [0, 1], "channel_type": [1, 2, 3] }),
            json!({ "complaint_from": [101, 201] }),
            json!({ "assignee": "小李" }),
            json!({ "unassigned": 1, "hour": [1, 2, 3, 4, 5, 6, 7, 8] }),
            json!({ "text": "退款" }),
            json!({ "due_after": "2024-04-01 00:00:00", "current_step": [1, 2] }),
            json!({ "phone_tail": "1474", "is_overtime": 2 }),
            json!({ "complaint_resource_id": "E20240417180801783546V2" }),
            json!({ "tag": ["没有"] }),
        ] {
            let expected = searched(&desk, &filter).await;
            let mut asked = filter.clone();
            asked["format"] = json!("ndjson");
            let (headers, bytes) = file(&desk, asked).await;
            let lines = std::str::from_utf8(&bytes).unwrap().lines();
            let lines: Vec<Value> = lines.map(|line| line.parse().unwrap()).collect();
            let ids = |rows: &[Value]| rows.iter().map(|row| row["complaint_id"].clone()).collect::<Vec<_>>();
            assert_eq!(ids(&lines), ids(&expected), "{filter}");
            for (line, row) in lines.iter().zip(&expected) {
                assert_eq!((&line["handler"], &line["tags"]), (&row["assignee"], &row["tags"]));
                for (name, value) in line.as_object().unwrap() {
                    assert!(["handler", "tags"].contains(&name.as_str()) || row[name] == *value, "{name}");
                }
            }
            let mut known = filter.clone();
            if let Some([one]) = known["tag"].as_array().map(Vec::as_slice) {
                known["tag"] = one.clone();
            }
            assert_eq!(record(&desk, &headers).await["manifest"]["filter"], known);
        }
        let both = json!({ "complaint_id": "c_00007", "text": "退款" });
        let refused = Answer::of(asking(&desk, both)).await;
        assert_eq!(refused.code(), 3001);
        assert!(refused.msg().contains("complaint_id"), "{}", refused.msg());
    });
}

#[test]
fn an_export_has_what_the_list_has() {
    on_each_database(async |database| {
        let desk = filled(database, 2500).await;
        for filter in [
            json!({}),
            json!({ "state": 2 }),
            json!({ "is_overtime": 2, "channel_type": 1 }),
            json!({ "start_time": "2024-04-28 03:00:00", "end_time": "2024-04-28 04:00:00" }),
            json!({ "complaint_id": "c_00007" }),
            json!({ "complaint_id": "none" }),
        ] {
            let expected = listed(&desk, &filter).await;
            let mut asked = filter.clone();
            asked["format"] = json!("ndjson");
            let (headers, bytes) = file(&desk, asked).await;
            assert_eq!(headers["content-type"], "application/x-ndjson");
            let lines: Vec<Value> =
                std::str::from_utf8(&bytes).unwrap().lines().map(|line| line.parse().unwrap()).collect();
            assert_eq!(lines.len(), expected.len(), "{filter}");
            for (mut line, row) in lines.into_iter().zip(expected) {
                let ours = line.as_object_mut().unwrap();
                let handler = ours.shift_remove("handler").unwrap();
                let tags = ours.shift_remove("tags").unwrap();
                assert_eq!(line, row);
                let got = json!({ "complaint_id": row["complaint_id"] });
                if handler == "小李" {
                    let got = desk.call::<tousu_wire::complaint_get::ComplaintGet>(got).await;
                    assert_eq!(got.data()["standing"]["assignee"], handler);
                    assert_eq!(got.data()["standing"]["tags"], tags);
                }
            }
            let record = record(&desk, &headers).await;
            assert_eq!(record["complete"], true);
            let manifest = &record["manifest"];
            assert_eq!(manifest["sha256"], sha256(&bytes));
            assert_eq!(manifest["bytes"], bytes.len());
            assert_eq!(manifest["filter"], filter);
            assert_eq!(manifest["created_at"], "2024-05-01T12:00:00+08:00");
        }
        let mut tx = desk.server.store.read().await.unwrap();
        assert_eq!(tx.verify_history(&desk.shop).await.unwrap(), None);
    });
}

#[test]
fn every_form_says_what_it_is() {
    on_each_database(async |database| {
        let desk = filled(database, 60).await;
        let (headers, csv) = file(&desk, json!({ "operator": "小王" })).await;
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8; header=present");
        let id = headers["x-export-id"].to_str().unwrap().to_owned();
        let name = format!("attachment; filename=\"complaints-20240501T120000-{id}.csv\"");
        assert_eq!(headers["content-disposition"], name.as_str());
        assert!(headers.contains_key("x-request-id") && headers.contains_key("ratelimit-remaining"));
        let text = String::from_utf8(csv.clone()).unwrap();
        assert!(text.starts_with("\u{feff}"), "Excel knows UTF-8 by its mark");
        assert_eq!(csv::Reader::from_reader(csv.as_slice()).records().count(), 60);
        let known = record(&desk, &headers).await;
        assert_eq!((&known["operator"], &known["manifest"]["rows"]), (&json!("小王"), &json!(60)));
        assert_eq!(known["manifest"]["sha256"], sha256(&csv));
        let (headers, english) = file(&desk, json!({ "lang": "en", "format": "csv" })).await;
        assert!(String::from_utf8(english).unwrap().contains("Complaint ID"));
        assert_eq!(record(&desk, &headers).await["manifest"]["columns"][0]["heading"], "Complaint ID");
        let (headers, workbook) = file(&desk, json!({ "format": "xlsx" })).await;
        assert!(workbook.starts_with(b"PK"));
        assert_eq!(record(&desk, &headers).await["manifest"]["sha256"], sha256(&workbook));
    });
}

#[test]
fn what_is_wrong_is_said_in_the_usual_form() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        for (name, asked) in [
            ("format", json!({ "format": "pdf" })),
            ("lang", json!({ "lang": "fr" })),
            ("state", json!({ "state": 3 })),
            ("start_time", json!({ "start_time": "昨天" })),
        ] {
            let answer = desk.call::<ComplaintExport>(asked).await;
            assert_eq!(answer.code(), 3001, "{name}");
            assert!(answer.msg().contains(name), "{}", answer.msg());
        }
        // What was refused is no export.
        assert_eq!(
            desk.server.store.read().await.unwrap().chain(&desk.shop).await.unwrap().unwrap().entries,
            0
        );
        desk.submitted().await;
        for export_id in [0, 1, 2, -1] {
            let answer = desk.call::<ExportGet>(json!({ "export_id": export_id })).await;
            assert_eq!(answer.code(), 3009, "{}", answer.text);
        }
        assert_eq!(desk.call::<ExportGet>(json!({})).await.code(), 3001);
    });
}

#[test]
fn the_command_exports_too() {
    on_each_database(async |database| {
        let desk = filled(database, 1200).await;
        let program = Program::on(database);
        let told = program.json(&[
            "export",
            "out.ndjson",
            "--shop",
            "appDesk",
            "--state",
            "2",
            "--operator",
            "老张",
        ]);
        let bytes = std::fs::read(program.path("out.ndjson")).unwrap();
        let manifest: Value = program.read("out.ndjson.manifest.json").parse().unwrap();
        assert_eq!(told["manifest"], manifest);
        assert_eq!(manifest["sha256"], sha256(&bytes));
        assert_eq!(manifest["filter"], json!({ "state": 2 }));
        let expected = listed(&desk, &json!({ "state": 2 })).await;
        assert_eq!(manifest["rows"], expected.len());
        let lines = String::from_utf8(bytes).unwrap();
        let ids: Vec<Value> =
            lines.lines().map(|line| line.parse::<Value>().unwrap()["complaint_id"].clone()).collect();
        assert_eq!(ids, expected.iter().map(|row| row["complaint_id"].clone()).collect::<Vec<_>>());
        let known = desk.call::<ExportGet>(json!({ "export_id": told["export_id"] })).await;
        assert_eq!((&known.data()["operator"], &known.data()["manifest"]), (&json!("老张"), &manifest));
        // Nothing is left beside, and what another program reads is what was there.
        let names: HashMap<String, ()> = std::fs::read_dir(program.path(""))
            .unwrap()
            .map(|entry| (entry.unwrap().file_name().into_string().unwrap(), ()))
            .collect();
        assert!(names.keys().all(|name| !name.ends_with(".part")), "{names:?}");
        program.json(&["export", "table.xlsx", "--shop", "appDesk", "--id", "c_00001"]);
        assert!(std::fs::read(program.path("table.xlsx")).unwrap().starts_with(b"PK"));
        let shown = program.run(&["export", "table.csv", "--shop", "appDesk"]);
        assert!(shown.out.contains("已导出 1200 条"), "{shown:?}");
        program
            .run(&["export", "x.csv", "--shop", "appDesk", "--format", "pdf"])
            .failed_saying(&["format", "pdf"]);
        program.run(&["export", "x.csv", "--shop", "appNone"]).failed_saying(&["appNone", "不存在"]);
        program.run(&["export", "no/x.csv", "--shop", "appDesk"]).failed_saying(&["no/x.csv", "无法写入"]);
        assert!(!program.path("x.csv").exists());
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}
