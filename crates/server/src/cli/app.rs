//! `tousu app add | list | usage | grant | revoke | rotate | disable | enable`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tousu_wire::InvalidParameter;
use tousu_wire::app::{App as Shown, Change, WithSecret};
use tousu_wire::app_usage::{OfDay, Request as UsageRequest};

use super::refused::refuse;
use super::{Session, shop_id};
use crate::handling::{self, Caller, Deadlines, Holds, Refused};
use crate::store::{self, ShopId, Store};

#[derive(Subcommand)]
pub(super) enum App {
    /// 新增应用，密钥只显示这一次 ¦ add an app; its secret is shown this once
    Add {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
        /// 应用名称 ¦ the app's name
        #[arg(long)]
        name: String,
        /// 授予的权限集，可多次给出 ¦ a permission set to grant; may be repeated
        #[arg(long, value_name = "SET")]
        grant: Vec<String>,
        /// 允许调用的 IP 或网段，可多次给出；不给则不限 ¦ an address or network to allow; may be repeated; none allows any
        #[arg(long, value_name = "CIDR")]
        allow_ip: Vec<String>,
        /// 旧版应用：获取令牌时可不带 client_id ¦ a legacy app: may fetch tokens without client_id
        #[arg(long)]
        legacy: bool,
        #[command(flatten)]
        by: By,
    },
    /// 列出应用 ¦ list the apps
    List {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
    },
    /// 显示应用逐日的调用次数 ¦ show how often an app called, day by day
    Usage {
        #[command(flatten)]
        app: Which,
        /// 天数，含今日：1-90（默认 30） ¦ how many days, today included: 1-90 (default 30)
        #[arg(long)]
        days: Option<i64>,
    },
    /// 授予权限集，对有效令牌立即生效 ¦ grant permission sets; works on living tokens at once
    Grant {
        #[command(flatten)]
        app: Which,
        /// 权限集 ¦ the permission sets
        #[arg(value_name = "SET", required = true)]
        sets: Vec<String>,
    },
    /// 收回权限集，对有效令牌立即生效 ¦ take permission sets back; works on living tokens at once
    Revoke {
        #[command(flatten)]
        app: Which,
        /// 权限集 ¦ the permission sets
        #[arg(value_name = "SET", required = true)]
        sets: Vec<String>,
    },
    /// 更换密钥，旧密钥与全部令牌立即失效 ¦ replace the secret; the old one and all tokens end at once
    Rotate(Which),
    /// 停用应用，全部令牌立即失效 ¦ take the app out of use; all its tokens end at once
    Disable(Which),
    /// 重新启用应用 ¦ take the app back into use
    Enable(Which),
}

/// Which app is meant.
#[derive(Args)]
pub(super) struct Which {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 应用 id ¦ the app's id
    #[arg(long, value_name = "ID")]
    client_id: String,
    #[command(flatten)]
    by: By,
}

/// Who changes it.
#[derive(Args)]
pub(super) struct By {
    /// 操作人，记入历史（默认为登录用户） ¦ who does it, for the history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    operator: Option<String>,
}

impl By {
    fn name(&self) -> Option<String> {
        self.operator.clone().filter(|name| !name.is_empty())
    }
}

/// Through what the history says that it was done.
const CLIENT_ID: &str = "tousu app";

impl App {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            App::Add { shop, name, grant, allow_ip, legacy, by } => {
                let change = Change {
                    name: Some(name),
                    grants: Some(grant),
                    allow_ips: Some(allow_ip),
                    operator: by.name(),
                    ..Change::default()
                };
                let desk = Desk::open(&session, &shop).await?;
                let caller = desk.caller();
                let everything = Holds::Everything;
                let made = handling::create_app(&desk.store, &desk.shop, &caller, everything, change, legacy);
                print_secret(&session, &shop, &made.await?.or_else(|why| refuse(why, &desk.shop, ""))?)?;
            }
            App::List { shop } => list(&session, &shop).await?,
            App::Usage { app, days } => usage(&session, &app, days).await?,
            App::Grant { app, sets } => {
                edit(&session, &app, |app| {
                    for set in &sets {
                        let set = handling::permission_set(set)?.name();
                        if !app.granted().any(|had| had == set) {
                            app.grants = app.granted().chain([set]).collect::<Vec<_>>().join(",");
                        }
                    }
                    Ok(())
                })
                .await?;
            }
            App::Revoke { app, sets } => {
                edit(&session, &app, |app| {
                    for set in &sets {
                        let set = handling::permission_set(set)?.name();
                        if !app.granted().any(|had| had == set) {
                            let problem = format!("应用没有权限集 {set} ¦ the app does not have {set}");
                            return Err(InvalidParameter::new("grants", problem).into());
                        }
                        app.grants = app.granted().filter(|had| *had != set).collect::<Vec<_>>().join(",");
                    }
                    Ok(())
                })
                .await?;
            }
            App::Rotate(which) => {
                let change = Change {
                    client_id: Some(which.client_id.clone()),
                    operator: which.by.name(),
                    ..Change::default()
                };
                let desk = Desk::open(&session, &which.shop).await?;
                let caller = desk.caller();
                let everything = Holds::Everything;
                let rotated =
                    handling::rotate_app_secret(&desk.store, &desk.shop, &caller, everything, change);
                let rotated = rotated.await?.or_else(|why| no_app(why, &desk.shop, &which.client_id))?;
                print_secret(&session, &which.shop, &rotated)?;
            }
            App::Disable(app) => {
                let now = session.clock.epoch();
                edit(&session, &app, |app| {
                    app.disabled_at = app.disabled_at.or(Some(now));
                    Ok(())
                })
                .await?;
            }
            App::Enable(app) => {
                edit(&session, &app, |app| {
                    app.disabled_at = None;
                    Ok(())
                })
                .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a change is made with.
struct Desk<'a> {
    session: &'a Session,
    store: Store,
    shop: ShopId,
    deadlines: Deadlines,
}

impl<'a> Desk<'a> {
    async fn open(session: &'a Session, shop: &str) -> anyhow::Result<Self> {
        let shop = shop_id(shop)?;
        let deadlines = Deadlines::load(&session.settings.handling)?;
        Ok(Desk { session, store: session.open_existing().await?, shop, deadlines })
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            client_id: CLIENT_ID,
            person: None,
            now: self.session.clock.epoch(),
            handling: &self.session.settings.handling,
            deadlines: &self.deadlines,
        }
    }
}

