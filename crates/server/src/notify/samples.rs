//! Events for the tests, and the files that hold what is published.

use proptest::prelude::*;
use serde_json::Value;
use tousu_wire::codes::{ChannelType, ComplaintFrom, CurrentStep, State};
use url::Url;

use super::event::{Event, Kind, Shop, Subject, What};
use super::message::Message;
use crate::life::Actor;

/// 2024-04-19 11:25:19 in Beijing.
pub(super) const OCCURRED: i64 = 1_713_497_119;

/// Three hours and twelve minutes before the deadline.
pub(super) const NOW: i64 = OCCURRED + 72 * 3600 - 11_520;

pub(super) fn deadline() -> i64 {
    OCCURRED + 72 * 3600
}

pub(super) fn console() -> Url {
    Url::parse("https://tousu.example.com/").unwrap()
}

pub(super) fn of(kind: Kind) -> Event {
    let complaint = Subject {
        complaint_id: "c_6621e41fa5e18_dA0idHLY".into(),
        channel_type: ChannelType::Shop,
        complaint_from: ComplaintFrom::H5Shop,
        complainant_phone: "188****1474".into(),
        complaint_reason:
            "购买《30天PPT速成营》后发现内容与宣传严重不符，要求全额退款，客服一直不回复，请尽快处理".into(),
        state: if kind == Kind::Closed { State::Done } else { State::Pending },
        current_step: CurrentStep::New,
        operate_end_time: deadline(),
        assignee: Some("张三".into()),
    };
    let shop = Shop { id: "appDemo12345678".into(), name: "演示店铺".into() };
    let what = What::Complaint { kind, complaint: Box::new(complaint) };
    Event { sequence: 17, shop, occurred_at: OCCURRED, what }
}

pub(super) fn created() -> Event {
    of(Kind::Created)
}

pub(super) fn imported() -> Event {
    Event { what: What::Imported { complaints: 120 }, ..created() }
}

/// One of each.
pub(super) fn events() -> Vec<Event> {
    let kinds = [
        Kind::Created,
        Kind::Replied { by: Actor::Consumer },
        Kind::Replied { by: Actor::Merchant },
        Kind::Replied { by: Actor::Platform },
        Kind::DueSoon { hours: 4 },
        Kind::Overdue,
        Kind::Closed,
        Kind::Reopened,
    ];
    kinds.into_iter().map(of).chain([imported(), test()]).collect()
}

pub(super) fn test() -> Event {
    Event { what: What::Test, ..created() }
}

/// An event whose every text tries to be more than a text.
pub(super) fn hostile() -> Event {
    let mut event = created();
    event.shop.name = "店[x](http://evil.example)<@all>".into();
    let complaint = subject(&mut event);
    complaint.complaint_id = "c_1\n# `<at id=all></at>`".into();
    complaint.complainant_phone = "**188**\r\n> [x](http://evil)".into();
    complaint.complaint_reason = "[x](http://evil)<@all><at id=all>\n```\n@所有人 ![](x) & &lt;".into();
    complaint.assignee = Some("\"}],\"at\":{\"isAtAll\":true}<script>alert(1)</script>".into());
    event
}

pub(super) fn subject(event: &mut Event) -> &mut Subject {
    match &mut event.what {
        What::Complaint { complaint, .. } => complaint,
        What::Imported { .. } | What::Test => panic!("of one complaint"),
    }
}

/// Every message there is a card for, by name.
pub(super) fn messages() -> Vec<(String, Message)> {
    let console = console();
    let mut named: Vec<(String, Message)> = events()
        .iter()
        .map(|event| {
            let now = if event.name() == "complaint.overdue" { deadline() + 11_520 } else { NOW };
            (event.name().into(), Message::of(event, now, Some(&console)))
        })
        .collect();
    named.push(("without a console".into(), Message::of(&created(), NOW, None)));
    named.push(("hostile".into(), Message::of(&hostile(), NOW, Some(&console))));
    let waiting = super::digest::tests::waiting();
    let composed = super::digest::compose(&waiting, &Default::default(), 1, NOW, Some(&console), &|_| true);
    named.extend(composed.notices.into_iter().map(|notice| ("digest".into(), notice.message)));
    named.push(("daily".into(), super::daily::tests::message()));
    named
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        "[\\[\\]()<>@`*_#~|&!\\\\\n\r\t \"'{}:/.a-z0-9\u{202e}\u{200b}-]{0,60}",
        "[一-龥😀-😏]{0,200}",
        Just("<@all>[x](http://evil)<at id=all></at>\n```".to_owned()),
    ]
}

/// Any event at all.
pub(super) fn any_event() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![
        Just(Kind::Created),
        Just(Kind::Replied { by: Actor::Merchant }),
        (0i64..100).prop_map(|hours| Kind::DueSoon { hours }),
        Just(Kind::Overdue),
        Just(Kind::Closed),
        Just(Kind::Reopened),
    ];
    let codes = (any::<i64>(), any::<i64>(), 0i64..4, 0i64..8);
    let texts = (any_text(), any_text(), any_text(), any_text(), proptest::option::of(any_text()));
    let times = (0i64..4_000_000_000, 0i64..4_000_000_000);
    let complaint = (kind, codes, texts, times).prop_map(|(kind, codes, texts, times)| {
        let complaint = Subject {
            complaint_id: texts.0,
            channel_type: codes.0.into(),
            complaint_from: codes.1.into(),
            complainant_phone: texts.1,
            complaint_reason: texts.2,
            state: codes.2.into(),
            current_step: codes.3.into(),
            operate_end_time: times.0,
            assignee: texts.4,
        };
        let shop = Shop { id: "app1".into(), name: texts.3 };
        let what = What::Complaint { kind, complaint: Box::new(complaint) };
        Event { sequence: 1, shop, occurred_at: times.1, what }
    });
    prop_oneof![9 => complaint, 1 => Just(imported())]
}

/// Compares with a file under `tests/golden/notify`. To accept a change: run with `TOUSU_ACCEPT=1`.
pub(super) fn golden(name: &str, value: &Value) {
    let path = format!("{}/tests/golden/notify/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = format!("{value:#}\n");
    if std::env::var_os("TOUSU_ACCEPT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{name} has changed");
}
