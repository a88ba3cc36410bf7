//! Group bots and mailboxes: within the platforms' limits, nothing twice, nothing that is old news.

use std::collections::{BTreeMap, HashMap};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tousu::notify::bots::Platform;
use tousu_wire::subscription::SubscriptionGet;

use super::receivers::{Bots, Mailbox, Posted};
use super::{desk, desk_with};
use crate::handling::Desk;
use crate::support::*;

const HOUR: i64 = 3600;
const PLATFORMS: [(&str, Platform); 3] =
    [("wecom", Platform::Wecom), ("dingtalk", Platform::Dingtalk), ("feishu", Platform::Feishu)];

/// Which complaints a post names, and how often.
fn named(posted: &Posted) -> BTreeMap<String, usize> {
    let mut named = BTreeMap::new();
    // Such a number may have the same two characters in its middle.
    let words = posted.text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    for number in words.filter(|word| word.starts_with("c_")) {
        *named.entry(number.to_owned()).or_default() += 1;
    }
    named
}

/// Posts of any span of so many milliseconds, at most.
fn most_within(posted: &[Posted], span: i64) -> usize {
    let within =
        |from: &Posted| posted.iter().filter(|one| (from.at..from.at + span).contains(&one.at)).count();
    posted.iter().map(within).max().unwrap_or_default()
}

/// A bot of each platform, told of what is overdue.
async fn bots_told_of(desk: &Desk, events: &[&str]) -> Vec<(Platform, Bots)> {
    let mut all = Vec::new();
    for (kind, platform) in PLATFORMS {
        let bots = Bots::start(platform, desk.server.clock.clone()).await;
        let asked = json!({ "kind": kind, "target": bots.url(), "secret": bots.secret(), "events": events });
        desk.subscribed(asked).await;
        all.push((platform, bots));
    }
    all
}

/// Five hundred deadlines within one minute, some of which are closed before, some after. No limit is exceeded, over
/// the half hour at which one platform takes nothing; each complaint is named once, within five minutes, and none after
/// its closing.
#[test]
fn five_hundred_at_once() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let clock = &desk.server.clock;
        let mut rng = StdRng::seed_from_u64(6);
        // From 12:29:30 on.
        let first = NOW + 29 * 60 + 30;
        let complaints: Vec<_> = (0..500)
            .map(|at| complaint(&format!("c_{at:04}"), first + rng.random_range(0..60) - 72 * HOUR))
            .collect();
        let deadlines: HashMap<String, i64> =
            complaints.iter().map(|one| (one.complaint_id.clone(), one.operate_end_time)).collect();
        desk.server.put(&desk.shop, &complaints).await;
        let groups = bots_told_of(&desk, &["complaint.overdue"]).await;
        // A quarter is closed at one second or another, from before the first deadline on.
        let mut closings: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for one in &complaints {
            if rng.random_range(0..4) == 0 {
                closings
                    .entry(first + rng.random_range(-30..150))
                    .or_default()
                    .push(one.complaint_id.clone());
            }
        }
        let closed: HashMap<&str, i64> =
            closings.iter().flat_map(|(at, ids)| ids.iter().map(|id| (id.as_str(), *at))).collect();
        let mut dispatcher = desk.dispatcher();
        dispatcher.turn().await.unwrap();
        for now in first - 30..first + 60 + 300 {
            clock.set(now);
            for id in closings.get(&now).into_iter().flatten() {
                desk.act("close", id, json!({ "by": "platform" })).await.data();
            }
            dispatcher.turn().await.unwrap();
        }
        for (platform, bots) in &groups {
            let posted = bots.posted();
            let refused: Vec<_> = posted.iter().filter(|one| one.code != 0).collect();
            assert!(refused.is_empty(), "{platform:?} refused {refused:?}");
            let (a_minute, a_second) = match platform {
                Platform::Feishu => (100, 5),
                _ => (20, 20),
            };
            assert!(most_within(&posted, 60_000) <= a_minute, "{platform:?}: too many in a minute");
            assert!(most_within(&posted, 1_000) <= a_second, "{platform:?}: too many in a second");
            let mut told: HashMap<String, Vec<i64>> = HashMap::new();
            for one in &posted {
                for (number, times) in named(one) {
                    told.entry(number).or_default().extend(vec![one.at / 1000; times]);
                }
            }
            let mut told_and_closed = 0;
            for (id, deadline) in &deadlines {
                let times = told.remove(id).unwrap_or_default();
                let closed = closed.get(id.as_str()).copied();
                match (times.as_slice(), closed) {
                    ([], Some(closed)) => assert!(closed <= deadline + 300, "{platform:?} {id}"),
                    ([at], closed) => {
                        assert!((*deadline..deadline + 300).contains(at), "{platform:?} {id} at {at}");
                        assert!(closed.is_none_or(|closed| *at < closed), "{platform:?} {id} was closed");
                        told_and_closed += i32::from(closed.is_some());
                    }
                    (times, closed) => panic!("{platform:?} {id}: {times:?}, closed {closed:?}"),
                }
            }
            assert!(told.is_empty(), "{platform:?} named what there is not: {told:?}");
            assert!(told_and_closed > 10, "{platform:?}: {told_and_closed} were closed after they were told");
        }
    });
}

