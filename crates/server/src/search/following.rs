//! Keeps the index of words near what the shops have, by one node at a time. Searches are exact however far it is
//! behind; they only get slower.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Clock;
use crate::secrets;
use crate::settings::Storage;
use crate::store::{Result, ShopId, Store};

/// After so many seconds without a sign of life another node goes on.
const LEASE: i64 = 60;
/// Complaints of one transaction: few enough that nobody who writes to the shop waits long.
const BATCH: i64 = 500;
/// After so many steps in one shop what is known of how common words are is old.
const MANY_STEPS: u64 = 10;
/// Shops that are looked at in one snapshot.
const SHOPS: i64 = 500;

const FOLLOWING: &str = "search";

/// Follows the shops, as often as the settings say, until `stop` is ready.
pub async fn run(store: Store, settings: Storage, clock: Clock, stop: impl Future<Output = ()>) {
    if settings.search_follow_seconds == 0 {
        return;
    }
    let holder = secrets::random_text(16);
    let mut stop = pin!(stop);
    let mut due = interval(Duration::from_secs(settings.search_follow_seconds.into()));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = &mut stop => return,
        }
        let done = tokio::select! {
            done = follow(&store, &clock, &holder) => done,
            () = &mut stop => {
                // Another node need not wait.
                let _ = store.release(FOLLOWING, &holder).await;
                return;
            }
        };
        match done {
            Ok(0) => {}
            Ok(steps) => tracing::debug!(steps, "the index of words followed"),
            Err(error) => tracing::warn!(%error, "the index of words could not follow"),
        }
    }
}

/// Brings the index of words of every shop up to date, unless another node is at it. In how many steps.
pub async fn follow(store: &Store, clock: &Clock, holder: &str) -> Result<u64> {
    let (mut steps, mut seen, mut renew_at) = (0, ShopId::nobody(), i64::MIN);
    loop {
        let behind = store.behind_in_words(&seen, SHOPS).await?;
        let Some((last, _)) = behind.last() else { return Ok(steps) };
        seen = last.clone();
        for (shop, _) in behind.into_iter().filter(|shop| shop.1) {
            let (before, mut version) = (steps, None);
            loop {
                // A lease is written down: where there is nothing to do, none is taken.
                let now = clock.epoch();
                if now >= renew_at {
                    if !store.claim(FOLLOWING, holder, now, LEASE).await? {
                        return Ok(steps);
                    }
                    renew_at = now + LEASE / 3;
                }
                steps += 1;
                if !store.follow_words(&shop, BATCH).await? {
                    break;
                }
                // Somebody writes, an import perhaps, and would wait for each step: it is their turn until the next look.
                let reached = store.version(&shop).await?;
                if version.replace(reached).is_some_and(|before| before != reached) {
                    break;
                }
            }
            if steps - before >= MANY_STEPS {
                store.weigh_words().await?;
            }
        }
    }
}
