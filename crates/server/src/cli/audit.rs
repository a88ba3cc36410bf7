//! `tousu audit verify`: whether the history is what was written.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::{Session, shop_id};
use crate::store::{Broken, ShopId};

#[derive(Subcommand)]
pub(super) enum Audit {
    /// 查验历史的每一条，指出第一处被改动或删除的 ¦ go through every entry and name the first that was changed or removed
    Verify {
        /// 只查这个店铺 ¦ this shop only
        #[arg(long, value_name = "APP_ID")]
        shop: Option<String>,
    },
}

impl Audit {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let Audit::Verify { shop } = self;
        let store = session.open_existing().await?;
        let mut tx = store.read().await?;
        tx.unhurried().await?;
        let shops = match shop {
            Some(shop) => vec![shop_id(&shop)?],
            None => tx.shops().await?.iter().filter_map(|shop| ShopId::parse(&shop.app_id)).collect(),
        };
        let (mut lines, mut good) = (Vec::new(), true);
        for shop in shops {
            let entries = tx.chain(&shop).await?.unwrap_or_default().entries;
            let broken = tx.verify_history(&shop).await?;
            good &= broken.is_none();
            lines.push((shop, entries, broken));
        }
        let value: Vec<_> = lines
            .iter()
            .map(|(shop, entries, broken)| {
                let (what, at) = broken.as_ref().map(told).unzip();
                json!({ "shop": shop.as_str(), "entries": entries, "good": broken.is_none(), "problem": what, "entry": at })
            })
            .collect();
        session.print(&value, |_| {
            let line = |(shop, entries, broken): &(ShopId, i64, Option<Broken>)| {
                let (zh, en) = match broken {
                    None => ("完好".to_owned(), "good".to_owned()),
                    Some(Broken::Changed(at)) => {
                        (format!("第 {at} 条被改动"), format!("entry {at} was changed"))
                    }
                    Some(Broken::Missing(at)) => {
                        (format!("第 {at} 条缺失"), format!("entry {at} is missing"))
                    }
                    Some(Broken::Added(at)) => {
                        (format!("第 {at} 条是多出的"), format!("entry {at} was added"))
                    }
                };
                session.pick(&format!("{shop} {entries} 条：{zh} ¦ {shop} {entries} entries: {en}"))
            };
            lines.iter().map(line).collect::<Vec<_>>().join("\n")
        })?;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn told(broken: &Broken) -> (&'static str, i64) {
    match broken {
        Broken::Changed(at) => ("changed", *at),
        Broken::Missing(at) => ("missing", *at),
        Broken::Added(at) => ("added", *at),
    }
}
