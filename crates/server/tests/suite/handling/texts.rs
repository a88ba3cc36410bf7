//! Bad input is refused with what is wrong, and changes nothing; roles need their permission sets.

use serde_json::json;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::complaint_get::ComplaintGet;
use tousu_wire::complaint_history::ComplaintHistory;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::{Endpoint, PermissionSet};

use super::{Desk, acts};
use crate::support::*;

#[test]
fn what_cannot_be_accepted() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = desk.submitted().await;
        let long = |length: usize| "长".repeat(length);
        let pictures = |count: usize| vec!["https://images.example.com/1.jpg"; count];
        let cases = [
            ("reply", json!({}), "content"),
            ("reply", json!({ "content": long(2001) }), "content"),
            ("reply", json!({ "content": "a\u{0}b" }), "content"),
            ("reply", json!({ "content": "a\u{1b}[31m" }), "content"),
            ("reply", json!({ "content": "a", "finish": 2 }), "finish"),
            ("reply", json!({ "content": "a", "images": pictures(10) }), "images"),
            ("reply", json!({ "content": "a", "images": ["http://images.example.com/1.jpg"] }), "images"),
            ("reply", json!({ "content": "a", "images": ["https://"] }), "images"),
            ("reply", json!({ "content": "a", "images": ["https://a.example/\" onerror=\"x"] }), "images"),
            ("reply", json!({ "content": "a", "images": ["javascript:alert(1)"] }), "images"),
            ("reply", json!({ "content": "a", "operator": long(65) }), "operator"),
            ("reply", json!({ "content": "a", "idempotency_key": long(65) }), "idempotency_key"),
            ("close", json!({ "by": "nobody" }), "by"),
            ("assign", json!({ "assignee": long(65) }), "assignee"),
            ("tag", json!({ "add": vec!["t"; 21] }), "add"),
            ("tag", json!({ "add": (0..21).map(|tag| tag.to_string()).collect::<Vec<_>>() }), "add"),
            ("note", json!({}), "content"),
        ];
        for (name, body, parameter) in cases {
            let answer = desk.act(name, &id, body.clone()).await;
            assert_eq!(answer.code(), 3001, "{name} {body}: {}", answer.text);
            assert!(answer.msg().contains(parameter), "{name} {body}: {}", answer.msg());
        }
        assert_eq!(desk.history(&id).await.len(), 1);
        for (name, body, _) in acts() {
            assert_eq!(desk.act(name, "c_unknown", body.clone()).await.code(), 3002, "{name}");
            let mut body = body;
            body["access_token"] = json!(desk.token);
            let missing = desk.server.post(&format!("/tousu.complaint.{name}/1.0.0"), &body).await;
            assert_eq!(missing.code(), 3001, "{name}: {}", missing.text);
        }
        let fits = json!({ "content": long(2000), "images": pictures(9), "operator": long(64) });
        desk.act("reply", &id, fits).await.data();
        for body in [json!({}), json!({ "complaint_reason": long(2001) })] {
            assert_eq!(desk.call::<ComplaintCreate>(body).await.code(), 3001);
        }
    });
}

#[test]
fn roles_need_their_permission_sets() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = desk.submitted().await;
        let only = async |sets: &[PermissionSet]| {
            let app = desk.server.app_with(&desk.shop, |_| {}, sets).await;
            desk.server.token_for(&desk.shop, &app, 3600).await
        };
        let reads = only(&[PermissionSet::ComplaintsQuery]).await;
        let handles = only(&[PermissionSet::ComplaintsHandle]).await;
        for (name, body, role) in acts() {
            let call = async |token: &str| {
                let mut body = body.clone();
                (body["access_token"], body["complaint_id"]) = (json!(token), json!(id));
                desk.server.post(&format!("/tousu.complaint.{name}/1.0.0"), &body).await
            };
            assert_eq!(call(&reads).await.code(), 2017, "{name}");
            let answer = call(&handles).await;
            if role == "platform" {
                assert_eq!(answer.code(), 2017, "{name}: {}", answer.text);
                assert!(answer.msg().contains(PermissionSet::Platform.name()), "{}", answer.msg());
            } else {
                assert!([0, 3003].contains(&answer.code()), "{name}: {}", answer.text);
            }
        }
        let enters = json!({ "access_token": handles, "complaint_reason": "x", "by": "platform" });
        assert_eq!(desk.server.post(&ComplaintCreate::path(), &enters).await.code(), 2017);
    });
}

#[test]
fn numbers_in_texts_are_masked() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let numbers = ["18812341474", "11010519491231002X", "6222021234567890123", "010-62345678"];
        let said =
            format!("电话{}，身份证{}，卡号 {}，座机{}", numbers[0], numbers[1], numbers[2], numbers[3]);
        let created = desk
            .call::<ComplaintCreate>(json!({
                "complaint_reason": said, "complaint_content_msg": said, "complainant_phone": numbers[0],
                "complaint_resource_id": "E20240417180801783546V2",
            }))
            .await;
        let id = created.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned();
        let mut answers = vec![created];
        for (name, mut body, _) in acts() {
            if body.get("content").is_some() {
                body["content"] = json!(said);
            }
            answers.push(desk.act(name, &id, body).await);
        }
        answers.push(desk.server.list(&desk.token, json!({})).await);
        let asked = json!({ "complaint_id": id });
        answers.push(desk.call::<ComplaintInfoGet>(asked.clone()).await);
        answers.push(desk.call::<ComplaintGet>(asked.clone()).await);
        answers.push(desk.call::<ComplaintHistory>(asked).await);
        for answer in &answers {
            for number in numbers {
                assert!(!answer.text.contains(number), "{number}: {}", answer.text);
            }
        }
        let listed = &answers[answers.len() - 4].data()["list"][0];
        assert_eq!(listed["complaint_resource_id"], "E20240417180801783546V2");
        let reason = listed["complaint_reason"].as_str().unwrap();
        assert!(reason.starts_with("电话188****1474，身份证"), "{reason}");
    });
}
