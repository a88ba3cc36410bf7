//! SQL of the node that sends for all shops: what is due, and what came of it.
//!
//! Whoever changes how far a subscription is locks its row first, so that nobody goes on from what another has changed.

use std::collections::{HashMap, HashSet};

use super::complaints::{self, from_json, to_json};
use super::deliveries::{self, Delivery, TRIES_KEPT, Try};
use super::history::Kept;
use super::subscriptions::{self, Subscription, SubscriptionState};
use super::{Result, Row, ShopId, Store, Tx, Value};
use crate::complaint::Complaint;
use crate::notify::budget::{Budget, Limits, Turn};
use crate::shop_settings::ShopSettings;

/// What a subscription wants, and how far it is behind its shop's history.
#[derive(Clone, Debug)]
pub struct Watching {
    /// The shop.
    pub shop: ShopId,
    /// The subscription.
    pub subscription_id: String,
    /// The events that it is told; empty for all.
    pub events: Vec<String>,
    /// Since when (epoch seconds).
    pub since: i64,
    /// The last entry that it was shown.
    pub position: i64,
    /// The shop's last entry.
    pub entries: i64,
    /// What the shop decided.
    pub settings: ShopSettings,
}

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

/// An event that an entry of the history is: which part of the entry, and its `type`.
pub type Part = (i64, &'static str);

/// What is asked each second, of all shops: each by an index, so that it costs nothing while nothing is due.
pub const LOOKS: [&str; 4] = [
    "select u.shop_id, u.subscription_id, u.events, u.since, u.position, s.history_entries, s.settings
     from subscriptions u join shops s on s.shop_id = u.shop_id
     where u.enabled = 1 and (u.shop_id, u.subscription_id) > ($1, $2)
     order by u.shop_id, u.subscription_id limit $3",
    "select shop_id, subscription_id from subscriptions
     where next_at is not null and next_at <= $1 order by next_at limit $2",
    "select shop_id, subscription_id from subscriptions
     where digest_next is not null and digest_next <= $1 order by digest_next limit $2",
    "select shop_id, number, complaint_id, operate_end_time from complaints
     where state <> 2 and (operate_end_time, shop_id, number) > ($1, $2, $3) and operate_end_time <= $4
     order by operate_end_time, shop_id, number limit $5",
];

impl Tx {
    /// Enabled subscriptions behind that one, in order, at most `limit`, of all shops.
    pub async fn watching_after(
        &mut self,
        seen: Option<&(ShopId, String)>,
        limit: i64,
    ) -> Result<Vec<Watching>> {
        let (shop, id) = seen.map_or(("", ""), |(shop, id)| (shop.as_str(), id));
        self.query_all_shops(LOOKS[0], &[shop.into(), id.into(), limit.into()], |row| {
            Ok(Watching {
                shop: ShopId(row.text(0)?.to_owned()),
                subscription_id: row.text(1)?.to_owned(),
                events: from_json(row.text(2)?)?,
                since: row.int(3)?,
                position: row.int(4)?,
                entries: row.int(5)?,
                settings: super::shops::settings(row.optional_text(6)?)?,
            })
        })
        .await
    }

    /// Subscriptions with something to be sent at `now`, the longest due first, at most `limit`, of all shops.
    pub async fn due_subscriptions(&mut self, now: i64, limit: i64) -> Result<Vec<(ShopId, String)>> {
        self.query_all_shops(LOOKS[1], &[now.into(), limit.into()], named).await
    }

    /// Subscriptions whose report of a day is due at `now`, at most `limit`, of all shops.
    pub async fn due_reports(&mut self, now: i64, limit: i64) -> Result<Vec<(ShopId, String)>> {
        self.query_all_shops(LOOKS[2], &[now.into(), limit.into()], named).await
    }

    /// A subscription's deliveries that are to be sent at `now`, the longest due first.
    pub async fn ready(
        &mut self,
        shop: &ShopId,
        subscription_id: &str,
        now: i64,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let sql = format!(
            "select {} from deliveries where shop_id = $1 and subscription_id = $2 and state = 0 and next_at <= $3
             order by next_at, entry, part limit $4",
            deliveries::COLUMNS
        );
        self.query(shop, &sql, &[subscription_id.into(), now.into(), limit.into()], deliveries::decode).await
    }

    /// What waits for a subscription, oldest first, at most `limit`; in quiet hours only what is told all the same.
    pub async fn waiting(
        &mut self,
        shop: &ShopId,
        subscription_id: &str,
        quiet: bool,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let told = if quiet { " and event in ('report', 'complaint.overdue')" } else { "" };
        let sql = format!(
            "select {} from deliveries where shop_id = $1 and subscription_id = $2 and state = 0{told}
             order by entry, part limit $3",
            deliveries::COLUMNS
        );
        self.query(shop, &sql, &[subscription_id.into(), limit.into()], deliveries::decode).await
    }

    /// These entries of the history.
    pub async fn entries(&mut self, shop: &ShopId, numbers: &[i64]) -> Result<HashMap<i64, Kept>> {
        let mut found = HashMap::with_capacity(numbers.len());
        for chunk in numbers.chunks(CHUNK) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|number| (*number).into()).collect();
            values.resize(CHUNK, Value::Null);
            for kept in self.entries_where(shop, &format!("entry in ({})", names()), &values).await? {
                found.insert(kept.number, kept);
            }
        }
        Ok(found)
    }

    /// Those of the complaints that there are, by their numbers.
    pub async fn complaints_named(
        &mut self,
        shop: &ShopId,
        ids: &[&str],
    ) -> Result<HashMap<String, Complaint>> {
        let sql = format!(
            "select {} from complaints where shop_id = $1 and complaint_id in ({})",
            complaints::COLUMNS,
            names()
        );
        let mut found = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|id| (*id).into()).collect();
            values.resize(CHUNK, Value::Null);
            let complaints = self.query(shop, &sql, &values, complaints::decode).await?;
            found.extend(complaints.into_iter().map(|one| (one.complaint_id.clone(), one)));
        }
        Ok(found)
    }

    /// How a shop stands for the report of a day that began and ends then, at `now` (epoch seconds): complaints made in it
    /// up to now, open ones, of these those with a deadline still to come in it, and those whose deadline has passed.
    pub async fn day_counts(&mut self, shop: &ShopId, now: i64, begins: i64, ends: i64) -> Result<[i64; 4]> {
        const COUNTS: &str = "select
             (select count(*) from complaints where shop_id = $1 and complaint_time >= $2 and complaint_time <= $3),
             (select count(*) from complaints where shop_id = $1 and state <> 2),
             (select count(*) from complaints
                 where shop_id = $1 and state <> 2 and operate_end_time >= $3 and operate_end_time < $4),
             (select count(*) from complaints where shop_id = $1 and state <> 2 and operate_end_time < $3)";
        let decode = |row: &Row<'_>| Ok([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?]);
        let values = [begins.into(), now.into(), ends.into()];
        Ok(self.query_slowly(shop, COUNTS, &values, decode).await?.pop().unwrap_or_default())
    }

    /// The numbers of those of the complaints that are closed.
    pub async fn closed_of(&mut self, shop: &ShopId, ids: &[&str]) -> Result<HashSet<String>> {
        let sql = format!(
            "select complaint_id from complaints where shop_id = $1 and state = 2 and complaint_id in ({})",
            names()
        );
        let mut closed = HashSet::new();
        for chunk in ids.chunks(CHUNK) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|id| (*id).into()).collect();
            values.resize(CHUNK, Value::Null);
            closed.extend(self.query(shop, &sql, &values, |row| Ok(row.text(0)?.to_owned())).await?);
        }
        Ok(closed)
    }

    /// Through which channel each of the complaints came.
    async fn channels_of(&mut self, shop: &ShopId, ids: &[&str]) -> Result<HashMap<String, i64>> {
        let sql = format!(
            "select complaint_id, channel_type from complaints where shop_id = $1 and complaint_id in ({})",
            names()
        );
        let mut channels = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|id| (*id).into()).collect();
            values.resize(CHUNK, Value::Null);
            let decode = |row: &Row<'_>| Ok((row.text(0)?.to_owned(), row.int(1)?));
            channels.extend(self.query(shop, &sql, &values, decode).await?);
        }
        Ok(channels)
    }

    async fn keep_state(&mut self, shop: &ShopId, subscription: &Subscription) -> Result<()> {
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
}

