//! SQL that finds which of a shop's complaints its upstream has, and how they differ from what that shows.

use std::collections::{HashMap, HashSet};

use super::complaints::{COLUMN_COUNT, COLUMNS, decode};
use super::phones::{There, Whole, there_where};
use super::{Result, Row, ShopId, Store, Tx, Value};
use crate::complaint::Complaint;

/// How a complaint differs from what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// There is none.
    IsNew,
    /// It is another.
    Changed,
    /// It is the same, and not known yet to be the upstream's.
    Unknown,
}

/// A complaint whose details are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailsDue {
    /// Its number.
    pub complaint_id: String,
    /// What is kept of it.
    pub complaint: Complaint,
    /// How often they were fetched in vain.
    pub failures: i64,
}

/// Names in one statement: one text, so that it stays prepared.
pub(super) const NAMES: usize = 64;

impl Store {
    /// Those of the complaints that differ from what is kept, by their place among them.
    pub async fn differing(&self, shop: &ShopId, shown: &[Complaint]) -> Result<Vec<(usize, Differs)>> {
        let vault = self.vault();
        let mut tx = self.read().await?;
        let ids: Vec<&str> = shown.iter().map(|complaint| complaint.complaint_id.as_str()).collect();
        let mut known = tx.there(shop, &ids).await?;
        let numbers: Vec<i64> = known.values().map(|there| there.number).collect();
        let mirrored = tx.mirrored_among(shop, &numbers).await?;
        let mut differing = Vec::new();
        for (at, complaint) in shown.iter().enumerate() {
            let Some(there) = known.get_mut(&complaint.complaint_id) else {
                differing.push((at, Differs::IsNew));
                continue;
            };
            let before = there.complaint.clone();
            let (after, whole) = there.replaced(vault, shop, complaint.clone());
            if before != after || whole != Whole::Stays {
                differing.push((at, Differs::Changed));
            } else if !mirrored.contains(&there.number) {
                differing.push((at, Differs::Unknown));
            }
        }
        Ok(differing)
    }
}

impl Tx {
    /// Mirrored complaints of that span of complaint times (both ends included), those of one state or of all, as they are
    /// kept, at most `limit`; and the numbers of those of which a person's data was erased, which say less than the upstream.
    pub async fn mirrored_in(
        &mut self,
        shop: &ShopId,
        (from, to): (Option<i64>, Option<i64>),
        state: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<Complaint>, HashSet<String>)> {
        // What is open is found by its own index, which is short; the sum keeps the one by time out of that.
        let (time, of_state) = match state {
            None => ("complaint_time", ""),
            Some(2) => ("complaint_time", " and state = $5"),
            Some(_) => ("(complaint_time + 0)", " and state <> 2 and state = $5"),
        };
        let sql = format!(
            "select {COLUMNS}, erased_at from complaints where shop_id = $1 and {time} >= $2 and {time} <= $3{of_state}
             and number in (select m.number from mirrored m where m.shop_id = $1 and m.number = complaints.number)
             limit $4"
        );
        let mut values =
            vec![from.unwrap_or(i64::MIN).into(), to.unwrap_or(i64::MAX).into(), Value::Int(limit)];
        values.extend(state.map(Value::Int));
        let decode = |row: &Row<'_>| Ok((decode(row)?, row.optional_int(COLUMN_COUNT)?.is_some()));
        let found = self.query_slowly(shop, &sql, &values, decode).await?;
        let (erased, whole): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.1);
        let erased = erased.into_iter().map(|one| one.0.complaint_id).collect();
        Ok((whole.into_iter().map(|one| one.0).collect(), erased))
    }

    /// How many complaints the upstream has, as far as is known, and how many of those are due for their details.
    pub async fn count_mirrored(&mut self, shop: &ShopId) -> Result<(i64, i64)> {
        const ALL: &str = "select count(*) from mirrored where shop_id = $1";
        const DUE: &str = "select count(*) from mirrored where shop_id = $1 and details_due is not null";
        let all = self.query_slowly(shop, ALL, &[], |row| row.int(0)).await?.pop().unwrap_or_default();
        let due = self.query_slowly(shop, DUE, &[], |row| row.int(0)).await?.pop().unwrap_or_default();
        Ok((all, due))
    }

    /// Complaints whose details are due at `now`, those that wait longest first.
    pub async fn details_due(&mut self, shop: &ShopId, now: i64, limit: i64) -> Result<Vec<DetailsDue>> {
        let sql = format!(
            "select {COLUMNS}, (select m.failures from mirrored m where m.shop_id = $1 and m.number = complaints.number)
             from complaints where shop_id = $1 and number in (
                 select number from mirrored where shop_id = $1 and details_due <= $2
                 order by details_due, number desc limit $3)"
        );
        self.query(shop, &sql, &[now.into(), limit.into()], |row| {
            let complaint = decode(row)?;
            let failures = row.optional_int(COLUMN_COUNT)?.unwrap_or_default();
            Ok(DetailsDue { complaint_id: complaint.complaint_id.clone(), complaint, failures })
        })
        .await
    }

    pub(super) async fn mirrored_among(&mut self, shop: &ShopId, numbers: &[i64]) -> Result<HashSet<i64>> {
        let sql = format!("select number from mirrored where shop_id = $1 and number in ({})", names());
        let mut found = HashSet::with_capacity(numbers.len());
        for chunk in numbers.chunks(NAMES) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|number| (*number).into()).collect();
            values.resize(NAMES, Value::Null);
            found.extend(self.query(shop, &sql, &values, |row| row.int(0)).await?);
        }
        Ok(found)
    }

    pub(super) async fn there(&mut self, shop: &ShopId, ids: &[&str]) -> Result<HashMap<String, There>> {
        let sql = there_where(&format!("complaint_id in ({})", names()));
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(NAMES) {
            found.extend(self.query(shop, &sql, &padded(chunk), There::read).await?);
        }
        Ok(found)
    }
}

pub(super) fn names() -> String {
    let names: Vec<String> = (2..NAMES + 2).map(|at| format!("${at}")).collect();
    names.join(", ")
}

pub(super) fn padded<'a>(ids: &[&'a str]) -> Vec<Value<'a>> {
    let mut values: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    values.resize(NAMES, Value::Null);
    values
}
