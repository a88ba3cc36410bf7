//! What is done in the background, by one node at a time: whoever has the lease.
//!
//! The lease only spares double work. Every step is right whoever else does it, too.

pub mod phones;

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, interval_at};
use tousu_wire::BeijingTime;

use crate::clock::Clock;
use crate::secrets;
use crate::sessions::Lasting;
use crate::settings::Settings;
use crate::store::{CALLS_KNOWN, Outdated, Result, ShopId, Store, Tidied};

/// Seconds between two tidyings, whichever nodes do them.
const TIDY_EVERY: i64 = 3600;
/// A node that has just started has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(300);
/// For so long after a token has expired it can still be seen in the database that there was one.
const TOKENS_KEPT: i64 = 24 * 3600;
/// For so many days it is known how often an app called `[ours]`: a year, and some.
const USAGE_KEPT_DAYS: i64 = 400;
/// After so many seconds without a sign of life another node goes on.
const LEASE: i64 = 60;
/// What goes in one transaction: few enough that nobody who writes to the shop waits long.
const BATCH: i64 = 1000;
/// Shops that are looked at in one snapshot.
const SHOPS: i64 = 100;

const DAY: i64 = 24 * 3600;

const TIDYING: &str = "tidying";

/// How long what is tidied is kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The log of changes, for so many of a shop's versions.
    pub changes_kept: u32,
    /// What became of deliveries, for so many days.
    pub deliveries_kept_days: u32,
    /// People's sessions.
    pub sessions: Lasting,
}

impl From<&Settings> for Kept {
    fn from(settings: &Settings) -> Self {
        let (storage, notices) = (&settings.storage, &settings.notices);
        Kept {
            changes_kept: storage.changes_kept,
            deliveries_kept_days: notices.deliveries_kept_days,
            sessions: settings.sessions.lasting(),
        }
    }
}

/// Does every job when it is due, until `stop` is ready.
pub async fn run(store: Store, settings: Kept, clock: Clock, stop: impl Future<Output = ()>) {
    let holder = secrets::random_text(16);
    let mut stop = pin!(stop);
    let mut due = interval_at(Instant::now() + FIRST_AFTER, Duration::from_secs(TIDY_EVERY.unsigned_abs()));
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = &mut stop => return,
        }
        let done = tokio::select! {
            done = tidy(&store, settings, &clock, &holder) => done,
            () = &mut stop => {
                // Another node need not wait.
                let _ = store.release(TIDYING, &holder).await;
                return;
            }
        };
        match done {
            Ok(None) => {}
            Ok(Some(done)) if done == Tidied::default() => tracing::debug!("nothing to tidy"),
            Ok(Some(Tidied { tokens, calls, changes, deliveries, sessions, usage })) => {
                tracing::info!(tokens, calls, changes, deliveries, sessions, usage, "tidied")
            }
            Err(error) => tracing::warn!(%error, "tidying failed"),
        }
    }
}

/// Takes away what is outdated, in all shops; `None` if another node is at it or has just done it.
pub async fn tidy(store: &Store, settings: Kept, clock: &Clock, holder: &str) -> Result<Option<Tidied>> {
    let Some(mut tidying) = Tidying::begin(store, settings, clock, holder).await? else { return Ok(None) };
    while tidying.step().await? {}
    loop {
        let over = store.tidy_sessions(settings.sessions, clock.epoch(), BATCH).await?;
        tidying.done.sessions += over;
        if over < BATCH.unsigned_abs() {
            break;
        }
    }
    // Nobody need do it again before it is due; this is in vain if another node went on.
    store.claim(TIDYING, holder, clock.epoch(), TIDY_EVERY).await?;
    Ok(Some(tidying.done))
}

/// A tidying under way.
pub struct Tidying<'a> {
    store: &'a Store,
    clock: &'a Clock,
    holder: &'a str,
    outdated: Outdated,
    renew_at: i64,
    /// The last shop that was looked at, and those up to it in which there is something to do.
    seen: ShopId,
    untidy: Vec<ShopId>,
    /// What was done up to now.
    pub done: Tidied,
}

impl<'a> Tidying<'a> {
    /// Begins one, unless another node is at it or has just done it.
    pub async fn begin(
        store: &'a Store,
        settings: Kept,
        clock: &'a Clock,
        holder: &'a str,
    ) -> Result<Option<Self>> {
        let now = clock.epoch();
        let outdated = Outdated {
            tokens_until: now - TOKENS_KEPT,
            calls_until: now - CALLS_KNOWN,
            deliveries_until: now - i64::from(settings.deliveries_kept_days) * DAY,
            versions_kept: i64::from(settings.changes_kept),
            usage_before: BeijingTime::from_epoch(now).day() - USAGE_KEPT_DAYS,
        };
        let (seen, untidy, done) = (ShopId::nobody(), Vec::new(), Tidied::default());
        let begun = Tidying { store, clock, holder, outdated, renew_at: now + LEASE / 3, seen, untidy, done };
        Ok(store.claim(TIDYING, holder, now, LEASE).await?.then_some(begun))
    }

    /// Does a little more. `false` when there is nothing left, or another node goes on.
    pub async fn step(&mut self) -> Result<bool> {
        let now = self.clock.epoch();
        if now >= self.renew_at {
            if !self.store.claim(TIDYING, self.holder, now, LEASE).await? {
                return Ok(false);
            }
            self.renew_at = now + LEASE / 3;
        }
        if let Some(shop) = self.untidy.last() {
            let done = self.store.tidy(shop, self.outdated, BATCH).await?;
            self.done.tokens += done.tokens;
            self.done.calls += done.calls;
            self.done.changes += done.changes;
            self.done.deliveries += done.deliveries;
            self.done.usage += done.usage;
            let most = [done.tokens, done.calls, done.changes, done.deliveries, done.usage].into_iter().max();
            if most < Some(BATCH.unsigned_abs()) {
                self.untidy.pop();
            }
            return Ok(true);
        }
        let mut tx = self.store.read().await?;
        let shops = tx.shops_after(&self.seen, SHOPS).await?;
        let found = !shops.is_empty();
        for shop in shops {
            if tx.is_untidy(&shop, self.outdated).await? {
                self.untidy.push(shop.clone());
            }
            self.seen = shop;
        }
        Ok(found)
    }
}
