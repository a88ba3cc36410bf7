//! `GET /token`: an access token for an app's credentials `[public]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Example, RateLimit, lenient};

/// The path.
pub const PATH: &str = "/token";
/// What it is called (`中文 ¦ English`).
pub const TITLE: &str = "获取 access_token ¦ Get an access token";
/// The only `grant_type` there is: the vendor's singular, not the plural of OAuth 2 `[public]`.
pub const GRANT_TYPE: &str = "client_credential";
/// Calls per app.
pub const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 600 };
/// The parameters that must be there.
pub const REQUIRED: &[&str] = &["app_id", "secret_key", "grant_type"];
/// `msg` of a success.
pub const SUCCESS: &str = "success";

/// The credentials, in the query or in the body.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The shop's id.
    #[serde(default, deserialize_with = "lenient::optional")]
    #[schemars(title = "店铺 id", extend("example" = "appDemo12345678"))]
    pub app_id: Option<String>,
    /// The application's id. May be absent for apps flagged legacy.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "应用 id；旧版应用可不传")]
    pub client_id: Option<String>,
    /// The application's secret.
    #[serde(default, deserialize_with = "lenient::optional")]
    #[schemars(title = "应用密钥")]
    pub secret_key: Option<String>,
    /// Always `client_credential`.
    #[serde(default, deserialize_with = "lenient::optional")]
    #[schemars(title = "固定为 client_credential", extend("example" = GRANT_TYPE))]
    pub grant_type: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("app_id", &self.app_id)
            .field("client_id", &self.client_id)
            .field("grant_type", &self.grant_type)
            .finish_non_exhaustive()
    }
}

/// The token and what is left of its life.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AccessToken")]
pub struct Response {
    /// Opaque, at most 512 characters.
    #[schemars(title = "访问令牌，不透明，最长 512 字符", length(max = 512))]
    pub access_token: String,
    /// The seconds that are left, at most 7200.
    #[serde(deserialize_with = "lenient::required")]
    #[schemars(title = "剩余有效秒数，最多 7200", range(min = 0))]
    pub expires_in: i64,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// A documented call.
pub fn example() -> Example {
    Example {
        request: json!({
            "app_id": "appDemo12345678",
            "client_id": "xopDemo12345678",
            "secret_key": "xxxxx",
            "grant_type": GRANT_TYPE,
        }),
        response: json!({ "access_token": "xe_appDemo12345678_xxxxx", "expires_in": 7200 }),
    }
}
