//! `tousu.member.…/1.0.0`: who works in a shop, and as what `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{check_text, missing};
use crate::session::{User, check_password, checked_login};
use crate::shop_settings::Nothing;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
/// Characters of a person's name, at most.
const NAME_CHARACTERS: usize = 40;

/// 列出成员
#[derive(Clone, Copy, Debug)]
pub enum MemberList {}

impl Endpoint for MemberList {
    const NAME: &'static str = "tousu.member.list";
    const TITLE: &'static str = "列出店铺成员 ¦ List a shop's members";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    type Request = Nothing;
    type Response = Listed;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx" }),
            response: json!({ "list": [example_member()] }),
        }
    }
}

/// 列出可分派的成员
#[derive(Clone, Copy, Debug)]
pub enum MemberNames {}

impl Endpoint for MemberNames {
    const NAME: &'static str = "tousu.member.names";
    const TITLE: &'static str = "列出可分派的成员 ¦ List whom complaints can be assigned to";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = LIMIT;
    type Request = Nothing;
    type Response = Names;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx" }),
            response: json!({ "list": [{ "login": "xiaoli", "name": "小李" }] }),
        }
    }
}

/// 新增成员或更改其角色
#[derive(Clone, Copy, Debug)]
pub enum MemberSet {}

impl Endpoint for MemberSet {
    const NAME: &'static str = "tousu.member.set";
    const TITLE: &'static str = "新增成员或更改其角色 ¦ Add a member, or change what one is";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = RateLimit { calls: 20, seconds: 10 };
    const REQUIRED: &'static [&'static str] = &["login", "role"];
    type Request = Change;
    type Response = Changed;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "login": "xiaoli", "role": "agent", "name": "小李" }),
            response: json!({ "member": example_member(), "created": true, "password": "xxxxx" }),
        }
    }
}

/// 移除成员
#[derive(Clone, Copy, Debug)]
pub enum MemberRemove {}

impl Endpoint for MemberRemove {
    const NAME: &'static str = "tousu.member.remove";
    const TITLE: &'static str = "移除成员 ¦ Remove a member";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["login"];
    type Request = Removal;
    type Response = Nothing;

    fn example() -> Example {
        Example { request: json!({ "access_token": "xxxxx", "login": "xiaoli" }), response: json!({}) }
    }
}

fn example_member() -> serde_json::Value {
    json!({
        "user_id": "u_4Qm2ZrT81sXw",
        "login": "xiaoli",
        "name": "小李",
        "role": "agent",
        "disabled": false,
        "last_seen_at": "2024-04-13 22:57:42",
    })
}

/// Somebody who works in a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub user: User,
    /// viewer, agent, supervisor or administrator.
    #[schemars(title = "角色：viewer=查看,agent=客服,supervisor=主管,administrator=管理员")]
    pub role: String,
    /// Whether signing in is refused.
    #[schemars(title = "是否已停用")]
    pub disabled: bool,
    /// When the person was last here, to some minutes; null if never.
    #[schemars(title = "最近使用时间（精确到数分钟）；从未使用为 null")]
    pub last_seen_at: Option<BeijingTime>,
}

/// A shop's members, by login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Members")]
pub struct Listed {
    /// All of them.
    #[schemars(title = "成员")]
    pub list: Vec<Member>,
}

/// Whom complaints can be assigned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MemberNames")]
pub struct Names {
    /// Members who may handle complaints and are not disabled, by login.
    #[schemars(title = "可处理投诉的成员")]
    pub list: Vec<Name>,
}

/// A member's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MemberName")]
pub struct Name {
    /// What the person signs in with.
    #[schemars(title = "登录名")]
    pub login: String,
    /// What colleagues call the person.
    #[schemars(title = "姓名")]
    pub name: String,
}

/// Who is to be what. Its Debug output does not show the password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "MemberChange")]
pub struct Change {
    /// What the person signs in with; whoever is not there yet is added.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "登录名；不存在则新增")]
    pub login: Option<String>,
    /// viewer, agent, supervisor or administrator.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "角色：viewer=查看,agent=客服,supervisor=主管,administrator=管理员")]
    pub role: Option<String>,
    /// What colleagues call the person, at most 40 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "姓名，最多 40 字")]
    pub name: Option<String>,
    /// A password, 10 to 256 characters. Without one, whoever is added gets one made up, which is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "密码，10 到 256 个字符；新增时不传则自动生成，仅返回一次")]
    pub password: Option<String>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("login", &self.login)
            .field("role", &self.role)
            .field("name", &self.name)
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}

impl Change {
    /// The login and the role, if no part of the request is out of bounds. Roles are the server's to know.
    pub fn checked(&self) -> Result<(String, &str), InvalidParameter> {
        let login = checked_login(self.login.as_deref())?;
        let role = self.role.as_deref().ok_or_else(|| missing("role"))?;
        check_text("name", self.name.as_deref().unwrap_or_default(), NAME_CHARACTERS)?;
        check_text("operator", self.operator.as_deref().unwrap_or_default(), 64)?;
        self.password.as_deref().map_or(Ok(()), |password| check_password("password", password))?;
        Ok((login, role))
    }
}

/// What somebody is since. Its Debug output does not show the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MemberChanged")]
pub struct Changed {
    /// The member.
    #[schemars(title = "成员")]
    pub member: Member,
    /// Whether the person was not there before.
    #[schemars(title = "是否新增了用户")]
    pub created: bool,
    /// The password that was made up; it is not shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "自动生成的密码，仅此一次")]
    pub password: Option<String>,
}

impl std::fmt::Debug for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changed")
            .field("member", &self.member)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// Who is to be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "MemberRemoval")]
pub struct Removal {
    /// What the person signs in with.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "登录名")]
    pub login: Option<String>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
}

impl Removal {
    /// The login.
    pub fn checked(&self) -> Result<String, InvalidParameter> {
        check_text("operator", self.operator.as_deref().unwrap_or_default(), 64)?;
        checked_login(self.login.as_deref())
    }
}
