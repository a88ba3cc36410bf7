//! `tousu.app.usage/1.0.0`: how often an application called, day by day `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{LIMIT, which};
use crate::checks::within;
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum AppUsage {}

/// What `days` may be.
const DAYS: std::ops::RangeInclusive<i64> = 1..=90;
const DEFAULT_DAYS: i64 = 30;

impl Endpoint for AppUsage {
    const NAME: &'static str = "tousu.app.usage";
    const TITLE: &'static str = "获取应用调用统计 ¦ Get how often an application called";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["client_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "client_id": "xopXXXXXXXXXXXX", "days": 2 }),
            response: json!({
                "client_id": "xopXXXXXXXXXXXX",
                "by_day": [
                    { "day": "2024-04-30", "calls": 8640, "refused": 2 },
                    { "day": "2024-05-01", "calls": 4320, "refused": 0 },
                ],
            }),
        }
    }
}

fn days_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["integer", "string", "null"],
        "minimum": DAYS.start(),
        "maximum": DAYS.end(),
        "default": DEFAULT_DAYS,
    })
}

/// Whose calls, and how far back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "AppUsageRequest")]
pub struct Request {
    /// The application's id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "应用 id")]
    pub client_id: Option<String>,
    /// How many days, today included, 1 to 90; default 30.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "天数，含今日：1-90，默认 30", schema_with = "days_schema")]
    pub days: Option<i64>,
}

impl Request {
    /// The application and the number of days, if they are within bounds.
    pub fn checked(&self) -> Result<(String, i64), InvalidParameter> {
        let days = within("days", self.days.unwrap_or(DEFAULT_DAYS), DAYS)?;
        Ok((which(self.client_id.as_ref())?, days))
    }
}

/// How often an application called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AppUsage")]
pub struct Response {
    /// The application's id.
    #[schemars(title = "应用 id")]
    pub client_id: String,
    /// Every Beijing day that was asked for, oldest first. What other nodes counted in the last few seconds may be
    /// missing.
    #[schemars(title = "逐日（北京时间），从早到晚；其他节点最近几秒的可能尚未计入")]
    pub by_day: Vec<OfDay>,
}

/// The calls of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AppUsageOfDay")]
pub struct OfDay {
    /// `yyyy-MM-dd`.
    #[schemars(title = "日期：yyyy-MM-dd")]
    pub day: String,
    /// All of them, refused ones included.
    #[schemars(title = "调用次数，含被拒绝的")]
    pub calls: i64,
    /// Those that were answered with another code than 0.
    #[schemars(title = "返回码不为 0 的次数")]
    pub refused: i64,
}
