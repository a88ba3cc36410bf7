//! What each row of the list must be. Pure.

use serde_json::Value;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use tousu_wire::{BeijingTime, NO_DATE};

use super::record::{Record, kind, shown, told_of};
use super::sender::id_of;

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    Integer,
    Text,
    Moment,
    Array,
    /// One of these numbers.
    Code(fn(i64) -> bool),
}

/// The page's fields in the order of its example, and the beliefs about them.
const FIELDS: [(&str, &str, Holds); 16] = [
    ("row.channel_type", "channel_type", Holds::Code(listed::<ChannelType>)),
    ("row.closed_at", "closed_at", Holds::Moment),
    ("row.complainant_phone", "complainant_phone", Holds::Text),
    ("row.complaint_from", "complaint_from", Holds::Code(listed::<ComplaintFrom>)),
    ("row.complaint_id", "complaint_id", Holds::Text),
    ("row.complaint_reason", "complaint_reason", Holds::Text),
    ("row.complaint_resource_id", "complaint_resource_id", Holds::Text),
    ("row.complaint_resource_type", "complaint_resource_type", Holds::Integer),
    ("row.complaint_time", "complaint_time", Holds::Moment),
    ("row.complaint_type", "complaint_type", Holds::Code(listed::<ComplaintType>)),
    ("row.current_step", "current_step", Holds::Code(listed::<CurrentStep>)),
    ("row.is_overtime", "is_overtime", Holds::Code(listed::<Overtime>)),
    ("row.operate_end_time", "operate_end_time", Holds::Moment),
    ("row.operate_time", "operate_time", Holds::Moment),
    ("row.state", "state", Holds::Code(listed::<State>)),
    ("row.time_limit", "time_limit", Holds::Integer),
];

/// Seconds around a deadline within which nobody can tell whose clock is right.
const UNCERTAIN: i64 = 5;

fn listed<T: CodeTable>(number: i64) -> bool {
    T::from(number).label().is_some()
}

impl Holds {
    /// What a report tells of a value: texts may be people's, who are nobody's business.
    pub(super) fn told(self, value: Option<&Value>) -> String {
        match self {
            Holds::Text | Holds::Array => kind(value),
            Holds::Integer | Holds::Moment | Holds::Code(_) => shown(value),
        }
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Holds::Integer => value.is_i64(),
            Holds::Text => value.is_string(),
            Holds::Moment => moment(Some(value)).is_some(),
            Holds::Array => value.is_array(),
            Holds::Code(is_listed) => value.as_i64().is_some_and(is_listed),
        }
    }
}

/// A moment as the list writes it.
pub(super) fn moment(value: Option<&Value>) -> Option<BeijingTime> {
    value?.as_str()?.parse().ok()
}

/// A number, however it is written.
pub(super) fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Notes what the rows are; `now` is the server's time.
pub(super) fn note(record: &mut Record, rows: &[Value], now: i64) {
    for row in rows {
        note_one(record, row, now);
    }
}

fn note_one(record: &mut Record, row: &Value, now: i64) {
    let id = id_of(row);
    let keys: Vec<&str> =
        row.as_object().map(|row| row.keys().map(String::as_str).collect()).unwrap_or_default();
    let expected = FIELDS.map(|(_, field, _)| field);
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    let same = sorted == expected;
    record.note("row.keys", same, || {
        let more: Vec<&str> = keys.iter().copied().filter(|key| !expected.contains(key)).collect();
        let less: Vec<&str> = expected.into_iter().filter(|key| !keys.contains(key)).collect();
        format!("多 {more:?}，少 {less:?}（{id}） ¦ more {more:?}, missing {less:?} ({id})")
    });
    if same {
        record.note("row.key_order", keys == expected, || keys.join(", "));
    }
    for (belief, field, holds) in FIELDS {
        let value = row.get(field);
        record.note(belief, value.is_some_and(|value| holds.fits(value)), || told_of(&id, holds.told(value)));
    }
    record.note("row.complaint_id.form", has_form(&id), || id.clone());
    let phone = row.get("complainant_phone").and_then(Value::as_str).unwrap_or_default();
    // What is found must not be repeated in a report.
    record.note("row.complainant_phone.masked", !has_digits(phone, 7), || {
        format!("连续 7 位以上数字（{id}） ¦ seven digits or more in a row ({id})")
    });
    let state = number(row.get("state")).map(State::from);
    let closed_at = row.get("closed_at");
    if state.is_some_and(|state| state != State::Done) {
        let is_sentinel = closed_at.and_then(Value::as_str) == Some(NO_DATE);
        record.note("row.closed_at.open", is_sentinel, || told_of(&id, shown(closed_at)));
    }
    let begins = moment(row.get("operate_time"));
    let (ends, hours) = (moment(row.get("operate_end_time")), number(row.get("time_limit")));
    if let (Some(begins), Some(ends), Some(hours)) = (begins, ends, hours) {
        let seconds = ends.epoch() - begins.epoch();
        // Rounded up, as ours does where a window ends with a day.
        let is_so = (seconds + 3599).div_euclid(3600) == hours;
        record.note("row.deadline", is_so, || format!("{begins} – {ends}, {hours} h ({id})"));
    }
    note_overtime(record, row, &id, now);
}

