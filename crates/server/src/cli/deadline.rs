//! `tousu deadline …`: which rules hold, and why a complaint is due when it is.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use tousu_wire::deadline_explain::{Interval, Response, Window};

use super::app::no_shop;
use super::{Session, shop_id};
use crate::deadline::Rule;
use crate::handling::{self, Deadlines};
use crate::store::ShopId;

#[derive(Subcommand)]
pub(super) enum Deadline {
    /// 逐段说明投诉单的时限 ¦ explain a complaint's deadline, stretch by stretch
    Explain {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
    },
    /// 列出店铺适用的全部期限规则 ¦ list all deadline rules that hold for a shop
    Rules {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
    },
}

impl Deadline {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self {
            Deadline::Explain { shop, complaint_id } => {
                explain(&session, &shop_id(&shop)?, &complaint_id).await?
            }
            Deadline::Rules { shop } => rules(&session, &shop_id(&shop)?).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn explain(session: &Session, shop: &ShopId, complaint_id: &str) -> anyhow::Result<()> {
    let deadlines = Deadlines::load(&session.settings.handling)?;
    let mut tx = session.open_existing().await?.read().await?;
    let handled = tx
        .handled(shop, complaint_id)
        .await?
        .with_context(|| format!("没有投诉单 {complaint_id} ¦ there is no complaint {complaint_id}"))?;
    let settings = tx.shop_settings(shop).await?;
    let now = session.clock.epoch();
    let answer = handling::explain(&handled, &settings, &deadlines, now, session.lang);
    session.print(&answer, |answer| shown(session, answer))
}

fn shown(session: &Session, answer: &Response) -> String {
    let headings = ["起 ¦ FROM", "止 ¦ TO", "计入 ¦ COUNTS", "说明 ¦ WHY"];
    let line = |interval: &Interval| {
        let Interval { starts, ends, counts, phase: _, why } = interval;
        vec![starts.to_string(), ends.to_string(), counts.to_string(), why.clone()]
    };
    let window = |window: &Window| {
        let Window { stage, counts, rule, rule_version, title, starts, ends, note, intervals, .. } = window;
        let stage = match stage.as_str() {
            "first_reply" => "首次回复 ¦ first reply",
            _ => "处理完结 ¦ settlement",
        };
        let now =
            if *counts == 1 { session.pick("（当前计时） ¦  (counts now)") } else { String::new() };
        let stage = session.pick(stage);
        let mut lines = vec![format!("{stage} {starts} – {ends}{now}")];
        if !rule.is_empty() {
            lines.push(session.pick(&format!(
                "规则 {rule} 第 {rule_version} 版：{title} ¦ rule {rule} version {rule_version}: {title}"
            )));
        }
        if !note.is_empty() {
            lines.push(note.clone());
        }
        if !intervals.is_empty() {
            lines.push(session.table(&headings, intervals.iter().map(line).collect()));
        }
        lines.join("\n")
    };
    answer.windows.iter().map(window).collect::<Vec<_>>().join("\n\n")
}

async fn rules(session: &Session, shop: &ShopId) -> anyhow::Result<()> {
    let deadlines = Deadlines::load(&session.settings.handling)?;
    let mut tx = session.open_existing().await?.read().await?;
    if tx.version(shop).await?.is_none() {
        anyhow::bail!(no_shop(shop));
    }
    let settings = tx.shop_settings(shop).await?;
    let rules: Vec<Rule> = deadlines.rules(&settings.deadline_rules)?.all().cloned().collect();
    session.print(&rules, |rules| {
        let headings = ["规则 ¦ RULE", "版本 ¦ VERSION", "期限 ¦ LENGTH", "说明 ¦ TITLE"];
        let line = |rule: &Rule| {
            let title = rule.title.pick(session.lang).to_owned();
            vec![
                rule.id.clone(),
                rule.version.to_string(),
                rule.kind.label().pick(session.lang).to_owned(),
                title,
            ]
        };
        session.table(&headings, rules.iter().map(line).collect())
    })
}
