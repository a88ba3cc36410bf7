//! The interfaces of subscriptions.

use serde_json::{Value, json};
use tousu_wire::subscription::{
    EVENTS, KINDS, SubscriptionDelete, SubscriptionGet, SubscriptionList, SubscriptionRotateSecret,
    SubscriptionTest,
};
use tousu_wire::subscription_change::{SubscriptionCreate, SubscriptionUpdate};
use tousu_wire::subscription_deliveries::{STATES, SubscriptionDeliveries, SubscriptionReplay};
use tousu_wire::{Endpoint, PermissionSet};

use super::receivers::Webhooks;
use super::{desk, desk_with};
use crate::handling::Desk;
use crate::privacy::{contains, everything_in};
use crate::support::*;

const HOUR: i64 = 3600;

#[test]
fn the_names_are_those_that_the_server_has() {
    assert_eq!(EVENTS.map(|event| event.0), tousu::notify::event::NAMES);
    assert_eq!(KINDS.map(|kind| kind.0), tousu::notices::Kind::ALL.map(tousu::notices::Kind::name));
    let states = tousu::store::DeliveryState::ALL.map(tousu::store::DeliveryState::name);
    assert_eq!(STATES.map(|state| state.0), states);
}

#[test]
fn subscriptions_are_made_changed_and_ended() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        assert_eq!(*desk.call::<SubscriptionList>(json!({})).await.data(), json!({ "list": [] }));
        let asked = json!({
            "kind": "webhook",
            "target": "https://kefu.example.com:8443/hooks/SECRETPATH",
            "events": ["complaint.overdue", "complaint.created"],
            "channels": ["3", 1],
        });
        let made = desk.call::<SubscriptionCreate>(asked).await.data().clone();
        let id = made["subscription"]["subscription_id"].as_str().unwrap();
        let expected = json!({
            "subscription_id": id,
            "kind": "webhook",
            "name": "签名的 HTTP 回调",
            "target": "https://kefu.example.com:8443/***",
            "signed": 1,
            "old_secret_until": null,
            "events": ["complaint.created", "complaint.overdue"],
            "channels": [1, 3],
            "quiet_hours": "",
            "digest_time": "",
            "enabled": 1,
            "created_at": "2024-05-01 12:00:00",
        });
        assert_eq!(made["subscription"], expected);
        assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));

        let mut row = expected.clone();
        for (name, value) in
            [("waiting", json!(0)), ("given_up", json!(0)), ("failures", json!(0)), ("problem", json!(""))]
        {
            row[name] = value;
        }
        row["paused_until"] = Value::Null;
        assert_eq!(*desk.about::<SubscriptionGet>(id, json!({})).await.data(), row);
        assert_eq!(*desk.call::<SubscriptionList>(json!({})).await.data(), json!({ "list": [row] }));

        // What is absent stays, what is empty is all.
        desk.server.clock.advance_micros(HOUR * 1_000_000);
        let change = json!({ "name": "客服 18812341474", "events": [], "enabled": 0, "quiet_hours": "" });
        let changed = desk.about::<SubscriptionUpdate>(id, change).await.data().clone();
        let mut expected = expected;
        for (name, value) in
            [("name", json!("客服 188****1474")), ("events", json!([])), ("enabled", json!(0))]
        {
            expected[name] = value;
        }
        assert_eq!(changed, expected);
        let moved = json!({ "target": "https://other.example.com/", "enabled": 1, "channels": [] });
        let changed = desk.about::<SubscriptionUpdate>(id, moved).await.data().clone();
        assert_eq!(changed["target"], "https://other.example.com/***");
        assert_eq!((&changed["enabled"], &changed["channels"]), (&json!(1), &json!([])));

        let rotated =
            desk.about::<SubscriptionRotateSecret>(id, json!({ "overlap_hours": 2 })).await.data().clone();
        assert_ne!(rotated["secret"], made["secret"]);
        assert_eq!(rotated["subscription"]["old_secret_until"], "2024-05-01 15:00:00");
        let at_once =
            desk.about::<SubscriptionRotateSecret>(id, json!({ "overlap_hours": 0 })).await.data().clone();
        assert_eq!(at_once["subscription"]["old_secret_until"], Value::Null);

        assert_eq!(
            *desk.about::<SubscriptionDelete>(id, json!({})).await.data(),
            json!({ "subscription_id": id })
        );
        assert_eq!(*desk.call::<SubscriptionList>(json!({})).await.data(), json!({ "list": [] }));
        for answer in [
            desk.about::<SubscriptionGet>(id, json!({})).await,
            desk.about::<SubscriptionUpdate>(id, json!({ "enabled": 0 })).await,
            desk.about::<SubscriptionRotateSecret>(id, json!({})).await,
            desk.about::<SubscriptionDelete>(id, json!({})).await,
            desk.about::<SubscriptionTest>(id, json!({})).await,
            desk.about::<SubscriptionDeliveries>(id, json!({})).await,
            desk.about::<SubscriptionReplay>(id, json!({})).await,
        ] {
            assert_eq!(answer.code(), 3007, "{}", answer.text);
        }

        // All of it is in the history, and nothing of what is secret anywhere.
        let mut tx = desk.server.store.read().await.unwrap();
        let entries = tx.entries_after(&desk.shop, 0, 100).await.unwrap();
        let events: Vec<&str> = entries.iter().map(|kept| kept.entry.event.as_str()).collect();
        assert_eq!(
            events,
            [
                "subscription_created",
                "subscription_changed",
                "subscription_changed",
                "subscription_secret_rotated",
                "subscription_secret_rotated",
                "subscription_deleted"
            ]
        );
        assert_eq!(entries[2].entry.said, "{\"changed\":[\"target\"]}");
        drop(tx);
        let kept = everything_in(database).await;
        assert!(contains(&kept, "kefu.example.com"));
        for secret in [&made["secret"], &rotated["secret"], &at_once["secret"], &json!("SECRETPATH")] {
            assert!(!contains(&kept, secret.as_str().unwrap()), "{secret} lies in the database");
        }
    });
}