async fn list(session: &Session, shop: &str) -> anyhow::Result<()> {
    let shop = shop_id(shop)?;
    let mut tx = session.open_existing().await?.read().await?;
    if tx.version(&shop).await?.is_none() {
        bail!(no_shop(&shop));
    }
    let apps = handling::apps(&mut tx, &shop, session.clock.epoch()).await?.list;
    session.print(&apps, |apps| {
        let row = |app: &Shown| {
            vec![
                app.client_id.clone(),
                app.name.clone(),
                app.grants.join(" "),
                app.allow_ips.join(" "),
                session.pick(state(app)),
                app.created_at.to_string(),
                app.last_used_at.map(|at| at.to_string()).unwrap_or_default(),
                app.calls_7d.to_string(),
                app.refused_7d.to_string(),
            ]
        };
        let headings = [
            "应用 ¦ APP",
            "名称 ¦ NAME",
            "权限集 ¦ PERMISSION SETS",
            "IP 白名单 ¦ ALLOWED IPS",
            "状态 ¦ STATE",
            "创建时间 ¦ CREATED",
            "最近调用 ¦ LAST USED",
            "7 天调用 ¦ CALLS IN 7 DAYS",
            "其中被拒 ¦ REFUSED",
        ];
        session.table(&headings, apps.iter().map(row).collect())
    })
}

async fn usage(session: &Session, which: &Which, days: Option<i64>) -> anyhow::Result<()> {
    let shop = shop_id(&which.shop)?;
    let asked = UsageRequest { client_id: Some(which.client_id.clone()), days }.checked();
    let (client_id, days) =
        asked.map_err(Refused::from).or_else(|why| no_app(why, &shop, &which.client_id))?;
    let mut tx = session.open_existing().await?.read().await?;
    if tx.version(&shop).await?.is_none() {
        bail!(no_shop(&shop));
    }
    let used = handling::app_usage(&mut tx, &shop, &client_id, days, session.clock.epoch()).await?;
    let used = used.with_context(|| missing(&shop, &client_id))?;
    session.print(&used, |used| {
        let row = |of: &OfDay| vec![of.day.clone(), of.calls.to_string(), of.refused.to_string()];
        let headings = ["日期 ¦ DAY", "调用次数 ¦ CALLS", "其中被拒 ¦ REFUSED"];
        session.table(&headings, used.by_day.iter().map(row).collect())
    })
}

/// Changes one app and says how it stands then.
async fn edit(
    session: &Session,
    which: &Which,
    edit: impl FnOnce(&mut store::App) -> Result<(), Refused>,
) -> anyhow::Result<()> {
    let desk = Desk::open(session, &which.shop).await?;
    let (caller, operator) = (desk.caller(), which.by.name());
    let id = (which.client_id.as_str(), operator.as_deref());
    let edited = handling::edit_app(&desk.store, &desk.shop, &caller, id, edit).await?;
    let app = edited.or_else(|why| no_app(why, &desk.shop, &which.client_id))?;
    session.print(&app, |app| {
        let sets = if app.grants.is_empty() { "–".to_owned() } else { app.grants.join(",") };
        format!("{}  {}  {sets}", app.client_id, session.pick(state(app)))
    })
}

fn state(app: &Shown) -> &'static str {
    if app.disabled == 1 { "停用 ¦ disabled" } else { "启用 ¦ in use" }
}

/// Fails with why, which may be that there is no such app.
fn no_app<T>(why: Refused, shop: &ShopId, client_id: &str) -> anyhow::Result<T> {
    match why {
        Refused::NoApp => bail!(missing(shop, client_id)),
        why => refuse(why, shop, ""),
    }
}

fn missing(shop: &ShopId, client_id: &str) -> String {
    format!("店铺 {shop} 没有应用 {client_id} ¦ the shop {shop} has no app {client_id}")
}

fn print_secret(session: &Session, shop: &str, made: &WithSecret) -> anyhow::Result<()> {
    let value = json!({ "app_id": shop, "client_id": made.app.client_id, "secret_key": made.client_secret });
    session.print(&value, credentials)?;
    session.once_only();
    Ok(())
}

fn credentials(value: &Value) -> String {
    let line = |name: &str| format!("{name:<11} {}", value[name].as_str().unwrap_or_default());
    ["app_id", "client_id", "secret_key"].map(line).join("\n")
}

pub(super) fn no_shop(shop: &ShopId) -> String {
    format!(
        "店铺 {shop} 不存在，请先执行 tousu shop add ¦ there is no shop {shop}; add it with tousu shop add"
    )
}

impl Session {
    pub(super) fn once_only(&self) {
        eprintln!(
            "{}",
            self.pick("请妥善保存密钥，之后无法再次查看 ¦ keep the secret: it is not shown again")
        );
    }
}
