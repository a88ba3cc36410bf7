//! How the list is read so that each complaint comes once, whatever comes, goes and shifts meanwhile; pure.
//!
//! **By time.** The list is newest first, and can be asked for what is not newer than some moment. So the walk never asks
//! for page 2 where page 1 of a later *window* will do: that of what is not newer than the oldest row so far. What comes and
//! goes before that row then shifts nothing; what is as old as it comes again, and is known by its number.
//!
//! **By page**, where there is no other way: of more complaints from one second than a page has, and on a server whose
//! order is another one. Rows that go away pull others up past the place where the next page begins. So pages overlap: page
//! k has k - 1 rows less than the first, and begins with rows that page k - 1 ended with. If its first row is not known,
//! something went away, and the walk steps back. Such pages reach as far as a quarter of the square of their size.
//!
//! **It ends**: each answer brings a row that is new, or moves the place on, which cannot go far beyond the rows that came;
//! pages that are read again, and steps back, are counted. What the walk cannot be sure of is in [`Doubt`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tousu_wire::BeijingTime;
use tousu_wire::complaint_list::{Filter, Received, Request, Row, UnreadableRow};

use super::Doubt;

/// Where a walk is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// What is asked for, without a page.
    pub(super) filter: Request,
    /// The oldest complaint's time so far: what is newer has been given, or came too late.
    pub(super) frontier: Option<BeijingTime>,
    /// The rows that were given and may come again: those of the frontier's second, or all if the order is unknown.
    pub(super) known: BTreeMap<String, Option<BeijingTime>>,
    /// Whether the list is newest first, as it should be.
    pub(super) newest_first: bool,
    /// Whether the end of a window is not in it, as it should be.
    pub(super) end_is_outside: bool,
    pub(super) given: u64,
    pub(super) total: Option<i64>,
    /// The largest total that was told.
    pub(super) largest: i64,
}

/// A row, or one that cannot be understood.
pub(super) type Item = Result<Row, UnreadableRow>;

/// By which a row is known again.
pub(super) fn key(item: &Item) -> String {
    match item {
        Ok(row) => row.complaint_id.clone(),
        Err(UnreadableRow { complaint_id: Some(id), .. }) => id.clone(),
        Err(UnreadableRow { row, .. }) => row.to_string(),
    }
}

fn time(item: &Item) -> Option<BeijingTime> {
    item.as_ref().ok().map(|row| row.complaint_time)
}

impl Position {
    pub(super) fn before(filter: Filter) -> Self {
        Position {
            filter: filter.into(),
            frontier: None,
            known: BTreeMap::new(),
            newest_first: true,
            end_is_outside: false,
            given: 0,
            total: None,
            largest: 0,
        }
    }

    /// Takes note that a row was given.
    pub(super) fn give(&mut self, item: &Item) {
        let time = time(item);
        if self.newest_first
            && let Some(time) = time
            && self.frontier.is_none_or(|frontier| time < frontier)
        {
            self.advance(time);
        }
        self.known.insert(key(item), time);
        self.given += 1;
    }

    /// Moves the frontier to rows of that time. Newer ones will not come again.
    fn advance(&mut self, frontier: BeijingTime) {
        self.frontier = Some(frontier);
        self.known.retain(|_, time| time.is_none_or(|time| time <= frontier));
    }

    fn knows(&self, item: &Item) -> bool {
        let is_passed = |time| self.frontier.is_some_and(|frontier| time > frontier);
        time(item).is_some_and(is_passed) || self.known.contains_key(&key(item))
    }
}

/// How often one page is read again in hope of a better answer.
const READ_AGAIN: u32 = 2;
/// How often in all the walk steps back.
const STEPS_BACK: u32 = 1000;
/// Page sizes to try where larger ones are refused.
const SMALLER: [i64; 4] = [100, 50, 20, 10];

