//! SQL that takes complaints away again: what a demonstration or a sandbox made up, or what is gone upstream; never anybody's
//! own.

use serde_json::json;

use super::Brought;
use crate::store::citus::SPREAD;
use crate::store::{Result, ShopId, Store, Tx, Value};

/// What is to go.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// What somebody brought and nobody changed since.
    From(&'a str),
    /// One complaint.
    One(&'a str),
}

impl Tx {
    /// Removes what somebody brought and nobody changed since; how much that was.
    pub async fn remove_from(&mut self, shop: &ShopId, version: i64, brought: Brought<'_>) -> Result<u64> {
        const IDS: &str =
            "select complaint_id from complaints where shop_id = $1 and source = $2 order by number";
        let source = [brought.by.into()];
        let ids = self.query(shop, IDS, &source, |row| Ok(row.text(0)?.to_owned())).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let removed = self.take_away(shop, version, Which::From(brought.by)).await?;
        self.note(shop, brought.entry(version, REMOVED, json!({ "removed": ids }))).await?;
        Ok(removed)
    }

    /// Takes one complaint away, and logs that; its entry in the history is the caller's business. How many there were.
    pub(in crate::store) async fn take_one_away(
        &mut self,
        shop: &ShopId,
        version: i64,
        complaint_id: &str,
    ) -> Result<u64> {
        self.take_away(shop, version, Which::One(complaint_id)).await
    }

    async fn take_away(&mut self, shop: &ShopId, version: i64, which: Which<'_>) -> Result<u64> {
        let (column, value): (&str, Value<'_>) = match which {
            Which::From(source) => ("source", source.into()),
            Which::One(complaint_id) => ("complaint_id", complaint_id.into()),
        };
        let log = format!(
            "insert into changes (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
             select shop_id, $2, number, 3, complaint_time, operate_end_time
             from complaints where shop_id = $1 and {column} = $3
             on conflict (shop_id, version, number) do nothing"
        );
        self.execute(shop, &log, &[version.into(), value]).await?;
        let replies = format!(
            "delete from replies where shop_id = $1 and complaint_id in
                 (select complaint_id from complaints where shop_id = $1 and {column} = $2)"
        );
        self.execute(shop, &replies, &[value]).await?;
        let phones = format!(
            "delete from phones where shop_id = $1 and number in
                 (select number from complaints where shop_id = $1 and {column} = $2)"
        );
        self.execute(shop, &phones, &[value]).await?;
        let complaints = format!("delete from complaints where shop_id = $1 and {column} = $2");
        self.execute(shop, &complaints, &[value]).await
    }
}

const REMOVED: &str = "removed";

impl Store {
    /// Removes a complaint, whoever changed it; `false` if there is none.
    pub async fn remove(&self, shop: &ShopId, brought: Brought<'_>, complaint_id: &str) -> Result<bool> {
        let Some((mut tx, version)) = self.write(shop).await? else { return Ok(false) };
        if tx.take_away(shop, version, Which::One(complaint_id)).await? == 0 {
            return Ok(false);
        }
        tx.note(shop, brought.entry(version, REMOVED, json!({ "removed": [complaint_id] }))).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes away all that a sandbox's shop has, its history included, as if it had never had anything; only its
    /// version goes on, by which whoever remembers it learns of that. `false` if there is no such shop.
    pub async fn wipe(&self, shop: &ShopId) -> Result<bool> {
        let Some((mut tx, _)) = self.write(shop).await? else { return Ok(false) };
        tx.unhurried().await?;
        for table in SPREAD.iter().filter(|table| !KEPT.contains(table)) {
            let sql = format!("delete from {table} where shop_id = $1");
            tx.query_slowly(shop, &sql, &[], |_| Ok(())).await?;
        }
        // The log begins here, and with it whatever follows it: numbers are given out from 1 again.
        const ANEW: &str = "update shops set last_number = 0, changes_after = version, history_entries = 0,
                 history_hash = '', settings = null, text_version = null, text_number = null
             where shop_id = $1";
        tx.execute(shop, ANEW, &[]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The shop itself; and the index of words, which clears what it had of a number when it takes that in again.
const KEPT: [&str; 2] = ["shops", "complaint_words"];
