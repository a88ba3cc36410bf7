//! How a list is read that has neither a cursor nor "changed since", and whose rows shift while one turns its pages:
//! not by pages, but by slices of time that one answer covers. An answer is of one moment, so that of what it covers
//! it tells both what is there and what is not. Pure.
//!
//! It is read from the newest down: what a full page covers is settled, and the next slice ends where it ended. Where that
//! does not do (more in one second than a page holds, another order, totals that do not fit), slices are halved, and
//! what cannot be halved is turned page by page. Whatever the answers are, this comes to an end.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tousu_wire::BeijingTime;
use tousu_wire::codes::State;
use tousu_wire::complaint_list::Request;

/// A range of complaint times, both ends included (epoch seconds); `None` has no end on that side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Not before.
    pub from: Option<i64>,
    /// Not after.
    pub to: Option<i64>,
}

impl Span {
    /// Whether the moment is in it.
    pub fn has(self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }

    /// Whether nothing can be in it.
    fn is_empty(self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from > to)
    }
}

/// What is asked of the list: a span, maybe in one state only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The complaint times.
    pub span: Span,
    /// The state, by its number; `None` for all.
    pub state: Option<i64>,
    /// How often it was asked in vain: the answer did not fit its own total.
    #[serde(default)]
    odd: u32,
    /// How often no answer came.
    #[serde(default)]
    pub failures: u32,
    /// Where it is turned page by page.
    #[serde(skip)]
    pages: Option<Pages>,
}

/// A slice that is turned page by page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pages {
    turned: i64,
    /// What was on them.
    rows: Vec<Mark>,
    ids: BTreeSet<String>,
    /// The total that every page said, as long as all say the same.
    total: Option<i64>,
    /// How many rows the first one had.
    first: i64,
}

/// A row, as far as reading the list is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The complaint's number.
    pub id: String,
    /// Its complaint time (epoch seconds).
    pub time: i64,
    /// Its state, by its number.
    pub state: i64,
    /// A checksum of the row.
    pub sum: u64,
}

/// What an answer tells of the slice that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What is known wholly by now, and all that is in it.
    pub settled: Option<(Span, Vec<Mark>)>,
    /// What will not be known by reading on.
    pub doubtful: Option<Span>,
    /// What is to be read next, the first one first.
    pub rest: Vec<Slice>,
    /// No page holds more rows than this, whatever is asked for.
    pub most: Option<i64>,
}

/// So often an answer that does not fit its own total is asked for once more.
const ODD: u32 = 2;
/// Rows that are turned page by page at most: so many are not in one second, and an upstream whose pages have no end is
/// left at some time.
const MOST_TURNED: usize = 100_000;
/// An upstream whose pages hold fewer rows than asked for is believed to hold that few always, if they are this many.
const LEAST_MOST: i64 = 10;
/// Before this (2001-09-09) there is nothing to be halved: no such complaint was ever made.
const FIRST: i64 = 1_000_000_000;

impl Slice {
    /// The slice of that span.
    pub fn of(span: Span) -> Self {
        Slice { span, ..Slice::default() }
    }

    /// Those of it that are in that state.
    pub fn in_state(self, state: State) -> Self {
        Slice { state: Some(state.into()), ..self }
    }

    /// What is asked for, in pages of that size.
    pub fn request(&self, page_size: i64) -> Request {
        Request {
            page: Some(self.pages.as_ref().map_or(1, |pages| pages.turned + 1)),
            page_size: Some(page_size),
            state: self.state.map(State::from),
            start_time: self.span.from.map(BeijingTime::from_epoch),
            end_time: self.span.to.map(BeijingTime::from_epoch),
            ..Request::default()
        }
    }

