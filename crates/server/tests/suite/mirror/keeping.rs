//! What happens upstream happens here: rows, details, history, notices; and what is gone there is gone here, once that
//! is certain.

use serde_json::{Value, json};
use tousu::life::Actor;
use tousu::source::Terms;

use super::*;
use crate::notices::receivers::Webhooks;

/// Lets something happen to a complaint upstream.
async fn up(pair: &Pair, act: &str, id: &str, body: Value) {
    let answer = pair.up.act(act, id, body).await;
    assert_eq!(answer.code(), 0, "{act}: {}", answer.text);
}

#[test]
fn a_shop_becomes_what_its_upstream_is_and_stays_so() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(90).await;
        let one = pair.up.submitted().await;
        up(&pair, "reply", &one, json!({ "content": "好的", "images": ["https://x.example/1.png"] })).await;
        up(&pair, "consumer_reply", &one, json!({ "content": "没有收到" })).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        pair.assert_same().await;
        assert_eq!(fetching.counted().added, 91);
        let proven = proof(&fetching).await;
        assert_eq!((proven.certain, proven.complaints), (1, 91), "{proven:?}");

        // Nothing happens: nothing is written.
        let Desk { server, shop, .. } = &pair.here;
        let version = async || server.store.read().await.unwrap().version(shop).await.unwrap();
        let (before, changed) = (version().await, fetching.counted().changed);
        for _ in 0..70 {
            pair.round(&mut fetching).await;
        }
        assert_eq!(version().await, before);
        assert_eq!(fetching.counted().changed, changed);

        // Everything happens.
        pair.clock.advance_micros(1_000_000);
        up(&pair, "reply", &one, json!({ "content": "请查收", "finish": 1 })).await;
        up(&pair, "reply", "c_0003", json!({ "content": "您好" })).await;
        up(&pair, "close", "c_0004", json!({ "by": "platform" })).await;
        let new = pair.up.submitted().await;
        pair.round(&mut fetching).await;
        pair.assert_same().await;
        up(&pair, "reopen", "c_0004", json!({ "by": "platform" })).await;
        up(&pair, "check_failed", "c_0003", json!({ "content": "凭证不清" })).await;
        pair.round(&mut fetching).await;
        pair.assert_same().await;
        let events = async |id: &str| happened(&pair.here, id).await;
        let changed = |names: &[&str]| ("changed_upstream".to_owned(), json!(names));
        // What the details told when they came first is of the past.
        assert_eq!(events(&one).await, [changed(&[]), changed(&["merchant_replied", "closed"])]);
        assert_eq!(events("c_0003").await, [changed(&["merchant_replied"]), changed(&["check_failed"])]);
        assert_eq!(events("c_0004").await, [changed(&["closed"]), changed(&["reopened"])]);
        assert_eq!(events(&new).await, [("submitted".to_owned(), Value::Null)]);
        let broken = server.store.read().await.unwrap().verify_history(shop).await.unwrap();
        assert_eq!(broken, None);
        let notes = pair.here.act("note", &one, json!({ "content": "内部" })).await;
        assert_eq!(notes.code(), 0);
        let refused = pair.here.act("reply", &one, json!({ "content": "好的" })).await;
        assert!(refused.code() != 0 && refused.msg().contains("上游"), "{}", refused.text);
    });
}

#[test]
fn what_was_edited_late_is_found_by_a_pass() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(60).await;
        up(&pair, "close", "c_0050", json!({ "by": "platform" })).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        // Closed complaints are not read again between passes; what shows in no row neither.
        let edit = complaint("c_0050", NOW - 50 * 3600);
        let edited = tousu::complaint::Complaint {
            complaint_reason: "另有原因".into(),
            state: tousu_wire::codes::State::Done,
            closed_at: Some(NOW),
            ..edit
        };
        pair.up.server.put(&pair.up.shop, &[edited]).await;
        up(&pair, "reply", "c_0001", json!({ "content": "一" })).await;
        pair.round(&mut fetching).await;
        up(&pair, "reply", "c_0001", json!({ "content": "二" })).await;
        pair.round(&mut fetching).await;
        let shown = detail(&pair.here, "c_0050").await;
        assert_eq!(shown["complaint_reason"], "要退款");
        pair.clock.set(pair.clock.epoch() + TERMS.pass_every);
        fetching.turn().await.unwrap();
        pair.assert_same().await;
        assert_eq!(detail(&pair.here, "c_0001").await["reply_list"].as_array().unwrap().len(), 2);
        // The edit is told of nobody, the reply is.
        let last = happened(&pair.here, "c_0001").await.pop().unwrap();
        assert_eq!(last, ("changed_upstream".into(), json!(["merchant_replied"])));
        let last = happened(&pair.here, "c_0050").await.pop().unwrap();
        assert_eq!(last, ("changed_upstream".into(), json!([])));
    });
}

