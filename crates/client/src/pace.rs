//! How often a client calls.
//!
//! A server counts a call at some moment between its start and its answer; which, the client does not know. So each call
//! holds one of N places from its start until a window's length after its answer: whoever takes the place next is counted
//! a whole window later, and no window of the server, fixed or sliding, has more than N. Counting starts alone would be
//! wrong by the time that calls are under way.
//!
//! Besides, at most twice the average rate goes out at once, since the official server refuses what rises too suddenly
//! (2054).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tousu_wire::RateLimit;

use crate::{Clock, Limits};

/// How much of each interface's rate limit the client takes.
///
/// ```
/// use std::time::Duration;
/// use tousu_client::Pace;
///
/// let rest = Pace::share(0.2); // leaves four fifths to the shop's other programs
/// let slow = Pace::at_most(3, Duration::from_secs(1));
/// assert_ne!(rest, slow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    kind: Kind,
    together: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Unlimited,
    Share(f64),
    AtMost(u32, Duration),
}

impl Pace {
    /// As fast as it goes: the server's refusals are met by waiting alone. For servers of one's own.
    pub const UNLIMITED: Pace = Pace::of(Kind::Unlimited);
    /// All of each interface's limit; the default.
    pub const FULL: Pace = Pace::of(Kind::Share(1.0));

    const fn of(kind: Kind) -> Pace {
        Pace { kind, together: false }
    }

    /// That part of each interface's limit, above 0 and at most 1; what is outside is brought inside.
    pub fn share(part: f64) -> Pace {
        // The least is one call in a day of 500 in 10 s, far below what anybody means.
        Pace::of(Kind::Share(if part.is_nan() { 1.0 } else { part.clamp(1e-6, 1.0) }))
    }

    /// At most that many calls in any such span to each interface, whatever its limit is. None is taken for one.
    pub fn at_most(calls: u32, span: Duration) -> Pace {
        Pace::of(Kind::AtMost(calls.max(1), span))
    }

    /// All interfaces together take no more than one may, by the complaint interfaces' limit of 500 calls in 10 s.
    ///
    /// ```
    /// use tousu_client::Pace;
    /// let mirror = Pace::share(0.2).together(); // 100 calls in 10 s, lists and details in all
    /// assert_ne!(mirror, Pace::share(0.2));
    /// ```
    pub fn together(self) -> Pace {
        Pace { together: true, ..self }
    }

    /// The windows in which calls are counted.
    fn windows(self, limit: RateLimit) -> Vec<Window> {
        let (calls, span) = match self.kind {
            Kind::Unlimited => return Vec::new(),
            Kind::AtMost(calls, span) => (calls, span),
            Kind::Share(part) => {
                let span = Duration::from_secs(limit.seconds.into());
                let calls = f64::from(limit.calls) * part;
                match calls < 1.0 {
                    true => (1, span.div_f64(calls)),
                    false => (calls as u32, span),
                }
            }
        };
        let mut windows = vec![Window { calls, span }];
        if calls >= SUDDEN && span >= Duration::from_secs(2) {
            windows.push(Window { calls: calls / 5, span: span / 10 });
        }
        windows
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::FULL
    }
}

/// Fewer calls than that are nothing sudden.
const SUDDEN: u32 = 50;

/// What an interface allows of which nothing is known: what the complaint interfaces do.
pub(crate) const USUAL: RateLimit = RateLimit { calls: 500, seconds: 10 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    calls: u32,
    span: Duration,
}

/// The places of one interface; pure.
#[derive(Debug)]
struct Places {
    windows: Vec<Window>,
    under_way: u32,
    /// When calls were answered, as long as some window counts them.
    answered: VecDeque<Duration>,
    /// Until when nobody calls, since the server said so.
    closed: Duration,
}

/// When the next call may go out.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Now,
    At(Duration),
    /// When one of those under way has been answered.
    AfterAnswer,
}

