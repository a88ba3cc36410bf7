//! `tousu.complaint.search/1.0.0`: complaints by whatever is known of them `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::codes::{ChannelType, CodeTable, ComplaintFrom, CurrentStep, DetailStep, Overtime, State};
use crate::complaint_act::{NAME_CHARACTERS, check_text};
use crate::complaint_list::{self, ComplaintList, listed, overtime_schema, time_schema};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintSearch {}

impl Endpoint for ComplaintSearch {
    const NAME: &'static str = "tousu.complaint.search";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "搜索投诉单 ¦ Search complaints";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        let mut row = ComplaintList::example().response["list"][0].clone();
        row["assignee"] = json!("小李");
        row["tags"] = json!(["退款"]);
        row["detail_step"] = json!(2);
        row["version"] = json!(7);
        row["changed_at"] = json!("2024-04-29 11:21:38");
        Example {
            request: json!({
                "access_token": "xxxxx",
                "state": [0, 1],
                "text": "退款",
                "sort": "deadline",
                "page_size": 20,
                "with_total": 1,
            }),
            response: json!({ "list": [row], "next_cursor": "", "total": 1 }),
        }
    }
}

/// What `page_size` may be.
pub const PAGE_SIZES: std::ops::RangeInclusive<i64> = 1..=100;
/// `page_size` if absent.
pub const DEFAULT_PAGE_SIZE: i64 = 20;
/// How far behind the first row the last of a page that is asked for by its number may be.
pub const DEEPEST_ROW: i64 = 10_000;
/// Values of one parameter, at most.
pub const MOST_VALUES: usize = 50;
/// Characters of a text to look for, at least and at most.
pub const TEXT_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=100;
const CURSOR_CHARACTERS: usize = 2000;
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

pub(crate) fn states_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<State>()
}

pub(crate) fn sources_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<ComplaintFrom>()
}

pub(crate) fn steps_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    codes_schema::<CurrentStep>()
}

pub(crate) fn names_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
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

pub(crate) fn hours_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["array", "integer", "string", "null"],
        "items": { "type": ["integer", "string"], "minimum": 0, "maximum": 23 },
    })
}

fn page_index_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "minimum": 1, "maximum": DEEPEST_ROW })
}

pub(crate) fn flag_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "enum": [0, 1, "0", "1", "", null] })
}

/// What is looked for, as sent; [`Request::query`] checks it. Everything named must hold; of several values of one
/// parameter, one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SearchRequest")]
pub struct Request {
    /// Channels, one or several; 0 or absent: all.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉类型，可多个", schema_with = "channels_schema")]
    pub channel_type: Vec<ChannelType>,
    /// States, one or several; absent: all.
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

/// What part of what is found is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Behind where this cursor points, unchecked.
    pub cursor: Option<String>,
    /// Behind so many rows, from the beginning on.
    pub skip: usize,
    /// Rows at most.
    pub size: usize,
    /// With the total.
    pub with_total: bool,
}

impl Request {
    /// The checked request, or the first parameter that is out of bounds.
    pub fn query(self) -> Result<(Query, Part), InvalidParameter> {
        let size = self.page_size.unwrap_or(DEFAULT_PAGE_SIZE);
        if !PAGE_SIZES.contains(&size) {
            let problem = format!("收到 {size}，应为 1 到 100 ¦ received {size}, allowed is 1 to 100");
            return Err(InvalidParameter::new("page_size", problem));
        }
        let with_total = flag("with_total", self.with_total)?;
        let skip = skip(self.page_index, self.cursor.as_ref(), size)?;
        in_order("start_time", self.start_time, self.end_time)?;
        in_order("due_after", self.due_after, self.due_before)?;
        let states = self.state.into_iter().map(|code| listed("state", Some(code), "\"\", "));
        let query = Query {
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
        };
        if let Some(cursor) = &self.cursor {
            check_text("cursor", cursor, CURSOR_CHARACTERS)?;
        }
        let part =
            Part { cursor: self.cursor, skip, size: usize::try_from(size).unwrap_or_default(), with_total };
        Ok((query, part))
    }
}

/// A yes or no; absent is no.
pub(crate) fn flag(name: &str, given: Option<i64>) -> Result<bool, InvalidParameter> {
    match given.unwrap_or(0) {
        flag @ 0..=1 => Ok(flag == 1),
        other => {
            let problem = format!("收到 {other}，应为 0 或 1 ¦ received {other}, expected 0 or 1");
            Err(InvalidParameter::new(name, problem))
        }
    }
}

/// How many rows are before the page of that number.
fn skip(index: Option<i64>, cursor: Option<&String>, size: i64) -> Result<usize, InvalidParameter> {
    let Some(index) = index else { return Ok(0) };
    let refuse = |problem: String| Err(InvalidParameter::new("page_index", problem));
    if cursor.is_some() {
        return refuse("不能与 cursor 同时给出 ¦ cannot be given together with cursor".into());
    }
    let last = DEEPEST_ROW / size;
    match index {
        1.. if index <= last => Ok(usize::try_from((index - 1) * size).unwrap_or_default()),
        1.. => refuse(format!(
            "收到 {index}，每页 {size} 条时最多到第 {last} 页（前 {DEEPEST_ROW} 条），再往后请用 cursor 或收窄条件 ¦ received {index}; with {size} rows a page {last} is the last (the first {DEEPEST_ROW} rows): use cursor, or narrow the filter"
        )),
        _ => refuse(format!("收到 {index}，应从 1 起 ¦ received {index}, pages are numbered from 1")),
    }
}

