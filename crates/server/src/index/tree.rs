//! A shop's complaints in the order of the list, counted by class: three levels, each node with the counts of
//! what is under it, so that the total and any page of any filter are found in microseconds.
//!
//! Nine bytes a complaint and little more. Which of two complaints of one second comes first is the
//! caller's to say: what is inserted is told its place.

mod leaf;

use std::ops::Range;

use self::leaf::{Inserted, Leaf};
use super::class::{CLASSES, Class, ClassSet};

/// A complaint as the tree keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// When the complaint was made, in epoch seconds.
    pub(super) time: i64,
    pub(super) number: u32,
    pub(super) class: Class,
}

/// Complaints, oldest first.
#[derive(Default)]
pub(super) struct Tree {
    branches: Vec<Branch>,
    len: usize,
}

struct Branch {
    leaves: Vec<Leaf>,
    counts: [u32; CLASSES],
    len: usize,
}

/// Leaves in a branch at most.
const BRANCH: usize = 256;

/// Where a complaint stands: branch, leaf, and place in the leaf. The place may be one past the leaf's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At(usize, usize, usize);

impl Tree {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory, roughly.
    pub(super) fn bytes(&self) -> usize {
        // Branches hold room for leaves that are not there yet.
        let leaves: usize = self.branches.iter().map(|branch| branch.leaves.capacity()).sum();
        let columns: usize =
            self.branches.iter().flat_map(|branch| &branch.leaves).map(Leaf::column_bytes).sum();
        self.branches.capacity() * size_of::<Branch>() + leaves * size_of::<Leaf>() + columns
    }

    /// How many complaints of the set there are.
    #[cfg(test)]
    fn count(&self, set: ClassSet) -> usize {
        self.branches.iter().map(|branch| set.count(&branch.counts, branch.len)).sum()
    }

    /// The ranks of the complaints made from `start` to `end`, both inclusive.
    pub(super) fn between(&self, start: Option<i64>, end: Option<i64>) -> Range<usize> {
        let first = start.map_or(0, |start| self.rank_of(start));
        let past = end.map_or(self.len, |end| end.checked_add(1).map_or(self.len, |past| self.rank_of(past)));
        first..past.max(first)
    }

    /// How many complaints were made before `time`.
    fn rank_of(&self, time: i64) -> usize {
        let branch = self.branches.partition_point(|branch| branch.last_time() < time);
        let before: usize = self.branches[..branch].iter().map(|branch| branch.len).sum();
        let Some(branch) = self.branches.get(branch) else { return before };
        let leaf = branch.leaves.partition_point(|leaf| leaf.last_time() < time);
        let in_branch: usize = branch.leaves[..leaf].iter().map(Leaf::len).sum();
        before + in_branch + branch.leaves[leaf].rank_of(time)
    }

    /// The numbers of the complaints made in that second, in order, and the rank of the first.
    pub(super) fn ties(&self, time: i64) -> (usize, Vec<u32>) {
        let rank = self.rank_of(time);
        let ties = self.from(rank).take_while(|entry| entry.time == time).map(|entry| entry.number);
        (rank, ties.collect())
    }

    /// Total and page of the complaints of the set within `range`, newest first.
    pub(super) fn page(
        &self,
        set: ClassSet,
        range: Range<usize>,
        offset: usize,
        size: usize,
    ) -> (usize, Vec<u32>) {
        let below = self.count_before(set, range.start);
        let total = self.count_before(set, range.end) - below;
        let mut page = Vec::with_capacity(size.min(total.saturating_sub(offset)));
        if offset < total {
            self.walk_back(
                set,
                below + total - 1 - offset,
                |number| page.push(number),
                size.min(total - offset),
            );
        }
        (total, page)
    }

    /// How many of the first `rank` complaints are in the set.
    fn count_before(&self, set: ClassSet, rank: usize) -> usize {
        if set.is_all() || rank == 0 {
            return rank;
        }
        let (mut left, mut sum) = (rank, 0);
        for branch in &self.branches {
            if left >= branch.len {
                left -= branch.len;
                sum += set.count(&branch.counts, branch.len);
                continue;
            }
            for leaf in &branch.leaves {
                if left >= leaf.len() {
                    left -= leaf.len();
                    sum += set.count(&leaf.counts, leaf.len());
                    continue;
                }
                return sum + leaf.classes[..left].iter().filter(|class| set.contains(**class)).count();
            }
        }
        sum
    }

