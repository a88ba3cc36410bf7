//! `tousu.import.preview|run/1.0.0`: complaints out of a table that somebody dropped on a page `[ours]`.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use crate::checks::{NAME_CHARACTERS, check_text, flag, flag_schema, missing};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

const LIMIT: RateLimit = RateLimit { calls: 10, seconds: 10 };
const FILE_NAME_CHARACTERS: usize = 255;
/// Refused rows that an answer names one by one, at most.
pub const MOST_REJECTED: usize = 1000;
/// Columns that can be matched, at most: a spreadsheet's own bound.
const MOST_COLUMNS: i64 = 16_384;

/// What a file holds, which goes over the wire as base64. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FileContent(Arc<[u8]>);

impl FileContent {
    /// The bytes.
    pub fn bytes(&self) -> Arc<[u8]> {
        self.0.clone()
    }
}

impl From<&[u8]> for FileContent {
    fn from(bytes: &[u8]) -> Self {
        FileContent(bytes.into())
    }
}

/// How many bytes, and no more: they are somebody's complaints.
impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for FileContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for FileContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Not with what was received: it may be a file as it is.
        let refused = |_| de::Error::custom("不是 base64 ¦ is not base64");
        STANDARD.decode(text.trim()).map(|bytes| FileContent(bytes.into())).map_err(refused)
    }
}

fn content_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "contentEncoding": "base64" })
}

/// 预览导入文件
#[derive(Clone, Copy, Debug)]
pub enum ImportPreview {}

impl Endpoint for ImportPreview {
    const NAME: &'static str = "tousu.import.preview";
    const TITLE: &'static str = "预览导入文件 ¦ Look at a file before it is imported";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["file_name", "content"];
    const TAKES: Option<&'static [&'static str]> = Some(&["file_name", "content", "sheet"]);
    const CARRIES_FILE: bool = true;
    type Request = Request;
    type Response = Preview;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "file_name": "complaints.csv", "content": EXAMPLE }),
            response: json!({
                "columns": [
                    { "index": 0, "heading": "单号", "field": "complaint_id", "samples": ["c_1"] },
                    { "index": 1, "heading": "备注", "field": null, "samples": ["急"] },
                ],
                "fields": [{ "name": "complaint_id", "title": "投诉单号", "required": 1 }],
                "rows": 1,
                "sheets": [],
                "sheet": "",
            }),
        }
    }
}

/// 导入投诉单
#[derive(Clone, Copy, Debug)]
pub enum ImportRun {}

impl Endpoint for ImportRun {
    const NAME: &'static str = "tousu.import.run";
    const TITLE: &'static str = "导入投诉单 ¦ Import complaints from a file";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsHandle;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["file_name", "content"];
    const CARRIES_FILE: bool = true;
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "file_name": "complaints.csv",
                "content": EXAMPLE,
                "mapping": [{ "column": 0, "field": "complaint_id" }],
                "dry_run": 1,
            }),
            response: json!({
                "imported": 27,
                "changed": 2,
                "repeated": 1,
                "rejected": [{ "row": 4, "problem": "state 缺失" }],
                "rejected_total": 1,
                "rejects_csv": "77u/5oqV6K+J5Y2V5Y+3LOaLkue7neWOn+WboA0K",
                "complete": 1,
                "problem": "",
            }),
        }
    }
}

/// A heading and a row: `单号,备注` and `c_1,急`.
const EXAMPLE: &str = "5Y2V5Y+3LOWkh+azqA0KY18xLOaApQ0K";

/// A file, and how it is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "ImportRequest")]
pub struct Request {
    /// The file's name, of which the ending tells its form: `.csv` or `.xlsx`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "文件名，按扩展名识别格式：.csv 或 .xlsx")]
    pub file_name: Option<String>,
    /// What it holds, as base64. The file may be as large as the setting `server.max_import_bytes` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "文件内容，base64；大小以设置 server.max_import_bytes 为限",
        schema_with = "content_schema"
    )]
    pub content: Option<FileContent>,
    /// The sheet of a workbook; default: the first.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "工作表，默认为第一个")]
    pub sheet: Option<String>,
    /// Which column holds which field; absent: as the headings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "各列对应的字段；不给则按表头识别")]
    pub mapping: Option<Vec<Matched>>,
    /// 1: nothing is imported; the answer says what would be.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "仅试算：0=否,1=是(默认否)", schema_with = "flag_schema")]
    pub dry_run: Option<i64>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
}

/// Which column holds which field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MatchedColumn")]
pub struct Matched {
    /// The column's place, from 0.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "列，从 0 起")]
    pub column: i64,
    /// The published name of the field.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "字段名，同列表接口")]
    pub field: String,
}

/// A checked request. Which forms and fields there are is the importer's business.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Request, checked")]
pub struct File {
    pub file_name: String,
    pub content: Arc<[u8]>,
    pub sheet: Option<String>,
    /// Column and field.
    pub mapping: Option<Vec<(usize, String)>>,
    pub dry_run: bool,
    pub operator: Option<String>,
}

