//! Moments and spans as people write them: `7d`, `4小时`, `2026-01-31`, `昨天`. Pure; a day is one in Beijing.

use tousu_wire::BeijingTime;

/// Which end of a range a moment is: a day alone begins at midnight, and ends with its last second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Since,
    Until,
}

const DAY: i64 = 86_400;

/// Units by their names, in seconds.
const UNITS: &[(i64, &[&str])] = &[
    (1, &["s", "sec", "second", "seconds", "秒"]),
    (60, &["m", "min", "minute", "minutes", "分", "分钟"]),
    (3600, &["h", "hour", "hours", "时", "小时", "个小时"]),
    (DAY, &["d", "day", "days", "天", "日"]),
    (7 * DAY, &["w", "week", "weeks", "周", "星期"]),
];

/// Days that have a name, counted back from today.
const NAMED_DAYS: &[(i64, &[&str])] =
    &[(0, &["today", "今天", "今日"]), (1, &["yesterday", "昨天", "昨日"]), (2, &["前天"])];

/// Seconds of a span such as `7d`, `1h30m` or `4小时`.
pub(in crate::cli) fn span(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut seconds: Option<i64> = None;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (count, behind) = rest.split_at(digits);
        let unit_ends = behind.find(|character: char| character.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_ends);
        let unit = unit.trim().to_lowercase();
        let (length, _) = UNITS.iter().find(|(_, names)| names.contains(&unit.as_str()))?;
        let part = count.parse::<i64>().ok()?.checked_mul(*length)?;
        seconds = Some(seconds.unwrap_or(0).checked_add(part)?);
        rest = behind;
    }
    seconds
}

/// The moment meant: a day, a moment, or a span before `now`.
pub(super) fn moment(text: &str, end: End, now: i64) -> Option<BeijingTime> {
    let text = text.trim();
    let lower = text.to_lowercase();
    if matches!(lower.as_str(), "now" | "现在") {
        return Some(BeijingTime::from_epoch(now));
    }
    let today = BeijingTime::from_epoch(now).day();
    if let Some((back, _)) = NAMED_DAYS.iter().find(|(_, names)| names.contains(&lower.as_str())) {
        return Some(of_day(today - back, end));
    }
    let bare = lower.trim_end_matches("ago").trim_end_matches('前').trim_start_matches('-');
    if let Some(seconds) = span(bare) {
        return Some(BeijingTime::from_epoch(now.saturating_sub(seconds)));
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(BeijingTime::from_epoch(instant.as_second()));
    }
    civil(text, end)
}

fn of_day(day: i64, end: End) -> BeijingTime {
    match end {
        End::Since => BeijingTime::of_day(day),
        End::Until => BeijingTime::from_epoch(BeijingTime::of_day(day + 1).epoch() - 1),
    }
}

/// A day or a moment of Beijing's calendar: year, month and day, then perhaps hours, minutes and seconds.
fn civil(text: &str, end: End) -> Option<BeijingTime> {
    let known = |character: char| character.is_ascii_digit() || "-/:T 年月日时分秒".contains(character);
    if !text.chars().all(known) {
        return None;
    }
    let parts: Vec<&str> =
        text.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let [year, month, day, time @ ..] = parts.as_slice() else { return None };
    if year.len() != 4 || time.len() == 1 || time.len() > 3 {
        return None;
    }
    let at = |place: usize| time.get(place).copied().unwrap_or("00");
    let written = format!("{year}-{month:0>2}-{day:0>2} {:0>2}:{:0>2}:{:0>2}", at(0), at(1), at(2));
    let moment: BeijingTime = written.parse().ok()?;
    Some(if time.is_empty() { of_day(moment.day(), end) } else { moment })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn shown(text: &str, end: End) -> String {
        moment(text, end, NOW).map_or_else(|| "none".to_owned(), |time| time.to_string())
    }

    #[test]
    fn moments() {
        for (text, since, until) in [
            ("7d", "2024-04-24 12:00:00", "2024-04-24 12:00:00"),
            ("7天前", "2024-04-24 12:00:00", "2024-04-24 12:00:00"),
            ("90m ago", "2024-05-01 10:30:00", "2024-05-01 10:30:00"),
            ("-1h", "2024-05-01 11:00:00", "2024-05-01 11:00:00"),
            ("now", "2024-05-01 12:00:00", "2024-05-01 12:00:00"),
            ("今天", "2024-05-01 00:00:00", "2024-05-01 23:59:59"),
            ("yesterday", "2024-04-30 00:00:00", "2024-04-30 23:59:59"),
            ("2024-02-29", "2024-02-29 00:00:00", "2024-02-29 23:59:59"),
            ("2024/1/2", "2024-01-02 00:00:00", "2024-01-02 23:59:59"),
            ("2024年1月2日", "2024-01-02 00:00:00", "2024-01-02 23:59:59"),
            ("2024-01-02 8:05", "2024-01-02 08:05:00", "2024-01-02 08:05:00"),
            ("2024-01-02T08:05:09", "2024-01-02 08:05:09", "2024-01-02 08:05:09"),
            ("2024-01-02T00:05:09Z", "2024-01-02 08:05:09", "2024-01-02 08:05:09"),
            ("2024-04-19 11:25:19", "2024-04-19 11:25:19", "2024-04-19 11:25:19"),
        ] {
            assert_eq!(
                (shown(text, End::Since), shown(text, End::Until)),
                (since.into(), until.into()),
                "{text}"
            );
        }
        for text in
            ["", "soon", "7", "7x", "2024", "2024-05", "2023-02-29", "2024-13-01", "24-05-01", "2024-05-01 8"]
        {
            assert_eq!(shown(text, End::Since), "none", "{text:?}");
        }
    }

    #[test]
    fn spans() {
        for (text, seconds) in [
            ("4h", 14_400),
            ("1h30m", 5400),
            ("4小时", 14_400),
            ("2 周", 1_209_600),
            ("30分钟", 1800),
            ("1d12h", 129_600),
        ] {
            assert_eq!(span(text), Some(seconds), "{text}");
        }
        for text in ["", "h", "4", "4 h x", "-4h", "99999999999999999999h", "9999999999999999w"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in ".{0,40}") {
            let _ = (span(&text), moment(&text, End::Since, NOW), moment(&text, End::Until, i64::MIN));
        }
    }
}
