//! When a bot may send: its platform's limit as an exact sliding window. The time comes as an argument.

use std::collections::VecDeque;

/// What a platform allows each bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All of them hold at once.
    pub windows: &'static [Window],
    /// Whether to keep silent in the minute that begins with the full or the half hour.
    pub avoid_half_hours: bool,
}

/// So many in so long, wherever that span begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Messages.
    pub sends: usize,
    /// The span, in milliseconds.
    pub millis: i64,
}

/// What one bot has used of its limits.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: &'static Limits,
    /// When it sent, oldest first, epoch milliseconds; as many as the windows look back to.
    sent: VecDeque<i64>,
    silent_until: i64,
}

/// Whether a bot may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send now; the place is taken.
    SendNow,
    /// Not before this moment, epoch milliseconds.
    WaitUntil(i64),
}

const MINUTE: i64 = 60_000;
const HALF_HOUR: i64 = 30 * MINUTE;
/// A message that leaves this close to the half hour arrives in it.
const ON_ITS_WAY: i64 = 2_000;
/// No platform shuts a bot out for longer. Bounds what a clock that was set back can cost.
const LONGEST_SILENCE: i64 = HALF_HOUR;

impl Budget {
    /// A bot that sent at those moments (epoch milliseconds), as far as is known.
    pub fn new(limits: &'static Limits, sent: &[i64]) -> Self {
        let mut sent = sent.to_vec();
        sent.sort_unstable();
        Budget { limits, sent: sent.into(), silent_until: i64::MIN }
    }

    /// A bot of which nothing is known, as after a start: as if it had used all there is at `now`.
    pub fn spent(limits: &'static Limits, now: i64) -> Self {
        let most = limits.windows.iter().map(|window| window.sends).max().unwrap_or(0);
        Budget::new(limits, &vec![now; most])
    }

    /// Whether to send at `now` (epoch milliseconds); takes the place if there is one.
    pub fn ask(&mut self, now: i64) -> Turn {
        self.look(now);
        match self.earliest(now) {
            at if at > now => Turn::WaitUntil(at),
            _ => {
                self.sent.push_back(now);
                Turn::SendNow
            }
        }
    }

    /// How many messages could be sent at `now`, one after the other without waiting.
    pub fn places(&mut self, now: i64) -> usize {
        self.look(now);
        if self.earliest(now) > now {
            return 0;
        }
        let free = |window: &Window| {
            let used =
                self.sent.iter().rev().take_while(|&&at| at > now.saturating_sub(window.millis)).count();
            window.sends.saturating_sub(used)
        };
        self.limits.windows.iter().map(free).min().unwrap_or(usize::MAX)
    }

    /// The platform asked for silence, from `now` (epoch milliseconds) for so many seconds.
    pub fn silence(&mut self, now: i64, seconds: i64) {
        self.silent_until = self.silent_until.max(now.saturating_add(seconds.saturating_mul(1000)));
    }

    /// Forgets what no window looks back to. What lies ahead means that the clock was set back: it is taken
    /// for now, which is the latest that it can have been.
    fn look(&mut self, now: i64) {
        let span = self.limits.windows.iter().map(|window| window.millis).max().unwrap_or(0);
        while self.sent.front().is_some_and(|&at| at <= now.saturating_sub(span)) {
            self.sent.pop_front();
        }
        for at in self.sent.iter_mut().rev().take_while(|at| **at > now) {
            *at = now;
        }
        self.silent_until = self.silent_until.min(now.saturating_add(LONGEST_SILENCE));
    }

