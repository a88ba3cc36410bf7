//! Deadlines that come near and pass: told once each, whoever looks.

use serde_json::{Value, json};

use tousu::store::LOOKS;

use super::desk;
use super::receivers::Webhooks;
use crate::handling::Desk;
use crate::support::*;

const HOUR: i64 = 3600;

/// What was told: which alarm, of which complaint.
fn alarms(receiver: &Webhooks) -> Vec<(String, i64)> {
    let told = receiver.taken().into_iter().map(|arrived| arrived.json());
    told.map(|body| {
        let hours = body["data"]["hours_left"].as_i64().unwrap_or_default();
        (body["data"]["complaint_id"].as_str().unwrap().to_owned(), hours)
    })
    .collect()
}

async fn watched(desk: &Desk) -> Webhooks {
    let receiver = Webhooks::start().await;
    let events = json!(["complaint.due_soon", "complaint.overdue"]);
    desk.subscribed(json!({ "kind": "webhook", "target": receiver.url(), "events": events })).await;
    receiver
}

/// The alarms in a complaint's history: hours before, and when they were raised.
async fn raised(desk: &Desk, complaint_id: &str) -> Vec<(i64, i64)> {
    let entries = desk.server.store.read().await.unwrap().history(&desk.shop, complaint_id).await.unwrap();
    let of_alarm =
        entries.into_iter().filter(|kept| matches!(kept.entry.event.as_str(), "due_soon" | "overdue"));
    of_alarm
        .map(|kept| {
            let after: Value = serde_json::from_str(&kept.entry.after).unwrap();
            (after["hours_left"].as_i64().unwrap_or_default(), kept.entry.happened_at)
        })
        .collect()
}

#[test]
fn each_alarm_comes_once_at_its_moment_whichever_node_looks() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = watched(&desk).await;
        let id = desk.submitted().await;
        let (mut one, mut other) = (desk.dispatcher(), desk.dispatcher());
        let mut told = 0;
        let ends = NOW + 72 * HOUR;
        for (at, hours) in [(ends - 24 * HOUR, 24), (ends - 4 * HOUR, 4), (ends - HOUR, 1), (ends + 1, 0)] {
            // Nobody is told a second too early.
            desk.server.clock.set(at - 1);
            one.turn().await.unwrap();
            other.turn().await.unwrap();
            assert_eq!(alarms(&receiver).len(), told, "{hours}");
            desk.server.clock.set(at);
            let (mine, theirs) = tokio::join!(one.turn(), other.turn());
            mine.and(theirs).unwrap();
            // The other looks again when the first one's lease is over.
            desk.server.clock.set(at + 4);
            other.turn().await.unwrap();
            told += 1;
            assert_eq!(alarms(&receiver).len(), told, "{hours}");
            assert_eq!(alarms(&receiver).last().unwrap(), &(id.clone(), hours));
            // One that has just started knows nothing, and tells nothing twice.
            desk.server.clock.set(at + 10);
            desk.dispatcher().turn().await.unwrap();
            assert_eq!(alarms(&receiver).len(), told, "{hours}");
        }
        let expected = [(24, ends - 24 * HOUR), (4, ends - 4 * HOUR), (1, ends - HOUR), (0, ends + 1)];
        assert_eq!(raised(&desk, &id).await, expected);
        assert_eq!(crate::program::Program::on(database).doctors_complaints(), [] as [Value; 0]);
    });
}

#[test]
fn what_is_over_or_before_anybody_asked_is_not_told() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let mut dispatcher = desk.dispatcher();
        let early = complaint("c_early", NOW - 72 * HOUR - 10);
        let closed = complaint("c_closed", NOW - 48 * HOUR + 60);
        let late = complaint("c_late", NOW - 72 * HOUR + 60);
        desk.server.put(&desk.shop, &[early, closed, late]).await;
        let receiver = watched(&desk).await;
        dispatcher.turn().await.unwrap();
        assert_eq!(desk.act("close", "c_closed", json!({ "by": "platform" })).await.code(), 0);
        desk.server.clock.set(NOW + 120);
        dispatcher.turn().await.unwrap();
        assert_eq!(alarms(&receiver), [("c_late".to_owned(), 0)]);
        assert!(raised(&desk, "c_closed").await.is_empty() && raised(&desk, "c_early").await.is_empty());
        // A new window has alarms of its own.
        desk.act("consumer_reply", "c_late", json!({ "content": "还没有" })).await.data();
        desk.server.clock.set(NOW + 120 + 72 * HOUR + 1);
        dispatcher.turn().await.unwrap();
        assert_eq!(alarms(&receiver)[1..], [("c_late".to_owned(), 0)]);
    });
}

#[test]
fn after_a_long_night_only_the_last_alarm_of_each_is_told() {
    on_each_database(async |database| {
        let desk = desk(database).await;
        let receiver = watched(&desk).await;
        let past = complaint("c_past", NOW);
        let soon = complaint("c_soon", NOW + 48 * HOUR);
        let far = complaint("c_far", NOW + 96 * HOUR);
        desk.server.put(&desk.shop, &[past, soon, far]).await;
        desk.dispatcher().turn().await.unwrap();
        desk.server.clock.set(NOW + 117 * HOUR);
        desk.dispatcher().turn().await.unwrap();
        let mut told = alarms(&receiver);
        told.sort();
        assert_eq!(told, [("c_past".to_owned(), 0), ("c_soon".to_owned(), 4)]);
    });
}

/// How a database reads what is asked each second.
async fn plan(database: &Database, sql: &str) -> String {
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(file).unwrap();
        let mut statement =
            connection.prepare(&format!("explain query plan {}", sql.replace('$', "?"))).unwrap();
        let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3)).map(Result::unwrap);
        return rows.collect::<Vec<_>>().join("\n");
    }
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let most = (1..10).take_while(|at| sql.contains(&format!("${at}"))).count();
    let nulls = vec!["null"; most].join(", ");
    // Empty tables are soonest read whole, and sorted.
    const BY_INDEX: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
         set enable_bitmapscan = off; set enable_sort = off; set enable_incremental_sort = off";
    client.batch_execute(BY_INDEX).await.unwrap();
    client.batch_execute(&format!("prepare one as {sql}")).await.unwrap();
    let rows = client.simple_query(&format!("explain execute one({nulls})")).await.unwrap();
    let line = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_asked_each_second_is_asked_of_an_index() {
    on_each_database(async |database| {
        let _server = Server::start(database).await;
        let of_first = if database.url.starts_with("sqlite:") { "PRIMARY KEY" } else { "subscriptions_pkey" };
        let indexes = [of_first, "subscriptions_due", "subscriptions_by_report", "complaints_due"];
        for (sql, index) in LOOKS.iter().zip(indexes) {
            let plan = plan(database, sql).await;
            assert!(plan.contains(index), "{sql}\n{plan}");
            let sorts = ["Seq Scan", "Sort", "TEMP B-TREE"];
            assert!(sorts.iter().all(|sort| !plan.contains(sort)), "{sql}\n{plan}");
        }
    });
}