#[test]
fn subscriptions_to_one_bot_share_its_limit() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let bots = Bots::start(Platform::Dingtalk, desk.server.clock.clone()).await;
        let other = desk.server.shop("appOther").await;
        let app = desk.server.app(&other).await;
        let token = desk.server.token_for(&other, &app, 1_000_000_000).await;
        let asked = json!({ "kind": "dingtalk", "target": bots.url(), "secret": bots.secret() });
        desk.subscribed(asked.clone()).await;
        let path = <tousu_wire::subscription_change::SubscriptionCreate as tousu_wire::Endpoint>::path();
        let mut theirs = asked;
        theirs["access_token"] = json!(token);
        desk.server.post(&path, &theirs).await.data();
        let mut dispatcher = desk.dispatcher();
        dispatcher.turn().await.unwrap();
        // One new complaint a second in each shop, for a minute and a half.
        for second in 0..300 {
            desk.server.clock.set(NOW + second);
            if second < 90 {
                desk.submitted().await;
                let body = json!({ "access_token": token, "complaint_reason": "要退款" });
                desk.server.post("/tousu.complaint.create/1.0.0", &body).await.data();
            }
            dispatcher.turn().await.unwrap();
        }
        let posted = bots.posted();
        assert!(posted.iter().all(|one| one.code == 0), "{posted:?}");
        assert!(most_within(&posted, 60_000) <= 20);
        let told: usize = posted.iter().map(|one| named(one).values().sum::<usize>()).sum();
        assert_eq!(told, 180);
    });
}

#[test]
fn a_bot_that_is_shut_out_is_left_alone() {
    on_sqlite(async |database| {
        let desk = desk(database).await;
        let bots = Bots::start(Platform::Dingtalk, desk.server.clock.clone()).await;
        let asked = json!({ "kind": "dingtalk", "target": bots.url(), "secret": bots.secret() });
        let (id, _) = desk.subscribed(asked).await;
        let mut dispatcher = desk.dispatcher();
        // Somebody else sent too much through it.
        bots.says(Some((130101, "send too fast")));
        let first = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(bots.posted().len(), 1);
        bots.says(None);
        let second = desk.submitted().await;
        for now in NOW + 1..NOW + 600 {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!(bots.posted().len(), 1, "it is left alone for ten minutes");
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!((&row["waiting"], &row["paused_until"]), (&json!(2), &json!("2024-05-01 12:10:00")));
        assert_ne!(row["problem"], "");
        desk.server.clock.set(NOW + 600);
        dispatcher.turn().await.unwrap();
        let told: Vec<String> = bots.in_group().iter().flat_map(|one| named(one).into_keys()).collect();
        assert_eq!(told, [first, second]);
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!((&row["waiting"], &row["failures"], &row["problem"]), (&json!(0), &json!(0), &json!("")));
    });
}

#[test]
fn a_bot_that_refuses_all_says_why() {
    on_sqlite(async |database| {
        let desk = desk(database).await;
        let bots = Bots::start(Platform::Dingtalk, desk.server.clock.clone()).await;
        let asked = json!({ "kind": "dingtalk", "target": bots.url(), "secret": "SECwrong" });
        let (id, _) = desk.subscribed(asked).await;
        let mut dispatcher = desk.dispatcher();
        let complaint = desk.submitted().await;
        for now in NOW..NOW + 60 {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!(bots.posted().len(), 1);
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert!(row["problem"].as_str().unwrap().contains("310000"), "{row}");
        assert_eq!(row["waiting"], 1, "it is not the message's fault");
        // Put right, it goes on at once.
        let right = json!({ "secret": bots.secret() });
        desk.about::<tousu_wire::subscription_change::SubscriptionUpdate>(&id, right).await.data();
        dispatcher.turn().await.unwrap();
        assert_eq!(named(&bots.in_group()[0]).into_keys().collect::<Vec<_>>(), [complaint]);
    });
}

#[test]
fn quiet_hours_hold_all_but_what_is_overdue() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let bots = Bots::start(Platform::Wecom, desk.server.clock.clone()).await;
        // At 23:00 one falls due, which was made three days before; another comes in.
        let night = NOW + 11 * HOUR;
        desk.server.put(&desk.shop, &[complaint("c_due", night - 72 * HOUR)]).await;
        let asked = json!({ "kind": "wecom", "target": bots.url(), "quiet_hours": "22:00-08:00" });
        desk.subscribed(asked).await;
        let mut dispatcher = desk.dispatcher();
        dispatcher.turn().await.unwrap();
        desk.server.clock.set(night - 60);
        let late = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        let before: Vec<_> = bots.in_group().iter().flat_map(|one| named(one).into_keys()).collect();
        assert!(!before.contains(&late), "{before:?}");
        for now in night..night + 5 {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        let told = bots.in_group();
        assert!(told.last().unwrap().text.contains("已超时"), "{told:?}");
        assert_eq!(named(told.last().unwrap()).into_keys().collect::<Vec<_>>(), ["c_due"]);
        desk.server.clock.set(NOW + 20 * HOUR - 1);
        dispatcher.turn().await.unwrap();
        assert_eq!(bots.in_group().len(), told.len(), "still quiet at 07:59:59");
        desk.server.clock.set(NOW + 20 * HOUR);
        dispatcher.turn().await.unwrap();
        let morning: Vec<_> =
            bots.in_group()[told.len()..].iter().flat_map(|one| named(one).into_keys()).collect();
        assert_eq!(morning, [late]);
    });
}

