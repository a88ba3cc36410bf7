//! Until when a complaint is to be answered and settled: rules that are dated data, and windows worked out by them.
//! Pure: no input or output, and the time comes as an argument.
//!
//! [`Rules::choose`] says which rule holds for a complaint at a moment, [`window`] from when to when it gives time,
//! and [`explain`] which hours and days of that were counted and why.
//!
//! ```
//! use tousu::deadline::{Calendar, Rules, Stage, explain, window};
//! use tousu_wire::BeijingTime;
//! use tousu_wire::codes::{ChannelType, ComplaintFrom};
//!
//! let (rules, calendar) = (Rules::shipped()?, Calendar::shipped()?);
//! let opens = "2024-03-20 14:00:00".parse::<BeijingTime>()?.epoch();
//! let rule = rules.settlement(ChannelType::WechatPay, ComplaintFrom::WechatPay, opens);
//! let window = window(rule.kind, opens, &calendar)?;
//! assert_eq!(BeijingTime::from_epoch(window.ends).to_string(), "2024-03-24 00:00:00");
//! assert_eq!(window.time_limit, 82);
//! let counted = explain(rule, window, &calendar, opens)?;
//! assert_eq!(counted[1].why.to_string(), "自然日，计为第 1–3 天 ¦ calendar days, counted as days 1 to 3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calendar;
mod day;
mod explain;
mod kind;
#[cfg(test)]
mod laws;
mod rule;
mod rules;

pub use self::calendar::{Calendar, CalendarError, Day, MissingYear};
pub use self::explain::{Interval, Phase, explain};
pub use self::kind::Kind;
pub use self::rule::{Rule, RulesError, Scope, Stage};
pub use self::rules::{Rules, parse_rules, shipped_rules};

use tousu_wire::{BeijingTime, Lang};

/// From when to when a complaint is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// When it opened, in epoch seconds.
    pub opens: i64,
    /// When it ends, in epoch seconds: later than [`opens`](Self::opens). Late is what comes after this second.
    pub ends: i64,
    /// Its length for the wire, in hours. One that is not whole hours is rounded up `[ours]`: the wire has whole
    /// hours only, and 0 would say that there was no time at all. `ends` is what counts.
    pub time_limit: i64,
}

/// Why there is no window, or no explanation of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The calendar does not reach that far.
    #[error(transparent)]
    MissingYear(#[from] MissingYear),
    /// A number of hours or days that is not [`Kind::allowed`].
    #[error(
        "期限应为 {} 至 {}，收到 {} ¦ the length must be {} to {}, received {}",
        .0.allowed().start(), .0.allowed().end(), .0.label().pick(Lang::Zh),
        .0.allowed().start(), .0.allowed().end(), .0.label().pick(Lang::En)
    )]
    OutOfRange(Kind),
    /// The window opens or ends at a moment that the wire cannot write.
    #[error("时间超出公元 1 年至 9999 年 ¦ the time lies outside the years 1 to 9999")]
    Unwritable,
    /// By the rule and the calendar given, the window ends at another moment: one of them has changed since.
    #[error(
        "按这条规则与日历，截止时间是 {}，不是 {} ¦ by this rule and calendar the window ends at {}, not at {}",
        BeijingTime::from_epoch(*.counted), BeijingTime::from_epoch(*.given),
        BeijingTime::from_epoch(*.counted), BeijingTime::from_epoch(*.given)
    )]
    Differs {
        /// The end as counted, in epoch seconds.
        counted: i64,
        /// The end as given, in epoch seconds.
        given: i64,
    },
}

/// The window that opens at `opens` (epoch seconds).
///
/// Fails if N is not [`Kind::allowed`], if the calendar does not cover a day that had to be looked at, or if the window
/// leaves the years that the wire can write.
pub fn window(kind: Kind, opens: i64, calendar: &Calendar) -> Result<Window, DeadlineError> {
    let date = day::date_of(opens)?;
    let ends = match kind.checked()? {
        Kind::Hours(n) => opens + n * 3600,
        Kind::DayEnd(n) => day::begins(date)? + (n + 1) * day::SECONDS,
        Kind::WorkingDays(n) => {
            let (mut last, mut left) = (date, n);
            while left > 0 {
                last = day::next(last)?;
                left -= i64::from(calendar.is_working_day(last)?);
            }
            day::begins(last)? + day::SECONDS
        }
    };
    let ends = day::writable(ends)?;
    Ok(Window { opens, ends, time_limit: (ends - opens + 3599) / 3600 })
}