fn named(row: &Row<'_>) -> Result<(ShopId, String)> {
    Ok((ShopId(row.text(0)?.to_owned()), row.text(1)?.to_owned()))
}

/// Values of one `in (…)`.
const CHUNK: usize = 64;

fn names() -> String {
    let names: Vec<String> = (2..CHUNK + 2).map(|at| format!("${at}")).collect();
    names.join(", ")
}

/// A delivery that comes up.
const COMES_UP: &str =
    "insert into deliveries (shop_id, subscription_id, entry, part, complaint_id, event, state,
         attempts, next_at, tries, created_at)
     values ($1, $2, $3, $4, $5, $6, 0, 0, $7, '[]', $7)
     on conflict (shop_id, subscription_id, entry, part) do nothing";
/// The same, behind those of its complaint that are not done.
const COMES_UP_BEHIND: &str = "insert into deliveries (shop_id, subscription_id, entry, part, complaint_id, event, state,
         attempts, next_at, tries, created_at)
     values ($1, $2, $3, $4, $5, $6, case when exists (
             select 1 from deliveries where shop_id = $1 and subscription_id = $2 and complaint_id = $5 and state < 2)
         then 1 else 0 end, 0, $7, '[]', $7)
     on conflict (shop_id, subscription_id, entry, part) do nothing";

