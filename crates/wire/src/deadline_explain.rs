//! `tousu.deadline.explain/1.0.0`: why a complaint is due when it is `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::complaint_info_get::Request;
use crate::{BeijingTime, Endpoint, Example, PermissionSet, RateLimit};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum DeadlineExplain {}

impl Endpoint for DeadlineExplain {
    const NAME: &'static str = "tousu.deadline.explain";
    const TITLE: &'static str = "解释投诉单时限 ¦ Explain a complaint's deadline";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" }),
            response: json!({
                "complaint_id": "c_661a9d66b6733_qTRys2mU",
                "windows": [{
                    "stage": "settlement",
                    "counts": 1,
                    "rule": "std.any",
                    "rule_version": 1,
                    "title": "72 小时内处理完结",
                    "starts": "2024-04-13 22:57:42",
                    "ends": "2024-04-16 22:57:42",
                    "time_limit": 72,
                    "note": "",
                    "intervals": [{
                        "starts": "2024-04-13 22:57:42",
                        "ends": "2024-04-16 22:57:42",
                        "counts": 72,
                        "phase": "past",
                        "why": "第 1 至 72 小时，不分昼夜与节假日",
                    }],
                }],
            }),
        }
    }
}

/// Why it is due when it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeadlineExplained")]
pub struct Response {
    /// The complaint.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// Its windows, the first reply's before the settlement's.
    #[schemars(title = "各时限")]
    pub windows: Vec<Window>,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ExplainedWindow")]
pub struct Window {
    /// `first_reply` or `settlement`.
    #[schemars(title = "阶段：first_reply 首次回复，settlement 处理完结")]
    pub stage: String,
    /// 1: the one that counts now, which the list shows.
    #[schemars(title = "是否当前计时的：0=否,1=是")]
    pub counts: i64,
    /// The rule's id; empty: the source set the deadline.
    #[schemars(title = "规则；期限由来源给出时为空")]
    pub rule: String,
    /// The rule's version.
    #[schemars(title = "规则版本")]
    pub rule_version: i64,
    /// What the rule says.
    #[schemars(title = "规则说明")]
    pub title: String,
    /// When it opened.
    #[schemars(title = "开始")]
    pub starts: BeijingTime,
    /// When it ends.
    #[schemars(title = "截止")]
    pub ends: BeijingTime,
    /// Its length in hours.
    #[schemars(title = "处理时限:小时")]
    pub time_limit: i64,
    /// Why there are no intervals; empty if there are.
    #[schemars(title = "无法逐段说明的原因")]
    pub note: String,
    /// What was counted and what was not, in order and without gaps.
    #[schemars(title = "各时段")]
    pub intervals: Vec<Interval>,
}

/// A stretch of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Its first second.
    #[schemars(title = "起")]
    pub starts: BeijingTime,
    /// Its end.
    #[schemars(title = "止")]
    pub ends: BeijingTime,
    /// How many of the rule's hours or days it counts for; 0: not counted.
    #[schemars(title = "计入的小时或天数")]
    pub counts: i64,
    /// `past`, `running` or `ahead`.
    #[schemars(title = "past 已过，running 进行中，ahead 未到")]
    pub phase: String,
    /// Why.
    #[schemars(title = "说明")]
    pub why: String,
}
