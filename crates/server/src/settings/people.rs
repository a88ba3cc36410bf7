//! Settings of people who sign in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::roles::Role;
use crate::sessions::Lasting;
use crate::store::{ShopId, Tries};

/// How people sign in to the console.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// 多少秒未使用即须重新登录 ¦ after so many seconds without use one signs in again
    pub idle_seconds: i64,
    /// 登录最长有效的秒数 ¦ for how many seconds a session lasts at most
    pub lifetime_seconds: i64,
    /// 使用多少秒后更换 Cookie 中的密钥 ¦ after so many seconds of use the secret in the cookie is replaced
    pub rotate_seconds: i64,
    /// Cookie 是否一律只经 https 发送；否则仅当请求经 https（可信代理的 X-Forwarded-Proto）到来时如此 ¦ whether the cookie goes over https only in any case; otherwise it does where the call came by https (X-Forwarded-Proto of a trusted proxy)
    pub secure_cookie: bool,
    /// 同一登录名可连续尝试登录的次数，用完后每分钟恢复一次；登录成功即全部恢复 ¦ attempts to sign in with one login; another one each minute, all of them after a success
    pub tries_per_login: i64,
    /// 同一地址可连续尝试登录的次数，用完后每 6 秒恢复一次 ¦ attempts to sign in from one address; another one every 6 seconds
    pub tries_per_address: i64,
    /// 同时打开的实时更新连接数上限 ¦ streams of live updates at once
    pub max_streams: usize,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            idle_seconds: 12 * 3600,
            lifetime_seconds: 7 * 24 * 3600,
            rotate_seconds: 15 * 60,
            secure_cookie: false,
            tries_per_login: 10,
            tries_per_address: 100,
            max_streams: 512,
        }
    }
}

impl Sessions {
    /// How long sessions last.
    pub fn lasting(&self) -> Lasting {
        Lasting { idle: self.idle_seconds, whole: self.lifetime_seconds, rotated: self.rotate_seconds }
    }

    /// How often one login may be tried.
    pub fn of_login(&self) -> Tries {
        Tries { at_once: self.tries_per_login, pause: 60_000 }
    }

    /// How often one address may try.
    pub fn of_address(&self) -> Tries {
        Tries { at_once: self.tries_per_address, pause: 6000 }
    }

    /// What cannot work (`中文 ¦ English`).
    pub(super) fn problems(&self) -> Vec<&'static str> {
        let checks = [
            (
                (60..=90 * 24 * 3600).contains(&self.lifetime_seconds),
                "sessions.lifetime_seconds 应为 60 到 7776000 ¦ sessions.lifetime_seconds must be 60 to 7776000",
            ),
            (
                (60..=self.lifetime_seconds).contains(&self.idle_seconds),
                "sessions.idle_seconds 应为 60 到 sessions.lifetime_seconds ¦ sessions.idle_seconds must be 60 to sessions.lifetime_seconds",
            ),
            (
                self.rotate_seconds >= 60,
                "sessions.rotate_seconds 应不小于 60 ¦ sessions.rotate_seconds must be at least 60",
            ),
            (
                self.tries_per_login >= 1 && self.tries_per_address >= 1,
                "sessions.tries_per_login 与 tries_per_address 应不小于 1 ¦ sessions.tries_per_login and tries_per_address must be at least 1",
            ),
        ];
        checks.into_iter().filter(|check| !check.0).map(|check| check.1).collect()
    }
}

/// A provider (OpenID Connect) that says who somebody is.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// 统一登录服务的地址（issuer，以 https:// 开头）；留空则只用密码登录 ¦ the provider's issuer, an address that begins with https://; empty: people sign in with passwords only
    pub issuer: String,
    /// 在该服务登记的应用 id ¦ the client's id there
    pub client_id: String,
    /// 在该服务登记的应用密钥 ¦ the client's secret there
    pub client_secret: String,
    /// 登录后返回的地址，须与登记的一致：https://控制台/oidc/callback ¦ where people come back to, as registered there: https://CONSOLE/oidc/callback
    pub redirect_url: String,
    /// 登录按钮的文字 ¦ what the button says
    pub name: String,
    /// 请求的范围，以空格分隔 ¦ the scopes that are asked for, with blanks between
    pub scopes: String,
    /// 以哪一项作登录名：email（须已验证）或 preferred_username 等，须是用户不能自行更改的一项 ¦ which claim is the login: email (which must be verified), preferred_username or another, which people must not be able to choose themselves
    pub login_claim: String,
    /// 首次登录而尚无此用户时是否建立 ¦ whether somebody who is not there yet is added
    pub create: bool,
    /// 建立的用户所属的店铺；留空则等管理员添加 ¦ the shop that somebody who is added belongs to; empty: none until an administrator says so
    pub create_shop: String,
    /// 建立的用户在该店铺的角色：viewer、agent、supervisor、administrator ¦ and as what: viewer, agent, supervisor or administrator
    pub create_role: String,
}

impl Default for Oidc {
    fn default() -> Self {
        Oidc {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            redirect_url: String::new(),
            name: "统一登录".into(),
            scopes: "openid profile email".into(),
            login_claim: "email".into(),
            create: false,
            create_shop: String::new(),
            create_role: Role::Viewer.name().into(),
        }
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Oidc {
    /// The shop that somebody who is added belongs to, and as what.
    pub fn place(&self) -> Option<(ShopId, Role)> {
        Some((ShopId::parse(&self.create_shop)?, Role::of_name(&self.create_role)?))
    }

    /// What cannot work (`中文 ¦ English`).
    pub(super) fn problems(&self) -> Vec<&'static str> {
        if self.issuer.is_empty() {
            return Vec::new();
        }
        let checks = [
            (
                is_safe(&self.issuer) && is_safe(&self.redirect_url),
                "oidc.issuer 与 oidc.redirect_url 应为 https 地址 ¦ oidc.issuer and oidc.redirect_url are https addresses",
            ),
            (
                !self.client_id.is_empty() && !self.client_secret.is_empty(),
                "设置了 oidc.issuer 就须设置 oidc.client_id 与 oidc.client_secret ¦ with oidc.issuer, oidc.client_id and oidc.client_secret are needed",
            ),
            (
                self.scopes.split_whitespace().any(|scope| scope == "openid"),
                "oidc.scopes 应含 openid ¦ openid is among oidc.scopes",
            ),
            (
                self.create_shop.is_empty() || self.place().is_some(),
                "oidc.create_shop 应为店铺 id，oidc.create_role 应为 viewer、agent、supervisor 或 administrator ¦ oidc.create_shop is a shop's id, and oidc.create_role viewer, agent, supervisor or administrator",
            ),
        ];
        checks.into_iter().filter(|check| !check.0).map(|check| check.1).collect()
    }
}

/// Whether nobody on the way reads along: https, or this machine alone.
fn is_safe(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        ("http", Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        _ => false,
    })
}
