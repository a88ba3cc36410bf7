//! `tousu.complaint.export/1.0.0`: the complaints of the list as a file, and `tousu.export.get/1.0.0`: what an export
//! was `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::codes::{ChannelType, Overtime, State};
use crate::complaint_act::{NAME_CHARACTERS, check_text};
use crate::complaint_list::{self, Filter};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, Lang, PermissionSet, RateLimit, lenient};

/// The endpoint whose answer is a file.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintExport {}

/// The header of the answer with the export's number.
pub const EXPORT_ID: &str = "x-export-id";

impl Endpoint for ComplaintExport {
    const NAME: &'static str = "tousu.complaint.export";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "导出投诉单 ¦ Export complaints as a file";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 10, seconds: 60 };
    const FILES: &'static [&'static str] = &[
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/x-ndjson",
    ];
    type Request = Request;
    type Response = ();

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "format": "csv", "state": 0, "start_time": "2024-04-01 00:00:00" }),
            response: Value::Null,
        }
    }
}

/// The endpoint that tells what an export was.
#[derive(Clone, Copy, Debug)]
pub enum ExportGet {}

impl Endpoint for ExportGet {
    const NAME: &'static str = "tousu.export.get";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "获取导出清单 ¦ Get what an export was";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["export_id"];
    type Request = GetRequest;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "export_id": 12 }),
            response: json!({
                "export_id": 12,
                "begun_at": "2024-05-01 12:00:00",
                "operator": "小李",
                "client_id": "xopExample",
                "complete": true,
                "manifest": {
                    "program": "tousu 0.1.0",
                    "created_at": "2024-05-01T12:00:00+08:00",
                    "format": "csv",
                    "zone": "Asia/Shanghai (UTC+08:00)",
                    "filter": { "state": 0 },
                    "rows": 28,
                    "cut": 0,
                    "bytes": 9120,
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "columns": [{ "key": "complaint_id", "heading": "投诉单号", "kind": "id" }],
                },
            }),
        }
    }
}

/// Which complaints, and in which form, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "ExportRequest")]
pub struct Request {
    /// The file's form: `csv` (default), `xlsx` or `ndjson`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "文件格式：csv(默认)、xlsx 或 ndjson")]
    pub format: Option<String>,
    /// The language of headings and labels: `zh` or `en`; default: the server's.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "表头与代码的语言：zh 或 en；默认同服务")]
    pub lang: Option<String>,
    /// Who exports, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// Exactly this complaint.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// The channel; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "投诉类型:0=所有,1=店铺,2=小鹅通平台,3=微信支付,4=支付宝",
        schema_with = "complaint_list::channel_schema"
    )]
    pub channel_type: Option<ChannelType>,
    /// Overtime; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "是否超时:0=所有,1=否,2=是(默认所有)",
        schema_with = "complaint_list::overtime_schema"
    )]
    pub is_overtime: Option<Overtime>,
    /// The state; absent or an empty string: all. 0 is a state, pending.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "处理状态:0=待处理,1=处理中,2=处理完成,字符串空''=所有(默认所有)",
        schema_with = "complaint_list::state_schema"
    )]
    pub state: Option<State>,
    /// Complained at or after this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "开始时间，用于筛选投诉时间，北京时间，含",
        schema_with = "complaint_list::time_schema"
    )]
    pub start_time: Option<BeijingTime>,
    /// Complained at or before this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "结束时间，用于筛选投诉时间，北京时间，含",
        schema_with = "complaint_list::time_schema"
    )]
    pub end_time: Option<BeijingTime>,
}

impl Request {
    /// The filter, by the rules of the list.
    pub fn filter(&self) -> Result<Filter, InvalidParameter> {
        if let Some(operator) = &self.operator {
            check_text("operator", operator, NAME_CHARACTERS)?;
        }
        let listed = complaint_list::Request {
            complaint_id: self.complaint_id.clone(),
            channel_type: self.channel_type,
            is_overtime: self.is_overtime,
            state: self.state,
            start_time: self.start_time,
            end_time: self.end_time,
            ..complaint_list::Request::default()
        };
        Ok(listed.query()?.0)
    }

    /// The language that was asked for.
    pub fn lang(&self, default: Lang) -> Result<Lang, InvalidParameter> {
        match self.lang.as_deref() {
            None => Ok(default),
            Some("zh") => Ok(Lang::Zh),
            Some("en") => Ok(Lang::En),
            Some(other) => {
                let shown = lenient::quoted(other);
                let problem = format!("收到 {shown}，应为 zh 或 en ¦ received {shown}, expected zh or en");
                Err(InvalidParameter::new("lang", problem))
            }
        }
    }
}

/// Which export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "ExportGetRequest")]
pub struct GetRequest {
    /// The number that the answer with the file had in its header `X-Export-Id`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "导出编号，见导出应答的 X-Export-Id")]
    pub export_id: Option<i64>,
}

impl GetRequest {
    /// The number, which must be there.
    pub fn export_id(&self) -> Result<i64, InvalidParameter> {
        self.export_id.ok_or_else(|| InvalidParameter::new("export_id", "缺少该参数 ¦ it is missing"))
    }
}

/// What an export was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ExportRecord")]
pub struct Response {
    /// Its number: that of its first entry in the shop's history.
    #[schemars(title = "导出编号")]
    pub export_id: i64,
    /// When it began.
    #[schemars(title = "开始时间")]
    pub begun_at: BeijingTime,
    /// Who exported.
    #[schemars(title = "操作人")]
    pub operator: String,
    /// Through which app.
    #[schemars(title = "应用")]
    pub client_id: String,
    /// Whether the whole file was made: if not, the export is under way or was cut off.
    #[schemars(title = "是否完整：否则仍在进行，或已中断")]
    pub complete: bool,
    /// The file's filter, rows, bytes, SHA-256 and columns; `null` unless it is complete.
    #[schemars(title = "清单：筛选、行数、字节数、SHA-256 与各列；未完整时为 null")]
    pub manifest: Value,
}
