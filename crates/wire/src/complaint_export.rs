//! `tousu.complaint.export/1.0.0`: complaints as a file, by the filter of the list or of the search, and
//! `tousu.export.get/1.0.0`: what an export was `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::codes::{ChannelType, ComplaintFrom, CurrentStep, Overtime, State};
use crate::complaint_act::{NAME_CHARACTERS, check_text};
use crate::complaint_list::{overtime_schema, time_schema};
use crate::complaint_search::{
    self, Query, channels_schema, flag_schema, hours_schema, names_schema, sources_schema, states_schema,
    steps_schema,
};
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
    /// Channels, one or several; 0 or absent: all.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉类型，可多个", schema_with = "channels_schema")]
    pub channel_type: Vec<ChannelType>,
    /// Overtime; 0 or absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否超时:0=所有,1=否,2=是(默认所有)", schema_with = "overtime_schema")]
    pub is_overtime: Option<Overtime>,
    /// States, one or several; absent or an empty string: all. 0 is a state, pending.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "处理状态，可多个；字符串空''=所有(默认所有)", schema_with = "states_schema")]
    pub state: Vec<State>,
    /// Complained at or after this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "开始时间，用于筛选投诉时间，北京时间，含", schema_with = "time_schema")]
    pub start_time: Option<BeijingTime>,
    /// Complained at or before this moment, Beijing time, inclusive.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "结束时间，用于筛选投诉时间，北京时间，含", schema_with = "time_schema")]
    pub end_time: Option<BeijingTime>,
    /// Sources, one or several. This and what follows as in `tousu.complaint.search`.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉来源，可多个", schema_with = "sources_schema")]
    pub complaint_from: Vec<ComplaintFrom>,
    /// Steps taken last in the list's numbering, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "当前所属步骤，编号同列表，可多个", schema_with = "steps_schema")]
    pub current_step: Vec<CurrentStep>,
    /// Whose work it is, one or several.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "处理人，可多个", schema_with = "names_schema")]
    pub assignee: Vec<String>,
    /// 1: nobody's work; together with `assignee`: nobody's or theirs.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "是否未分派:0=不限(默认),1=未分派；与 assignee 同给时为未分派或属于他们",
        schema_with = "flag_schema"
    )]
    pub unassigned: Option<i64>,
    /// Tags, of which it has at least one.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "标签，可多个，有其一即可", schema_with = "names_schema")]
    pub tag: Vec<String>,
    /// Complained within one of these hours of the Beijing day, 0 to 23, whichever day.
    #[serde(deserialize_with = "lenient::several", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投诉时刻的钟点（北京时间），0-23，可多个", schema_with = "hours_schema")]
    pub hour: Vec<i64>,
    /// Open, with a deadline at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "未完成且处理最后时限不早于", schema_with = "time_schema")]
    pub due_after: Option<BeijingTime>,
    /// Open, with a deadline at or before this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "未完成且处理最后时限不晚于", schema_with = "time_schema")]
    pub due_before: Option<BeijingTime>,
    /// Changed at or after this moment.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "变更时间不早于", schema_with = "time_schema")]
    pub changed_since: Option<BeijingTime>,
    /// Part of the reason as the list shows it, 2 to 100 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "问题描述中的文字，2 到 100 字，英文不分大小写")]
    pub text: Option<String>,
    /// Exactly this order or resource.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉具体资源或订单，完整编号")]
    pub complaint_resource_id: Option<String>,
    /// The last four digits of the complainant's phone number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉人手机号后四位")]
    pub phone_tail: Option<String>,
}

impl Request {
    /// Which complaints, by the rules of the search: one, if one is named, and which it must be among.
    pub fn chosen(&self) -> Result<(Option<String>, Query), InvalidParameter> {
        if let Some(operator) = &self.operator {
            check_text("operator", operator, NAME_CHARACTERS)?;
        }
        let asked = self.clone();
        let searched = complaint_search::Request {
            channel_type: asked.channel_type,
            state: asked.state,
            is_overtime: asked.is_overtime,
            complaint_from: asked.complaint_from,
            current_step: asked.current_step,
            assignee: asked.assignee,
            unassigned: asked.unassigned,
            tag: asked.tag,
            start_time: asked.start_time,
            end_time: asked.end_time,
            hour: asked.hour,
            due_after: asked.due_after,
            due_before: asked.due_before,
            changed_since: asked.changed_since,
            text: asked.text,
            complaint_resource_id: asked.complaint_resource_id,
            phone_tail: asked.phone_tail,
            ..complaint_search::Request::default()
        };
        let complaint_id = asked.complaint_id.map(|id| lenient::id("complaint_id", id)).transpose()?;
        Ok((complaint_id, searched.query()?.0))
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
