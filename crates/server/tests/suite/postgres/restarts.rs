//! PostgreSQL is stopped and started again and again while calls and writes go on.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tousu::store::{ShopId, StoreError};

use super::{BUSY, PATIENCE, ready, server_on, write};
use crate::cluster::Cluster;
use crate::program::Program;
use crate::support::*;

/// What the server is going through. Between these, anything may happen.
const UP: usize = 1;
const DOWN: usize = 2;
const OVER: usize = 3;

/// What became of a call or a write that began and ended in the same phase, if it did.
struct Event {
    phase: Option<usize>,
    took: Duration,
    what: What,
}

enum What {
    /// A call of the list interface was answered with this code.
    Answered(i64),
    /// This complaint was acknowledged.
    Kept(String),
    NotKept,
}

/// Who calls or writes for as long as it is not over.
#[derive(Clone)]
struct Load {
    server: Arc<Server>,
    shop: ShopId,
    token: String,
    phase: Arc<AtomicUsize>,
    events: UnboundedSender<Event>,
}

impl Load {
    async fn observe(&self, work: impl Future<Output = What>) {
        let (before, began) = (self.phase.load(Ordering::SeqCst), Instant::now());
        let what = work.await;
        let phase = Some(before).filter(|before| *before == self.phase.load(Ordering::SeqCst));
        let _ = self.events.send(Event { phase, took: began.elapsed(), what });
        tokio::task::yield_now().await;
    }

    fn is_over(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == OVER
    }

    async fn call(self, filter: Value) {
        while !self.is_over() {
            let answered =
                async { What::Answered(self.server.list(&self.token, filter.clone()).await.code()) };
            self.observe(answered).await;
        }
    }

    /// Brings one complaint after the other, each until it is acknowledged.
    async fn write(self, who: &str) {
        let mut number = 0;
        while !self.is_over() {
            let id = format!("{who}_{number:04}");
            let written = async {
                match write(&self.server.store, &self.shop, &id).await {
                    Ok(()) => {
                        number += 1;
                        What::Kept(id.clone())
                    }
                    Err(StoreError::Gone(_) | StoreError::Unknown(_)) => What::NotKept,
                    Err(error) => panic!("{error}"),
                }
            };
            self.observe(written).await;
        }
    }
}

/// What was heard of the load so far.
struct Heard {
    events: UnboundedReceiver<Event>,
    kept: HashSet<String>,
    /// How long calls took while PostgreSQL was stopped.
    refused: Vec<Duration>,
}

impl Heard {
    /// Listens until so many calls and writes of that phase ended as they must in it.
    async fn until(&mut self, phase: usize, calls: usize, writes: usize) {
        let (mut called, mut written) = (0, 0);
        let began = Instant::now();
        while called < calls || written < writes {
            let event =
                tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("nobody hangs").unwrap();
            assert!(began.elapsed() < PATIENCE, "{called} calls and {written} writes in phase {phase}");
            assert!(event.took < PATIENCE, "{:?}", event.took);
            let is_now = event.phase == Some(phase);
            match event.what {
                What::Answered(code) => {
                    assert!(code == 0 || code == BUSY, "{code}");
                    if is_now && phase == DOWN {
                        assert_eq!(code, BUSY, "answered without a database");
                        self.refused.push(event.took);
                    }
                    called += usize::from(is_now && (code == 0) == (phase == UP));
                }
                What::Kept(id) => {
                    assert!(!is_now || phase == UP, "{id} is kept nowhere");
                    written += usize::from(is_now);
                    assert!(self.kept.insert(id));
                }
                What::NotKept => written += usize::from(is_now && phase == DOWN),
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_ten_restarts_under_load() {
    run(async {
        let cluster = Cluster::new(&[]);
        let server = shared(server_on(cluster.url()).await);
        let shop = server.shop("appRestart").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        let base = server.store.read().await.unwrap().version(&shop).await.unwrap().unwrap();
        let phase = Arc::new(AtomicUsize::new(UP));
        let (events, received) = unbounded_channel();
        let mut heard = Heard { events: received, kept: HashSet::new(), refused: Vec::new() };
        let load = Load { server: server.clone(), shop: shop.clone(), token: token.clone(), phase, events };
        let mut tasks = Vec::new();
        for who in ["one", "two", "three"] {
            tasks.push(tokio::spawn(load.clone().write(who)));
        }
        for filter in
            [json!({}), json!({ "is_overtime": 1, "page_size": 5 }), json!({ "state": 0, "page": 2 })]
        {
            tasks.push(tokio::spawn(load.clone().call(filter)));
        }
        let enter = |phase: usize| load.phase.store(phase, Ordering::SeqCst);
        for round in 0..10 {
            heard.until(UP, 15, 15).await;
            enter(0);
            tokio::task::block_in_place(|| cluster.stop(["fast", "immediate"][round % 2]));
            enter(DOWN);
            heard.until(DOWN, 15, 5).await;
            assert_eq!(ready(&server).await, (503, "unreachable".into()));
            enter(0);
            tokio::task::block_in_place(|| cluster.start());
            enter(UP);
        }
        heard.until(UP, 30, 30).await;
        assert_eq!(ready(&server).await, (200, "ok".into()));
        enter(OVER);
        for task in tasks {
            task.await.unwrap();
        }
        drop(load);
        while let Some(event) = heard.events.recv().await {
            if let What::Kept(id) = event.what {
                assert!(heard.kept.insert(id));
            }
        }

        heard.refused.sort();
        let median = heard.refused[heard.refused.len() / 2];
        assert!(median < Duration::from_millis(250), "{median:?}");
        let (mut stored, mut total) = (HashSet::new(), 0);
        for page in 1.. {
            let answer = server.list(&token, json!({ "page": page, "page_size": 1000 })).await;
            total = answer.total() as usize;
            let ids = answer.ids();
            if ids.is_empty() {
                break;
            }
            for id in ids {
                assert!(stored.insert(id.clone()), "{id} is there twice");
            }
        }
        assert_eq!(stored.len(), total);
        let lost: Vec<_> = heard.kept.difference(&stored).collect();
        assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
        // Each writer may have stopped short of hearing of its last one.
        assert!(stored.len() <= heard.kept.len() + 3, "{} of {}", stored.len(), heard.kept.len());
        let version = server.store.read().await.unwrap().version(&shop).await.unwrap().unwrap();
        assert!(version - base >= heard.kept.len() as i64);
        assert_eq!(Program::on(&Database::at(cluster.url())).doctors_complaints(), [] as [Value; 0]);
    });
}
