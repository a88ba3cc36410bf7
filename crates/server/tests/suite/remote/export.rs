//! `tousu export` from a server: the same files as elsewhere, whole or absent, and resumed where it broke off.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tousu::import::{Content, xlsx_rows};
use tousu_wire::codes::{Overtime, State};

use super::Desk;
use super::proxy::{Exchange, Proxy};
use crate::support::*;

const ROWS: i64 = 2500;

async fn filled(database: &Database) -> Desk {
    let desk = Desk::open(database).await;
    let complaints: Vec<_> = (0..ROWS)
        .map(|at| {
            let mut one = complaint(&format!("c_{at:04}"), desk.now - at * 60);
            one.state = (at % 3).into();
            if one.state == State::Done {
                (one.closed_at, one.closed_overtime) = (Some(desk.now), Some(Overtime::InTime));
            }
            one
        })
        .collect();
    desk.server.put(&desk.shop, &complaints).await;
    desk
}

fn ids(text: &str) -> Vec<String> {
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["complaint_id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

#[test]
fn the_files_are_those_of_the_database() {
    on_each_database(async |database| {
        let desk = filled(database).await;
        for form in ["csv", "ndjson"] {
            let (from_server, from_database) = (format!("server.{form}"), format!("database.{form}"));
            let told = desk.program.json(&["export", "-o", &from_server, "--state", "open"]);
            desk.program.json(&["export", &from_database, "--shop", "appShop", "--state", "open"]);
            let (one, other) = (desk.program.read(&from_server), desk.program.read(&from_database));
            assert!(one == other, "{form}: newest first, though each state was walked by itself");
            assert_eq!((&told["manifest"]["rows"], &told["resumed"]), (&json!(1667), &json!(false)));
            let manifest: Value =
                serde_json::from_str(&desk.program.read(&format!("{from_server}.manifest.json"))).unwrap();
            assert_eq!(manifest, told["manifest"]);
            assert_eq!(manifest["filter"], json!({ "state": [0, 1] }));
        }
        desk.program.json(&["export", "all.xlsx"]);
        let rows = xlsx_rows(&desk.program.path("all.xlsx")).unwrap();
        let count =
            rows.map(|row| row.unwrap()).filter(|row| matches!(row.content, Content::Fields(_))).count();
        assert_eq!(count as i64, ROWS);
        let left: Vec<_> = std::fs::read_dir(desk.program.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains(".part")), "{left:?}");
    });
}

#[test]
fn what_broke_off_is_resumed() {
    on_each_database(async |database| {
        let desk = filled(database).await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        // What comes behind so many pages is refused: nothing that waiting would help against.
        let refused_behind = |pages: usize| {
            let asked = Arc::clone(&asked);
            move |exchange: Exchange<'_>| {
                if exchange.asked["page_size"].as_i64() > Some(1) {
                    let mut asked = asked.lock();
                    if asked.len() >= pages {
                        *exchange.answer = json!({ "code": 2017, "data": null, "msg": "没有\u{1b}[2J权限" });
                    }
                    asked.push(exchange.asked.clone());
                }
            }
        };
        let proxy = Proxy::before(&desk.server.url, refused_behind(1)).await;
        let login = desk.login("proxy", &proxy.url, &desk.credentials.secret_key);
        assert_eq!(login.code, Some(0), "{login:?}");
        let export = ["export", "-o", "all.ndjson", "--profile", "proxy"];
        let broken = desk.program.run(&export);
        assert!(broken.code == Some(5) && broken.err.contains("续传"), "{broken:?}");
        assert!(!broken.err.contains('\u{1b}'), "no server commands the terminal: {broken:?}");
        assert!(!desk.program.path("all.ndjson").exists());
        assert_eq!(desk.program.read("all.ndjson.part").lines().count(), 1000);
        let before = std::mem::take(&mut *asked.lock());

        // Another export must not go on with it; a torn line at its end is nothing.
        let other = desk.program.run(&[&export[..], &["--state", "0"]].concat());
        assert!(other.code == Some(2) && other.err.contains("--restart"), "{other:?}");
        let torn = desk.program.read("all.ndjson.part") + "{\"channel_type\":1,";
        desk.program.write("all.ndjson.part", torn);
        proxy.turn(refused_behind(usize::MAX));
        let told = desk.program.json(&export);
        assert_eq!((&told["manifest"]["rows"], &told["resumed"]), (&json!(ROWS), &json!(true)));
        assert!(!asked.lock().contains(&before[0]), "what was there is not fetched again");
        desk.program.json(&["export", "whole.ndjson", "--shop", "appShop"]);
        assert_eq!(ids(&desk.program.read("all.ndjson")), ids(&desk.program.read("whole.ndjson")));
        assert!(!desk.program.path("all.ndjson.part").exists());
        assert!(!desk.program.path("all.ndjson.part.json").exists());
    });
}

#[test]
fn what_goes_wrong_is_said() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        for (arguments, code, said) in [
            (&["export", "x.csv", "--format", "pdf"][..], 2, "pdf"),
            (&["export", "-o", "no/x.csv"], 1, "no/x.csv"),
            (&["export", "-o", "x.csv", "--due-within", "soon"], 2, "--due-within"),
            (&["export", "-o", "x.csv", "--profile", "none"], 3, "none"),
        ] {
            let ran = desk.program.run(arguments);
            assert!(ran.code == Some(code) && ran.err.contains(said), "{ran:?}");
        }
    });
}
