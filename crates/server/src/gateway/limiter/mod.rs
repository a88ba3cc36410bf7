//! How often each may call: exact sliding windows. In no span of a limit's length are more calls served than
//! it allows, by one node, or by all of them if they share their windows in Redis.
//!
//! The stamps of the served calls are kept: a token bucket would let nearly twice the limit through in one
//! span.

mod shared;
mod windows;

use std::sync::Arc;

use tousu_wire::RateLimit;

use self::shared::Shared;
use self::windows::Windows;
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::settings::{Limits, WhenGone};

/// Knows who called when.
pub(super) struct Limiter {
    /// What this node itself served: all there is for one node, and what is left when Redis is gone.
    own: Windows,
    shared: Option<Arc<Shared>>,
    when_gone: WhenGone,
}

/// What the limiter says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Whether the call may be served.
    pub(super) admitted: bool,
    /// How many calls one span allows.
    pub(super) limit: u32,
    /// How many more would be served right now.
    pub(super) remaining: u32,
    /// Whole seconds until another place is free, rounded up.
    pub(super) reset_seconds: i64,
}

impl Allowance {
    fn new(admitted: bool, limit: RateLimit, served: u32, micros_until_free: i64) -> Self {
        Allowance {
            admitted,
            limit: limit.calls,
            remaining: limit.calls.saturating_sub(served),
            reset_seconds: (micros_until_free + 999_999).div_euclid(1_000_000),
        }
    }
}

/// What becomes of a place that is free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is left.
    Look,
    /// It is taken.
    Take,
    /// It is taken even if there is none: somebody else decides about the call.
    Count,
}

impl Limiter {
    /// Windows of this node, and shared ones if the settings name a Redis; see [`Limiter::open`].
    pub(super) fn new(settings: &Limits, clock: &Clock) -> Self {
        let shared = (!settings.redis.is_empty()).then(|| Shared::new(settings, clock.clone()));
        Limiter { own: Windows::new(), shared: shared.map(Arc::new), when_gone: settings.redis_gone }
    }

    /// Looks for Redis. If it is not there, it is looked for until it is.
    pub(super) async fn open(&self) {
        if let Some(shared) = &self.shared {
            shared.open().await;
        }
    }

    /// Where the windows are, for the operator.
    pub(super) fn state(&self) -> &'static str {
        match &self.shared {
            None => "per_node",
            Some(shared) if shared.is_up() => "shared",
            Some(_) => "redis_gone",
        }
    }

    /// Whether calls are refused, since nobody can tell how many were served.
    pub(super) fn is_closed(&self) -> bool {
        self.when_gone == WhenGone::Closed && self.shared.as_ref().is_some_and(|shared| !shared.is_up())
    }

    /// Asks for a place in the window of `key` at `now` (monotonic microseconds) and takes it if there is one.
    pub(super) async fn ask(&self, key: String, limit: RateLimit, now: i64) -> Result<Allowance, Refusal> {
        self.with(key, limit, now, Way::Take).await
    }

    /// Tells whether there is a place, without taking it.
    pub(super) async fn peek(&self, key: String, limit: RateLimit, now: i64) -> Result<Allowance, Refusal> {
        self.with(key, limit, now, Way::Look).await
    }

    /// Ready at once for one node; boxed, so that one node does not carry what only several need.
    async fn with(&self, key: String, limit: RateLimit, now: i64, way: Way) -> Result<Allowance, Refusal> {
        match &self.shared {
            None => Ok(self.own.ask(key, limit, now, way)),
            Some(shared) => Box::pin(self.with_shared(shared, key, limit, now, way)).await,
        }
    }

    async fn with_shared(
        &self,
        shared: &Arc<Shared>,
        key: String,
        limit: RateLimit,
        now: i64,
        way: Way,
    ) -> Result<Allowance, Refusal> {
        // A Redis that comes back may have forgotten everything, and knows nothing of what was served
        // without it. What this node served is known here, so that it never serves too much by itself:
        // the call is counted here before Redis is asked, since Redis may go before it answers.
        let doubtful = shared.came_back_within(limit, now);
        let way_here = if way == Way::Take && !doubtful { Way::Count } else { way };
        let own = self.own.ask(key.clone(), limit, now, way_here);
        if doubtful && !own.admitted {
            return Ok(own);
        }
        let answer = match shared.ask(&key, limit, now, way).await {
            Some(shared) if doubtful && own.remaining < shared.remaining => Ok(own),
            Some(shared) => Ok(shared),
            None if self.when_gone == WhenGone::Open => Ok(own),
            None => Err(Refusal::busy("the Redis of the limits is gone, and limits.redis_gone is closed")),
        };
        if way == Way::Take && !answer.as_ref().is_ok_and(|answer| answer.admitted) {
            self.own.give_back(&key, now);
        }
        answer
    }
}

fn span_micros(limit: RateLimit) -> i64 {
    i64::from(limit.seconds) * 1_000_000
}
