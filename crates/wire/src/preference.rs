//! `tousu.preference.get|set/1.0.0`: what a person likes in a shop: saved views, columns `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::missing;
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
/// Bytes of a value as JSON, at most.
const VALUE_BYTES: usize = 16 * 1024;
/// Characters of a key, at most.
const KEY_CHARACTERS: usize = 64;

/// 获取个人偏好
#[derive(Clone, Copy, Debug)]
pub enum PreferenceGet {}

impl Endpoint for PreferenceGet {
    const NAME: &'static str = "tousu.preference.get";
    const TITLE: &'static str = "获取个人偏好 ¦ Get one of one's preferences";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["key"];
    const TAKES: Option<&'static [&'static str]> = Some(&["key"]);
    type Request = Preference;
    type Response = Kept;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "key": "columns" }),
            response: json!({ "value": ["complaint_id", "channel_type", "operate_end_time"] }),
        }
    }
}

/// 保存个人偏好
#[derive(Clone, Copy, Debug)]
pub enum PreferenceSet {}

impl Endpoint for PreferenceSet {
    const NAME: &'static str = "tousu.preference.set";
    const TITLE: &'static str = "保存个人偏好 ¦ Keep one of one's preferences";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["key", "value"];
    type Request = Preference;
    type Response = Kept;

    fn example() -> Example {
        let value = json!(["complaint_id", "channel_type", "operate_end_time"]);
        Example {
            request: json!({ "access_token": "xxxxx", "key": "columns", "value": value }),
            response: json!({ "value": value }),
        }
    }
}

/// A preference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Preference {
    /// Which: up to 64 letters, digits, `_`, `-` or `.`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "名称：最多 64 个字母、数字、_、- 或 .")]
    pub key: Option<String>,
    /// Any JSON of at most 16 KiB; null takes it away.
    #[schemars(title = "值：任意 JSON，最多 16 KiB；null 为清除")]
    pub value: Value,
}

impl Preference {
    /// The key.
    pub fn key(&self) -> Result<&str, InvalidParameter> {
        let key = self.key.as_deref().ok_or_else(|| missing("key"))?;
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if key.len() <= KEY_CHARACTERS && key.bytes().all(sane) {
            return Ok(key);
        }
        let shown = lenient::quoted(key);
        let problem = format!(
            "收到 {shown}，应为最多 {KEY_CHARACTERS} 个字母、数字、_、- 或 . ¦ received {shown}, expected up to {KEY_CHARACTERS} letters, digits, _, - or ."
        );
        Err(InvalidParameter::new("key", problem))
    }

    /// The value as it is kept; `None` if it is to be taken away.
    pub fn value(&self) -> Result<Option<String>, InvalidParameter> {
        let text = self.value.to_string();
        if text.contains("\\u0000") {
            let problem = "不能含有 NUL 字符 ¦ must not contain NUL";
            return Err(InvalidParameter::new("value", problem));
        }
        if text.len() > VALUE_BYTES {
            let problem = format!(
                "有 {0} 字节，最多 {VALUE_BYTES} ¦ has {0} bytes, at most {VALUE_BYTES} are allowed",
                text.len()
            );
            return Err(InvalidParameter::new("value", problem));
        }
        Ok((!self.value.is_null()).then_some(text))
    }
}

/// A preference's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PreferenceValue")]
pub struct Kept {
    /// What was kept; null if nothing.
    #[schemars(title = "值；未保存为 null")]
    pub value: Value,
}
