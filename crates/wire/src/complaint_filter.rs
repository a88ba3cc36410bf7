//! By what complaints are found, for the search and for exports `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{NAME_CHARACTERS, check_text, flag, flag_schema, in_order, values};
use crate::codes::{ChannelType, CodeTable, ComplaintFrom, CurrentStep, Overtime, State};
use crate::complaint_list::{listed, overtime_schema, time_schema};
use crate::complaint_search::DEEPEST_ROW;
use crate::{BeijingTime, InvalidParameter, lenient};

/// Characters of a text to look for, at least and at most.
pub const TEXT_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=100;
const ORDER_CHARACTERS: usize = 256;

fn codes_schema<T: CodeTable>() -> schemars::Schema {
    let codes: Vec<_> =
        T::LISTED.iter().map(|(code, zh, en)| json!({ "code": code, "zh": zh, "en": en })).collect();
    schemars::json_schema!({
        "type": ["array", "integer", "string", "null"],
        "items": { "type": ["integer", "string"] },
        "x-codes": codes,
    })
}

pub(crate) fn channels_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<ChannelType>()
}

fn states_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<State>()
}

pub(crate) fn sources_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<ComplaintFrom>()
}

fn steps_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<CurrentStep>()
}

fn names_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["array", "string", "null"],
        "items": { "type": "string", "maxLength": NAME_CHARACTERS },
    })
}

fn sort_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = ["complaint_time", "deadline", "changed", ""].map(serde_json::Value::from);
    let allowed: Vec<_> = names.into_iter().chain([serde_json::Value::Null]).collect();
    schemars::json_schema!({ "type": ["string", "null"], "enum": allowed, "default": "complaint_time" })
}

fn page_size_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "minimum": 1, "maximum": 100, "default": 20 })
}

fn hours_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["array", "integer", "string", "null"],
        "items": { "type": ["integer", "string"], "minimum": 0, "maximum": 23 },
    })
}

fn page_index_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "minimum": 1, "maximum": DEEPEST_ROW })
}

/// Which complaints, and in what form, as sent: by the search, which has them in pages, or by an export, which has them in
/// a file; each takes a part. Everything named must hold; of several values of one parameter, one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "FilterRequest")]
pub struct Request {
    /// Channels, one or several; 0 or absent: all.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉类型，可多个", schema_with = "channels_schema")]
    pub channel_type: Vec<ChannelType>,
    /// States, one or several, of which 0 is one; absent or an empty string: all.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "处理状态，可多个", schema_with = "states_schema")]
    pub state: Vec<State>,
    /// Overtime; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否超时:0=所有,1=否,2=是", schema_with = "overtime_schema")]
    pub is_overtime: Option<Overtime>,
    /// Sources, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉来源，可多个", schema_with = "sources_schema")]
    pub complaint_from: Vec<ComplaintFrom>,
    /// Steps taken last in the list's numbering, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "当前所属步骤，编号同列表，可多个", schema_with = "steps_schema")]
    pub current_step: Vec<CurrentStep>,
    /// Whose work it is, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "处理人，可多个", schema_with = "names_schema")]
    pub assignee: Vec<String>,
    /// 1: nobody's work; together with `assignee`: nobody's or theirs.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "是否未分派:0=不限(默认),1=未分派；与 assignee 同给时为未分派或属于他们",
        schema_with = "flag_schema"
    )]
    pub unassigned: Option<i64>,
    /// Tags, of which it has at least one.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "标签，可多个，有其一即可", schema_with = "names_schema")]
    pub tag: Vec<String>,
    /// Complained at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉时间不早于", schema_with = "time_schema")]
    pub start_time: Option<BeijingTime>,
    /// Complained at or before this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉时间不晚于", schema_with = "time_schema")]
    pub end_time: Option<BeijingTime>,
    /// Complained within one of these hours of the Beijing day, 0 to 23, whichever day.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉时刻的钟点（北京时间），0-23，可多个", schema_with = "hours_schema")]
    pub hour: Vec<i64>,
    /// Open, with a deadline at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "未完成且处理最后时限不早于", schema_with = "time_schema")]
    pub due_after: Option<BeijingTime>,
    /// Open, with a deadline at or before this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "未完成且处理最后时限不晚于", schema_with = "time_schema")]
    pub due_before: Option<BeijingTime>,
    /// Changed at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "变更时间不早于", schema_with = "time_schema")]
    pub changed_since: Option<BeijingTime>,
    /// Part of the reason as the list shows it, 2 to 100 characters; of ASCII letters the case does not matter.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "问题描述中的文字，2 到 100 字，英文不分大小写")]
    pub text: Option<String>,
    /// Exactly this order or resource.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉具体资源或订单，完整编号")]
    pub complaint_resource_id: Option<String>,
    /// The last four digits of the complainant's phone number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人手机号后四位")]
    pub phone_tail: Option<String>,
    /// `complaint_time` (default) or `changed`, newest first, or `deadline`, most urgent first and open ones only.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "排序：complaint_time 投诉时间从新到旧(默认)，deadline 时限从急到缓(只含未完成的)，changed 变更时间从新到旧",
        schema_with = "sort_schema"
    )]
    pub sort: Option<String>,
    /// Where to go on: `next_cursor` of the page before, with the same filter and order.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "游标：上一页的 next_cursor，其余条件须相同")]
    pub cursor: Option<String>,
    /// In place of a cursor the page's number, from 1, no further than the row 10,000. While others write, rows may be
    /// on two such pages or on none; a cursor stays right.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "页码，从 1 起，与 cursor 二选一；最多到第 10000 条。翻页时数据有变动可能重复或遗漏，游标则不会",
        schema_with = "page_index_schema"
    )]
    pub page_index: Option<i64>,
    /// Rows per page, 1 to 100; default 20.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "每页尺寸，1 到 100；默认20", schema_with = "page_size_schema")]
    pub page_size: Option<i64>,
    /// 1: with the exact total, which may take longer.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否给出总数：0=否(默认),1=是，可能较慢", schema_with = "flag_schema")]
    pub with_total: Option<i64>,
    /// Exactly this complaint.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// The file's form: `csv` (default), `xlsx` or `ndjson`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "文件格式：csv(默认)、xlsx 或 ndjson")]
    pub format: Option<String>,
    /// The language of headings and labels: `zh` or `en`; default: the server's.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "表头与代码的语言：zh 或 en；默认同服务")]
    pub lang: Option<String>,
    /// Who exports, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
}

