//! Webhooks: each event by itself, in order per complaint.

use futures_util::future::join_all;

use super::dispatcher::Shared;
use super::sender::{Attempt, Fate};
use super::target::{Kind, Target, open};
use super::told::told;
use crate::notify::event::Event;
use crate::notify::retry;
use crate::notify::sign::Key;
use crate::secrets::Secret;
use crate::store::{Delivery, Next, Result, Settled, ShopId, Subscription, TargetStanding};

/// Deliveries of one batch, all sent at once.
const BATCH: i64 = 16;
/// After so many failures in a row one delivery at a time tries whether the target is back.
const IS_DOWN: i64 = 10;
/// What was tried for so long is given up once its pauses are used up, in seconds.
const LONG_ENOUGH: i64 = 40 * 3600;

/// Sends what is ready; whether there was anything.
pub(super) async fn send(shared: &Shared, shop: &ShopId, subscription: &Subscription) -> Result<bool> {
    let id = &subscription.subscription_id;
    let now = shared.clock.epoch();
    let limit = if subscription.state.failures >= IS_DOWN { 1 } else { BATCH };
    let mut tx = shared.store.read().await?;
    let ready = tx.ready(shop, id, now, limit).await?;
    let events = told(&mut tx, shop, &ready).await?;
    drop(tx);
    let target = match open(shared.store.vault(), shop, subscription) {
        Ok(Target::Webhook(address, keys)) => Some((address, keys)),
        Ok(_) => None,
        Err(problem) => return shared.cannot(shop, id, problem).await.map(|()| false),
    };
    let Some((address, keys)) = target else { return Ok(false) };
    let attempts =
        join_all(events.iter().map(|event| attempt(shared, &address, &keys, event.as_ref()))).await;
    let now = shared.clock.epoch();
    let mut standing = TargetStanding::default();
    let mut settled = Vec::with_capacity(ready.len());
    for (delivery, attempt) in ready.into_iter().zip(attempts) {
        let next = match &attempt {
            None => Next::NoNews,
            Some(attempt) => judged(&delivery, attempt, now, &mut standing),
        };
        shared.count(Kind::Webhook, &next);
        settled.push(Settled { delivery, tried: attempt.map(|attempt| attempt.tried), next });
    }
    shared.settle(shop, id, &settled, &standing).await?;
    Ok(!settled.is_empty())
}

async fn attempt(shared: &Shared, address: &Secret, keys: &[Key], event: Option<&Event>) -> Option<Attempt> {
    Some(shared.sender.webhook(address.reveal(), keys, event?).await)
}

/// What becomes of a delivery, and what that says about its target.
fn judged(delivery: &Delivery, attempt: &Attempt, now: i64, standing: &mut TargetStanding) -> Next {
    let problem = attempt.tried.error.clone();
    let asked = match attempt.fate {
        Fate::Delivered => {
            standing.worked = true;
            return Next::Delivered;
        }
        // The message is to blame.
        Fate::MessageRefused => {
            standing.problem = problem;
            return Next::GivenUp;
        }
        Fate::Gone => {
            standing.problem = problem;
            standing.ended = true;
            return Next::GivenUp;
        }
        Fate::Retry(asked) => asked,
        Fate::TooFast(seconds) => {
            let until = now.saturating_add(seconds.clamp(1, retry::LONGEST));
            standing.paused_until = standing.paused_until.max(Some(until));
            Some(seconds)
        }
        Fate::TargetRefused => Some(super::people::REFUSED),
    };
    standing.failed += 1;
    standing.problem = problem;
    let failed = u32::try_from(delivery.attempts.saturating_add(1)).unwrap_or(u32::MAX);
    match retry::pause(failed, rand::random(), asked) {
        Some(pause) => Next::TryAt(now.saturating_add(pause)),
        None if now.saturating_sub(delivery.created_at) < LONG_ENOUGH => {
            Next::TryAt(now.saturating_add(retry::LONGEST))
        }
        None => Next::GivenUp,
    }
}
