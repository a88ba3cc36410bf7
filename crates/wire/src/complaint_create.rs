//! `tousu.complaint.create/1.0.0`: a complaint begins `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{NAME_CHARACTERS, check_text, missing};
use crate::codes::{ChannelType, ComplaintFrom, ComplaintType};
use crate::complaint_act::{SAID_CHARACTERS, Standing, check_images};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintCreate {}

impl Endpoint for ComplaintCreate {
    const NAME: &'static str = "tousu.complaint.create";
    const TITLE: &'static str = "新建投诉单 ¦ Create a complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_reason"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "complaint_reason": "要退款",
                "complainant_phone": "18812341474",
                "complaint_resource_id": "E20240417180801783546V2",
                "idempotency_key": "create-1",
            }),
            response: json!({
                "created": true,
                "complaint": {
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "version": 6,
                    "state": 0,
                    "current_step": 1,
                    "detail_step": 1,
                    "is_overtime": 1,
                    "operate_time": "2024-04-13 22:57:42",
                    "time_limit": 72,
                    "operate_end_time": "2024-04-16 22:57:42",
                    "closed_at": "1970-01-02 00:00:00",
                    "assignee": "",
                    "tags": [],
                },
            }),
        }
    }
}

/// The complaint, as sent; [`Request::checked`] checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Request {
    /// Who brings it: `consumer` (default, through the shop), `platform`, or `third_party`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "来自：consumer 消费者(默认)，platform 平台录入(需 投诉管理-平台)，third_party 第三方"
    )]
    pub by: Option<String>,
    /// The channel; default: the shop's, the platform's, or what the source says.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉类型:1=店铺,2=小鹅通平台,3=微信支付,4=支付宝", with = "Option<i64>")]
    pub channel_type: Option<ChannelType>,
    /// The exact source; default 101, the H5 shop.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉来源，编号同列表；默认 101", with = "Option<i64>")]
    pub complaint_from: Option<ComplaintFrom>,
    /// Trade (default), content, or entered from a third party.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉类型:1 交易投诉(默认),2 内容投诉,3 第三方平台录入", with = "Option<i64>")]
    pub complaint_type: Option<ComplaintType>,
    /// The kind of resource.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉资源类型")]
    pub complaint_resource_type: Option<i64>,
    /// The order or resource complained about.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉具体资源或订单")]
    pub complaint_resource_id: Option<String>,
    /// What is complained about, up to 2000 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "问题描述，不超过 2000 字")]
    pub complaint_reason: Option<String>,
    /// The complaint in its own words.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉内容，不超过 2000 字")]
    pub complaint_content_msg: Option<String>,
    /// The complainant's phone number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人手机号")]
    pub complainant_phone: Option<String>,
    /// The complainant's user id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人用户 id")]
    pub complainant_user_id: Option<String>,
    /// Addresses of up to 9 pictures, https.
    #[serde(deserialize_with = "lenient::array", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "图片地址，https，不超过 9 张")]
    pub uploaded_images: Vec<String>,
    /// The WeChat merchant's number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "微信支付子商户号")]
    pub sub_mch_id: Option<String>,
    /// When it was made; default: now.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉时间；默认现在", with = "Option<String>")]
    pub complaint_time: Option<BeijingTime>,
    /// The source's own number: the same one of the same source is not created twice.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "来源单号；同一来源的同一单号只建一次")]
    pub source_number: Option<String>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Created")]
pub struct Response {
    /// Whether it is new; `false` if the source's number was there.
    #[schemars(title = "是否新建；来源单号已有则为否")]
    pub created: bool,
    /// How it stands.
    #[schemars(title = "投诉单")]
    pub complaint: Standing,
}

impl Request {
    /// What is complained about, which must be there.
    pub fn reason(&self) -> Result<&str, InvalidParameter> {
        self.complaint_reason.as_deref().ok_or_else(|| missing("complaint_reason"))
    }

    /// The request, if no part of it is out of bounds.
    pub fn checked(self) -> Result<Self, InvalidParameter> {
        let texts = [
            ("complaint_resource_id", &self.complaint_resource_id, 128),
            ("complaint_reason", &self.complaint_reason, SAID_CHARACTERS),
            ("complaint_content_msg", &self.complaint_content_msg, SAID_CHARACTERS),
            ("complainant_phone", &self.complainant_phone, 32),
            ("complainant_user_id", &self.complainant_user_id, 128),
            ("sub_mch_id", &self.sub_mch_id, NAME_CHARACTERS),
            ("source_number", &self.source_number, 128),
            ("operator", &self.operator, NAME_CHARACTERS),
            ("idempotency_key", &self.idempotency_key, NAME_CHARACTERS),
        ];
        for (name, text, most) in texts {
            text.as_deref().map_or(Ok(()), |text| check_text(name, text, most))?;
        }
        check_images("uploaded_images", &self.uploaded_images)?;
        Ok(self)
    }
}
