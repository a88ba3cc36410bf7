//! Many at once, and the same again.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tousu_wire::complaint_create::ComplaintCreate;

use super::{Desk, acts};
use crate::support::*;

#[test]
fn two_hundred_acts_on_ten_complaints_at_once() {
    on_each_database(async |database| {
        let desk = Arc::new(Desk::open(database).await);
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(desk.submitted().await);
        }
        let mut calls = Vec::new();
        for at in 0..200 {
            let (desk, id) = (desk.clone(), ids[at % 10].clone());
            let (name, mut body, _) = acts()[at * 7 % acts().len()].clone();
            body["operator"] = json!(format!("operator {at}"));
            calls.push(tokio::spawn(async move {
                let answer = desk.act(name, &id, body).await;
                assert!([0, 3003].contains(&answer.code()), "{}", answer.text);
                (id, format!("operator {at}"), answer)
            }));
        }
        let mut accepted: HashMap<String, Vec<(String, Value)>> = HashMap::new();
        for call in calls {
            let (id, operator, answer) = call.await.unwrap();
            if answer.code() == 0 {
                accepted.entry(id).or_default().push((operator, answer.data().clone()));
            }
        }
        assert!(accepted.values().map(Vec::len).sum::<usize>() > 50);
        for id in &ids {
            let history = desk.history(id).await;
            let mut done = accepted.remove(id).unwrap_or_default();
            done.sort_by_key(|(_, standing)| standing["version"].as_i64().unwrap());
            let operators: Vec<&str> =
                history[1..].iter().map(|entry| entry["operator"].as_str().unwrap()).collect();
            assert_eq!(operators, done.iter().map(|done| done.0.as_str()).collect::<Vec<_>>());
            for (one, next) in history.iter().zip(&history[1..]) {
                assert_eq!(one["after"], next["before"]);
            }
            let last = &done.last().unwrap().1;
            let after = &history.last().unwrap()["after"];
            for same in ["state", "current_step", "time_limit", "tags"] {
                assert_eq!(last[same], after[same], "{same}");
            }
            let listed = desk.server.list(&desk.token, json!({ "complaint_id": id })).await;
            assert_eq!(listed.data()["list"][0]["state"], after["state"]);
        }
        let mut tx = desk.server.store.read().await.unwrap();
        assert_eq!(tx.verify_history(&desk.shop).await.unwrap(), None);
    });
}

#[test]
fn the_same_call_again_has_one_effect() {
    on_each_database(async |database| {
        let desk = Arc::new(Desk::open(database).await);
        for (name, body, _) in acts() {
            let id = desk.submitted().await;
            if name == "reopen" {
                desk.act("close", &id, json!({})).await.data();
            } else if name == "check_failed" {
                desk.act("reply", &id, json!({ "content": "好的" })).await.data();
            }
            let before = desk.history(&id).await.len();
            let mut body = body;
            body["idempotency_key"] = json!(format!("{name} {id}"));
            let at_once: Vec<_> = (0..8)
                .map(|_| {
                    let (desk, id, body) = (desk.clone(), id.clone(), body.clone());
                    tokio::spawn(async move { desk.act(name, &id, body).await })
                })
                .collect();
            let mut answers = Vec::new();
            for call in at_once {
                answers.push(call.await.unwrap().data().clone());
            }
            // Whatever happened since, and however late within a day.
            desk.act("note", &id, json!({ "content": "之后" })).await.data();
            desk.server.clock.advance_micros(23 * 3_600_000_000);
            answers.push(desk.act(name, &id, body.clone()).await.data().clone());
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{name}: {answers:?}");
            assert_eq!(desk.history(&id).await.len(), before + 2, "{name}");
            body["operator"] = json!("somebody else");
            assert_eq!(desk.act(name, &id, body.clone()).await.code(), 3005, "{name}");
            // After a day it is another call.
            desk.server.clock.advance_micros(2 * 3_600_000_000);
            assert_ne!(desk.act(name, &id, body).await.code(), 3005, "{name}");
        }
    });
}

#[test]
fn a_complaint_is_created_once() {
    on_each_database(async |database| {
        let desk = Arc::new(Desk::open(database).await);
        let create = async |body: Value| desk.call::<ComplaintCreate>(body).await.data().clone();
        let once = json!({ "complaint_reason": "要退款", "idempotency_key": "one" });
        let first = create(once.clone()).await;
        assert_eq!(first["created"], true);
        assert_eq!(create(once).await, first);
        let numbered =
            json!({ "complaint_reason": "要退款", "complaint_from": 201, "source_number": "200201" });
        let at_once: Vec<_> = (0..8)
            .map(|_| {
                let (desk, body) = (desk.clone(), numbered.clone());
                tokio::spawn(async move { desk.call::<ComplaintCreate>(body).await.data().clone() })
            })
            .collect();
        let mut answers = Vec::new();
        for call in at_once {
            answers.push(call.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answer| answer["created"] == true).count(), 1);
        let id = &answers[0]["complaint"]["complaint_id"];
        assert!(answers.iter().all(|answer| answer["complaint"]["complaint_id"] == *id));
        // The number of another source is another complaint.
        let other = json!({ "complaint_reason": "要退款", "complaint_from": 202, "source_number": "200201" });
        assert_eq!(create(other).await["created"], true);
        assert_eq!(desk.server.list(&desk.token, json!({})).await.total(), 3);
    });
}

#[test]
fn who_comes_second_learns_what_is_the_case() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = desk.submitted().await;
        let seen = desk.act("note", &id, json!({ "content": "看过" })).await.data()["version"].clone();
        let first = desk.act("reply", &id, json!({ "content": "甲", "version": seen })).await;
        let second = desk.act("reply", &id, json!({ "content": "乙", "version": seen })).await;
        assert_eq!(second.code(), 3004);
        let present = first.data()["version"].to_string();
        assert!(second.msg().contains(&present) && second.msg().contains("处理中"), "{}", second.msg());
        desk.act("reply", &id, json!({ "content": "乙", "version": first.data()["version"] })).await.data();
    });
}
