//! `tousu.session.…/1.0.0`: people sign in, and out again `[ours]`.
//!
//! A session lives in a cookie that scripts cannot read. Whoever calls with it says so in a header, too
//! ([`CSRF_HEADER`]), which no other site can send, and names the shop in another ([`SHOP_HEADER`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{check_text, missing};
use crate::shop_settings::Nothing;
use crate::token::Response as Token;
use crate::{
    BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, PersonalEndpoint, RateLimit, lenient,
};

/// The cookie's name.
pub const COOKIE: &str = "tousu_session";
/// The header that goes with the cookie.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// The header that says in which shop.
pub const SHOP_HEADER: &str = "x-app-id";

/// Per address.
const LIMIT: RateLimit = RateLimit { calls: 200, seconds: 10 };
/// Characters of a login, at most.
const LOGIN_CHARACTERS: usize = 64;
/// Characters of a password, at least and at most.
pub const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 10..=256;

/// 登录
#[derive(Clone, Copy, Debug)]
pub enum SessionOpen {}

impl PersonalEndpoint for SessionOpen {
    const NAME: &'static str = "tousu.session.open";
    const TITLE: &'static str = "登录 ¦ Sign in";
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["login", "password"];
    const SIGNED_IN: bool = false;
    const CSRF: bool = false;
    type Request = Credentials;
    type Response = Session;

    fn example() -> Example {
        Example { request: json!({ "login": "xiaoli", "password": "xxxxx" }), response: example_session() }
    }
}

/// 获取登录状态
#[derive(Clone, Copy, Debug)]
pub enum SessionGet {}

impl PersonalEndpoint for SessionGet {
    const NAME: &'static str = "tousu.session.get";
    const TITLE: &'static str = "获取登录状态 ¦ Get the session";
    const LIMIT: RateLimit = LIMIT;
    const SIGNED_IN: bool = true;
    const CSRF: bool = false;
    type Request = Nothing;
    type Response = Session;

    fn example() -> Example {
        Example { request: json!({}), response: example_session() }
    }
}

/// 退出登录
#[derive(Clone, Copy, Debug)]
pub enum SessionClose {}

impl PersonalEndpoint for SessionClose {
    const NAME: &'static str = "tousu.session.close";
    const TITLE: &'static str = "退出登录 ¦ Sign out";
    const LIMIT: RateLimit = LIMIT;
    const SIGNED_IN: bool = true;
    type Request = Nothing;
    type Response = Nothing;

    fn example() -> Example {
        Example { request: json!({}), response: json!({}) }
    }
}

/// 修改密码
#[derive(Clone, Copy, Debug)]
pub enum SessionSetPassword {}

impl PersonalEndpoint for SessionSetPassword {
    const NAME: &'static str = "tousu.session.set_password";
    const TITLE: &'static str = "修改密码，其他登录随之失效 ¦ Change one's password; other sessions end";
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["old", "new"];
    const SIGNED_IN: bool = true;
    type Request = NewPassword;
    type Response = Nothing;

    fn example() -> Example {
        Example { request: json!({ "old": "xxxxx", "new": "xxxxxxxxxx" }), response: json!({}) }
    }
}

/// 启用或停用动态口令
#[derive(Clone, Copy, Debug)]
pub enum SessionTotp {}

impl PersonalEndpoint for SessionTotp {
    const NAME: &'static str = "tousu.session.totp";
    const TITLE: &'static str = "启用或停用动态口令 ¦ One-time passwords on and off";
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["action"];
    const SIGNED_IN: bool = true;
    type Request = TotpRequest;
    type Response = Totp;