    /// What the answer tells. `rows` are as they came, each complaint once; `now` is in epoch seconds.
    pub fn judged(self, page_size: i64, rows: Vec<Mark>, total: Option<i64>, now: i64) -> Judged {
        if self.pages.is_some() {
            return self.turned(page_size, rows, total);
        }
        let count = length(&rows);
        let fits = rows
            .iter()
            .all(|row| self.span.has(row.time) && self.state.is_none_or(|state| state == row.state));
        match total {
            // A full page may have more behind it, whatever the total says.
            Some(total) if fits && total == count && count < page_size => {
                return Judged { settled: Some((self.span, rows)), ..Judged::default() };
            }
            Some(total) if fits && total >= count && count == page_size => {}
            // Nothing is often said without a total; said three times it is believed.
            None if rows.is_empty() && self.odd >= ODD => {
                return Judged { settled: Some((self.span, rows)), ..Judged::default() };
            }
            _ if self.odd < ODD => {
                let again = Slice { odd: self.odd + 1, ..self };
                return Judged { rest: vec![again], ..Judged::default() };
            }
            _ => return Judged { rest: vec![self.to_turn()], ..Judged::default() },
        }
        // There may be more of it than a page holds.
        let falls = rows.windows(2).all(|pair| pair[0].time >= pair[1].time);
        let ends = rows.first().zip(rows.last()).map(|(first, last)| (first.time, last.time));
        match ends {
            Some((first, last)) if falls && first > last => {
                let above = Span { from: Some(last + 1), ..self.span };
                let rows = rows.into_iter().filter(|row| row.time > last).collect();
                let below = self.with(Span { to: Some(last), ..self.span });
                Judged { settled: Some((above, rows)), rest: vec![below], ..Judged::default() }
            }
            Some((second, last)) if second == last => {
                // All are of one second, which says nothing of the order: what is around it is asked for by itself.
                let above = self.with(Span { from: Some(second + 1), ..self.span });
                let within = self.with(Span { from: Some(second), to: Some(second) }).to_turn();
                let below = self.with(Span { to: Some(second - 1), ..self.span });
                let rest = [above, within, below].into_iter().filter(|slice| !slice.span.is_empty());
                Judged { rest: rest.collect(), ..Judged::default() }
            }
            _ => Judged { rest: self.halves(now), ..Judged::default() },
        }
    }

    /// It was given up: what there is in it is not known.
    pub fn given_up(self) -> Judged {
        Judged { doubtful: Some(self.span), ..Judged::default() }
    }

    fn with(&self, span: Span) -> Self {
        Slice { span, state: self.state, ..Slice::default() }
    }

    fn to_turn(&self) -> Self {
        Slice { pages: Some(Pages::default()), ..self.with(self.span) }
    }

    fn halves(&self, now: i64) -> Vec<Slice> {
        let from = self.span.from.unwrap_or(FIRST);
        // Clocks differ; nothing is from the day after tomorrow.
        let to = self.span.to.unwrap_or(now.saturating_add(2 * 86_400));
        if from >= to {
            return vec![self.to_turn()];
        }
        let middle = from + (to - from) / 2;
        let later = self.with(Span { from: Some(middle + 1), ..self.span });
        let earlier = self.with(Span { to: Some(middle), ..self.span });
        vec![later, earlier]
    }

    fn turned(mut self, page_size: i64, rows: Vec<Mark>, total: Option<i64>) -> Judged {
        let mut pages = self.pages.take().unwrap_or_default();
        if pages.turned == 0 {
            (pages.total, pages.first) = (total, length(&rows));
        } else if pages.total != total && !(rows.is_empty() && total.is_none()) {
            pages.total = None;
        }
        pages.turned += 1;
        let before = pages.ids.len();
        for row in rows {
            if self.span.has(row.time) && pages.ids.insert(row.id.clone()) {
                pages.rows.push(row);
            }
        }
        // Nothing new is the end, whatever the total says; and so is more than there can be.
        if pages.ids.len() == before || pages.ids.len() >= MOST_TURNED {
            if pages.total == Some(length(&pages.rows)) {
                return Judged { settled: Some((self.span, pages.rows)), ..Judged::default() };
            }
            return self.given_up();
        }
        let is_capped = (LEAST_MOST..page_size).contains(&pages.first);
        if pages.turned == 2 && is_capped {
            // The first page was not the last, though it was not full: slices do again, of that many rows.
            return Judged { most: Some(pages.first), rest: vec![self.with(self.span)], ..Judged::default() };
        }
        self.pages = Some(pages);
        Judged { rest: vec![self], ..Judged::default() }
    }
}