#[test]
fn the_same_call_again_has_no_second_effect() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let asked =
            json!({ "kind": "webhook", "target": "https://a.example.com/", "idempotency_key": "one" });
        let made = desk.call::<SubscriptionCreate>(asked.clone()).await.data().clone();
        assert_eq!(*desk.call::<SubscriptionCreate>(asked.clone()).await.data(), made, "the secret, too");
        let mut other = asked.clone();
        other["target"] = json!("https://b.example.com/");
        assert_eq!(desk.call::<SubscriptionCreate>(other).await.code(), 3005);
        let list = desk.call::<SubscriptionList>(json!({})).await.data().clone();
        assert_eq!(list["list"].as_array().unwrap().len(), 1);

        let id = made["subscription"]["subscription_id"].as_str().unwrap();
        let key = json!({ "idempotency_key": "two" });
        let rotated = desk.about::<SubscriptionRotateSecret>(id, key.clone()).await.data().clone();
        assert_eq!(*desk.about::<SubscriptionRotateSecret>(id, key).await.data(), rotated);
        assert_eq!(*desk.call::<SubscriptionCreate>(asked).await.data(), made, "the answer of then");
        let key = json!({ "idempotency_key": "three" });
        let deleted = desk.about::<SubscriptionDelete>(id, key.clone()).await.data().clone();
        assert_eq!(*desk.about::<SubscriptionDelete>(id, key).await.data(), deleted);
        let mut tx = desk.server.store.read().await.unwrap();
        assert_eq!(tx.entries_after(&desk.shop, 0, 100).await.unwrap().len(), 3);
    });
}

#[test]
fn what_cannot_be_is_refused() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let https = "https://bot.example.com/send?key=K";
        for (asked, name) in [
            (json!({ "target": https }), "kind"),
            (json!({ "kind": "pigeon", "target": https }), "kind"),
            (json!({ "kind": "webhook" }), "target"),
            (json!({ "kind": "webhook", "target": "kefu" }), "target"),
            (json!({ "kind": "webhook", "target": "http://kefu.example.com/" }), "target"),
            (json!({ "kind": "webhook", "target": "https://u:p@kefu.example.com/" }), "target"),
            (json!({ "kind": "webhook", "target": "https://127.0.0.1/" }), "target"),
            (json!({ "kind": "webhook", "target": "https://[::ffff:10.0.0.1]/" }), "target"),
            (json!({ "kind": "wecom", "target": "https://169.254.169.254/latest" }), "target"),
            (json!({ "kind": "email", "target": https }), "target"),
            (json!({ "kind": "email", "target": "a@example.com, b" }), "target"),
            (json!({ "kind": "webhook", "target": https, "secret": "whsec_c2hvcnQ=" }), "secret"),
            (json!({ "kind": "webhook", "target": https, "secret": "off" }), "secret"),
            (json!({ "kind": "wecom", "target": https, "secret": "SEC" }), "secret"),
            (json!({ "kind": "email", "target": "a@example.com", "secret": "SEC" }), "secret"),
            (json!({ "kind": "webhook", "target": https, "quiet_hours": "22:00-08:00" }), "quiet_hours"),
            (json!({ "kind": "webhook", "target": https, "digest_time": "09:05" }), "digest_time"),
            (json!({ "kind": "wecom", "target": https, "quiet_hours": "22-8" }), "quiet_hours"),
            (json!({ "kind": "wecom", "target": https, "digest_time": "24:00" }), "digest_time"),
            (json!({ "kind": "wecom", "target": https, "events": ["complaint.sold"] }), "events"),
        ] {
            let answer = desk.call::<SubscriptionCreate>(asked.clone()).await;
            assert_eq!(answer.code(), 3001, "{asked}");
            assert!(answer.msg().contains(name), "{asked}: {}", answer.msg());
            assert!(!answer.msg().contains("key=K"), "{}", answer.msg());
        }
        assert_eq!(*desk.call::<SubscriptionList>(json!({})).await.data(), json!({ "list": [] }));

        let (bot, secret) = desk.subscribed(json!({ "kind": "wecom", "target": https })).await;
        assert_eq!(secret, None);
        assert_eq!(desk.about::<SubscriptionRotateSecret>(&bot, json!({})).await.code(), 3003);
        let other = desk.about::<SubscriptionUpdate>(&bot, json!({ "kind": "feishu" })).await;
        assert_eq!(other.code(), 3001);
        assert!(other.msg().contains("kind"), "{}", other.msg());
        for _ in 1..tousu::handling::MOST_SUBSCRIPTIONS {
            desk.subscribed(json!({ "kind": "wecom", "target": https })).await;
        }
        let full = desk.call::<SubscriptionCreate>(json!({ "kind": "wecom", "target": https })).await;
        assert_eq!(full.code(), 3003, "{}", full.text);
    });
}

