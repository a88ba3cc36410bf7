//! Taking a complaint away as a file of evidence.

use serde_json::json;
use tousu_wire::{BeijingTime, Lang, complaint_get};

use super::{Deadlines, explain, standing};
use crate::bundle::{About, Bundle, Evidence, PROGRAM, Proven, Unfit};
use crate::privacy::masked_text;
use crate::store::{BUNDLED, Doer, Result, ShopId, Store, StoreError, Tx};

/// A bundle that was taken.
#[derive(Clone, Debug)]
pub struct Bundled {
    /// The whole file.
    pub html: String,
    /// The digest over it, which the history has.
    pub digest: String,
}

/// Makes a bundle of a complaint, and writes down that it was taken. `None` if there is no such complaint.
pub async fn bundle(
    store: &Store,
    shop: &ShopId,
    doer: &Doer,
    deadlines: &Deadlines,
    complaint_id: &str,
) -> Result<Option<Bundled>> {
    let mut tx = store.read().await?;
    let Some(bundle) = read(&mut tx, shop, doer, deadlines, complaint_id).await? else { return Ok(None) };
    drop(tx);
    let (html, digest) = bundle.to_html().map_err(|error| StoreError::Value(error.to_string()))?;
    let said = json!({ "digest": digest, "entries": bundle.history.len() });
    let noted = store.note(shop, doer, complaint_id, BUNDLED, &said).await?;
    Ok(noted.map(|_| Bundled { html, digest }))
}

async fn read(
    tx: &mut Tx,
    shop: &ShopId,
    doer: &Doer,
    deadlines: &Deadlines,
    complaint_id: &str,
) -> Result<Option<Bundle>> {
    let Some(chain) = tx.chain(shop).await? else { return Ok(None) };
    let Some(handled) = tx.handled(shop, complaint_id).await? else { return Ok(None) };
    let Some(found) = tx.complaint(shop, complaint_id).await? else { return Ok(None) };
    let settings = tx.shop_settings(shop).await?;
    let history = tx.history_with_hashes_before(shop, complaint_id).await?;
    Ok(Some(Bundle {
        about: About {
            program: PROGRAM.to_owned(),
            app_id: shop.as_str().to_owned(),
            shop: tx.shop_name(shop).await?.unwrap_or_default(),
            complaint_id: complaint_id.to_owned(),
            made_at: BeijingTime::from_epoch(doer.now),
            made_by: masked_text(&doer.operator).into_owned(),
            entries: chain.entries,
            last_hash: chain.hash,
        },
        deadlines: explain(&handled, &settings, deadlines, doer.now, Lang::Zh),
        complaint: complaint_get::Response {
            standing: standing(&handled, doer.now),
            info: found.complaint.to_info(shop.as_str(), found.number, found.details),
        },
        history: history
            .into_iter()
            .map(|(kept, before)| Evidence::of(kept, before))
            .collect::<Result<_>>()?,
    }))
}

/// Holds what a file proves against what is kept: the first thing that is not the same.
pub async fn compare_bundle(tx: &mut Tx, proven: &Proven) -> Result<Option<Unfit>> {
    let about = &proven.about;
    let Some(shop) = ShopId::parse(&about.app_id) else { return Ok(Some(Unfit::Unknown)) };
    let kept = tx.history_with_hashes_before(&shop, &about.complaint_id).await?;
    for evidence in &proven.history {
        let same = kept.iter().any(|(kept, before)| {
            kept.number == evidence.entry && kept.hash == evidence.hash && *before == evidence.hash_before
        });
        if !same {
            return Ok(Some(Unfit::Kept(evidence.entry)));
        }
    }
    let is_in = |number: i64| proven.history.iter().any(|evidence| evidence.entry == number);
    let left_out = kept.iter().find(|(kept, _)| kept.number <= about.entries && !is_in(kept.number));
    if let Some((kept, _)) = left_out {
        return Ok(Some(Unfit::LeftOut(kept.number)));
    }
    let is_known = kept.iter().any(|(kept, _)| {
        let said = serde_json::from_str::<serde_json::Value>(&kept.entry.said).unwrap_or_default();
        kept.entry.event == BUNDLED && said["digest"] == proven.digest.as_str()
    });
    Ok((!is_known).then_some(Unfit::Unknown))
}