impl Request {
    /// The file, if no part of the request is out of bounds.
    pub fn checked(self) -> Result<File, InvalidParameter> {
        let file_name = self.file_name.ok_or_else(|| missing("file_name"))?;
        let content = self.content.ok_or_else(|| missing("content"))?;
        check_text("file_name", &file_name, FILE_NAME_CHARACTERS)?;
        check_text("sheet", self.sheet.as_deref().unwrap_or_default(), NAME_CHARACTERS)?;
        check_text("operator", self.operator.as_deref().unwrap_or_default(), NAME_CHARACTERS)?;
        let dry_run = flag("dry_run", self.dry_run)?;
        let column = |Matched { column, field }: Matched| match usize::try_from(column) {
            Ok(place) if column < MOST_COLUMNS => Ok((place, field)),
            _ => {
                let last = MOST_COLUMNS - 1;
                let problem = format!(
                    "收到第 {column} 列，应为 0 到 {last} ¦ received the column {column}, expected 0 to {last}"
                );
                Err(InvalidParameter::new("mapping", problem))
            }
        };
        let mapping = self.mapping.map(|mapping| mapping.into_iter().map(column).collect()).transpose()?;
        Ok(File {
            file_name,
            content: content.bytes(),
            sheet: self.sheet,
            mapping,
            dry_run,
            operator: self.operator,
        })
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportPreview")]
pub struct Preview {
    /// Its columns, in order.
    #[schemars(title = "各列")]
    pub columns: Vec<Column>,
    /// The fields that a column can hold.
    #[schemars(title = "可对应的字段")]
    pub fields: Vec<Field>,
    /// Rows below the headings, blank ones aside.
    #[schemars(title = "数据行数，空行不计")]
    pub rows: i64,
    /// The sheets of a workbook; empty for other files.
    #[schemars(title = "工作簿的工作表；其他文件为空")]
    pub sheets: Vec<String>,
    /// The sheet that was read; empty for other files.
    #[schemars(title = "所读的工作表；其他文件为空")]
    pub sheet: String,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportColumn")]
pub struct Column {
    /// Its place, from 0.
    #[schemars(title = "列，从 0 起")]
    pub index: i64,
    /// What stands above it.
    #[schemars(title = "表头")]
    pub heading: String,
    /// The field that this heading names; null: none.
    #[schemars(title = "按表头识别的字段；没有为 null")]
    pub field: Option<String>,
    /// Some of what it holds, masked and cut.
    #[schemars(title = "部分内容，已脱敏、截短")]
    pub samples: Vec<String>,
}

/// A field that a column can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportField")]
pub struct Field {
    /// Its published name.
    #[schemars(title = "字段名")]
    pub name: String,
    /// What an export writes above it, in the server's language.
    #[schemars(title = "名称")]
    pub title: String,
    /// 1: no complaint is without.
    #[schemars(title = "是否必需：0=否,1=是")]
    pub required: i64,
}

/// What became of a file's rows, or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportReport")]
pub struct Response {
    /// Rows that are new, or were there and differed.
    #[schemars(title = "导入的行数：新增的，与原有但不同的")]
    pub imported: i64,
    /// Of them those that were there and differed.
    #[schemars(title = "其中原有但不同、已更新的")]
    pub changed: i64,
    /// Rows that were there, the same.
    #[schemars(title = "原有且相同的行数")]
    pub repeated: i64,
    /// Rows that were refused, the first 1,000.
    #[schemars(title = "被拒绝的行，最多前 1000 行")]
    pub rejected: Vec<Rejected>,
    /// How many were refused in all.
    #[schemars(title = "被拒绝的总行数")]
    pub rejected_total: i64,
    /// All that were refused as CSV in base64, as they came, with the reason behind; it can be put right and imported. Empty
    /// if there are none.
    #[schemars(title = "全部被拒绝的行：CSV，base64，末列为原因，改正后可再导入；没有为空")]
    pub rejects_csv: String,
    /// 1: the whole file was read; 0: it broke off before its end, and the rows above are imported.
    #[schemars(title = "文件是否读完：1=是，0=中途停止，此前的行已导入")]
    pub complete: i64,
    /// Why it broke off; empty if it did not.
    #[schemars(title = "中途停止的原因；没有为空")]
    pub problem: String,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RejectedRow")]
pub struct Rejected {
    /// The line on which it begins, from 1, that of the headings included.
    #[schemars(title = "行号，从 1 起，含表头")]
    pub row: i64,
    /// Why.
    #[schemars(title = "原因")]
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn asked(parameters: Value) -> Result<File, InvalidParameter> {
        let Value::Object(parameters) = parameters else { panic!("an object") };
        lenient::request::<Request>(parameters)?.checked()
    }

    #[test]
    fn a_file_comes_as_base64() {
        let file = asked(json!({ "file_name": "a.csv", "content": EXAMPLE })).unwrap();
        assert_eq!(std::str::from_utf8(&file.content), Ok("单号,备注\r\nc_1,急\r\n"));
        let content = FileContent::from(&*file.content);
        assert_eq!(json!(content), json!(EXAMPLE));
        assert!(!format!("{content:?}").contains('c'));
        assert_eq!((file.mapping, file.dry_run), (None, false));
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let with = |name: &str, value: Value| {
            let mut asked = json!({ "file_name": "a.csv", "content": EXAMPLE });
            asked[name] = value;
            asked
        };
        for (name, value) in [
            ("content", json!("单号,备注")),
            ("content", json!(null)),
            ("file_name", json!("")),
            ("file_name", json!("x".repeat(256))),
            ("dry_run", json!(2)),
            ("mapping", json!([{ "column": -1, "field": "state" }])),
            ("mapping", json!([{ "column": 16_384, "field": "state" }])),
            ("mapping", json!([{ "column": 0 }])),
        ] {
            let refused = asked(with(name, value.clone())).unwrap_err();
            assert!(refused.name.starts_with(name), "{name} {value}: {refused:?}");
        }
    }
}
