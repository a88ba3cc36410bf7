//! The one place that asks what time it is. Rules take the time as an argument; only the edge asks.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

/// A clock that can be set, by tests and in a sandbox.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Set(Arc<Mutex<Set>>),
}

/// A time of its own, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Set {
    epoch: i64,
    monotonic: i64,
    /// Since when time passes by itself beyond that; `None` while it stands still.
    runs_since: Option<Instant>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock(Source::System { started: Instant::now() })
    }

    /// A clock that stands still at `epoch` seconds until it is set or moved.
    pub fn set_at(epoch: i64) -> Self {
        let micros = epoch.saturating_mul(1_000_000);
        let set = Set { epoch: micros, monotonic: micros, runs_since: None };
        Clock(Source::Set(Arc::new(Mutex::new(set))))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn epoch(&self) -> i64 {
        self.epoch_micros().div_euclid(1_000_000)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn epoch_millis(&self) -> i64 {
        self.epoch_micros().div_euclid(1000)
    }

    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn epoch_micros(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_micros() as i64),
            Source::Set(set) => set.lock().now().epoch,
        }
    }

    /// Microseconds from an arbitrary start; never goes back when the clock is corrected or set.
    pub fn monotonic_micros(&self) -> i64 {
        match &self.0 {
            Source::System { started } => started.elapsed().as_micros() as i64,
            Source::Set(set) => set.lock().now().monotonic,
        }
    }

    /// Whether it can be set, so that no other clock can stand in for it.
    pub fn is_set(&self) -> bool {
        matches!(self.0, Source::Set(_))
    }

    /// Whether time passes by itself.
    pub fn runs(&self) -> bool {
        match &self.0 {
            Source::System { .. } => true,
            Source::Set(set) => set.lock().runs_since.is_some(),
        }
    }

    /// Has time pass by itself, or stand still; the system clock stays as it is.
    pub fn let_run(&self, runs: bool) {
        self.change(|now| now.runs_since = runs.then(Instant::now));
    }

    /// Sets a settable clock to `epoch` seconds, be that in the past; the system clock stays as it is.
    pub fn set(&self, epoch: i64) {
        self.change(|now| {
            let epoch = epoch.saturating_mul(1_000_000);
            now.monotonic = now.monotonic.saturating_add(epoch.saturating_sub(now.epoch).max(0));
            now.epoch = epoch;
        });
    }

    /// Moves a settable clock by `micros`, all that it tells; the system clock stays as it is.
    pub fn advance_micros(&self, micros: i64) {
        self.change(|now| {
            now.epoch = now.epoch.saturating_add(micros);
            now.monotonic = now.monotonic.saturating_add(micros);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Set)) {
        if let Source::Set(set) = &self.0 {
            let mut set = set.lock();
            let mut now = set.now();
            change(&mut now);
            *set = now;
        }
    }
}

impl Set {
    /// As of now: what passed since it was last looked at is in it.
    fn now(&self) -> Set {
        let Some(since) = self.runs_since else { return *self };
        let now = Instant::now();
        let passed = i64::try_from(now.duration_since(since).as_micros()).unwrap_or(i64::MAX);
        Set {
            epoch: self.epoch.saturating_add(passed),
            monotonic: self.monotonic.saturating_add(passed),
            runs_since: Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_back_goes_on_in_one_direction() {
        let clock = Clock::set_at(1000);
        let began = clock.monotonic_micros();
        clock.set(400);
        assert_eq!((clock.epoch(), clock.monotonic_micros()), (400, began));
        clock.advance_micros(7_000_000);
        assert_eq!((clock.epoch(), clock.monotonic_micros()), (407, began + 7_000_000));
        assert!(!clock.runs());
    }

    #[test]
    fn what_runs_passes_by_itself_until_it_is_stopped() {
        let clock = Clock::set_at(1000);
        clock.let_run(true);
        let began = clock.monotonic_micros();
        while clock.monotonic_micros() == began {
            std::hint::spin_loop();
        }
        assert!(clock.runs() && clock.epoch() >= 1000);
        clock.let_run(false);
        let stopped = clock.monotonic_micros();
        assert!(stopped > began);
        assert_eq!(clock.monotonic_micros(), stopped);
    }
}
