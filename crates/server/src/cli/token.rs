//! `tousu token`: an access token without the secret, for whoever may open the database.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::app::no_shop;
use super::{Session, shop_id};
use crate::secrets::{self, Secret};
use crate::store::{ShopId, Store, TokenRow};

#[derive(Args)]
pub(super) struct Token {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 应用 id ¦ the app's id
    #[arg(long, value_name = "ID")]
    client_id: String,
}

impl Token {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let shop = shop_id(&self.shop)?;
        let store = session.open_existing().await?;
        let life = session.settings.token.lifetime_seconds;
        let token = issue(&store, &shop, &self.client_id, session.clock.epoch(), life).await?;
        let value = json!({ "access_token": token.reveal(), "expires_in": life });
        session.print(&value, |_| token.reveal().to_owned())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A token of its own: it neither replaces nor shortens those that the app fetched.
pub(super) async fn issue(
    store: &Store,
    shop: &ShopId,
    client_id: &str,
    now: i64,
    life: i64,
) -> anyhow::Result<Secret> {
    let (mut tx, _) = store.write(shop).await?.with_context(|| no_shop(shop))?;
    match tx.app(shop, client_id).await? {
        None => bail!("店铺 {shop} 没有应用 {client_id} ¦ the shop {shop} has no app {client_id}"),
        Some(app) if app.disabled_at.is_some() => {
            bail!("应用 {client_id} 已停用 ¦ the app {client_id} is disabled")
        }
        Some(_) => {}
    }
    let token = secrets::random_token(shop);
    let row = TokenRow { token_hash: token.hash(), nonce: None, issued_at: now, expires_at: now + life };
    tx.add_token(shop, client_id, &row, now).await?;
    tx.commit().await?;
    Ok(token)
}
