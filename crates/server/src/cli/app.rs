//! `tousu app add | list | grant | revoke | rotate | disable | enable`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tousu_wire::{BeijingTime, PermissionSet};

use super::{Session, shop_id};
use crate::gateway::client_ip::parse_network;
use crate::secrets;
use crate::store::{self, ShopId, Tx};

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
    },
    /// 列出应用 ¦ list the apps
    List {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
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
}

impl App {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            App::Add { shop, name, grant, allow_ip, legacy } => {
                add(&session, &shop, name, grant, allow_ip, legacy).await?;
            }
            App::List { shop } => list(&session, &shop).await?,
            App::Grant { app, sets } => {
                let sets = known_sets(&sets)?;
                let now = session.clock.epoch();
                change(&session, &app, async |tx, shop| {
                    for set in &sets {
                        tx.grant(shop, &app.client_id, set.name(), now).await?;
                    }
                    Ok(())
                })
                .await?;
            }
            App::Revoke { app, sets } => {
                let sets = known_sets(&sets)?;
                change(&session, &app, async |tx, shop| {
                    for set in &sets {
                        if !tx.revoke(shop, &app.client_id, set.name()).await? {
                            bail!("应用没有权限集 {set} ¦ the app does not have {set}");
                        }
                    }
                    Ok(())
                })
                .await?;
            }
            App::Rotate(app) => {
                let secret_key = secrets::new_secret_key();
                let hash = secret_key.hash();
                let shown = change_quietly(&session, &app, async |tx, shop| {
                    Ok(tx.set_secret(shop, &app.client_id, &hash).await?)
                })
                .await?;
                let shop = &app.shop;
                let value = json!({ "app_id": shop, "client_id": shown.client_id, "secret_key": secret_key.reveal() });
                session.print(&value, credentials)?;
                session.once_only();
            }
            App::Disable(app) => {
                let now = session.clock.epoch();
                change(&session, &app, async |tx, shop| {
                    Ok(tx.set_disabled(shop, &app.client_id, Some(now)).await?)
                })
                .await?;
            }
            App::Enable(app) => {
                change(&session, &app, async |tx, shop| {
                    Ok(tx.set_disabled(shop, &app.client_id, None).await?)
                })
                .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn add(
    session: &Session,
    shop: &str,
    name: String,
    grants: Vec<String>,
    allow_ips: Vec<String>,
    legacy: bool,
) -> anyhow::Result<()> {
    let shop = shop_id(shop)?;
    let sets = known_sets(&grants)?;
    for ip in &allow_ips {
        if parse_network(ip).is_none() {
            bail!("{ip} 不是 IP 或网段 ¦ {ip} is neither an address nor a network");
        }
    }
    let secret_key = secrets::new_secret_key();
    let app = store::App {
        client_id: secrets::new_client_id(),
        name,
        secret_hash: secret_key.hash(),
        legacy,
        allow_ips: allow_ips.join(" "),
        created_at: session.clock.epoch(),
        disabled_at: None,
        grants: String::new(),
    };
    let store = session.open_existing().await?;
    let (mut tx, _) = store.write(&shop).await?.with_context(|| no_shop(&shop))?;
    if !tx.add_app(&shop, &app).await? {
        bail!("应用 id 重复，请重试 ¦ the app's id is taken, try again");
    }
    for set in &sets {
        tx.grant(&shop, &app.client_id, set.name(), app.created_at).await?;
    }
    tx.commit().await?;
    let value = json!({
        "app_id": shop.as_str(), "client_id": app.client_id, "secret_key": secret_key.reveal(),
    });
    session.print(&value, credentials)?;
    session.once_only();
    Ok(())
}

async fn list(session: &Session, shop: &str) -> anyhow::Result<()> {
    let shop = shop_id(shop)?;
    let mut tx = session.open_existing().await?.read().await?;
    if tx.version(&shop).await?.is_none() {
        bail!(no_shop(&shop));
    }
    let apps = tx.apps(&shop).await?;
    let shown: Vec<Value> = apps.iter().map(public).collect();
    session.print(&shown, |_| {
        let row = |app: &store::App| {
            let state = if app.disabled_at.is_some() { "停用 ¦ disabled" } else { "启用 ¦ in use" };
            vec![
                app.client_id.clone(),
                app.name.clone(),
                app.grants.replace(',', " "),
                app.allow_ips.clone(),
                session.pick(state),
                BeijingTime::from_epoch(app.created_at).to_string(),
            ]
        };
        let headings = [
            "应用 ¦ APP",
            "名称 ¦ NAME",
            "权限集 ¦ PERMISSION SETS",
            "IP 白名单 ¦ ALLOWED IPS",
            "状态 ¦ STATE",
            "创建时间 ¦ CREATED",
        ];
        session.table(&headings, apps.iter().map(row).collect())
    })
}

/// Changes one app in a transaction of its shop and says how it stands then.
async fn change(
    session: &Session,
    which: &Which,
    act: impl AsyncFnOnce(&mut Tx, &ShopId) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let app = change_quietly(session, which, act).await?;
    session.print(&public(&app), |_| {
        let sets = if app.grants.is_empty() { "–" } else { &app.grants };
        let state = if app.disabled_at.is_some() { "停用 ¦ disabled" } else { "启用 ¦ in use" };
        format!("{}  {}  {sets}", app.client_id, session.pick(state))
    })
}

async fn change_quietly(
    session: &Session,
    which: &Which,
    act: impl AsyncFnOnce(&mut Tx, &ShopId) -> anyhow::Result<()>,
) -> anyhow::Result<store::App> {
    let shop = shop_id(&which.shop)?;
    let store = session.open_existing().await?;
    let (mut tx, _) = store.write(&shop).await?.with_context(|| no_shop(&shop))?;
    let id = &which.client_id;
    let missing = || format!("店铺 {shop} 没有应用 {id} ¦ the shop {shop} has no app {id}");
    tx.app(&shop, id).await?.with_context(missing)?;
    act(&mut tx, &shop).await?;
    let after = tx.app(&shop, id).await?.with_context(missing)?;
    tx.commit().await?;
    Ok(after)
}

fn known_sets(names: &[String]) -> anyhow::Result<Vec<PermissionSet>> {
    let known = |name: &String| {
        PermissionSet::from_name(name).with_context(|| {
            let all: Vec<&str> = PermissionSet::ALL.iter().map(|set| set.name()).collect();
            let all = all.join(", ");
            format!("没有权限集 {name}，可用：{all} ¦ there is no permission set {name}; there are: {all}")
        })
    };
    names.iter().map(known).collect()
}

/// What of an app may be shown.
fn public(app: &store::App) -> Value {
    json!({
        "client_id": app.client_id,
        "name": app.name,
        "grants": app.grants.split(',').filter(|set| !set.is_empty()).collect::<Vec<_>>(),
        "allow_ips": app.allow_ips.split_whitespace().collect::<Vec<_>>(),
        "legacy": app.legacy,
        "disabled": app.disabled_at.is_some(),
        "created_at": app.created_at,
    })
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
