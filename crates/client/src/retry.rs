//! What is tried again, and when: the rule, once.
//!
//! | what happened | is it done? | tried again |
//! |---|---|---|
//! | 2053, 2054, HTTP 429, no connection | surely not | always |
//! | 2007, 2008 | surely not | once, with a new token |
//! | 1001, HTTP 408 and 5xx, HTML, empty and cut bodies, bodies without end, time-outs | perhaps | where doing it twice does no harm |
//! | any other code, an answer of another shape, a certificate that is not trusted | does not matter | never: it would be the same |
//!
//! Doing it twice does no harm where the interface only reads ([`tousu_wire::is_read`]), and where the request has an
//! `idempotency_key`.

use std::time::Duration;

use serde_json::Value;
use tousu_wire::is_read;

use crate::error::{Error, Failure};

/// How patient a client is with a server in trouble.
///
/// ```
/// use std::time::Duration;
/// use tousu_client::Retry;
///
/// let hasty = Retry { attempts: 2, base: Duration::from_millis(50), ..Retry::default() };
/// assert!(hasty.patience > hasty.base);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is tried in all; default 6.
    pub attempts: u32,
    /// The wait after the first failure, from half of it to all of it; it doubles with each. Default 0.5 s.
    pub base: Duration,
    /// No wait is longer, unless the server asks for it; default 30 s.
    pub most: Duration,
    /// What a call's waits add up to at most; default 2 min. If the server asks for more, the call fails at once.
    pub patience: Duration,
}

impl Retry {
    /// Every failure is told at once.
    pub const NEVER: Retry =
        Retry { attempts: 1, base: Duration::ZERO, most: Duration::ZERO, patience: Duration::ZERO };
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: 6,
            base: Duration::from_millis(500),
            most: Duration::from_secs(30),
            patience: Duration::from_secs(120),
        }
    }
}

/// Whether a call that may have been done can be sent again.
pub(crate) fn harmless_twice(interface: &str, request: &Value) -> bool {
    let keyed = request.get("idempotency_key").is_some_and(|key| !key.is_null() && key != "");
    is_read(interface) || keyed
}

/// The failures of one call.
#[derive(Debug)]
pub(crate) struct Patience {
    retry: Retry,
    harmless_twice: bool,
    failures: u32,
    waited: Duration,
}

impl Patience {
    pub(crate) fn new(retry: Retry, harmless_twice: bool) -> Self {
        Patience { retry, harmless_twice, failures: 0, waited: Duration::ZERO }
    }

    /// How often it failed so far.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long to wait before the next try, or that there shall be none. `random` is from 0 to 1, without 1.
    pub(crate) fn after(&mut self, error: &Error, random: f64) -> Option<Duration> {
        self.failures += 1;
        let failure = error.failure();
        let again = match failure {
            Failure::Limit | Failure::NotSent => true,
            Failure::PerhapsDone => self.harmless_twice,
            Failure::Final => false,
        };
        if !again || self.failures >= self.retry.attempts {
            return None;
        }
        // A window of 10 s has to pass, of which nobody says how much is left: one step further on.
        let step = self.failures - 1 + u32::from(failure == Failure::Limit);
        let ceiling = self.retry.base.saturating_mul(2u32.saturating_pow(step)).min(self.retry.most);
        let own = ceiling / 2 + (ceiling / 2).mul_f64(random.clamp(0.0, 1.0));
        // Those who were told the same moment do not all come at it.
        let wait = match error.retry_after() {
            Some(asked) => own.max(asked + (self.retry.base / 2).mul_f64(random.clamp(0.0, 1.0))),
            None => own,
        };
        self.waited += wait;
        (self.waited <= self.retry.patience).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::error::Refusal;

    fn refused(code: i64, retry_after: Option<Duration>) -> Error {
        Error::Refused(std::sync::Arc::new(Refusal { code, retry_after, ..Refusal::default() }))
    }

    #[test]
    fn the_rule_is_what_it_says() {
        let page =
            Error::NotAnEnvelope { status: 502, media_type: None, start: String::new(), retry_after: None };
        for (error, harmless, again) in [
            (refused(2053, None), false, true),
            (refused(2054, None), false, true),
            (refused(1001, None), false, false),
            (refused(1001, None), true, true),
            (page.clone(), false, false),
            (page, true, true),
            (Error::TooLarge { limit: 1 }, true, true),
            (refused(2017, None), true, false),
            (refused(77, None), true, false),
            (refused(-1, None), true, false),
            (Error::NoData, true, false),
        ] {
            let wait = Patience::new(Retry::default(), harmless).after(&error, 0.5);
            assert_eq!(wait.is_some(), again, "{error} {harmless}");
        }
        assert_eq!(Patience::new(Retry::NEVER, true).after(&refused(1001, None), 0.5), None);
    }

    #[test]
    fn reads_and_calls_with_a_key_are_harmless_twice() {
        assert!(harmless_twice("xe.complaint.info.get", &json!({})));
        assert!(harmless_twice("tousu.complaint.reply", &json!({ "idempotency_key": "reply-1" })));
        for none in [json!({}), json!({ "idempotency_key": "" }), json!({ "idempotency_key": null })] {
            assert!(!harmless_twice("tousu.complaint.reply", &none), "{none}");
        }
    }

    #[test]
    fn a_server_that_wants_too_long_a_wait_is_not_waited_for() {
        let mut patience = Patience::new(Retry::default(), true);
        assert_eq!(patience.after(&refused(2053, Some(Duration::from_secs(600))), 0.0), None);
    }

    proptest! {
        #[test]
        fn waits_grow_are_spread_and_end(
            attempts in 1u32..20, base in 1u64..5_000, asked in proptest::option::of(0u64..30_000), random in 0.0..1.0f64,
            limit: bool,
        ) {
            let retry = Retry { attempts, base: Duration::from_millis(base), ..Retry::default() };
            let asked = asked.map(Duration::from_millis);
            let error = refused(if limit { 2053 } else { 1001 }, asked);
            let mut patience = Patience::new(retry, true);
            let mut waits = Vec::new();
            while let Some(wait) = patience.after(&error, random) {
                waits.push(wait);
                prop_assert!(waits.len() < attempts as usize);
            }
            prop_assert!(waits.iter().sum::<Duration>() <= retry.patience);
            for (number, wait) in waits.iter().enumerate() {
                let full = retry.base * 2u32.pow(number as u32 + u32::from(limit));
                prop_assert!(*wait >= (full / 2).min(retry.most / 2).max(asked.unwrap_or_default()));
                prop_assert!(*wait <= full.min(retry.most).max(asked.unwrap_or_default() + retry.base));
            }
        }
    }
}
