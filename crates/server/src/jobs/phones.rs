//! Phone numbers that older programs wrote whole, and those that are under an older key, are sealed: a few at a time,
//! so that nobody waits long, and from anywhere on. With the latter goes what subscriptions, mirrors and
//! people keep sealed.

use crate::store::{Result, ShopId, Store, Walked};

/// Complaints of one transaction.
const BATCH: i64 = 1000;
/// Shops that are looked up at once.
const SHOPS: i64 = 100;

/// Seals what older programs wrote whole, in all shops. Without a vault nothing is done.
pub async fn seal(store: &Store) -> Result<Walked> {
    let mut done = Walked::default();
    if store.vault().is_none() {
        return Ok(done);
    }
    for shop in store.shops_with_plain_phones().await? {
        walk(store, &shop, Work::Seal, &mut done).await?;
    }
    if done.sealed > 0 {
        store.empty_log().await?;
    }
    Ok(done)
}

/// Seals anew what is not under the vault's first key, in all shops.
pub async fn reseal(store: &Store) -> Result<Walked> {
    let mut done = store.reseal_people().await?;
    let mut seen = ShopId::nobody();
    loop {
        let shops = store.read().await?.shops_after(&seen, SHOPS).await?;
        let Some(last) = shops.last() else { return Ok(done) };
        seen = last.clone();
        for shop in &shops {
            walk(store, shop, Work::Reseal, &mut done).await?;
            for more in [store.reseal_subscriptions(shop).await?, store.reseal_mirror(shop).await?] {
                done.sealed += more.sealed;
                done.failed += more.failed;
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Work {
    Seal,
    Reseal,
}

async fn walk(store: &Store, shop: &ShopId, work: Work, done: &mut Walked) -> Result<()> {
    let mut after = 0;
    loop {
        let Walked { last, sealed, failed } = match work {
            Work::Seal => store.seal_plain_phones(shop, after, BATCH).await?,
            Work::Reseal => store.reseal_phones(shop, after, BATCH).await?,
        };
        done.sealed += sealed;
        done.failed += failed;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}
