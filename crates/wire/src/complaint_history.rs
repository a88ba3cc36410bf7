//! `tousu.complaint.history/1.0.0`: what happened to one complaint `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::complaint_info_get::Request;
use crate::{BeijingTime, Endpoint, Example, PermissionSet, RateLimit};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintHistory {}

impl Endpoint for ComplaintHistory {
    const NAME: &'static str = "tousu.complaint.history";
    const TITLE: &'static str = "获取投诉单历史 ¦ Get what happened to a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" }),
            response: json!({ "list": [{
                "entry": 12,
                "event": "merchant_replied",
                "title": "商家回复",
                "actor": "merchant",
                "operator": "小李",
                "happened_at": "2024-04-14 09:12:05",
                "before": { "state": 0, "current_step": 1 },
                "after": { "state": 1, "current_step": 2 },
                "said": { "content": "您好，已为您提交退款。", "images": [] },
                "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            }] }),
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "History")]
pub struct Response {
    /// Oldest first.
    #[schemars(title = "历史，从早到晚")]
    pub list: Vec<Entry>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HistoryEntry")]
pub struct Entry {
    /// Its number in the shop's history.
    #[schemars(title = "序号，店铺内连续")]
    pub entry: i64,
    /// The event's stable name.
    #[schemars(title = "事件")]
    pub event: String,
    /// What people call it.
    #[schemars(title = "事件名称")]
    pub title: String,
    /// In which role: `consumer`, `merchant`, `platform` or `third_party`.
    #[schemars(title = "操作方")]
    pub actor: String,
    /// Who it was.
    #[schemars(title = "操作人")]
    pub operator: String,
    /// When.
    #[schemars(title = "时间")]
    pub happened_at: BeijingTime,
    /// What it changed, as it was; moments in epoch seconds.
    #[schemars(title = "之前；时间为纪元秒")]
    pub before: Value,
    /// And as it is since.
    #[schemars(title = "之后")]
    pub after: Value,
    /// What was said along with it.
    #[schemars(title = "内容")]
    pub said: Value,
    /// SHA-256 over the entry before it and this one.
    #[schemars(title = "本条与上一条的 SHA-256")]
    pub hash: String,
}
