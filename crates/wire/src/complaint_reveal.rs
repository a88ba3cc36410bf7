//! `tousu.complaint.reveal/1.0.0`: one phone number, whole `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{NAME_CHARACTERS, check_text, missing};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// Characters of a reason, at most.
pub const REASON_CHARACTERS: usize = 200;

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintReveal {}

impl Endpoint for ComplaintReveal {
    const NAME: &'static str = "tousu.complaint.reveal";
    const TITLE: &'static str = "查看完整手机号，记入历史 ¦ Reveal a phone number";
    const PERMISSION_SET: PermissionSet = PermissionSet::Sensitive;
    const LIMIT: RateLimit = RateLimit { calls: 20, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id", "reason"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "complaint_id": "c_661a9d66b6733_qTRys2mU",
                "reason": "电话联系消费者确认退款",
                "operator": "小李",
            }),
            response: json!({
                "complaint_id": "c_661a9d66b6733_qTRys2mU",
                "complainant_phone": "18800001474",
                "entry": 12,
            }),
        }
    }
}

/// Which number, and what for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "RevealRequest")]
pub struct Request {
    /// The complaint's number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// What for, 1 to 200 characters; kept in the history.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "原因，1 到 200 字，记入历史")]
    pub reason: Option<String>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again leaves no second entry, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只记一次")]
    pub idempotency_key: Option<String>,
}

/// The number. Its Debug output does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Revealed")]
pub struct Response {
    /// The complaint's number.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// The complainant's phone number, whole.
    #[schemars(title = "投诉人手机号，完整")]
    pub complainant_phone: String,
    /// The entry of the history that says so.
    #[schemars(title = "历史序号")]
    pub entry: i64,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Response { complaint_id, complainant_phone: _, entry } = self;
        f.debug_struct("Response")
            .field("complaint_id", complaint_id)
            .field("entry", entry)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// The complaint and the reason, if no part of the request is out of bounds.
    pub fn checked(&self) -> Result<(String, String), InvalidParameter> {
        let id = self.complaint_id.clone().ok_or_else(|| missing("complaint_id"))?;
        let reason = checked_reason(self.reason.as_deref())?;
        check_names(self.operator.as_deref(), self.idempotency_key.as_deref())?;
        Ok((lenient::id("complaint_id", id)?, reason))
    }
}

/// The reason for looking at a person's data or taking it away, which must be there.
pub(crate) fn checked_reason(reason: Option<&str>) -> Result<String, InvalidParameter> {
    let reason = reason.ok_or_else(|| missing("reason"))?;
    check_text("reason", reason, REASON_CHARACTERS)?;
    Ok(reason.to_owned())
}

pub(crate) fn check_names(operator: Option<&str>, key: Option<&str>) -> Result<(), InvalidParameter> {
    check_text("operator", operator.unwrap_or_default(), NAME_CHARACTERS)?;
    check_text("idempotency_key", key.unwrap_or_default(), NAME_CHARACTERS)
}