impl Places {
    fn next(&mut self, now: Duration) -> Next {
        let longest = self.windows.iter().map(|window| window.span).max().unwrap_or_default();
        while self.answered.front().is_some_and(|at| *at + longest <= now) {
            self.answered.pop_front();
        }
        let mut free_at = self.closed;
        for Window { calls, span } in &self.windows {
            if self.under_way >= *calls {
                return Next::AfterAnswer;
            }
            // The place that is free once all before it are: those under way hold theirs for now.
            let places = (calls - self.under_way) as usize;
            if let Some(at) = self.answered.len().checked_sub(places).and_then(|at| self.answered.get(at)) {
                free_at = free_at.max(*at + *span);
            }
        }
        if free_at <= now { Next::Now } else { Next::At(free_at) }
    }

    fn begin(&mut self) {
        self.under_way += 1;
    }

    fn end(&mut self, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        if !self.windows.is_empty() {
            self.answered.push_back(now);
        }
    }

    fn learn(&mut self, limits: &Limits, pace: Pace, seconds: u32, now: Duration) {
        if self.windows.is_empty() {
            return;
        }
        if limits.remaining == Some(0)
            && let Some(reset) = limits.reset
        {
            self.closed = self.closed.max(now + reset);
        }
        // A server that allows less than we know of is believed; one that allows more may be another one tomorrow.
        let told = limits.limit.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0);
        if let (Some(calls), Kind::Share(_)) = (told, pace.kind) {
            let narrower = pace.windows(RateLimit { calls, seconds });
            if narrower[0].calls < self.windows[0].calls {
                self.windows = narrower;
            }
        }
    }
}

/// The queue before one interface.
struct Lane {
    /// Whose turn it is: those who wait come in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    places: Mutex<Places>,
    answered: Notify,
    seconds: u32,
}

impl Lane {
    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pace of one client.
pub(crate) struct Pacer {
    pace: Pace,
    clock: Arc<dyn Clock>,
    lanes: Mutex<BTreeMap<String, Arc<Lane>>>,
}

impl Pacer {
    pub(crate) fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Pacer { pace, clock, lanes: Mutex::default() }
    }

    /// A place before that interface, once there is one.
    pub(crate) async fn place(&self, interface: &str, limit: RateLimit) -> Place {
        let lane = self.lane(interface, limit);
        let turn = lane.turn.lock().await;
        loop {
            // Asked before the look, so that an answer in between is not missed.
            let answered = lane.answered.notified();
            let next = {
                let mut places = lane.places();
                let next = places.next(self.clock.elapsed());
                if next == Next::Now {
                    places.begin();
                }
                next
            };
            match next {
                Next::Now => break,
                Next::At(moment) => {
                    self.clock.sleep(moment.saturating_sub(self.clock.elapsed())).await;
                }
                Next::AfterAnswer => answered.await,
            }
        }
        drop(turn);
        Place { lane, clock: self.clock.clone(), pace: self.pace }
    }

    /// The queue before that interface. What is not limited needs one, too, for what the server says of it.
    fn lane(&self, interface: &str, limit: RateLimit) -> Arc<Lane> {
        let (interface, limit) = if self.pace.together { ("", USUAL) } else { (interface, limit) };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(interface.to_owned()).or_insert_with(|| {
            let windows = self.pace.windows(limit);
            let (under_way, answered, closed) = (0, VecDeque::new(), Duration::ZERO);
            Arc::new(Lane {
                turn: tokio::sync::Mutex::new(()),
                places: Mutex::new(Places { windows, under_way, answered, closed }),
                answered: Notify::new(),
                seconds: limit.seconds,
            })
        });
        lane.clone()
    }
}

/// A place that a call holds until it is answered, or given up.
pub(crate) struct Place {
    lane: Arc<Lane>,
    clock: Arc<dyn Clock>,
    pace: Pace,
}

impl Place {
    /// Takes note of what the server told with its answer.
    pub(crate) fn learn(&self, limits: &Limits) {
        self.lane.places().learn(limits, self.pace, self.lane.seconds, self.clock.elapsed());
    }

    /// Keeps everybody from the interface for that long: the server said that it is too much.
    pub(crate) fn close_for(&self, span: Duration) {
        let mut places = self.lane.places();
        if !places.windows.is_empty() {
            places.closed = places.closed.max(self.clock.elapsed() + span);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.places().end(self.clock.elapsed());
        self.lane.answered.notify_one();
    }
}

#[cfg(test)]
mod tests;