#[test]
fn without_a_key_there_are_no_subscriptions() {
    on_postgres(async |database| {
        let desk = desk_with(database, |settings| settings.privacy.keys.0.clear()).await;
        let asked = json!({ "kind": "webhook", "target": "https://a.example.com/" });
        let refused = desk.call::<SubscriptionCreate>(asked).await;
        assert_eq!(refused.code(), 3003);
        assert!(refused.msg().contains("privacy.keys"), "{}", refused.msg());
    });
}

#[test]
fn it_takes_its_permission_set() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        let others: Vec<PermissionSet> =
            PermissionSet::ALL.iter().copied().filter(|set| *set != PermissionSet::Apps).collect();
        let app = desk.server.app_with(&desk.shop, |_| {}, &others).await;
        let token = desk.server.token_for(&desk.shop, &app, 7200).await;
        for path in [
            SubscriptionCreate::path(),
            SubscriptionList::path(),
            SubscriptionGet::path(),
            SubscriptionUpdate::path(),
            SubscriptionRotateSecret::path(),
            SubscriptionDelete::path(),
            SubscriptionTest::path(),
            SubscriptionDeliveries::path(),
            SubscriptionReplay::path(),
        ] {
            let answer = desk.server.post(&path, &json!({ "access_token": token })).await;
            assert_eq!(answer.code(), 2017, "{path}");
            assert!(answer.msg().contains("应用管理"), "{path}: {}", answer.msg());
        }
    });
}

#[test]
fn one_shop_knows_nothing_of_anothers() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let asked = json!({ "kind": "webhook", "target": "https://a.example.com/" });
        let (id, _) = desk.subscribed(asked).await;
        let shop = desk.server.shop("appOther").await;
        let app = desk.server.app(&shop).await;
        let token = desk.server.token_for(&shop, &app, 7200).await;
        let other = Desk { server: desk.server, shop, token };
        assert_eq!(*other.call::<SubscriptionList>(json!({})).await.data(), json!({ "list": [] }));
        assert_eq!(other.about::<SubscriptionGet>(&id, json!({})).await.code(), 3007);
        assert_eq!(other.about::<SubscriptionDelete>(&id, json!({})).await.code(), 3007);
        assert_eq!(other.about::<SubscriptionDeliveries>(&id, json!({})).await.code(), 3007);
    });
}

#[test]
fn a_new_key_takes_over_what_subscriptions_keep() {
    const OTHER: &str = "later-1:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
    on_each_database(async |database| {
        let keyed = async |keys: &[&str]| {
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            Server::start_with(database, |settings| {
                super::near(settings);
                settings.privacy.keys.0 = keys;
            })
            .await
        };
        let old = desk(database).await;
        let webhooks = Webhooks::start().await;
        let (id, secret) = old.subscribed(json!({ "kind": "webhook", "target": webhooks.url() })).await;
        old.about::<SubscriptionRotateSecret>(&id, json!({})).await.data();
        let both = keyed(&[OTHER, KEY]).await;
        let done = tousu::jobs::phones::reseal(&both.store).await.unwrap();
        assert_eq!((done.sealed, done.failed), (3, 0), "the address and two secrets");
        assert_eq!(tousu::jobs::phones::reseal(&both.store).await.unwrap().sealed, 0);
        let new = Desk { server: keyed(&[OTHER]).await, shop: old.shop.clone(), token: old.token.clone() };
        assert_eq!(new.about::<SubscriptionTest>(&id, json!({})).await.data()["delivered"], 1);
        assert!(webhooks.taken()[0].signed_with(&secret.unwrap()));
        let lost = old.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!(lost["delivered"], 0, "under a key that it has not");
        let mut tx = new.server.store.read().await.unwrap();
        for (store, unopenable) in [(&new.server.store, 0), (&old.server.store, 3)] {
            let seen = tx.examine_subscriptions(&old.shop, store.vault()).await.unwrap();
            assert_eq!((seen.kept, seen.unopenable), (3, unopenable));
        }
    });
}
