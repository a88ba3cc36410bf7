//! `tousu.complaint.changes/1.0.0`: everything that happened, in order, so that a mirror need not read all again
//! `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::within;
use crate::complaint_search::{ComplaintSearch, Row};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintChanges {}

impl Endpoint for ComplaintChanges {
    const NAME: &'static str = "tousu.complaint.changes";
    const TITLE: &'static str = "获取投诉单变更 ¦ Get what changed";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "cursor": "11", "page_size": 100 }),
            response: json!({
                "list": [{
                    "entry": 12,
                    "event": "merchant_replied",
                    "title": "商家回复",
                    "actor": "merchant",
                    "operator": "小李",
                    "happened_at": "2024-04-14 09:12:05",
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "complaint": ComplaintSearch::example().response["list"][0],
                }],
                "next_cursor": "12",
                "has_more": 0,
            }),
        }
    }
}

/// What `page_size` may be.
pub const PAGE_SIZES: std::ops::RangeInclusive<i64> = 1..=1000;
/// `page_size` if absent.
pub const DEFAULT_PAGE_SIZE: i64 = 100;
/// The cursor of whoever wants nothing of what was.
const LATEST: &str = "latest";

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "ChangesRequest")]
pub struct Request {
    /// `next_cursor` of the answer before; absent: from the beginning; `latest`: from now on.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "上次返回的 next_cursor；不填从头开始，latest 从现在开始")]
    pub cursor: Option<String>,
    /// How many at most, 1 to 1000; default 100.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "每页条数：1-1000，默认 100")]
    pub page_size: Option<i64>,
}

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Behind that entry and, of the next one, behind so many complaints.
    After(i64, i64),
    /// From now on.
    Latest,
}

impl Request {
    /// From where on, and how many.
    pub fn query(&self) -> Result<(From, usize), InvalidParameter> {
        let size = within("page_size", self.page_size.unwrap_or(DEFAULT_PAGE_SIZE), PAGE_SIZES)?;
        let from = match self.cursor.as_deref() {
            None => From::After(0, 0),
            Some(LATEST) => From::Latest,
            Some(text) => read_cursor(text).ok_or_else(|| not_a_cursor(text))?,
        };
        Ok((from, usize::try_from(size).unwrap_or_default()))
    }
}

fn read_cursor(text: &str) -> Option<From> {
    let (entry, of_next) = text.split_once('.').unwrap_or((text, "0"));
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok());
    Some(From::After(number(entry)??, number(of_next)??))
}

/// The cursor of whoever has seen that entry and, of the next one, so many complaints.
pub fn cursor(entry: i64, of_next: i64) -> String {
    if of_next == 0 { entry.to_string() } else { format!("{entry}.{of_next}") }
}

/// Why a text is no cursor.
pub fn not_a_cursor(text: &str) -> InvalidParameter {
    let shown = lenient::quoted(text);
    let problem = format!(
        "收到 {shown}，应为上次返回的 next_cursor ¦ received {shown}, expected the next_cursor of the answer before"
    );
    InvalidParameter::new("cursor", problem)
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Changes")]
pub struct Response {
    /// In the order in which it happened.
    #[schemars(title = "变更，按发生顺序")]
    pub list: Vec<Change>,
    /// To be sent as `cursor` next, at any time.
    #[schemars(title = "下次的 cursor")]
    pub next_cursor: String,
    /// 1: there is more already.
    #[schemars(title = "是否还有：0=否,1=是")]
    pub has_more: i64,
}

/// Something that happened to one complaint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its entry in the shop's history; all complaints of one import share one.
    #[schemars(title = "历史序号；同一批导入的投诉单相同")]
    pub entry: i64,
    /// The event's stable name.
    #[schemars(title = "事件")]
    pub event: String,
    /// What people call it.
    #[schemars(title = "事件名称")]
    pub title: String,
    /// In which role.
    #[schemars(title = "操作方")]
    pub actor: String,
    /// Who it was.
    #[schemars(title = "操作人")]
    pub operator: String,
    /// When.
    #[schemars(title = "时间")]
    pub happened_at: BeijingTime,
    /// The complaint.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// The complaint as it is now; null if it is there no more.
    #[schemars(title = "投诉单现状；已移除为 null")]
    pub complaint: Option<Row>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for (entry, of_next) in [(0, 0), (17, 0), (17, 1), (9_000_000_000, 999)] {
            let request = Request { cursor: Some(cursor(entry, of_next)), page_size: None };
            assert_eq!(request.query().unwrap(), (From::After(entry, of_next), 100));
        }
        assert_eq!(Request::default().query().unwrap().0, From::After(0, 0));
        let latest = Request { cursor: Some("latest".into()), page_size: Some(1) };
        assert_eq!(latest.query().unwrap(), (From::Latest, 1));
        for text in ["x", "-1", "1.", ".1", "1.2.3", "+1", "99999999999999999999", "１"] {
            let refused = Request { cursor: Some(text.into()), page_size: None }.query().unwrap_err();
            assert_eq!(refused.name, "cursor", "{text}");
        }
        for size in [0, 1001, -1] {
            assert!(Request { cursor: None, page_size: Some(size) }.query().is_err());
        }
    }
}