    fn example() -> Example {
        Example {
            request: json!({ "action": "begin" }),
            response: json!({
                "totp_enabled": false,
                "otpauth_uri": "otpauth://totp/tousu:xiaoli?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=tousu",
                "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            }),
        }
    }
}

/// 获取本人的调试令牌
#[derive(Clone, Copy, Debug)]
pub enum SessionToken {}

impl Endpoint for SessionToken {
    const NAME: &'static str = "tousu.session.token";
    const TITLE: &'static str =
        "获取本人的调试令牌，随登录失效 ¦ Get a token that acts as oneself and dies with the session";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 20, seconds: 10 };
    type Request = Nothing;
    type Response = Token;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx" }),
            response: json!({ "access_token": "xe_appDemo12345678_xxxxx", "expires_in": 7200 }),
        }
    }
}

fn example_session() -> serde_json::Value {
    json!({
        "user": { "user_id": "u_4Qm2ZrT81sXw", "login": "xiaoli", "name": "小李" },
        "shops": [{
            "app_id": "appDemo12345678",
            "name": "演示店铺",
            "role": "agent",
            "permission_sets": ["投诉管理-查询", "投诉管理-处理"],
        }],
        "csrf_token": "xxxxx",
        "expires_at": "2024-04-20 22:57:42",
        "totp_enabled": false,
    })
}

/// Who signs in. Its Debug output shows no secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Credentials {
    /// The login, in any case.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "登录名，不分大小写")]
    pub login: Option<String>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "密码")]
    pub password: Option<String>,
    /// The one-time password, where the user has them.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "动态口令，已启用者须传")]
    pub otp: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Credentials {
    /// The login as it is kept, and the password, if both are there and of a length that is worth a look.
    pub fn checked(&self) -> Result<(String, &str), InvalidParameter> {
        let login = self.login.as_deref().ok_or_else(|| missing("login"))?;
        let password = self.password.as_deref().filter(|password| !password.is_empty());
        let password = password.ok_or_else(|| missing("password"))?;
        check_text("login", login, LOGIN_CHARACTERS)?;
        at_most("password", password)?;
        Ok((login.to_lowercase(), password))
    }
}

/// A login as it is kept: in lower case, of letters, digits and `. _ - + @`.
pub fn checked_login(login: Option<&str>) -> Result<String, InvalidParameter> {
    let login = login.ok_or_else(|| missing("login"))?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
    if (1..=LOGIN_CHARACTERS).contains(&login.len()) && login.bytes().all(sane) {
        return Ok(login.to_ascii_lowercase());
    }
    let shown = lenient::quoted(login);
    let problem = format!(
        "收到 {shown}，应为 1 到 {LOGIN_CHARACTERS} 个字母、数字或 . _ - + @ ¦ received {shown}, expected 1 to {LOGIN_CHARACTERS} letters, digits or . _ - + @"
    );
    Err(InvalidParameter::new("login", problem))
}

/// Refuses a new password that is too short or too long. What it is made of is its owner's business.
pub fn check_password(name: &str, password: &str) -> Result<(), InvalidParameter> {
    at_most(name, password)?;
    let (length, least) = (password.chars().count(), *PASSWORD_CHARACTERS.start());
    if length >= least {
        return Ok(());
    }
    let problem =
        format!("有 {length} 个字符，至少 {least} 个 ¦ has {length} characters, at least {least} are needed");
    Err(InvalidParameter::new(name, problem))
}

fn at_most(name: &str, password: &str) -> Result<(), InvalidParameter> {
    let (length, most) = (password.chars().count(), *PASSWORD_CHARACTERS.end());
    if length <= most {
        return Ok(());
    }
    let problem =
        format!("有 {length} 个字符，最多 {most} 个 ¦ has {length} characters, at most {most} are allowed");
    Err(InvalidParameter::new(name, problem))
}

/// A password and the one that takes its place. Its Debug output shows neither.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewPassword {
    /// The password that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "原密码")]
    pub old: Option<String>,
    /// The one that is to hold, 10 to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "新密码，10 到 256 个字符")]
    pub new: Option<String>,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