    /// Gives `count` complaints of the set, backwards from the one that has `nth` of the set before it.
    fn walk_back(&self, set: ClassSet, nth: usize, mut give: impl FnMut(u32), count: usize) {
        let mut left = nth;
        let (mut branch, mut leaf) = (0, 0);
        for (at, candidate) in self.branches.iter().enumerate() {
            let within = set.count(&candidate.counts, candidate.len);
            branch = at;
            if left < within {
                break;
            }
            left -= within;
        }
        for (at, candidate) in self.branches[branch].leaves.iter().enumerate() {
            let within = set.count(&candidate.counts, candidate.len());
            leaf = at;
            if left < within {
                break;
            }
            left -= within;
        }
        let mut wanted = count;
        let found = &self.branches[branch].leaves[leaf];
        let matching = |leaf: &Leaf, place: usize| set.contains(leaf.classes[place]);
        let Some(place) = (0..found.len()).filter(|&place| matching(found, place)).nth(left) else { return };
        let mut places = 0..place + 1;
        loop {
            let found = &self.branches[branch].leaves[leaf];
            if places.end > 0 && set.count(&found.counts, found.len()) > 0 {
                for place in places.rev().filter(|&place| matching(found, place)) {
                    if wanted == 0 {
                        return;
                    }
                    wanted -= 1;
                    give(found.numbers[place]);
                }
            }
            // The leaf before, past whole branches that have nothing of the set.
            while leaf == 0 {
                if wanted == 0 || branch == 0 {
                    return;
                }
                branch -= 1;
                let before = &self.branches[branch];
                if set.count(&before.counts, before.len) > 0 {
                    leaf = before.leaves.len();
                }
            }
            leaf -= 1;
            places = 0..self.branches[branch].leaves[leaf].len();
        }
    }

    fn from(&self, rank: usize) -> impl Iterator<Item = Entry> {
        let At(branch, leaf, place) = self.at(rank);
        let first = self.branches.get(branch).and_then(|branch| branch.leaves.get(leaf));
        let rest = self
            .branches
            .iter()
            .skip(branch)
            .enumerate()
            .flat_map(move |(at, branch)| branch.leaves.iter().skip(if at == 0 { leaf + 1 } else { 0 }));
        let first =
            first.into_iter().flat_map(move |leaf| (place..leaf.len()).map(|place| leaf.entry(place)));
        first.chain(rest.flat_map(|leaf| (0..leaf.len()).map(|place| leaf.entry(place))))
    }

    /// Where the complaint of that rank stands; a rank past the end is one past the last leaf's end.
    fn at(&self, rank: usize) -> At {
        let mut left = rank;
        let last = self.branches.len().saturating_sub(1);
        for (at, branch) in self.branches.iter().enumerate() {
            if left < branch.len || at == last {
                let last = branch.leaves.len() - 1;
                for (leaf_at, leaf) in branch.leaves.iter().enumerate() {
                    if left < leaf.len() || leaf_at == last {
                        return At(at, leaf_at, left);
                    }
                    left -= leaf.len();
                }
            }
            left -= branch.len;
        }
        At(0, 0, 0)
    }

    /// Adds a complaint at the end, which is where newer ones belong.
    pub(super) fn push(&mut self, entry: Entry) {
        self.insert(self.len, entry);
    }

