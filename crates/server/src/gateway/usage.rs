//! How often each app calls: counted in memory, and added to the store now and then. No call waits for that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tousu_wire::BeijingTime;

use super::Gateway;
use crate::store::{Calls, Result, ShopId, Store};

/// Seconds for which a node keeps what it counted to itself, and that may be lost with it when it is killed.
const EVERY: Duration = Duration::from_secs(5);

/// The calls that were counted since the store was told.
#[derive(Default)]
pub(super) struct Usage {
    /// By app, mostly of one day.
    counted: Mutex<HashMap<(ShopId, String), Vec<OfDay>>>,
    /// Whoever tells the store: others wait, so that what they read then has all that was counted before.
    telling: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct OfDay {
    day: i64,
    calls: i64,
    refused: i64,
    last_at: i64,
}

impl Usage {
    /// Counts a call of that app. People are none: what stands for one has a colon in it, and no app's id has.
    pub(super) fn count(&self, app: &(ShopId, String), at: i64, is_refused: bool) {
        if app.1.contains(':') {
            return;
        }
        let day = BeijingTime::from_epoch(at).day();
        let one = OfDay { day, calls: 1, refused: is_refused.into(), last_at: at };
        let mut counted = self.counted.lock();
        match counted.get_mut(app) {
            Some(days) => add(days, one),
            None => {
                counted.insert(app.clone(), vec![one]);
            }
        }
    }

    /// Tells the store what was counted. What it could not be told is kept for the next time.
    pub(super) async fn flush(&self, store: &Store) -> Result<()> {
        let _turn = self.telling.lock().await;
        let counted = std::mem::take(&mut *self.counted.lock());
        let calls: Vec<Calls> = counted.into_iter().flat_map(|(app, days)| of_app(app, days)).collect();
        if calls.is_empty() {
            return Ok(());
        }
        let (added, told) = store.add_calls(&calls).await;
        let mut counted = self.counted.lock();
        for Calls { shop, client_id, day, calls, refused, last_at } in calls.into_iter().skip(added) {
            let days = counted.entry((shop, client_id)).or_default();
            add(days, OfDay { day, calls, refused, last_at });
        }
        told
    }
}

fn add(days: &mut Vec<OfDay>, more: OfDay) {
    match days.iter_mut().find(|of| of.day == more.day) {
        Some(of) => {
            of.calls += more.calls;
            of.refused += more.refused;
            of.last_at = of.last_at.max(more.last_at);
        }
        None => days.push(more),
    }
}

fn of_app((shop, client_id): (ShopId, String), days: Vec<OfDay>) -> impl Iterator<Item = Calls> {
    days.into_iter().map(move |OfDay { day, calls, refused, last_at }| Calls {
        shop: shop.clone(),
        client_id: client_id.clone(),
        day,
        calls,
        refused,
        last_at,
    })
}

/// Tells the store every few seconds, and once more at the end.
pub(super) async fn keep(gateway: Arc<Gateway>, mut end: oneshot::Receiver<()>) {
    let mut due = tokio::time::interval(EVERY);
    loop {
        let is_over = tokio::select! {
            _ = due.tick() => false,
            _ = &mut end => true,
        };
        if let Err(error) = gateway.usage.flush(&gateway.store).await {
            tracing::warn!(%error, "how often apps called was not written down, and is kept for later");
        }
        if is_over {
            return;
        }
    }
}
