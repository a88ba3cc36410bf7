//! What a pass over everything proves: that both sides have the same, day by day and state by state, and where that is not
//! certain. Pure.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tousu_wire::BeijingTime;
use tousu_wire::codes::CodeTable;
use tousu_wire::mirror::{Proof, Uncertain};

use super::plan::{Missing, PassEnded};
use super::slice::{Mark, Span};
use crate::complaint::Complaint;
use crate::store::{DayTally, Tally};

/// Uncertain things that are named; the rest are counted.
const NAMED: usize = 100;

/// A complaint's row as both sides are compared by it: all that the list shows, but whether an open one is overtime, which
/// is a matter of the clock.
pub fn mark(complaint: &Complaint) -> Mark {
    let row = serde_json::to_vec(&complaint.to_row(0)).unwrap_or_default();
    let digest = Sha256::digest(&row);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Mark {
        id: complaint.complaint_id.clone(),
        time: complaint.complaint_time,
        state: complaint.state.number(),
        sum: u64::from_be_bytes(first),
    }
}

/// What both sides have, by day and state.
pub fn tallies<'a>(
    here: impl Iterator<Item = &'a Mark>,
    there: impl Iterator<Item = &'a Mark>,
    as_of: i64,
) -> Vec<DayTally> {
    let mut found: BTreeMap<(i64, i64), (Tally, Tally)> = BTreeMap::new();
    let key = |mark: &Mark| (BeijingTime::from_epoch(mark.time).day(), mark.state);
    for mark in here {
        found.entry(key(mark)).or_default().0.add(mark.sum);
    }
    for mark in there {
        found.entry(key(mark)).or_default().1.add(mark.sum);
    }
    let tally = |((day, state), (here, there))| DayTally { day, state, here, there, as_of };
    found.into_iter().map(tally).collect()
}

/// What is known besides the tallies.
#[derive(Clone, Copy, Debug)]
pub struct Doubts<'a> {
    /// What should be there and is not.
    pub missing: &'a BTreeMap<String, Missing>,
    /// Rows that could not be understood, and why.
    pub unreadable: &'a BTreeMap<String, String>,
    /// How many complaints' details are due.
    pub details_due: i64,
}

/// The proof of a pass.
pub fn proof(ended: &PassEnded, days: &[DayTally], doubts: Doubts<'_>) -> Proof {
    let mut by_day: BTreeMap<i64, bool> = BTreeMap::new();
    let mut all = Tally::default();
    let mut uncertain = Vec::new();
    for tally in days {
        all = all.and(tally.here);
        let is_certain = is_certain(tally, &ended.doubtful);
        let so_far = by_day.entry(tally.day).or_insert(true);
        *so_far &= is_certain;
    }
    let about = |day: Option<i64>, complaint_id: Option<&String>, why: String| Uncertain {
        day: day.map(|day| BeijingTime::of_day(day).date()),
        complaint_id: complaint_id.cloned(),
        why,
    };
    for (day, _) in by_day.iter().filter(|day| !day.1) {
        let why = "两边不一致，或读取时有疑问 ¦ the two sides differ, or reading left doubts";
        uncertain.push(about(Some(*day), None, why.into()));
    }
    for span in &ended.doubtful {
        uncertain.push(about(
            None,
            None,
            format!("{0} 未能读全 ¦ {0} could not be read wholly", shown(*span)),
        ));
    }
    for (id, missing) in doubts.missing {
        let since = BeijingTime::from_epoch(missing.since);
        uncertain.push(about(None, Some(id), format!(
            "自 {since} 起在上游查不到，尚不能确定已移除 ¦ not found upstream since {since}, and not known for certain to be gone"
        )));
    }
    for (id, why) in doubts.unreadable {
        uncertain.push(about(
            None,
            Some(id),
            format!("上游所给无法理解：{why} ¦ what the upstream says cannot be understood: {why}"),
        ));
    }
    if doubts.details_due > 0 {
        let due = doubts.details_due;
        uncertain.push(about(
            None,
            None,
            format!("{due} 条投诉的详情尚待获取 ¦ the details of {due} complaints are still to be fetched"),
        ));
    }
    let total = uncertain.len();
    uncertain.truncate(NAMED);
    Proof {
        pass: ended.number,
        began: BeijingTime::from_epoch(ended.began),
        ended: BeijingTime::from_epoch(ended.ended),
        complaints: all.count,
        checksum: all.shown_sum(),
        certain: i64::from(total == 0),
        days: count(by_day.len()),
        certain_days: count(by_day.values().filter(|certain| **certain).count()),
        uncertain,
        uncertain_total: count(total),
    }
}

/// Whether both sides are known to have the same of a day.
pub(super) fn is_certain(tally: &DayTally, doubtful: &[Span]) -> bool {
    let from = BeijingTime::of_day(tally.day).epoch();
    let to = BeijingTime::of_day(tally.day + 1).epoch() - 1;
    let touches =
        |span: &Span| span.from.is_none_or(|begins| begins <= to) && span.to.is_none_or(|ends| ends >= from);
    tally.here == tally.there && !doubtful.iter().any(touches)
}

fn shown(span: Span) -> String {
    let time =
        |at: Option<i64>| at.map_or_else(|| "…".to_owned(), |at| BeijingTime::from_epoch(at).to_string());
    format!("{} – {}", time(span.from), time(span.to))
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark_of(id: &str, time: i64, sum: u64) -> Mark {
        Mark { id: id.into(), time, state: 0, sum }
    }

    #[test]
    fn a_day_is_certain_where_both_sides_have_the_same_and_nothing_was_in_doubt() {
        let day = 86_400;
        let (one, two) = (mark_of("c_1", day, 7), mark_of("c_2", 3 * day, 9));
        let here = [one.clone(), two.clone()];
        let there = [two, one];
        let same = tallies(here.iter(), there.iter(), 0);
        let ended = |doubtful: Vec<Span>| PassEnded { number: 1, began: 0, ended: 1, doubtful };
        let (missing, unreadable) = (BTreeMap::new(), BTreeMap::new());
        let doubts = Doubts { missing: &missing, unreadable: &unreadable, details_due: 0 };
        let proven = proof(&ended(Vec::new()), &same, doubts);
        assert_eq!((proven.certain, proven.complaints, proven.certain_days), (1, 2, 2));
        // In another order the sums are the same; with another row they are not.
        let differing = tallies(here.iter(), [mark_of("c_1", day, 8)].iter(), 0);
        let proven = proof(&ended(Vec::new()), &differing, doubts);
        assert_eq!((proven.certain, proven.certain_days, proven.uncertain_total), (0, 0, 2));
        let doubtful = vec![Span { from: None, to: Some(day) }];
        let proven = proof(&ended(doubtful), &same, doubts);
        assert_eq!((proven.certain, proven.certain_days), (0, 1));
    }
}
