//! SQL about how often apps call. It is no part of what a shop's version stands for: nothing that is remembered under one
//! shows it.

use std::collections::HashMap;

use super::{Result, Row, ShopId, Store, Tx, Value};

/// Calls of an app on one day, as a node counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Whose app.
    pub shop: ShopId,
    /// The app.
    pub client_id: String,
    /// The Beijing day, from 1970 on.
    pub day: i64,
    /// How many, refused ones included.
    pub calls: i64,
    /// How many were answered with another code than 0.
    pub refused: i64,
    /// When the last of them was (epoch seconds).
    pub last_at: i64,
}

/// How an app was used of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// When it last called (epoch seconds), as far as that is kept.
    pub last_at: Option<i64>,
    /// How many calls there were, refused ones included.
    pub calls: i64,
    /// How many were refused.
    pub refused: i64,
}

/// Days of one transaction: few enough that nobody waits long for it.
const AT_ONCE: usize = 500;

impl Store {
    /// Adds calls to what is known of their days. How many of them were added before it failed, if it did.
    pub async fn add_calls(&self, counted: &[Calls]) -> (usize, Result<()>) {
        let mut added = 0;
        for chunk in counted.chunks(AT_ONCE) {
            if let Err(error) = self.add_chunk(chunk).await {
                return (added, Err(error));
            }
            added += chunk.len();
        }
        (added, Ok(()))
    }

    async fn add_chunk(&self, counted: &[Calls]) -> Result<()> {
        const ADD: &str = "insert into app_usage (shop_id, client_id, day, calls, refused, last_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (shop_id, client_id, day) do update set
                 calls = app_usage.calls + excluded.calls, refused = app_usage.refused + excluded.refused,
                 last_at = case when excluded.last_at > app_usage.last_at then excluded.last_at
                                else app_usage.last_at end";
        // No version, and not the shop's row either: nodes add to the same rows in the same order, so that none waits for
        // another that waits for it.
        let mut tx = self.begin_write().await?;
        let mut in_order: Vec<&Calls> = counted.iter().collect();
        in_order.sort_unstable_by_key(|one| (one.shop.as_str(), one.client_id.as_str(), one.day));
        for Calls { shop, client_id, day, calls, refused, last_at } in in_order {
            let numbers = [*day, *calls, *refused, *last_at].map(Value::Int);
            tx.execute(shop, ADD, &[&[client_id.into()][..], &numbers[..]].concat()).await?;
        }
        tx.commit().await
    }
}

impl Tx {
    /// How the shop's apps were used since that day; those that never were are left out.
    pub async fn used(&mut self, shop: &ShopId, since: i64) -> Result<HashMap<String, Used>> {
        // The sum of BIGINT is a NUMERIC on PostgreSQL.
        const USED: &str = "select client_id, max(last_at),
                 cast(sum(case when day >= $2 then calls else 0 end) as bigint),
                 cast(sum(case when day >= $2 then refused else 0 end) as bigint)
             from app_usage where shop_id = $1 group by client_id";
        let decode = |row: &Row<'_>| {
            let used = Used { last_at: row.optional_int(1)?, calls: row.int(2)?, refused: row.int(3)? };
            Ok((row.text(0)?.to_owned(), used))
        };
        Ok(self.query(shop, USED, &[since.into()], decode).await?.into_iter().collect())
    }

    /// An app's calls on each day from that one on on which there were any: day, calls, refused ones.
    pub async fn calls_by_day(&mut self, shop: &ShopId, client_id: &str, from: i64) -> Result<Vec<[i64; 3]>> {
        const BY_DAY: &str = "select day, calls, refused from app_usage
             where shop_id = $1 and client_id = $2 and day >= $3 order by day";
        let asked = [client_id.into(), from.into()];
        self.query(shop, BY_DAY, &asked, |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?])).await
    }
}
