//! One shop's index: the state of one version, at one span of seconds, and how it is moved to another.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Range, RangeInclusive};

use tousu_wire::codes::{Overtime, State};
use tousu_wire::complaint_list::{Filter, Page};

use super::Found;
use super::class::{Class, ClassSet};
use super::tree::{Entry, Tree};
use crate::complaint::late;
use crate::store::{Change, Listed, Result, ShopId, StoreError, Tx};

/// The list of a shop as of a version.
pub(super) struct ShopIndex {
    version: i64,
    /// Every complaint up to this number is in the tree, or was removed.
    last_number: i64,
    /// The seconds at which no open complaint's deadline lies between what is late and what is not.
    holds: RangeInclusive<i64>,
    tree: Tree,
}

/// What lies between an index and a newer version.
pub(super) struct Delta {
    version: i64,
    last_number: i64,
    /// What was changed or removed: its time before, and what it is now.
    changed: HashMap<i64, (i64, Option<(Listed, String)>)>,
    added: Vec<(Listed, String)>,
    /// The ids of the complaints that share a second with one that comes in.
    ids: HashMap<u32, String>,
}

/// Why a delta was not read.
pub(super) enum TooFar {
    /// It is larger than was asked for.
    Long,
    /// The log does not go back that far.
    Trimmed,
}

/// Rows of one statement when a whole shop is read.
const CHUNK: usize = 20_000;

impl ShopIndex {
    /// Reads the whole shop in the snapshot of `tx`, as it is at `now`. `None` if it cannot be kept.
    pub(super) async fn load(tx: &mut Tx, shop: &ShopId, now: i64) -> Result<Option<Self>> {
        let Some(progress) = tx.progress(shop).await? else { return Ok(None) };
        if u32::try_from(progress.last_number).is_err() {
            return Ok(None);
        }
        let mut tree = Tree::default();
        let mut last = (i64::MIN, String::new());
        loop {
            let (time, id) = last.clone();
            let given = tx
                .listed_after(shop, (time, &id), CHUNK, |listed, id| {
                    last.0 = listed.complaint_time;
                    id.clone_into(&mut last.1);
                    tree.push(entry(&listed, now));
                })
                .await?;
            if given < CHUNK {
                break;
            }
        }
        let until = tx.next_deadline(shop, now).await?.unwrap_or(i64::MAX);
        let (version, last_number) = (progress.version, progress.last_number);
        Ok(Some(ShopIndex { version, last_number, holds: now..=until, tree }))
    }

