//! The windows of this node alone. Sixteen locks, so that callers seldom meet.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
use tousu_wire::RateLimit;

use super::{Allowance, Way, span_micros};

/// Keeps the stamps.
pub(super) struct Windows {
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

impl Windows {
    pub(super) fn new() -> Self {
        Windows { shards: Default::default(), hasher: RandomState::new() }
    }

    /// Looks for a place in the window of `key` at `now` (monotonic microseconds).
    pub(super) fn ask(&self, key: String, limit: RateLimit, now: i64, way: Way) -> Allowance {
        let span = span_micros(limit);
        let mut shard = self.shard(&key).lock();
        if shard.len() >= SWEEP_ABOVE && !shard.contains_key(&key) {
            shard.retain(|_, window| window.empty_at > now);
        }
        let window = shard.entry(key).or_default();
        while window.stamps.front().is_some_and(|&served| served <= now - span) {
            window.stamps.pop_front();
        }
        let served = window.stamps.len() as u32;
        let admitted = served < limit.calls;
        if way == Way::Count || admitted && way == Way::Take {
            window.stamps.push_back(now);
            window.empty_at = now + span;
        }
        let free_at = window.stamps.front().map_or(now, |oldest| oldest + span);
        Allowance::new(admitted, limit, window.stamps.len() as u32, free_at - now)
    }

    /// Gives back a place that was taken at `now`.
    pub(super) fn give_back(&self, key: &str, now: i64) {
        if let Some(window) = self.shard(key).lock().get_mut(key)
            && let Some(at) = window.stamps.iter().rposition(|&taken| taken == now)
        {
            window.stamps.remove(at);
        }
    }

    fn shard(&self, key: &str) -> &Mutex<HashMap<String, Window>> {
        &self.shards[self.hasher.hash_one(key) as usize % self.shards.len()]
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
            let windows = Windows::new();
            let (mut now, mut served) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                let free = served.iter().filter(|&&at| at > now - 10_000_000).count() < 500;
                let allowance = windows.ask("app".into(), LIMIT, now, Way::Take);
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
        let windows = Windows::new();
        for at in 0..100_000 {
            windows.ask(format!("app {at}"), LIMIT, at * 1_000_000, Way::Take);
        }
        let kept: usize = windows.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept <= 16 * (SWEEP_ABOVE + 1), "{kept}");
    }
}
