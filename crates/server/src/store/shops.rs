//! SQL about what a shop decided.

use super::{Result, Row, ShopId, StoreError, Tx};
use crate::shop_settings::ShopSettings;

/// The settings as they are kept, null for none.
pub(super) fn settings(kept: Option<&str>) -> Result<ShopSettings> {
    match kept {
        None => Ok(ShopSettings::default()),
        Some(text) => {
            serde_json::from_str(text).map_err(|error| StoreError::Value(format!("settings: {error}")))
        }
    }
}

impl Tx {
    /// What the shop decided; of a shop that there is not, what one decides that decides nothing.
    pub async fn shop_settings(&mut self, shop: &ShopId) -> Result<ShopSettings> {
        const SETTINGS: &str = "select settings from shops where shop_id = $1";
        let decode = |row: &Row<'_>| settings(row.optional_text(0)?);
        Ok(self.query(shop, SETTINGS, &[], decode).await?.pop().unwrap_or_default())
    }
}
