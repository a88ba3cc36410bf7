//! SQL by which subscriptions' addresses and secrets, those of mirrors, and what people's one-time passwords are counted
//! from, come under the vault's first key.

use super::phones::Examined;
use super::{Result, ShopId, Store, Subscription, Tx, User, Walked};
use crate::notices;
use crate::privacy::{Place, Vault};
use crate::source;

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

    /// Seals anew, under the vault's first key, the secret of a shop's mirror, if one is kept.
    pub async fn reseal_mirror(&self, shop: &ShopId) -> Result<Walked> {
        const ANEW: &str = "update mirrors set secret = $2 where shop_id = $1 and secret = $3";
        let Some(vault) = &self.2 else { return Ok(Walked::default()) };
        let kept = self.read().await?.mirror(shop).await?.and_then(|mirror| mirror.secret);
        let Some(sealed) = kept.filter(|sealed| vault.needs_resealing(sealed)) else {
            return Ok(Walked::default());
        };
        let place = source::place(shop);
        let Ok(opened) = vault.open(place, &sealed) else {
            return Ok(Walked { failed: 1, ..Walked::default() });
        };
        let anew = vault.seal(place, opened.reveal());
        let mut tx = self.begin_write().await?;
        // Unless another was set meanwhile.
        let done = tx.execute(shop, ANEW, &[(&anew).into(), (&sealed).into()]).await?;
        tx.commit().await?;
        Ok(Walked { sealed: done, ..Walked::default() })
    }

    /// Seals anew, under the vault's first key, what people's one-time passwords are counted from.
    pub async fn reseal_people(&self) -> Result<Walked> {
        const ANEW: &str = "update users set totp_secret = $2, totp_offered = $3 where user_id = $1";
        let Some(vault) = &self.2 else { return Ok(Walked::default()) };
        let mut done = Walked::default();
        let to_do = self.read().await?.users().await?.into_iter();
        for user in to_do.filter(|user| sealed_of(user).any(|sealed| vault.needs_resealing(sealed))) {
            let mut tx = self.begin_write().await?;
            // As it is now.
            let Some(mut user) = tx.lock_user(&user.login).await? else { continue };
            let owner = User::totp_place(&user.user_id);
            let place = Place { shop_id: "", owner: &owner };
            for sealed in user.totp_secret.iter_mut().chain(&mut user.totp_offered) {
                match vault.open(place, sealed) {
                    Ok(opened) => {
                        *sealed = vault.seal(place, opened.reveal());
                        done.sealed += 1;
                    }
                    Err(_) => done.failed += 1,
                }
            }
            let values =
                [(&user.user_id).into(), user.totp_secret.as_ref().into(), user.totp_offered.as_ref().into()];
            tx.query_all_shops(ANEW, &values, |_| Ok(())).await?;
            tx.commit().await?;
        }
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

impl Tx {
    /// Opens the secret of a shop's mirror, if one is kept.
    pub async fn examine_mirror(&mut self, shop: &ShopId, vault: Option<&Vault>) -> Result<Examined> {
        let mut seen = Examined::default();
        if let Some(sealed) = self.mirror(shop).await?.and_then(|mirror| mirror.secret) {
            seen.kept = 1;
            seen.to_reseal = u64::from(vault.is_some_and(|vault| vault.needs_resealing(&sealed)));
            let place = source::place(shop);
            seen.unopenable = u64::from(vault.is_none_or(|vault| vault.open(place, &sealed).is_err()));
        }
        Ok(seen)
    }

    /// Opens all that people's one-time passwords are counted from.
    pub async fn examine_people(&mut self, vault: Option<&Vault>) -> Result<Examined> {
        let mut seen = Examined::default();
        for user in self.users().await? {
            let owner = User::totp_place(&user.user_id);
            let place = Place { shop_id: "", owner: &owner };
            for sealed in sealed_of(&user) {
                seen.kept += 1;
                seen.to_reseal += u64::from(vault.is_some_and(|vault| vault.needs_resealing(sealed)));
                seen.unopenable += u64::from(vault.is_none_or(|vault| vault.open(place, sealed).is_err()));
            }
        }
        Ok(seen)
    }
}

/// What is kept of a person sealed.
fn sealed_of(user: &User) -> impl Iterator<Item = &String> {
    user.totp_secret.iter().chain(&user.totp_offered)
}

/// What a subscription keeps sealed, and as what.
fn sealed(kept: &Subscription) -> impl Iterator<Item = (&'static str, &String)> {
    let secrets = kept.secret.iter().chain(&kept.old_secret).map(|sealed| ("secret", sealed));
    std::iter::once(("target", &kept.target)).chain(secrets)
}