#[test]
fn the_day_is_reported() {
    on_each_database(async |database| {
        let mailbox = Mailbox::start().await;
        let desk = desk_with(database, |settings| {
            settings.mail.smtp = mailbox.url();
            settings.mail.from = "tousu@example.com".into();
        })
        .await;
        let bots = Bots::start(Platform::Feishu, desk.server.clock.clone()).await;
        // Noon: one new, one due in the afternoon, one overdue since yesterday, one closed.
        let rows = [
            complaint("c_new", NOW - HOUR),
            complaint("c_today", NOW + 2 * HOUR - 72 * HOUR),
            complaint("c_late", NOW - 96 * HOUR),
            complaint("c_done", NOW - 2 * HOUR),
        ];
        desk.server.put(&desk.shop, &rows).await;
        desk.act("close", "c_done", json!({ "by": "platform" })).await.data();
        // Not at the full hour, when everybody's reports go out.
        let quiet = json!(["complaint.reopened"]);
        let asked = json!({
            "kind": "feishu", "target": bots.url(), "secret": bots.secret(), "events": quiet,
            "digest_time": "13:05",
        });
        desk.subscribed(asked).await;
        let asked =
            json!({ "kind": "email", "target": "li@example.com", "events": quiet, "digest_time": "13:05" });
        desk.subscribed(asked).await;
        let mut dispatcher = desk.dispatcher();
        for now in [NOW, NOW + HOUR, NOW + HOUR + 299] {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        assert_eq!((bots.posted().len(), mailbox.letters().len()), (0, 0));
        for seconds in 300..310 {
            desk.server.clock.set(NOW + HOUR + seconds);
            dispatcher.turn().await.unwrap();
        }
        let (posted, letters) = (bots.in_group(), mailbox.letters());
        assert_eq!((posted.len(), letters.len()), (1, 1), "once");
        for text in [&posted[0].text, &letters[0].text] {
            for said in ["测试店铺", "今日新增：2 件", "未结单：3 件", "今日到期：1 件", "已超时：1 件"]
            {
                assert!(text.contains(said), "{said} in {text}");
            }
        }
        assert!(letters[0].subject.contains("投诉日报"), "{}", letters[0].subject);
        // And again on the next day.
        desk.server.clock.set(NOW + 25 * HOUR + 300);
        dispatcher.turn().await.unwrap();
        assert_eq!((bots.in_group().len(), mailbox.letters().len()), (2, 2));
    });
}

#[test]
fn mailboxes_are_told_and_a_full_one_is_tried_again() {
    on_each_database(async |database| {
        let mailbox = Mailbox::start().await;
        let desk = desk_with(database, |settings| {
            settings.mail.smtp = mailbox.url();
            settings.mail.from = "tousu@example.com".into();
        })
        .await;
        let (id, _) = desk.subscribed(json!({ "kind": "email", "target": "li@example.com" })).await;
        let mut dispatcher = desk.dispatcher();
        mailbox.refuse(["452 the mailbox is full"]);
        let complaint = desk.submitted().await;
        dispatcher.turn().await.unwrap();
        assert_eq!(mailbox.letters().len(), 0);
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert!(row["problem"].as_str().unwrap().contains("452"), "{row}");
        for now in NOW + 1..NOW + 30 {
            desk.server.clock.set(now);
            dispatcher.turn().await.unwrap();
        }
        let letters = mailbox.letters();
        assert_eq!(letters.len(), 1);
        assert!(letters[0].subject.contains(&complaint), "{}", letters[0].subject);
        // What never will be taken is given up.
        mailbox.refuse(["550 no such mailbox"]);
        desk.submitted().await;
        dispatcher.turn().await.unwrap();
        let row = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
        assert_eq!((&row["waiting"], &row["given_up"]), (&json!(0), &json!(1)), "{row}");
    });
}
