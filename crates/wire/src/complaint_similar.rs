//! `tousu.complaint.similar/1.0.0`: other complaints of the same person, order or resource `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::complaint_search::{ComplaintSearch, Row};
use crate::{Endpoint, Example, PermissionSet, RateLimit, complaint_info_get};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintSimilar {}

/// Complaints of one kind in an answer, at most.
pub const MOST_SIMILAR: usize = 20;

impl Endpoint for ComplaintSimilar {
    const NAME: &'static str = "tousu.complaint.similar";
    const TITLE: &'static str = "获取相关投诉单 ¦ Get complaints of the same person or order";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = complaint_info_get::Request;
    type Response = Response;

    fn example() -> Example {
        let mut row = ComplaintSearch::example().response["list"][0].clone();
        row["certain"] = json!(1);
        Example {
            request: json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" }),
            response: json!({ "by_user": [row], "by_order": [] }),
        }
    }
}

/// What is similar: at most 20 of each, newest first, without the complaint itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Similar")]
pub struct Response {
    /// Of the same person, as far as can be told by what is shown: by the user id, or else by the masked phone number.
    #[schemars(title = "同一投诉人的其他投诉单，最多 20 条，从新到旧")]
    pub by_user: Vec<SameUser>,
    /// About the same order or resource.
    #[schemars(title = "同一资源或订单的其他投诉单，最多 20 条，从新到旧")]
    pub by_order: Vec<Row>,
}

/// A complaint of the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SameUser {
    /// The complaint.
    #[serde(flatten)]
    pub row: Row,
    /// 1: it has the same user id; 0: only what is shown of the phone number is the same.
    #[schemars(title = "是否确为同一人：1=用户 id 相同，0=仅脱敏手机号相同")]
    pub certain: i64,
}
