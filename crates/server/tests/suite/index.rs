//! Totals and pages from memory against the database's own count, in the same snapshot, while others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tousu::complaint::Complaint;
use tousu::index::{Indexes, Lookup};
use tousu::remembered::Moment;
use tousu::store::{Incoming, ShopId, Store, Tx};
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, Overtime, State};
use tousu_wire::complaint_list::{Filter, Page};

use crate::support::*;

/// Changes on each database.
const CHANGES: usize = 100_000;
const BATCH: usize = 100;
const SHOPS: usize = 3;
/// Complaints that a shop has in the end.
const IDS: usize = 20_000;

/// Some version of the complaint of that number: close to others in time, with a deadline that passes.
fn some(rng: &mut StdRng, id: usize) -> Complaint {
    let mut row = complaint(&format!("c_{id:05}"), NOW - 5000 + (id * 7919 % 5000) as i64);
    if rng.random_range(0..20) == 0 {
        row.complaint_time -= rng.random_range(0..3);
    }
    row.channel_type = ChannelType::from(rng.random_range(1..=5));
    row.state = State::from(rng.random_range(0..=3));
    row.operate_end_time = NOW + rng.random_range(-30..60);
    if row.state == State::Done {
        row.closed_at = Some(NOW);
        row.closed_overtime = Some(Overtime::from(rng.random_range(1..=2)));
    }
    row
}

fn some_filter(rng: &mut StdRng) -> (Filter, Page) {
    let mut maybe = |from: i64, to: i64| rng.random_bool(0.5).then(|| rng.random_range(from..=to));
    let (channel, state, overtime) = (maybe(1, 4), maybe(0, 2), maybe(1, 2));
    let (start, end) = (maybe(NOW - 5000, NOW - 2500), maybe(NOW - 2500, NOW));
    let filter = Filter {
        complaint_id: None,
        channel_type: channel.map(ChannelType::from),
        state: state.map(State::from),
        is_overtime: overtime.map(Overtime::from),
        start_time: start.map(BeijingTime::from_epoch),
        end_time: end.map(BeijingTime::from_epoch),
    };
    let size = *[1, 10, 50].get(rng.random_range(0..3)).unwrap();
    (filter, Page { offset: rng.random_range(0..200) * size, size })
}

async fn put(store: &Store, shop: &ShopId, complaints: Vec<Complaint>) {
    let incoming = |complaint| Incoming { complaint, details: Default::default() };
    let batch: Vec<Incoming> = complaints.into_iter().map(incoming).collect();
    store.take_in(shop, BY_TEST, &batch).await.unwrap().unwrap();
}

/// Asks the index and the database of one snapshot, at a moment near [`NOW`]; `false` if the index left it to
/// the database, or is ahead.
async fn agrees(indexes: &Arc<Indexes>, tx: &mut Tx, shop: &ShopId, rng: &mut StdRng) -> bool {
    let version = tx.version(shop).await.unwrap().unwrap();
    let moment = Moment { version, now: NOW + rng.random_range(-20..50) };
    let (filter, page) = some_filter(rng);
    let Lookup::Found(found) = indexes.find(tx, shop, moment, &filter, page).await.unwrap() else {
        return false;
    };
    let mut numbers = Vec::new();
    tx.page(shop, &filter, page, moment.now, |number, _| numbers.push(number)).await.unwrap();
    let total = tx.count(shop, &filter, moment.now).await.unwrap();
    assert_eq!((found.total, &found.numbers), (total, &numbers), "{filter:?} {page:?} at {moment:?}");
    true
}

#[test]
fn it_agrees_with_a_recount_while_others_write() {
    on_each_database(async |database| {
        let server = shared(Server::start(database).await);
        let mut shops = Vec::new();
        for at in 0..SHOPS {
            shops.push(server.shop(&format!("appIndex{at}")).await);
        }
        let (shops, done) = (Arc::new(shops), Arc::new(AtomicBool::new(false)));
        // Two nodes, each of which sees every shop.
        let nodes = [0, 1].map(|_| Indexes::new(server.store.clone(), 64 << 20));
        let (asked, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(CHANGES / BATCH)));
        let readers = [0u64, 1].map(|at| {
            let (server, shops, done, asked) = (server.clone(), shops.clone(), done.clone(), asked.clone());
            let indexes = nodes[at as usize].clone();
            tokio::spawn(async move {
                let mut rng = StdRng::seed_from_u64(at);
                while !done.load(Ordering::Relaxed) {
                    let shop = &shops[rng.random_range(0..SHOPS)];
                    let mut tx = server.store.read().await.unwrap();
                    asked.fetch_add(
                        usize::from(agrees(&indexes, &mut tx, shop, &mut rng).await),
                        Ordering::Relaxed,
                    );
                }
            })
        });
        let writers = [2u64, 3].map(|seed| {
            let (server, shops, left) = (server.clone(), shops.clone(), left.clone());
            tokio::spawn(async move {
                let mut rng = StdRng::seed_from_u64(seed);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let shop = &shops[rng.random_range(0..SHOPS)];
                    if rng.random_range(0..300) == 0 {
                        let (mut tx, version) = server.store.write(shop).await.unwrap().unwrap();
                        tx.remove_from(shop, version, BY_TEST).await.unwrap();
                        tx.commit().await.unwrap();
                        continue;
                    }
                    // Neighbours, so that some are new and some are there.
                    let first = rng.random_range(0..IDS);
                    let batch = (first..first + BATCH).map(|id| some(&mut rng, id % IDS)).collect();
                    put(&server.store, shop, batch).await;
                }
            })
        });
        for writer in writers {
            writer.await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap();
        }
        let asked = asked.load(Ordering::Relaxed);
        assert!(asked > 100, "only {asked} questions were answered from memory meanwhile");
        for shop in shops.iter() {
            for indexes in &nodes {
                for now in [NOW - 40, NOW, NOW + 1, NOW + 100] {
                    let mut tx = server.store.read().await.unwrap();
                    let version = tx.version(shop).await.unwrap().unwrap();
                    let moment = Moment { version, now };
                    let differences = indexes.differences(&mut tx, shop, moment, false).await.unwrap();
                    assert_eq!(differences, [] as [String; 0]);
                }
            }
        }
    });
}

