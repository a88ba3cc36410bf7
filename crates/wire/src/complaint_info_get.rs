//! `xe.complaint.info.get/1.0.0`: 获取交易投诉单详情 `[public]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::codes::{ComplaintType, DetailStep, State};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintInfoGet {}

impl Endpoint for ComplaintInfoGet {
    const NAME: &'static str = "xe.complaint.info.get";
    const TITLE: &'static str = "获取交易投诉单详情 ¦ Get one complaint";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" }),
            response: json!({
                "id": 1,
                "complaint_id": "c_661a9d66b6733_qTRys2mU",
                "app_id": "appDemo12345678",
                "state": 1,
                "complainant_user_id": "u_65fa972b227f7_qTRys2mU",
                "complainant_phone": "131****9060",
                "complaint_from": "101",
                "complaint_type": 1,
                "complaint_resource_id": "o_1710921515_65fa972b227f7_509789V2",
                "complaint_content_msg": "",
                "complaint_content_object": [],
                "complaint_reason": "要退款",
                "complaint_time": "2024-04-13 22:57:42",
                "uploaded_images": [],
                "time_limit": 72,
                "operate_time": "2024-04-13 22:57:42",
                "current_step": 2,
                "operate_end_time": "2024-04-16 22:57:42",
                "reply_list": [{
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "reply_from": "merchant",
                    "content": "您好，已为您提交退款。",
                    "images": [],
                    "time": "2024-04-14 09:12:05",
                }],
            }),
        }
    }

    fn read(data: &RawValue) -> Result<Response, serde_json::Error> {
        let mut data: Value = serde_json::from_str(data.get())?;
        if let Value::Object(complaint) = &mut data {
            lenient::answers::fill_window(complaint);
            for reply in complaint.get_mut("reply_list").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(reply) = reply
                    && !REPLY_TIMES.iter().any(|name| reply.contains_key(*name))
                {
                    reply.insert(REPLY_TIMES[0].into(), Value::Null);
                }
            }
        }
        serde_json::from_value(data)
    }
}

/// What the time of a reply is called, here and elsewhere.
const REPLY_TIMES: [&str; 3] = ["time", "reply_time", "created_at"];

/// Which complaint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The complaint's number.
    #[serde(default, deserialize_with = "lenient::optional")]
    #[schemars(title = "投诉单号", extend("example" = "c_661a9d66b6733_qTRys2mU"))]
    pub complaint_id: Option<String>,
}

impl Request {
    /// The number asked for, or the complaint that it is missing.
    pub fn complaint_id(self) -> Result<String, InvalidParameter> {
        let id = self.complaint_id.ok_or_else(|| {
            InvalidParameter::new("complaint_id", "缺少该必填参数 ¦ this required parameter is missing")
        })?;
        lenient::id("complaint_id", id)
    }
}

/// One complaint in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Complaint")]
pub struct Response {
    /// A number of the complaint's own within its shop.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "序号")]
    pub id: i64,
    /// The complaint's number.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// The shop's id.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "店铺 id")]
    pub app_id: String,
    /// Pending, in progress or done.
    #[schemars(title = "处理状态")]
    pub state: State,
    /// The complainant's user id.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉人用户 id")]
    pub complainant_user_id: String,
    /// The complainant's phone number, masked.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉人手机号(脱敏)")]
    pub complainant_phone: String,
    /// The exact source: the list's number, as a string.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉来源，编号同列表，类型为字符串")]
    pub complaint_from: String,
    /// Trade, content, or entered from a third party.
    #[schemars(title = "投诉类型")]
    pub complaint_type: ComplaintType,
    /// The order or resource complained about.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉具体资源或订单")]
    pub complaint_resource_id: String,
    /// The complaint's content; empty for the WeChat channel.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉内容；微信支付渠道为空")]
    pub complaint_content_msg: String,
    /// The content's parts.
    #[serde(default, deserialize_with = "lenient::answers::list")]
    #[schemars(title = "投诉内容对象")]
    pub complaint_content_object: Vec<Value>,
    /// What is complained about.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "问题描述")]
    pub complaint_reason: String,
    /// When the complaint was made.
    #[schemars(title = "投诉时间")]
    pub complaint_time: BeijingTime,
    /// Addresses of the complainant's pictures.
    #[serde(default, deserialize_with = "lenient::answers::list")]
    #[schemars(title = "上传的图片")]
    pub uploaded_images: Vec<String>,
    /// The window's length in hours.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "处理时限:小时")]
    pub time_limit: i64,
    /// When the current handling window opened.
    #[schemars(title = "操作时间")]
    pub operate_time: BeijingTime,
    /// The step that was taken last, in the detail's own numbering.
    #[schemars(title = "当前所属步骤，编号与列表不同")]
    pub current_step: DetailStep,
    /// When the current handling window ends.
    #[schemars(title = "处理最后时限")]
    pub operate_end_time: BeijingTime,
    /// The WeChat merchant's number; only for WeChat Pay complaints.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "微信支付子商户号，仅微信支付投诉有", with = "String")]
    pub sub_mch_id: Option<String>,
    /// What was said, oldest first.
    #[serde(default, deserialize_with = "lenient::answers::list")]
    #[schemars(title = "回复列表，从早到晚")]
    pub reply_list: Vec<Reply>,
}

// What the fields beyond the first two are called upstream is not known: what the vendor's other interfaces call them is
// read, too [ours].
/// One reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// The complaint replied to.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// Who replied: `merchant`, `consumer` or `platform` `[ours]`.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "回复方：merchant 商家，consumer 消费者，platform 平台")]
    pub reply_from: String,
    /// What was said.
    #[serde(default, deserialize_with = "lenient::text", alias = "reply_content")]
    #[schemars(title = "回复内容")]
    pub content: String,
    /// Addresses of pictures.
    #[serde(default, deserialize_with = "lenient::answers::list", alias = "reply_images")]
    #[schemars(title = "图片")]
    pub images: Vec<String>,
    // Ours always knows.
    /// When.
    #[serde(
        deserialize_with = "crate::optional_time",
        serialize_with = "crate::closed_at",
        alias = "reply_time",
        alias = "created_at"
    )]
    #[schemars(title = "回复时间", with = "BeijingTime")]
    pub time: Option<BeijingTime>,
}
