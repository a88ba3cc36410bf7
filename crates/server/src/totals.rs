//! Totals that are remembered for as long as they cannot have changed.
//!
//! A total depends on the shop's version, the filter, and, where the filter asks for overtime, on which
//! deadlines are behind. It is kept under the version, together with the moment until which no further
//! deadline passes; whatever does not fit exactly is counted anew, in the same snapshot as the page.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use lru::LruCache;
use parking_lot::Mutex;
use tousu_wire::complaint_list::Filter;

use crate::store::{Result, ShopId, Tx};

/// The totals of all shops, bounded, least recently used first out.
pub struct Totals(Mutex<LruCache<(ShopId, Filter), Remembered>>);

struct Remembered {
    version: i64,
    /// The seconds at which it holds.
    holds: RangeInclusive<i64>,
    total: i64,
}

impl Totals {
    /// Remembers at most `bound` totals.
    pub fn new(bound: usize) -> Self {
        Totals(Mutex::new(LruCache::new(NonZeroUsize::new(bound).unwrap_or(NonZeroUsize::MIN))))
    }

    /// The exact total of `filter` at `now` in the snapshot of `tx`, in which the shop has `version`.
    pub async fn total(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        version: i64,
        filter: &Filter,
        now: i64,
    ) -> Result<i64> {
        let key = (shop.clone(), filter.clone());
        if let Some(known) = self.0.lock().get(&key)
            && known.version == version
            && known.holds.contains(&now)
        {
            return Ok(known.total);
        }
        let total = tx.count(shop, filter, now).await?;
        let holds = match filter.is_overtime {
            None => i64::MIN..=i64::MAX,
            Some(_) => now..=tx.next_deadline(shop, now).await?.unwrap_or(i64::MAX),
        };
        self.0.lock().put(key, Remembered { version, holds, total });
        Ok(total)
    }
}
