//! The list's answer, written straight from what a server has at hand: the same bytes as the types' own, in a
//! quarter of the time. Servers answer little else.

use std::borrow::Cow;

use crate::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use crate::complaint_list::{Row, SUCCESS};
use crate::{BeijingTime, NO_DATE};

/// A [`Row`] with its texts borrowed.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Row")]
pub struct RowRef<'a> {
    pub channel_type: ChannelType,
    pub closed_at: Option<BeijingTime>,
    pub complainant_phone: Cow<'a, str>,
    pub complaint_from: ComplaintFrom,
    pub complaint_id: &'a str,
    pub complaint_reason: Cow<'a, str>,
    pub complaint_resource_id: Cow<'a, str>,
    pub complaint_resource_type: i64,
    pub complaint_time: BeijingTime,
    pub complaint_type: ComplaintType,
    pub current_step: CurrentStep,
    pub is_overtime: Overtime,
    pub operate_end_time: BeijingTime,
    pub operate_time: BeijingTime,
    pub state: State,
    pub time_limit: i64,
}

impl Row {
    /// The row, with its texts borrowed.
    pub fn borrowed(&self) -> RowRef<'_> {
        RowRef {
            channel_type: self.channel_type,
            closed_at: self.closed_at,
            complainant_phone: Cow::Borrowed(&self.complainant_phone),
            complaint_from: self.complaint_from,
            complaint_id: &self.complaint_id,
            complaint_reason: Cow::Borrowed(&self.complaint_reason),
            complaint_resource_id: Cow::Borrowed(&self.complaint_resource_id),
            complaint_resource_type: self.complaint_resource_type,
            complaint_time: self.complaint_time,
            complaint_type: self.complaint_type,
            current_step: self.current_step,
            is_overtime: self.is_overtime,
            operate_end_time: self.operate_end_time,
            operate_time: self.operate_time,
            state: self.state,
            time_limit: self.time_limit,
        }
    }
}

impl RowRef<'_> {
    /// Adds the row to `out` as JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        number(out, "{\"channel_type\":", self.channel_type.number());
        match self.closed_at {
            Some(time) => moment(out, ",\"closed_at\":", time),
            None => plain(out, ",\"closed_at\":", NO_DATE.as_bytes()),
        }
        text(out, ",\"complainant_phone\":", &self.complainant_phone);
        number(out, ",\"complaint_from\":", self.complaint_from.number());
        text(out, ",\"complaint_id\":", self.complaint_id);
        text(out, ",\"complaint_reason\":", &self.complaint_reason);
        text(out, ",\"complaint_resource_id\":", &self.complaint_resource_id);
        number(out, ",\"complaint_resource_type\":", self.complaint_resource_type);
        moment(out, ",\"complaint_time\":", self.complaint_time);
        number(out, ",\"complaint_type\":", self.complaint_type.number());
        number(out, ",\"current_step\":", self.current_step.number());
        number(out, ",\"is_overtime\":", self.is_overtime.number());
        moment(out, ",\"operate_end_time\":", self.operate_end_time);
        moment(out, ",\"operate_time\":", self.operate_time);
        number(out, ",\"state\":", self.state.number());
        number(out, ",\"time_limit\":", self.time_limit);
        out.push(b'}');
    }

    /// The row with texts of its own.
    pub fn to_row(&self) -> Row {
        Row {
            channel_type: self.channel_type,
            closed_at: self.closed_at,
            complainant_phone: self.complainant_phone.clone().into_owned(),
            complaint_from: self.complaint_from,
            complaint_id: self.complaint_id.to_owned(),
            complaint_reason: self.complaint_reason.clone().into_owned(),
            complaint_resource_id: self.complaint_resource_id.to_string(),
            complaint_resource_type: self.complaint_resource_type,
            complaint_time: self.complaint_time,
            complaint_type: self.complaint_type,
            current_step: self.current_step,
            is_overtime: self.is_overtime,
            operate_end_time: self.operate_end_time,
            operate_time: self.operate_time,
            state: self.state,
            time_limit: self.time_limit,
        }
    }
}

/// About as long as a row is.
pub const ROW_BYTES: usize = 600;

/// The whole answer: written rows in their order, and the total.
pub fn answer<'a>(rows: impl Iterator<Item = &'a [u8]>, total: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + rows.size_hint().0 * ROW_BYTES);
    out.extend_from_slice(b"{\"code\":0,\"data\":{\"list\":[");
    for (at, row) in rows.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(row);
    }
    number(&mut out, "],\"total\":", total);
    text(&mut out, "},\"msg\":", SUCCESS);
    out.push(b'}');
    out
}

fn number(out: &mut Vec<u8>, key: &str, number: i64) {
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn moment(out: &mut Vec<u8>, key: &str, time: BeijingTime) {
    plain(out, key, &time.ascii());
}

/// A text without anything to escape.
fn plain(out: &mut Vec<u8>, key: &str, text: &[u8]) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn text(out: &mut Vec<u8>, key: &str, text: &str) {
    // Without an early end, so that many bytes are looked at at once.
    let escaped = |found: bool, byte: &u8| found | (*byte < b' ') | (*byte == b'"') | (*byte == b'\\');
    if !text.as_bytes().iter().fold(false, escaped) {
        return plain(out, key, text.as_bytes());
    }
    out.extend_from_slice(key.as_bytes());
    // Writing text into a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Envelope;
    use crate::complaint_list::Response;

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_types(
            texts in proptest::collection::vec("\\PC{0,9}|[\\x00-\\x7f\"\\\\é订\u{2028}😀]{0,9}", 4),
            numbers in proptest::collection::vec(any::<i64>(), 12),
            small in proptest::collection::vec(0i64..300, 7),
            closed in any::<bool>(),
            copies in 0usize..4,
        ) {
            let time = |at: usize| BeijingTime::from_epoch(numbers[at] >> (numbers[at] & 31));
            let row = RowRef {
                channel_type: small[0].into(),
                closed_at: closed.then(|| time(0)),
                complainant_phone: texts[0].as_str().into(),
                complaint_from: small[1].into(),
                complaint_id: &texts[1],
                complaint_reason: texts[2].as_str().into(),
                complaint_resource_id: texts[3].as_str().into(),
                complaint_resource_type: numbers[1],
                complaint_time: time(2),
                complaint_type: small[2].into(),
                current_step: small[3].into(),
                is_overtime: small[4].into(),
                operate_end_time: time(3),
                operate_time: time(4),
                state: small[5].into(),
                time_limit: numbers[5],
            };
            let mut written = Vec::new();
            row.write(&mut written);
            let list = vec![row.to_row(); copies];
            let said = Envelope { code: 0, data: Response { list, total: numbers[6] }, msg: SUCCESS.into() };
            let answer = answer(std::iter::repeat_n(&written[..], copies), numbers[6]);
            prop_assert_eq!(String::from_utf8(answer).unwrap(), serde_json::to_string(&said).unwrap());
        }
    }
}