#[test]
fn notices_go_out_as_for_any_change() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(3).await;
        let mut fetching = pair.fetching().await;
        let receiver = Webhooks::start().await;
        let target = json!({ "kind": "webhook", "target": receiver.url() });
        pair.here.subscribed(target).await;
        let mut dispatcher = pair.here.dispatcher();
        fetching.turn().await.unwrap();
        let new = pair.up.submitted().await;
        up(&pair, "reply", "c_0000", json!({ "content": "您好", "finish": 1 })).await;
        pair.round(&mut fetching).await;
        dispatcher.turn().await.unwrap();
        // Deadlines here are those upstream.
        pair.clock.set(NOW + 72 * 3600 - 3000);
        dispatcher.turn().await.unwrap();
        dispatcher.turn().await.unwrap();
        let told: Vec<(String, Value)> = receiver
            .taken()
            .iter()
            .map(|arrived| arrived.json())
            .map(|body| (body["type"].as_str().unwrap().to_owned(), body["data"]["complaint_id"].clone()))
            .collect();
        let count =
            |kind: &str, id: Value| told.iter().filter(|one| **one == (kind.to_owned(), id.clone())).count();
        assert_eq!(count("complaint.imported", Value::Null), 1, "the first filling is one event: {told:?}");
        assert_eq!(count("complaint.created", json!(new)), 1, "{told:?}");
        assert_eq!(count("complaint.created", json!("c_0001")), 0);
        assert_eq!(count("complaint.replied", json!("c_0000")), 1);
        assert_eq!(count("complaint.closed", json!("c_0000")), 1);
        assert_eq!(count("complaint.due_soon", json!(new)), 1, "{told:?}");
    });
}

#[test]
fn what_is_gone_goes_once_that_is_certain() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(45).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        pair.remove(&["c_0007"]).await;
        pair.round(&mut fetching).await;
        let count = async || rows(&pair.here).await.len();
        assert_eq!(count().await, 45, "once is not enough");
        assert_eq!(pair.standing().await["missing"], json!(["c_0007"]));
        let doubt = proof(&fetching).await;
        assert_eq!(doubt.uncertain[0].complaint_id.as_deref(), Some("c_0007"));
        pair.round(&mut fetching).await;
        assert_eq!(count().await, 44);
        pair.assert_same().await;
        assert_eq!(pair.standing().await["missing"], json!([]));
        assert_eq!(proof(&fetching).await.certain, 1);
        let Desk { server, shop, .. } = &pair.here;
        let history = server.store.read().await.unwrap().history(shop, "c_0007").await.unwrap();
        assert_eq!(history.last().unwrap().entry.event, "removed");

        // Nearly all of it at once is not believed.
        let ids: Vec<String> = (8..45).map(|at| format!("c_{at:04}")).collect();
        pair.remove(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let terms = Terms { most_gone: 5, ..TERMS };
        fetching.release().await.unwrap();
        let mut fetching = pair.fetching_with(100, terms).await;
        for _ in 0..4 {
            pair.round(&mut fetching).await;
        }
        assert_eq!(count().await, 44);
        assert!(pair.standing().await["problem"].as_str().unwrap().contains("--accept-removals"));
        fetching.believe_all();
        pair.round(&mut fetching).await;
        assert_eq!(count().await, 7);
        pair.assert_same().await;
        assert_eq!(server.store.read().await.unwrap().verify_history(shop).await.unwrap(), None);
    });
}

