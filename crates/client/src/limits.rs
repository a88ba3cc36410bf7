//! What an answer's head tells of how often one may call.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// What the server said of the interface's rate limit, in the headers `RateLimit-*` and `Retry-After`. Ours says all of
/// it with every answer; the official server says nothing.
///
/// ```
/// # async fn example(client: tousu_client::Client) {
/// for (interface, limits) in client.last_limits() {
///     println!("{interface}: {:?} of {:?} calls left", limits.remaining, limits.limit);
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many calls one span allows.
    pub limit: Option<u64>,
    /// How many are left of them.
    pub remaining: Option<u64>,
    /// Until there are more.
    pub reset: Option<Duration>,
    /// How long to wait before the next try; with refusals only.
    pub retry_after: Option<Duration>,
}

/// No server is believed that wants one to wait for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Limits {
    /// What the head says, if anything. `Retry-After` may be seconds or a date; `now` is the server's own time.
    pub(crate) fn of(headers: &HeaderMap, now: Option<i64>) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        // Drafts of the header had `100, 100;w=10`, of which the first part is the number.
        let number = |name: &str| {
            text(name)?.split([',', ';']).next().and_then(|first| first.trim().parse::<u64>().ok())
        };
        let span = |seconds: u64| Duration::from_secs(seconds).min(LONGEST);
        let dated = || {
            let until = epoch(text("retry-after")?)?;
            Some(span(u64::try_from(until.saturating_sub(now?)).unwrap_or(0)))
        };
        let limits = Limits {
            limit: number("ratelimit-limit"),
            remaining: number("ratelimit-remaining"),
            reset: number("ratelimit-reset").map(span),
            retry_after: number("retry-after").map(span).or_else(dated),
        };
        (limits != Limits::default()).then_some(limits)
    }
}

/// The seconds since 1970-01-01T00:00:00Z that an HTTP date stands for.
pub(crate) fn epoch(date: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(date).ok()?;
    i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&'static str, &str)]) -> Option<Limits> {
        let headers = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()));
        Limits::of(&headers.collect(), epoch("Wed, 01 May 2024 04:00:00 GMT"))
    }

    #[test]
    fn what_is_told_is_understood() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let all = [("ratelimit-limit", "500"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "7")];
        let limits = Limits { limit: Some(500), remaining: Some(0), reset: seconds(7), retry_after: None };
        assert_eq!(told(&all), Some(limits));
        assert_eq!(told(&[("ratelimit-limit", "100, 100;w=10")]).unwrap().limit, Some(100));
        assert_eq!(told(&[("retry-after", "3")]).unwrap().retry_after, seconds(3));
        assert_eq!(
            told(&[("retry-after", "Wed, 01 May 2024 04:00:09 GMT")]).unwrap().retry_after,
            seconds(9)
        );
        assert_eq!(
            told(&[("retry-after", "Wed, 01 May 2024 03:00:00 GMT")]).unwrap().retry_after,
            seconds(0)
        );
        assert_eq!(told(&[("retry-after", "99999999999")]).unwrap().retry_after, Some(LONGEST));
    }

    #[test]
    fn what_is_not_told_is_not_guessed() {
        assert_eq!(told(&[]), None);
        for nonsense in ["", "-1", "soon", "1e3"] {
            assert_eq!(
                told(&[("retry-after", nonsense), ("ratelimit-remaining", nonsense)]),
                None,
                "{nonsense}"
            );
        }
    }
}
