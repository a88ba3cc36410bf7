//! Totals and pages at constant cost: of each shop in use, the list's order in memory, counted by class.
//!
//! An index is of one version of its shop. Before it answers, it is moved to the version of the caller's
//! snapshot by what the store tells since ([`crate::store::Tx::changes_since`]), and deadlines that have passed
//! make complaints late in it. So it is exact whoever wrote, through whichever node, and holds nothing that
//! could be lost. A shop that is not in memory is read in the background while SQL answers.

mod check;
mod class;
mod shop;
mod tree;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use lru::LruCache;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;
use tousu_wire::complaint_list::{Filter, Page};

use self::shop::{ShopIndex, TooFar};
use crate::remembered::Moment;
use crate::store::{Result, ShopId, Store, StoreError, Tx};

/// The indexes of all shops in use, bounded, least recently used first out.
pub struct Indexes {
    store: Store,
    slots: Mutex<LruCache<ShopId, Arc<Slot>>>,
    bytes: AtomicUsize,
    most_bytes: usize,
    /// Large shops are read one at a time, so that calls are not short of readers.
    reading: Semaphore,
}

/// A shop's place.
#[derive(Default)]
struct Slot {
    index: RwLock<Option<ShopIndex>>,
    /// Whoever moves the index; readers of it do not wait.
    turn: tokio::sync::Mutex<()>,
    /// It is being read in the background.
    away: AtomicBool,
    bytes: AtomicUsize,
    measured_at: AtomicUsize,
    /// It made room for others, and is no longer looked at.
    gone: AtomicBool,
}

/// Total and page of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many complaints match.
    pub total: i64,
    /// The numbers of the page's complaints, newest first.
    pub numbers: Vec<i64>,
    /// The seconds at which the same complaints match.
    pub holds: RangeInclusive<i64>,
}

/// What an index says to a call.
pub enum Lookup {
    /// This is it.
    Found(Found),
    /// The index is of a newer version than the snapshot: another snapshot will do.
    Newer,
    /// The shop is not in memory, or the filter is not the index's business: ask the database.
    Unknown,
}

/// Up to this many complaints are read, or followed, within a call.
const AT_ONCE: usize = 20_000;
/// What a place costs beside its index, roughly.
const SLOT_BYTES: usize = 500;
/// What a complaint costs in a freshly read index, at most.
const COMPLAINT_BYTES: usize = 10;

impl Indexes {
    /// None yet; `most_bytes` of memory at most.
    pub fn new(store: Store, most_bytes: usize) -> Arc<Self> {
        Arc::new(Indexes {
            store,
            slots: Mutex::new(LruCache::unbounded()),
            bytes: AtomicUsize::new(0),
            most_bytes,
            reading: Semaphore::new(1),
        })
    }

    /// Bytes of memory in use, roughly, and shops.
    pub fn usage(&self) -> (usize, usize) {
        (self.bytes.load(Ordering::Relaxed), self.slots.lock().len())
    }

    /// What the index knows without asking the store, and of which version.
    pub fn guess(&self, shop: &ShopId, filter: &Filter, page: Page, now: i64) -> Option<(i64, Found)> {
        let slot = self.slots.lock().get(shop).cloned()?;
        let index = slot.index.read();
        let index = index.as_ref()?;
        let knows = filter.complaint_id.is_none() && (filter.is_overtime.is_none() || index.holds(now));
        knows.then(|| (index.version(), index.find(filter, page)))
    }

    /// Total and page in the snapshot of `tx`, which is of `moment`.
    pub async fn find(
        self: &Arc<Self>,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
        filter: &Filter,
        page: Page,
    ) -> Result<Lookup> {
        // One complaint is the database's business: it has an index for that.
        if filter.complaint_id.is_some() || self.most_bytes == 0 {
            return Ok(Lookup::Unknown);
        }
        let slot = self.slot(shop);
        // Calls of different seconds may undo each other's work; then another snapshot helps, too.
        for _ in 0..4 {
            match slot.version_at(moment.now) {
                Some((version, _)) if version > moment.version => return Ok(Lookup::Newer),
                Some((version, true)) if version == moment.version => {
                    // Between the two looks it may have moved on.
                    let index = slot.index.read();
                    if let Some(index) = index.as_ref()
                        && index.version() == moment.version
                        && index.holds(moment.now)
                    {
                        return Ok(Lookup::Found(index.find(filter, page)));
                    }
                }
                _ if slot.away.load(Ordering::Acquire) => return Ok(Lookup::Unknown),
                _ => {
                    let _turn = slot.turn.lock().await;
                    if !self.bring(&slot, tx, shop, moment).await? {
                        return Ok(Lookup::Unknown);
                    }
                }
            }
        }
        Ok(Lookup::Newer)
    }

