//! `tousu.complaint.search/1.0.0`: complaints by whatever is known of them `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{check_text, flag, within};
use crate::codes::DetailStep;
use crate::complaint_list::{self, ComplaintList};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit};

pub use crate::complaint_filter::{Query, Request, Sort};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintSearch {}

impl Endpoint for ComplaintSearch {
    const NAME: &'static str = "tousu.complaint.search";
    const TITLE: &'static str = "搜索投诉单 ¦ Search complaints";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const TAKES: Option<&'static [&'static str]> = Some(&[
        "channel_type",
        "state",
        "is_overtime",
        "complaint_from",
        "current_step",
        "assignee",
        "unassigned",
        "tag",
        "start_time",
        "end_time",
        "hour",
        "due_after",
        "due_before",
        "changed_since",
        "text",
        "complaint_resource_id",
        "phone_tail",
        "sort",
        "cursor",
        "page_index",
        "page_size",
        "with_total",
    ]);
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
const CURSOR_CHARACTERS: usize = 2000;

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
        let size = within("page_size", self.page_size.unwrap_or(DEFAULT_PAGE_SIZE), PAGE_SIZES)?;
        if let Some(cursor) = &self.cursor {
            check_text("cursor", cursor, CURSOR_CHARACTERS)?;
        }
        let part = Part {
            skip: skip(self.page_index, self.cursor.as_ref(), size)?,
            cursor: self.cursor.clone(),
            size: usize::try_from(size).unwrap_or_default(),
            with_total: flag("with_total", self.with_total)?,
        };
        Ok((self.conditions()?, part))
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
    use crate::codes::{CodeTable, State};
    use crate::lenient;

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