    /// Adds a complaint before the one that has that rank.
    pub(super) fn insert(&mut self, rank: usize, entry: Entry) {
        self.len += 1;
        if self.branches.is_empty() {
            self.branches.push(Branch::of(vec![Leaf::of(entry)]));
            return;
        }
        let At(at, leaf_at, place) = self.at(rank);
        let branch = &mut self.branches[at];
        branch.len += 1;
        branch.counts[entry.class.0 as usize] += 1;
        let leaf = &mut branch.leaves[leaf_at];
        match leaf.insert(place, entry) {
            Inserted::Here => {}
            Inserted::Split(right) => branch.leaves.insert(leaf_at + 1, right),
            // A span of more than a century within a leaf: the complaint gets one of its own.
            Inserted::TooFar(right) => {
                branch.leaves.insert(leaf_at + 1, Leaf::of(entry));
                if let Some(right) = right {
                    branch.leaves.insert(leaf_at + 2, right);
                }
                branch.leaves.retain(|leaf| leaf.len() > 0);
            }
        }
        if branch.leaves.len() > BRANCH {
            // What grows at the end leaves full branches behind.
            let keep = if leaf_at + 2 >= branch.leaves.len() { BRANCH } else { BRANCH / 2 };
            let right = Branch::of(branch.leaves.split_off(keep));
            *branch = Branch::of(std::mem::take(&mut branch.leaves));
            self.branches.insert(at + 1, right);
        }
    }

    /// Takes a complaint out; `false` if it is not there.
    pub(super) fn remove(&mut self, time: i64, number: u32) -> bool {
        let Some(At(at, leaf_at, place)) = self.find(time, number) else { return false };
        self.len -= 1;
        let branch = &mut self.branches[at];
        let class = branch.leaves[leaf_at].remove(place);
        branch.len -= 1;
        branch.counts[class as usize] -= 1;
        if branch.leaves[leaf_at].len() == 0 {
            branch.leaves.remove(leaf_at);
        }
        if branch.leaves.is_empty() {
            self.branches.remove(at);
        }
        true
    }

    /// Changes a complaint's class; `false` if it is not there.
    pub(super) fn reclass(&mut self, time: i64, number: u32, change: impl FnOnce(Class) -> Class) -> bool {
        let Some(At(at, leaf_at, place)) = self.find(time, number) else { return false };
        let branch = &mut self.branches[at];
        let leaf = &mut branch.leaves[leaf_at];
        let before = leaf.classes[place] as usize;
        let after = change(Class(before as u8)).0;
        leaf.classes[place] = after;
        leaf.counts[before] -= 1;
        leaf.counts[after as usize] += 1;
        branch.counts[before] -= 1;
        branch.counts[after as usize] += 1;
        true
    }

    fn find(&self, time: i64, number: u32) -> Option<At> {
        let rank = self.rank_of(time);
        let tie = self
            .from(rank)
            .take_while(|entry| entry.time == time)
            .position(|entry| entry.number == number)?;
        Some(self.at(rank + tie))
    }

    /// Every complaint, oldest first.
    #[cfg(test)]
    fn entries(&self) -> Vec<Entry> {
        self.from(0).collect()
    }
}

impl Branch {
    fn of(mut leaves: Vec<Leaf>) -> Self {
        leaves.reserve_exact(1);
        let mut counts = [0; CLASSES];
        for leaf in &leaves {
            counts.iter_mut().zip(&leaf.counts).for_each(|(sum, count)| *sum += u32::from(*count));
        }
        let len = leaves.iter().map(Leaf::len).sum();
        Branch { leaves, counts, len }
    }

    fn last_time(&self) -> i64 {
        self.leaves.last().map_or(i64::MIN, Leaf::last_time)
    }
}

