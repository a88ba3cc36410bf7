//! What a mirror asks next. Pure: it is told answers and the time, and keeps what must survive a restart in [`Progress`].
//!
//! Two kinds of work. A *round* comes every so many seconds: the newest complaints, with an overlap, and all that are open.
//! A *pass* over everything is slow, and fills the time between rounds: it finds what was edited late, and proves that both
//! sides are the same. What an answer should have and has not is asked for by its number, at once; what is not found that way
//! either, twice, with time between, is gone.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use tousu_wire::codes::State;

use super::slice::{Judged, Mark, Slice, Span};

/// How often, how much, how far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Seconds from one round's beginning to the next one's.
    pub every: i64,
    /// Seconds from one pass's beginning to the next one's.
    pub pass_every: i64,
    /// Rows that are asked for at once.
    pub page_size: i64,
    /// So many seconds before the newest complaint are read again: some are entered late.
    pub overlap: i64,
    /// Missing complaints beyond this many are not believed to be gone, all at once; somebody has to say so.
    pub most_gone: usize,
}

impl Default for Terms {
    fn default() -> Self {
        Terms { every: 60, pass_every: 6 * 3600, page_size: 500, overlap: 24 * 3600, most_gone: 50 }
    }
}

/// After so many seconds what was missing is asked for once more, before it is believed to be gone.
const SURE_AFTER: i64 = 60;
/// Complaints that are missing at once, at most: of more nothing is said.
const MOST_MISSING: usize = 5000;
/// Complaints that wait to be asked for by their numbers, at most: the next look finds the others again.
const MOST_ASKED: usize = 500;
/// Of those that are missing, so many are asked for in a round.
const ASKED_A_ROUND: usize = 100;
/// A slice that has no answer so often is given up until the next pass.
const MOST_FAILURES: u32 = 6;
/// The longest wait after failures, in seconds.
const LONGEST_WAIT: i64 = 60;
/// A pass that left doubts is made anew after so many rounds.
const DOUBTFUL_AFTER: i64 = 10;

/// What survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The newest complaint time that was seen (epoch seconds).
    pub newest: Option<i64>,
    /// When the last whole round began: what happened before is in the mirror.
    pub fresh_as_of: Option<i64>,
    /// The pass that is under way.
    pub pass: Option<Pass>,
    /// How the last one ended.
    pub last_pass: Option<PassEnded>,
    /// How many passes were begun.
    pub passes: i64,
    /// What should be there and is not.
    pub missing: BTreeMap<String, Missing>,
    /// No page holds more rows than this.
    pub most: Option<i64>,
}

/// A pass under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Its number, from 1.
    pub number: i64,
    /// When it began (epoch seconds).
    pub began: i64,
    /// What it has not read yet, the last one next.
    pub rest: Vec<Slice>,
    /// What it could not settle.
    pub doubtful: Vec<Span>,
    /// How many complaints it added.
    #[serde(default)]
    pub added: u64,
}

/// A pass that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassEnded {
    /// Its number.
    pub number: i64,
    /// When it began.
    pub began: i64,
    /// When it ended.
    pub ended: i64,
    /// What it could not settle.
    pub doubtful: Vec<Span>,
}

/// A complaint that should be there and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Since when (epoch seconds).
    pub since: i64,
    /// How often both interfaces agreed that there is none.
    pub agreed: u32,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask for a slice of the list.
    List(Asked),
    /// Ask for one complaint, by its number.
    One(String),
    /// A pass ended: to be told.
    PassEnded,
    /// Nothing before that moment (epoch seconds), but details that are due.
    Rest(i64),
}

/// A slice that is asked for, and as part of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The slice.
    pub slice: Slice,
    /// Whether it belongs to a pass, rather than a round.
    pub of_pass: bool,
    /// Rows that are asked for at once.
    pub page_size: i64,
}

/// What became of a complaint that was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It is gone, for certain.
    Gone,
    /// It may be; it is asked for again.
    NotYet,
    /// Too much is missing at once: nothing is believed until somebody says so.
    TooMany,
}

/// A round under way.
#[derive(Clone, Debug)]
struct Round {
    began: i64,
    rest: Vec<Slice>,
    /// Whether all of it was settled.
    whole: bool,
}

