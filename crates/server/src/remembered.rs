//! What is remembered of answers, for as long as it cannot have changed.
//!
//! There is no push in the published API, so clients poll the same pages. A page depends on the shop's
//! version, the request, and on which deadlines are behind. It is kept under the version that its snapshot
//! had, with the seconds at which it holds; the version is asked of the store at every call. Whatever does
//! not fit exactly is made anew. So is the total, which all pages of a filter share.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use tousu_wire::Envelope;
use tousu_wire::codes::State;
use tousu_wire::complaint_list::{Filter, Page, Response, SUCCESS};

use crate::complaint::Complaint;
use crate::settings::Storage;
use crate::store::{Caller, Result, ShopId, StoreError, Tx};

/// Callers, totals and pages of all shops, bounded, least recently used first out.
pub struct Remembered {
    callers: Mutex<LruCache<String, Kept<Arc<Caller>>>>,
    totals: Mutex<LruCache<(ShopId, Filter), Kept<i64>>>,
    pages: Mutex<Pages>,
}

struct Kept<T> {
    version: i64,
    /// The seconds at which it holds.
    holds: RangeInclusive<i64>,
    what: T,
}

struct Pages {
    kept: LruCache<(ShopId, Filter, Page), Kept<Bytes>>,
    bytes: usize,
    most_bytes: usize,
}

/// The moment of a call, and the shop's version in its snapshot.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The shop's version.
    pub version: i64,
    /// Epoch seconds.
    pub now: i64,
}

impl Remembered {
    /// Nothing yet; bounded as the settings say.
    pub fn new(settings: &Storage) -> Self {
        let entries = NonZeroUsize::new(settings.remembered_entries).unwrap_or(NonZeroUsize::MIN);
        Remembered {
            callers: Mutex::new(LruCache::new(entries)),
            totals: Mutex::new(LruCache::new(entries)),
            pages: Mutex::new(Pages {
                kept: LruCache::unbounded(),
                bytes: 0,
                most_bytes: settings.remembered_pages_bytes,
            }),
        }
    }

    /// Who holds the token of that hash, as [`Tx::caller`] tells it. Grants, revocations and ends of tokens
    /// are changes of the shop, so that its version tells of them too.
    pub async fn caller(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        token_hash: String,
    ) -> Result<Option<Arc<Caller>>> {
        if let Some(known) = recall(&mut self.callers.lock(), &token_hash, moment) {
            return Ok(Some(known));
        }
        let Some(caller) = tx.caller(shop, &token_hash, moment.now).await? else { return Ok(None) };
        let holds = moment.now..=caller.expires_at - 1;
        let caller = Arc::new(caller);
        self.callers.lock().put(token_hash, Kept { version: moment.version, holds, what: caller.clone() });
        Ok(Some(caller))
    }

    /// The answer to a list call in the snapshot of `tx`, envelope and all, as it goes over the wire.
    pub async fn page(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        filter: Filter,
        page: Page,
    ) -> Result<Bytes> {
        let key = (shop.clone(), filter, page);
        if let Some(known) = recall(&mut self.pages.lock().kept, &key, moment) {
            return Ok(known);
        }
        let filter = &key.1;
        let total = self.total(tx, shop, moment, filter).await?;
        let found = match page.offset < total {
            true => tx.page(shop, filter, page, moment.now).await?,
            false => Vec::new(),
        };
        let holds = match filter.is_overtime {
            Some(_) => moment.now..=tx.next_deadline(shop, moment.now).await?.unwrap_or(i64::MAX),
            None => moment.now..=next_deadline(&found, moment.now),
        };
        let list = found.into_iter().map(|complaint| complaint.to_row(moment.now)).collect();
        let answer = Envelope { code: 0, data: Response { list, total }, msg: SUCCESS.to_owned() };
        let answer = serde_json::to_vec(&answer).map_err(|error| StoreError::Value(error.to_string()))?;
        let answer = Bytes::from(answer);
        self.pages.lock().keep(key, Kept { version: moment.version, holds, what: answer.clone() });
        Ok(answer)
    }

    async fn total(&self, tx: &mut Tx, shop: &ShopId, moment: Moment, filter: &Filter) -> Result<i64> {
        let key = (shop.clone(), filter.clone());
        if let Some(known) = recall(&mut self.totals.lock(), &key, moment) {
            return Ok(known);
        }
        let what = tx.count(shop, filter, moment.now).await?;
        let holds = match filter.is_overtime {
            None => i64::MIN..=i64::MAX,
            Some(_) => moment.now..=tx.next_deadline(shop, moment.now).await?.unwrap_or(i64::MAX),
        };
        self.totals.lock().put(key, Kept { version: moment.version, holds, what });
        Ok(what)
    }
}

/// What is kept under `key`, if it holds at that moment.
fn recall<K: Hash + Eq, T: Clone>(kept: &mut LruCache<K, Kept<T>>, key: &K, moment: Moment) -> Option<T> {
    let known = kept.get(key)?;
    (known.version == moment.version && known.holds.contains(&moment.now)).then(|| known.what.clone())
}

/// The last second at which none of the rows' open deadlines passes that has not passed at `now`.
fn next_deadline(rows: &[Complaint], now: i64) -> i64 {
    let open = rows.iter().filter(|row| row.state != State::Done).map(|row| row.operate_end_time);
    open.filter(|&deadline| deadline >= now).min().unwrap_or(i64::MAX)
}

impl Pages {
    fn keep(&mut self, key: (ShopId, Filter, Page), answer: Kept<Bytes>) {
        let size = |answer: &Kept<Bytes>| answer.what.len() + ENTRY_BYTES;
        self.bytes += size(&answer);
        if let Some((_, replaced)) = self.kept.push(key, answer) {
            self.bytes -= size(&replaced);
        }
        while self.bytes > self.most_bytes
            && let Some((_, oldest)) = self.kept.pop_lru()
        {
            self.bytes -= size(&oldest);
        }
    }
}

/// What a kept page costs beside its text, roughly.
const ENTRY_BYTES: usize = 300;
