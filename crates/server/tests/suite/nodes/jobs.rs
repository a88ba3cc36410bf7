//! Jobs that one node at a time does.

use std::time::Duration;

use serde_json::json;
use tousu::jobs::{Kept, Tidying, tidy};
use tousu::store::{ShopId, Store, Tidied};

use super::two_nodes;
use crate::support::*;

const DAY: i64 = 24 * 3600;

/// What an operator would see of the shop's log: first version, entries, and from where on it is whole.
async fn log(store: &Store, shop: &ShopId) -> (i64, i64, i64) {
    let sql = "select coalesce(min(version), 0), count(*),
             (select changes_after from shops where shop_id = $1) from changes where shop_id = $1";
    let mut tx = store.read().await.unwrap();
    let read = tx.query(shop, sql, &[], |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)));
    read.await.unwrap().pop().unwrap()
}

async fn version(store: &Store, shop: &ShopId) -> i64 {
    store.read().await.unwrap().version(shop).await.unwrap().unwrap()
}

/// Puts that many complaints into the shop and changes them all `times` times.
async fn change_again_and_again(server: &Server, shop: &ShopId, complaints: usize, times: usize) {
    for time in 0..=times {
        let mut changed: Vec<_> = (0..complaints).map(|id| complaint(&format!("c_{id}"), NOW)).collect();
        for complaint in &mut changed {
            complaint.complaint_reason = format!("reason {time}");
        }
        server.put(shop, &changed).await;
    }
}

/// What is wrong in the database, but for its clock, which is not the test's.
async fn wrong(store: &Store) -> Vec<String> {
    let findings = store.examine(NOW).await.unwrap();
    let bad = findings.into_iter().filter(|finding| !finding.good && !finding.what.contains("clock"));
    bad.map(|finding| format!("{}: {}", finding.what, finding.seen)).collect()
}

#[test]
fn a_lease_is_one_nodes_until_it_runs_out() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await.map(|server| server.store.clone());
        let claim = async |store: &Store, holder, now| store.claim("job", holder, now, 60).await.unwrap();
        assert!(claim(&one, "one", NOW).await);
        assert!(!claim(&other, "other", NOW + 59).await);
        assert!(claim(&one, "one", NOW + 59).await, "renewed");
        assert!(!claim(&other, "other", NOW + 60).await);
        assert!(!claim(&other, "other", NOW + 59 + 59).await);
        assert!(claim(&other, "other", NOW + 59 + 60).await, "run out");
        assert!(!claim(&one, "one", NOW + 59 + 60).await);
        assert!(other.claim("another job", "one", NOW, 60).await.unwrap());
        one.release("job", "one").await.unwrap();
        assert!(!claim(&one, "one", NOW + 59 + 60).await, "who does not hold it cannot give it back");
        other.release("job", "other").await.unwrap();
        assert!(claim(&one, "one", NOW + 59 + 60).await);
        // Of many at once, one.
        for round in 0..20 {
            let now = NOW + 1000 * round;
            let (mine, theirs) = tokio::join!(claim(&one, "one", now), claim(&other, "other", now));
            assert!(mine != theirs, "both or none in round {round}");
        }
    });
}

