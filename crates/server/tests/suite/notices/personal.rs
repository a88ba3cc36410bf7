//! A thousand known numbers in every field: none is in a notice, or in what is said of one.

use serde_json::json;
use tousu::notify::bots::Platform;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::subscription::{SubscriptionGet, SubscriptionList, SubscriptionTest};
use tousu_wire::subscription_change::{SubscriptionCreate, SubscriptionUpdate};
use tousu_wire::subscription_deliveries::{SubscriptionDeliveries, SubscriptionReplay};

use super::desk_with;
use super::receivers::{Bots, Mailbox, Webhooks};
use crate::privacy::crawl::{Sought, numbers};
use crate::support::*;

#[test]
fn no_number_leaves_in_a_notice() {
    let numbers = numbers();
    let sought = Sought::of(numbers.iter().cloned());
    on_each_database(async |database| {
        let mailbox = Mailbox::start().await;
        let desk = desk_with(database, |settings| {
            settings.mail.smtp = mailbox.url();
            settings.mail.from = "tousu@example.com".into();
            settings.notices.console = "https://console.example.com/".into();
        })
        .await;
        let name = format!("update shops set name = '店铺 {}' where shop_id = 'appDesk'", numbers[0]);
        database.run(&name).await;
        let webhooks = Webhooks::start().await;
        let mut asked = vec![
            json!({ "kind": "webhook", "target": format!("{}?phone={}", webhooks.url(), numbers[1]) }),
            json!({ "kind": "email", "target": format!("{}@example.com", numbers[4]), "digest_time": "13:05" }),
        ];
        let mut groups = Vec::new();
        for (kind, platform) in
            [("wecom", Platform::Wecom), ("dingtalk", Platform::Dingtalk), ("feishu", Platform::Feishu)]
        {
            let bots = Bots::start(platform, desk.server.clock.clone()).await;
            asked.push(json!({ "kind": kind, "target": bots.url(), "secret": bots.secret() }));
            groups.push(bots);
        }
        let mut seen = Vec::new();
        let mut ids = Vec::new();
        for (at, asked) in asked.iter().enumerate() {
            let mut asked = asked.clone();
            asked["name"] = json!(format!("{} 的通知", numbers[at]));
            asked["operator"] = json!(numbers[at + 1]);
            let answer = desk.call::<SubscriptionCreate>(asked).await;
            ids.push(answer.data()["subscription"]["subscription_id"].as_str().unwrap().to_owned());
            seen.push(answer.text);
        }
        let mut dispatcher = desk.dispatcher();
        for (at, chunk) in numbers.chunks(25).enumerate() {
            // Past the half hour, and two minutes apart, so that each is told by itself.
            desk.server.clock.set(NOW + 120 * (at as i64 + 1));
            let several = |from: usize| chunk[from..from + 4].join("，");
            let created = json!({
                "complaint_reason": format!("联系 {}", several(0)), "complaint_content_msg": several(4),
                "complainant_phone": chunk[8], "complainant_user_id": chunk[9],
                "complaint_resource_id": chunk[10], "operator": chunk[11],
            });
            let answer = desk.call::<ComplaintCreate>(created).await;
            let id = answer.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned();
            desk.act("assign", &id, json!({ "assignee": several(12), "operator": chunk[11] })).await.data();
            desk.act("reply", &id, json!({ "content": several(13), "operator": chunk[17] })).await.data();
            desk.act("close", &id, json!({ "content": several(17), "by": "platform" })).await.data();
            desk.act("reopen", &id, json!({ "content": several(21), "by": "platform" })).await.data();
            dispatcher.turn().await.unwrap();
        }
        // Alarms, and the day's report.
        for hours in [47, 71, 72, 73, 97] {
            desk.server.clock.set(NOW + hours * 3600 + 300);
            dispatcher.turn().await.unwrap();
        }
        let arrived = webhooks.taken();
        assert!(arrived.len() >= 40 * 4, "{}", arrived.len());
        for one in &arrived {
            seen.push(format!("{:?} {}", one.headers, String::from_utf8(one.body.to_vec()).unwrap()));
        }
        for bots in &groups {
            let posted = bots.in_group();
            assert!(posted.len() > 40, "{}", posted.len());
            seen.extend(posted.into_iter().map(|one| one.text));
            // What a platform says may be anything, and is shown as the problem.
            bots.says(Some((310000, "138 is no number, but 13600000007 is")));
        }
        let letters = mailbox.letters();
        assert!(letters.iter().any(|one| one.subject.contains("日报")), "{}", letters.len());
        seen.extend(letters.into_iter().map(|one| [one.subject, one.text, one.html].join("\n")));
        for id in &ids {
            seen.push(desk.about::<SubscriptionTest>(id, json!({})).await.text);
            seen.push(desk.about::<SubscriptionGet>(id, json!({})).await.text);
            seen.push(desk.about::<SubscriptionDeliveries>(id, json!({})).await.text);
            // What is wrong, with a number in it.
            for name in ["kind", "target", "secret", "quiet_hours", "digest_time", "enabled"] {
                seen.push(desk.about::<SubscriptionUpdate>(id, json!({ name: numbers[9] })).await.text);
            }
            for name in ["events", "channels"] {
                seen.push(desk.about::<SubscriptionUpdate>(id, json!({ name: [numbers[2]] })).await.text);
            }
            for name in ["state", "cursor", "page_size"] {
                seen.push(desk.about::<SubscriptionDeliveries>(id, json!({ name: numbers[9] })).await.text);
            }
            for asked in [json!({ "start_time": numbers[8] }), json!({ "delivery_ids": [numbers[8]] })] {
                seen.push(desk.about::<SubscriptionReplay>(id, asked).await.text);
            }
        }
        seen.push(desk.about::<SubscriptionGet>(&numbers[5], json!({})).await.text);
        seen.push(desk.call::<SubscriptionList>(json!({})).await.text);
        assert!(seen.last().unwrap().contains("****"), "names are masked");
        for text in &seen {
            sought.not_in("what was seen of notices", text);
        }
    });
}
