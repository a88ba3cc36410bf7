//! Tells people and programs what happened: from the history to whoever subscribed to it.

use crate::notify::daily::ReportTime;

/// When the daily report of that time is next due, behind `now` (epoch seconds); `None` if it is no time.
pub fn next_report(time: &str, now: i64) -> Option<i64> {
    time.parse::<ReportTime>().ok().map(|time| time.next(now))
}
