//! `xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0`: 获取B端投诉列表 `[page]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use crate::checks::within;
use crate::codes::{
    ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State, filter_schema,
};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

mod received;

pub use received::{Received, UnreadableRow};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintList {}

impl Endpoint for ComplaintList {
    const NAME: &'static str = "xe.pay_through.complaint_record.xe.b_complaints.list";
    const TITLE: &'static str = "获取B端投诉列表 ¦ List complaints";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "complaint_id": "",
                "state": "",
                "channel_type": 0,
                "is_overtime": 0,
                "page": 1,
                "page_size": 10,
            }),
            response: json!({
                "list": [{
                    "channel_type": 1,
                    "closed_at": "2024-04-29 11:21:38",
                    "complainant_phone": "188****1474",
                    "complaint_from": 101,
                    "complaint_id": "c_6621e41fa5e18_dA0idHLY",
                    "complaint_reason": "要退款",
                    "complaint_resource_id": "E20240417180801783546V2",
                    "complaint_resource_type": 0,
                    "complaint_time": "2024-04-19 11:25:19",
                    "complaint_type": 1,
                    "current_step": 2,
                    "is_overtime": 2,
                    "operate_end_time": "2024-04-22 11:25:19",
                    "operate_time": "2024-04-19 11:25:19",
                    "state": 2,
                    "time_limit": 72,
                }],
                "total": 28,
            }),
        }
    }

    fn read(data: &RawValue) -> Result<Response, serde_json::Error> {
        let received: Received = serde_json::from_str(data.get())?;
        Response::try_from(received).map_err(serde::de::Error::custom)
    }
}

/// What `page_size` may be `[ours]`: outside is refused, since a silent cap would cost a client rows.
pub const PAGE_SIZES: std::ops::RangeInclusive<i64> = 1..=1000;
/// `page_size` if absent `[page]`.
pub const DEFAULT_PAGE_SIZE: i64 = 10;

fn page_size_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "minimum": 1, "maximum": 1000, "default": 10 })
}

fn page_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["integer", "string", "null"], "minimum": 1, "default": 1 })
}

pub(crate) fn channel_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    filter_schema::<ChannelType>(Some(0))
}

pub(crate) fn overtime_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    filter_schema::<Overtime>(Some(0))
}

pub(crate) fn state_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    filter_schema::<State>(None)
}

pub(crate) fn time_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "null"], "example": "2024-04-19 11:25:19" })
}

/// The filter and the page, as sent; [`Request::query`] checks them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Request {
    /// Rows per page, 1 to 1000; default 10.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "每页尺寸，1 到 1000；默认10", schema_with = "page_size_schema")]
    pub page_size: Option<i64>,
    /// The page, from 1; default 1.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "页码，从 1 开始；默认1", schema_with = "page_schema")]
    pub page: Option<i64>,
    /// Exactly this complaint.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// The channel; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "投诉类型:0=所有,1=店铺,2=小鹅通平台,3=微信支付,4=支付宝",
        schema_with = "channel_schema"
    )]
    pub channel_type: Option<ChannelType>,
    /// Overtime; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否超时:0=所有,1=否,2=是(默认所有)", schema_with = "overtime_schema")]
    pub is_overtime: Option<Overtime>,
    /// The state; absent or an empty string: all. 0 is a state, pending.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "处理状态:0=待处理,1=处理中,2=处理完成,字符串空''=所有(默认所有)",
        schema_with = "state_schema"
    )]
    pub state: Option<State>,
    /// Complained at or after this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "开始时间,用于筛选投诉时间,格式是:yyyy-MM-dd HH:mm:ss，北京时间，含",
        schema_with = "time_schema"
    )]
    pub start_time: Option<BeijingTime>,
    /// Complained at or before this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "结束时间,用于筛选投诉时间,格式是: yyyy-MM-dd HH:mm:ss，北京时间，含",
        schema_with = "time_schema"
    )]
    pub end_time: Option<BeijingTime>,
}

/// Which complaints are meant. `None` everywhere means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Exactly this complaint.
    pub complaint_id: Option<String>,
    /// Only this channel.
    pub channel_type: Option<ChannelType>,
    /// Only late, or only in time.
    pub is_overtime: Option<Overtime>,
    /// Only this state.
    pub state: Option<State>,
    /// Complained at or after.
    pub start_time: Option<BeijingTime>,
    /// Complained at or before.
    pub end_time: Option<BeijingTime>,
}

impl From<Filter> for Request {
    /// Asks for the complaints that are meant, by the page and the page size that hold if none are said.
    fn from(filter: Filter) -> Self {
        let Filter { complaint_id, channel_type, is_overtime, state, start_time, end_time } = filter;
        let (page, page_size) = (None, None);
        Request { page_size, page, complaint_id, channel_type, is_overtime, state, start_time, end_time }
    }
}

