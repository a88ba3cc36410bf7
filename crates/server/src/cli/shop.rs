//! `tousu shop add | list`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use serde_json::json;
use tousu_wire::BeijingTime;

use super::{Session, shop_id};

#[derive(Subcommand)]
pub(super) enum Shop {
    /// 新增店铺 ¦ add a shop
    Add {
        /// 店铺 id ¦ the shop's id
        app_id: String,
        /// 店铺名称 ¦ the shop's name
        #[arg(long)]
        name: String,
    },
    /// 列出店铺 ¦ list the shops
    List,
}

impl Shop {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            Shop::Add { app_id, name } => {
                let shop = shop_id(&app_id)?;
                if !session.open().await?.add_shop(&shop, &name, session.clock.epoch()).await? {
                    bail!("店铺 {app_id} 已存在 ¦ the shop {app_id} exists already");
                }
                session.print(&json!({ "app_id": app_id, "name": name }), |_| {
                    session.pick(&format!("已新增店铺 {app_id}（{name}） ¦ added the shop {app_id} ({name})"))
                })?;
            }
            Shop::List => {
                let shops = session.open_existing().await?.read().await?.shops().await?;
                session.print(&shops, |shops| {
                    let row = |shop: &crate::store::Shop| {
                        let created = BeijingTime::from_epoch(shop.created_at).to_string();
                        vec![shop.app_id.clone(), shop.name.clone(), shop.version.to_string(), created]
                    };
                    let headings = ["店铺 ¦ SHOP", "名称 ¦ NAME", "版本 ¦ VERSION", "创建时间 ¦ CREATED"];
                    session.table(&headings, shops.iter().map(row).collect())
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
