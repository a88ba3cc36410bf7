//! SQL that takes away again what somebody brought.

use serde_json::json;

use super::Brought;
use crate::store::{Result, ShopId, Tx};

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
        const LOG: &str = "insert into changes
                 (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
             select shop_id, $2, number, 3, complaint_time, operate_end_time
             from complaints where shop_id = $1 and source = $3
             on conflict (shop_id, version, number) do nothing";
        self.execute(shop, LOG, &[version.into(), brought.by.into()]).await?;
        const REPLIES: &str = "delete from replies where shop_id = $1 and complaint_id in
             (select complaint_id from complaints where shop_id = $1 and source = $2)";
        self.execute(shop, REPLIES, &source).await?;
        const PHONES: &str = "delete from phones where shop_id = $1 and number in
             (select number from complaints where shop_id = $1 and source = $2)";
        self.execute(shop, PHONES, &source).await?;
        const COMPLAINTS: &str = "delete from complaints where shop_id = $1 and source = $2";
        let removed = self.execute(shop, COMPLAINTS, &source).await?;
        self.note(shop, brought.entry(version, "removed", json!({ "removed": ids }))).await?;
        Ok(removed)
    }
}
