//! What time it is, and how to wait. Tests, and programs that live in another time, bring their own.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A wait that ends by itself.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a client goes by: when tokens run out, how often it calls, how long it waits before it tries again. Time-outs
/// of connections are not among that: those are the network's own time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z: compared with other processes' through the token's file.
    fn epoch_millis(&self) -> i64;

    /// The time since some moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Ends after that span.
    fn sleep(&self, span: Duration) -> Sleep<'_>;
}

/// The machine's clock, and tokio's timer.
///
/// ```
/// use tousu_client::{Clock, SystemClock};
/// let clock = SystemClock::default();
/// assert!(clock.epoch_millis() > 1_700_000_000_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: tokio::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock { started: tokio::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn epoch_millis(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        // tokio's, so that it stands still where a test has paused it.
        self.started.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep<'_> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A clock that stands still until it is moved. Whoever waits by it moves it to the end of the wait at once.
///
/// ```
/// use std::time::Duration;
/// use tousu_client::{Clock, SetClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = SetClock::at(1_714_536_000);
/// clock.sleep(Duration::from_secs(3600)).await;
/// assert_eq!(clock.epoch_millis(), 1_714_539_600_000);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// A clock that stands at `epoch` seconds.
    pub fn at(epoch: i64) -> Self {
        SetClock(Arc::new(AtomicI64::new(epoch.saturating_mul(1_000_000))))
    }

    /// Moves it on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tousu_client::{Clock, SetClock};
    /// let clock = SetClock::at(0);
    /// clock.advance(Duration::from_millis(1500));
    /// assert_eq!(clock.epoch_millis(), 1500);
    /// ```
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(micros(span), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn epoch_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst) / 1000
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0))
    }

    fn sleep(&self, span: Duration) -> Sleep<'_> {
        let end = self.0.load(Ordering::SeqCst).saturating_add(micros(span));
        Box::pin(async move {
            self.0.fetch_max(end, Ordering::SeqCst);
            // Others get their turn, as they would while somebody waits.
            tokio::task::yield_now().await;
        })
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