/// A walk over the list.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) at: Position,
    /// Rows of a page.
    size: i64,
    /// Rows of this window's first page, where the server gave fewer.
    capped: Option<i64>,
    page: i64,
    read_again: u32,
    stepped_back: u32,
    /// Whether pages of this window no longer join without doubt, so that it is no use to step back.
    is_torn: bool,
    answers: u64,
    /// The most rows that an answer had.
    most: i64,
    pub(super) doubts: Vec<Doubt>,
    pub(super) ended: bool,
}

impl Walk {
    pub(super) fn from(at: Position) -> Self {
        Walk {
            at,
            size: *tousu_wire::complaint_list::PAGE_SIZES.end(),
            capped: None,
            page: 1,
            read_again: 0,
            stepped_back: 0,
            is_torn: false,
            answers: 0,
            most: 0,
            doubts: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn set_page_size(&mut self, size: i64) {
        self.size = size.max(1);
    }

    /// What to ask for next.
    pub(super) fn request(&self) -> Request {
        let mut request = self.at.filter.clone();
        if let Some(frontier) = self.at.frontier {
            let end = frontier.epoch() + i64::from(self.at.end_is_outside);
            // No later than what was asked for at first.
            let asked = request.end_time.map_or(i64::MAX, BeijingTime::epoch);
            request.end_time = Some(BeijingTime::from_epoch(end.min(asked)));
        }
        Request { page: Some(self.page), page_size: Some(self.rows_of(self.page)), ..request }
    }

    /// Rows of a page: pages overlap as far as that leads on.
    fn rows_of(&self, page: i64) -> i64 {
        let size = self.capped.unwrap_or(self.size);
        size - page.min(reach(size)) + 1
    }

    /// Rows in front of a page.
    fn before(&self, page: i64) -> i64 {
        (page - 1).saturating_mul(self.rows_of(page))
    }

    /// The page size was refused: whether there is a smaller one to try. Later than with the first page it is not that.
    pub(super) fn shrink(&mut self) -> bool {
        let smaller = SMALLER.into_iter().find(|smaller| *smaller < self.size);
        match smaller {
            Some(smaller) if self.answers == 0 => {
                self.size = smaller;
                true
            }
            _ => false,
        }
    }

    /// Whether the answer that is awaited is asked for a second time, so that it is worth to wait a little.
    pub(super) fn reads_again(&self) -> bool {
        self.read_again > 0
    }

    /// Takes an answer: the rows in it that are new.
    pub(super) fn take(&mut self, received: Received) -> Vec<Item> {
        let Received { rows, total } = received;
        self.answers += 1;
        if let Some(total) = total {
            self.at.total.get_or_insert(total);
            self.at.largest = self.at.largest.max(total);
        }
        let (came, asked) = (rows.len() as i64, self.rows_of(self.page));
        self.most = self.most.max(came);
        let is_first_known = rows.first().is_some_and(|first| self.at.knows(first));

        if self.is_beside_the_window(&rows) {
            self.at.end_is_outside = true;
            return Vec::new();
        }
        if self.at.newest_first {
            let end = self.request().end_time;
            let is_outside = |row: &Item| end.zip(time(row)).is_some_and(|(end, time)| time > end);
            if rows.iter().any(is_outside) {
                self.go_by_page(Doubt::TimesIgnored);
            } else if !is_newest_first(&rows) {
                self.go_by_page(Doubt::OrderUnknown);
            }
        }
        // An empty page is one that the rows were pulled past, too: it overlaps with the one before.
        if self.page > 1 && !is_first_known && self.steps_back(came) {
            return Vec::new();
        }
        let oldest = rows.iter().filter_map(time).min();
        let new = self.new_of(rows);
        let ends_at = self.before(self.page) + came;
        self.go_on(Seen { came, asked, ends_at, brought: !new.is_empty(), oldest, total });
        new
    }

    /// Whether a window began without the row at which it should: then either that row is gone, or this server takes
    /// the window's end as outside. Asking for a second more costs nothing in the first case.
    fn is_beside_the_window(&self, rows: &[Item]) -> bool {
        let Position { frontier, newest_first, end_is_outside, .. } = &self.at;
        let begins = frontier.is_some() && *newest_first && self.page == 1;
        begins && !end_is_outside && !rows.iter().any(|row| self.at.knows(row))
    }

    fn go_by_page(&mut self, why: Doubt) {
        self.at.newest_first = false;
        self.doubt(why);
    }

    /// Steps back if rows may have been pulled past the place where this page begins.
    fn steps_back(&mut self, came: i64) -> bool {
        if self.is_torn {
            return false;
        }
        if self.page > reach(self.capped.unwrap_or(self.size)) {
            if came > 0 {
                self.doubt(Doubt::TooManyAtOnce);
            }
            return false;
        }
        if self.stepped_back >= STEPS_BACK {
            self.doubt(Doubt::KeptShifting);
            return false;
        }
        self.stepped_back += 1;
        self.page -= 1;
        true
    }

    fn new_of(&mut self, rows: Vec<Item>) -> Vec<Item> {
        let mut new = Vec::new();
        for row in rows {
            if !self.at.knows(&row) {
                self.at.known.insert(key(&row), time(&row));
                self.at.given += 1;
                new.push(row);
            }
        }
        new
    }

    /// Where to go from a page, or that this is the end.
    fn go_on(&mut self, seen: Seen) {
        let Seen { came, asked, ends_at, brought, oldest, total } = seen;
        let is_short = came < asked;
        let all_told = total.map(|total| total <= ends_at);
        if is_short && all_told == Some(true) {
            // A total that is smaller than what is there is none to go by.
            if came > 0 && total != Some(ends_at) {
                self.disagrees(total, ends_at);
            }
            self.ended = true;
            return;
        }
        let older = oldest.filter(|oldest| self.at.frontier.is_none_or(|frontier| *oldest < frontier));
        if let (true, Some(older)) = (self.at.newest_first, older) {
            self.at.advance(older);
            (self.page, self.capped, self.read_again, self.is_torn) = (1, None, 0, false);
            return;
        }
        // Fewer than asked for, although there are more, or may be: the server gives no more at once.
        let says_more = all_told == Some(false) || (total.is_none() && came >= self.most);
        if self.page == 1 && is_short && came > 0 && says_more && self.capped.is_none() {
            if total.is_some() && self.read_again < READ_AGAIN {
                self.read_again += 1;
                return;
            }
            self.capped = Some(came);
        }
        let is_full = came > 0 && came >= self.rows_of(self.page);
        let is_far = ends_at > self.at.given as i64 + 2 * self.rows_of(1).max(came);
        let has_told = total.is_some() || self.at.total.is_some();
        if is_full && (brought || !is_far) {
            (self.page, self.read_again) = (self.page + 1, 0);
        } else if !is_full && self.read_again < READ_AGAIN && (has_told || came == 0) {
            self.read_again += 1;
        } else if brought && has_told {
            // Pages have gaps of their own here; the next one may have more.
            self.disagrees(total.or(self.at.total), ends_at);
            (self.page, self.read_again, self.is_torn) = (self.page + 1, 0, true);
        } else {
            match total.or(self.at.total) {
                Some(told) => self.doubt(Doubt::TotalDisagrees { told, seen: ends_at }),
                None => self.doubt(Doubt::NoTotal),
            }
            self.ended = true;
        }
    }

    fn disagrees(&mut self, total: Option<i64>, seen: i64) {
        if let Some(told) = total {
            self.doubt(Doubt::TotalDisagrees { told, seen });
        }
    }

    fn doubt(&mut self, doubt: Doubt) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }
}

/// What an answer showed.
struct Seen {
    came: i64,
    asked: i64,
    /// Rows of the window up to the last that came.
    ends_at: i64,
    brought: bool,
    oldest: Option<BeijingTime>,
    total: Option<i64>,
}

/// Up to which page overlapping pages lead on: from there on they would begin earlier than the one before.
fn reach(size: i64) -> i64 {
    (size + 1) / 2
}

fn is_newest_first(rows: &[Item]) -> bool {
    rows.iter().filter_map(time).is_sorted_by(|one, next| one >= next)
}

#[cfg(test)]
mod tests;
