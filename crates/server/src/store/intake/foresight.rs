//! What taking in complaints would do.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::changes;
use super::{Incoming, Known, Outcome};
use crate::privacy::Vault;
use crate::store::phones::There;
use crate::store::{Result, ShopId, Store, Tx};

/// Tells what taking in complaints would do, batch after batch, and does nothing.
pub struct Foresight {
    tx: Tx,
    vault: Option<Arc<Vault>>,
    /// What was there, or would be by now.
    known: Known,
}

impl Store {
    /// What taking in would do as of now.
    pub async fn foresee(&self) -> Result<Foresight> {
        let mut tx = self.read().await?;
        // As long as the file it is asked about: that is bounded elsewhere.
        tx.unhurried().await?;
        Ok(Foresight { tx, vault: self.2.clone(), known: HashMap::new() })
    }
}

impl Foresight {
    /// As [`Store::take_in`].
    pub async fn take_in(&mut self, shop: &ShopId, batch: &[Incoming]) -> Result<Option<Vec<Outcome>>> {
        if self.tx.version(shop).await?.is_none() {
            return Ok(None);
        }
        let unseen = batch.iter().filter(|row| !self.known.contains_key(&row.complaint.complaint_id));
        let there = self.tx.known(shop, unseen).await?;
        self.known.extend(there);
        let mut outcomes = Vec::with_capacity(batch.len());
        for row in batch {
            let id = &row.complaint.complaint_id;
            let outcome = match self.known.contains_key(id) {
                true => Outcome::Unchanged,
                false => {
                    let added = There::once_added(self.vault.as_deref(), shop, &row.complaint);
                    self.known.insert(id.clone(), added);
                    Outcome::Added
                }
            };
            outcomes.push(outcome);
        }
        changes(self.vault.as_deref(), shop, batch, &mut self.known, &mut outcomes)?;
        Ok(Some(outcomes))
    }
}