impl NewPassword {
    /// Both, if they are there and the new one will do.
    pub fn checked(&self) -> Result<(&str, &str), InvalidParameter> {
        let old = self.old.as_deref().ok_or_else(|| missing("old"))?;
        let new = self.new.as_deref().ok_or_else(|| missing("new"))?;
        at_most("old", old)?;
        check_password("new", new)?;
        Ok((old, new))
    }
}

/// What is to become of one's one-time passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "TotpRequest")]
pub struct TotpRequest {
    /// `begin` makes a secret, `confirm` puts it in force, `remove` ends it.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作：begin=生成密钥,confirm=以口令确认启用,remove=停用")]
    pub action: Option<String>,
    /// A one-time password: for `confirm` of the new secret, for `remove` of the one in force.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "动态口令；confirm 与 remove 须传")]
    pub code: Option<String>,
}

/// What somebody wants of one-time passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TotpAction {
    /// A secret.
    Begin,
    /// To have it in force, proven by a code.
    Confirm(String),
    /// No secret any more, proven by a code.
    Remove(String),
}

impl TotpRequest {
    /// The action.
    pub fn checked(&self) -> Result<TotpAction, InvalidParameter> {
        let code = || self.code.clone().ok_or_else(|| missing("code"));
        match self.action.as_deref().ok_or_else(|| missing("action"))? {
            "begin" => Ok(TotpAction::Begin),
            "confirm" => code().map(TotpAction::Confirm),
            "remove" => code().map(TotpAction::Remove),
            other => {
                let shown = lenient::quoted(other);
                let problem = format!(
                    "收到 {shown}，应为 begin、confirm、remove 之一 ¦ received {shown}, expected begin, confirm or remove"
                );
                Err(InvalidParameter::new("action", problem))
            }
        }
    }
}

/// How one's one-time passwords stand. Its Debug output does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totp {
    /// Whether signing in needs one.
    #[schemars(title = "是否已启用动态口令")]
    pub totp_enabled: bool,
    /// After `begin`: what an authenticator app takes, as a QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "供身份验证器扫码的地址，仅 begin 返回")]
    pub otpauth_uri: Option<String>,
    /// After `begin`: the same for typing, in base32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "供手工输入的密钥，仅 begin 返回")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for Totp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Totp").field("totp_enabled", &self.totp_enabled).finish_non_exhaustive()
    }
}

/// Who is signed in, and where. Its Debug output does not show the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Who it is.
    #[schemars(title = "用户")]
    pub user: User,
    /// The shops that the user has to do with.
    #[schemars(title = "所属店铺")]
    pub shops: Vec<Membership>,
    /// What goes into the header `x-csrf-token` of every call with the cookie.
    #[schemars(title = "随 Cookie 调用时放入请求头 x-csrf-token")]
    pub csrf_token: String,
    /// When the session ends, however much it is used.
    #[schemars(title = "最晚失效时间")]
    pub expires_at: BeijingTime,
    /// Whether signing in needs a one-time password.
    #[schemars(title = "是否已启用动态口令")]
    pub totp_enabled: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("shops", &self.shops)
            .finish_non_exhaustive()
    }
}

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Never changes.
    #[schemars(title = "用户 id")]
    pub user_id: String,
    /// What the person signs in with.
    #[schemars(title = "登录名")]
    pub login: String,
    /// What colleagues call the person.
    #[schemars(title = "姓名")]
    pub name: String,
}

/// What a person is in a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// The shop's id.
    #[schemars(title = "店铺 id")]
    pub app_id: String,
    /// What the shop is called.
    #[schemars(title = "店铺名称")]
    pub name: String,
    /// viewer, agent, supervisor or administrator.
    #[schemars(title = "角色：viewer=查看,agent=客服,supervisor=主管,administrator=管理员")]
    pub role: String,
    /// What the role may. An agent may reveal phone numbers, too, though not erase them.
    #[schemars(title = "角色拥有的权限集；客服另可查看完整手机号")]
    pub permission_sets: Vec<String>,
}
