//! `tousu.console.get/1.0.0`: what the console's sign-in page has to know `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::shop_settings::Nothing;
use crate::{Example, PersonalEndpoint, RateLimit};

/// 获取控制台信息
#[derive(Clone, Copy, Debug)]
pub enum ConsoleGet {}

impl PersonalEndpoint for ConsoleGet {
    const NAME: &'static str = "tousu.console.get";
    const TITLE: &'static str = "获取控制台信息 ¦ Get what the console has to know";
    const LIMIT: RateLimit = RateLimit { calls: 200, seconds: 10 };
    const SIGNED_IN: bool = false;
    const CSRF: bool = false;
    type Request = Nothing;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({}),
            response: json!({ "oidc": { "name": "企业账号" }, "demo": false, "version": "0.1.0" }),
        }
    }
}

/// What is known before anybody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Console")]
pub struct Response {
    /// Through whom else people may sign in, at `/oidc/start`; null if through nobody.
    #[schemars(title = "统一登录，经 /oidc/start；无则为 null")]
    pub oidc: Option<Provider>,
    /// Whether this is a demonstration.
    #[schemars(title = "是否演示")]
    pub demo: bool,
    /// The program's version.
    #[schemars(title = "程序版本")]
    pub version: String,
}

/// Who says who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IdentityProvider")]
pub struct Provider {
    /// What the button says.
    #[schemars(title = "按钮文字")]
    pub name: String,
}