#[test]
fn tidying_takes_what_is_outdated_and_nothing_else() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.storage.changes_kept = 7).await;
        let (quiet, busy) = (server.shop("appQuiet").await, server.shop("appBusy").await);
        let app = server.app(&busy).await;
        change_again_and_again(&server, &busy, 3, 20).await;
        let keyed = json!({
            "access_token": server.token_for(&busy, &app, 300_000).await,
            "complaint_id": "c_0",
            "content": "once",
            "idempotency_key": "once",
        });
        assert_eq!(server.post("/tousu.complaint.note/1.0.0", &keyed).await.code(), 0);
        // Each of an app of its own, since a new token clears away the dead ones of its app.
        let mut tokens = Vec::new();
        for life in [100, 101, 200_000] {
            let app = server.app(&busy).await;
            tokens.push(server.token_for(&busy, &app, life).await);
        }
        server.clock.set(NOW + 100 + DAY);
        let token = server.token_for(&busy, &app, 7200).await;
        let (before, at) = (server.list(&token, json!({})).await, version(&server.store, &busy).await);
        assert_eq!(log(&server.store, &busy).await.1, 61);

        let done = tidy(&server.store, (&server.settings).into(), &server.clock, "me").await.unwrap();
        // The last versions are those of the four apps and four tokens: of the seven kept, none has changes.
        assert_eq!(
            done,
            Some(Tidied { tokens: 1, calls: 1, changes: 61, deliveries: 0, sessions: 0, usage: 0 })
        );
        assert_eq!(version(&server.store, &busy).await, at, "nothing that can be seen has changed");
        let left = server
            .store
            .read()
            .await
            .unwrap()
            .query(
                &busy,
                "select expires_at from tokens where shop_id = $1 order by expires_at",
                &[],
                |row| row.int(0),
            )
            .await
            .unwrap();
        assert_eq!(left, [NOW + 101, NOW + 100 + DAY + 7200, NOW + 200_000, NOW + 300_000]);
        assert_eq!(wrong(&server.store).await, [""; 0]);
        assert_eq!(server.list(&token, json!({})).await.text, before.text);
        assert_eq!(server.list(&tokens[2], json!({})).await.text, before.text);

        // The log of the versions that are kept stays, to the last one.
        change_again_and_again(&server, &busy, 3, 20).await;
        let at = version(&server.store, &busy).await;
        server.clock.set(NOW + 2 * DAY);
        let done = tidy(&server.store, (&server.settings).into(), &server.clock, "me").await.unwrap();
        assert_eq!(
            done,
            Some(Tidied { tokens: 1, calls: 0, changes: 3 * (21 - 7), deliveries: 0, sessions: 0, usage: 0 })
        );
        assert_eq!(log(&server.store, &busy).await, (at - 6, 21, at - 7));
        assert_eq!(log(&server.store, &quiet).await, (0, 0, 0));
        assert_eq!(wrong(&server.store).await, [""; 0]);
    });
}

#[test]
fn a_long_log_goes_in_small_batches() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.storage.changes_kept = 0).await;
        let shops = [server.shop("appLong").await, server.shop("appLonger").await];
        for shop in &shops {
            change_again_and_again(&server, shop, 300, 8).await;
        }
        let kept: Kept = (&server.settings).into();
        let mut tidying = Tidying::begin(&server.store, kept, &server.clock, "me").await.unwrap().unwrap();
        let (mut last, mut steps) = (0, 0);
        while tidying.step().await.unwrap() {
            let done = tidying.done.changes;
            assert!(done - last < 1000 + 300, "{} at once", done - last);
            // Between any two steps the log is whole from where it says it is.
            assert_eq!(wrong(&server.store).await, [""; 0]);
            (last, steps) = (done, steps + i32::from(done > last));
        }
        assert_eq!((tidying.done.changes, steps), (2 * 2400, 2 * 2));
        for shop in &shops {
            assert_eq!(log(&server.store, shop).await, (0, 0, 9));
        }
    });
}

#[test]
fn of_two_nodes_one_tidies() {
    on_each_database(async |database| {
        let nodes = two_nodes(database, |settings| settings.storage.changes_kept = 0).await;
        let [one, other] = &nodes;
        let shop = one.shop("appTwo").await;
        for _ in 0..10 {
            change_again_and_again(one, &shop, 2, 2).await;
            let (mine, theirs) = tokio::join!(
                tidy(&one.store, (&one.settings).into(), &one.clock, "one"),
                tidy(&other.store, (&other.settings).into(), &other.clock, "other"),
            );
            let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
            assert!(mine.is_some() != theirs.is_some(), "{mine:?} {theirs:?}");
            assert!(mine.or(theirs).unwrap().changes >= 4);
            // Nor does the other do it again before it is due.
            let idle = if mine.is_some() { other } else { one };
            let holder = if mine.is_some() { "other" } else { "one" };
            one.clock.advance_micros(3599 * 1_000_000);
            let again = tidy(&idle.store, (&idle.settings).into(), &idle.clock, holder).await.unwrap();
            assert_eq!(again, None);
            one.clock.advance_micros(1_000_000);
        }
    });
}