    /// The first moment from `now` on at which every limit has a place.
    fn earliest(&self, now: i64) -> i64 {
        let mut at = now.max(self.silent_until);
        for window in self.limits.windows {
            // Among as many sends as the window holds, the oldest has to leave.
            let oldest = self.sent.len().checked_sub(window.sends).and_then(|place| self.sent.get(place));
            at = oldest.map_or(at, |oldest| at.max(oldest.saturating_add(window.millis)));
        }
        let into = at.saturating_add(ON_ITS_WAY).rem_euclid(HALF_HOUR);
        let busy = MINUTE + ON_ITS_WAY;
        if self.limits.avoid_half_hours && into < busy { at.saturating_add(busy - into) } else { at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notify::bots::Platform;

    /// 2024-04-19 11:25:00 in Beijing.
    const NOON: i64 = 1_713_497_100_000;

    #[test]
    fn twenty_and_then_one_as_each_leaves() {
        let mut budget = Budget::new(Platform::Wecom.limits(), &[]);
        for second in 0..20 {
            assert_eq!(budget.places(NOON + second * 1000), 20 - second as usize);
            assert_eq!(budget.ask(NOON + second * 1000), Turn::SendNow);
        }
        assert_eq!(budget.places(NOON + 59_999), 0);
        assert_eq!(budget.ask(NOON + 59_999), Turn::WaitUntil(NOON + 60_000));
        assert_eq!(budget.ask(NOON + 60_000), Turn::SendNow);
        assert_eq!(budget.ask(NOON + 60_000), Turn::WaitUntil(NOON + 61_000));
    }

    #[test]
    fn five_a_second_at_feishu() {
        let mut budget = Budget::new(Platform::Feishu.limits(), &[]);
        assert_eq!(budget.places(NOON), 5);
        for _ in 0..5 {
            assert_eq!(budget.ask(NOON), Turn::SendNow);
        }
        assert_eq!(budget.ask(NOON), Turn::WaitUntil(NOON + 1000));
    }

    #[test]
    fn the_half_hour_is_left_alone() {
        let mut budget = Budget::new(Platform::Feishu.limits(), &[]);
        let half = NOON + 5 * MINUTE;
        assert_eq!(budget.ask(half - 2_001), Turn::SendNow);
        for at in [half - 2_000, half, half + 59_999] {
            assert_eq!(budget.places(at), 0);
            assert_eq!(budget.ask(at), Turn::WaitUntil(half + MINUTE));
        }
        assert_eq!(budget.ask(half + MINUTE), Turn::SendNow);
        // The full hour too.
        assert_eq!(budget.ask(half + HALF_HOUR + 1), Turn::WaitUntil(half + HALF_HOUR + MINUTE));
        assert_eq!(Budget::new(Platform::Wecom.limits(), &[]).ask(half), Turn::SendNow);
    }

    #[test]
    fn silence_is_kept_and_has_an_end() {
        let mut budget = Budget::new(Platform::Dingtalk.limits(), &[]);
        budget.silence(NOON, 600);
        budget.silence(NOON, 60);
        assert_eq!(budget.places(NOON), 0);
        assert_eq!(budget.ask(NOON), Turn::WaitUntil(NOON + 600_000));
        assert_eq!(budget.ask(NOON + 600_000), Turn::SendNow);
        budget.silence(NOON, i64::MAX);
        assert_eq!(budget.ask(NOON), Turn::WaitUntil(NOON + LONGEST_SILENCE));
    }

    #[test]
    fn a_start_begins_with_nothing() {
        for platform in [Platform::Wecom, Platform::Dingtalk, Platform::Feishu] {
            let mut budget = Budget::spent(platform.limits(), NOON);
            assert_eq!(budget.ask(NOON), Turn::WaitUntil(NOON + 60_000), "{platform:?}");
            assert_eq!(budget.ask(NOON + 60_000), Turn::SendNow);
        }
        let known: Vec<i64> = (0..20).map(|second| NOON + second * 1000).rev().collect();
        let mut budget = Budget::new(Platform::Wecom.limits(), &known);
        assert_eq!(budget.ask(NOON + 30_000), Turn::WaitUntil(NOON + 60_000));
    }

    #[test]
    fn a_clock_set_back_costs_a_window_at_most() {
        let mut budget = Budget::new(Platform::Wecom.limits(), &[NOON; 20]);
        let earlier = NOON - 86_400_000;
        assert_eq!(budget.ask(earlier), Turn::WaitUntil(earlier + 60_000));
        assert_eq!(budget.ask(earlier + 60_000), Turn::SendNow);
    }

    fn platforms() -> impl Strategy<Value = Platform> {
        prop_oneof![Just(Platform::Wecom), Just(Platform::Dingtalk), Just(Platform::Feishu)]
    }

    /// Milliseconds from one ask to the next.
    fn gaps() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(prop_oneof![0i64..50, 0i64..5_000, 0i64..100_000], 1..400)
    }

    /// Milliseconds that pass, and by how much the clock is set.
    fn steps() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((0i64..20_000, prop_oneof![9 => Just(0i64), 1 => -200_000i64..0]), 1..300)
    }

    proptest! {
        /// Of any sequence of asks no span holds more than the limit, nothing is sent on the half hour, no
        /// place is kept back, and whoever waits as told may send.
        #[test]
        fn no_span_holds_more(platform in platforms(), gaps in gaps(), patient: bool) {
            let limits = platform.limits();
            let mut budget = Budget::new(limits, &[]);
            let (mut now, mut sent) = (NOON, Vec::<i64>::new());
            for gap in gaps {
                now += gap;
                let places = budget.places(now);
                let turn = budget.ask(now);
                prop_assert_eq!(places > 0, turn == Turn::SendNow);
                let on_half_hour = limits.avoid_half_hours && (now + 2_000).rem_euclid(1_800_000) < 62_000;
                let used = |window: &Window| sent.iter().filter(|&&at| at > now - window.millis).count();
                let full = limits.windows.iter().any(|window| used(window) >= window.sends);
                prop_assert_eq!(turn == Turn::SendNow, !full && !on_half_hour);
                match turn {
                    Turn::SendNow => sent.push(now),
                    Turn::WaitUntil(at) => {
                        prop_assert!(at > now && at <= now + 62_000 + 62_000);
                        if patient {
                            now = at;
                            prop_assert_eq!(budget.ask(now), Turn::SendNow);
                            sent.push(now);
                        }
                    }
                }
            }
            for window in limits.windows {
                for run in sent.windows(window.sends + 1) {
                    prop_assert!(run[window.sends] - run[0] >= window.millis);
                }
            }
        }

        /// Whatever the clock does, by the time that really passed no span holds more.
        #[test]
        fn not_even_when_the_clock_is_set_back(steps in steps()) {
            let limits = Platform::Dingtalk.limits();
            let mut budget = Budget::new(limits, &[]);
            let (mut real, mut shown, mut sent) = (0i64, NOON, Vec::new());
            for (passed, set) in steps {
                real += passed;
                shown += passed + set;
                if budget.ask(shown) == Turn::SendNow {
                    sent.push(real);
                }
            }
            for window in limits.windows {
                for run in sent.windows(window.sends + 1) {
                    prop_assert!(run[window.sends] - run[0] >= window.millis);
                }
            }
        }
    }
}