/// What a mirror asks next.
#[derive(Clone, Debug)]
pub struct Plan {
    terms: Terms,
    progress: Progress,
    round: Option<Round>,
    /// Complaints to be asked for at once.
    to_ask: VecDeque<String>,
    /// When the last round began, whole or not.
    last_round: Option<i64>,
    /// Answers that did not come, in a row.
    failures: u32,
    not_before: i64,
    /// Whether what is missing is believed to be gone, however much it is.
    pub believe_all: bool,
}

impl Plan {
    /// A plan that goes on where another was.
    pub fn new(terms: Terms, progress: Progress) -> Self {
        Plan {
            terms,
            progress,
            round: None,
            to_ask: VecDeque::new(),
            last_round: None,
            failures: 0,
            not_before: i64::MIN,
            believe_all: false,
        }
    }

    /// What is to be kept of it.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether no pass has come to its end yet.
    pub fn is_filling(&self) -> bool {
        self.progress.last_pass.is_none()
    }

    /// What is to be done next.
    pub fn next(&mut self, now: i64) -> Next {
        if now < self.not_before {
            return Next::Rest(self.not_before);
        }
        if let Some(id) = self.to_ask.pop_front() {
            return Next::One(id);
        }
        if let Some(slice) = self.round.as_mut().and_then(|round| round.rest.pop()) {
            return Next::List(self.asked(slice, false));
        }
        self.end_round();
        let round_at = self.last_round.map_or(now, |last| last.saturating_add(self.terms.every));
        if !self.is_filling() && round_at <= now {
            self.begin_round(now);
            return self.next(now);
        }
        let pass_at = self.pass_at();
        if self.progress.pass.is_none() && pass_at <= now {
            self.begin_pass(now);
        }
        if let Some(pass) = &mut self.progress.pass {
            return match pass.rest.pop() {
                Some(slice) => Next::List(self.asked(slice, true)),
                None => Next::PassEnded,
            };
        }
        Next::Rest(round_at.min(pass_at))
    }

    fn asked(&self, slice: Slice, of_pass: bool) -> Asked {
        let most = self.progress.most.unwrap_or(i64::MAX);
        // Large answers are what breaks first.
        let page_size = self.terms.page_size.min(most) >> slice.failures.min(4);
        Asked { slice, of_pass, page_size: page_size.max(1) }
    }

    fn begin_round(&mut self, now: i64) {
        let newest = self.progress.newest.map(|newest| newest.saturating_sub(self.terms.overlap));
        let new = Slice::of(Span { from: newest, to: None });
        let open = |state| Slice::default().in_state(state);
        // The last one is asked for first.
        let rest = vec![open(State::InProgress), open(State::Pending), new];
        self.round = Some(Round { began: now, rest, whole: true });
        self.last_round = Some(now);
        let due = |missing: &Missing| missing.since.saturating_add(SURE_AFTER) <= now;
        let again = self.progress.missing.iter().filter(|one| due(one.1)).map(|one| one.0.clone());
        self.to_ask.extend(again.take(ASKED_A_ROUND).collect::<Vec<_>>());
    }

    fn end_round(&mut self) {
        let Some(Round { began, whole, .. }) = self.round.take() else { return };
        if whole {
            self.progress.fresh_as_of = Some(began);
        }
    }

    fn pass_at(&self) -> i64 {
        let Some(last) = &self.progress.last_pass else { return i64::MIN };
        let after = match last.doubtful.is_empty() {
            true => self.terms.pass_every,
            false => (self.terms.every.saturating_mul(DOUBTFUL_AFTER)).min(self.terms.pass_every),
        };
        last.began.saturating_add(after)
    }

    fn begin_pass(&mut self, now: i64) {
        self.progress.passes += 1;
        // What an upstream's pages hold may be another number by now.
        self.progress.most = None;
        let number = self.progress.passes;
        let pass = Pass { number, began: now, rest: vec![Slice::default()], doubtful: Vec::new(), added: 0 };
        self.progress.pass = Some(pass);
    }

    /// An answer came. `rows` are those of the slice that were understood, each complaint once; what could not be understood
    /// makes the total not fit, as it should.
    pub fn heard(&mut self, asked: Asked, rows: Vec<Mark>, total: Option<i64>, now: i64) -> Judged {
        self.failures = 0;
        if asked.slice.state.is_none() {
            let newest = rows.iter().map(|row| row.time).filter(|time| *time <= now).max();
            self.progress.newest = self.progress.newest.max(newest);
        }
        let judged = asked.slice.judged(asked.page_size, rows, total, now);
        self.take(asked.of_pass, &judged);
        judged
    }