    /// Reads the whole shop, however large, while the caller waits.
    async fn read_now(&self, tx: &mut Tx, shop: &ShopId, now: i64) -> Result<()> {
        let slot = self.slot(shop);
        let _turn = slot.turn.lock().await;
        let read = ShopIndex::load(tx, shop, now).await?;
        *slot.index.write() = read;
        self.measure(&slot);
        Ok(())
    }

    fn slot(&self, shop: &ShopId) -> Arc<Slot> {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(shop) {
            return slot.clone();
        }
        let slot = Arc::new(Slot::default());
        slot.bytes.store(SLOT_BYTES, Ordering::Relaxed);
        self.bytes.fetch_add(SLOT_BYTES, Ordering::Relaxed);
        slots.put(shop.clone(), slot.clone());
        self.make_room(&mut slots);
        slot
    }

    /// Brings the shop's index to that moment, whoever's turn it is. `false` if that is left to the background,
    /// or cannot be.
    async fn bring(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        tx: &mut Tx,
        shop: &ShopId,
        moment: Moment,
    ) -> Result<bool> {
        match slot.version_at(moment.now) {
            // Somebody else did it while we waited.
            Some((version, holds)) if version > moment.version || version == moment.version && holds => {
                Ok(true)
            }
            Some((version, _)) if version == moment.version => {
                self.pass_deadlines(slot, tx, shop, moment.now).await?;
                Ok(true)
            }
            Some(_) => {
                if !self.follow(slot, tx, shop, AT_ONCE).await? {
                    self.read_in_background(slot, shop, moment.now);
                    return Ok(false);
                }
                self.pass_deadlines(slot, tx, shop, moment.now).await?;
                Ok(true)
            }
            None if slot.away.load(Ordering::Acquire) => Ok(false),
            None => {
                let Some(progress) = tx.progress(shop).await? else { return Ok(false) };
                if progress.last_number > AT_ONCE as i64 {
                    if (progress.last_number as usize).saturating_mul(COMPLAINT_BYTES) < self.most_bytes {
                        self.read_in_background(slot, shop, moment.now);
                    }
                    return Ok(false);
                }
                let read = ShopIndex::load(tx, shop, moment.now).await?;
                let there = read.is_some();
                *slot.index.write() = read;
                self.measure(slot);
                Ok(there)
            }
        }
    }

    /// Moves the index to the snapshot's version; `false` if that is too far.
    async fn follow(&self, slot: &Slot, tx: &mut Tx, shop: &ShopId, most: usize) -> Result<bool> {
        let Some(mut taken) = slot.take() else { return Ok(false) };
        match follow(&mut taken.index, tx, shop, most).await? {
            Followed::There => {}
            Followed::TooFar => return Ok(false),
            Followed::Broken => {
                taken.index = None;
                return Ok(false);
            }
        }
        drop(taken);
        self.measure(slot);
        Ok(true)
    }

    /// Lets the deadlines between the index's seconds and `now` pass.
    async fn pass_deadlines(&self, slot: &Slot, tx: &mut Tx, shop: &ShopId, now: i64) -> Result<()> {
        let passed = slot.index.read().as_ref().and_then(|index| index.passed(now));
        let open = match &passed {
            Some((span, _)) => tx.deadlines(shop, span.start, span.end).await?,
            None => Vec::new(),
        };
        // Also after following: a new complaint's deadline may be the next one.
        let holds = now..=tx.next_deadline(shop, now).await?.unwrap_or(i64::MAX);
        let late = passed.is_some_and(|(_, late)| late);
        let mut index = slot.index.write();
        if let Some(there) = index.as_mut()
            && let Err(error) = there.flip(&open, late, holds)
        {
            report(shop, &error);
            *index = None;
        }
        Ok(())
    }

