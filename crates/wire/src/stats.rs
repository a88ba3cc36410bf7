//! `tousu.stats.get/1.0.0`: how many complaints there are, how late, how soon they were answered `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{in_order, values};
use crate::codes::{ChannelType, ComplaintFrom, State};
use crate::complaint_filter::{channels, channels_schema, sources_schema};
use crate::complaint_list::time_schema;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum StatsGet {}

impl Endpoint for StatsGet {
    const NAME: &'static str = "tousu.stats.get";
    const TITLE: &'static str = "获取投诉统计 ¦ Get statistics of complaints";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 50, seconds: 10 };
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        let hours = (0..24).map(|hour| {
            let (total, overtime) = if hour == 11 { (28, 7) } else { (0, 0) };
            json!({ "hour": hour, "total": total, "overtime": overtime })
        });
        Example {
            request: json!({
                "access_token": "xxxxx",
                "start_time": "2024-04-01 00:00:00",
                "end_time": "2024-04-30 23:59:59",
                "channel_type": [1],
            }),
            response: json!({
                "as_of": "2024-05-01 12:00:00",
                "total": 28,
                "overtime": 7,
                "overtime_rate": 0.25,
                "by_channel": [{ "channel_type": 1, "total": 28, "overtime": 7 }],
                "by_source": [{ "complaint_from": 101, "total": 28, "overtime": 7 }],
                "by_state": [{ "state": 0, "total": 3, "overtime": 1 }, { "state": 2, "total": 25, "overtime": 6 }],
                "by_day": [{ "day": "2024-04-19", "total": 28, "overtime": 7 }],
                "new_today": 0,
                "by_hour": hours.collect::<Vec<_>>(),
                "by_resource": [
                    { "complaint_resource_id": "p_6621e41fa5e18_dA0idHLY", "total": 9, "overtime": 2, "open": 1 },
                ],
                "first_reply": { "count": 26, "median_seconds": 5400, "p90_seconds": 86400 },
                "closing": { "count": 25, "median_seconds": 172800, "p90_seconds": 250000 },
                "due": { "overdue": 1, "within_1_hour": 0, "within_4_hours": 1, "within_24_hours": 2, "today": 1 },
                "by_assignee": [{ "assignee": "小李", "open": 3, "overdue": 1, "closed": 25 }],
            }),
        }
    }
}

/// Which complaints are counted, as sent; [`Request::query`] checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "StatsRequest")]
pub struct Request {
    /// Complained at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉时间不早于", schema_with = "time_schema")]
    pub start_time: Option<BeijingTime>,
    /// Complained at or before this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉时间不晚于", schema_with = "time_schema")]
    pub end_time: Option<BeijingTime>,
    /// Channels, one or several; 0 or absent: all.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉类型，可多个", schema_with = "channels_schema")]
    pub channel_type: Vec<ChannelType>,
    /// Sources, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉来源，可多个", schema_with = "sources_schema")]
    pub complaint_from: Vec<ComplaintFrom>,
}

/// Which complaints are counted. Nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of Request, checked")]
pub struct Query {
    pub start_time: Option<BeijingTime>,
    pub end_time: Option<BeijingTime>,
    pub channel_type: Vec<ChannelType>,
    pub complaint_from: Vec<ComplaintFrom>,
}

impl Request {
    /// The checked request, or the first parameter that is out of bounds.
    pub fn query(self) -> Result<Query, InvalidParameter> {
        in_order("start_time", self.start_time, self.end_time)?;
        Ok(Query {
            start_time: self.start_time,
            end_time: self.end_time,
            channel_type: channels(self.channel_type)?,
            complaint_from: values("complaint_from", self.complaint_from)?,
        })
    }
}

