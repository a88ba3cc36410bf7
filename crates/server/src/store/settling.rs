//! SQL that keeps what came of attempts.
//!
//! Whoever changes how far a subscription is locks its row first, so that nobody goes on from what another has changed.

use super::complaints::{from_json, to_json};
use super::deliveries::{Delivery, TRIES_KEPT, Try};
use super::subscriptions::{Subscription, SubscriptionState};
use super::{Result, ShopId, Store, Tx, Value};
use crate::notify::budget::{Budget, Limits, Turn};

/// A lease: its name, and by whom it is held.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The name.
    pub name: &'a str,
    /// Who should hold it.
    pub holder: &'a str,
}

/// Whether a post may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Now; it is noted that it did.
    Go,
    /// Not before this moment (epoch milliseconds).
    WaitUntil(i64),
    /// Another node sends by now.
    Lost,
    /// One of the complaints is closed by now.
    Closed,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It was delivered.
    Delivered,
    /// It is tried again then (epoch seconds).
    TryAt(i64),
    /// It is given up.
    GivenUp,
    /// It is no news any more.
    NoNews,
}

/// What came of a delivery.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The delivery, as it was.
    pub delivery: Delivery,
    /// The attempt, if there was one.
    pub tried: Option<Try>,
    /// What becomes of it.
    pub next: Next,
}

/// What an attempt says about the target.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Whether an attempt succeeded, which ends a row of failures.
    pub worked: bool,
    /// Attempts that failed.
    pub failed: i64,
    /// Why the last one failed (`中文 ¦ English`).
    pub problem: Option<String>,
    /// Nothing is sent before (epoch seconds).
    pub paused_until: Option<i64>,
    /// The target wants nothing any more.
    pub ended: bool,
    /// What else says when to look again (epoch seconds): quiet hours, a budget. Of what is ready it is no matter
    /// before that.
    pub not_before: Option<i64>,
}

impl Store {
    /// Notes that a post leaves at `now` (epoch milliseconds), if the limits of its target allow it, what stands in it is open
    /// still, and the lease is held. Subscriptions that lead to one address share its limits.
    pub async fn reserve_post(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        lease: Option<Lease<'_>>,
        limits: &'static Limits,
        now: i64,
        open: &[&str],
    ) -> Result<Reserved> {
        let mut tx = self.begin_write().await?;
        if let Some(lease) = lease
            && !tx.holds(lease, now.div_euclid(1000)).await?
        {
            return Ok(Reserved::Lost);
        }
        let Some(mut subscription) = tx.lock_subscription(shop, subscription_id).await? else {
            return Ok(Reserved::Lost);
        };
        if !tx.closed_of(shop, open).await?.is_empty() {
            return Ok(Reserved::Closed);
        }
        let sent = tx.sent_to(&subscription).await?;
        if let Turn::WaitUntil(until) = Budget::new(limits, &sent).ask(now) {
            return Ok(Reserved::WaitUntil(until));
        }
        let span = limits.windows.iter().map(|window| window.millis).max().unwrap_or(0);
        let sent = &mut subscription.state.sent;
        sent.retain(|at| *at > now - span && *at <= now);
        sent.push(now);
        tx.keep_state(shop, &subscription).await?;
        tx.commit().await?;
        Ok(Reserved::Go)
    }

