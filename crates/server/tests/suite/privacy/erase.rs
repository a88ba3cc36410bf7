//! A person's data goes, and what is counted and proven stays.

use serde_json::{Value, json};
use tousu::store::Broken;
use tousu_wire::complaint_create::ComplaintCreate;

use super::{contains, everything_in};
use crate::handling::Desk;
use crate::program::Program;
use crate::support::*;

const PHONE: &str = "18812341474";
const USER: &str = "user-wang";
/// What is said of the person, each to be found nowhere afterwards.
const TEXTS: [&str; 7] =
    ["王小明要退款", "王小明的内容", "order-wang-1", "王小明您好", "wang.jpg", "王小明未收到", "备注王小明"];

async fn complained(desk: &Desk, source_number: &str) -> String {
    let asked = json!({
        "complaint_reason": TEXTS[0], "complaint_content_msg": TEXTS[1], "complainant_phone": PHONE,
        "complainant_user_id": USER, "complaint_resource_id": TEXTS[2], "complaint_from": 203, "by": "third_party",
        "uploaded_images": ["https://images.example.com/wang.jpg"], "source_number": source_number,
        "idempotency_key": source_number,
    });
    let id = desk.call::<ComplaintCreate>(asked).await.data()["complaint"]["complaint_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (name, body) in [
        ("reply", json!({ "content": TEXTS[3], "images": ["https://images.example.com/wang.jpg"] })),
        ("consumer_reply", json!({ "content": TEXTS[5] })),
        ("note", json!({ "content": TEXTS[6] })),
        ("tag", json!({ "add": ["退款"] })),
        ("reveal", json!({ "reason": "联系", "idempotency_key": format!("reveal {source_number}") })),
    ] {
        desk.act(name, &id, body).await.data();
    }
    id
}

async fn erase(desk: &Desk, mut body: Value) -> Answer {
    body["access_token"] = json!(desk.token);
    desk.server.post("/tousu.complaint.erase/1.0.0", &body).await
}

#[test]
fn nothing_is_left_of_the_person_and_everything_of_the_complaint() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let ids = [complained(&desk, "n1").await, complained(&desk, "n2").await];
        let other = desk.submitted().await;
        let found = async |text: &str| {
            while desk.server.store.follow_words(&desk.shop, 300).await.unwrap() {}
            let answer = desk.act("search", &other, json!({ "text": text })).await;
            answer.data()["list"].as_array().unwrap().len()
        };
        assert_eq!((found("王小明").await, found("要退款").await), (2, 3));
        let counted = async || {
            let all = desk.server.list(&desk.token, json!({ "channel_type": 2 })).await;
            let rows: Vec<Value> = all.data()["list"].as_array().unwrap().clone();
            let states: Vec<_> = rows
                .iter()
                .map(|row| {
                    (
                        row["complaint_id"].clone(),
                        row["state"].clone(),
                        row["complaint_time"].clone(),
                        row["complaint_from"].clone(),
                        row["current_step"].clone(),
                        row["operate_end_time"].clone(),
                    )
                })
                .collect();
            (all.total(), states)
        };
        let before = counted().await;
        let whose = [
            json!({ "complaint_id": ids[0], "reason": "本人要求" }),
            json!({ "complainant_user_id": USER, "reason": "本人要求" }),
            json!({ "complainant_phone": "+86 188-1234-1474", "reason": "本人要求" }),
        ];
        for (body, named) in whose.iter().zip([&ids[..1], &ids, &ids]) {
            let mut dry = body.clone();
            dry["dry_run"] = json!(1);
            let told = erase(&desk, dry).await;
            assert_eq!(told.data(), &json!({ "complaint_ids": named, "more": false, "dry_run": true }));
        }
        assert_eq!(desk.history(&ids[0]).await.len(), 6, "nothing has happened");

        let mut body = whose[2].clone();
        body["idempotency_key"] = json!("erase");
        body["operator"] = json!("小李");
        let answers = [erase(&desk, body.clone()).await, erase(&desk, body).await];
        for answer in &answers {
            assert_eq!(answer.data(), &json!({ "complaint_ids": ids, "more": false, "dry_run": false }));
        }
        assert_eq!(counted().await, before);
        for id in &ids {
            let history = desk.history(id).await;
            assert_eq!(history.len(), 7);
            let last = history.last().unwrap();
            assert_eq!((&last["event"], &last["said"]), (&json!("erased"), &json!({ "reason": "本人要求" })));
            // Of what was said only why it was looked at is left.
            let left: Vec<_> = history
                .iter()
                .filter(|entry| !entry["said"].is_null())
                .map(|entry| entry["event"].clone())
                .collect();
            assert_eq!(left, ["imported", "revealed", "erased"]);
            assert_eq!(desk.act("reveal", id, json!({ "reason": "联系" })).await.code(), 3008);
            assert_eq!(desk.act("note", id, json!({ "content": "此后" })).await.code(), 0);
        }
        // The calls of before are known again, and give nothing away.
        let again =
            desk.act("reveal", &ids[0], json!({ "reason": "联系", "idempotency_key": "reveal n1" })).await;
        assert!(again.code() > 0 && !again.text.contains(PHONE), "{}", again.text);
        let kept = everything_in(database).await;
        for text in TEXTS.iter().chain(&[PHONE, USER]) {
            assert!(!contains(&kept, text), "{text} is there");
        }
        assert!(contains(&kept, "要退款"), "the other complaint's");
        assert_eq!((found("王小明").await, found("要退款").await), (0, 1));
        assert_eq!(desk.act("get", &other, json!({})).await.data()["info"]["complaint_reason"], "要退款");
        assert_eq!(erase(&desk, whose[1].clone()).await.data()["complaint_ids"], json!([]));

        // Neither an import nor its source brings it back.
        let mut row = complaint(&ids[0], NOW);
        row.complaint_reason = TEXTS[0].into();
        row.complaint_resource_id = TEXTS[2].into();
        row.time_limit = 99;
        desk.server.put(&desk.shop, &[row]).await;
        let got = desk.act("get", &ids[0], json!({})).await;
        assert_eq!(got.data()["info"]["time_limit"], 99);
        let kept = everything_in(database).await;
        assert!(TEXTS.iter().chain(&[PHONE]).all(|text| !contains(&kept, text)));
        let verify = desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap();
        assert_eq!(verify, None);
        assert_eq!(Program::on(database).doctors_complaints(), [] as [Value; 0]);
    });
}

