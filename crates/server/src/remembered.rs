//! What is remembered of answers, for as long as it cannot have changed.
//!
//! There is no push in the published API, so clients poll the same pages. A page depends on the shop's
//! version, the request, and on which deadlines are behind. It is kept under the version that its snapshot
//! had, with the seconds at which it holds; the version is asked of the store at every call. Whatever does
//! not fit exactly is made anew. So is the total, which all pages of a filter share.

use std::borrow::Borrow;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use tousu_wire::codes::{Overtime, State};
use tousu_wire::complaint_list::{Filter, Page};
use tousu_wire::complaint_search::{Query, Sort};
use tousu_wire::written;

use crate::complaint::Shown;
use crate::familiar::Familiar;
use crate::index::{Found, Indexes, Lookup};
use crate::settings::Storage;
use crate::store::{Caller, Group, Result, ShopId, Store, StoreError, Tx};

/// Callers, totals and pages of all shops, bounded, least recently used first out.
pub struct Remembered {
    store: Store,
    indexes: Arc<Indexes>,
    callers: Mutex<LruCache<String, Kept<Arc<Caller>>>>,
    totals: Mutex<LruCache<(ShopId, Filter), Kept<i64>>>,
    pages: Mutex<Pages>,
    /// Pages that were asked for before.
    familiar: Familiar,
}

struct Kept<T> {
    version: i64,
    /// The seconds at which it holds.
    holds: RangeInclusive<i64>,
    what: T,
}

/// What page of what shop.
pub type PageKey = (ShopId, Filter, Page);

struct Pages {
    kept: LruCache<PageKey, Kept<Bytes>>,
    bytes: usize,
    most_bytes: usize,
}

/// The moment of a call, and the shop's version in its snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The shop's version.
    pub version: i64,
    /// Epoch seconds.
    pub now: i64,
}

impl Remembered {
    /// Nothing yet; bounded as the settings say.
    pub fn new(store: Store, settings: &Storage) -> Self {
        let entries = NonZeroUsize::new(settings.remembered_entries).unwrap_or(NonZeroUsize::MIN);
        Remembered {
            indexes: Indexes::new(store.clone(), settings.index_bytes),
            store,
            callers: Mutex::new(LruCache::new(entries)),
            totals: Mutex::new(LruCache::new(entries)),
            pages: Mutex::new(Pages {
                kept: LruCache::unbounded(),
                bytes: 0,
                most_bytes: settings.remembered_pages_bytes,
            }),
            familiar: Familiar::new(),
        }
    }

    /// Who holds the token of that hash, as [`Tx::caller`] tells it. Grants, revocations and ends of tokens
    /// are changes of the shop, so that its version tells of them too.
    pub async fn caller(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        token_hash: &str,
    ) -> Result<Option<Arc<Caller>>> {
        if let Some(known) = recall(&mut self.callers.lock(), token_hash, moment) {
            return Ok(Some(known));
        }
        let Some(caller) = tx.caller(shop, token_hash, moment.now).await? else { return Ok(None) };
        let holds = moment.now..=caller.expires_at - 1;
        let caller = Arc::new(caller);
        let kept = Kept { version: moment.version, holds, what: caller.clone() };
        self.callers.lock().put(token_hash.to_owned(), kept);
        Ok(Some(caller))
    }

    /// Who held the token of that hash when it was last looked up, and at which version. Whoever relies on it
    /// must learn that the shop is still at that version.
    pub fn known_caller(&self, token_hash: &str, now: i64) -> Option<(i64, Arc<Caller>)> {
        let mut callers = self.callers.lock();
        let known = callers.get(token_hash)?;
        known.holds.contains(&now).then(|| (known.version, known.what.clone()))
    }

    /// The answer to a list call at that moment, envelope and all, as it goes over the wire. Without a snapshot
    /// it is made of what is in memory, and given only if the shop turns out to be at that version still; `None`
    /// if it is not, or if the snapshot is older than what is in memory.
    pub async fn page(&self, tx: Option<&mut Tx>, moment: Moment, key: PageKey) -> Result<Option<Bytes>> {
        let known = recall(&mut self.pages.lock().kept, &key, moment);
        if let Some(known) = known {
            let holds = tx.is_some() || self.store.version(&key.0).await? == Some(moment.version);
            return Ok(holds.then_some(known));
        }
        Box::pin(self.made(tx, moment, key)).await
    }

