//! `tousu.app.list|create|update|rotate_secret/1.0.0`: the programs that may call for a shop `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::{NAME_CHARACTERS, check_text, flag, flag_schema, missing};
use crate::shop_settings::Nothing;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

pub(crate) const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
/// Networks that an app may call from, at most.
const MOST_NETWORKS: usize = 100;

/// An application, and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// Its id.
    #[schemars(title = "应用 id")]
    pub client_id: String,
    /// What people call it.
    #[schemars(title = "名称")]
    pub name: String,
    /// The permission sets that it has.
    #[schemars(title = "权限集")]
    pub grants: Vec<String>,
    /// Addresses and networks from which it may call; empty: from any.
    #[schemars(title = "允许调用的 IP 或网段；空为不限")]
    pub allow_ips: Vec<String>,
    /// 1: it may fetch a token without naming itself.
    #[schemars(title = "是否旧版应用，获取令牌可不带 client_id：0=否,1=是")]
    pub legacy: i64,
    /// 1: it may not call.
    #[schemars(title = "是否停用：0=否,1=是")]
    pub disabled: i64,
    /// When it was made.
    #[schemars(title = "创建时间")]
    pub created_at: BeijingTime,
    /// When it last called; null: not within the last 400 days.
    #[schemars(title = "最近调用时间；400 天内没有为 null", with = "Option<String>")]
    pub last_used_at: Option<BeijingTime>,
    /// Calls of today and the six days before, refused ones included.
    #[schemars(title = "近 7 天（含今日）调用次数，含被拒绝的")]
    pub calls_7d: i64,
    /// Of them those that were answered with another code than 0.
    #[schemars(title = "其中返回码不为 0 的次数")]
    pub refused_7d: i64,
}

/// Every application of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Apps")]
pub struct Listed {
    /// Oldest first.
    #[schemars(title = "应用，从旧到新")]
    pub list: Vec<App>,
}

/// An application, and the secret that no other answer shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AppWithSecret")]
pub struct WithSecret {
    /// The application.
    #[schemars(title = "应用")]
    pub app: App,
    /// Its secret, which is shown this once.
    #[schemars(title = "密钥，只显示这一次")]
    pub client_secret: String,
}

/// An application as it is to be. What is absent stays, or is nothing in one that is new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "AppChange")]
pub struct Change {
    /// The application's id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "应用 id")]
    pub client_id: Option<String>,
    /// What people call it, up to 64 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "名称，最多 64 字")]
    pub name: Option<String>,
    /// All its permission sets, in place of those it had. Nobody gives what he has not himself.
    #[serde(deserialize_with = "lenient::optional_array", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "全部权限集，替换原有的；不能授予自己没有的")]
    pub grants: Option<Vec<String>>,
    /// All addresses and networks from which it may call, in place of those there were; empty: from any.
    #[serde(deserialize_with = "lenient::optional_array", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "全部允许调用的 IP 或网段，替换原有的；空数组为不限")]
    pub allow_ips: Option<Vec<String>>,
    /// 1: it may not call, and all its tokens end at once.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否停用：0=否,1=是，全部令牌立即失效", schema_with = "flag_schema")]
    pub disabled: Option<i64>,
    /// Who does it, for the history; default: the app that calls.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为调用的应用")]
    pub operator: Option<String>,
}

impl Change {
    /// The request, if no part of it is out of bounds. Permission sets and networks are read by the server.
    pub fn checked(mut self) -> Result<Self, InvalidParameter> {
        if let Some(name) = &self.name {
            check_text("name", name, NAME_CHARACTERS)?;
        }
        check_text("operator", self.operator.as_deref().unwrap_or_default(), NAME_CHARACTERS)?;
        flag("disabled", self.disabled)?;
        let received = self.allow_ips.as_ref().map_or(0, Vec::len);
        if received > MOST_NETWORKS {
            let problem = format!(
                "收到 {received} 个，最多 {MOST_NETWORKS} 个 ¦ received {received}, at most {MOST_NETWORKS}"
            );
            return Err(InvalidParameter::new("allow_ips", problem));
        }
        for network in self.allow_ips.iter_mut().flatten() {
            *network = network.trim().to_owned();
        }
        Ok(self)
    }