/// Reads the list as a server would, until it comes from memory.
async fn until_in_memory(store: &Store, indexes: &Arc<Indexes>, shop: &ShopId) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let mut tx = store.read().await.unwrap();
        let moment = Moment { version: tx.version(shop).await.unwrap().unwrap(), now: NOW };
        let page = Page { offset: 0, size: 1 };
        if let Lookup::Found(_) = indexes.find(&mut tx, shop, moment, &Filter::default(), page).await.unwrap()
        {
            return;
        }
        drop(tx);
        tokio::task::yield_now().await;
    }
    panic!("the shop does not come into memory");
}

async fn assert_right(store: &Store, indexes: &Arc<Indexes>, shop: &ShopId) {
    let mut tx = store.read().await.unwrap();
    let moment = Moment { version: tx.version(shop).await.unwrap().unwrap(), now: NOW };
    let differences = indexes.differences(&mut tx, shop, moment, false).await.unwrap();
    assert_eq!(differences, [] as [String; 0]);
}

/// A shop too large to be read within a call: answered at once all the same, right before and after.
#[test]
fn a_large_shop_is_read_in_the_background() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.limits.calls_factor = 1000).await;
        let shop = server.shop("appLarge").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        let mut rng = StdRng::seed_from_u64(5);
        for first in (0..40_000).step_by(5000) {
            put(&server.store, &shop, (first..first + 5000).map(|id| some(&mut rng, id)).collect()).await;
        }
        let filter = serde_json::json!({ "state": 0, "page": 3, "page_size": 7 });
        let first = server.list(&token, filter.clone()).await;
        let indexes = Indexes::new(server.store.clone(), 64 << 20);
        until_in_memory(&server.store, &indexes, &shop).await;
        assert_right(&server.store, &indexes, &shop).await;
        // More than is followed within a call.
        for first in (40_000..70_000).step_by(5000) {
            put(&server.store, &shop, (first..first + 5000).map(|id| some(&mut rng, id)).collect()).await;
        }
        until_in_memory(&server.store, &indexes, &shop).await;
        assert_right(&server.store, &indexes, &shop).await;
        // The log has been trimmed past where the index is.
        put(&server.store, &shop, (0..10).map(|id| some(&mut rng, id)).collect()).await;
        let (mut tx, _) = server.store.write(&shop).await.unwrap().unwrap();
        const TRIM: &str = "update shops set changes_after = version - 1 where shop_id = $1";
        tx.execute(&shop, TRIM, &[]).await.unwrap();
        tx.execute(&shop, "delete from changes where shop_id = $1", &[]).await.unwrap();
        tx.commit().await.unwrap();
        until_in_memory(&server.store, &indexes, &shop).await;
        assert_right(&server.store, &indexes, &shop).await;
        assert!(first.total() > 5000 && first.ids().len() == 7);
    });
}

/// Memory is bounded: what is used least goes, and answers stay right.
#[test]
fn memory_is_bounded() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let mut rng = StdRng::seed_from_u64(6);
        let mut shops = Vec::new();
        for at in 0..20 {
            let shop = server.shop(&format!("appBound{at}")).await;
            put(&server.store, &shop, (0..2000).map(|id| some(&mut rng, id)).collect()).await;
            shops.push(shop);
        }
        let bound = 100_000;
        let indexes = Indexes::new(server.store.clone(), bound);
        for _ in 0..3 {
            for shop in &shops {
                assert_right(&server.store, &indexes, shop).await;
                let (bytes, kept) = indexes.usage();
                assert!(bytes <= bound && (1..10).contains(&kept), "{bytes} bytes, {kept} shops");
            }
        }
    });
}
