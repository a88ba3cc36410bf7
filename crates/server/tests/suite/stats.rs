//! Statistics against a plain recount.

use std::collections::BTreeMap;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::complaint::{Complaint, Details, Reply};
use tousu::store::Incoming;
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, Overtime, State};
use tousu_wire::stats::StatsGet;

use crate::handling::Desk;
use crate::program::Program;
use crate::support::*;

const HOUR: i64 = 3600;

type Chance = rand::rngs::StdRng;

/// Some complaint, with what was said about it.
fn some(rng: &mut Chance, id: usize) -> Incoming {
    // Among them moments just before and at midnight in Beijing, and before 1970.
    let midnight = NOW - 12 * HOUR;
    let time = match rng.random_range(0..8) {
        0 => midnight - rng.random_range(0..2),
        1 => -rng.random_range(0..3) * 40_000 - 1,
        _ => NOW - rng.random_range(0..400_000),
    };
    let mut complaint = complaint(&format!("c_{id:04}"), time);
    complaint.channel_type = ChannelType::from(rng.random_range(1..=5));
    complaint.complaint_from = ComplaintFrom::from(*[101, 201, 10, 999].choose(rng).unwrap());
    complaint.state = State::from(*[0, 1, 2, 2, 2, 3].choose(rng).unwrap());
    let edges = [-1, 0, 1, HOUR, HOUR + 1, 4 * HOUR, 4 * HOUR + 1, 24 * HOUR, 24 * HOUR + 1];
    complaint.operate_end_time = NOW + edges.choose(rng).unwrap();
    if rng.random_range(0..6) == 0 {
        // The end of the day, and the moments beside it.
        complaint.operate_end_time = NOW + 12 * HOUR + rng.random_range(-1..=1);
    }
    // Some with many complaints, many with one or two, some without.
    let resource = rng.random_range(0..60);
    complaint.complaint_resource_id = match resource {
        0..20 => format!("p_{}", resource / 4),
        20..55 => format!("E{resource}"),
        _ => String::new(),
    };
    if complaint.state == State::Done {
        complaint.closed_at = Some(time + rng.random_range(0..200_000));
        complaint.closed_overtime = Some(Overtime::from(rng.random_range(1..=2)));
    }
    let mut details = Details::default();
    for _ in 0..rng.random_range(0..4) {
        details.replies.push(Reply {
            reply_from: ["merchant", "consumer", "platform"].choose(rng).unwrap().to_string(),
            content: "好的".into(),
            images: Vec::new(),
            replied_at: time + rng.random_range(0..100_000),
        });
    }
    Incoming { complaint, details }
}

/// A complaint, what was said about it, its assignee and its number.
type Known = (Complaint, Details, String, i64);

/// What is in the shop, read one by one.
async fn read_all(desk: &Desk, ids: &[String]) -> Vec<Known> {
    let mut tx = desk.server.store.read().await.unwrap();
    let mut all = Vec::new();
    for id in ids {
        let stored = tx.complaint(&desk.shop, id).await.unwrap().unwrap();
        const ASSIGNEE: &str =
            "select coalesce(assignee, '') from complaints where shop_id = $1 and complaint_id = $2";
        let named = [id.as_str().into()];
        let assignee = tx.query(&desk.shop, ASSIGNEE, &named, |row| Ok(row.text(0)?.to_owned())).await;
        all.push((stored.complaint, stored.details, assignee.unwrap().remove(0), stored.number));
    }
    all
}

/// By the nearest rank, by hand.
fn durations(mut seconds: Vec<i64>) -> Value {
    seconds.sort_unstable();
    let rank =
        |percent: f64| seconds.get(((percent * seconds.len() as f64).ceil() as usize).max(1) - 1).copied();
    json!({ "count": seconds.len(), "median_seconds": rank(0.5), "p90_seconds": rank(0.9) })
}

