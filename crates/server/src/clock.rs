//! The one place that asks what time it is. Rules take the time as an argument; only the edge asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// A clock that can be set by tests.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock(Source::System { started: Instant::now() })
    }

    /// A clock that stands still at `epoch` seconds until it is set or moved.
    pub fn set_at(epoch: i64) -> Self {
        Clock(Source::Set(Arc::new(AtomicI64::new(epoch * 1_000_000))))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn epoch(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_secs() as i64),
            Source::Set(micros) => micros.load(Ordering::SeqCst).div_euclid(1_000_000),
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn epoch_millis(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
            Source::Set(micros) => micros.load(Ordering::SeqCst).div_euclid(1000),
        }
    }

    /// Microseconds from an arbitrary start; never goes back when the machine's clock is corrected.
    pub fn monotonic_micros(&self) -> i64 {
        match &self.0 {
            Source::System { started } => started.elapsed().as_micros() as i64,
            Source::Set(micros) => micros.load(Ordering::SeqCst),
        }
    }

    /// Whether it is set by tests, so that no other clock can stand in for it.
    pub fn is_set(&self) -> bool {
        matches!(self.0, Source::Set(_))
    }

    /// Sets a settable clock to `epoch` seconds; the system clock stays as it is.
    pub fn set(&self, epoch: i64) {
        if let Source::Set(micros) = &self.0 {
            micros.store(epoch * 1_000_000, Ordering::SeqCst);
        }
    }

    /// Moves a settable clock by `micros`; the system clock stays as it is.
    pub fn advance_micros(&self, micros: i64) {
        if let Source::Set(now) = &self.0 {
            now.fetch_add(micros, Ordering::SeqCst);
        }
    }
}