/// Which channels are meant: 0 is all.
pub(crate) fn channels(given: Vec<ChannelType>) -> Result<Vec<ChannelType>, InvalidParameter> {
    let given = given.into_iter().filter(|code| code.number() != 0);
    let given = given.map(|code| listed("channel_type", Some(code), "0, ")).collect::<Result<Vec<_>, _>>()?;
    values("channel_type", given.into_iter().flatten().collect())
}

pub(crate) fn in_order(
    name: &str,
    from: Option<BeijingTime>,
    to: Option<BeijingTime>,
) -> Result<(), InvalidParameter> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            let problem = format!("开始 {from} 晚于结束 {to} ¦ the start {from} is after the end {to}");
            Err(InvalidParameter::new(name, problem))
        }
        _ => Ok(()),
    }
}

/// Each value once, in the order of first mention.
pub(crate) fn values<T: PartialEq>(name: &str, given: Vec<T>) -> Result<Vec<T>, InvalidParameter> {
    let mut values = Vec::with_capacity(given.len().min(MOST_VALUES));
    for value in given {
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > MOST_VALUES {
            let problem = format!("最多 {MOST_VALUES} 个值 ¦ at most {MOST_VALUES} values");
            return Err(InvalidParameter::new(name, problem));
        }
    }
    Ok(values)
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

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SearchPage")]
pub struct Response {
    /// The complaints, in the order asked for.
    #[schemars(title = "投诉列表")]
    pub list: Vec<Row>,
    /// Where the next page begins; empty at the end.
    #[schemars(title = "下一页的游标；没有下一页时为空")]
    pub next_cursor: String,
    /// How many match in all, if that was asked for.
    #[schemars(title = "投诉总数；未要求时为 null")]
    pub total: Option<i64>,
}

/// A complaint as the list shows it, and how it is handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SearchRow")]
pub struct Row {
    /// What the list shows.
    #[serde(flatten)]
    pub row: complaint_list::Row,
    /// Whose work it is; empty: nobody's.
    #[schemars(title = "处理人")]
    pub assignee: String,
    /// Its tags, sorted.
    #[schemars(title = "标签")]
    pub tags: Vec<String>,
    /// The step taken last, in the detail's numbering.
    #[schemars(title = "当前所属步骤，编号同详情")]
    pub detail_step: DetailStep,
    /// Rises with every change; to be given back as `version`.
    #[schemars(title = "版本")]
    pub version: i64,
    /// When it was last changed, or came.
    #[schemars(title = "变更时间")]
    pub changed_at: BeijingTime,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(parameters: Value) -> Result<(Query, Part), InvalidParameter> {
        let Value::Object(parameters) = parameters else { panic!("an object") };
        lenient::request::<Request>(parameters)?.query()
    }

    #[test]
    fn several_values_come_in_several_forms() {
        let states = |value: Value| asked(json!({ "state": value })).unwrap().0.state;
        for value in [json!([0, 2]), json!(["0", "2", "", null, 0]), json!("0,2"), json!(" 0, 2")] {
            assert_eq!(states(value), [State::Pending, State::Done]);
        }
        for value in [json!(0), json!("0"), json!([0])] {
            assert_eq!(states(value), [State::Pending]);
        }
        for value in [json!(""), json!(null), json!([]), json!([""])] {
            assert_eq!(states(value), []);
        }
        let names = |value: Value| asked(json!({ "assignee": value })).unwrap().0.assignee;
        assert_eq!(names(json!("张三,李四")), ["张三,李四"]);
        assert_eq!(names(json!(["张三", "李四"])), ["张三", "李四"]);
        assert_eq!(asked(json!({ "channel_type": [0] })).unwrap().0.channel_type, []);
        // Sources and steps may be new.
        assert_eq!(asked(json!({ "complaint_from": 999 })).unwrap().0.complaint_from[0].number(), 999);
    }

    #[test]
    fn a_page_is_behind_the_pages_before_it() {
        let skip =
            |index: i64, size: i64| asked(json!({ "page_index": index, "page_size": size })).unwrap().1.skip;
        assert_eq!((skip(1, 20), skip(2, 20), skip(500, 20), skip(100, 100)), (0, 20, 9980, 9900));
        assert_eq!(asked(json!({})).unwrap().1.skip, 0);
        assert!(asked(json!({ "page_index": i64::MAX })).is_err());
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let many: Vec<i64> = (0..60).collect();
        for (name, value) in [
            ("text", json!("退")),
            ("text", json!("x".repeat(101))),
            ("text", json!("a\u{0}b")),
            ("phone_tail", json!("147")),
            ("phone_tail", json!("18812341474")),
            ("phone_tail", json!("１４７４")),
            ("page_size", json!(0)),
            ("page_size", json!(101)),
            ("with_total", json!(2)),
            ("unassigned", json!(2)),
            ("hour", json!([3, 24])),
            ("page_index", json!(0)),
            ("page_index", json!(501)),
            ("sort", json!("number")),
            ("channel_type", json!([1, 9])),
            ("state", json!(3)),
            ("is_overtime", json!(3)),
            ("complaint_from", json!(many)),
            ("assignee", json!("x".repeat(65))),
            ("tag", json!(["a\u{1}"])),
            ("complaint_resource_id", json!("x".repeat(257))),
            ("start_time", json!("yesterday")),
            ("cursor", json!("x".repeat(2001))),
        ] {
            let refused = asked(json!({ name: value })).unwrap_err();
            assert!(refused.name.starts_with(name), "{name} {value}: {refused:?}");
        }
        let both = json!({ "page_index": 2, "cursor": "x" });
        assert_eq!(asked(both).unwrap_err().name, "page_index");
        for (from, to) in [("start_time", "end_time"), ("due_after", "due_before")] {
            let turned = json!({ from: "2024-05-02 00:00:00", to: "2024-05-01 00:00:00" });
            assert_eq!(asked(turned).unwrap_err().name, from);
        }
    }
}
