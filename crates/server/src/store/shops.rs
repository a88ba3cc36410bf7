//! SQL about what a shop decided.

use std::collections::HashMap;

use super::acting::Written;
use super::complaints::{from_json, to_json};
use super::handled::Handled;
use super::history::kept_by;
use super::{Doer, Done, Result, Row, ShopId, Store, StoreError, Tx};
use crate::shop_settings::ShopSettings;

/// The settings as they are kept, null for none.
pub(super) fn settings(kept: Option<&str>) -> Result<ShopSettings> {
    kept.map(from_json).transpose().map(Option::unwrap_or_default)
}

impl Store {
    /// Changes what a shop decided. `decide` is told what that was and, with `moves`, the open complaints whose windows are by
    /// rules; it gives the new settings, the complaints that change with them (after, before), and the answer. With
    /// `dry` nothing is kept but the answer. `None` if there is no such shop.
    pub async fn change_settings<E>(
        &self,
        shop: &ShopId,
        doer: &Doer,
        moves: bool,
        dry: bool,
        decide: impl FnOnce(&ShopSettings, Vec<Handled>) -> (ShopSettings, Vec<(Handled, Handled)>, String),
    ) -> Result<Option<Done<E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let running = if moves { tx.running(shop).await? } else { Vec::new() };
        let numbers: HashMap<String, i64> = running
            .iter()
            .map(|(handled, number)| (handled.complaint.complaint_id.clone(), *number))
            .collect();
        let running = running.into_iter().map(|(handled, _)| handled).collect();
        let (settings, moved, answer) = decide(&taken.settings, running);
        if dry {
            return Ok(Some(Done::Answered(answer)));
        }
        for (after, before) in &moved {
            let id = &before.complaint.complaint_id;
            let number = numbers.get(id).copied();
            let number = number.ok_or_else(|| StoreError::Value(format!("{id} was not asked for")))?;
            let written = Written::of(before, after, version)?;
            let kept = chain.add(shop, written.entry("deadline_moved", "{}", doer));
            let mut statements = written.statements(after, number, doer.now).to_vec();
            statements.extend(kept_by(&kept, &chain));
            tx.execute_all(shop, &statements).await?;
        }
        let (before, after) = (to_json(&taken.settings)?, to_json(&settings)?);
        let entry = doer.entry(version, "", "settings_changed", [&before, &after, "{}"]);
        let kept = chain.add(shop, entry);
        let mut statements = vec![(SETTINGS, vec![(&after).into()])];
        statements.extend(kept_by(&kept, &chain));
        statements.extend(doer.remembering(&answer));
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

const SETTINGS: &str = "update shops set settings = $2 where shop_id = $1";

impl Tx {
    /// What the shop decided; of a shop that there is not, what one decides that decides nothing.
    pub async fn shop_settings(&mut self, shop: &ShopId) -> Result<ShopSettings> {
        const SETTINGS: &str = "select settings from shops where shop_id = $1";
        let decode = |row: &Row<'_>| settings(row.optional_text(0)?);
        Ok(self.query(shop, SETTINGS, &[], decode).await?.pop().unwrap_or_default())
    }
}