/// Whether it is overtime by what else is known of it.
fn note_overtime(record: &mut Record, row: &Value, id: &str, now: i64) {
    let (Some(state), Some(ends)) = (number(row.get("state")), moment(row.get("operate_end_time"))) else {
        return;
    };
    let until = match State::from(state) {
        State::Done => moment(row.get("closed_at")).map(BeijingTime::epoch),
        _ => Some(now),
    };
    let Some(until) = until.filter(|until| (until - ends.epoch()).abs() > UNCERTAIN) else { return };
    let expected = if until > ends.epoch() { Overtime::Late } else { Overtime::InTime };
    let told = row.get("is_overtime");
    record.note("row.overtime", number(told) == Some(expected.number()), || told_of(id, shown(told)));
}

/// Notes whether rows are in the list's order.
pub(super) fn note_order(record: &mut Record, rows: &[Value]) {
    for pair in rows.windows(2) {
        let [first, second] = pair else { continue };
        let (Some(newer), Some(older)) =
            (moment(first.get("complaint_time")), moment(second.get("complaint_time")))
        else {
            continue;
        };
        let (first, second) = (id_of(first), id_of(second));
        if newer == older {
            record.note("list.ties", first > second, || format!("{first}, {second}"));
        } else {
            record.note("list.order", newer > older, || format!("{newer}, {older} ({first}, {second})"));
        }
    }
}

/// `c_6621e41fa5e18_dA0idHLY`.
fn has_form(id: &str) -> bool {
    let mut parts = id.split('_');
    let (prefix, hex, rest, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    prefix == Some("c")
        && hex.is_some_and(|hex| {
            hex.len() == 13 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
        && rest.is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && more.is_none()
}

fn has_digits(text: &str, count: usize) -> bool {
    let mut run = 0;
    text.chars().any(|character| {
        run = if character.is_ascii_digit() { run + 1 } else { 0 };
        run >= count
    })
}

/// Notes whether a field holds what it should.
pub(super) fn note_field(record: &mut Record, belief: &'static str, value: Option<&Value>, holds: Holds) {
    record.note(belief, value.is_some_and(|value| holds.fits(value)), || holds.told(value));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conformance::{Finding, Verdict};

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn example() -> Value {
        let rows: Value =
            serde_json::from_str(include_str!("../../tests/golden/page_example_rows.json")).unwrap();
        rows[1].clone()
    }

    fn judged(rows: &[Value]) -> Vec<Finding> {
        let mut record = Record::default();
        note(&mut record, rows, NOW);
        note_order(&mut record, rows);
        record.findings().into_iter().filter(|finding| finding.otherwise > 0).collect()
    }

    #[test]
    fn the_pages_example_is_as_believed() {
        let rows: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/golden/page_example_rows.json")).unwrap();
        let found = judged(&rows);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn each_change_of_a_row_is_found() {
        for (field, value, belief) in [
            ("state", json!("0"), "row.state"),
            ("state", json!(7), "row.state"),
            ("channel_type", json!(9), "row.channel_type"),
            ("complaint_from", Value::Null, "row.complaint_from"),
            ("closed_at", json!("0000-00-00 00:00:00"), "row.closed_at"),
            ("closed_at", json!("1970-01-01 08:00:00"), "row.closed_at.open"),
            ("complaint_id", json!(12), "row.complaint_id"),
            ("complaint_id", json!("20000123"), "row.complaint_id.form"),
            ("complainant_phone", json!("18812341474"), "row.complainant_phone.masked"),
            ("complainant_phone", json!(18812341474_i64), "row.complainant_phone"),
            ("time_limit", json!(48), "row.deadline"),
            ("is_overtime", json!(1), "row.overtime"),
            ("more", json!(1), "row.keys"),
        ] {
            let mut row = example();
            row[field] = value.clone();
            let found = judged(&[row]);
            assert!(found.iter().any(|finding| finding.id == belief), "{field} {value}: {found:?}");
            assert!(found.iter().all(|finding| !finding.seen.contains("18812341474")));
        }
        let mut row = example();
        row.as_object_mut().unwrap().shift_remove("state");
        assert!(
            judged(&[row])
                .iter()
                .any(|finding| finding.id == "row.keys" && finding.verdict == Verdict::Differs)
        );
        let mut row = example();
        let first = row.as_object_mut().unwrap().shift_remove("channel_type").unwrap();
        row["channel_type"] = first;
        assert_eq!(judged(&[row]).iter().map(|finding| finding.id).collect::<Vec<_>>(), ["row.key_order"]);
    }

    #[test]
    fn the_order_is_seen() {
        let of = |id: &str, time: &str| {
            let mut row = example();
            (row["complaint_id"], row["complaint_time"]) = (json!(id), json!(time));
            row
        };
        let (a, b) = (
            of("c_661a9d66b6733_aaaaaaaa", "2024-04-13 00:00:00"),
            of("c_661a9d66b6733_bbbbbbbb", "2024-04-13 00:00:00"),
        );
        assert!(judged(&[b.clone(), a.clone()]).is_empty());
        assert_eq!(judged(&[a.clone(), b.clone()])[0].id, "list.ties");
        let older = of("c_661a9d66b6733_cccccccc", "2024-04-12 00:00:00");
        assert_eq!(judged(&[older, b])[0].id, "list.order");
    }
}
