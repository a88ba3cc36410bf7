//! SQL of the node that sends for all shops: what is due, and what it needs to know to tell it.

use std::collections::{HashMap, HashSet};

use super::complaints::{self, from_json};
use super::deliveries::{self, Delivery};
use super::history::Kept;
use super::{Result, Row, ShopId, Tx, Value};
use crate::complaint::Complaint;
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
    pub(super) async fn channels_of(&mut self, shop: &ShopId, ids: &[&str]) -> Result<HashMap<String, i64>> {
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
