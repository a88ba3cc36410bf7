//! Every shop that servers are to fetch, each fetched by one node at a time: whoever has its lease.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::fetching::{Fetching, Step};
use super::plan::Terms;
use super::told::Lag;
use super::upstream_of;
use crate::clock::Clock;
use crate::store::{Mirror, Result, ShopId, Store};

/// Between two looks at which shops are to be fetched.
const LOOK: Duration = Duration::from_secs(2);
/// The longest time until it is looked at the clock again.
const NAP: Duration = Duration::from_secs(1);
/// After the store failed, or while another node is at it.
const PAUSE: Duration = Duration::from_secs(5);

/// Fetches every shop that is to be fetched, until `stop` is ready.
pub async fn run(store: Store, clock: Clock, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut at_work: HashMap<ShopId, Worker> = HashMap::new();
    let (mut failing, mut measured) = (false, HashSet::new());
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = &mut stop => break,
        }
        match all(&store).await {
            Ok(all) => {
                failing = false;
                measure(&all, &mut measured, clock.epoch());
                see_to(&mut at_work, wanted(all), &store, &clock).await;
            }
            Err(error) if failing => tracing::debug!(%error, "mirrors could not be looked up"),
            Err(error) => {
                tracing::warn!(%error, "mirrors could not be looked up");
                failing = true;
            }
        }
    }
    for worker in at_work.into_values() {
        worker.end().await;
    }
}

/// One shop's work, and how it was set up.
struct Worker {
    setup: Mirror,
    stop: oneshot::Sender<()>,
    work: JoinHandle<()>,
}

impl Worker {
    async fn end(self) {
        drop(self.stop);
        if self.work.await.is_err() {
            tracing::error!("a mirror broke off");
        }
    }
}

async fn all(store: &Store) -> Result<Vec<Mirror>> {
    store.read().await?.mirrors().await
}

/// The mirrors that servers fetch, without how far they are.
fn wanted(all: Vec<Mirror>) -> Vec<Mirror> {
    let setup = |mirror: Mirror| Mirror { progress: String::new(), standing: Default::default(), ..mirror };
    all.into_iter().filter(|mirror| mirror.enabled).map(setup).collect()
}

/// How far mirrors are behind, for the metrics of every node, whichever fetches them. One that was removed is not behind.
fn measure(all: &[Mirror], measured: &mut HashSet<ShopId>, now: i64) {
    let lag = |shop: &ShopId| metrics::gauge!("tousu_mirror_lag_seconds", "app_id" => shop.to_string());
    for gone in measured.iter().filter(|shop| !all.iter().any(|mirror| mirror.shop == **shop)) {
        lag(gone).set(0.0);
    }
    for mirror in all {
        let Lag { shop, seconds, succeeded_at, .. } = Lag::of(mirror, now);
        if let Some(seconds) = seconds {
            lag(&shop).set(seconds as f64);
        }
        if let Some(at) = succeeded_at {
            metrics::gauge!("tousu_mirror_last_success_seconds", "app_id" => shop.to_string()).set(at as f64);
        }
        measured.insert(shop);
    }
}

async fn see_to(at_work: &mut HashMap<ShopId, Worker>, wanted: Vec<Mirror>, store: &Store, clock: &Clock) {
    let ended: Vec<ShopId> = at_work
        .iter()
        .filter(|(_, worker)| worker.work.is_finished() || !wanted.contains(&worker.setup))
        .map(|(shop, _)| shop.clone())
        .collect();
    for shop in ended {
        if let Some(worker) = at_work.remove(&shop) {
            worker.end().await;
        }
    }
    for setup in wanted {
        if at_work.contains_key(&setup.shop) {
            continue;
        }
        let (stop, stopped) = oneshot::channel();
        let work = tokio::spawn(fetch(store.clone(), setup.clone(), clock.clone(), stopped));
        at_work.insert(setup.shop.clone(), Worker { setup, stop, work });
    }
}

async fn fetch(store: Store, setup: Mirror, clock: Clock, mut stopped: oneshot::Receiver<()>) {
    let shop = setup.shop.clone();
    let mut fetching = match open(store, &setup, clock.clone()).await {
        Ok(fetching) => fetching,
        Err(error) => {
            tracing::warn!(%shop, %error, "a mirror cannot begin");
            // It is tried again, but not at once.
            let _ = tokio::time::timeout(PAUSE, &mut stopped).await;
            return;
        }
    };
    loop {
        let pause = tokio::select! {
            step = fetching.step() => match step {
                Ok(Step::Worked) => Duration::ZERO,
                Ok(Step::Rest(until)) => {
                    let seconds = u64::try_from(until.saturating_sub(clock.epoch())).unwrap_or_default();
                    Duration::from_secs(seconds).min(NAP)
                }
                Ok(Step::Others) => PAUSE,
                Err(error) => {
                    tracing::warn!(%shop, %error, "what the upstream shows was not written");
                    PAUSE
                }
            },
            // What is under way is taken back, and asked again by whoever goes on.
            _ = &mut stopped => break,
        };
        if !pause.is_zero() && tokio::time::timeout(pause, &mut stopped).await.is_ok() {
            break;
        }
    }
    // Another node need not wait.
    if let Err(error) = fetching.release().await {
        tracing::debug!(%shop, %error, "a lease was not given back");
    }
}

async fn open(store: Store, setup: &Mirror, clock: Clock) -> anyhow::Result<Fetching> {
    let upstream = upstream_of(setup, store.vault())?
        .ok_or_else(|| anyhow::anyhow!("没有保存密钥 ¦ no secret is kept for it"))?;
    let terms = Terms { every: setup.every_seconds, ..Terms::default() };
    Fetching::open(store, setup.shop.clone(), &upstream, setup.share, terms, clock).await
}
