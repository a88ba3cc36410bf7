//! The lowest level of the tree: some hundred complaints in columns.

use super::Entry;
use crate::index::class::{CLASSES, Class};

/// Complaints in a leaf at most.
pub(super) const LEAF: usize = 512;

/// At least one complaint; the columns are apart, so that a byte stays a byte.
pub(super) struct Leaf {
    /// No later than the first complaint; `seconds` count from it.
    pub(super) base: i64,
    pub(super) seconds: Vec<u32>,
    pub(super) numbers: Vec<u32>,
    pub(super) classes: Vec<u8>,
    pub(super) counts: [u16; CLASSES],
}

/// What became of a complaint that was to be inserted into a leaf.
pub(super) enum Inserted {
    Here,
    /// The leaf was full: this is its right part now.
    Split(Leaf),
    /// It does not fit beside the rest, and was not inserted: this is what stands to the right of its place.
    TooFar(Option<Leaf>),
}

impl Leaf {
    pub(super) fn of(entry: Entry) -> Self {
        let mut counts = [0; CLASSES];
        counts[entry.class.0 as usize] = 1;
        Leaf {
            base: entry.time,
            seconds: vec![0],
            numbers: vec![entry.number],
            classes: vec![entry.class.0],
            counts,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn column_bytes(&self) -> usize {
        4 * self.seconds.capacity() + 4 * self.numbers.capacity() + self.classes.capacity()
    }

    pub(super) fn entry(&self, place: usize) -> Entry {
        let time = self.base + i64::from(self.seconds[place]);
        Entry { time, number: self.numbers[place], class: Class(self.classes[place]) }
    }

    pub(super) fn last_time(&self) -> i64 {
        self.base + i64::from(self.seconds.last().copied().unwrap_or_default())
    }

    pub(super) fn rank_of(&self, time: i64) -> usize {
        self.seconds.partition_point(|second| self.base + i64::from(*second) < time)
    }

    /// Inserts a complaint, unless it is too far in time from the rest.
    pub(super) fn insert(&mut self, place: usize, entry: Entry) -> Inserted {
        if entry.time < self.base {
            let shift = u32::try_from(self.base - entry.time).ok();
            let fits = shift
                .filter(|shift| self.seconds.last().is_none_or(|last| last.checked_add(*shift).is_some()));
            let Some(shift) = fits else { return Inserted::TooFar(self.split_off(place)) };
            self.base = entry.time;
            self.seconds.iter_mut().for_each(|second| *second += shift);
        }
        let Ok(second) = u32::try_from(entry.time - self.base) else {
            return Inserted::TooFar(self.split_off(place));
        };
        if self.len() < LEAF {
            self.put(place, second, entry);
            return Inserted::Here;
        }
        // What grows at the end leaves full leaves behind.
        if place == LEAF {
            return Inserted::Split(Leaf::of(entry));
        }
        let Some(mut right) = self.split_off(LEAF / 2) else { return Inserted::Here };
        match place > LEAF / 2 {
            true => right.put(place - LEAF / 2, (entry.time - right.base) as u32, entry),
            false => self.put(place, second, entry),
        }
        Inserted::Split(right)
    }

    fn put(&mut self, place: usize, second: u32, entry: Entry) {
        self.seconds.insert(place, second);
        self.numbers.insert(place, entry.number);
        self.classes.insert(place, entry.class.0);
        self.counts[entry.class.0 as usize] += 1;
    }

    /// Takes what stands from `place` on into a leaf of its own, if anything does.
    fn split_off(&mut self, place: usize) -> Option<Leaf> {
        let (mut seconds, numbers) = (self.seconds.split_off(place), self.numbers.split_off(place));
        let classes = self.classes.split_off(place);
        let first = *seconds.first()?;
        seconds.iter_mut().for_each(|second| *second -= first);
        let mut counts = [0; CLASSES];
        classes.iter().for_each(|class| counts[*class as usize] += 1);
        self.counts.iter_mut().zip(&counts).for_each(|(all, moved)| *all -= moved);
        self.seconds.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self.classes.shrink_to_fit();
        Some(Leaf { base: self.base + i64::from(first), seconds, numbers, classes, counts })
    }

    pub(super) fn remove(&mut self, place: usize) -> u8 {
        self.seconds.remove(place);
        self.numbers.remove(place);
        let class = self.classes.remove(place);
        self.counts[class as usize] -= 1;
        class
    }
}
