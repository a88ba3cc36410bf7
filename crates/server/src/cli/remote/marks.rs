//! What is new and what has changed since the look before. Pure.

use std::collections::HashMap;

use tousu_wire::BeijingTime;
use tousu_wire::complaint_list::Row;

/// What a look saw.
pub(super) struct Seen {
    pub(super) rows: Vec<Row>,
    pub(super) total: Option<i64>,
    /// There are more.
    pub(super) cut: bool,
}

/// What a row is compared with the look before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    New,
    Changed,
}

/// Rows of the last look, and their marks.
#[derive(Default)]
pub(super) struct Marks {
    known: HashMap<String, Known>,
    pub(super) looks: u64,
    /// Where the last look was cut off: what comes from behind it is only seen now, but not new.
    cut_behind: Option<BeijingTime>,
}

struct Known {
    row: Row,
    mark: Option<(Mark, i64)>,
}

/// Seconds for which a mark stays, for whoever was away.
const MARKED_FOR: i64 = 300;

impl Marks {
    /// Takes in a look; gives what is new or changed with it, row by row.
    pub(super) fn take_in(&mut self, seen: &Seen, now: i64) -> Vec<Option<Mark>> {
        let mut known = HashMap::with_capacity(seen.rows.len());
        let mut news = Vec::with_capacity(seen.rows.len());
        for row in &seen.rows {
            let before = self.known.remove(&row.complaint_id);
            let is_behind = self.cut_behind.is_some_and(|edge| row.complaint_time <= edge);
            let mark = match &before {
                Some(before) if before.row == *row => None,
                Some(_) => Some(Mark::Changed),
                None if self.looks == 0 || is_behind => None,
                None => Some(Mark::New),
            };
            news.push(mark);
            // What is new stays new while it changes.
            let older = before.and_then(|before| before.mark);
            let mark = match (older, mark) {
                (Some((Mark::New, since)), Some(Mark::Changed)) if now < since + MARKED_FOR => {
                    Some((Mark::New, since))
                }
                (older, None) => older,
                (_, Some(mark)) => Some((mark, now)),
            };
            known.insert(row.complaint_id.clone(), Known { row: row.clone(), mark });
        }
        self.known = known;
        self.looks += 1;
        self.cut_behind = seen.rows.last().filter(|_| seen.cut).map(|row| row.complaint_time);
        news
    }

    /// Whether a look goes back to the newest row of the one before, or to the end of what there is.
    pub(super) fn reached_by(&self, seen: &Seen) -> bool {
        let newest = self.known.values().map(|known| known.row.complaint_time).max();
        let oldest = seen.rows.last().map(|row| row.complaint_time);
        !seen.cut || self.looks == 0 || newest.zip(oldest).is_some_and(|(newest, oldest)| oldest < newest)
    }

    /// The mark that a row has at that moment.
    pub(super) fn of(&self, row: &Row, now: i64) -> Option<Mark> {
        let (mark, since) = self.known.get(&row.complaint_id)?.mark?;
        (now < since + MARKED_FOR).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::remote::testing;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn row(id: &str, age: i64, state: i64) -> Row {
        let time = BeijingTime::from_epoch(NOW - age);
        testing::row(json!({ "complaint_id": id, "complaint_time": time, "state": state }))
    }

    fn seen(rows: &[Row], cut: bool) -> Seen {
        Seen { rows: rows.to_vec(), total: Some(rows.len() as i64 + i64::from(cut)), cut }
    }

    #[test]
    fn what_is_new_and_what_has_changed() {
        let mut marks = Marks::default();
        let (a, b) = (row("a", 10, 0), row("b", 20, 0));
        assert!(marks.reached_by(&seen(std::slice::from_ref(&a), true)), "there was nothing before");
        assert_eq!(
            marks.take_in(&seen(&[a.clone(), b.clone()], true), NOW),
            [None, None],
            "all is old at first"
        );
        assert!(!marks.reached_by(&seen(&[row("new", 0, 0)], true)), "others may lie between");
        assert!(
            !marks.reached_by(&seen(&[row("new", 0, 0), a.clone()], true)),
            "of one second there may be more"
        );
        assert!(marks.reached_by(&seen(&[row("new", 0, 0), b.clone()], true)));
        assert!(marks.reached_by(&seen(&[row("new", 0, 0)], false)));
        let mut nothing = Marks::default();
        nothing.take_in(&seen(&[], false), NOW);
        assert!(
            !nothing.reached_by(&seen(std::slice::from_ref(&a), true)),
            "there was nothing, so that all is new"
        );
        // c is new; b has gone on, so that d from behind is seen, which is not new.
        let (c, d) = (row("c", 0, 0), row("d", 30, 0));
        assert_eq!(
            marks.take_in(&seen(&[c.clone(), a.clone(), d.clone()], true), NOW + 10),
            [Some(Mark::New), None, None]
        );
        let a_changed = row("a", 10, 1);
        let news = marks.take_in(&seen(&[c.clone(), a_changed.clone(), d.clone()], true), NOW + 20);
        assert_eq!(news, [None, Some(Mark::Changed), None]);
        assert_eq!(marks.of(&c, NOW + 20), Some(Mark::New), "for whoever was away");
        assert_eq!(marks.of(&c, NOW + 10 + MARKED_FOR), None);
        assert_eq!(marks.of(&a_changed, NOW + 20), Some(Mark::Changed));
        // New stays new while it changes, and is told as a change.
        let c_changed = row("c", 0, 1);
        assert_eq!(
            marks.take_in(&seen(std::slice::from_ref(&c_changed), false), NOW + 30),
            [Some(Mark::Changed)]
        );
        assert_eq!(marks.of(&c_changed, NOW + 30), Some(Mark::New));
        // Reopened, it is new to this list, wherever it comes.
        assert_eq!(marks.take_in(&seen(&[c_changed, d], false), NOW + 40), [None, Some(Mark::New)]);
    }
}
