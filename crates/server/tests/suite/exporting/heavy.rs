//! Exports that are larger than what lies between the server and whoever takes them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tousu::complaint::Complaint;
use tousu_wire::complaint_export::{ComplaintExport, ExportGet, GetRequest, Request};
use tousu_wire::{BeijingTime, Endpoint, ReturnCode};

use super::{asking, file, listed, record};
use crate::handling::Desk;
use crate::program::{Program, Running};
use crate::support::*;

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

/// What the whole server takes at most, while it exports four times as much as it did before.
#[test]
fn memory_does_not_grow_with_the_rows() {
    on_each_database(async |database| {
        let desk = heavy(database).await;
        let program = Program::on(database);
        let mut command = program.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        command.args(["--set", "limits.calls_factor=100"]);
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
            assert!(answer.headers().contains_key("x-export-id"), "{:?}", answer.headers());
            let mut bytes = 0;
            while let Some(piece) = answer.chunk().await.unwrap() {
                bytes += piece.len() as u64;
            }
            bytes >> 20
        };
        let real_clock = tousu::clock::Clock::system().epoch();
        assert!(real_clock < NOW + 1_000_000_000, "the token is good for the real clock, too");
        for format in ["csv", "xlsx", "ndjson"] {
            // Whatever it takes for an export of any length, it takes by then.
            let quarter = json!({ "format": format, "start_time": BeijingTime::from_epoch(NOW - 249) });
            for _ in 0..3 {
                export(quarter.clone()).await;
            }
            let before = peak();
            let size = export(json!({ "format": format })).await;
            let grown = peak() - before;
            assert!(format == "xlsx" || size > 15, "{size}");
            // Of 12 MiB more that leave, what is held shows at least once.
            assert!(grown < 8, "{format}: {grown} MiB more for a file of {size} MiB");
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
