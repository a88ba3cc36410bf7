//! `tousu.complaint.get/1.0.0`: everything about one complaint `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::complaint_act::Standing;
use crate::complaint_info_get::{self, ComplaintInfoGet, Request};
use crate::{Endpoint, Example, PermissionSet, RateLimit};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintGet {}

impl Endpoint for ComplaintGet {
    const NAME: &'static str = "tousu.complaint.get";
    const TITLE: &'static str = "获取投诉单全部信息 ¦ Get everything about one complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        let info = ComplaintInfoGet::example();
        let standing = crate::complaint_act::Reply::example();
        Example {
            request: info.request,
            response: json!({ "standing": standing.response, "info": info.response }),
        }
    }
}

/// A complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WholeComplaint")]
pub struct Response {
    /// How it stands.
    #[schemars(title = "处理情况")]
    pub standing: Standing,
    /// What the detail interface has of it, replies included.
    #[schemars(title = "详情，同 xe.complaint.info.get")]
    pub info: complaint_info_get::Response,
}
