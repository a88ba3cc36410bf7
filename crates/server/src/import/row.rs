//! From a row's fields to a complaint: what must be there, and what is filled in when it is not.

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use tousu_wire::codes::{CodeTable, CurrentStep, Overtime, State};
use tousu_wire::complaint_list::Row;
use tousu_wire::{BeijingTime, InvalidParameter, Lang, NO_DATE, Text, lenient};

use super::Content;
use crate::complaint::{Complaint, DEFAULT_TIME_LIMIT_HOURS, deadline};

/// The fields without which a row is no complaint.
pub(super) const REQUIRED: &[&str] =
    &["complaint_id", "complaint_time", "channel_type", "complaint_from", "state"];

/// The longest text that a field may hold, in characters.
const LONGEST: usize = 20_000;
/// The longest complaint number, in characters.
const LONGEST_ID: usize = 128;

/// The complaint of a row, or why it is none together with the row. It depends on the row alone: the same
/// row taken in again, whenever that is, is the same complaint.
pub(super) fn complaint(content: Content) -> Result<Complaint, (Text, Value)> {
    let (fields, shown) = match content {
        Content::Json(text) => {
            if let Some(complaint) = complete(&text) {
                return Ok(complaint);
            }
            let fields = lenient::parameters(&text).map_err(|_| not_json(&text))?;
            (fields.clone(), fields)
        }
        Content::Fields(fields) => (fields.clone(), fields),
        Content::Broken(why, shown) => return Err((why, shown)),
    };
    understood(fields).map_err(|invalid| {
        let (zh, en) = (invalid.problem.pick(Lang::Zh), invalid.problem.pick(Lang::En));
        let reason = Text::from(format!("{} {zh} ¦ {}: {en}", invalid.name, invalid.name));
        (reason, Value::Object(shown))
    })
}

fn not_json(text: &[u8]) -> (Text, Value) {
    let error = serde_json::from_slice::<IgnoredAny>(text).err().map(|error| error.to_string());
    let error = error.unwrap_or_default();
    let why = format!("不是合法的 JSON：{error} ¦ not valid JSON: {error}");
    (why.into(), Value::String(String::from_utf8_lossy(text).into_owned()))
}

/// The short way, for a row that leaves nothing out: most do, and it costs a third of the long one.
fn complete(text: &[u8]) -> Option<Complaint> {
    let row: Row = serde_json::from_slice(text).ok()?;
    // Both sentinels of "no date" lie before this; no window of a complaint does.
    let dated = |time: BeijingTime| time.epoch() > 2 * 86_400;
    let dated = [row.complaint_time, row.operate_time, row.operate_end_time].into_iter().all(dated);
    (dated && check_texts(&row).is_ok()).then(|| Complaint::from_row(row))
}

fn understood(mut fields: Map<String, Value>) -> Result<Complaint, InvalidParameter> {
    for name in REQUIRED {
        let value = fields.get(*name);
        if is_absent(value) || *name == "complaint_time" && no_date(value) {
            return Err(InvalidParameter::new(name, "缺失 ¦ missing"));
        }
    }
    let overtime_unsaid = is_absent(fields.get("is_overtime"));
    let end_unsaid = no_date(fields.get("operate_end_time"));
    fill_in(&mut fields);
    let row: Row = lenient::request(fields)?;
    check_texts(&row)?;
    let mut complaint = Complaint::from_row(row);
    if end_unsaid {
        complaint.operate_end_time = deadline(complaint.operate_time, complaint.time_limit);
    }
    if overtime_unsaid && complaint.state == State::Done {
        // Of a complaint that does not say when it was closed, nothing says that it was late.
        complaint.closed_overtime = None;
        let closed_at = complaint.closed_at.unwrap_or(complaint.operate_end_time);
        complaint.closed_overtime = Some(complaint.overtime(closed_at));
    }
    Ok(complaint)
}

fn is_absent(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

fn no_date(value: Option<&Value>) -> bool {
    is_absent(value)
        || value.and_then(Value::as_str).is_some_and(|text| {
            let text = text.trim();
            text == NO_DATE || text.starts_with("0000")
        })
}

/// What a source leaves out: a trade complaint with the step that its state implies, and the page's 72
/// hours from the complaint.
fn fill_in(fields: &mut Map<String, Value>) {
    let state = fields.get("state").and_then(|state| lenient::required::<i64, _>(state).ok());
    let step = match state.map(State::from) {
        Some(State::Pending) => CurrentStep::New,
        Some(State::Done) => CurrentStep::ClosedByPlatform,
        _ => CurrentStep::MerchantReplied,
    };
    let complained = fields.get("complaint_time").cloned().unwrap_or_default();
    let defaults = [
        ("complaint_type", json!(1)),
        ("complaint_resource_type", json!(0)),
        ("current_step", json!(step.number())),
        ("is_overtime", json!(Overtime::InTime.number())),
        ("time_limit", json!(DEFAULT_TIME_LIMIT_HOURS)),
    ];
    for (name, default) in defaults {
        if is_absent(fields.get(name)) {
            fields.insert(name.into(), default);
        }
    }
    for name in ["operate_time", "operate_end_time"] {
        if no_date(fields.get(name)) {
            fields.insert(name.into(), complained.clone());
        }
    }
}

/// Refuses a row with a text that cannot be kept.
pub(crate) fn check_texts(row: &Row) -> Result<(), InvalidParameter> {
    check_text("complaint_id", &row.complaint_id, LONGEST_ID)?;
    check_text("complaint_reason", &row.complaint_reason, LONGEST)?;
    check_text("complaint_resource_id", &row.complaint_resource_id, LONGEST)?;
    check_text("complainant_phone", &row.complainant_phone, LONGEST)
}

/// Texts come from strangers: bounded, and without control characters other than line breaks and tabs.
fn check_text(name: &str, text: &str, longest: usize) -> Result<(), InvalidParameter> {
    let length = text.chars().count();
    if length > longest {
        let problem = format!("长 {length} 字符，最多 {longest} ¦ {length} characters, at most {longest}");
        return Err(InvalidParameter::new(name, problem));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(control) => {
            let shown = control.escape_unicode();
            Err(InvalidParameter::new(name, format!("含控制字符 {shown} ¦ control character {shown}")))
        }
        None => Ok(()),
    }
}

/// A time as spreadsheets write it, in the wire's form: `2024/4/19 11:25` is `2024-04-19 11:25:00`. What is
/// no such time stays as it is, to be refused with its own words.
pub(super) fn spreadsheet_time(text: &str) -> String {
    let parse = || {
        let text = text.trim().replace(['/', '-', ':', 'T'], " ");
        let parts: Vec<u32> = text.split_whitespace().map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let at = |index: usize| parts.get(index).copied().unwrap_or(0);
        // Of a year in two digits, or at the end, nobody knows which part it is.
        let year_first = text.split_whitespace().next().is_some_and(|year| year.len() == 4);
        if !(3..=6).contains(&parts.len()) || !year_first {
            return None;
        }
        let written =
            format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", at(0), at(1), at(2), at(3), at(4), at(5));
        written.parse::<BeijingTime>().ok().map(|_| written)
    };
    parse().unwrap_or_else(|| text.to_owned())
}
