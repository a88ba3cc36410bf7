//! Hours in which nobody wants to be told. What is overdue is told all the same.

use std::str::FromStr;

use super::event::{Event, Kind};

/// From one minute of the Beijing day to another, the last one not included; it may span midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Seconds into the day.
    from: i64,
    /// Seconds into the day. If it is not later than `from`, it is the next day's.
    to: i64,
}

/// A text that is no span of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "免打扰时段应写作 22:00-08:00，起止不同 ¦ quiet hours are written 22:00-08:00, and the two must differ"
)]
pub struct NotQuietHours;

pub(super) const DAY: i64 = 86_400;
pub(super) const BEIJING: i64 = 8 * 3600;

impl FromStr for QuietHours {
    type Err = NotQuietHours;

    fn from_str(text: &str) -> Result<Self, NotQuietHours> {
        let (from, to) = text.split_once('-').ok_or(NotQuietHours)?;
        let (from, to) = (seconds(from)?, seconds(to)? % DAY);
        if from == DAY || from == to { Err(NotQuietHours) } else { Ok(QuietHours { from, to }) }
    }
}

/// `HH:MM`, up to 24:00, as seconds into the day.
pub(super) fn seconds(text: &str) -> Result<i64, NotQuietHours> {
    let (hours, minutes) = text.trim().split_once(':').ok_or(NotQuietHours)?;
    let number = |digits: &str, most: i64| {
        let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|&number: &i64| fits && number <= most).ok_or(NotQuietHours)
    };
    let seconds = number(hours, 24)? * 3600 + number(minutes, 59)? * 60;
    if seconds <= DAY { Ok(seconds) } else { Err(NotQuietHours) }
}

impl QuietHours {
    /// Until when (epoch seconds) `event` is held back at `now`; `None` if it may be told.
    pub fn hold(self, event: &Event, now: i64) -> Option<i64> {
        if matches!(event.complaint(), Some((Kind::Overdue, _))) {
            return None;
        }
        self.quiet_until(now)
    }

    /// When the quiet hours that `now` lies in end (epoch seconds).
    pub fn quiet_until(self, now: i64) -> Option<i64> {
        let QuietHours { from, to } = self;
        let time = now.saturating_add(BEIJING).rem_euclid(DAY);
        let length = (to - from).rem_euclid(DAY);
        let passed = (time - from).rem_euclid(DAY);
        (passed < length).then(|| now.saturating_add(length - passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    fn at(time: &str) -> i64 {
        time.parse::<tousu_wire::BeijingTime>().unwrap().epoch()
    }

    #[test]
    fn hours_may_span_midnight() {
        let night: QuietHours = "22:00-08:00".parse().unwrap();
        let morning = Some(at("2024-04-20 08:00:00"));
        assert_eq!(night.quiet_until(at("2024-04-19 21:59:59")), None);
        assert_eq!(night.quiet_until(at("2024-04-19 22:00:00")), morning);
        assert_eq!(night.quiet_until(at("2024-04-20 00:00:00")), morning);
        assert_eq!(night.quiet_until(at("2024-04-20 07:59:59")), morning);
        assert_eq!(night.quiet_until(at("2024-04-20 08:00:00")), None);
        let noon: QuietHours = "12:00-13:30".parse().unwrap();
        assert_eq!(noon.quiet_until(at("2024-04-20 12:00:00")), Some(at("2024-04-20 13:30:00")));
        assert_eq!(noon.quiet_until(at("2024-04-20 13:30:00")), None);
        let evening: QuietHours = "20:00-24:00".parse().unwrap();
        assert_eq!(evening.quiet_until(at("2024-04-20 23:59:59")), Some(at("2024-04-21 00:00:00")));
        assert_eq!(evening.quiet_until(at("2024-04-21 00:00:00")), None);
    }

    #[test]
    fn what_is_overdue_is_told_at_night() {
        let night: QuietHours = "22:00-08:00".parse().unwrap();
        let midnight = at("2024-04-20 00:00:00");
        for event in samples::events() {
            let told = night.hold(&event, midnight).is_none();
            assert_eq!(told, event.name() == "complaint.overdue", "{}", event.name());
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "22-8",
            "22:00",
            "22:00-22:00",
            "24:00-08:00",
            "24:30-08:00",
            "2:00-08:00",
            "22:60-08:00",
            "+2:00-08:00",
            "00:00-24:00",
        ] {
            assert_eq!(text.parse::<QuietHours>(), Err(NotQuietHours), "{text}");
        }
    }
}
