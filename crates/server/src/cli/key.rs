//! `tousu key …`: the keys under which personal data is kept.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

use super::Session;
use crate::jobs::phones;
use crate::privacy::{Vault, keys};

#[derive(Subcommand)]
pub(super) enum Key {
    /// 生成一个新密钥，置于 privacy.keys 或密钥文件的最前 ¦ make a new key, to be put first in privacy.keys or in the key file
    New,
    /// 以第一个密钥重新加密全部手机号、通知地址与动态口令密钥，可中断后重来 ¦ seal every phone number, address of notices and secret of one-time passwords anew under the first key; can be interrupted and run again
    Rotate,
}

impl Key {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            Key::New => {
                let key = Vault::generate_key(&mut rand::rng());
                session.print(&json!({ "key": key }), |_| key.clone())?;
                Ok(ExitCode::SUCCESS)
            }
            Key::Rotate => rotate(&session).await,
        }
    }
}

async fn rotate(session: &Session) -> anyhow::Result<ExitCode> {
    if keys::existing(&session.settings)?.is_none() {
        bail!(
            "没有密钥：请将 tousu key new 生成的密钥写入 privacy.keys ¦ there is no key: put one that tousu key new makes into privacy.keys"
        );
    }
    let store = session.open_existing().await?;
    let plain = phones::seal(&store).await.context("加密未完成 ¦ not everything was sealed")?;
    let done = phones::reseal(&store)
        .await
        .context("重新加密未完成，可再次执行 ¦ not everything was sealed anew, run it again")?;
    let (resealed, failed) = (done.sealed, done.failed);
    let told = json!({ "sealed": plain.sealed, "resealed": resealed, "failed": failed });
    session.print(&told, |_| {
        let first = plain.sealed;
        session.pick(&format!(
            "新加密 {first} 个，重新加密 {resealed} 个，无法解开 {failed} 个 ¦ {first} sealed, {resealed} sealed anew, {failed} cannot be opened"
        ))
    })?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
