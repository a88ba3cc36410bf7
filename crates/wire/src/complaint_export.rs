//! `tousu.complaint.export/1.0.0`: complaints as a file, by the filter of the list or of the search, and
//! `tousu.export.get/1.0.0`: what an export was `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::{NAME_CHARACTERS, check_text, missing};
use crate::complaint_filter::Query;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, Lang, PermissionSet, RateLimit, lenient};

pub use crate::complaint_filter::Request;

/// The endpoint whose answer is a file.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintExport {}

/// The header of the answer with the export's number.
pub const EXPORT_ID: &str = "x-export-id";

impl Endpoint for ComplaintExport {
    const NAME: &'static str = "tousu.complaint.export";
    const TITLE: &'static str = "导出投诉单 ¦ Export complaints as a file";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 10, seconds: 60 };
    const FILES: &'static [&'static str] = &[
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/x-ndjson",
    ];
    const TAKES: Option<&'static [&'static str]> = Some(&[
        "format",
        "lang",
        "operator",
        "complaint_id",
        "channel_type",
        "is_overtime",
        "state",
        "start_time",
        "end_time",
        "complaint_from",
        "current_step",
        "assignee",
        "unassigned",
        "tag",
        "hour",
        "due_after",
        "due_before",
        "changed_since",
        "text",
        "complaint_resource_id",
        "phone_tail",
    ]);
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

impl Request {
    /// What of it says which complaints are meant.
    pub fn filter(&self) -> Request {
        Request {
            format: None,
            lang: None,
            operator: None,
            sort: None,
            cursor: None,
            page_index: None,
            page_size: None,
            with_total: None,
            ..self.clone()
        }
    }

    /// Which complaints, by the rules of the search: one, if one is named, and which it must be among.
    pub fn chosen(&self) -> Result<(Option<String>, Query), InvalidParameter> {
        if let Some(operator) = &self.operator {
            check_text("operator", operator, NAME_CHARACTERS)?;
        }
        let complaint_id = self.complaint_id.clone().map(|id| lenient::id("complaint_id", id)).transpose()?;
        Ok((complaint_id, self.filter().conditions()?))
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
        self.export_id.ok_or_else(|| missing("export_id"))
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
