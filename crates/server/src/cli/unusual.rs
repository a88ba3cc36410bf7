//! `tousu serve --sandbox` and `--quirks`: what makes a server another one than usual.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;
use tousu_wire::sandbox::MOST_COMPLAINTS;
use tousu_wire::{BeijingTime, Text};

use super::bench_data::moment;
use super::{Session, token};
use crate::bench_data;
use crate::clock::Clock;
use crate::demo;
use crate::gateway::quirks::{KINDS, PRESETS, Rules};
use crate::sandbox::{self, Plan, Sandbox};
use crate::secrets::Secret;
use crate::settings::{Database, Synchronous};
use crate::store::Store;

#[derive(Args)]
pub(super) struct Unusual {
    /// 沙箱：与官方行为一致的替身，数据虚构，可随意改动与复原；默认用临时数据库 ¦ a sandbox: a twin of the official server with made-up data, to be changed and reset at will; in a temporary database by default
    #[arg(long)]
    sandbox: bool,
    /// 故意答错：预设名或文件；list 列出全部 ¦ answer wrong on purpose, by a preset or a file; list shows all
    #[arg(long, value_name = "PRESET|FILE|list")]
    quirks: Option<String>,
    /// 沙箱与 --quirks 的随机种子，种子相同则一切相同（默认 0，或文件中的 seed） ¦ the seed of the sandbox and of --quirks: the same seed makes everything the same (default 0, or the file's)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// 沙箱的投诉条数（默认 28） ¦ how many complaints the sandbox has (default 28)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MOST_COMPLAINTS.unsigned_abs()))]
    complaints: Option<u64>,
    /// 沙箱时钟的起点，北京时间（默认 2024-05-01 12:00:00） ¦ when the sandbox begins, Beijing time (default 2024-05-01 12:00:00)
    #[arg(long, value_name = "yyyy-MM-dd HH:mm:ss", value_parser = moment)]
    at: Option<BeijingTime>,
    /// 沙箱时钟停走，只随接口移动 ¦ the sandbox's clock stands still but for what is asked of it
    #[arg(long)]
    frozen: bool,
}

const LIST: &str = "list";

impl Unusual {
    /// Whether presets and faults are to be listed, and nothing served.
    pub(super) fn asks_for_list(&self) -> bool {
        self.quirks.as_deref() == Some(LIST)
    }

    /// Whether the flags go together.
    pub(super) fn check(&self, is_demo: bool) -> anyhow::Result<()> {
        if self.sandbox && is_demo {
            bail!("--sandbox 与 --demo 只能有其一 ¦ --sandbox and --demo do not go together");
        }
        let alone = [
            ("--complaints", self.complaints.is_some()),
            ("--at", self.at.is_some()),
            ("--frozen", self.frozen),
            ("--seed", self.seed.is_some() && self.quirks.is_none()),
        ];
        match alone.iter().find(|flag| flag.1 && !self.sandbox) {
            Some((flag, _)) => bail!("{flag} 须与 --sandbox 同用 ¦ {flag} goes with --sandbox"),
            None => Ok(()),
        }
    }

    /// How answers are to be wrong.
    pub(super) fn rules(&self) -> anyhow::Result<Option<Rules>> {
        let Some(name) = &self.quirks else { return Ok(None) };
        let mut rules = match Rules::preset(name) {
            Some(rules) => rules,
            None => from_file(name)?,
        };
        rules.seed = self.seed.unwrap_or(rules.seed);
        Ok(Some(rules))
    }

    /// Gives a sandbox its clock and, where no database is named, one in a folder that goes when it is dropped.
    pub(super) fn furnish(
        &self,
        session: &mut Session,
        has_database: bool,
    ) -> anyhow::Result<Option<TempDir>> {
        if !self.sandbox {
            return Ok(None);
        }
        session.clock = Clock::set_at(self.begins());
        session.clock.let_run(!self.frozen);
        let database = &mut session.settings.database;
        if has_database || database.0 != Database::default().0 {
            return Ok(None);
        }
        let folder = tempfile::Builder::new()
            .prefix("tousu-sandbox-")
            .tempdir()
            .context("无法建立临时目录 ¦ no temporary folder could be made")?;
        database.0 = format!("sqlite:{}", folder.path().join("sandbox.db").display());
        // What is made up can be made up again.
        session.settings.storage.sqlite_synchronous = Synchronous::Normal;
        Ok(Some(folder))
    }

    fn begins(&self) -> i64 {
        self.at.map_or(sandbox::BEGINS, BeijingTime::epoch)
    }

    /// The sandbox, if one is asked for.
    pub(super) async fn make(&self, store: &Store, clock: &Clock) -> anyhow::Result<Option<Sandbox>> {
        if !self.sandbox {
            return Ok(None);
        }
        if !sandbox::may_be_made_in(store).await? {
            bail!(
                "该数据库有沙箱之外的店铺，沙箱会清空其数据；请指定空的数据库，或不指定 ¦ the database has shops that are no sandbox's, and a sandbox begins by emptying it: name an empty one, or none"
            );
        }
        let plan = Plan {
            seed: self.seed.unwrap_or_default(),
            complaints: self.complaints.map_or(sandbox::COMPLAINTS, |count| count as usize),
            begins: self.begins(),
        };
        Ok(Some(Sandbox::make(store, clock, plan).await?))
    }