fn length(rows: &[Mark]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// How an upstream answers.
    #[derive(Clone, Copy, Debug)]
    enum Temper {
        Honest,
        /// Oldest first.
        OtherOrder,
        /// Never more rows than this, whatever is asked for.
        Caps(i64),
        /// Each total is wrong by so much.
        Lies(i64),
    }

    fn answer(temper: Temper, all: &BTreeMap<String, i64>, asked: &Request) -> (Vec<Mark>, Option<i64>) {
        let span = Span {
            from: asked.start_time.map(BeijingTime::epoch),
            to: asked.end_time.map(BeijingTime::epoch),
        };
        let mark = |(id, time): (&String, &i64)| Mark { id: id.clone(), time: *time, state: 0, sum: 1 };
        let mut rows: Vec<Mark> = all.iter().map(mark).filter(|row| span.has(row.time)).collect();
        rows.sort_by(|a, b| (b.time, &b.id).cmp(&(a.time, &a.id)));
        let mut size = asked.page_size.unwrap();
        let mut total = rows.len() as i64;
        match temper {
            Temper::Honest => {}
            Temper::OtherOrder => rows.reverse(),
            Temper::Caps(most) => size = size.min(most),
            Temper::Lies(by) => total = (total + by).max(0),
        }
        let skipped = (asked.page.unwrap() - 1) * size;
        (rows.into_iter().skip(skipped as usize).take(size as usize).collect(), Some(total))
    }

    /// Reads all; gives what was seen, what is settled, and in how many calls.
    fn read(
        temper: Temper,
        all: &BTreeMap<String, i64>,
    ) -> (BTreeSet<String>, BTreeSet<String>, usize, bool) {
        let (mut seen, mut settled, mut calls, mut doubt) = (BTreeSet::new(), BTreeSet::new(), 0, false);
        let mut stack = vec![Slice::default()];
        while let Some(slice) = stack.pop() {
            calls += 1;
            assert!(calls < 5000, "{temper:?} has no end");
            let (rows, total) = answer(temper, all, &slice.request(5));
            seen.extend(rows.iter().map(|row| row.id.clone()));
            let judged = slice.judged(5, rows, total, FIRST + 5000);
            stack.extend(judged.rest.into_iter().rev());
            doubt |= judged.doubtful.is_some();
            if let Some((span, rows)) = judged.settled {
                let there: BTreeSet<&String> =
                    all.iter().filter(|(_, time)| span.has(**time)).map(|row| row.0).collect();
                assert_eq!(rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>(), there, "{temper:?}");
                settled.extend(rows.into_iter().map(|row| row.id));
            }
        }
        (seen, settled, calls, doubt)
    }

    fn lists() -> impl Strategy<Value = BTreeMap<String, i64>> {
        // Some seconds have more than a page.
        proptest::collection::vec(prop_oneof![0..3i64, 0..4000i64], 0..60).prop_map(|times| {
            times.into_iter().enumerate().map(|(at, time)| (format!("c_{at:03}"), FIRST + time)).collect()
        })
    }

    proptest! {
        #[test]
        fn an_unchanging_list_is_read_wholly_whatever_its_ways(all in lists(), cap in 1..5i64, lie in 1..9i64) {
            let ids: BTreeSet<String> = all.keys().cloned().collect();
            for temper in [Temper::Honest, Temper::OtherOrder, Temper::Caps(cap), Temper::Lies(lie), Temper::Lies(-lie)] {
                let (seen, settled, calls, doubt) = read(temper, &all);
                prop_assert_eq!(&seen, &ids, "{:?}", temper);
                match temper {
                    Temper::Lies(_) => {}
                    _ => prop_assert!(settled == ids && !doubt, "{temper:?}"),
                }
                if matches!(temper, Temper::Honest) {
                    prop_assert!(calls <= ids.len() * 3 + 4, "{calls} calls for {} rows", ids.len());
                }
            }
        }
    }

    #[test]
    fn pages_that_hold_fewer_rows_than_asked_for_are_found_out() {
        let all = (0..100).map(|at| (format!("c_{at:03}"), FIRST + at)).collect();
        let (mut stack, mut most, mut calls) = (vec![Slice::default()], 50, 0);
        while let Some(slice) = stack.pop() {
            calls += 1;
            let (rows, total) = answer(Temper::Caps(20), &all, &slice.request(most));
            let judged = slice.judged(most, rows, total, FIRST + 5000);
            most = judged.most.unwrap_or(most);
            stack.extend(judged.rest.into_iter().rev());
        }
        assert_eq!(most, 20);
        assert!(calls < 14, "{calls}");
    }

    #[test]
    fn what_a_page_covers_is_settled_and_no_more() {
        let rows = |times: &[i64]| {
            times.iter().map(|time| Mark { id: format!("c_{time}"), time: *time, state: 0, sum: 1 }).collect()
        };
        let judged = Slice::default().judged(3, rows(&[9, 8, 5]), Some(7), 10);
        let (span, settled) = judged.settled.unwrap();
        assert_eq!((span, settled.len()), (Span { from: Some(6), to: None }, 2));
        assert_eq!(judged.rest, [Slice::of(Span { from: None, to: Some(5) })]);
        // A page that is short though there is more says nothing of what is missing.
        let judged = Slice::default().judged(3, rows(&[9, 8]), Some(7), 10);
        assert_eq!((judged.settled, judged.rest.len()), (None, 1));
    }
}
