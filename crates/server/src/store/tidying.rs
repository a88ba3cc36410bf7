//! SQL that takes away what nobody needs any more.

use super::{Result, ShopId, Store, Tx};

/// What nobody needs any more.
#[derive(Clone, Copy, Debug)]
pub struct Outdated {
    /// Tokens that expired at this moment or before, in epoch seconds.
    pub tokens_until: i64,
    /// Calls that were done at this moment or before, in epoch seconds: they are not known again.
    pub calls_until: i64,
    /// Deliveries of which nothing more was to be done at this moment or before, in epoch seconds.
    pub deliveries_until: i64,
    /// The log of a shop's changes, but for so many of its latest versions.
    pub versions_kept: i64,
    /// How often apps called before this Beijing day, counted from 1970.
    pub usage_before: i64,
}

/// How much was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Tokens.
    pub tokens: u64,
    /// Calls that were remembered.
    pub calls: u64,
    /// Entries of the log.
    pub changes: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Sessions of people, what hangs on them, and attempts to sign in.
    pub sessions: u64,
    /// Days on which an app called.
    pub usage: u64,
}

impl Tx {
    /// The ids of up to `limit` shops after that one, in order.
    pub async fn shops_after(&mut self, shop: &ShopId, limit: i64) -> Result<Vec<ShopId>> {
        const NEXT: &str = "select shop_id from shops where shop_id > $1 order by shop_id limit $2";
        self.query(shop, NEXT, &[limit.into()], |row| Ok(ShopId(row.text(0)?.to_owned()))).await
    }

    /// Whether the shop has something outdated.
    pub async fn is_untidy(&mut self, shop: &ShopId, outdated: Outdated) -> Result<bool> {
        const TOKEN: &str = "select token_hash from tokens where shop_id = $1 and expires_at <= $2 limit 1";
        const CHANGE: &str = "select version from changes where shop_id = $1 and version <=
             (select version from shops where shop_id = $1) - $2 limit 1";
        const CALL: &str = "select call_key from done_calls where shop_id = $1 and done_at <= $2 limit 1";
        let tokens = self.query(shop, TOKEN, &[outdated.tokens_until.into()], |_| Ok(())).await?;
        let calls = self.query(shop, CALL, &[outdated.calls_until.into()], |_| Ok(())).await?;
        let changes = self.query(shop, CHANGE, &[outdated.versions_kept.into()], |_| Ok(())).await?;
        const DELIVERY: &str = "select entry from deliveries where shop_id = $1 and done_at <= $2 limit 1";
        let deliveries = self.query(shop, DELIVERY, &[outdated.deliveries_until.into()], |_| Ok(())).await?;
        const USAGE: &str = "select day from app_usage where shop_id = $1 and day < $2 limit 1";
        let usage = self.query(shop, USAGE, &[outdated.usage_before.into()], |_| Ok(())).await?;
        let found = [tokens, calls, changes, deliveries, usage];
        Ok(found.iter().any(|found| !found.is_empty()))
    }
}

impl Store {
    /// Takes up to `limit` outdated tokens of the shop away, as many calls, deliveries, days of apps' usage and entries of
    /// its log; of the versions that it shortens the log by, whole ones.
    pub async fn tidy(&self, shop: &ShopId, outdated: Outdated, limit: i64) -> Result<Tidied> {
        let mut tx = self.begin_write().await?;
        // Takes the shop's row, as its writers do, and no version: no reader sees what is changed here.
        const HOLD: &str =
            "update shops set changes_after = changes_after where shop_id = $1 returning version";
        let Some(version) = tx.query(shop, HOLD, &[], |row| row.int(0)).await?.pop() else {
            return Ok(Tidied::default());
        };
        const TOKENS: &str = "delete from tokens where shop_id = $1 and token_hash in (
                 select token_hash from tokens where shop_id = $1 and expires_at <= $2 limit $3)";
        let tokens = tx.execute(shop, TOKENS, &[outdated.tokens_until.into(), limit.into()]).await?;
        const CALLS: &str = "delete from done_calls where shop_id = $1 and (client_id, call_key) in (
                 select client_id, call_key from done_calls where shop_id = $1 and done_at <= $2 limit $3)";
        let calls = tx.execute(shop, CALLS, &[outdated.calls_until.into(), limit.into()]).await?;
        const DELIVERIES: &str = "delete from deliveries where shop_id = $1 and (subscription_id, entry, part) in (
                 select subscription_id, entry, part from deliveries where shop_id = $1 and done_at <= $2 limit $3)";
        let values = [outdated.deliveries_until.into(), limit.into()];
        let deliveries = tx.execute(shop, DELIVERIES, &values).await?;
        const USAGE: &str = "delete from app_usage where shop_id = $1 and (client_id, day) in (
                 select client_id, day from app_usage where shop_id = $1 and day < $2 limit $3)";
        let usage = tx.execute(shop, USAGE, &[outdated.usage_before.into(), limit.into()]).await?;
        const OLDEST: &str = "select max(version) from (
                 select version from changes where shop_id = $1 and version <= $2
                 order by version limit $3) as oldest";
        let values = [(version - outdated.versions_kept).into(), limit.into()];
        let until = tx.query(shop, OLDEST, &values, |row| row.optional_int(0)).await?.pop().flatten();
        let mut changes = 0;
        if let Some(until) = until {
            const SHORTEN: &str = "update shops set changes_after = $2 where shop_id = $1";
            tx.execute(shop, SHORTEN, &[until.into()]).await?;
            const CHANGES: &str = "delete from changes where shop_id = $1 and version <= $2";
            changes = tx.execute(shop, CHANGES, &[until.into()]).await?;
        }
        tx.commit().await?;
        Ok(Tidied { tokens, calls, changes, deliveries, sessions: 0, usage })
    }
}