#[test]
fn what_is_taken_away_by_hand_is_named() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = complained(&desk, "n1").await;
        let other = complained(&desk, "n2").await;
        let verify =
            async || desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap();
        let blank =
            |entry: i64| format!("update history set said = '', said_salt = '' where entry = {entry}");
        let program = Program::on(database);
        let erased = program.json(&["complaint", "erase", &id, "--reason", "本人要求", "--shop", "appDesk"]);
        assert_eq!(erased["complaint_ids"], json!([id]));
        assert_eq!(verify().await, None);
        // Nobody said that this one goes: it is another complaint's, or came later.
        let later = desk.act("note", &id, json!({ "content": "此后" })).await;
        later.data();
        for entry in [8, 14] {
            database.run("create table before_that as select * from history").await;
            database.run(&blank(entry)).await;
            assert_eq!(verify().await, Some(Broken::Changed(entry)));
            database.run("delete from history; insert into history select * from before_that; drop table before_that").await;
            assert_eq!(verify().await, None);
        }
        // What was erased cannot be filled with something else, nor can the entry say less.
        for (sql, entry) in [
            ("update history set said = '{\"content\":\"x\"}' where entry = 2", 2),
            ("update history set said_salt = 'x' where entry = 2", 2),
            ("update history set said_hash = 'x' where entry = 2", 2),
            ("update history set said_hash = null, said_salt = null where entry = 2", 2),
            ("update history set after = replace(after, '[2,3,4,5]', '[3,4,5]') where entry = 13", 13),
            ("update history set event = 'noted' where entry = 13", 13),
            ("delete from history where entry = 13", 13),
        ] {
            database.run("create table before_that as select * from history").await;
            database.run(sql).await;
            let broken = verify().await;
            let right = [Some(Broken::Changed(entry)), Some(Broken::Missing(entry))];
            assert!(right.contains(&broken), "{sql}: {broken:?}");
            database.run("delete from history; insert into history select * from before_that; drop table before_that").await;
            assert_eq!(verify().await, None, "{sql}");
        }
        assert_eq!(desk.history(&other).await.len(), 6);
    });
}

/// Entries that a program wrote before there were salts.
#[test]
fn an_older_history_is_verified_and_erased() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = complained(&desk, "n1").await;
        // As they were: the hash over what was said.
        let mut tx = desk.server.store.read().await.unwrap();
        let entries = tx.entries_after(&desk.shop, 0, 100).await.unwrap();
        drop(tx);
        let mut hash = String::new();
        for kept in &entries {
            hash = kept.entry.hash(&desk.shop, kept.number, &hash, None);
            let sql = format!(
                "update history set said_salt = null, said_hash = null, hash = '{hash}' where entry = {}",
                kept.number
            );
            database.run(&sql).await;
        }
        database.run(&format!("update shops set history_hash = '{hash}'")).await;
        let verify =
            async || desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap();
        assert_eq!(verify().await, None);
        database.run("update history set said = said || ' ' where entry = 2").await;
        assert_eq!(verify().await, Some(Broken::Changed(2)));
        database.run("update history set said = substr(said, 1, length(said) - 1) where entry = 2").await;
        erase(&desk, json!({ "complaint_id": id, "reason": "本人要求" })).await.data();
        assert_eq!(verify().await, None);
        let kept = everything_in(database).await;
        assert!(TEXTS.iter().all(|text| !contains(&kept, text)));
        // What is left of it is still proven.
        database.run("update history set operator = 'x' where entry = 2").await;
        assert_eq!(verify().await, Some(Broken::Changed(2)));
    });
}

#[test]
fn what_is_asked_must_be_clear() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        for (body, code) in [
            (json!({ "reason": "x" }), 3001),
            (json!({ "reason": "x", "complaint_id": "c", "complainant_user_id": "u" }), 3001),
            (json!({ "complaint_id": "c" }), 3001),
            (json!({ "reason": "x", "complaint_id": "c", "dry_run": 2 }), 3001),
            (json!({ "reason": "x", "complaint_id": "c" }), 3002),
            (json!({ "reason": "x", "complainant_user_id": "nobody" }), 0),
            (json!({ "reason": "x", "complainant_phone": "13900000000" }), 0),
        ] {
            let answer = erase(&desk, body.clone()).await;
            assert_eq!(answer.code(), code, "{body}: {}", answer.text);
        }
        // More than go at once.
        let rows: Vec<_> = (0..150).map(|at| complaint(&format!("c_{at:03}"), NOW)).collect();
        desk.server.put(&desk.shop, &rows).await;
        let mut seen = 0;
        for more in [true, false] {
            let answer = erase(&desk, json!({ "reason": "x", "complainant_phone": PHONE })).await;
            assert_eq!(answer.data()["more"], more);
            seen += answer.data()["complaint_ids"].as_array().unwrap().len();
        }
        assert_eq!(seen, 150);
        assert!(desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap().is_none());
    });
}
