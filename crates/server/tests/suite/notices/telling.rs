//! From the history to a program's webhook: everything, once, in order.

use serde_json::{Value, json};
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::subscription::SubscriptionGet;
use tousu_wire::subscription_deliveries::{SubscriptionDeliveries, SubscriptionReplay};

use super::desk;
use super::receivers::{Arrived, Mood, Webhooks};
use crate::handling::Desk;
use crate::support::*;

const HOUR: i64 = 3600;

/// What a receiver took: each event's type and its complaint.
fn told(taken: &[Arrived]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    taken
        .iter()
        .map(|arrived| arrived.json())
        .map(|body| (text(&body["type"]), text(&body["data"]["complaint_id"])))
        .collect()
}

fn kinds(taken: &[Arrived]) -> Vec<String> {
    told(taken).into_iter().map(|told| told.0.replace("complaint.", "")).collect()
}

impl Desk {
    /// A subscription of a receiver; gives its id and its secret.
    async fn hook(&self, receiver: &Webhooks, mut more: Value) -> (String, String) {
        more["kind"] = json!("webhook");
        more["target"] = json!(receiver.url());
        let (id, secret) = self.subscribed(more).await;
        (id, secret.unwrap())
    }

    async fn waits(&self, subscription_id: &str) -> (Value, Value) {
        let shown = self.about::<SubscriptionGet>(subscription_id, json!({})).await.data().clone();
        (shown["waiting"].clone(), shown["given_up"].clone())
    }
}

#[test]
fn everything_that_happens_is_told_once_and_in_order() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = Webhooks::start().await;
        let before = desk.submitted().await;
        let (id, secret) = desk.hook(&receiver, json!({})).await;
        let mut dispatcher = desk.dispatcher();
        let complaint = desk.submitted().await;
        let act = async |name: &str, body: Value| {
            assert_eq!(desk.act(name, &complaint, body).await.code(), 0, "{name}");
        };
        act("reply", json!({ "content": "好的" })).await;
        act("note", json!({ "content": "内部" })).await;
        act("consumer_reply", json!({ "content": "还没有" })).await;
        act("check_failed", json!({ "content": "凭证不清" })).await;
        act("assign", json!({ "assignee": "小李 18812341474" })).await;
        act("reply", json!({ "content": "已退款", "finish": 1 })).await;
        act("reopen", json!({ "by": "platform" })).await;
        act("close", json!({ "by": "platform" })).await;
        // Two batches of one import.
        for id in ["c_1", "c_2"] {
            desk.server.put(&desk.shop, &[crate::support::complaint(id, NOW)]).await;
        }
        desk.server.store.end_import(&desk.shop, BY_TEST, 2, 0).await.unwrap();
        desk.act("tag", &before, json!({ "add": ["急"] })).await;
        dispatcher.turn().await.unwrap();

        let taken = receiver.taken();
        let expected = [
            "created", "replied", "replied", "replied", "replied", "closed", "reopened", "closed", "imported",
        ];
        let mut kinds_told = kinds(&taken);
        // What is about no complaint has no place in the order of one.
        kinds_told.sort_by_key(|kind| kind == "imported");
        assert_eq!(kinds_told, expected);
        let mut ids: Vec<&str> = taken.iter().map(|arrived| arrived.header("webhook-id")).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), taken.len(), "each has an id of its own");
        assert!(taken.iter().all(|arrived| arrived.signed_with(&secret)));
        let by = taken.iter().map(|arrived| arrived.json()["data"]["reply_from"].clone());
        let by: Vec<Value> = by.filter(|by| !by.is_null()).collect();
        assert_eq!(by, ["merchant", "consumer", "platform", "merchant"]);
        let closed = taken.iter().map(Arrived::json).find(|body| body["type"] == "complaint.closed").unwrap();
        assert_eq!(closed["data"]["assignee"], "小李 188****1474");
        assert_eq!(closed["data"]["complaint_reason"], "要退款");
        assert_eq!(closed["data"]["state"], 2);
        let imported = taken.iter().map(Arrived::json).find(|body| body["type"] == "complaint.imported");
        assert_eq!(imported.unwrap()["data"]["complaints"], 2);

        assert_eq!(desk.waits(&id).await, (json!(0), json!(0)));
        dispatcher.turn().await.unwrap();
        assert_eq!(receiver.arrived().len(), taken.len(), "once");
    });
}

