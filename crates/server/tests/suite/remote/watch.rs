//! `tousu list --watch` into a pipe: what is there, then what is new or changed, until Ctrl-C.

use std::collections::HashSet;

use serde_json::Value;

use super::Desk;
use crate::program::Running;
use crate::support::*;

#[test]
fn what_is_new_or_changed_follows() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        desk.put("c_first", 60, 3600).await;
        let arguments = ["list", "--watch", "--every", "1s", "--ndjson", "--columns", "id,state"];
        let mut watching = Running::start(desk.program.command(&arguments));
        let mut next = || {
            let line: Value = serde_json::from_str(&watching.line().unwrap()).unwrap();
            (line["complaint_id"].as_str().unwrap().to_owned(), line["state"].as_i64().unwrap())
        };
        assert_eq!(next(), ("c_first".to_owned(), 0));
        desk.put("c_second", 30, 3600).await;
        assert_eq!(next(), ("c_second".to_owned(), 0));
        desk.put_with("c_first", 60, 3600, serde_json::json!({ "state": 1, "current_step": 2 })).await;
        assert_eq!(next(), ("c_first".to_owned(), 1));
        // More at once than a look has rows: none is passed over.
        let many: Vec<_> =
            (0..50).map(|at| complaint(&format!("c_many_{at:02}"), desk.now - 25 + at / 2)).collect();
        desk.server.put(&desk.shop, &many).await;
        let told: HashSet<String> = many.iter().map(|_| next().0).collect();
        assert!(many.iter().all(|one| told.contains(&one.complaint_id)), "{told:?}");
        watching.signal("INT");
        assert_eq!(watching.line(), None);
        assert_eq!(watching.end(), (Some(0), String::new()));
    });
}

#[test]
fn what_cannot_be_watched_is_said() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        for (arguments, said) in [
            (&["list", "--watch", "--json"][..], "--ndjson"),
            (&["list", "--watch", "--every", "0s"], "--every"),
        ] {
            let ran = desk.program.run(arguments);
            assert!(ran.code == Some(2) && ran.err.contains(said), "{ran:?}");
        }
        // What will not get better ends it.
        let revoke = [
            "app",
            "revoke",
            "--shop",
            "appShop",
            "--client-id",
            desk.credentials.client_id.as_deref().unwrap(),
            "投诉管理-查询",
        ];
        desk.program.json(&revoke);
        let ran = desk.program.run(&["list", "--watch", "--ndjson"]);
        assert!(ran.code == Some(5) && ran.err.contains("投诉管理-查询"), "{ran:?}");
    });
}