    /// The application that is meant, which must be there.
    pub fn client_id(&self) -> Result<String, InvalidParameter> {
        which(self.client_id.as_ref())
    }

    /// The name, which must be there.
    pub fn name(&self) -> Result<String, InvalidParameter> {
        self.name.clone().ok_or_else(|| missing("name"))
    }
}

pub(crate) fn which(id: Option<&String>) -> Result<String, InvalidParameter> {
    lenient::id("client_id", id.cloned().ok_or_else(|| missing("client_id"))?)
}

fn example_app() -> Value {
    json!({
        "client_id": "xopXXXXXXXXXXXX",
        "name": "客服系统",
        "grants": ["投诉管理-查询", "投诉管理-处理"],
        "allow_ips": ["203.0.113.0/24"],
        "legacy": 0,
        "disabled": 0,
        "created_at": "2024-04-13 22:57:42",
        "last_used_at": "2024-05-01 11:59:58",
        "calls_7d": 60480,
        "refused_7d": 12,
    })
}

fn example_new_app() -> Value {
    let mut app = example_app();
    app["last_used_at"] = Value::Null;
    app["calls_7d"] = json!(0);
    app["refused_7d"] = json!(0);
    app
}

const EXAMPLE_SECRET: &str = "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX";

/// 列出应用
#[derive(Clone, Copy, Debug)]
pub enum AppList {}

impl Endpoint for AppList {
    const NAME: &'static str = "tousu.app.list";
    const TITLE: &'static str = "列出应用 ¦ List applications";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    type Request = Nothing;
    type Response = Listed;

    fn example() -> Example {
        Example { request: json!({ "access_token": "xxxxx" }), response: json!({ "list": [example_app()] }) }
    }
}

/// 建立应用
#[derive(Clone, Copy, Debug)]
pub enum AppCreate {}

impl Endpoint for AppCreate {
    const NAME: &'static str = "tousu.app.create";
    const TITLE: &'static str = "建立应用，密钥只显示这一次 ¦ Create an application";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["name"];
    const TAKES: Option<&'static [&'static str]> = Some(&["name", "grants", "allow_ips", "operator"]);
    type Request = Change;
    type Response = WithSecret;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "name": "客服系统",
                "grants": ["投诉管理-查询", "投诉管理-处理"],
                "allow_ips": ["203.0.113.0/24"],
            }),
            response: json!({ "app": example_new_app(), "client_secret": EXAMPLE_SECRET }),
        }
    }
}

/// 更改应用
#[derive(Clone, Copy, Debug)]
pub enum AppUpdate {}

impl Endpoint for AppUpdate {
    const NAME: &'static str = "tousu.app.update";
    const TITLE: &'static str = "更改应用 ¦ Change an application";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["client_id"];
    type Request = Change;
    type Response = App;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "client_id": "xopXXXXXXXXXXXX",
                "allow_ips": ["203.0.113.0/24"],
                "operator": "小李",
            }),
            response: example_app(),
        }
    }
}

/// 更换应用密钥
#[derive(Clone, Copy, Debug)]
pub enum AppRotateSecret {}

impl Endpoint for AppRotateSecret {
    const NAME: &'static str = "tousu.app.rotate_secret";
    const TITLE: &'static str =
        "更换应用密钥，旧密钥与全部令牌立即失效，新密钥只显示这一次 ¦ Replace an application's secret";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["client_id"];
    const TAKES: Option<&'static [&'static str]> = Some(&["client_id", "operator"]);
    type Request = Change;
    type Response = WithSecret;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "client_id": "xopXXXXXXXXXXXX" }),
            response: json!({ "app": example_app(), "client_secret": EXAMPLE_SECRET }),
        }
    }
}