    /// Keeps what came of deliveries, and what that says about the target; lets the next of each complaint be sent, and finds
    /// out when there is next something to do. `now` in epoch seconds.
    pub async fn settle(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        settled: &[Settled],
        standing: &Standing,
        now: i64,
    ) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let Some(mut subscription) = tx.lock_subscription(shop, subscription_id).await? else {
            return Ok(());
        };
        let mut tries = Vec::with_capacity(settled.len());
        for Settled { delivery, tried, .. } in settled {
            let mut all = delivery.tries.clone();
            all.extend(tried.clone());
            let excess = all.len().saturating_sub(TRIES_KEPT);
            tries.push(to_json(&all.get(excess..).unwrap_or_default())?);
        }
        let mut statements = Vec::with_capacity(settled.len() * 2);
        for (Settled { delivery, tried, next }, tries) in settled.iter().zip(&tries) {
            // What was put back meanwhile begins anew, and what was done stays so.
            const TRIED: &str =
                "update deliveries set state = $5, attempts = attempts + $6, next_at = $7, done_at = $8,
                     tries = $9
                 where shop_id = $1 and subscription_id = $2 and entry = $3 and part = $4 and state = 0";
            let (state, next_at, done_at) = match next {
                Next::TryAt(at) => (0, *at, None),
                Next::Delivered => (2, delivery.next_at, Some(now)),
                Next::GivenUp => (3, delivery.next_at, Some(now)),
                Next::NoNews => (4, delivery.next_at, Some(now)),
            };
            let values = vec![
                subscription_id.into(),
                delivery.entry.into(),
                delivery.part.into(),
                Value::Int(state),
                i64::from(tried.is_some()).into(),
                next_at.into(),
                done_at.into(),
                tries.into(),
            ];
            statements.push((TRIED, values));
            if state != 0 && !delivery.complaint_id.is_empty() && subscription.kind == "webhook" {
                const NEXT: &str = "update deliveries set state = 0, next_at = $4
                     where shop_id = $1 and subscription_id = $2 and complaint_id = $3 and state = 1
                     and (entry, part) in (
                         select entry, part from deliveries
                         where shop_id = $1 and subscription_id = $2 and complaint_id = $3 and state < 2
                         order by entry, part limit 1)";
                let values = vec![subscription_id.into(), (&delivery.complaint_id).into(), now.into()];
                statements.push((NEXT, values));
            }
        }
        tx.execute_all(shop, &statements).await?;
        let is_bot = !subscription.target_hash.is_empty();
        if let (Some(until), true) = (standing.paused_until, is_bot) {
            const PAUSE: &str =
                "update subscriptions set paused_until = $2 where target_hash = $1 and paused_until < $2";
            let values = [(&subscription.target_hash).into(), until.into()];
            tx.query_all_shops(PAUSE, &values, |_| Ok(())).await?;
        }
        const LEAST: &str = "select min(next_at) from deliveries
             where shop_id = $1 and subscription_id = $2 and state = 0";
        let least = tx.query(shop, LEAST, &[subscription_id.into()], |row| row.optional_int(0)).await?;
        let state = &mut subscription.state;
        state.failures = if standing.worked { 0 } else { state.failures + standing.failed };
        if standing.worked || standing.problem.is_some() {
            state.problem = standing.problem.clone();
        }
        state.paused_until = state.paused_until.max(standing.paused_until.unwrap_or(0));
        if standing.ended {
            subscription.enabled = false;
            state.digest_next = None;
        }
        let not_before = state.paused_until.max(standing.not_before.unwrap_or(0));
        state.next_at = least.first().copied().flatten().map(|at| at.max(not_before));
        if !subscription.enabled {
            state.next_at = None;
        }
        tx.keep_state(shop, &subscription).await?;
        tx.commit().await
    }
}

impl Tx {
    pub(super) async fn keep_state(&mut self, shop: &ShopId, subscription: &Subscription) -> Result<()> {
        const STATE: &str =
            "update subscriptions set enabled = $3, position = $4, next_at = $5, digest_next = $6,
                 paused_until = $7, failures = $8, problem = $9, sent = $10
             where shop_id = $1 and subscription_id = $2";
        let SubscriptionState { position, next_at, digest_next, paused_until, failures, problem, sent } =
            &subscription.state;
        let sent = to_json(sent)?;
        let values = [
            (&subscription.subscription_id).into(),
            i64::from(subscription.enabled).into(),
            (*position).into(),
            (*next_at).into(),
            (*digest_next).into(),
            (*paused_until).into(),
            (*failures).into(),
            problem.as_ref().into(),
            (&sent).into(),
        ];
        self.execute(shop, STATE, &values).await.map(drop)
    }

    /// Whether the lease is held still at `now` (epoch seconds).
    async fn holds(&mut self, lease: Lease<'_>, now: i64) -> Result<bool> {
        const HOLDS: &str = "select name from leases where name = $1 and holder = $2 and until > $3";
        let values = [lease.name.into(), lease.holder.into(), now.into()];
        Ok(!self.query_all_shops(HOLDS, &values, |_| Ok(())).await?.is_empty())
    }

    /// When something was posted of late to the subscription's target, by whichever subscription (epoch milliseconds).
    pub async fn sent_to(&mut self, subscription: &Subscription) -> Result<Vec<i64>> {
        if subscription.target_hash.is_empty() {
            return Ok(subscription.state.sent.clone());
        }
        const SENT: &str = "select sent from subscriptions where target_hash = $1";
        let of_each = self
            .query_all_shops(SENT, &[(&subscription.target_hash).into()], |row| from_json(row.text(0)?))
            .await?;
        Ok(of_each.into_iter().flat_map(|sent: Vec<i64>| sent).collect())
    }
}