    /// Adds to what is told how to call the sandbox.
    pub(super) async fn tell_of_sandbox(
        &self,
        session: &Session,
        store: &Store,
        sandbox: &Sandbox,
        told: &mut Value,
    ) -> anyhow::Result<()> {
        let shown = sandbox.shown(&session.clock, session.lang)?;
        if let Some(account) = sandbox::accounts(shown.seed)?.first() {
            let (now, life) = (session.clock.epoch(), session.settings.token.lifetime_seconds);
            let access = token::issue(store, &account.shop, account.client_id, now, life).await?;
            told["app_id"] = json!(account.shop.as_str());
            told["client_id"] = json!(account.client_id);
            told["secret_key"] = json!(account.secret_key.reveal());
            told["access_token"] = json!(access.reveal());
            let password = demo::people(store, &account.shop, now).await?;
            told["login"] = json!(demo::LOGINS[0].0);
            told["password"] = json!(password.as_ref().map(Secret::reveal));
        }
        told["sandbox"] = json!(shown);
        Ok(())
    }

    /// Adds to what is told that answers are wrong, and whose.
    pub(super) async fn tell_of_quirks(
        &self,
        store: &Store,
        rules: &Rules,
        told: &mut Value,
    ) -> anyhow::Result<()> {
        let shops = store.read().await?.shops().await?;
        let is_made_up = |app_id: &str| {
            app_id == demo::APP_ID
                || app_id.starts_with(bench_data::SHOP)
                || sandbox::shop_named(Some(app_id)).is_some()
        };
        let own: Vec<&str> =
            shops.iter().map(|shop| shop.app_id.as_str()).filter(|id| !is_made_up(id)).collect();
        let shown = own.join(", ");
        tracing::warn!(
            quirks = self.quirks.as_deref().unwrap_or_default(),
            seed = rules.seed,
            shops = shown,
            "answers are wrong on purpose"
        );
        told["quirks"] = json!({ "from": self.quirks, "seed": rules.seed, "shops": own });
        Ok(())
    }
}

fn from_file(name: &str) -> anyhow::Result<Rules> {
    let shown = Path::new(name).display();
    let text = match std::fs::read_to_string(name) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            let (zh, en) = (names.join("、"), names.join(", "));
            bail!(
                "没有名为 {shown} 的预设或文件；预设有 {zh} ¦ {shown} is neither a preset nor a file; there are the presets {en}"
            );
        }
        Err(error) => {
            return Err(error).with_context(|| format!("无法读取 {shown} ¦ {shown} cannot be read"));
        }
    };
    Rules::parse(&text)
        .with_context(|| format!("怪癖文件 {shown} 有误 ¦ the file of quirks {shown} is wrong"))
}

/// Prints what presets and faults there are.
pub(super) fn list(session: &Session) -> anyhow::Result<ExitCode> {
    let pick = |text: &str| session.pick(text);
    let presets: Vec<Value> = PRESETS
        .iter()
        .map(|preset| json!({ "name": preset.name, "title": pick(preset.title), "file": preset.text }))
        .collect();
    let faults: Vec<Value> = KINDS
        .iter()
        .map(|kind| json!({ "name": kind.name, "takes": kind.takes, "title": pick(kind.title) }))
        .collect();
    session.print(&json!({ "presets": presets, "faults": faults }), |_| {
        let presets = PRESETS.iter().map(|preset| vec![preset.name.to_owned(), pick(preset.title)]);
        let faults = KINDS.iter().map(|kind| {
            let written = if kind.takes.is_empty() {
                kind.name.to_owned()
            } else {
                format!("{}={}", kind.name, kind.takes)
            };
            vec![written, pick(kind.title)]
        });
        [
            session.table(&["预设 ¦ preset", ""], presets.collect()),
            session.table(&["错法 ¦ fault", ""], faults.collect()),
        ]
        .join("\n\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What a person is told who starts such a server.
pub(super) fn greeting(session: &Session, told: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let say = |text: String| session.pick(&text);
    if let Some(sandbox) = told["sandbox"].as_object() {
        let (seed, complaints, now) = (&sandbox["seed"], &sandbox["complaints"], &sandbox["clock"]["now"]);
        let now = now.as_str().unwrap_or_default();
        lines.push(say(format!(
            "沙箱          种子 {seed}，{complaints} 条投诉，时钟 {now} ¦ sandbox       seed {seed}, {complaints} complaints, its clock at {now}"
        )));
        for account in sandbox["accounts"].as_array().into_iter().flatten() {
            let text = |name: &str| account[name].as_str().unwrap_or_default();
            lines.push(format!(
                "  {} {} {}  {}",
                text("app_id"),
                text("client_id"),
                text("secret_key"),
                Text::from(text("title")).pick(session.lang)
            ));
        }
    }
    if let Some(quirks) = told["quirks"].as_object() {
        let (from, seed) = (quirks["from"].as_str().unwrap_or_default(), &quirks["seed"]);
        lines.push(say(format!(
            "故意答错      {from}，种子 {seed}：切勿让真实的程序连到这里 ¦ wrong on purpose: {from}, seed {seed}. Let no program that matters call this server"
        )));
        let shops: Vec<&str> =
            quirks["shops"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !shops.is_empty() {
            let shown = shops.join(", ");
            lines.push(say(format!(
                "注意：此数据库不是演示或沙箱，店铺 {shown} 的投诉也会被答错（数据本身不变） ¦ careful: this database is no demo or sandbox, and what is told of {shown} is wrong, too (what is kept stays as it is)"
            )));
        }
    }
    lines
}
