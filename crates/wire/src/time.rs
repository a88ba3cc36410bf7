//! Times as the API writes them: Beijing time without a zone; inside, instants.

use std::borrow::Cow;
use std::fmt;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::lenient::{self, FromScalar, Scalar};

/// What stands in a time field when there is no time `[page]`.
pub const NO_DATE: &str = "1970-01-02 00:00:00";

/// The other "no date" of the vendor's interfaces `[public]`; read, and written by nobody who means well.
pub const NO_DATE_ELSEWHERE: &str = "0000-00-00 00:00:00";

const BEIJING: Offset = jiff::tz::offset(8);
/// 1970-01-01T00:00:00Z in Beijing.
const EPOCH: DateTime = jiff::civil::datetime(1970, 1, 1, 8, 0, 0, 0);

/// Seconds of a day, and by how many Beijing is ahead of UTC.
const DAY: i64 = 86_400;
const AHEAD: i64 = 28_800;

/// An instant in whole seconds, written `yyyy-MM-dd HH:mm:ss` in Beijing time (UTC+8).
///
/// ```
/// use tousu_wire::BeijingTime;
/// let time: BeijingTime = "2024-04-19 11:25:19".parse().unwrap();
/// assert_eq!(time.epoch(), 1_713_497_119);
/// assert_eq!(time.to_string(), "2024-04-19 11:25:19");
/// assert!("2024-04-19".parse::<BeijingTime>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeijingTime(i64);

impl BeijingTime {
    /// 0001-01-01 and 9999-12-31 23:59:59 in Beijing: what the format can write.
    const RANGE: std::ops::RangeInclusive<i64> = -62_135_625_600..=253_402_271_999;

    /// The instant `seconds` after 1970-01-01T00:00:00Z; clamped to what the format can write.
    pub fn from_epoch(seconds: i64) -> Self {
        BeijingTime(seconds.clamp(*Self::RANGE.start(), *Self::RANGE.end()))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn epoch(self) -> i64 {
        self.0
    }

    /// The Beijing day that it is in, counted from 1970-01-01.
    ///
    /// ```
    /// use tousu_wire::BeijingTime;
    /// let time: BeijingTime = "2024-04-19 11:25:19".parse().unwrap();
    /// assert_eq!(BeijingTime::of_day(time.day()).to_string(), "2024-04-19 00:00:00");
    /// assert_eq!((time.hour(), time.date()), (11, "2024-04-19".to_owned()));
    /// ```
    pub fn day(self) -> i64 {
        (self.0 + AHEAD).div_euclid(DAY)
    }

    /// The midnight with which that Beijing day begins.
    pub fn of_day(day: i64) -> Self {
        BeijingTime::from_epoch(day.saturating_mul(DAY).saturating_sub(AHEAD))
    }

    /// The hour of the Beijing day, 0 to 23.
    pub fn hour(self) -> i64 {
        (self.0 + AHEAD).rem_euclid(DAY) / 3600
    }

    /// The Beijing day as `yyyy-MM-dd`.
    pub fn date(self) -> String {
        self.to_string().split(' ').next().unwrap_or_default().to_owned()
    }

    fn civil(self) -> DateTime {
        match jiff::Timestamp::from_second(self.0) {
            Ok(timestamp) => BEIJING.to_datetime(timestamp),
            // jiff's instants end a day before its calendar does. The range is checked where the value is made.
            Err(_) => EPOCH.checked_add(SignedDuration::from_secs(self.0)).unwrap_or(EPOCH),
        }
    }

    /// The nineteen characters of the wire form.
    pub(crate) fn ascii(self) -> [u8; 19] {
        let civil = self.civil();
        let mut out = *b"0000-00-00 00:00:00";
        let mut put = |at: usize, width: usize, mut value: u32| {
            for place in out[at..at + width].iter_mut().rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        };
        put(0, 4, civil.year().unsigned_abs().into());
        put(5, 2, civil.month().unsigned_abs().into());
        put(8, 2, civil.day().unsigned_abs().into());
        put(11, 2, civil.hour().unsigned_abs().into());
        put(14, 2, civil.minute().unsigned_abs().into());
        put(17, 2, civil.second().unsigned_abs().into());
        out
    }
}

/// A text that is no `yyyy-MM-dd HH:mm:ss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATime;

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("时间格式应为 yyyy-MM-dd HH:mm:ss ¦ a time is written yyyy-MM-dd HH:mm:ss")
    }
}

