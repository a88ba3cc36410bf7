//! The interface and the command.

use super::*;
use crate::program::Program;

#[test]
fn what_is_wrong_is_named() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        let mut rng = chance(41);
        archive.put((0..60).map(|id| some(&mut rng, id)).collect()).await;
        for (name, value) in [
            ("text", json!("退")),
            ("text", json!("退款".repeat(51))),
            ("phone_tail", json!("18812341474")),
            ("page_size", json!(101)),
            ("page_index", json!(0)),
            ("page_index", json!(501)),
            ("unassigned", json!(2)),
            ("hour", json!([24])),
            ("sort", json!("id")),
            ("channel_type", json!([1, 7])),
            ("start_time", json!("昨天")),
            ("state", json!({ "a": 1 })),
            ("cursor", json!("nonsense")),
            ("cursor", json!("退款")),
            ("cursor", json!("00")),
        ] {
            let answer = archive.search(json!({ name: value })).await;
            assert_eq!(answer.code(), 3001, "{name} {value}");
            assert!(answer.msg().contains(name), "{}", answer.msg());
            assert!(!answer.text.contains("18812341474"));
        }
        let one = archive.search(json!({ "text": "退" })).await;
        assert!(one.msg().contains("2 到 100"), "{}", one.msg());
        // A cursor belongs to its filter and order, not to its page size.
        let asked = json!({ "state": [0, 1, 2], "page_size": 5 });
        let next = archive.search(asked.clone()).await.data()["next_cursor"].clone();
        let with = |change: Value| {
            let mut asked = asked.clone();
            asked["cursor"] = next.clone();
            asked.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            asked
        };
        assert_eq!(archive.search(with(json!({ "page_size": 7, "with_total": 1 }))).await.code(), 0);
        for change in [json!({ "state": [0, 1] }), json!({ "sort": "changed" }), json!({ "text": "退款" })]
        {
            assert_eq!(archive.search(with(change.clone())).await.code(), 3001, "{change}");
        }
    });
}

/// A form has no arrays; numbers come as strings.
#[test]
fn a_form_will_do() {
    on_sqlite(async |database| {
        let mut archive = Archive::open(database).await;
        let mut rng = chance(42);
        archive.put((0..60).map(|id| some(&mut rng, id)).collect()).await;
        let body = format!("access_token={}&state=0,1&page_size=100&assignee=&with_total=1", archive.token);
        let answer = archive.server.post_raw(&ComplaintSearch::path(), body).await;
        let expected = expected(&archive.known, &json!({ "state": [0, 1] }), NOW);
        assert_eq!((answer.ids(), answer.total()), (expected.clone(), expected.len() as i64));
    });
}

#[test]
fn the_command_searches_too() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        let mut rng = chance(43);
        archive.put((0..200).map(|id| some(&mut rng, id)).collect()).await;
        let program = Program::on(database);
        let shop = archive.shop.to_string();
        fn search<'a>(shop: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
            [&["complaint", "search", "--shop", shop], rest].concat()
        }
        let asked = json!({ "text": "退款", "state": [0, 1], "sort": "deadline" });
        let expected = expected(&archive.known, &asked, NOW);
        assert!(expected.len() > 3);
        let arguments = ["退款", "--state", "0", "--state", "1", "--sort", "deadline", "--total"];
        let found = program.json(&search(&shop, &arguments));
        assert_eq!(ids(found["list"].as_array().unwrap()), expected);
        assert_eq!((&found["total"], &found["next_cursor"]), (&json!(expected.len()), &json!("")));
        let first = program.json(&search(&shop, &[&arguments[..], &["--page-size", "2"]].concat()));
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = program
            .json(&search(&shop, &[&arguments[..], &["--page-size", "2", "--cursor", cursor]].concat()));
        assert_eq!(ids(second["list"].as_array().unwrap()), expected[2..4]);
        let shown = program.run(&search(&shop, &["退款", "--page-size", "2"]));
        assert!(shown.out.contains("问题描述") && shown.out.contains("下一页：--cursor "), "{shown:?}");
        program.run(&search(&shop, &["退"])).failed_saying(&["text", "2 到 100"]);
        program.run(&["complaint", "search", "--shop", "appNone"]).failed_saying(&["appNone", "不存在"]);
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}
