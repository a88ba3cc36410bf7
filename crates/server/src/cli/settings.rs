//! `tousu settings`: what a shop decides about its complaints.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use tousu_wire::shop_settings::{Change, Moved, ShopSettings, Template};

use super::app::no_shop;
use super::complaint::CLIENT_ID;
use super::refused::refuse;
use super::{Session, shop_id};
use crate::deadline::parse_rules;
use crate::handling::{self, Caller, Deadlines};

#[derive(Args)]
pub(super) struct Settings {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 商家可否自行结单：0 否，1 是 ¦ whether the merchant may close complaints: 0 no, 1 yes
    #[arg(long, value_name = "0|1")]
    merchant_closes: Option<i64>,
    /// 结单后消费者可重新打开的小时数 ¦ for how many hours the consumer may have a complaint reopened
    #[arg(long, value_name = "HOURS")]
    consumer_reopens_hours: Option<i64>,
    /// 到期前多少小时提醒，可写多个，以逗号分隔 ¦ how many hours before a deadline to remind, with commas between
    #[arg(long, value_name = "HOURS", value_delimiter = ',')]
    remind_hours: Option<Vec<i64>>,
    /// 店铺自己的期限规则（TOML，格式同自带的 deadlines.toml），替换原有的 ¦ the shop's own deadline rules (TOML, as the deadlines.toml that comes with the program), in place of those there were
    #[arg(long, value_name = "FILE")]
    deadline_rules: Option<PathBuf>,
    /// 回复模板（TOML，templates 之下各有 name 与 text），替换原有的 ¦ the replies that are offered (TOML: under templates each with name and text), in place of those there were
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    /// 备选标签，以逗号分隔，替换原有的 ¦ the tags that are offered, with commas between, in place of those there were
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    tags: Option<Vec<String>>,
    /// 进行中的时限也按新规则重算 ¦ count running deadlines anew, too
    #[arg(long)]
    move_running: bool,
    /// 仅试算，不更改 ¦ only say what would change
    #[arg(long)]
    dry_run: bool,
    /// 操作人，记入历史（默认为登录用户） ¦ who does it, for the history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    operator: Option<String>,
}

impl Settings {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let shop = shop_id(&self.shop)?;
        let store = session.open_existing().await?;
        let handling = &session.settings.handling;
        let deadline_rules = match &self.deadline_rules {
            None => None,
            Some(file) => {
                let unread = || format!("{0} 无法读取 ¦ {0} cannot be read", file.display());
                let rules = parse_rules(&std::fs::read_to_string(file).with_context(unread)?)?;
                Some(rules.iter().map(|rule| json!(rule)).collect())
            }
        };
        let templates = match &self.templates {
            None => None,
            Some(file) => {
                let unread = || format!("{0} 无法读取 ¦ {0} cannot be read", file.display());
                let file: Templates = toml::from_str(&std::fs::read_to_string(file).with_context(unread)?)?;
                Some(file.templates)
            }
        };
        let change = Change {
            merchant_closes: self.merchant_closes,
            consumer_reopens_hours: self.consumer_reopens_hours,
            remind_hours: self.remind_hours,
            deadline_rules,
            templates,
            tags: self.tags,
            move_running: self.move_running.then_some(1),
            dry_run: self.dry_run.then_some(1),
            operator: None,
            idempotency_key: None,
        };
        if change == Change::default() {
            let mut tx = store.read().await?;
            if tx.version(&shop).await?.is_none() {
                anyhow::bail!(no_shop(&shop));
            }
            let settings = tx.shop_settings(&shop).await?;
            let shown = handling::shown_settings(&settings, handling, &Deadlines::load(handling)?);
            session.print(&shown, |settings| told(&session, settings))?;
            return Ok(ExitCode::SUCCESS);
        }
        let deadlines = Deadlines::load(handling)?;
        let now = session.clock.epoch();
        let caller = Caller { client_id: CLIENT_ID, person: None, now, handling, deadlines: &deadlines };
        let change = Change { operator: self.operator, ..change };
        let done = handling::change_settings(&store, &shop, &caller, change).await?;
        let changed = done.or_else(|why| refuse(why, &shop, ""))?;
        session.print(&changed, |changed| {
            let line = |moved: &Moved| {
                let (before, after) = (moved.before.to_string(), moved.after.to_string());
                vec![moved.complaint_id.clone(), before, after, moved.rule.clone()]
            };
            let mut lines = vec![told(&session, &changed.settings)];
            if !changed.moved.is_empty() {
                let headings = ["投诉单号 ¦ COMPLAINT", "原时限 ¦ WAS DUE", "新时限 ¦ IS DUE", "规则 ¦ RULE"];
                lines.push(session.table(&headings, changed.moved.iter().map(line).collect()));
            }
            if self.dry_run {
                lines.push(session.pick("仅试算，未更改 ¦ nothing was changed: this was a dry run"));
            }
            lines.join("\n")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A file of replies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    #[serde(default)]
    templates: Vec<Template>,
}

fn told(session: &Session, settings: &ShopSettings) -> String {
    let ShopSettings {
        merchant_closes,
        consumer_reopens_hours,
        remind_hours,
        deadline_rules,
        standard_rules: _,
        templates,
        tags,
    } = settings;
    let hours = remind_hours.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let (rules, templates, tags) = (deadline_rules.len(), templates.len(), tags.len());
    session.pick(&format!(
        "商家自行结单 {merchant_closes}，消费者重新打开 {consumer_reopens_hours} 小时内，到期前 {hours} 小时提醒，自有期限规则 {rules} 条，回复模板 {templates} 个，备选标签 {tags} 个 ¦ merchant closes {merchant_closes}, consumer reopens within {consumer_reopens_hours} hours, reminders {hours} hours before, own deadline rules {rules}, templates {templates}, tags {tags}"
    ))
}