/// The same again in the plainest way.
fn recount(all: &[Known], asked: &Value, now: i64) -> Value {
    let among = |name: &str, code: i64| {
        asked[name].as_array().is_none_or(|codes| codes.iter().any(|one| one.as_i64() == Some(code)))
    };
    let moment = |name: &str| asked[name].as_str().map(|text| text.parse::<BeijingTime>().unwrap().epoch());
    let found: Vec<_> = all
        .iter()
        .filter(|(complaint, ..)| {
            among("channel_type", complaint.channel_type.number())
                && among("complaint_from", complaint.complaint_from.number())
                && moment("start_time").is_none_or(|start| complaint.complaint_time >= start)
                && moment("end_time").is_none_or(|end| complaint.complaint_time <= end)
        })
        .collect();
    let late = |complaint: &Complaint| complaint.overtime(now) == Overtime::Late;
    let group = |name: &str, key: &dyn Fn(&Complaint) -> Value| {
        let mut groups: BTreeMap<(i64, String), (Value, i64, i64)> = BTreeMap::new();
        for (complaint, ..) in &found {
            let key = key(complaint);
            let place = (key.as_i64().unwrap_or_default(), key.to_string());
            let group = groups.entry(place).or_insert((key, 0, 0));
            group.1 += 1;
            group.2 += i64::from(late(complaint));
        }
        let groups = groups.into_values();
        groups
            .map(|(key, total, overtime)| json!({ name: key, "total": total, "overtime": overtime }))
            .collect::<Value>()
    };
    let open: Vec<&Complaint> =
        found.iter().map(|one| &one.0).filter(|one| one.state != State::Done).collect();
    let within = |hours: i64| {
        open.iter().filter(|one| (now..=now + hours * HOUR).contains(&one.operate_end_time)).count()
    };
    let mut people: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
    for (complaint, _, assignee, _) in &found {
        let of = people.entry(assignee).or_default();
        let open = complaint.state != State::Done;
        of[0] += i64::from(open);
        of[1] += i64::from(open && late(complaint));
        of[2] += i64::from(!open);
    }
    let mut people: Vec<_> = people.into_iter().collect();
    people.sort_by_key(|(_, of)| std::cmp::Reverse(of[0]));
    let people: Vec<Value> = people
        .into_iter()
        .map(|(name, [open, overdue, closed])| {
            json!({ "assignee": name, "open": open, "overdue": overdue, "closed": closed })
        })
        .collect();
    let day = |time: i64| BeijingTime::from_epoch(time).to_string()[..10].to_owned();
    let hours = (0..24).map(|hour| {
        let of = |one: &Complaint| BeijingTime::from_epoch(one.complaint_time).to_string()[11..13] == format!("{hour:02}");
        let made: Vec<_> = found.iter().filter(|one| of(&one.0)).collect();
        json!({ "hour": hour, "total": made.len(), "overtime": made.iter().filter(|one| late(&one.0)).count() })
    });
    let mut resources: BTreeMap<&str, (i64, i64, i64, i64)> = BTreeMap::new();
    for (complaint, _, _, number) in found.iter().filter(|one| !one.0.complaint_resource_id.is_empty()) {
        let of = resources.entry(&complaint.complaint_resource_id).or_insert((0, 0, 0, i64::MAX));
        let is_open = complaint.state != State::Done;
        *of = (of.0 + 1, of.1 + i64::from(late(complaint)), of.2 + i64::from(is_open), of.3.min(*number));
    }
    let mut resources: Vec<_> = resources.into_iter().collect();
    resources.sort_by_key(|(_, of)| (std::cmp::Reverse(of.0), of.3));
    let resources: Vec<Value> = resources
        .into_iter()
        .take(20)
        .map(|(id, (total, overtime, open, _))| {
            json!({ "complaint_resource_id": id, "total": total, "overtime": overtime, "open": open })
        })
        .collect();
    // Until 24:00, which is the next day's first second.
    let today = |one: &&&Complaint| {
        let end = one.operate_end_time;
        end >= now && (day(end) == day(now) || end > now && day(end - 1) == day(now))
    };
    let overtime = found.iter().filter(|one| late(&one.0)).count();
    let rate = if found.is_empty() { 0.0 } else { overtime as f64 / found.len() as f64 };
    json!({
        "as_of": BeijingTime::from_epoch(now),
        "total": found.len(),
        "overtime": overtime,
        "overtime_rate": (rate * 10_000.0).round() / 10_000.0,
        "by_channel": group("channel_type", &|one| json!(one.channel_type)),
        "by_source": group("complaint_from", &|one| json!(one.complaint_from)),
        "by_state": group("state", &|one| json!(one.state)),
        "by_day": group("day", &|one| json!(BeijingTime::from_epoch(one.complaint_time).to_string()[..10])),
        "new_today": found.iter().filter(|one| day(one.0.complaint_time) == day(now)).count(),
        "by_hour": hours.collect::<Vec<_>>(),
        "by_resource": resources,
        "first_reply": durations(
            found
                .iter()
                .filter_map(|(complaint, details, ..)| {
                    let merchant = details.replies.iter().filter(|reply| reply.reply_from == "merchant");
                    Some(merchant.map(|reply| reply.replied_at).min()? - complaint.complaint_time)
                })
                .collect(),
        ),
        "closing": durations(
            found.iter().filter_map(|(one, ..)| Some(one.closed_at? - one.complaint_time)).collect(),
        ),
        "due": {
            "overdue": open.iter().filter(|one| late(one)).count(),
            "within_1_hour": within(1),
            "within_4_hours": within(4),
            "within_24_hours": within(24),
            "today": open.iter().filter(today).count(),
        },
        "by_assignee": people,
    })
}

