//! Exports over the wire and by the command: what is in the file, and what is known of it afterwards.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tousu::complaint::Complaint;
use tousu_wire::complaint_export::{ComplaintExport, ExportGet, GetRequest, Request};
use tousu_wire::complaint_search::ComplaintSearch;
use tousu_wire::{Endpoint, ReturnCode};

use crate::handling::Desk;
use crate::program::{Program, Running};
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

/// A shop whose export fills all that lies between the server and a client that does not read.
async fn heavy(database: &Database) -> Desk {
    let mut desk = Desk::open(database).await;
    desk.server.stop().await;
    desk.server = Server::start_with(database, |settings| settings.server.max_exports = 1).await;
    let complaints: Vec<Complaint> = (0..1000)
        .map(|id| {
            let mut complaint = complaint(&format!("c_{id:04}"), NOW - id);
            complaint.complaint_reason = "要退款".repeat(2000);
            complaint
        })
        .collect();
    for chunk in complaints.chunks(500) {
        desk.server.put(&desk.shop, chunk).await;
    }
    desk
}

/// Whatever is written meanwhile: the file has what the list had when it began.
#[test]
fn an_export_is_of_one_moment() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let expected = listed(&desk, &json!({})).await;
        let mut answer = asking(&desk, json!({ "format": "ndjson" })).send().await.unwrap();
        let mut bytes = answer.chunk().await.unwrap().unwrap().to_vec();
        // Nobody takes the rest yet: the server cannot be far.
        let late: Vec<Complaint> =
            (0..500).map(|id| complaint(&format!("c_late{id}"), NOW - 3 * id)).collect();
        desk.server.put(&desk.shop, &late).await;
        for id in (0..1000).step_by(50) {
            desk.act("reply", &format!("c_{id:04}"), json!({ "content": "已退款", "finish": 1 }))
                .await
                .data();
        }
        assert_eq!(desk.server.list(&desk.token, json!({})).await.total(), 1500);
        while let Some(more) = answer.chunk().await.unwrap() {
            bytes.extend_from_slice(&more);
        }
        let lines: Vec<Value> = std::str::from_utf8(&bytes)
            .unwrap()
            .lines()
            .map(|line| {
                let mut line: Value = line.parse().unwrap();
                let fields = line.as_object_mut().unwrap();
                fields.retain(|name, _| !matches!(name.as_str(), "handler" | "tags"));
                line
            })
            .collect();
        assert!(lines == expected, "{} of {}", lines.len(), expected.len());
        assert_eq!(desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap(), None);
    });
}

/// Who leaves, and who stays but takes nothing, gives the place back; the history has an export that is not complete.
#[test]
fn a_place_is_given_back() {
    on_each_database(async |database| {
        let mut desk = heavy(database).await;
        desk.server.stop().await;
        desk.server = Server::start_with(database, |settings| {
            settings.server.max_exports = 1;
            settings.server.receive_seconds = 1;
            settings.limits.calls_factor = 1_000_000;
        })
        .await;
        for stays in [false, true] {
            let mut answer = asking(&desk, json!({})).send().await.unwrap();
            assert!(answer.chunk().await.unwrap().is_some());
            let headers = answer.headers().clone();
            let held = stays.then_some(answer);
            let began = std::time::Instant::now();
            loop {
                let next = asking(&desk, json!({ "complaint_id": "c_0001" })).send().await.unwrap();
                if next.headers().contains_key("x-export-id") {
                    next.bytes().await.unwrap();
                    break;
                }
                assert!(began.elapsed().as_secs() < 30, "the place is kept ({stays})");
                tokio::task::yield_now().await;
            }
            assert_eq!(record(&desk, &headers).await["complete"], false);
            drop(held);
        }
    });
}

#[test]
fn a_client_takes_an_export_as_it_comes() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let app = desk.server.app(&desk.shop).await;
        let client = desk.server.client(&app);
        let asked = Request { format: Some("csv".into()), ..Request::default() };
        let mut file = client.download::<ComplaintExport>(&asked).await.unwrap();
        let (mut hash, mut pieces) = (Sha256::new(), 0);
        while let Some(piece) = file.piece().await.unwrap() {
            hash.update(piece);
            pieces += 1;
        }
        assert!(pieces > 100, "{pieces}");
        let asked = GetRequest { export_id: file.export_id() };
        let record = client.call::<ExportGet>(&asked).await.unwrap();
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(record.manifest["sha256"], hash);
        let wrong = Request { format: Some("pdf".into()), ..Request::default() };
        let refused = client.download::<ComplaintExport>(&wrong).await.unwrap_err();
        assert_eq!(refused.return_code(), Some(ReturnCode::InvalidParameter));
    });
}

/// What the whole server takes at most while it exports much more than that.
#[test]
fn memory_does_not_grow_with_the_rows() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let program = Program::on(database);
        let mut command = program.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        command.stderr(std::process::Stdio::null());
        let mut running = Running::start(command);
        let line: Value = running.line().unwrap().parse().unwrap();
        let address = line["address"].as_str().unwrap().to_owned();
        let peak = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
        };
        let export = async |asked: Value| {
            let mut asked = asked;
            asked["access_token"] = json!(desk.token);
            let path = format!("{address}{}", ComplaintExport::path());
            let mut answer = desk.server.http.post(path).body(asked.to_string()).send().await.unwrap();
            let mut bytes = 0;
            while let Some(piece) = answer.chunk().await.unwrap() {
                bytes += piece.len() as u64;
            }
            bytes >> 20
        };
        let real_clock = tousu::clock::Clock::system().epoch();
        assert!(real_clock < NOW + 1_000_000_000, "the token is good for the real clock, too");
        for format in ["csv", "xlsx", "ndjson"] {
            export(json!({ "format": format, "complaint_id": "c_0001" })).await;
            let before = peak();
            let size = export(json!({ "format": format })).await;
            let grown = peak() - before;
            assert!(format == "xlsx" || size > 15, "{size}");
            assert!(grown < 12, "{format}: {grown} MiB more for a file of {size} MiB");
        }
    });
}

#[test]
fn few_exports_at_once() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let mut first = asking(&desk, json!({})).send().await.unwrap();
        assert!(first.chunk().await.unwrap().is_some());
        let refused = Answer::of(asking(&desk, json!({}))).await;
        assert_eq!(refused.code(), 1001);
        // Others are served meanwhile, and the export ends whole.
        assert_eq!(desk.server.list(&desk.token, json!({})).await.total(), 1000);
        let headers = first.headers().clone();
        assert_eq!(record(&desk, &headers).await["complete"], false);
        while first.chunk().await.unwrap().is_some() {}
        assert_eq!(record(&desk, &headers).await["manifest"]["rows"], 1000);
        let (headers, _) = file(&desk, json!({ "complaint_id": "c_0001" })).await;
        assert_eq!(record(&desk, &headers).await["manifest"]["rows"], 1);
    });
}

#[test]
fn an_export_that_fails_breaks_off_visibly() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let mut answer = asking(&desk, json!({})).send().await.unwrap();
        assert!(answer.chunk().await.unwrap().is_some());
        database.ruin().await;
        let broken = loop {
            match answer.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(broken, "a file that lacks something looks whole");
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
