//! Days in Beijing and the seconds at which they begin.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tousu_wire::BeijingTime;

use super::DeadlineError;

/// Without summer time, which the years 1986 to 1991 had: the wire knows UTC+8 only.
const BEIJING: Offset = jiff::tz::offset(8);

pub(super) const SECONDS: i64 = 86_400;

/// The moment itself, if the wire can write it: from the year 1 to 06:00:00 on the last day of 9999, where jiff's
/// timestamps end.
pub(super) fn writable(at: i64) -> Result<i64, DeadlineError> {
    timestamp(at).map(|_| at)
}

/// The day on which a moment falls.
pub(super) fn date_of(at: i64) -> Result<Date, DeadlineError> {
    Ok(BEIJING.to_datetime(timestamp(at)?).date())
}

fn timestamp(at: i64) -> Result<Timestamp, DeadlineError> {
    if BeijingTime::from_epoch(at).epoch() != at {
        return Err(DeadlineError::Unwritable);
    }
    Timestamp::from_second(at).map_err(|_| DeadlineError::Unwritable)
}

/// Its 00:00:00 in epoch seconds.
pub(super) fn begins(date: Date) -> Result<i64, DeadlineError> {
    let timestamp = BEIJING.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| DeadlineError::Unwritable)?;
    Ok(timestamp.as_second())
}

/// The day after.
pub(super) fn next(date: Date) -> Result<Date, DeadlineError> {
    date.tomorrow().map_err(|_| DeadlineError::Unwritable)
}

/// A date written `yyyy-MM-dd` and in no other way.
pub(super) fn written_date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.to_string() == text)
}
