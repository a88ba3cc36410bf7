//! When a webhook or a post that failed is tried again, and when it is given up.

/// Seconds between an attempt and the next, two days in all `[ours]`: the pauses grow, as a receiver that
/// is not back after a minute is likely to be gone for longer.
const PAUSES: [i64; 13] =
    [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800, 28_800, 32_400, 32_400];

/// No receiver can put an attempt off by more than this, seconds.
pub const LONGEST: i64 = 32_400;

/// What the receiver's answer means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has it.
    Delivered,
    /// Try again.
    Retry,
    /// It will never take this message: the dead letters.
    Final,
    /// It wants no messages any more: the subscription ends, and with it this message.
    Gone,
}

/// What an HTTP status means; `None` stands for no answer at all: no connection, or none in time.
///
/// Redirections are not followed, since they could lead anywhere, and count as failures. Of the refusals
/// most are tried again, 401 and 404 included: a receiver that is being set up or repaired answers so, and
/// will be glad of what it missed. Final is what speaks of the request's form, which will not change
/// `[ours]`; 410 is how a receiver takes its leave `[public: Standard Webhooks]`.
pub fn outcome(status: Option<u16>) -> Outcome {
    match status {
        Some(200..=299) => Outcome::Delivered,
        Some(410) => Outcome::Gone,
        Some(405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 | 501 | 505) => Outcome::Final,
        _ => Outcome::Retry,
    }
}

/// Seconds to wait after the `failed`th attempt failed (from 1), or `None` when it was the last: the
/// message goes to the dead letters.
///
/// `random` is any random number: a tenth of the pause is left to it either way, so that what failed
/// together does not come back together. `retry_after` is what the receiver asked for, in seconds; it can
/// make the pause longer, up to nine hours, never shorter, and adds no attempt.
pub fn pause(failed: u32, random: u64, retry_after: Option<i64>) -> Option<i64> {
    let place = usize::try_from(failed).ok()?.saturating_sub(1);
    let pause = *PAUSES.get(place)?;
    let span = pause / 5;
    let shifted = pause - pause / 10 + i64::try_from(random % (span.unsigned_abs() + 1)).unwrap_or(0);
    Some(shifted.max(retry_after.unwrap_or(0).min(LONGEST)))
}

/// What a `Retry-After` header says, as seconds from `now` (epoch seconds): a number, or a moment. `None`
/// if it says nothing `[public: RFC 9110, 10.2.3]`.
pub fn retry_after(header: &str, now: i64) -> Option<i64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(header.parse().unwrap_or(i64::MAX));
    }
    let moment = jiff::fmt::rfc2822::parse(header).ok()?.timestamp().as_second();
    Some(moment.saturating_sub(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_and_no_more() {
        let all = |random| (1..).map_while(|failed| pause(failed, random, None)).sum::<i64>();
        let hours = |seconds: i64| seconds as f64 / 3600.0;
        let middle = PAUSES.iter().sum::<i64>();
        assert!((47.0..48.0).contains(&hours(middle)), "{}", hours(middle));
        assert_eq!(all(0), PAUSES.iter().map(|pause| pause - pause / 10).sum::<i64>());
        assert!(hours(all(0)) > 42.0);
        assert_eq!(pause(13, 0, None), Some(29_160));
        assert_eq!(pause(14, 0, None), None);
        assert_eq!(pause(14, 0, Some(5)), None);
        assert_eq!(pause(u32::MAX, 0, None), None);
        assert_eq!(pause(0, 0, None), pause(1, 0, None));
    }

    #[test]
    fn statuses() {
        let retried = [
            None,
            Some(0),
            Some(100),
            Some(301),
            Some(307),
            Some(400),
            Some(401),
            Some(403),
            Some(404),
            Some(408),
            Some(409),
            Some(425),
            Some(429),
            Some(500),
            Some(502),
            Some(503),
            Some(504),
            Some(999),
        ];
        for status in retried {
            assert_eq!(outcome(status), Outcome::Retry, "{status:?}");
        }
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(outcome(Some(status)), Outcome::Delivered);
        }
        for status in [405, 413, 415, 422, 501] {
            assert_eq!(outcome(Some(status)), Outcome::Final);
        }
        assert_eq!(outcome(Some(410)), Outcome::Gone);
    }

    #[test]
    fn receivers_may_ask_for_time() {
        assert_eq!(pause(1, 0, Some(60)), Some(60));
        assert_eq!(pause(1, 0, Some(1)), pause(1, 0, None));
        assert_eq!(pause(1, 0, Some(-1)), pause(1, 0, None));
        assert_eq!(pause(1, 0, Some(i64::MAX)), Some(LONGEST));
        let now = 784_111_777;
        assert_eq!(retry_after("120", now), Some(120));
        assert_eq!(retry_after(" 0 ", now), Some(0));
        assert_eq!(retry_after("99999999999999999999", now), Some(i64::MAX));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now - 30), Some(30));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now + 30), Some(0));
        for nothing in ["", "-5", "soon", "1.5", "Sun, 06 Nov"] {
            assert_eq!(retry_after(nothing, now), None, "{nothing}");
        }
    }

    proptest::proptest! {
        #[test]
        fn jitter_stays_within_a_tenth(
            failed in 1u32..14,
            random: u64,
            asked in proptest::option::of(0i64..100_000),
        ) {
            let middle = PAUSES[failed as usize - 1];
            let (least, most) = (middle - middle / 10, middle - middle / 10 + middle / 5);
            let plain = pause(failed, random, None).unwrap();
            proptest::prop_assert!((least..=most).contains(&plain));
            let pause = pause(failed, random, asked).unwrap();
            proptest::prop_assert_eq!(pause, plain.max(asked.unwrap_or(0).min(LONGEST)));
        }
    }
}