impl std::error::Error for NotATime {}

impl std::str::FromStr for BeijingTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let bytes = text.as_bytes();
        if bytes.len() != 19 {
            return Err(NotATime);
        }
        let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
        if separators.iter().any(|&(at, byte)| bytes[at] != byte) {
            return Err(NotATime);
        }
        let number = |at: usize, width: usize| {
            bytes[at..at + width].iter().try_fold(0i16, |sum, byte| match byte {
                b'0'..=b'9' => Ok(sum * 10 + i16::from(byte - b'0')),
                _ => Err(NotATime),
            })
        };
        let small = |at| number(at, 2).map(|value| value as i8);
        let civil = DateTime::new(number(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0)
            .map_err(|_| NotATime)?;
        let epoch = civil.duration_since(EPOCH).as_secs();
        if BeijingTime::RANGE.contains(&epoch) { Ok(BeijingTime(epoch)) } else { Err(NotATime) }
    }
}

impl fmt::Display for BeijingTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bytes are digits and separators only.
        f.pad(std::str::from_utf8(&self.ascii()).unwrap_or(NO_DATE))
    }
}

impl Serialize for BeijingTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.ascii()).unwrap_or(NO_DATE))
    }
}

impl<'de> Deserialize<'de> for BeijingTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

impl FromScalar for BeijingTime {
    const EXPECTED: &'static str = "yyyy-MM-dd HH:mm:ss";

    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => text.parse().ok(),
            Scalar::Int(_) => None,
        }
    }
}

impl JsonSchema for BeijingTime {
    fn schema_name() -> Cow<'static, str> {
        "BeijingTime".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$",
            "example": "2024-04-19 11:25:19",
        })
    }
}

/// Reads a time that may be absent: `""`, `null` and both "no date" sentinels are none.
pub fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BeijingTime>, D::Error> {
    #[derive(Clone, Copy)]
    struct MaybeDate(Option<BeijingTime>);
    impl FromScalar for MaybeDate {
        const EXPECTED: &'static str = BeijingTime::EXPECTED;
        fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
            match &scalar {
                Scalar::Text(text) if *text == NO_DATE || *text == NO_DATE_ELSEWHERE => Some(MaybeDate(None)),
                _ => BeijingTime::from_scalar(scalar).map(|time| MaybeDate(Some(time))),
            }
        }
    }
    Ok(lenient::optional::<MaybeDate, D>(deserializer)?.and_then(|date| date.0))
}

/// Writes a time or, where there is none, [`NO_DATE`]. The name says where the page shows it.
pub fn closed_at<S: Serializer>(time: &Option<BeijingTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => time.serialize(serializer),
        None => serializer.serialize_str(NO_DATE),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_day_is_a_day_like_others() {
        for (text, epoch) in [
            ("9999-12-31 05:59:59", 253_402_207_199),
            ("9999-12-31 06:00:01", 253_402_207_201),
            ("9999-12-31 23:59:59", 253_402_271_999),
            ("0001-01-01 00:00:00", -62_135_625_600),
        ] {
            assert_eq!(text.parse::<BeijingTime>().unwrap().epoch(), epoch, "{text}");
            assert_eq!(BeijingTime::from_epoch(epoch).to_string(), text);
        }
        assert_eq!(BeijingTime::from_epoch(i64::MAX).to_string(), "9999-12-31 23:59:59");
        assert_eq!("0000-12-31 23:59:59".parse::<BeijingTime>(), Err(NotATime));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(epoch in BeijingTime::RANGE) {
            let time = BeijingTime::from_epoch(epoch);
            prop_assert_eq!(time.epoch(), epoch);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