/// In what order complaints are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Sort {
    /// Newest complaint first, ties by complaint id descending, as in the list.
    #[default]
    Time,
    /// Of open ones, the most urgent first, ties by complaint time and the detail's `id`, ascending.
    Deadline,
    /// The last changed first, ties by the detail's `id` descending.
    Changed,
}

/// Which complaints are meant, and in what order. Nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[allow(missing_docs, reason = "the fields are those of Request, checked")]
pub struct Query {
    pub channel_type: Vec<ChannelType>,
    pub state: Vec<State>,
    pub is_overtime: Option<Overtime>,
    pub complaint_from: Vec<ComplaintFrom>,
    pub current_step: Vec<CurrentStep>,
    pub assignee: Vec<String>,
    /// Nobody's work; with names, nobody's or theirs. Left out of a cursor's seal where it is not asked for, so that
    /// cursors of programs that do not know it stay right.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unassigned: bool,
    pub tag: Vec<String>,
    pub start_time: Option<BeijingTime>,
    pub end_time: Option<BeijingTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hour: Vec<i64>,
    pub due_after: Option<BeijingTime>,
    pub due_before: Option<BeijingTime>,
    pub changed_since: Option<BeijingTime>,
    /// With ASCII letters in lower case.
    pub text: Option<String>,
    pub complaint_resource_id: Option<String>,
    pub phone_tail: Option<String>,
    pub sort: Sort,
}

