//! How a rule counts.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use tousu_wire::Text;

use super::DeadlineError;

/// How long a window is. In data `{ hours = 72 }`, `{ day_end = 3 }` or `{ working_days = 45 }`.
///
/// Days are those of Beijing (UTC+8). 24:00 of a day is the first second of the next: what is done in that very
/// second is still in time, as [`Shown::overtime`](crate::complaint::Shown::overtime) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// N hours by the clock, to the second, nights and holidays included `[page]`. 1 to 8784.
    Hours(i64),
    /// Until 24:00 of day N, the day after the complaint's being day 1 `[public]` and its own day 0 `[ours]`.
    /// 0 to 366.
    DayEnd(i64),
    /// Until 24:00 of the Nth working day, make-up working days included. 1 to 366.
    ///
    /// Day 1 is the first working day after the day of the complaint; its own day never counts, not even from
    /// 00:00:00. That is how the Civil Code counts days (article 201: the day on which a period begins is not
    /// counted; article 203: its last day ends at 24:00) `[public]`. That the same holds for a regulator's working
    /// days, and that their last ends at 24:00 rather than when the office closes, is decided here `[ours]`.
    WorkingDays(i64),
}

impl Kind {
    /// The number of hours or days.
    pub fn n(self) -> i64 {
        match self {
            Kind::Hours(n) | Kind::DayEnd(n) | Kind::WorkingDays(n) => n,
        }
    }

    /// What N may be `[ours]`: about a year at most, so that a slip of the finger is seen.
    pub fn allowed(self) -> RangeInclusive<i64> {
        match self {
            Kind::Hours(_) => 1..=8784,
            Kind::DayEnd(_) => 0..=366,
            Kind::WorkingDays(_) => 1..=366,
        }
    }

    /// Itself, or [`DeadlineError::OutOfRange`] for an N that is not [`allowed`](Self::allowed).
    pub fn checked(self) -> Result<Self, DeadlineError> {
        if self.allowed().contains(&self.n()) { Ok(self) } else { Err(DeadlineError::OutOfRange(self)) }
    }

    /// `72 小时 ¦ 72 hours`.
    pub fn label(self) -> Text {
        let s = if self.n() == 1 { "" } else { "s" };
        match self {
            Kind::Hours(n) => format!("{n} 小时 ¦ {n} hour{s}"),
            Kind::DayEnd(n) => format!("第 {n} 日 24:00 ¦ 24:00 of day {n}"),
            Kind::WorkingDays(n) => format!("{n} 个工作日 ¦ {n} working day{s}"),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_is_about_a_year_at_most() {
        for (kind, good) in [
            (Kind::Hours(0), false),
            (Kind::Hours(1), true),
            (Kind::Hours(8784), true),
            (Kind::Hours(8785), false),
            (Kind::DayEnd(-1), false),
            (Kind::DayEnd(0), true),
            (Kind::DayEnd(366), true),
            (Kind::DayEnd(367), false),
            (Kind::WorkingDays(0), false),
            (Kind::WorkingDays(1), true),
            (Kind::WorkingDays(366), true),
            (Kind::WorkingDays(i64::MAX), false),
        ] {
            assert_eq!(kind.checked().is_ok(), good, "{kind:?}");
        }
    }

    #[test]
    fn an_n_out_of_range_is_named_with_what_is_allowed() {
        let error = Kind::Hours(72_000).checked().unwrap_err().to_string();
        assert_eq!(
            error,
            "期限应为 1 至 8784，收到 72000 小时 ¦ the length must be 1 to 8784, received 72000 hours"
        );
    }
}