#[test]
fn who_asked_for_less_is_told_less() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let [closings, payments, off] =
            [Webhooks::start().await, Webhooks::start().await, Webhooks::start().await];
        desk.hook(&closings, json!({ "events": ["complaint.closed"] })).await;
        desk.hook(&payments, json!({ "channels": [3] })).await;
        desk.hook(&off, json!({ "enabled": 0 })).await;
        let mut dispatcher = desk.dispatcher();
        let shop = desk.submitted().await;
        let asked = json!({ "complaint_reason": "重复扣款", "channel_type": 3, "by": "third_party" });
        let paid = desk.call::<ComplaintCreate>(asked).await.data()["complaint"]["complaint_id"].clone();
        let paid = paid.as_str().unwrap();
        for id in [&shop, paid] {
            assert_eq!(desk.act("close", id, json!({ "by": "platform" })).await.code(), 0);
        }
        dispatcher.turn().await.unwrap();
        let mut of_closings = told(&closings.taken());
        of_closings.sort();
        let mut expected = [("complaint.closed".to_owned(), shop), ("complaint.closed".into(), paid.into())];
        expected.sort();
        assert_eq!(of_closings, expected);
        assert_eq!(kinds(&payments.taken()), ["created", "closed"]);
        assert_eq!(told(&payments.taken())[1].1, paid);
        assert!(off.arrived().is_empty());
    });
}

#[test]
fn what_fails_is_tried_again_in_order_and_others_go_on() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = Webhooks::start().await;
        let (id, _) = desk.hook(&receiver, json!({})).await;
        let mut dispatcher = desk.dispatcher();
        let first = desk.submitted().await;
        receiver.next([Mood::Says(500)]);
        dispatcher.turn().await.unwrap();
        desk.act("reply", &first, json!({ "content": "好的" })).await;
        let second = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(told(&receiver.taken()), [("complaint.created".to_owned(), second)]);
        assert_eq!(desk.waits(&id).await, (json!(2), json!(0)));
        // Neither before its pause is over, nor past it.
        for (wait, taken) in [(3, 1), (3, 3)] {
            desk.server.clock.advance_micros(wait * 1_000_000);
            dispatcher.turn().await.unwrap();
            assert_eq!(receiver.taken().len(), taken);
        }
        assert_eq!(kinds(&receiver.taken()), ["created", "created", "replied"]);
        let log = desk.about::<SubscriptionDeliveries>(&id, json!({ "complaint_id": first })).await;
        let rows = log.data()["list"].as_array().unwrap().clone();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1]["attempts"], 2, "{}", rows[1]);
    });
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = Webhooks::start().await;
        desk.hook(&receiver, json!({})).await;
        let mut dispatcher = desk.dispatcher();
        desk.submitted().await;
        receiver.next([Mood::Later(600)]);
        dispatcher.turn().await.unwrap();
        desk.submitted().await;
        desk.server.clock.advance_micros(599 * 1_000_000);
        dispatcher.turn().await.unwrap();
        assert_eq!(receiver.arrived().len(), 1, "the whole receiver is left alone");
        desk.server.clock.advance_micros(1_000_000);
        dispatcher.turn().await.unwrap();
        assert_eq!(receiver.taken().len(), 2);
    });
}