    pub(super) fn version(&self) -> i64 {
        self.version
    }

    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.tree.bytes()
    }

    /// Whether what is late is right at `now`.
    pub(super) fn holds(&self, now: i64) -> bool {
        self.holds.contains(&now)
    }

    /// Total and page of a filter that names no complaint, as of this index's version.
    pub(super) fn find(&self, filter: &Filter, page: Page) -> Found {
        let Filter { complaint_id: _, channel_type: _, is_overtime, state: _, start_time, end_time } = filter;
        let range = self.tree.between(start_time.map(|time| time.epoch()), end_time.map(|time| time.epoch()));
        let (offset, size) = (usize::try_from(page.offset), usize::try_from(page.size));
        let (offset, size) = (offset.unwrap_or(usize::MAX), size.unwrap_or_default());
        let (total, numbers) = self.tree.page(ClassSet::of(filter), range, offset, size);
        Found {
            total: total as i64,
            numbers: numbers.into_iter().map(i64::from).collect(),
            holds: if is_overtime.is_some() { self.holds.clone() } else { i64::MIN..=i64::MAX },
        }
    }

    /// Reads what happened since this version. `most` bounds the entries of the log, and what was added.
    pub(super) async fn delta(
        &self,
        tx: &mut Tx,
        shop: &ShopId,
        most: usize,
    ) -> Result<std::result::Result<Delta, TooFar>> {
        let progress = tx.progress(shop).await?;
        let progress = progress.ok_or_else(|| StoreError::Value(format!("the shop {shop} is gone")))?;
        if progress.changes_after > self.version {
            return Ok(Err(TooFar::Trimmed));
        }
        if progress.last_number - self.last_number > most as i64 {
            return Ok(Err(TooFar::Long));
        }
        let log = tx.changes_since(shop, self.version, self.last_number, most.saturating_add(1)).await?;
        if log.len() > most {
            return Ok(Err(TooFar::Long));
        }
        let mut changed = HashMap::with_capacity(log.len());
        for Change { number, was_complaint_time } in log {
            // Of several changes the first says what is in the tree.
            changed.entry(number).or_insert((was_complaint_time, None));
        }
        let numbers: Vec<i64> = changed.keys().copied().collect();
        for (listed, id) in tx.listed(shop, &numbers).await? {
            if let Some(change) = changed.get_mut(&listed.number) {
                change.1 = Some((listed, id));
            }
        }
        let added = match progress.last_number > self.last_number {
            true => tx.listed_above(shop, self.last_number).await?,
            false => Vec::new(),
        };
        let mut delta = Delta {
            version: progress.version,
            last_number: progress.last_number,
            changed,
            added,
            ids: HashMap::new(),
        };
        let ties: Vec<i64> = delta.ties(&self.tree);
        if ties.len() > most.saturating_mul(4) {
            return Ok(Err(TooFar::Long));
        }
        for (listed, id) in tx.listed(shop, &ties).await? {
            delta.ids.insert(listed.number as u32, id);
        }
        Ok(Ok(delta))
    }

    /// Moves on by a delta that was read from this very state. An error means that the log and the list do
    /// not agree: the index is of no use then.
    pub(super) fn apply(&mut self, delta: Delta) -> Result<()> {
        let at = *self.holds.start();
        let Delta { version, last_number, changed, added, mut ids } = delta;
        if u32::try_from(last_number).is_err() {
            return Err(StoreError::Value("numbers too large for an index".into()));
        }
        let mut coming = Vec::with_capacity(added.len());
        for (number, (was, now)) in changed {
            let number_of_tree = number as u32;
            let known = match now {
                Some((listed, _)) if listed.complaint_time == was => {
                    self.tree.reclass(was, number_of_tree, |_| entry(&listed, at).class)
                }
                now => {
                    coming.extend(now);
                    self.tree.remove(was, number_of_tree)
                }
            };
            if !known {
                return Err(StoreError::Value(format!(
                    "the log has number {number} where the list has it not"
                )));
            }
        }
        coming.extend(added);
        // In order, so that each finds its place next to the one before.
        coming.sort_by(|(a, a_id), (b, b_id)| (a.complaint_time, a_id).cmp(&(b.complaint_time, b_id)));
        for (listed, id) in coming {
            let entry = entry(&listed, at);
            let (first, ties) = self.tree.ties(entry.time);
            if let Some(unknown) = ties.iter().find(|tie| !ids.contains_key(tie)) {
                return Err(StoreError::Value(format!("the list has no number {unknown}")));
            }
            let before = ties.partition_point(|tie| ids[tie] < id);
            self.tree.insert(first + before, entry);
            ids.insert(entry.number, id);
        }
        (self.version, self.last_number) = (version, last_number);
        // What came may have a deadline before the next one known.
        self.holds = at..=at;
        Ok(())
    }

    /// The deadlines that lie between the seconds at which the index holds and `now`, and whether they are
    /// behind at `now`.
    pub(super) fn passed(&self, now: i64) -> Option<(Range<i64>, bool)> {
        match now {
            now if now > *self.holds.end() => Some((*self.holds.start()..now, true)),
            now if now < *self.holds.start() => Some((now..*self.holds.start(), false)),
            _ => None,
        }
    }

    /// Makes these open complaints late, or not late; from then on the index holds at `holds`.
    pub(super) fn flip(&mut self, open: &[(i64, i64)], late: bool, holds: RangeInclusive<i64>) -> Result<()> {
        for &(number, time) in open {
            if !self.tree.reclass(time, number as u32, |class| class.made_late(late)) {
                return Err(StoreError::Value(format!("the list has number {number}, the index has it not")));
            }
        }
        self.holds = holds;
        Ok(())
    }
}

impl Delta {
    /// The numbers in the tree that share a second with one that comes in, except those that leave it.
    fn ties(&self, tree: &Tree) -> Vec<i64> {
        let moved = self
            .changed
            .values()
            .filter_map(|(was, now)| now.as_ref().map(|now| now.0.complaint_time).filter(|time| time != was));
        let times = self.added.iter().map(|added| added.0.complaint_time).chain(moved);
        let times: BTreeMap<i64, ()> = times.map(|time| (time, ())).collect();
        times.into_keys().flat_map(|time| tree.ties(time).1).map(i64::from).collect()
    }
}

fn entry(listed: &Listed, now: i64) -> Entry {
    // The rule of `Complaint::overtime`.
    let overtime = match listed.state {
        State::Done => listed.closed_overtime.unwrap_or(Overtime::Other(0)),
        _ => late(now, listed.operate_end_time),
    };
    Entry {
        time: listed.complaint_time,
        number: listed.number as u32,
        class: Class::of(listed.channel_type, listed.state, overtime),
    }
}
