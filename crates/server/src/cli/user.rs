//! `tousu user add | list | role | reset | disable | enable`.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tousu_wire::member::{Change, Removal};
use tousu_wire::session::{check_password, checked_login};
use tousu_wire::{BeijingTime, InvalidParameter};

use super::refused::refuse;
use super::{Session, shop_id};
use crate::handling::{self, Caller, Deadlines, Holds};
use crate::passwords::{self, Hasher};
use crate::roles::Role;
use crate::secrets::Secret;
use crate::store::{Membership, ShopId, Store, User as Kept};

/// Through what the history says that it came.
const CLIENT_ID: &str = "tousu user";

#[derive(Subcommand)]
pub(super) enum User {
    /// 新增用户，密码只显示这一次 ¦ add a user; the password is shown this once
    Add {
        /// 登录名：字母、数字或 . _ - + @ ¦ what the user signs in with: letters, digits or . _ - + @
        login: String,
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
        /// 角色：viewer 查看、agent 客服、supervisor 主管、administrator 管理员 ¦ the role: viewer, agent, supervisor or administrator
        #[arg(long)]
        role: String,
        /// 姓名 ¦ what colleagues call the user
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        by: Operator,
    },
    /// 列出用户及其店铺 ¦ list users and their shops
    List,
    /// 更改用户在店铺的角色 ¦ change what a user is in a shop
    Role {
        #[command(flatten)]
        who: Who,
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
        /// 角色：viewer、agent、supervisor、administrator，或 none 移出店铺 ¦ the role: viewer, agent, supervisor, administrator, or none to leave the shop
        #[arg(long)]
        role: String,
        #[command(flatten)]
        by: Operator,
    },
    /// 重设密码并停用动态口令，全部登录立即失效；密码只显示这一次 ¦ a new password, one-time passwords off; all sessions end at once. The password is shown this once
    Reset {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: Password,
    },
    /// 停用用户，全部登录立即失效 ¦ take a user out of use; all sessions end at once
    Disable(Who),
    /// 重新启用用户 ¦ take a user back into use
    Enable(Who),
}

/// Which user is meant.
#[derive(Args)]
pub(super) struct Who {
    /// 登录名 ¦ what the user signs in with
    login: String,
}

/// Where the password comes from.
#[derive(Args)]
pub(super) struct Password {
    /// 从标准输入读取密码，而不自动生成 ¦ read the password from standard input instead of making one up
    #[arg(long)]
    password_stdin: bool,
}

/// Who does it.
#[derive(Args)]
pub(super) struct Operator {
    /// 操作人，记入历史（默认为系统登录用户） ¦ who does it, for the history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    operator: Option<String>,
}

impl Password {
    /// The password that was given, or `None` where one is to be made up.
    fn given(&self) -> anyhow::Result<Option<String>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text)?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        let wrong = |invalid: InvalidParameter| refuse(invalid.into(), &ShopId::nobody(), "");
        check_password("password", &text).or_else(wrong)?;
        Ok(Some(text))
    }
}