impl Store {
    /// Makes deliveries of what happened in a shop behind its enabled subscriptions' positions, of at most `limit`
    /// entries; `events` tells which events an entry is. Whether there is more.
    pub async fn fan_out(
        &self,
        shop: &ShopId,
        now: i64,
        limit: i64,
        events: impl Fn(&Kept) -> Vec<Part>,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let lock = format!(
            "update subscriptions set failures = failures where shop_id = $1 and enabled = 1 returning {}",
            subscriptions::COLUMNS
        );
        let subscriptions = tx.query(shop, &lock, &[], subscriptions::decode).await?;
        let Some(from) = subscriptions.iter().map(|one| one.state.position).min() else { return Ok(false) };
        let entries = tx.entries_after(shop, from, limit).await?;
        let Some(last) = entries.last().map(|last| last.number) else { return Ok(false) };
        let channels = if subscriptions.iter().any(|one| !one.channels.is_empty()) {
            let ids: Vec<&str> = entries.iter().map(|kept| kept.entry.complaint_id.as_str()).collect();
            tx.channels_of(shop, &ids).await?
        } else {
            HashMap::new()
        };
        for mut subscription in subscriptions {
            let insert = if subscription.kind == "webhook" { COMES_UP_BEHIND } else { COMES_UP };
            let mut statements: Vec<(&str, Vec<Value<'_>>)> = Vec::new();
            for kept in entries.iter().filter(|kept| kept.number > subscription.state.position) {
                let id = &kept.entry.complaint_id;
                let channel = channels.get(id);
                let is_of_channel = subscription.channels.is_empty()
                    || channel.is_some_and(|channel| subscription.channels.contains(channel));
                let wanted = events(kept).into_iter().filter(|(_, event)| {
                    is_of_channel
                        && (subscription.events.is_empty()
                            || subscription.events.iter().any(|wanted| wanted == event))
                });
                for (part, event) in wanted {
                    let values = vec![
                        (&subscription.subscription_id).into(),
                        kept.number.into(),
                        part.into(),
                        id.into(),
                        event.into(),
                        now.into(),
                    ];
                    statements.push((insert, values));
                }
            }
            tx.execute_all(shop, &statements).await?;
            let came_up = !statements.is_empty();
            let state = &mut subscription.state;
            state.position = state.position.max(last);
            if came_up {
                let at = now.max(state.paused_until);
                state.next_at = Some(state.next_at.map_or(at, |next_at| next_at.min(at)));
            }
            tx.keep_state(shop, &subscription).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(entries.len()).is_ok_and(|count| count >= limit))
    }

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

    /// Makes a delivery of the report of that day (since 1970), and notes when the next one is due.
    pub async fn report_comes_up(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        day: i64,
        now: i64,
        next: impl Fn(&Subscription) -> Option<i64>,
    ) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let Some(mut subscription) = tx.lock_subscription(shop, subscription_id).await? else {
            return Ok(());
        };
        if subscription.state.digest_next.is_none_or(|due| due > now) {
            return Ok(());
        }
        let values =
            [subscription_id.into(), (-day).into(), Value::Int(0), "".into(), REPORT.into(), now.into()];
        tx.execute(shop, COMES_UP, &values).await?;
        let next = next(&subscription);
        let state = &mut subscription.state;
        state.digest_next = next;
        let at = now.max(state.paused_until);
        state.next_at = Some(state.next_at.map_or(at, |next_at| next_at.min(at)));
        tx.keep_state(shop, &subscription).await?;
        tx.commit().await
    }
}

/// The `event` of a delivery that is the report of a day.
pub const REPORT: &str = "report";

impl Tx {
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
