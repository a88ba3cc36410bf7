//! Citus: PostgreSQL over many machines. The tables are spread by shop, so that whatever is asked about a shop is
//! one shard's work.

use super::{Driver, Result, Store, Tx};

/// What belongs to a shop: spread by `shop_id`, rows of one shop together.
pub const SPREAD: &[&str] = &[
    "shops",
    "apps",
    "grants",
    "tokens",
    "complaints",
    "replies",
    "changes",
    "history",
    "done_calls",
    "phones",
    "complaint_words",
    "subscriptions",
    "deliveries",
    "preferences",
    "app_usage",
    "mirrors",
    "mirrored",
    "mirror_days",
];
/// What belongs to no shop: copied to every machine.
pub const COPIED: &[&str] = &[
    "schema_migrations",
    "leases",
    "alarm_marks",
    "users",
    "memberships",
    "sessions",
    "session_tokens",
    "sign_in_attempts",
];

impl Store {
    /// Spreads the tables over a cluster's machines, those that are not spread yet, and names them. `None` where
    /// the database has no Citus.
    pub async fn spread(&self) -> Result<Option<Vec<&'static str>>> {
        if matches!(self.0, Driver::Sqlite(_)) {
            return Ok(None);
        }
        let mut tx = self.begin_write().await?;
        tx.unhurried().await?;
        if tx.count_of("select count(*) from pg_extension where extname = 'citus'").await? == 0 {
            return Ok(None);
        }
        const DONE: &str = "select cast(logicalrelid as text) from pg_dist_partition";
        let done = tx.query_all_shops(DONE, &[], |row| Ok(row.text(0)?.to_owned())).await?;
        let mut spread = Vec::new();
        for (table, how) in COPIED
            .iter()
            .map(|table| (table, format!("select create_reference_table('{table}')")))
            .chain(SPREAD.iter().map(|table| (table, distribution(table))))
        {
            if !done.iter().any(|done| done == table) {
                tx.batch(&how).await?;
                spread.push(*table);
            }
        }
        tx.commit().await?;
        Ok(Some(spread))
    }
}

/// Each table lies where its shop's row lies.
fn distribution(table: &str) -> String {
    let beside = if table == SPREAD[0] { "none" } else { SPREAD[0] };
    format!("select create_distributed_table('{table}', 'shop_id', colocate_with => '{beside}')")
}

impl Tx {
    async fn count_of(&mut self, sql: &str) -> Result<i64> {
        Ok(self.query_all_shops(sql, &[], |row| row.int(0)).await?.pop().unwrap_or_default())
    }
}

/// Whether a statement names the shop of every table that it touches, so that it is one shard's work.
pub(super) fn is_of_one_shop(sql: &str) -> bool {
    let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && !"_$.".contains(c)).collect();
    let touches = words
        .windows(2)
        .filter(|pair| matches!(pair[0], "from" | "join" | "into" | "update") && SPREAD.contains(&pair[1]));
    let named = words.iter().filter(|word| **word == "shop_id" || word.ends_with(".shop_id"));
    sql.contains("$1") && touches.count() <= named.count()
}

/// By the name of the thread that ran it.
#[cfg(debug_assertions)]
static SEEN: parking_lot::Mutex<std::collections::BTreeSet<(String, String)>> =
    parking_lot::Mutex::new(std::collections::BTreeSet::new());

#[cfg(debug_assertions)]
fn this_thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// Sees to it, in debug builds, that a statement about a shop names it.
pub(super) fn check(sql: &str) {
    debug_assert!(is_of_one_shop(sql), "a statement about a shop names it: {sql}");
    #[cfg(debug_assertions)]
    SEEN.lock().insert((this_thread(), sql.to_owned()));
}

/// Every statement about a shop that threads of this one's name have run, which are those of one test; empty in release
/// builds.
pub fn statements_seen() -> Vec<String> {
    #[cfg(debug_assertions)]
    return SEEN.lock().iter().filter(|seen| seen.0 == this_thread()).map(|seen| seen.1.clone()).collect();
    #[cfg(not(debug_assertions))]
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::is_of_one_shop;

    #[test]
    fn a_table_without_its_shop_is_seen() {
        assert!(is_of_one_shop("select 1 from shops where shop_id = $1"));
        assert!(is_of_one_shop("select 1 from shops s join apps a on a.shop_id = $1 where s.shop_id = $1"));
        assert!(!is_of_one_shop("select 1 from shops s join apps a on a.name = s.name where s.shop_id = $1"));
        assert!(!is_of_one_shop("update shops set name = $1"));
        assert!(!is_of_one_shop("select shop_id from shops"));
    }
}