#[test]
fn an_upstream_that_is_gone_is_told_and_waited_for() {
    on_each_database(async |database| {
        let mut pair = Pair::on(database).await;
        pair.put(5).await;
        let door = Door::to(&pair.up.server.url, &pair.clock).await;
        pair.upstream.base_url.clone_from(&door.url);
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        *door.shut.lock().unwrap() = Some("<html>502 Bad Gateway</html>");
        pair.round(&mut fetching).await;
        let standing = pair.standing().await;
        assert!(standing["problem"].is_string(), "{standing}");
        assert_eq!(rows(&pair.here).await.len(), 5, "nothing is taken for gone");
        pair.up.submitted().await;
        *door.shut.lock().unwrap() = None;
        pair.round(&mut fetching).await;
        pair.assert_same().await;
        let standing = pair.standing().await;
        assert_eq!(standing["problem"], Value::Null);
        assert!(standing["lag_seconds"].as_i64().unwrap() <= 60);
    });
}

#[test]
fn no_more_calls_are_made_than_the_share_allows() {
    on_each_database(async |database| {
        let mut pair = Pair::on(database).await;
        pair.put(400).await;
        let door = Door::to(&pair.up.server.url, &pair.clock).await;
        pair.upstream.base_url.clone_from(&door.url);
        let mut fetching = pair.fetching_with(20, TERMS).await;
        let begun = pair.clock.epoch();
        while pair.standing().await["details_due"] != json!(0) || fetching.counted().added == 0 {
            let next = fetching.turn().await.unwrap().unwrap();
            pair.clock.set(next.max(pair.clock.epoch()));
        }
        pair.assert_same().await;
        let most = door.most_in_ten_seconds("/xe.");
        assert!((90..=100).contains(&most), "{most} calls in ten seconds");
        assert!(pair.clock.epoch() >= begun + 30, "400 details take four times ten seconds");
    });
}

#[test]
fn another_process_waits_and_goes_on_where_the_first_was() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(100).await;
        let mut first = pair.fetching().await;
        for _ in 0..3 {
            first.step().await.unwrap();
        }
        assert!(first.counted().added >= 40);
        let mut second = pair.fetching().await;
        assert_eq!(second.turn().await.unwrap(), None, "the first one has the lease");
        // Killed: its lease runs out.
        drop(first);
        pair.clock.set(pair.clock.epoch() + 31);
        second.turn().await.unwrap().unwrap();
        assert!(second.counted().added <= 60, "what was there is not fetched again");
        pair.assert_same().await;
        assert_eq!(proof(&second).await.certain, 1);
    });
}

#[test]
fn what_was_erased_here_stays_so() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(3).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        let erased = pair.here.act("erase", "c_0001", json!({ "reason": "本人要求" })).await;
        assert_eq!(erased.code(), 0, "{}", erased.text);
        up(&pair, "reply", "c_0001", json!({ "content": "致电 13800000000" })).await;
        for _ in 0..62 {
            pair.round(&mut fetching).await;
        }
        let here = detail(&pair.here, "c_0001").await;
        assert_eq!((&here["state"], &here["complaint_reason"]), (&json!(1), &json!("")));
        assert_eq!(here["reply_list"], json!([]));
        let proven = proof(&fetching).await;
        assert_eq!(proven.certain, 1, "what is as it should be is no doubt: {proven:?}");
    });
}

#[test]
fn a_mirror_that_ends_leaves_the_complaints_to_the_shop() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(2).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        let Desk { server, shop, .. } = &pair.here;
        assert!(server.store.remove_mirror(shop).await.unwrap());
        pair.clock.set(pair.clock.epoch() + TERMS.every);
        assert!(fetching.turn().await.is_err(), "there is nothing to be fetched");
        let reply = pair.here.act("reply", "c_0001", json!({ "content": "您好" })).await;
        assert_eq!(reply.code(), 0, "{}", reply.text);
        assert_eq!(pair.here.history("c_0001").await.last().unwrap()["actor"], Actor::Merchant.name());
    });
}