#[test]
fn whoever_works_keeps_the_lease_and_whoever_is_stuck_loses_it() {
    on_each_database(async |database| {
        let nodes = two_nodes(database, |settings| settings.storage.changes_kept = 0).await;
        let [one, other] = &nodes;
        for number in 0..6 {
            let shop = one.shop(&format!("appShop{number}")).await;
            change_again_and_again(one, &shop, 1, 1).await;
        }
        let begin = async |node: &Server, holder| {
            let begun = Tidying::begin(&node.store, (&node.settings).into(), &node.clock, holder).await;
            begun.unwrap().is_some()
        };
        let kept: Kept = (&one.settings).into();
        let mut tidying = Tidying::begin(&one.store, kept, &one.clock, "one").await.unwrap().unwrap();
        for _ in 0..4 {
            one.clock.advance_micros(50 * 1_000_000);
            assert!(tidying.step().await.unwrap());
            assert!(!begin(other, "other").await);
        }
        let before = tidying.done;
        one.clock.advance_micros(60 * 1_000_000);
        assert!(begin(other, "other").await);
        assert!(!tidying.step().await.unwrap(), "it sees that another went on");
        assert_eq!(tidying.done, before);
        let rest = tidy(&other.store, kept, &other.clock, "other").await.unwrap().unwrap();
        assert_eq!(before.changes + rest.changes, 6);
    });
}

#[test]
fn tidying_beside_writers_leaves_the_log_whole() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |settings| settings.storage.changes_kept = 3).await;
        let shop = one.shop("appRace").await;
        let (mut taken, mut written) = (0, 0);
        for _ in 0..25 {
            one.clock.advance_micros(3600 * 1_000_000);
            let writing = change_again_and_again(&one, &shop, 1, 5);
            let tidying = tidy(&other.store, (&other.settings).into(), &other.clock, "other");
            let (_, done) = tokio::join!(writing, tidying);
            taken += done.unwrap().unwrap().changes as i64;
            written += 6;
        }
        let (first, entries, whole_after) = log(&one.store, &shop).await;
        // The first of all added the complaint.
        assert_eq!(taken + entries, written - 1);
        assert!(taken > written / 2, "little was done beside the writer");
        let at = version(&one.store, &shop).await;
        assert_eq!((at, first, entries), (written, whole_after + 1, at - whole_after));
        assert_eq!(wrong(&one.store).await, [""; 0]);
    });
}

/// Tidying takes no version, but its turn. (SQLite has one writer at a time anyway.)
#[test]
fn tidying_waits_for_whoever_writes() {
    on_postgres(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appTurns").await;
        let app = one.app(&shop).await;
        one.token_for(&shop, &app, 60).await;
        one.clock.set(NOW + 60 + DAY);
        let (tx, _) = one.store.write(&shop).await.unwrap().unwrap();
        let tidying = tidy(&other.store, (&other.settings).into(), &other.clock, "other");
        let mut tidying = std::pin::pin!(tidying);
        let early = tokio::time::timeout(Duration::from_millis(200), &mut tidying).await;
        assert!(early.is_err(), "it did not wait: {early:?}");
        tx.commit().await.unwrap();
        assert_eq!(
            tidying.await.unwrap(),
            Some(Tidied { tokens: 1, calls: 0, changes: 0, deliveries: 0, sessions: 0, usage: 0 })
        );
    });
}
