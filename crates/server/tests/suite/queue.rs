//! How many complaints wait for what, against a recount of the store.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::complaint::Complaint;
use tousu_wire::codes::{CodeTable, Overtime, State};
use tousu_wire::complaint_search::ComplaintSearch;
use tousu_wire::queue::QueueGet;
use tousu_wire::shop_settings::SettingsSet;
use tousu_wire::{BeijingTime, Endpoint};

use crate::handling::Desk;
use crate::support::*;

const HOUR: i64 = 3600;

fn some(rng: &mut StdRng, id: usize) -> Complaint {
    let mut complaint = complaint(&format!("c_{id:04}"), NOW - rng.random_range(0..100_000));
    complaint.state = State::from(*[0, 0, 1, 2, 2, 3].choose(rng).unwrap());
    let edges = [-1, 0, 1, HOUR, 2 * HOUR, 2 * HOUR + 1, 4 * HOUR, 4 * HOUR + 1, 24 * HOUR];
    complaint.operate_end_time = NOW + edges.choose(rng).unwrap();
    if complaint.state == State::Done {
        complaint.closed_at = Some(NOW);
        complaint.closed_overtime = Some(Overtime::from(rng.random_range(1..=2)));
    }
    complaint
}

/// The same again, complaint by complaint.
async fn recount(desk: &Desk, ids: &[String], hours: i64) -> Value {
    let now = desk.server.clock.epoch();
    let mut tx = desk.server.store.read().await.unwrap();
    let mut all = Vec::new();
    for id in ids {
        all.push(tx.complaint(&desk.shop, id).await.unwrap().unwrap().complaint);
    }
    let of = |state: i64| all.iter().filter(|one| one.state.number() == state).count();
    let open = || all.iter().filter(|one| one.state != State::Done);
    let soon = now..=now + hours * HOUR;
    json!({
        "version": tx.version(&desk.shop).await.unwrap(),
        "as_of": BeijingTime::from_epoch(now),
        "pending": of(0),
        "processing": of(1),
        "due_soon": open().filter(|one| soon.contains(&one.operate_end_time)).count(),
        "overdue": open().filter(|one| one.operate_end_time < now).count(),
        "done": of(2),
        "due_soon_hours": hours,
    })
}

#[test]
fn the_tabs_agree_with_a_recount_whatever_is_in_memory() {
    on_each_database(async |database| {
        let mut rng = StdRng::seed_from_u64(51);
        let desk = Desk::open(database).await;
        // One that keeps no shop in memory.
        let other = Server::start_by(desk.server.clock.clone(), database, |settings| {
            settings.storage.index_bytes = 0;
            settings.limits.calls_factor = 1000;
        })
        .await;
        let empty = desk.call::<QueueGet>(json!({})).await;
        assert_eq!(empty.data(), &recount(&desk, &[], 4).await);
        let rows: Vec<Complaint> = (0..300).map(|id| some(&mut rng, id)).collect();
        desk.server.put(&desk.shop, &rows).await;
        let ids: Vec<String> = rows.iter().map(|row| row.complaint_id.clone()).collect();
        let mut hours = 4;
        for round in 0..12 {
            for _ in 0..5 {
                let (name, body, _) = crate::handling::acts().choose(&mut rng).cloned().unwrap();
                // Refused or not: what counts is what the complaints say afterwards.
                desk.act(name, ids.choose(&mut rng).unwrap(), body).await;
            }
            if round == 6 {
                hours = 2;
                desk.call::<SettingsSet>(json!({ "remind_hours": [24, 2, 1] })).await.data();
            }
            let expected = recount(&desk, &ids, hours).await;
            assert_eq!(desk.call::<QueueGet>(json!({})).await.data(), &expected, "{round}");
            let asked = json!({ "access_token": desk.token });
            assert_eq!(other.post(&QueueGet::path(), &asked).await.data(), &expected, "{round}");
            // Each tab counts what the search behind it finds.
            let now = desk.server.clock.epoch();
            let time = |at: i64| json!(BeijingTime::from_epoch(at));
            for (tab, search) in [
                ("pending", json!({ "state": [0] })),
                ("processing", json!({ "state": [1] })),
                ("due_soon", json!({ "due_after": time(now), "due_before": time(now + hours * HOUR) })),
                ("overdue", json!({ "due_before": time(now - 1) })),
                ("done", json!({ "state": [2] })),
            ] {
                let mut search = search;
                search["with_total"] = json!(1);
                let found = desk.call::<ComplaintSearch>(search).await.total();
                assert_eq!(json!(found), expected[tab], "{round} {tab}");
            }
            desk.server.clock.advance_micros(rng.random_range(1..HOUR) * 1_000_000);
        }
    });
}
