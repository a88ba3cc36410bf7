//! SQL by which people change the apps of a shop, with what the history has of it.

use std::collections::HashSet;

use super::history::kept_by;
use super::{App, Doer, Result, ShopId, Store, Tx, Used};

/// An app as it is to be; what the history has of that, without the secret (JSON: before, after, said); and what is
/// answered.
pub type ChangedApp<T> = (App, [String; 3], T);

impl Store {
    /// Makes (where there is none of that id) or changes an app, with an entry `event` in the shop's history. `decide` is
    /// told the app, how it was used since that day, and how many the shop has. `None` if there is no such shop.
    pub async fn change_app<T, E>(
        &self,
        shop: &ShopId,
        client_id: &str,
        doer: &Doer,
        event: &'static str,
        since: i64,
        decide: impl FnOnce(Option<&App>, Used, usize) -> std::result::Result<ChangedApp<T>, E>,
    ) -> Result<Option<std::result::Result<T, E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        let apps = tx.apps(shop).await?;
        let before = apps.iter().find(|app| app.client_id == client_id);
        let used = tx.used(shop, since).await?.remove(client_id).unwrap_or_default();
        let (after, [was, is, said], answer) = match decide(before, used, apps.len()) {
            Ok(decided) => decided,
            Err(why) => return Ok(Some(Err(why))),
        };
        tx.put_app(shop, before, &after, doer.now).await?;
        let kept = chain.add(shop, doer.entry(version, "", event, [&was, &is, &said]));
        tx.commit_with(shop, &kept_by(&kept, &chain)).await?;
        Ok(Some(Ok(answer)))
    }
}

impl Tx {
    async fn put_app(&mut self, shop: &ShopId, before: Option<&App>, after: &App, now: i64) -> Result<()> {
        const NAMED: &str = "update apps set name = $3, allow_ips = $4 where shop_id = $1 and client_id = $2";
        let id = &after.client_id;
        match before {
            None => {
                self.add_app(shop, after).await?;
            }
            Some(before) => {
                let values = [id.into(), (&after.name).into(), (&after.allow_ips).into()];
                self.execute(shop, NAMED, &values).await?;
                if before.secret_hash != after.secret_hash {
                    self.set_secret(shop, id, &after.secret_hash).await?;
                }
                if before.disabled_at != after.disabled_at {
                    self.set_disabled(shop, id, after.disabled_at).await?;
                }
            }
        }
        let had: HashSet<&str> = before.map(App::granted).into_iter().flatten().collect();
        let has: HashSet<&str> = after.granted().collect();
        for set in has.difference(&had) {
            self.grant(shop, id, set, now).await?;
        }
        for set in had.difference(&has) {
            self.revoke(shop, id, set).await?;
        }
        Ok(())
    }
}
