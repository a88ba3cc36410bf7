//! `tousu.complaint.bundle/1.0.0`: one complaint as a file that proves itself `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::{NAME_CHARACTERS, check_text};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum ComplaintBundle {}

impl Endpoint for ComplaintBundle {
    const NAME: &'static str = "tousu.complaint.bundle";
    const TITLE: &'static str = "获取投诉单存证文件 ¦ Get a complaint as a file of evidence";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["complaint_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "complaint_id": "c_661a9d66b6733_qTRys2mU" }),
            response: json!({
                "file_name": "c_661a9d66b6733_qTRys2mU.html",
                "html": "<!doctype html>…",
                "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "data": {
                    "format": "tousu-bundle/1",
                    "parts": [],
                    "page_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                },
            }),
        }
    }
}

/// Which complaint, and who takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "BundleRequest")]
pub struct Request {
    /// The complaint's number.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号", extend("example" = "c_661a9d66b6733_qTRys2mU"))]
    pub complaint_id: Option<String>,
    /// Who takes it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
}

impl Request {
    /// The complaint that is meant, which must be there, and who takes it.
    pub fn checked(self) -> Result<(String, Option<String>), InvalidParameter> {
        let missing = || InvalidParameter::new("complaint_id", "缺少该参数 ¦ it is missing");
        let complaint_id = lenient::id("complaint_id", self.complaint_id.ok_or_else(missing)?)?;
        if let Some(operator) = &self.operator {
            check_text("operator", operator, NAME_CHARACTERS)?;
        }
        Ok((complaint_id, self.operator))
    }
}

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Bundle")]
pub struct Response {
    /// What it is best called.
    #[schemars(title = "文件名")]
    pub file_name: String,
    /// The whole file, to be kept as it is: a page for people with the data in it.
    #[schemars(title = "文件全文（HTML），应原样保存")]
    pub html: String,
    /// SHA-256 over all of it, as the history keeps it.
    #[schemars(title = "存证摘要")]
    pub digest: String,
    /// The data in the file, for programs.
    #[schemars(title = "文件中的数据")]
    pub data: Value,
}