#[test]
fn after_two_days_it_is_given_up_and_can_be_sent_again() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = Webhooks::start().await;
        let (id, secret) =
            desk.hook(&receiver, json!({ "events": ["complaint.created", "complaint.replied"] })).await;
        let mut dispatcher = desk.dispatcher();
        let complaint = desk.submitted().await;
        desk.act("reply", &complaint, json!({ "content": "好的" })).await;
        receiver.otherwise(Mood::Says(503));
        let began = desk.server.clock.epoch();
        while desk.waits(&id).await.1 == json!(0) {
            dispatcher.turn().await.unwrap();
            desk.server.clock.advance_micros(HOUR / 4 * 1_000_000);
        }
        let hours = (desk.server.clock.epoch() - began) / HOUR;
        assert!((40..=60).contains(&hours), "{hours} hours");
        let attempts = receiver.arrived().len();
        assert!((13..=20).contains(&attempts), "{attempts} attempts");

        // What came after it had to wait, and comes now.
        receiver.otherwise(Mood::Takes);
        dispatcher.turn().await.unwrap();
        desk.server.clock.advance_micros(HOUR * 1_000_000);
        dispatcher.turn().await.unwrap();
        assert_eq!(kinds(&receiver.taken()), ["replied"]);
        let replayed = desk.about::<SubscriptionReplay>(&id, json!({ "given_up": 1 })).await;
        assert_eq!(replayed.code(), 0, "{}", replayed.text);
        dispatcher.turn().await.unwrap();
        let taken = receiver.taken();
        assert_eq!(kinds(&taken), ["replied", "created"]);
        assert_eq!(taken[1].header("webhook-id"), receiver.arrived()[0].header("webhook-id"));
        assert!(taken[1].signed_with(&secret));
        assert_eq!(desk.waits(&id).await, (json!(0), json!(0)));
    });
}

#[test]
fn what_is_final_is_final() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = Webhooks::start().await;
        let (id, _) = desk.hook(&receiver, json!({})).await;
        let mut dispatcher = desk.dispatcher();
        receiver.next([Mood::Says(422)]);
        let complaint = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(desk.waits(&id).await, (json!(0), json!(1)));
        desk.act("reply", &complaint, json!({ "content": "好的" })).await;
        dispatcher.turn().await.unwrap();
        assert_eq!(kinds(&receiver.taken()), ["replied"]);

        // Who says that it is gone hears nothing more until it is enabled again, and then what happens from then on.
        receiver.next([Mood::Says(410)]);
        desk.submitted().await;
        dispatcher.turn().await.unwrap();
        desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(receiver.arrived().len(), 3);
        let shown = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!(shown["enabled"], 0);
        assert!(shown["problem"].as_str().unwrap().contains("410"), "{shown}");
        let on = json!({ "enabled": 1 });
        desk.about::<tousu_wire::subscription_change::SubscriptionUpdate>(&id, on).await.data();
        let after = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(told(&receiver.taken())[1].1, after);
        assert_eq!(receiver.arrived().len(), 4);
    });
}

#[test]
fn while_nothing_is_due_nothing_is_written() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let count = async |table: &str| {
            // About one shop only in form: the table has no shops.
            let sql = format!("select count(*), coalesce(max(until), 0) from {table} where $1 <> ''");
            let mut tx = desk.server.store.read().await.unwrap();
            tx.query(&desk.shop, &sql, &[], |row| Ok((row.int(0)?, row.int(1)?)))
                .await
                .unwrap()
                .pop()
                .unwrap()
        };
        let mut dispatcher = desk.dispatcher();
        desk.submitted().await;
        for _ in 0..10 {
            desk.server.clock.advance_micros(HOUR * 1_000_000);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!(count("leases").await, (0, 0), "no subscription, no lease");
        let receiver = Webhooks::start().await;
        desk.hook(&receiver, json!({ "events": ["complaint.created"] })).await;
        desk.submitted().await;
        dispatcher.turn().await.unwrap();
        let lease = count("leases").await;
        assert_eq!(lease.0, 1);
        for _ in 0..10 {
            desk.server.clock.advance_micros(1_000_000);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!(count("leases").await, lease, "nothing is due, and no lease is renewed");
        assert_eq!(receiver.taken().len(), 1);
    });
}
