//! SQL that writes down what happened though no complaint changed: who took what with them.

use super::history::kept_by;
use super::{Doer, Result, ShopId, Store, Taken};

impl Store {
    /// Adds an entry to the shop's history, in a transaction of its own, and gives its number; `complaint_id` is empty
    /// for what is about the whole shop. `said` is JSON. `None` if there is no such shop.
    pub async fn note(
        &self,
        shop: &ShopId,
        doer: &Doer,
        complaint_id: &str,
        event: &str,
        said: &serde_json::Value,
    ) -> Result<Option<i64>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((tx, Taken { version, mut chain, .. }, _)) = begun else { return Ok(None) };
        let entry = doer.entry(version, complaint_id, event, ["{}", "{}", &said.to_string()]);
        let kept = chain.add(shop, entry);
        tx.commit_with(shop, &kept_by(&kept, &chain)).await?;
        Ok(Some(kept.number))
    }
}
