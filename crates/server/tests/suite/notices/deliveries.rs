//! What became of notices, looked up and sent again.

use std::collections::HashSet;

use serde_json::{Value, json};
use tousu_wire::subscription::SubscriptionGet;
use tousu_wire::subscription_change::SubscriptionUpdate;
use tousu_wire::subscription_deliveries::{SubscriptionDeliveries, SubscriptionReplay};

use super::desk;
use super::receivers::{Mood, Webhooks};
use crate::handling::Desk;
use crate::support::*;

/// The page that is asked for.
async fn page(desk: &Desk, id: &str, asked: Value) -> (Vec<Value>, String) {
    let answer = desk.about::<SubscriptionDeliveries>(id, asked).await.data().clone();
    (answer["list"].as_array().unwrap().clone(), answer["next_cursor"].as_str().unwrap().to_owned())
}

async fn replayed(desk: &Desk, id: &str, asked: Value) -> i64 {
    desk.about::<SubscriptionReplay>(id, asked).await.data()["replayed"].as_i64().unwrap()
}

/// The types of the webhooks that were taken, and the complaint of each.
fn taken(webhooks: &Webhooks) -> Vec<(String, String)> {
    let of = |body: Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&body["type"]), text(&body["data"]["complaint_id"]))
    };
    webhooks.taken().iter().map(|one| of(one.json())).collect()
}

/// Those that were taken since so many were, sorted: of different complaints none comes first.
fn taken_since(webhooks: &Webhooks, seen: usize) -> Vec<(String, String)> {
    let mut taken = taken(webhooks).split_off(seen);
    taken.sort();
    taken
}

#[test]
fn deliveries_are_looked_up() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let webhooks = Webhooks::start().await;
        let (id, _) = desk.subscribed(json!({ "kind": "webhook", "target": webhooks.url() })).await;
        let mut dispatcher = desk.dispatcher();
        // One after the other: those of different complaints may overtake each other.
        webhooks.next([Mood::Says(500), Mood::Says(415)]);
        let one = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        let other = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        desk.act("reply", &one, json!({ "content": "好的" })).await.data();
        dispatcher.turn().await.unwrap();
        let (all, cursor) = page(&desk, &id, json!({})).await;
        assert_eq!(cursor, "");
        let states: Vec<_> = all
            .iter()
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                (text("event"), text("complaint_id"), text("state"))
            })
            .collect();
        let expected = [
            ("complaint.replied", &one, "behind"),
            ("complaint.created", &other, "given_up"),
            ("complaint.created", &one, "waiting"),
        ];
        let expected = expected.map(|(event, id, state)| (event.to_owned(), id.clone(), state.to_owned()));
        assert_eq!(states, expected, "a reply is not told before what it replies to");
        let first = &all[2];
        assert_eq!((&first["attempts"], &first["tries"][0]["status"]), (&json!(1), &json!(500)));
        assert_eq!(first["tries"][0]["at"], "2024-05-01 12:00:00");
        assert!(!first["tries"][0]["problem"].as_str().unwrap().contains('¦'), "in one language: {first}");
        assert_ne!(first["next_at"], Value::Null);
        assert_eq!((&all[0]["next_at"], &all[1]["next_at"]), (&Value::Null, &Value::Null));
        assert_eq!((&all[1]["done_at"], &all[0]["done_at"]), (&json!("2024-05-01 12:00:00"), &Value::Null));
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!((&row["waiting"], &row["given_up"]), (&json!(2), &json!(1)));

        let ids = |page: (Vec<Value>, String)| -> Vec<Value> {
            page.0.iter().map(|one| one["delivery_id"].clone()).collect()
        };
        let whole = ids((all.clone(), String::new()));
        assert_eq!(ids(page(&desk, &id, json!({ "state": "given_up" })).await), whole[1..2]);
        let of_one = page(&desk, &id, json!({ "complaint_id": one })).await;
        assert_eq!(ids(of_one), [whole[0].clone(), whole[2].clone()]);
        // Page by page, it is the same.
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let (list, next) = page(&desk, &id, json!({ "page_size": 1, "cursor": cursor })).await;
            walked.extend(list);
            match next.is_empty() {
                true => break,
                false => cursor = next,
            }
        }
        assert_eq!(walked, all);

        // After their pauses, in order.
        for now in NOW..NOW + 60 {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        let told = [("complaint.created", &one), ("complaint.replied", &one)];
        assert_eq!(taken(&webhooks), told.map(|(event, id)| (event.to_owned(), id.clone())));
        assert_eq!(page(&desk, &id, json!({ "state": "delivered" })).await.0.len(), 2);
    });
}

