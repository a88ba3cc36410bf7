//! Alarms with two server processes on one PostgreSQL, by the machine's clock: each exactly once, within five seconds.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::clock::Clock;

use super::killed::sending;
use super::near;
use super::receivers::{Arrived, Webhooks};
use crate::handling::Desk;
use crate::program::Program;
use crate::support::*;

const HOUR: i64 = 3600;
/// How late an alarm may be, in seconds.
const LATE: i64 = 5;

/// A desk by the machine's clock, and a receiver of its alarms.
async fn watched(database: &Database) -> (Desk, Webhooks) {
    let server = Server::start_by(Clock::system(), database, |settings| {
        settings.limits.calls_factor = 1000;
        near(settings);
    })
    .await;
    let shop = server.shop("appAlarms").await;
    let app = server.app(&shop).await;
    let token = server.token_for(&shop, &app, 7000).await;
    let desk = Desk { server, shop, token };
    let receiver = Webhooks::start().await;
    let events = json!(["complaint.due_soon", "complaint.overdue"]);
    desk.subscribed(json!({ "kind": "webhook", "target": receiver.url(), "events": events })).await;
    (desk, receiver)
}

/// Complaints whose alarms are due one after the other from `from` on: before the deadline, and at it. Gives the moment of
/// each by complaint.
async fn with_alarms(desk: &Desk, from: i64, count: i64) -> HashMap<String, (i64, i64)> {
    let mut alarms = HashMap::new();
    let mut complaints = Vec::new();
    for at in 0..count {
        let hours = [24, 4, 1, 0][usize::try_from(at % 4).unwrap()];
        let moment = from + at / 2;
        let ends = if hours == 0 { moment - 1 } else { moment + hours * HOUR };
        let id = format!("c_{from}_{at}");
        complaints.push(complaint(&id, ends - 72 * HOUR));
        alarms.insert(id, (hours, moment));
    }
    desk.server.put(&desk.shop, &complaints).await;
    alarms
}

/// The alarms of the shop's history: of which complaint, hours before, when raised.
async fn raised(desk: &Desk) -> Vec<(String, i64, i64)> {
    let entries = desk.server.store.read().await.unwrap().entries_after(&desk.shop, 0, 10_000).await.unwrap();
    let of_alarm =
        entries.into_iter().filter(|kept| matches!(kept.entry.event.as_str(), "due_soon" | "overdue"));
    of_alarm
        .map(|kept| {
            let after: Value = serde_json::from_str(&kept.entry.after).unwrap();
            let hours = after["hours_left"].as_i64().unwrap_or_default();
            (kept.entry.complaint_id, hours, kept.entry.happened_at)
        })
        .collect()
}

/// Each alarm is in the history once, with its hours, in time.
async fn as_expected(desk: &Desk, expected: &HashMap<String, (i64, i64)>) {
    let raised = raised(desk).await;
    assert_eq!(raised.len(), expected.len(), "{raised:?}");
    for (id, hours, at) in raised {
        let (right, moment) = expected[&id];
        assert_eq!(hours, right, "{id}");
        assert!((moment..=moment + LATE).contains(&at), "{id}: {} s late", at - moment);
    }
}

#[test]
fn of_two_processes_one_tells_each_alarm() {
    on_postgres(async |database| {
        let program = Program::on(database);
        let (desk, receiver) = watched(database).await;
        let _nodes = [sending(&program), sending(&program)];
        let expected = with_alarms(&desk, desk.server.clock.epoch() + 3, 24).await;
        let all = receiver.until(|taken| taken.len() >= expected.len());
        assert!(
            tokio::time::timeout(Duration::from_secs(60), all).await.is_ok(),
            "{}",
            receiver.taken().len()
        );
        let until = expected.values().map(|alarm| alarm.1).max().unwrap() + LATE;
        // Two processes go by the real clock: that nothing comes twice shows once its time is over.
        let left = Duration::from_secs(u64::try_from(until - desk.server.clock.epoch()).unwrap_or(0));
        let twice = receiver.until(|taken| taken.len() > expected.len());
        assert!(tokio::time::timeout(left, twice).await.is_err(), "an alarm came twice");
        as_expected(&desk, &expected).await;
        let taken = receiver.taken();
        assert_eq!(taken.len(), expected.len(), "each arrives once");
        for arrived in taken {
            let id = arrived.json()["data"]["complaint_id"].as_str().unwrap().to_owned();
            let sent: i64 = arrived.header("webhook-timestamp").parse().unwrap();
            assert!(sent - expected[&id].1 <= LATE, "{id} was sent {} s late", sent - expected[&id].1);
        }
    });
}

#[test]
fn though_one_of_them_is_killed_again_and_again() {
    on_postgres(async |database| {
        let program = Program::on(database);
        let (desk, receiver) = watched(database).await;
        let mut nodes = [sending(&program), sending(&program)];
        let expected = with_alarms(&desk, desk.server.clock.epoch() + 3, 60).await;
        let mut rng = StdRng::seed_from_u64(7);
        let last = expected.values().map(|alarm| alarm.1).max().unwrap();
        while desk.server.clock.epoch() < last {
            // When something arrives, or nothing for a while. One of the two lives.
            let more = receiver.taken().len() + rng.random_range(1..6);
            let patience = Duration::from_millis(rng.random_range(1..2500));
            let _ = tokio::time::timeout(patience, receiver.until(|taken| taken.len() >= more)).await;
            let one = &mut nodes[rng.random_range(0..2)];
            one.child.kill().unwrap();
            one.child.wait().unwrap();
            *one = sending(&program);
        }
        let ids = |taken: &[Arrived]| {
            let ids: HashSet<_> =
                taken.iter().map(|arrived| arrived.header("webhook-id").to_owned()).collect();
            ids.len()
        };
        let all = receiver.until(|taken| ids(taken) >= expected.len());
        let in_time = tokio::time::timeout(Duration::from_secs(60), all).await;
        assert!(in_time.is_ok(), "{} arrived", ids(&receiver.taken()));
        as_expected(&desk, &expected).await;
        assert_eq!(ids(&receiver.taken()), expected.len());
    });
}
