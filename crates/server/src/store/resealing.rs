//! SQL by which subscriptions' addresses and secrets come under the vault's first key.

use super::phones::Examined;
use super::{Result, ShopId, Store, Subscription, Tx, Walked};
use crate::notices;
use crate::privacy::{Place, Vault};

impl Store {
    /// Seals anew, under the vault's first key, what a shop's subscriptions keep under another. Nobody who reads sees a
    /// difference, so that this takes no version. What cannot be opened stays as it is.
    pub async fn reseal_subscriptions(&self, shop: &ShopId) -> Result<Walked> {
        let Some(vault) = &self.2 else { return Ok(Walked::default()) };
        let mut tx = self.begin_write().await?;
        let mut done = Walked::default();
        if !tx.hold(shop).await? {
            return Ok(done);
        }
        for found in tx.subscriptions(shop).await? {
            if !sealed(&found).any(|(_, sealed)| vault.needs_resealing(sealed)) {
                continue;
            }
            // As it is now: whoever sends changes how far it is without the shop's row.
            let Some(mut kept) = tx.lock_subscription(shop, &found.subscription_id).await? else { continue };
            let id = kept.subscription_id.clone();
            let mut anew = |what: &str, sealed: &mut String| {
                if !vault.needs_resealing(sealed) {
                    return;
                }
                let place = notices::place(&id, what);
                let place = Place { shop_id: shop.as_str(), owner: &place };
                match vault.open(place, sealed) {
                    Ok(opened) => {
                        *sealed = vault.seal(place, opened.reveal());
                        done.sealed += 1;
                    }
                    Err(_) => done.failed += 1,
                }
            };
            anew("target", &mut kept.target);
            kept.secret.iter_mut().chain(&mut kept.old_secret).for_each(|secret| anew("secret", secret));
            tx.keep_subscription(shop, &kept).await?;
        }
        tx.commit().await?;
        Ok(done)
    }
}

impl Tx {
    /// Opens all that a shop's subscriptions keep sealed.
    pub async fn examine_subscriptions(&mut self, shop: &ShopId, vault: Option<&Vault>) -> Result<Examined> {
        let mut seen = Examined::default();
        for kept in self.subscriptions(shop).await? {
            for (what, sealed) in sealed(&kept) {
                let place = notices::place(&kept.subscription_id, what);
                let place = Place { shop_id: shop.as_str(), owner: &place };
                seen.kept += 1;
                seen.to_reseal += u64::from(vault.is_some_and(|vault| vault.needs_resealing(sealed)));
                seen.unopenable += u64::from(vault.is_none_or(|vault| vault.open(place, sealed).is_err()));
            }
        }
        Ok(seen)
    }
}

/// What a subscription keeps sealed, and as what.
fn sealed(kept: &Subscription) -> impl Iterator<Item = (&'static str, &String)> {
    let secrets = kept.secret.iter().chain(&kept.old_secret).map(|sealed| ("secret", sealed));
    std::iter::once(("target", &kept.target)).chain(secrets)
}