    /// A page that is not remembered; from now on it is, if it is asked for again and again.
    async fn made(&self, tx: Option<&mut Tx>, moment: Moment, key: PageKey) -> Result<Option<Bytes>> {
        let (shop, filter, page) = &key;
        let mut rows = Rows::new(moment.now, *page);
        let Some(found) = self.found(tx, shop, moment, filter, *page, &mut rows).await? else {
            return Ok(None);
        };
        let until = rows.until.min(*found.holds.end());
        let answer = Bytes::from(rows.answer(&found)?);
        if self.familiar.is(&key) {
            let kept = Kept { version: moment.version, holds: moment.now..=until, what: answer.clone() };
            self.pages.lock().keep(key, kept);
        }
        Ok(Some(answer))
    }

    async fn found(
        &self,
        tx: Option<&mut Tx>,
        shop: &ShopId,
        moment: Moment,
        filter: &Filter,
        page: Page,
        rows: &mut Rows,
    ) -> Result<Option<Found>> {
        let Some(tx) = tx else {
            let give = |number: i64, complaint: Shown<'_>| rows.add(number, complaint);
            let guess = self.indexes.guess(shop, filter, page, moment.now);
            let Some((version, found)) = guess.filter(|guess| guess.0 == moment.version) else {
                return Ok(None);
            };
            let seen = self.store.glance(shop, &found.numbers, give).await?;
            return Ok((seen == Some(version)).then_some(found));
        };
        Box::pin(self.found_in(tx, shop, moment, filter, page, rows)).await
    }

    async fn found_in(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        filter: &Filter,
        page: Page,
        rows: &mut Rows,
    ) -> Result<Option<Found>> {
        let give = |number: i64, complaint: Shown<'_>| rows.add(number, complaint);
        match self.indexes.find(tx, shop, moment, filter, page).await? {
            Lookup::Found(found) => {
                tx.numbered(shop, &found.numbers, give).await?;
                Ok(Some(found))
            }
            Lookup::Newer => Ok(None),
            Lookup::Unknown => {
                let total = self.total(tx, shop, moment, filter).await?;
                if page.offset < total {
                    tx.page(shop, filter, page, moment.now, give).await?;
                }
                let until = match filter.is_overtime {
                    Some(_) => tx.next_deadline(shop, moment.now).await?.unwrap_or(i64::MAX),
                    None => i64::MAX,
                };
                let numbers = rows.places.iter().map(|place| place.0).collect();
                Ok(Some(Found { total, numbers, holds: moment.now..=until }))
            }
        }
    }

    /// How many complaints a search finds, if the index in memory knows it: if the search asks for nothing but what
    /// the list can be filtered by, several values included.
    pub async fn total_of(&self, tx: &mut Tx, shop: &ShopId, moment: Moment, query: &Query) -> Result<Total> {
        let Some(filters) = filters_of(query) else { return Ok(Total::Unknown) };
        let mut total = 0;
        for filter in filters {
            match self.indexes.find(tx, shop, moment, &filter, Page { offset: 0, size: 1 }).await? {
                Lookup::Found(found) => total += found.total,
                Lookup::Newer => return Ok(Total::Newer),
                Lookup::Unknown => return Ok(Total::Unknown),
            }
        }
        Ok(Total::Known(total))
    }