#[test]
fn what_was_given_up_or_is_named_is_sent_again() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let webhooks = Webhooks::start().await;
        let (id, _) = desk.subscribed(json!({ "kind": "webhook", "target": webhooks.url() })).await;
        let mut dispatcher = desk.dispatcher();
        webhooks.otherwise(Mood::Says(422));
        let mut complaints = Vec::new();
        for minute in 0..4 {
            desk.server.clock.set(NOW + minute * 60);
            complaints.push(desk.submitted().await);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!(desk.about::<SubscriptionGet>(&id, json!({})).await.data()["given_up"], 4);
        webhooks.otherwise(Mood::Takes);
        let created = |places: &[usize]| -> Vec<(String, String)> {
            let of = |at: &usize| ("complaint.created".to_owned(), complaints[*at].clone());
            let mut created: Vec<_> = places.iter().map(of).collect();
            created.sort();
            created
        };
        // Of a time.
        let span = json!({ "start_time": "2024-05-01 12:01:00", "end_time": "2024-05-01 12:02:00" });
        assert_eq!(replayed(&desk, &id, span.clone()).await, 2);
        dispatcher.turn().await.unwrap();
        assert_eq!(taken_since(&webhooks, 0), created(&[1, 2]));
        assert_eq!(replayed(&desk, &id, span.clone()).await, 0, "they are delivered");
        let mut again = span;
        again["delivered"] = json!(1);
        assert_eq!(replayed(&desk, &id, again).await, 2);
        dispatcher.turn().await.unwrap();
        assert_eq!(taken_since(&webhooks, 2), created(&[1, 2]));
        // By name, whatever became of it; the same call again does nothing.
        let (all, _) = page(&desk, &id, json!({})).await;
        let named = json!({
            "delivery_ids": [all[2]["delivery_id"], all[3]["delivery_id"], "999.0"], "idempotency_key": "one",
        });
        for _ in 0..2 {
            assert_eq!(replayed(&desk, &id, named.clone()).await, 2);
            dispatcher.turn().await.unwrap();
            assert_eq!(taken_since(&webhooks, 4), created(&[0, 1]));
        }
        // The ids are those of before: a receiver can tell.
        let ids: HashSet<String> =
            webhooks.taken().iter().map(|one| one.header("webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 3);
        // All the rest that was given up.
        assert_eq!(replayed(&desk, &id, json!({})).await, 1);
        dispatcher.turn().await.unwrap();
        assert_eq!(taken_since(&webhooks, 6), created(&[3]));
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!((&row["waiting"], &row["given_up"]), (&json!(0), &json!(0)));
    });
}

#[test]
fn what_happens_while_it_is_off_is_never_told() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let webhooks = Webhooks::start().await;
        desk.submitted().await;
        let asked = json!({
            "kind": "webhook", "target": webhooks.url(), "events": ["complaint.created"], "channels": [1],
        });
        let (id, _) = desk.subscribed(asked).await;
        let mut dispatcher = desk.dispatcher();
        dispatcher.turn().await.unwrap();
        assert_eq!(taken(&webhooks), [], "nor what was before it was made");
        desk.about::<SubscriptionUpdate>(&id, json!({ "enabled": 0 })).await.data();
        desk.submitted().await;
        dispatcher.turn().await.unwrap();
        desk.about::<SubscriptionUpdate>(&id, json!({ "enabled": 1 })).await.data();
        let told = desk.submitted().await;
        // Of another channel, and another event.
        let asked = json!({ "complaint_reason": "要退款", "channel_type": 3 });
        desk.call::<tousu_wire::complaint_create::ComplaintCreate>(asked).await.data();
        desk.act("close", &told, json!({ "by": "platform" })).await.data();
        dispatcher.turn().await.unwrap();
        assert_eq!(taken(&webhooks), [("complaint.created".to_owned(), told)]);
    });
}
