//! SQL about what people like in a shop. Nothing that is remembered shows it, so that writing it takes no version.

use super::{Result, ShopId, Store, Tx};

/// Preferences that a person may keep in a shop.
pub const MOST_PREFERENCES: i64 = 50;

impl Store {
    /// Keeps a preference (JSON), or takes it away (`None`); `false` if the person has too many already.
    pub async fn set_preference(
        &self,
        shop: &ShopId,
        user_id: &str,
        key: &str,
        value: Option<&str>,
        now: i64,
    ) -> Result<bool> {
        const OTHERS: &str = "select count(*) from preferences
             where shop_id = $1 and user_id = $2 and pref_key <> $3";
        const SET: &str = "insert into preferences (shop_id, user_id, pref_key, value, changed_at)
             values ($1, $2, $3, $4, $5) on conflict (shop_id, user_id, pref_key) do update
             set value = excluded.value, changed_at = excluded.changed_at";
        const FORGET: &str = "delete from preferences where shop_id = $1 and user_id = $2 and pref_key = $3";
        let mut tx = self.begin_write().await?;
        match value {
            None => {
                tx.execute(shop, FORGET, &[user_id.into(), key.into()]).await?;
            }
            Some(value) => {
                let others = tx.query(shop, OTHERS, &[user_id.into(), key.into()], |row| row.int(0)).await?;
                if others.first() >= Some(&MOST_PREFERENCES) {
                    return Ok(false);
                }
                tx.execute(shop, SET, &[user_id.into(), key.into(), value.into(), now.into()]).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }
}

impl Tx {
    /// A preference (JSON), if the person keeps it.
    pub async fn preference(&mut self, shop: &ShopId, user_id: &str, key: &str) -> Result<Option<String>> {
        const GET: &str =
            "select value from preferences where shop_id = $1 and user_id = $2 and pref_key = $3";
        let values = [user_id.into(), key.into()];
        Ok(self.query(shop, GET, &values, |row| Ok(row.text(0)?.to_owned())).await?.pop())
    }
}