    /// How many complaints wait for what; `None` if what is in memory is of a newer version than the snapshot: another
    /// snapshot will do.
    pub async fn tabs(&self, tx: &mut Tx, shop: &ShopId, moment: Moment) -> Result<Option<Tabs>> {
        let of = |state: Option<State>, is_overtime: Option<Overtime>| Filter {
            state,
            is_overtime,
            ..Filter::default()
        };
        let late = Some(Overtime::Late);
        let filters = [
            of(Some(State::Pending), None),
            of(Some(State::InProgress), None),
            of(Some(State::Done), None),
            of(None, late),
            of(Some(State::Done), late),
        ];
        let mut totals = [0; 5];
        for (filter, total) in filters.iter().zip(&mut totals) {
            match self.indexes.find(tx, shop, moment, filter, Page { offset: 0, size: 1 }).await? {
                Lookup::Found(found) => *total = found.total,
                Lookup::Newer => return Ok(None),
                // Counted in one go, while the shop is read into memory.
                Lookup::Unknown => return Ok(Some(Tabs::of(&tx.groups(shop, moment.now).await?))),
            }
        }
        let [pending, processing, done, late, done_late] = totals;
        Ok(Some(Tabs { pending, processing, done, overdue: late - done_late }))
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

/// How many complaints a search finds, as far as memory knows.
pub enum Total {
    /// So many.
    Known(i64),
    /// What is in memory is of a newer version than the snapshot: another snapshot will do.
    Newer,
    /// The database has to be asked.
    Unknown,
}

/// How many complaints of a shop wait for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tabs {
    /// Pending.
    pub pending: i64,
    /// In progress.
    pub processing: i64,
    /// Open and past the deadline.
    pub overdue: i64,
    /// Done.
    pub done: i64,
}

impl Tabs {
    fn of(groups: &[Group]) -> Self {
        let mut tabs = Tabs::default();
        for group in groups {
            match group.state {
                State::Pending => tabs.pending += group.complaints,
                State::InProgress => tabs.processing += group.complaints,
                State::Done => tabs.done += group.complaints,
                State::Other(_) => {}
            }
            if group.state != State::Done && group.overtime == Some(Overtime::Late) {
                tabs.overdue += group.complaints;
            }
        }
        tabs
    }
}

/// A search as filters of the list, of which each complaint passes one at most; `None` if it asks for more than those know.
pub fn filters_of(query: &Query) -> Option<Vec<Filter>> {
    let Query { channel_type, state, is_overtime, start_time, end_time, .. } = query.clone();
    let is_known = Query {
        channel_type: channel_type.clone(),
        state: state.clone(),
        is_overtime,
        start_time,
        end_time,
        sort: if query.sort == Sort::Deadline { Sort::Time } else { query.sort },
        ..Query::default()
    };
    if is_known != *query {
        return None;
    }
    fn each<T: Copy>(values: &[T]) -> Vec<Option<T>> {
        if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
    }
    let states = each(&state);
    let of_channel = |channel_type| {
        states.iter().map(move |&state| Filter {
            complaint_id: None,
            channel_type,
            is_overtime,
            state,
            start_time,
            end_time,
        })
    };
    Some(each(&channel_type).into_iter().flat_map(of_channel).collect())
}

/// What is kept under `key`, if it holds at that moment.
fn recall<K, Q, T>(kept: &mut LruCache<K, Kept<T>>, key: &Q, moment: Moment) -> Option<T>
where
    K: Hash + Eq + Borrow<Q>,
    Q: Hash + Eq + ?Sized,
    T: Clone,
{
    let known = kept.get(key)?;
    (known.version == moment.version && known.holds.contains(&moment.now)).then(|| known.what.clone())
}

/// The rows of a page as JSON, as they came from the store.
struct Rows {
    now: i64,
    written: Vec<u8>,
    places: Vec<(i64, Range<usize>)>,
    /// The last second at which none of the rows' open deadlines passes that has not passed at `now`.
    until: i64,
}

impl Rows {
    fn new(now: i64, page: Page) -> Self {
        let most = usize::try_from(page.size).unwrap_or_default();
        let written = Vec::with_capacity(most * written::ROW_BYTES);
        Rows { now, written, places: Vec::with_capacity(most), until: i64::MAX }
    }

    fn add(&mut self, number: i64, complaint: Shown<'_>) {
        if complaint.state != State::Done && complaint.operate_end_time >= self.now {
            self.until = self.until.min(complaint.operate_end_time);
        }
        let start = self.written.len();
        complaint.row(self.now).write(&mut self.written);
        self.places.push((number, start..self.written.len()));
    }

    /// The whole answer, in the order of the page, of which all rows must be there.
    fn answer(&mut self, found: &Found) -> Result<Vec<u8>> {
        self.places.sort_unstable_by_key(|place| place.0);
        let mut in_order = Vec::with_capacity(found.numbers.len());
        for number in &found.numbers {
            let missing = |_| StoreError::Value(format!("no complaint has the number {number}"));
            let place = self.places.binary_search_by_key(number, |place| place.0).map_err(missing)?;
            in_order.push(&self.written[self.places[place].1.clone()]);
        }
        Ok(written::answer(in_order.into_iter(), found.total))
    }
}

impl Pages {
    fn keep(&mut self, key: PageKey, answer: Kept<Bytes>) {
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
