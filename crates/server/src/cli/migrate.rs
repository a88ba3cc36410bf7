//! `tousu migrate`.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::Session;
use crate::jobs;

pub(super) async fn run(session: Session) -> anyhow::Result<ExitCode> {
    let store = session.open().await?;
    let spread = store.spread().await.context("表未能分布 ¦ the tables were not distributed")?;
    let sealed = jobs::phones::seal(&store).await?.sealed;
    if sealed > 0 {
        // Older programs leave what they delete in the file.
        store.rewrite().await?;
        store.empty_log().await?;
    }
    let told = json!({ "sealed": sealed, "database": store.kind(), "migration": store.migration().await?, "citus": spread.is_some(), "distributed": spread });
    session.print(&told, |told| {
        let (kind, version) = (store.kind(), &told["migration"]);
        let mut lines = vec![session.pick(&format!(
            "{kind} 已是最新（迁移 {version}） ¦ {kind} is up to date (migration {version})"
        ))];
        if sealed > 0 {
            lines.push(
                session.pick(&format!("已加密 {sealed} 个手机号 ¦ {sealed} phone numbers were sealed")),
            );
        }
        match spread.as_deref() {
            None => {}
            Some([]) => lines.push(session.pick("Citus：各表均已分布 ¦ Citus: every table is distributed")),
            Some(tables) => {
                let tables = tables.join(", ");
                lines.push(session.pick(&format!("Citus：已分布 {tables} ¦ Citus: distributed {tables}")));
            }
        }
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
