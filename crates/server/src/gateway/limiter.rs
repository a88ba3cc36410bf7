//! Exact sliding windows: in no span of a limit's length are more calls served than it allows.
//!
//! The stamps of the served calls are kept (a token bucket would let nearly twice the limit through
//! in one span). Sixteen locks, so that callers seldom meet.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
use tousu_wire::RateLimit;

/// Keeps the stamps.
pub(crate) struct Limiter {
    shards: [Mutex<HashMap<String, Window>>; 16],
    hasher: RandomState,
}

#[derive(Default)]
struct Window {
    /// When the calls were served, oldest first, in monotonic microseconds.
    stamps: VecDeque<i64>,
    /// When the last of them leaves.
    empty_at: i64,
}

/// What the limiter says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Whether the call may be served.
    pub(crate) admitted: bool,
    /// How many calls one span allows.
    pub(crate) limit: u32,
    /// How many more would be served right now.
    pub(crate) remaining: u32,
    /// Whole seconds until another place is free, rounded up.
    pub(crate) reset_seconds: i64,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Limiter { shards: Default::default(), hasher: RandomState::new() }
    }

    /// Asks for a place in the window of `key` at `now` (monotonic microseconds) and takes it if there is one.
    pub(crate) fn ask(&self, key: String, limit: RateLimit, now: i64) -> Allowance {
        self.with(key, limit, now, true)
    }

    /// Tells whether there is a place, without taking it.
    pub(crate) fn peek(&self, key: String, limit: RateLimit, now: i64) -> Allowance {
        self.with(key, limit, now, false)
    }

    fn with(&self, key: String, limit: RateLimit, now: i64, take: bool) -> Allowance {
        let span = i64::from(limit.seconds) * 1_000_000;
        let mut shard = self.shards[self.hasher.hash_one(&key) as usize % self.shards.len()].lock();
        if shard.len() >= SWEEP_ABOVE && !shard.contains_key(&key) {
            shard.retain(|_, window| window.empty_at > now);
        }
        let window = shard.entry(key).or_default();
        while window.stamps.front().is_some_and(|&served| served <= now - span) {
            window.stamps.pop_front();
        }
        let served = window.stamps.len() as u32;
        let admitted = served < limit.calls;
        if admitted && take {
            window.stamps.push_back(now);
            window.empty_at = now + span;
        }
        let free_at = window.stamps.front().map_or(now, |oldest| oldest + span);
        Allowance {
            admitted,
            limit: limit.calls,
            remaining: limit.calls.saturating_sub(window.stamps.len() as u32),
            reset_seconds: (free_at - now + 999_999).div_euclid(1_000_000),
        }
    }
}

/// A shard with more windows than this looks for those that have emptied before it adds another.
const SWEEP_ABOVE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };

    proptest::proptest! {
        #[test]
        fn no_span_holds_more_than_the_limit(gaps in proptest::collection::vec(0i64..60_000, 1..3000)) {
            let limiter = Limiter::new();
            let (mut now, mut served) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                let free = served.iter().filter(|&&at| at > now - 10_000_000).count() < 500;
                let allowance = limiter.ask("app".into(), LIMIT, now);
                // Never too many, and never refused while there is a place.
                proptest::prop_assert_eq!(allowance.admitted, free);
                if allowance.admitted {
                    served.push(now);
                }
            }
        }
    }

    #[test]
    fn windows_that_emptied_are_forgotten() {
        let limiter = Limiter::new();
        for at in 0..100_000 {
            limiter.ask(format!("app {at}"), LIMIT, at * 1_000_000);
        }
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept <= 16 * (SWEEP_ABOVE + 1), "{kept}");
    }
}