    fn take(&mut self, of_pass: bool, judged: &Judged) {
        if let Some(most) = judged.most {
            self.progress.most = Some(self.progress.most.unwrap_or(i64::MAX).min(most));
        }
        let rest = judged.rest.iter().rev().cloned();
        match (of_pass, &mut self.progress.pass, &mut self.round) {
            (true, Some(pass), _) => {
                pass.rest.extend(rest);
                pass.doubtful.extend(judged.doubtful);
            }
            (false, _, Some(round)) => {
                round.rest.extend(rest);
                round.whole &= judged.doubtful.is_none();
            }
            _ => {}
        }
    }

    /// No answer came, or none that can be understood, though it was tried more than once.
    pub fn failed(&mut self, asked: Asked, now: i64) {
        self.wait(now);
        let Asked { mut slice, of_pass, .. } = asked;
        slice.failures += 1;
        let judged = match slice.failures < MOST_FAILURES {
            true => Judged { rest: vec![slice], ..Judged::default() },
            false => slice.given_up(),
        };
        self.take(of_pass, &judged);
    }

    /// Nothing is asked for a while: so long, the longer the more often.
    pub fn wait(&mut self, now: i64) {
        let seconds = (1_i64 << self.failures.min(6)).min(LONGEST_WAIT);
        self.failures += 1;
        self.not_before = now.saturating_add(seconds);
    }

    /// A complaint that should have been in an answer was not: it is asked for.
    pub fn suspect(&mut self, id: String) {
        if self.to_ask.len() < MOST_ASKED && !self.to_ask.contains(&id) {
            self.to_ask.push_back(id);
        }
    }

    /// A pass added so many complaints.
    pub fn pass_added(&mut self, count: u64) {
        if let Some(pass) = &mut self.progress.pass {
            pass.added += count;
        }
    }

    /// A complaint that was asked for is there.
    pub fn found(&mut self, id: &str) {
        self.failures = 0;
        self.progress.missing.remove(id);
    }

    /// Of a complaint that was asked for nothing can be said: the interfaces do not agree, or did not answer.
    pub fn unclear(&mut self, id: String, now: i64) {
        if self.progress.missing.len() < MOST_MISSING {
            self.progress.missing.entry(id).or_insert(Missing { since: now, agreed: 0 });
        }
    }

    /// Both interfaces agree that a complaint is not there. `kept`: how many the mirror has.
    pub fn absent(&mut self, id: String, now: i64, kept: i64) -> Absence {
        self.failures = 0;
        let room = self.progress.missing.len() < MOST_MISSING;
        let Some(missing) = self.progress.missing.get_mut(&id) else {
            if room {
                self.progress.missing.insert(id, Missing { since: now, agreed: 1 });
            }
            return Absence::NotYet;
        };
        missing.agreed += 1;
        if missing.agreed < 2 || missing.since.saturating_add(SURE_AFTER) > now {
            return Absence::NotYet;
        }
        let fifth = usize::try_from(kept / 5).unwrap_or(usize::MAX);
        if self.progress.missing.len() > self.terms.most_gone.max(fifth) && !self.believe_all {
            return Absence::TooMany;
        }
        Absence::Gone
    }

    /// The end of a pass was told; how it ended.
    pub fn pass_told(&mut self, now: i64) -> Option<(PassEnded, u64)> {
        let Pass { number, began, doubtful, added, .. } = self.progress.pass.take()?;
        let ended = PassEnded { number, began, ended: now, doubtful };
        self.progress.last_pass = Some(ended.clone());
        Some((ended, added))
    }

    /// A pass is begun, unless one is under way.
    pub fn want_pass(&mut self, now: i64) {
        if self.progress.pass.is_none() {
            self.begin_pass(now);
        }
    }

    /// Answers that did not come, in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a round that began since then, and a pass, have come to their ends.
    pub fn is_done_since(&self, began: i64) -> bool {
        let pass = self.progress.last_pass.as_ref().is_some_and(|last| last.ended >= began);
        let round = self.last_round.is_some_and(|at| at >= began) && self.round.is_none();
        round && pass && self.progress.pass.is_none() && self.to_ask.is_empty()
    }
}