/// One page of the complaints that match, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// Rows to leave out.
    pub offset: i64,
    /// Rows to show at most.
    pub size: i64,
}

impl Request {
    /// The checked request, or the first parameter that is out of bounds.
    pub fn query(self) -> Result<(Filter, Page), InvalidParameter> {
        let size = within("page_size", self.page_size.unwrap_or(DEFAULT_PAGE_SIZE), PAGE_SIZES)?;
        let page = self.page.unwrap_or(1);
        if page < 1 {
            let problem = format!("收到 {page}，应不小于 1 ¦ received {page}, allowed is 1 or more");
            return Err(InvalidParameter::new("page", problem));
        }
        if let (Some(start), Some(end)) = (self.start_time, self.end_time)
            && start > end
        {
            let problem =
                format!("开始时间 {start} 晚于结束时间 {end} ¦ the start {start} is after the end {end}");
            return Err(InvalidParameter::new("start_time", problem));
        }
        let filter = Filter {
            complaint_id: self.complaint_id.map(|id| lenient::id("complaint_id", id)).transpose()?,
            channel_type: listed("channel_type", self.channel_type.filter(|code| code.number() != 0), "0, ")?,
            is_overtime: listed("is_overtime", self.is_overtime.filter(|code| code.number() != 0), "0, ")?,
            state: listed("state", self.state, "\"\", ")?,
            start_time: self.start_time,
            end_time: self.end_time,
        };
        Ok((filter, Page { offset: (page - 1).saturating_mul(size), size }))
    }
}

/// A filter takes only the codes that the page lists; `all` is what stands for no filter.
pub(crate) fn listed<T: CodeTable>(
    name: &str,
    code: Option<T>,
    all: &str,
) -> Result<Option<T>, InvalidParameter> {
    match code {
        Some(unlisted) if unlisted.label().is_none() => {
            let allowed: Vec<String> = T::LISTED.iter().map(|row| row.0.to_string()).collect();
            let (number, allowed) = (unlisted.number(), allowed.join(", "));
            let problem = format!(
                "收到 {number}，应为 {all}{allowed} 之一 ¦ received {number}, allowed is one of {all}{allowed}"
            );
            Err(InvalidParameter::new(name, problem))
        }
        code => Ok(code),
    }
}

/// One page of rows and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ComplaintPage")]
pub struct Response {
    /// The page's rows, newest first.
    #[schemars(title = "投诉列表")]
    pub list: Vec<Row>,
    /// The exact number of complaints that match, from the same snapshot as the list.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "投诉总数")]
    pub total: i64,
}

/// `msg` of a success `[page]`.
pub const SUCCESS: &str = "操作成功";

/// A complaint as the list shows it: the page's 16 keys in the order of the page's example, with
/// the example's JSON types (the page's type column contradicts its example).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ComplaintRow")]
pub struct Row {
    /// Through which channel it came.
    #[schemars(title = "投诉类型")]
    pub channel_type: ChannelType,
    /// When it was closed; `1970-01-02 00:00:00` while it is open.
    #[serde(default, deserialize_with = "crate::optional_time", serialize_with = "crate::closed_at")]
    #[schemars(title = "结单时间；未结单时为 1970-01-02 00:00:00", with = "BeijingTime")]
    pub closed_at: Option<BeijingTime>,
    /// The complainant's phone number, masked.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉人手机号(脱敏)")]
    pub complainant_phone: String,
    /// The exact source.
    #[schemars(title = "投诉来源")]
    pub complaint_from: ComplaintFrom,
    /// The complaint's number, for example `c_6621e41fa5e18_dA0idHLY`.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// What is complained about, in the complainant's words.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "问题描述")]
    pub complaint_reason: String,
    /// The order or resource complained about.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schemars(title = "投诉具体资源或订单")]
    pub complaint_resource_id: String,
    /// The kind of resource; the page shows 0 and lists no meanings.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "投诉资源类型")]
    pub complaint_resource_type: i64,
    /// When the complaint was made.
    #[schemars(title = "投诉时间")]
    pub complaint_time: BeijingTime,
    /// Trade, or entered from a third party.
    #[schemars(title = "投诉类型:1 交易投诉,3 第三方平台录入")]
    pub complaint_type: ComplaintType,
    /// The step that was taken last.
    #[schemars(title = "当前所属步骤")]
    pub current_step: CurrentStep,
    /// Whether the deadline was missed, at this moment.
    #[schemars(title = "是否超时")]
    pub is_overtime: Overtime,
    /// When the current handling window ends.
    #[schemars(title = "处理最后时限")]
    pub operate_end_time: BeijingTime,
    /// When the current handling window opened.
    #[schemars(title = "操作时间")]
    pub operate_time: BeijingTime,
    /// Pending, in progress or done.
    #[schemars(title = "处理状态")]
    pub state: State,
    /// The window's length in hours.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "处理时限:小时")]
    pub time_limit: i64,
}