impl Request {
    /// Which complaints are meant, and in what order, or the first parameter that is out of bounds.
    pub(crate) fn conditions(self) -> Result<Query, InvalidParameter> {
        in_order("start_time", self.start_time, self.end_time)?;
        in_order("due_after", self.due_after, self.due_before)?;
        let states = self.state.into_iter().map(|code| listed("state", Some(code), "\"\", "));
        Ok(Query {
            channel_type: channels(self.channel_type)?,
            state: values("state", states.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())?,
            is_overtime: listed("is_overtime", self.is_overtime.filter(|code| code.number() != 0), "0, ")?,
            complaint_from: values("complaint_from", self.complaint_from)?,
            current_step: values("current_step", self.current_step)?,
            assignee: names("assignee", self.assignee)?,
            unassigned: flag("unassigned", self.unassigned)?,
            tag: names("tag", self.tag)?,
            start_time: self.start_time,
            end_time: self.end_time,
            hour: hours(self.hour)?,
            due_after: self.due_after,
            due_before: self.due_before,
            changed_since: self.changed_since,
            text: self.text.map(text).transpose()?,
            complaint_resource_id: self.complaint_resource_id.map(order).transpose()?,
            phone_tail: self.phone_tail.map(tail).transpose()?,
            sort: sort(self.sort.as_deref())?,
        })
    }
}

/// Which channels are meant: 0 is all.
pub(crate) fn channels(given: Vec<ChannelType>) -> Result<Vec<ChannelType>, InvalidParameter> {
    let given = given.into_iter().filter(|code| code.number() != 0);
    let given = given.map(|code| listed("channel_type", Some(code), "0, ")).collect::<Result<Vec<_>, _>>()?;
    values("channel_type", given.into_iter().flatten().collect())
}

fn names(name: &str, given: Vec<String>) -> Result<Vec<String>, InvalidParameter> {
    given.iter().try_for_each(|text| check_text(name, text, NAME_CHARACTERS))?;
    values(name, given)
}

fn hours(given: Vec<i64>) -> Result<Vec<i64>, InvalidParameter> {
    match given.iter().find(|hour| !(0..24).contains(*hour)) {
        None => values("hour", given),
        Some(hour) => {
            let problem = format!("收到 {hour}，应为 0 到 23 ¦ received {hour}, expected 0 to 23");
            Err(InvalidParameter::new("hour", problem))
        }
    }
}

fn text(text: String) -> Result<String, InvalidParameter> {
    let length = text.chars().count();
    if !TEXT_CHARACTERS.contains(&length) {
        let problem = format!(
            "有 {length} 字，应为 2 到 100 字 ¦ has {length} characters, a text to look for has 2 to 100"
        );
        return Err(InvalidParameter::new("text", problem));
    }
    Ok(lenient::id("text", text)?.to_ascii_lowercase())
}

fn order(order: String) -> Result<String, InvalidParameter> {
    check_text("complaint_resource_id", &order, ORDER_CHARACTERS)?;
    Ok(order)
}

fn tail(tail: String) -> Result<String, InvalidParameter> {
    if tail.len() == 4 && tail.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(tail);
    }
    // What was sent may be a whole number, which no answer repeats.
    let problem = "应为手机号的后四位数字 ¦ must be the last four digits of a phone number";
    Err(InvalidParameter::new("phone_tail", problem))
}

fn sort(name: Option<&str>) -> Result<Sort, InvalidParameter> {
    match name {
        None | Some("complaint_time") => Ok(Sort::Time),
        Some("deadline") => Ok(Sort::Deadline),
        Some("changed") => Ok(Sort::Changed),
        Some(other) => {
            let shown = lenient::quoted(other);
            let problem = format!(
                "收到 {shown}，应为 complaint_time、deadline 或 changed ¦ received {shown}, expected complaint_time, deadline or changed"
            );
            Err(InvalidParameter::new("sort", problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Endpoint;
    use crate::complaint_export::ComplaintExport;
    use crate::complaint_search::ComplaintSearch;

    /// Whatever can be looked for can be exported.
    #[test]
    fn both_take_every_condition() {
        let schema = schemars::schema_for!(Request).to_value();
        let all: HashSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let of =
            |takes: Option<&'static [&'static str]>| takes.unwrap().iter().copied().collect::<HashSet<_>>();
        let (search, export) = (of(ComplaintSearch::TAKES), of(ComplaintExport::TAKES));
        let own = |one: &HashSet<&'static str>, other: &HashSet<&'static str>| {
            let mut own: Vec<_> = one.difference(other).copied().collect();
            own.sort_unstable();
            own
        };
        assert_eq!(own(&search, &export), ["cursor", "page_index", "page_size", "sort", "with_total"]);
        assert_eq!(own(&export, &search), ["complaint_id", "format", "lang", "operator"]);
        assert_eq!(search.union(&export).copied().collect::<HashSet<_>>(), all);
    }
}
