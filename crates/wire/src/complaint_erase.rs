//! `tousu.complaint.erase/1.0.0`: a person's data is taken away for good `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{check_text, flag};
use crate::complaint_reveal::{check_names, checked_reason};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintErase {}

impl Endpoint for ComplaintErase {
    const NAME: &'static str = "tousu.complaint.erase";
    const TITLE: &'static str = "清除个人信息，不可恢复 ¦ Erase a person's data";
    const PERMISSION_SET: PermissionSet = PermissionSet::Sensitive;
    const LIMIT: RateLimit = RateLimit { calls: 20, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["reason"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "complainant_user_id": "u_5fa2b8f1c9d34_Kq3bLwXyz0",
                "reason": "消费者要求删除个人信息",
                "dry_run": 1,
            }),
            response: json!({
                "complaint_ids": ["c_661a9d66b6733_qTRys2mU"],
                "more": false,
                "dry_run": true,
            }),
        }
    }
}

/// Whose data: exactly one of `complaint_id`, `complainant_user_id` and `complainant_phone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "EraseRequest")]
pub struct Request {
    /// Of this complaint.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// Of all complaints of this user.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人用户 id：其全部投诉单")]
    pub complainant_user_id: Option<String>,
    /// Of all complaints of whoever has this number, where it is kept whole.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人手机号：保存有该完整号码的全部投诉单")]
    pub complainant_phone: Option<String>,
    /// What for, 1 to 200 characters; kept in the history.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "原因，1 到 200 字，记入历史")]
    pub reason: Option<String>,
    /// 1: nothing is taken away, the complaints are only named.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "仅列出将清除的投诉单：0=否,1=是(默认否)")]
    pub dry_run: Option<i64>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

/// What was taken away, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Erased")]
pub struct Response {
    /// The complaints, at most 100.
    #[schemars(title = "投诉单号，每次不超过 100 个")]
    pub complaint_ids: Vec<String>,
    /// Whether there are more, for which the call is made again.
    #[schemars(title = "是否还有：再次调用以继续")]
    pub more: bool,
    /// Whether nothing was taken away.
    #[schemars(title = "是否仅列出")]
    pub dry_run: bool,
}

impl Request {
    /// The reason, if no part of the request is out of bounds.
    pub fn checked(&self) -> Result<String, InvalidParameter> {
        let whose = [
            ("complaint_id", &self.complaint_id, 256),
            ("complainant_user_id", &self.complainant_user_id, 128),
            ("complainant_phone", &self.complainant_phone, 32),
        ];
        let given = whose.iter().filter(|one| one.1.is_some()).count();
        if given != 1 {
            let problem = format!(
                "收到 {given} 个，complaint_id、complainant_user_id、complainant_phone 应恰有其一 ¦ received {given}: exactly one of complaint_id, complainant_user_id and complainant_phone is needed"
            );
            return Err(InvalidParameter::new(".", problem));
        }
        for (name, text, most) in whose {
            check_text(name, text.as_deref().unwrap_or_default(), most)?;
        }
        flag("dry_run", self.dry_run)?;
        check_names(self.operator.as_deref(), self.idempotency_key.as_deref())?;
        checked_reason(self.reason.as_deref())
    }
}
