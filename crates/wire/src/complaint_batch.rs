//! `tousu.complaint.batch/1.0.0`: one action on many complaints, each with its own result `[ours]`.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::missing;
use crate::complaint_act::{Act, Reply, Standing};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintBatch {}

impl Endpoint for ComplaintBatch {
    const NAME: &'static str = "tousu.complaint.batch";
    const TITLE: &'static str = "批量处理投诉单 ¦ Act on many complaints";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = RateLimit { calls: 20, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["action", "complaint_ids"];
    const TAKES: Option<&'static [&'static str]> = Some(&[
        "action",
        "complaint_ids",
        "content",
        "images",
        "finish",
        "by",
        "assignee",
        "add",
        "remove",
        "operator",
        "idempotency_key",
    ]);
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "action": "reply",
                "complaint_ids": ["c_661a9d66b6733_qTRys2mU", "c_6621e41fa5e18_dA0idHLY"],
                "content": "您好，已为您提交退款。",
                "idempotency_key": "batch-1",
            }),
            response: json!({ "done": 1, "list": [
                {
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "code": 0,
                    "msg": "",
                    "standing": Reply::example().response,
                },
                {
                    "complaint_id": "c_6621e41fa5e18_dA0idHLY",
                    "code": 3003,
                    "msg": "投诉单处理完成，「商家回复」只可用于：待处理、处理中",
                    "standing": null,
                },
            ] }),
        }
    }
}

/// Complaints of one call at most.
pub const MOST_COMPLAINTS: usize = 1000;

/// What is to happen, and to which complaints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "BatchRequest")]
pub struct Request {
    /// `reply`, `consumer_reply`, `check_failed`, `close`, `reopen`, `note`, `assign` or `tag`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作：reply、consumer_reply、check_failed、close、reopen、note、assign、tag")]
    pub action: Option<String>,
    /// Up to 1000 complaints.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉单号，不超过 1000 个")]
    pub complaint_ids: Vec<String>,
    /// What the action takes, `complaint_id` and `version` aside.
    #[serde(flatten)]
    pub act: Act,
}

impl Request {
    /// What is to happen, to which complaints, and with what.
    pub fn query(self) -> Result<(String, Vec<String>, Act), InvalidParameter> {
        let Request { action, complaint_ids, act } = self;
        let action = action.ok_or_else(|| missing("action"))?;
        let received = complaint_ids.len();
        if received == 0 {
            return Err(missing("complaint_ids"));
        }
        if received > MOST_COMPLAINTS {
            let problem = format!(
                "收到 {received} 个，最多 {MOST_COMPLAINTS} 个 ¦ received {received}, at most {MOST_COMPLAINTS}"
            );
            return Err(InvalidParameter::new("complaint_ids", problem));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = complaint_ids.iter().find(|id| !seen.insert(id.as_str())) {
            let shown = lenient::quoted(twice);
            let problem = format!("{shown} 出现两次 ¦ {shown} is there twice");
            return Err(InvalidParameter::new("complaint_ids", problem));
        }
        if act.version.is_some() {
            let problem = "批量操作不接受版本，请逐单调用 ¦ not taken here: a version is one complaint's";
            return Err(InvalidParameter::new("version", problem));
        }
        Ok((action, complaint_ids, act.checked()?))
    }
}

/// What became of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Batch")]
pub struct Response {
    /// On how many it was done.
    #[schemars(title = "成功数")]
    pub done: i64,
    /// In the order in which they were named.
    #[schemars(title = "各投诉单的结果，顺序同请求")]
    pub list: Vec<Outcome>,
}

/// What became of one complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BatchOutcome")]
pub struct Outcome {
    /// The complaint.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// The code that a call about it alone would have been answered with.
    #[schemars(title = "返回码，同单独调用")]
    pub code: i64,
    /// Why it was not done; empty if it was.
    #[schemars(title = "未成功的原因")]
    pub msg: String,
    /// How it stands, if it was done.
    #[schemars(title = "处理情况；未成功为 null")]
    pub standing: Option<Standing>,
}
