//! A subscription that is tried: one notice, at once, and what came of it.

use serde_json::{Value, json};
use tousu_wire::subscription::{SubscriptionGet, SubscriptionRotateSecret, SubscriptionTest};
use tousu_wire::subscription_change::SubscriptionUpdate;
use tousu_wire::subscription_deliveries::SubscriptionDeliveries;

use super::receivers::{Bots, Mailbox, Mood, Webhooks};
use super::{desk, desk_with};
use crate::handling::Desk;
use crate::support::*;

const HOUR: i64 = 3600;

#[test]
fn a_webhook_can_be_tried() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        database.run("update shops set name = '店铺 13912345678'").await;
        let webhooks = Webhooks::start().await;
        let asked = json!({ "kind": "webhook", "target": webhooks.url() });
        let (id, secret) = desk.subscribed(asked).await;
        let first = secret.unwrap();
        let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!(tried, json!({ "delivered": 1, "status": 204, "problem": "" }));
        let arrived = webhooks.taken().pop().unwrap();
        assert_eq!(arrived.path, "/hooks/KEY");
        assert_eq!(arrived.header("content-type"), "application/json");
        assert_eq!(
            arrived.json(),
            json!({
                "type": "subscription.test",
                "timestamp": "2024-05-01T12:00:00+08:00",
                "data": { "sequence": NOW, "app_id": "appDesk", "shop_name": "店铺 139****5678" },
            })
        );
        assert_eq!(arrived.header("webhook-timestamp"), NOW.to_string());
        assert!(arrived.signed_with(&first));

        // Both sign until the old one's time is over.
        let rotated = desk.about::<SubscriptionRotateSecret>(&id, json!({ "overlap_hours": 1 })).await;
        let second = rotated.data()["secret"].as_str().unwrap().to_owned();
        for (seconds, old) in [(0, true), (HOUR - 1, true), (1, false)] {
            desk.server.clock.advance_micros(seconds * 1_000_000);
            desk.about::<SubscriptionTest>(&id, json!({})).await.data();
            let arrived = webhooks.taken().pop().unwrap();
            assert!(arrived.signed_with(&second));
            assert_eq!(arrived.signed_with(&first), old, "after {seconds} seconds more");
        }

        webhooks.next([Mood::Says(503), Mood::Fails]);
        let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!((&tried["delivered"], &tried["status"]), (&json!(0), &json!(503)));
        assert!(!tried["problem"].as_str().unwrap().contains('¦'), "in one language: {tried}");
        let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!((&tried["delivered"], &tried["status"]), (&json!(0), &Value::Null));
        // It tells of nothing that happened: nothing is kept of it.
        assert_eq!(
            *desk.about::<SubscriptionDeliveries>(&id, json!({})).await.data(),
            json!({ "list": [], "next_cursor": "" })
        );
    });
}

#[test]
fn bots_and_mail_can_be_tried() {
    use tousu::notify::bots::Platform;
    on_sqlite(async |database| {
        let mailbox = Mailbox::start().await;
        let desk = desk_with(database, |settings| {
            settings.mail.smtp = mailbox.url();
            settings.mail.from = "投诉通知 <tousu@example.com>".into();
        })
        .await;
        // Past the half hour, at which one of them refuses all.
        desk.server.clock.advance_micros(120_000_000);
        for (kind, platform) in
            [("wecom", Platform::Wecom), ("dingtalk", Platform::Dingtalk), ("feishu", Platform::Feishu)]
        {
            let bots = Bots::start(platform, desk.server.clock.clone()).await;
            let asked = json!({ "kind": kind, "target": bots.url(), "secret": bots.secret() });
            let (id, _) = desk.subscribed(asked).await;
            let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
            assert_eq!(tried, json!({ "delivered": 1, "status": 200, "problem": "" }), "{kind}");
            assert!(bots.in_group()[0].text.contains("投诉"), "{:?}", bots.in_group());
            if kind != "wecom" {
                let other = json!({ "secret": "SECwrong" });
                desk.about::<SubscriptionUpdate>(&id, other).await.data();
                let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
                assert_eq!(tried["delivered"], 0, "{kind}");
                assert_ne!(tried["problem"], "", "{kind}");
            }
        }
        let target = "小李 <li@example.com>, wang@example.com";
        let (id, _) = desk.subscribed(json!({ "kind": "email", "target": target })).await;
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!(row["target"], "***@example.com, ***@example.com");
        let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!(tried["delivered"], 1, "{tried}");
        let letter = mailbox.letters().pop().unwrap();
        assert_eq!(letter.from, "tousu@example.com");
        assert_eq!(letter.to, ["li@example.com", "wang@example.com"]);
        assert!(letter.subject.contains("投诉"), "{letter:?}");
        assert!(letter.text.contains("测试店铺") && letter.html.contains("测试店铺"), "{letter:?}");
        mailbox.refuse(["450 later"]);
        let tried = desk.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!((&tried["delivered"], &tried["status"]), (&json!(0), &json!(450)));
    });
}

#[test]
fn nobody_reaches_this_machine_through_a_name() {
    on_sqlite(async |database| {
        // Set up while it was allowed, and not called any more once it is not.
        let open = desk(database).await;
        let webhooks = Webhooks::start().await;
        let target = webhooks.url().replace("127.0.0.1", "localhost");
        let (id, _) = open.subscribed(json!({ "kind": "webhook", "target": target })).await;
        let server = Server::start_with(database, |settings| settings.notices.http = true).await;
        let closed = Desk { server, shop: open.shop.clone(), token: open.token.clone() };
        let tried = closed.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!((&tried["delivered"], &tried["status"]), (&json!(0), &Value::Null));
        assert_ne!(tried["problem"], "");
        assert_eq!(webhooks.arrived().len(), 0);
        // Nor by being led there.
        webhooks.next([Mood::LeadsAway]);
        let tried = open.about::<SubscriptionTest>(&id, json!({})).await.data().clone();
        assert_eq!((&tried["delivered"], &tried["status"]), (&json!(0), &json!(307)));
        assert_eq!(webhooks.arrived().len(), 1);
    });
}