#[cfg(test)]
mod tests {
    use super::leaf::LEAF;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tousu_wire::codes::{ChannelType, Overtime, State};
    use tousu_wire::complaint_list::Filter;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Insert(i64, u8),
        Remove(prop::sample::Index),
        Reclass(prop::sample::Index, u8),
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let time = prop_oneof![
            8 => 0i64..3000,
            4 => Just(1500i64),
            1 => prop::sample::select(vec![-62_135_596_800, 253_402_300_799, 5_000_000_000]),
        ];
        let class = 0..CLASSES as u8;
        let change = prop_oneof![
            6 => (time, class.clone()).prop_map(|(time, class)| Change::Insert(time, class)),
            1 => any::<prop::sample::Index>().prop_map(Change::Remove),
            1 => (any::<prop::sample::Index>(), class).prop_map(|(at, class)| Change::Reclass(at, class)),
        ];
        vec(change, 0..4000)
    }

    fn filters() -> impl Strategy<Value = Filter> {
        use proptest::option::of;
        (of(1i64..=4), of(0i64..=2), of(1i64..=2)).prop_map(|(channel, state, overtime)| Filter {
            channel_type: channel.map(ChannelType::from),
            state: state.map(State::from),
            is_overtime: overtime.map(Overtime::from),
            ..Filter::default()
        })
    }

    /// Whether the tree's own sums agree with what is in it.
    fn assert_sound(tree: &Tree) {
        let mut before = i64::MIN;
        for branch in &tree.branches {
            assert_eq!(branch.len, branch.leaves.iter().map(Leaf::len).sum::<usize>());
            let mut counts = [0; CLASSES];
            for leaf in &branch.leaves {
                assert!((1..=LEAF).contains(&leaf.len()));
                for place in 0..leaf.len() {
                    let entry = leaf.entry(place);
                    assert!(entry.time >= before);
                    before = entry.time;
                    counts[entry.class.0 as usize] += 1;
                }
            }
            assert_eq!(branch.counts, counts);
        }
        assert_eq!(tree.len, tree.branches.iter().map(|branch| branch.len).sum::<usize>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn it_is_a_sorted_list_that_counts(
            changes in changes(),
            pages in vec((filters(), 0i64..3000, 0i64..3000, 0usize..2000, 1usize..1500), 10),
        ) {
            let (mut tree, mut model) = (Tree::default(), Vec::<Entry>::new());
            for (change, number) in changes.into_iter().zip(1..) {
                match change {
                    Change::Insert(time, class) => {
                        let entry = Entry { time, number, class: Class(class) };
                        // Among those of its second, somewhere.
                        let (rank, ties) = tree.ties(time);
                        prop_assert_eq!(rank, model.partition_point(|entry| entry.time < time));
                        let rank = rank + number as usize % (ties.len() + 1);
                        model.insert(rank, entry);
                        tree.insert(rank, entry);
                    }
                    Change::Remove(at) if !model.is_empty() => {
                        let gone = model.remove(at.index(model.len()));
                        prop_assert!(tree.remove(gone.time, gone.number));
                        prop_assert!(!tree.remove(gone.time, gone.number));
                    }
                    Change::Reclass(at, class) if !model.is_empty() => {
                        let at = at.index(model.len());
                        prop_assert!(tree.reclass(model[at].time, model[at].number, |_| Class(class)));
                        model[at].class = Class(class);
                    }
                    _ => {}
                }
            }
            assert_sound(&tree);
            prop_assert_eq!(&tree.entries(), &model);
            for (filter, a, b, offset, size) in pages {
                let set = ClassSet::of(&filter);
                let of_set = model.iter().filter(|entry| set.contains(entry.class.0));
                prop_assert_eq!(tree.count(set), of_set.clone().count());
                for (start, end) in [(None, None), (Some(a.min(b)), None), (None, Some(b)), (Some(a.min(b)), Some(a.max(b)))] {
                    let within = |entry: &&Entry| {
                        start.is_none_or(|start| entry.time >= start) && end.is_none_or(|end| entry.time <= end)
                    };
                    let newest: Vec<u32> = of_set.clone().rev().filter(within).map(|entry| entry.number).collect();
                    let (total, page) = tree.page(set, tree.between(start, end), offset, size);
                    prop_assert_eq!(total, newest.len());
                    let expected: Vec<u32> = newest.into_iter().skip(offset).take(size).collect();
                    prop_assert_eq!(page, expected);
                }
            }
        }
    }

    #[test]
    fn what_grows_at_the_end_is_packed() {
        let mut tree = Tree::default();
        for number in 0..1_000_000 {
            tree.push(Entry {
                time: i64::from(number) / 3,
                number,
                class: Class(number as u8 % CLASSES as u8),
            });
        }
        assert_sound(&tree);
        assert!(tree.bytes() < 10_000_000, "{} bytes", tree.bytes());
        let (total, page) = tree.page(ClassSet::of(&Filter::default()), 0..1_000_000, 500_000, 2);
        assert_eq!((total, page), (1_000_000, vec![499_999, 499_998]));
    }
}
