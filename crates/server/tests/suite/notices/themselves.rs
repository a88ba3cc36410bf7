//! The receivers do what they are there for: what they let through would otherwise prove nothing. And the page about
//! notices says what is sent.

use serde_json::json;
use tousu::clock::Clock;
use tousu::notify::bots::{Bot, Platform, Verdict};
use tousu::notify::event::{Event, Kind, Shop, Subject, What};
use tousu::notify::message::Message;
use tousu::secrets::Secret;
use tousu_wire::codes::{ChannelType, ComplaintFrom, CurrentStep, State};

use super::receivers::{Bots, Mood, Webhooks};
use crate::support::*;

const ALL: [Platform; 3] = [Platform::Wecom, Platform::Dingtalk, Platform::Feishu];

fn event() -> Event {
    Event {
        sequence: 1,
        shop: Shop { id: "appTest".into(), name: "测试店铺".into() },
        occurred_at: NOW,
        what: What::Complaint { kind: Kind::Created, complaint: Box::new(subject()) },
    }
}

fn subject() -> Subject {
    Subject {
        complaint_id: "c_1".into(),
        channel_type: ChannelType::Shop,
        complaint_from: ComplaintFrom::H5Shop,
        complainant_phone: "188****1474".into(),
        complaint_reason: "要退款".into(),
        state: State::Pending,
        current_step: CurrentStep::New,
        operate_end_time: NOW + 72 * 3600,
        assignee: None,
    }
}

/// Posts one message at the clock's moment, as the platform's rules have it.
async fn post(platform: Platform, bots: &Bots, clock: &Clock, secret: Option<&str>) -> Verdict {
    let bot = Bot { platform, address: Secret::new(bots.url()), secret: secret.map(Secret::new) };
    let millis = clock.monotonic_micros() / 1000;
    let post = bot.post(&Message::of(&event(), clock.epoch(), None), millis).unwrap();
    let client = reqwest::Client::new();
    let answer = client.post(post.url.reveal()).json(&post.body).send().await.unwrap();
    let status = answer.status().as_u16();
    platform.read(status, &answer.bytes().await.unwrap())
}

#[test]
fn the_page_shows_what_is_sent() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/notices.md")).unwrap();
    let shown = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let deadline = 1_713_756_319;
    let complaint = Subject {
        complaint_id: "c_6621e41fa5e18_dA0idHLY".into(),
        operate_end_time: deadline,
        assignee: Some("张三".into()),
        ..subject()
    };
    let shop = Shop { id: "appDemo12345678".into(), name: "演示店铺".into() };
    let what = What::Complaint { kind: Kind::DueSoon { hours: 24 }, complaint: Box::new(complaint) };
    let event = Event { sequence: 17, shop, occurred_at: deadline - 24 * 3600, what };
    assert_eq!(shown.trim_end(), format!("{:#}", event.body()));
    for (event, _) in tousu_wire::subscription::EVENTS {
        assert!(page.contains(&format!("| `{event}` |")), "{event} is not on the page");
    }
}

#[test]
fn bots_refuse_what_is_signed_wrong() {
    run(async {
        for platform in ALL {
            // Past the half hour, at which one of them refuses all.
            let clock = Clock::set_at(NOW + 120);
            let bots = Bots::start(platform, clock.clone()).await;
            assert_eq!(post(platform, &bots, &clock, bots.secret()).await, Verdict::Delivered);
            if platform != Platform::Wecom {
                for wrong in [Some("SECother"), None] {
                    let verdict = post(platform, &bots, &clock, wrong).await;
                    assert!(matches!(verdict, Verdict::BotRefused(_)), "{platform:?} {verdict:?}");
                }
                let late = Clock::set_at(NOW - 3600);
                let verdict = post(platform, &bots, &late, bots.secret()).await;
                assert!(matches!(verdict, Verdict::BotRefused(_)), "{platform:?} {verdict:?}");
            }
            let posted = bots.in_group();
            assert_eq!(posted.len(), 1);
            assert!(posted[0].text.contains("c_1") && posted[0].text.contains("要退款"), "{posted:?}");
        }
    });
}

#[test]
fn bots_refuse_over_the_published_rate() {
    run(async {
        for (platform, most, silence) in
            [(Platform::Wecom, 20, 60), (Platform::Dingtalk, 20, 600), (Platform::Feishu, 5, 60)]
        {
            let clock = Clock::set_at(NOW + 120);
            let bots = Bots::start(platform, clock.clone()).await;
            for _ in 0..most {
                assert_eq!(post(platform, &bots, &clock, bots.secret()).await, Verdict::Delivered);
            }
            let refused = post(platform, &bots, &clock, bots.secret()).await;
            assert_eq!(refused, Verdict::TooFast { silence }, "{platform:?}");
            clock.advance_micros(59_999_000);
            let still = post(platform, &bots, &clock, bots.secret()).await;
            assert_eq!(still == Verdict::Delivered, platform == Platform::Feishu, "{platform:?}");
            clock.advance_micros(600_000_000);
            assert_eq!(post(platform, &bots, &clock, bots.secret()).await, Verdict::Delivered);
        }
        let half_hour = Clock::set_at(NOW);
        let bots = Bots::start(Platform::Feishu, half_hour.clone()).await;
        let refused = post(Platform::Feishu, &bots, &half_hour, bots.secret()).await;
        assert_eq!(refused, Verdict::TooFast { silence: 60 });
    });
}

#[test]
fn a_receiver_is_killed_and_comes_back_where_it_was() {
    run(async {
        let mut webhooks = Webhooks::start().await;
        let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(1)).build().unwrap();
        let send = async |webhooks: &Webhooks| {
            let sent = client.post(webhooks.url()).json(&json!({ "投诉": 1 })).send().await;
            sent.ok().map(|answer| (answer.status().as_u16(), answer.headers().contains_key("retry-after")))
        };
        webhooks.next([Mood::Says(500), Mood::Later(7), Mood::Fails, Mood::TakesAndFails, Mood::Hangs]);
        assert_eq!(send(&webhooks).await, Some((500, false)));
        assert_eq!(send(&webhooks).await, Some((429, true)));
        assert_eq!(send(&webhooks).await, None);
        assert_eq!(send(&webhooks).await, None);
        assert_eq!(send(&webhooks).await, None);
        assert_eq!(send(&webhooks).await, Some((204, false)));
        webhooks.kill();
        tokio::task::yield_now().await;
        webhooks.revive().await;
        assert_eq!(send(&webhooks).await, Some((204, false)));
        assert_eq!((webhooks.arrived().len(), webhooks.taken().len()), (7, 3));
        assert_eq!(webhooks.taken()[2].json(), json!({ "投诉": 1 }));
    });
}