    /// Has the whole shop read, or a long log followed, while calls ask the database.
    fn read_in_background(self: &Arc<Self>, slot: &Arc<Slot>, shop: &ShopId, now: i64) {
        if slot.away.swap(true, Ordering::AcqRel) {
            return;
        }
        let (indexes, slot, shop) = (self.clone(), slot.clone(), shop.clone());
        tokio::spawn(async move {
            let began = Instant::now();
            let read = indexes.read_whole(&slot, &shop, now).await;
            match read {
                Ok(complaints) => {
                    let ms = began.elapsed().as_millis() as u64;
                    tracing::info!(shop = shop.as_str(), complaints, ms, "the shop is in memory");
                }
                Err(error) => {
                    tracing::warn!(shop = shop.as_str(), %error, "the shop could not be read into memory")
                }
            }
            slot.away.store(false, Ordering::Release);
        });
    }

    async fn read_whole(&self, slot: &Slot, shop: &ShopId, now: i64) -> Result<usize> {
        let closed = |_| StoreError::Value("no more shops are read".into());
        let _place = self.reading.acquire().await.map_err(closed)?;
        let mut index = slot.index.write().take();
        loop {
            let mut tx = self.store.read().await?;
            let most = index.as_ref().map_or(0, ShopIndex::len).max(AT_ONCE);
            match follow(&mut index, &mut tx, shop, most).await? {
                // What came while a long log was read may itself be long.
                Followed::There => break,
                _ => index = ShopIndex::load(&mut tx, shop, now).await?,
            }
            if index.is_none() {
                break;
            }
        }
        let complaints = index.as_ref().map_or(0, ShopIndex::len);
        *slot.index.write() = index;
        self.measure(slot);
        Ok(complaints)
    }

    /// Keeps account of what the slot's index takes, and lets others go if that is too much.
    fn measure(&self, slot: &Slot) {
        let mut slots = self.slots.lock();
        if slot.gone.load(Ordering::Relaxed) {
            *slot.index.write() = None;
            return;
        }
        let (bytes, len) = match slot.index.read().as_ref() {
            Some(index) => {
                let (len, before) = (index.len(), slot.measured_at.load(Ordering::Relaxed));
                if before > 0 && len.abs_diff(before) <= before / 64 {
                    return;
                }
                (SLOT_BYTES + index.bytes(), len)
            }
            None => (SLOT_BYTES, 0),
        };
        slot.measured_at.store(len, Ordering::Relaxed);
        let before = slot.bytes.swap(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_sub(before, Ordering::Relaxed);
        self.make_room(&mut slots);
    }

    fn make_room(&self, slots: &mut LruCache<ShopId, Arc<Slot>>) {
        while self.bytes.load(Ordering::Relaxed) > self.most_bytes
            && let Some((_, oldest)) = slots.pop_lru()
        {
            oldest.gone.store(true, Ordering::Relaxed);
            *oldest.index.write() = None;
            self.bytes.fetch_sub(oldest.bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// How far an index came.
enum Followed {
    There,
    TooFar,
    /// Log and list do not agree, or the log was trimmed: it must be read anew.
    Broken,
}

async fn follow(index: &mut Option<ShopIndex>, tx: &mut Tx, shop: &ShopId, most: usize) -> Result<Followed> {
    let Some(known) = index else { return Ok(Followed::Broken) };
    let delta = match known.delta(tx, shop, most).await? {
        Ok(delta) => delta,
        Err(TooFar::Long) => return Ok(Followed::TooFar),
        Err(TooFar::Trimmed) => return Ok(Followed::Broken),
    };
    match known.apply(delta) {
        Ok(()) => Ok(Followed::There),
        Err(error) => {
            report(shop, &error);
            Ok(Followed::Broken)
        }
    }
}

/// A difference is a bug; the index is read anew.
fn report(shop: &ShopId, error: &StoreError) {
    metrics::counter!("tousu_index_broken_total").increment(1);
    tracing::error!(shop = shop.as_str(), %error, "an index did not agree with the database");
}

impl Slot {
    /// The index's version, and whether it holds at `now`.
    fn version_at(&self, now: i64) -> Option<(i64, bool)> {
        self.index.read().as_ref().map(|index| (index.version(), index.holds(now)))
    }

    /// Takes the index out, so that it can be worked on while the store is asked; it goes back when dropped.
    fn take(&self) -> Option<Taken<'_>> {
        let index = self.index.write().take();
        index.is_some().then_some(Taken { slot: self, index })
    }
}

struct Taken<'a> {
    slot: &'a Slot,
    index: Option<ShopIndex>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.slot.index.write() = self.index.take();
    }
}