impl User {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            User::Add { login, shop, role, name, password, by } => {
                let store = session.open_existing().await?;
                let shop = shop_id(&shop)?;
                let kept =
                    checked_login(Some(&login)).or_else(|invalid| refuse(invalid.into(), &shop, ""))?;
                if store.read().await?.user_of_login(&kept).await?.is_some() {
                    bail!(
                        "用户 {kept} 已存在，请用 tousu user role 更改角色 ¦ the user {kept} exists already: tousu user role changes what one is"
                    );
                }
                let change = Change {
                    login: Some(login),
                    role: Some(role),
                    name,
                    password: password.given()?,
                    operator: by.operator,
                };
                set(&session, &store, &shop, change).await?;
            }
            User::List => list(&session).await?,
            User::Role { who, shop, role, by } => {
                let store = session.open_existing().await?;
                let shop = shop_id(&shop)?;
                let login = found(&store, &who.login).await?.login;
                if role == "none" {
                    let removal = Removal { login: Some(login), operator: by.operator };
                    let deadlines = Deadlines::load(&session.settings.handling)?;
                    let done = handling::remove_member(&store, &shop, &caller(&session, &deadlines), removal)
                        .await?;
                    done.or_else(|why| refuse(why, &shop, ""))?;
                    show(&session, &store, &who.login).await?;
                } else {
                    let change = Change {
                        login: Some(login),
                        role: Some(role),
                        operator: by.operator,
                        ..Change::default()
                    };
                    set(&session, &store, &shop, change).await?;
                }
            }
            User::Reset { who, password } => {
                let store = session.open_existing().await?;
                let user = found(&store, &who.login).await?;
                let given = password.given()?;
                let made_up = given.is_none();
                let password = given.map_or_else(passwords::made_up, Secret::new);
                let hash = Hasher::default().hash(&password).await?;
                let mut tx = store.write_people().await?;
                tx.set_password(&user.user_id, Some(&hash), None).await?;
                tx.set_totp(&user.user_id, None).await?;
                tx.commit().await?;
                let mut told = json!({ "login": user.login });
                if made_up {
                    told["password"] = json!(password.reveal());
                }
                session.print(&told, credentials)?;
                if made_up {
                    session.once_only();
                }
            }
            User::Disable(who) => {
                let now = session.clock.epoch();
                disable(&session, &who.login, Some(now)).await?;
            }
            User::Enable(who) => disable(&session, &who.login, None).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn set(session: &Session, store: &Store, shop: &ShopId, change: Change) -> anyhow::Result<()> {
    let deadlines = Deadlines::load(&session.settings.handling)?;
    let (caller, hasher) = (caller(session, &deadlines), Hasher::default());
    let done = handling::set_member(store, shop, &caller, Holds::Everything, &hasher, change).await?;
    let done = done.or_else(|why| refuse(why, shop, ""))?;
    let mut told = json!(done.member.user);
    told["app_id"] = json!(shop.as_str());
    told["role"] = json!(done.member.role);
    if let Some(password) = &done.password {
        told["password"] = json!(password);
    }
    session.print(&told, credentials)?;
    if done.password.is_some() {
        session.once_only();
    }
    Ok(())
}

async fn disable(session: &Session, login: &str, at: Option<i64>) -> anyhow::Result<()> {
    let store = session.open_existing().await?;
    let user = found(&store, login).await?;
    let mut tx = store.write_people().await?;
    tx.set_user_disabled(&user.user_id, at).await?;
    tx.commit().await?;
    show(session, &store, login).await
}

async fn list(session: &Session) -> anyhow::Result<()> {
    let mut tx = session.open_existing().await?.read().await?;
    let (users, places) = (tx.users().await?, tx.memberships().await?);
    let shown: Vec<Value> = users.iter().map(|user| public(user, &places)).collect();
    session.print(&shown, |_| {
        let row = |user: &Kept| {
            let state = if user.disabled_at.is_some() { "停用 ¦ disabled" } else { "启用 ¦ in use" };
            let time = |at: i64| BeijingTime::from_epoch(at).to_string();
            vec![
                user.login.clone(),
                user.name.clone(),
                roles(session, user, &places),
                session.pick(if user.totp_secret.is_some() { "是 ¦ yes" } else { "否 ¦ no" }),
                session.pick(state),
                user.last_seen_at.map(time).unwrap_or_default(),
            ]
        };
        let headings = [
            "登录名 ¦ LOGIN",
            "姓名 ¦ NAME",
            "店铺与角色 ¦ SHOPS AND ROLES",
            "动态口令 ¦ ONE-TIME PASSWORDS",
            "状态 ¦ STATE",
            "最近使用 ¦ LAST SEEN",
        ];
        session.table(&headings, users.iter().map(row).collect())
    })
}

async fn show(session: &Session, store: &Store, login: &str) -> anyhow::Result<()> {
    let user = found(store, login).await?;
    let places = store.read().await?.shops_of(&user.user_id).await?;
    session.print(&public(&user, &places), |_| {
        let state = if user.disabled_at.is_some() { "停用 ¦ disabled" } else { "启用 ¦ in use" };
        format!("{}  {}  {}", user.login, session.pick(state), roles(session, &user, &places))
    })
}

fn roles(session: &Session, user: &Kept, places: &[Membership]) -> String {
    let of_user = places.iter().filter(|place| place.user_id == user.user_id);
    let shown = |place: &Membership| {
        let title = Role::of_name(&place.role).map(|role| session.pick(role.title()));
        format!("{} {}", place.shop_id, title.unwrap_or_else(|| place.role.clone()))
    };
    let shown: Vec<String> = of_user.map(shown).collect();
    if shown.is_empty() { "–".into() } else { shown.join(", ") }
}

/// What of a user may be shown.
fn public(user: &Kept, places: &[Membership]) -> Value {
    let of_user = places.iter().filter(|place| place.user_id == user.user_id);
    let shops = of_user.map(|place| json!({ "app_id": place.shop_id, "role": place.role }));
    json!({
        "user_id": user.user_id,
        "login": user.login,
        "name": user.name,
        "shops": shops.collect::<Vec<_>>(),
        "totp_enabled": user.totp_secret.is_some(),
        "disabled": user.disabled_at.is_some(),
        "created_at": user.created_at,
        "last_seen_at": user.last_seen_at,
    })
}

async fn found(store: &Store, login: &str) -> anyhow::Result<Kept> {
    let user = store.read().await?.user_of_login(&login.to_lowercase()).await?;
    user.with_context(|| {
        format!(
            "没有用户 {login}，请先执行 tousu user add ¦ there is no user {login}; add one with tousu user add"
        )
    })
}

fn caller<'a>(session: &'a Session, deadlines: &'a Deadlines) -> Caller<'a> {
    let handling = &session.settings.handling;
    Caller { client_id: CLIENT_ID, person: None, now: session.clock.epoch(), handling, deadlines }
}

fn credentials(value: &Value) -> String {
    let names = ["login", "name", "app_id", "role", "password"];
    let lines = names.iter().filter_map(|name| Some(format!("{name:<9} {}", value[*name].as_str()?)));
    lines.collect::<Vec<_>>().join("\n")
}
