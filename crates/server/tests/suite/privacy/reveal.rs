//! One number is shown, once it is written down who saw it and what for.

use serde_json::{Value, json};
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::{PermissionSet, ReturnCode};

use super::{contains, everything_in};
use crate::handling::Desk;
use crate::program::Program;
use crate::support::*;

const PHONE: &str = "18812341474";

async fn complained(desk: &Desk, phone: &str) -> String {
    let asked = json!({ "complaint_reason": "要退款", "complainant_phone": phone });
    let answer = desk.call::<ComplaintCreate>(asked).await;
    answer.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned()
}

#[test]
fn each_time_one_entry() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = complained(&desk, PHONE).await;
        let version = desk.act("note", &id, json!({ "content": "联系" })).await.data()["version"].clone();
        for (times, reason) in ["核实退款", "再次联系 13912345678"].into_iter().enumerate() {
            let answer = desk.act("reveal", &id, json!({ "reason": reason, "operator": "小李" })).await;
            assert_eq!(answer.data()["complainant_phone"], PHONE);
            let history = desk.history(&id).await;
            assert_eq!(history.len(), 3 + times);
            let entry = history.last().unwrap();
            assert_eq!((&entry["event"], &entry["operator"]), (&json!("revealed"), &json!("小李")));
            assert_eq!(entry["entry"], answer.data()["entry"]);
            assert_eq!(entry["before"], entry["after"]);
            let said = entry["said"]["reason"].as_str().unwrap();
            assert!(reason.starts_with(&said[..12]) && !said.contains("13912345678"), "{said}");
        }
        let standing = desk.act("get", &id, json!({})).await;
        assert_eq!(standing.data()["standing"]["version"], version, "the complaint has not changed");
        assert!(!standing.text.contains(PHONE));
        assert!(desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap().is_none());
        assert!(!contains(&everything_in(database).await, PHONE));
        // The command does the same.
        let program = Program::on(database);
        let told = program.json(&["complaint", "reveal", &id, "--reason", "核实", "--shop", "appDesk"]);
        assert_eq!(told["complainant_phone"], PHONE);
        assert_eq!(desk.history(&id).await.len(), 5);
    });
}

#[test]
fn what_is_refused_leaves_no_entry_and_shows_nothing() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = complained(&desk, PHONE).await;
        let masked = complained(&desk, "188****1474").await;
        let none = desk.submitted().await;
        let long = "因".repeat(201);
        for (id, body, code) in [
            (&id, json!({}), 3001),
            (&id, json!({ "reason": "" }), 3001),
            (&id, json!({ "reason": long }), 3001),
            (&id, json!({ "reason": "a\u{0}b" }), 3001),
            (&id, json!({ "reason": "核实", "operator": long }), 3001),
            (&masked, json!({ "reason": "核实" }), ReturnCode::PhoneNotKept.number()),
            (&none, json!({ "reason": "核实" }), ReturnCode::PhoneNotKept.number()),
            (&"c_unknown".to_owned(), json!({ "reason": "核实" }), 3002),
        ] {
            let answer = desk.act("reveal", id, body.clone()).await;
            assert_eq!(answer.code(), code, "{body}: {}", answer.text);
            assert!(!answer.text.contains(PHONE));
        }
        let others: Vec<_> =
            PermissionSet::ALL.iter().copied().filter(|set| *set != PermissionSet::Sensitive).collect();
        let app = desk.server.app_with(&desk.shop, |_| {}, &others).await;
        let token = desk.server.token_for(&desk.shop, &app, 3600).await;
        for name in ["reveal", "erase"] {
            let body = json!({ "access_token": token, "complaint_id": id, "reason": "核实" });
            let answer = desk.server.post(&format!("/tousu.complaint.{name}/1.0.0"), &body).await;
            assert_eq!(answer.code(), 2017);
            assert!(answer.msg().contains("投诉管理-敏感信息"), "{}", answer.msg());
        }
        // Nor is a number shown that an older program wrote another over.
        database
            .run(&format!(
                "update complaints set complainant_phone = '13912345678' where complaint_id = '{id}'"
            ))
            .await;
        let answer = desk.act("reveal", &id, json!({ "reason": "核实" })).await;
        assert_eq!(answer.code(), ReturnCode::PhoneNotKept.number(), "{}", answer.text);
        for id in [&id, &masked, &none] {
            assert_eq!(desk.history(id).await.len(), 1, "{id}");
        }
        let reveals: Vec<Value> = desk.history(&id).await;
        assert_eq!(reveals[0]["event"], "submitted");
    });
}

#[test]
fn the_same_call_again_leaves_no_second_entry() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = complained(&desk, PHONE).await;
        let body = json!({ "reason": "核实", "idempotency_key": "one" });
        let calls = (0..8).map(|_| desk.act("reveal", &id, body.clone()));
        let answers = futures(calls).await;
        for answer in &answers {
            assert_eq!(answer.data(), answers[0].data());
            assert_eq!(answer.data()["complainant_phone"], PHONE);
        }
        assert_eq!(desk.history(&id).await.len(), 2);
        let other = desk.act("reveal", &id, json!({ "reason": "别的", "idempotency_key": "one" })).await;
        assert_eq!(other.code(), 3005);
        assert!(!contains(&everything_in(database).await, PHONE), "the answer that is kept has no number");
        // Another number is another call.
        let mut row = complaint(&id, NOW);
        row.complainant_phone.0 = "18899991474".into();
        desk.server.put(&desk.shop, &[row]).await;
        assert_eq!(desk.act("reveal", &id, body).await.code(), ReturnCode::PhoneNotKept.number());
        let fresh = desk.act("reveal", &id, json!({ "reason": "核实" })).await;
        assert_eq!(fresh.data()["complainant_phone"], "18899991474");
    });
}

/// All of them at once.
async fn futures<T>(calls: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(calls).await
}