/// What was counted: all of it in one snapshot, and by the clock at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Stats")]
pub struct Response {
    /// At which moment what is open was overtime or due.
    #[schemars(title = "统计时刻")]
    pub as_of: BeijingTime,
    /// Complaints in all.
    #[schemars(title = "投诉总数")]
    pub total: i64,
    /// Of them overtime, by the rule of the list's `is_overtime`.
    #[schemars(title = "超时数")]
    pub overtime: i64,
    /// Overtime through total, from 0 to 1 with up to four digits; 0 without any complaint.
    #[schemars(title = "超时率：0 到 1，四位小数")]
    pub overtime_rate: f64,
    /// By channel, by its number.
    #[schemars(title = "按投诉类型")]
    pub by_channel: Vec<OfChannel>,
    /// By source, by its number.
    #[schemars(title = "按投诉来源")]
    pub by_source: Vec<OfSource>,
    /// By state, by its number.
    #[schemars(title = "按处理状态")]
    pub by_state: Vec<OfState>,
    /// By the Beijing day of the complaint, oldest first; days without any are left out.
    #[schemars(title = "按投诉日期（北京时间），从早到晚，没有投诉的日期不列")]
    pub by_day: Vec<OfDay>,
    /// Those of the current Beijing day.
    #[schemars(title = "今日（北京时间）投诉数")]
    pub new_today: i64,
    /// By the hour of the Beijing day at which they were made, all 24, in order.
    #[schemars(title = "按投诉时刻的钟点（北京时间），24 项俱全")]
    pub by_hour: Vec<OfHour>,
    /// By resource or order, those with the most first, at most 20; what names none is left out.
    #[schemars(title = "按投诉资源或订单，最多的 20 个，多的在前；没有的不计")]
    pub by_resource: Vec<OfResource>,
    /// From the complaint to the merchant's first reply, of those that have one.
    #[schemars(title = "投诉至商家首次回复的用时")]
    pub first_reply: Durations,
    /// From the complaint to its closing, of those that are closed.
    #[schemars(title = "投诉至结单的用时")]
    pub closing: Durations,
    /// Open complaints by when they are due.
    #[schemars(title = "未完成投诉的时限")]
    pub due: Due,
    /// By assignee, those with the most open first; an empty name is nobody.
    #[schemars(title = "按处理人，未完成多的在前；空为未分派")]
    pub by_assignee: Vec<OfAssignee>,
}

/// How many complaints there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    /// All of them.
    #[schemars(title = "投诉数")]
    pub total: i64,
    /// Those that are overtime.
    #[schemars(title = "超时数")]
    pub overtime: i64,
}

impl std::ops::AddAssign for Counted {
    fn add_assign(&mut self, more: Self) {
        self.total += more.total;
        self.overtime += more.overtime;
    }
}

/// The complaints of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfChannel {
    #[schemars(title = "投诉类型")]
    pub channel_type: ChannelType,
    #[serde(flatten)]
    pub counted: Counted,
}

/// The complaints of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfSource {
    #[schemars(title = "投诉来源")]
    pub complaint_from: ComplaintFrom,
    #[serde(flatten)]
    pub counted: Counted,
}

/// The complaints in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfState {
    #[schemars(title = "处理状态")]
    pub state: State,
    #[serde(flatten)]
    pub counted: Counted,
}

/// The complaints of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfDay {
    /// `yyyy-MM-dd`.
    #[schemars(title = "日期：yyyy-MM-dd")]
    pub day: String,
    #[serde(flatten)]
    pub counted: Counted,
}

/// The complaints made in one hour of the day, whichever day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfHour {
    /// 0 to 23.
    #[schemars(title = "钟点：0-23")]
    pub hour: i64,
    #[serde(flatten)]
    pub counted: Counted,
}

/// The complaints about one resource or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "as in Response")]
pub struct OfResource {
    #[schemars(title = "投诉具体资源或订单")]
    pub complaint_resource_id: String,
    #[serde(flatten)]
    pub counted: Counted,
    /// Open ones, overdue ones included.
    #[schemars(title = "未完成数，含已超时")]
    pub open: i64,
}

/// How long something took, in seconds, by the nearest rank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Durations {
    /// Of how many complaints.
    #[schemars(title = "投诉数")]
    pub count: i64,
    /// Half of them took no longer; null if there are none.
    #[schemars(title = "中位数，秒；没有时为 null")]
    pub median_seconds: Option<i64>,
    /// Nine of ten took no longer; null if there are none.
    #[schemars(title = "90 百分位，秒；没有时为 null")]
    pub p90_seconds: Option<i64>,
}

/// Open complaints by when they are due. Who is due within an hour is due within four as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// Already overdue.
    #[schemars(title = "已超时")]
    pub overdue: i64,
    /// Due now or within an hour.
    #[schemars(title = "1 小时内到期")]
    pub within_1_hour: i64,
    /// Due now or within four hours.
    #[schemars(title = "4 小时内到期")]
    pub within_4_hours: i64,
    /// Due now or within 24 hours.
    #[schemars(title = "24 小时内到期")]
    pub within_24_hours: i64,
    /// Due now or until the end of the current Beijing day, 24:00 included.
    #[schemars(title = "今日内到期，含 24:00")]
    pub today: i64,
}

/// The complaints of one assignee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfAssignee {
    /// Whose work they are; empty: nobody's.
    #[schemars(title = "处理人；空为未分派")]
    pub assignee: String,
    /// Open ones, overdue ones included.
    #[schemars(title = "未完成数，含已超时")]
    pub open: i64,
    /// Open and overdue.
    #[schemars(title = "未完成且已超时数")]
    pub overdue: i64,
    /// Closed ones.
    #[schemars(title = "已完成数")]
    pub closed: i64,
}