#[test]
fn statistics_agree_with_a_recount() {
    on_each_database(async |database| {
        let mut rng = Chance::seed_from_u64(21);
        let desk = Desk::open(database).await;
        let empty = desk.call::<StatsGet>(json!({})).await;
        assert_eq!(empty.data(), &recount(&[], &json!({}), NOW));
        let batch: Vec<Incoming> = (0..300).map(|id| some(&mut rng, id)).collect();
        desk.server.store.take_in(&desk.shop, BY_TEST, &batch).await.unwrap().unwrap();
        let ids: Vec<String> = batch.iter().map(|one| one.complaint.complaint_id.clone()).collect();
        let acts = crate::handling::acts();
        for round in 0..25 {
            for _ in 0..8 {
                let id = ids.choose(&mut rng).unwrap();
                let (name, mut body, _) = acts.choose(&mut rng).cloned().unwrap();
                if name == "assign" {
                    body["assignee"] = json!(*["小李", "Wang", ""].choose(&mut rng).unwrap());
                }
                // Refused or not: what counts is what the complaints say afterwards.
                desk.act(name, id, body).await;
                let id = ids.choose(&mut rng).unwrap();
                let assignee = *["小李", "Wang", "小王", ""].choose(&mut rng).unwrap();
                desk.act("assign", id, json!({ "assignee": assignee })).await.data();
            }
            let now = desk.server.clock.epoch();
            let all = read_all(&desk, &ids).await;
            for _ in 0..4 {
                let mut asked = json!({});
                if rng.random_range(0..2) == 0 {
                    asked["channel_type"] = json!([*[1, 2].choose(&mut rng).unwrap(), 3]);
                }
                if rng.random_range(0..2) == 0 {
                    asked["complaint_from"] = json!([*[101, 201, 999].choose(&mut rng).unwrap(), 10]);
                }
                let time =
                    |rng: &mut Chance| BeijingTime::from_epoch(all.choose(rng).unwrap().0.complaint_time);
                let mut times = [time(&mut rng), time(&mut rng)];
                times.sort_unstable();
                for (name, time) in ["start_time", "end_time"].into_iter().zip(times) {
                    if rng.random_range(0..3) == 0 {
                        asked[name] = json!(time);
                    }
                }
                let counted = desk.call::<StatsGet>(asked.clone()).await;
                let expected = recount(&all, &asked, now);
                for (part, value) in expected.as_object().unwrap() {
                    assert_eq!(&counted.data()[part], value, "{round} {part} {asked}");
                }
                assert_eq!(counted.data(), &expected);
            }
            desk.server.clock.advance_micros(rng.random_range(1..3 * HOUR) * 1_000_000);
        }
    });
}

#[test]
fn what_is_wrong_with_what_is_asked_is_named() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        for (name, asked) in [
            ("start_time", json!({ "start_time": "2024-05-02 00:00:00", "end_time": "2024-05-01 00:00:00" })),
            ("channel_type", json!({ "channel_type": 7 })),
            ("end_time", json!({ "end_time": "昨天" })),
            ("complaint_from", json!({ "complaint_from": (1..60).collect::<Vec<i64>>() })),
        ] {
            let answer = desk.call::<StatsGet>(asked).await;
            assert_eq!(answer.code(), 3001, "{name}");
            assert!(answer.msg().contains(name), "{}", answer.msg());
        }
    });
}

#[test]
fn the_command_counts_too() {
    on_each_database(async |database| {
        let mut rng = Chance::seed_from_u64(22);
        let desk = Desk::open(database).await;
        let batch: Vec<Incoming> = (0..60).map(|id| some(&mut rng, id)).collect();
        desk.server.store.take_in(&desk.shop, BY_TEST, &batch).await.unwrap().unwrap();
        let answer = desk.call::<StatsGet>(json!({ "channel_type": 1 })).await;
        let program = Program::on(database);
        let counted = program.json(&["stats", "--shop", "appDesk", "--channel", "1"]);
        for part in ["total", "by_source", "by_day", "by_hour", "by_resource", "first_reply", "closing"] {
            // Those that the clock, which is another one here, has a say in are left out.
            let without = |value: &Value| value.to_string().split("\"overtime\"").count();
            assert_eq!(without(&counted[part]), without(&answer.data()[part]), "{part}");
        }
        assert_eq!(counted["closing"], answer.data()["closing"]);
        assert_eq!(counted["first_reply"], answer.data()["first_reply"]);
        let shown = program.run(&["stats", "--shop", "appDesk", "--start", "2024-04-01 00:00:00"]);
        assert!(shown.out.contains("首次回复") && shown.out.contains("处理人"), "{shown:?}");
        program.run(&["stats", "--shop", "appDesk", "--channel", "7"]).failed_saying(&["channel_type"]);
        program.run(&["stats", "--shop", "appNone"]).failed_saying(&["appNone", "不存在"]);
    });
}
