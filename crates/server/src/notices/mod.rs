//! Tells people and programs what happened: from the history to whoever subscribed to it.

mod alarms;
mod dispatcher;
mod http;
mod people;
mod programs;
mod sender;
mod target;
mod told;

pub use dispatcher::Dispatcher;
pub use sender::{Attempt, Fate, Sender};
pub use target::{Kind, MOST_RECIPIENTS, Target, open, place, recipients};

use crate::notify::daily::ReportTime;

/// When the daily report of that time is next due, behind `now` (epoch seconds); `None` if it is no time.
pub fn next_report(time: &str, now: i64) -> Option<i64> {
    time.parse::<ReportTime>().ok().map(|time| time.next(now))
}
