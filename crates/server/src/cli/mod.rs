//! The commands, one file each. Help texts are written `中文 ¦ English`; `command` shows the half asked for.
#![allow(clippy::print_stdout, reason = "data goes to stdout, the rest to stderr")]

mod app;
mod audit;
mod bench_data;
mod bundle;
mod complaint;
mod config;
mod deadline;
mod doctor;
mod export;
mod import;
mod key;
mod migrate;
mod openapi;
mod refused;
mod remote;
mod search;
mod serve;
mod settings;
mod shop;
mod stats;
mod subscription;
mod sync;
mod token;
mod unusual;
mod user;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use comfy_table::{Table, presets};
use tousu_wire::{Lang, Text};

use crate::clock::Clock;
use crate::privacy::{keys, masked_text};
use crate::settings::Settings;
use crate::store::{ShopId, Store};

/// 投诉：汇集各渠道的投诉，守住时限，并以公开的投诉列表接口提供 ¦ Gathers complaints, keeps their deadlines, and serves them through the published list API
#[derive(Parser)]
#[command(name = "tousu", version)]
struct Tousu {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command takes.
#[derive(Args)]
struct Global {
    /// 数据库：sqlite:文件 或 postgres://…（默认 sqlite:tousu.db） ¦ the database: sqlite:FILE or postgres://… (default sqlite:tousu.db)
    #[arg(long, value_name = "URL", env = "TOUSU_DATABASE", hide_env_values = true, global = true)]
    database: Option<String>,
    /// 设置文件（默认 tousu.toml，如存在） ¦ the settings file (default tousu.toml, if it is there)
    #[arg(long, value_name = "FILE", env = "TOUSU_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// 临时改变一项设置，例如 server.max_requests=64 ¦ changes one setting, for example server.max_requests=64
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
    /// 语言：zh 或 en ¦ the language: zh or en
    #[arg(long, value_name = "LANG", env = "TOUSU_LANG", global = true)]
    lang: Option<String>,
    /// 以 JSON 输出 ¦ print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// 启动服务 ¦ serve the interfaces
    Serve(serve::Serve),
    /// 管理店铺 ¦ manage shops
    #[command(subcommand)]
    Shop(shop::Shop),
    /// 管理应用与授权 ¦ manage apps and what they may do
    #[command(subcommand)]
    App(app::App),
    /// 管理登录控制台的用户 ¦ manage who signs in to the console
    #[command(subcommand)]
    User(user::User),
    /// 取得一个用于调试的访问令牌 ¦ an access token for trying things
    Token(token::Token),
    /// 处理投诉 ¦ handle complaints
    Complaint(complaint::Complaint),
    /// 管理加密密钥 ¦ manage the keys for phone numbers
    #[command(subcommand)]
    Key(key::Key),
    /// 查看期限规则，解释时限 ¦ deadline rules, and deadlines explained
    #[command(subcommand)]
    Deadline(deadline::Deadline),
    /// 查看与更改店铺设置 ¦ show and change what a shop decides
    Settings(settings::Settings),
    /// 查验历史 ¦ verify the history
    #[command(subcommand)]
    Audit(audit::Audit),
    /// 登录一个服务器（官方或本程序），保存为配置 ¦ log in to a server, the official one or ours, and keep it as a profile
    Login(remote::Login),
    /// 删除一个配置及其密钥 ¦ remove a profile and its secret
    Logout(remote::Logout),
    /// 列出服务器上的投诉，可持续刷新 ¦ list a server's complaints, once or watching them
    List(Box<remote::List>),
    /// 显示服务器上的一条投诉与回复 ¦ show one of a server's complaints, with replies
    Show(remote::Show),
    /// 调用服务器的任一接口，原样输出答复 ¦ call any interface of a server, and print the answer as it came
    Call(remote::Call),
    /// 显示应用能做什么、剩余次数 ¦ what the app may do on the server, and how often it may still call
    Whoami(remote::Whoami),
    /// 测延迟与时钟偏差 ¦ how fast the server answers, and whether its clock is right
    Ping(remote::Ping),
    /// 逐项比较服务器与本项目所知 ¦ compare a server, field by field, with what this project believes of it
    Conformance(remote::Conformance),
    /// 统计投诉 ¦ count complaints
    Stats(stats::Stats),
    /// 管理通知的订阅 ¦ manage who is told of what happens
    Subscription(subscription::Subscription),
    /// 从官方平台或另一台服务器同步投诉 ¦ fetch complaints from the official platform or another server
    Sync(Box<sync::Sync>),
    /// 导出投诉单为 CSV、XLSX 或 NDJSON 文件，附清单；从数据库或服务器 ¦ export complaints of the database or a server: CSV, XLSX or NDJSON, with a manifest
    Export(Box<export::Export>),
    /// 查验存证文件 ¦ verify files of evidence
    #[command(subcommand)]
    Bundle(bundle::Bundle),
    /// 从 JSON、NDJSON、CSV 或 XLSX 文件导入投诉 ¦ import complaints from JSON, NDJSON, CSV or XLSX
    Import(import::Import),
    /// 生成大量投诉，用于压测 ¦ make complaints by the million, to measure with
    BenchData(bench_data::BenchData),
    /// 更新数据库的表；如有 Citus，则按店铺分布 ¦ bring the tables up to date and, with Citus, distribute them by shop
    Migrate,
    /// 检查数据库、迁移、完整性、时钟与设置 ¦ check database, migrations, integrity, clock and settings
    Doctor,
    /// 输出接口的 OpenAPI 文档 ¦ print the OpenAPI document of the interfaces
    Openapi,
    /// 显示生效的设置（隐去密码） ¦ print the settings in force, passwords left out
    Config,
    /// 生成命令补全脚本 ¦ print a completion script
    Completions {
        /// 命令行解释器 ¦ the shell
        shell: clap_complete::Shell,
    },
    /// 生成手册页 ¦ print the man page
    Man,
}

/// What a command needs: settings, language, output form.
struct Session {
    settings: Settings,
    lang: Lang,
    json: bool,
    clock: Clock,
}

/// The whole program.
pub fn main() -> ExitCode {
    let mut lang = early_lang();
    let matches = command(lang).get_matches();
    let parsed = Tousu::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(parsed, &mut lang) {
        Ok(code) => code,
        Err(error) if error.is::<remote::exit::ReaderLeft>() => ExitCode::SUCCESS,
        Err(error) => {
            let mark = if lang == Lang::Zh { "错误" } else { "error" };
            let causes: Vec<String> =
                error.chain().map(|cause| Text::from(cause.to_string()).pick(lang).to_owned()).collect();
            // What was typed may be in it, and what a server said.
            eprintln!("{mark}: {}", remote::harmless(&masked_text(&causes.join(": "))));
            if let Some(hint) = remote::exit::hint(&error) {
                let mark = if lang == Lang::Zh { "提示" } else { "hint" };
                eprintln!("{mark}: {}", Text::from(hint).pick(lang));
            }
            remote::exit::of(&error).into()
        }
    }
}

/// Runs a command. `lang` becomes the language of the settings as soon as they are read.
fn run(parsed: Tousu, lang: &mut Lang) -> anyhow::Result<ExitCode> {
    let Tousu { command: chosen, global } = parsed;
    match &chosen {
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut command(*lang), "tousu", &mut std::io::stdout());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Man => {
            clap_mangen::Man::new(command(*lang)).render(&mut std::io::stdout())?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let has_database = global.database.is_some();
    let mut overrides = Vec::new();
    for pair in &global.set {
        let (key, value) =
            pair.split_once('=').context("--set 应写作 KEY=VALUE ¦ --set is written KEY=VALUE")?;
        overrides.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    let flags = [("database", global.database), ("lang", global.lang), ("server.listen", chosen.listen())];
    overrides.extend(flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    let settings =
        Settings::load(global.config.as_deref(), &overrides).context("设置有误 ¦ the settings are wrong")?;
    *lang = settings.lang;
    let context = Session { lang: settings.lang, settings, json: global.json, clock: Clock::system() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match chosen {
            Command::Serve(serve) => serve.run(context, has_database).await,
            Command::Shop(shop) => shop.run(context).await,
            Command::App(app) => app.run(context).await,
            Command::User(user) => user.run(context).await,
            Command::Token(token) => token.run(context).await,
            Command::Complaint(complaint) => complaint.run(context).await,
            Command::Key(key) => key.run(context).await,
            Command::Deadline(deadline) => deadline.run(context).await,
            Command::Settings(settings) => settings.run(context).await,
            Command::Audit(audit) => audit.run(context).await,
            Command::Login(login) => login.run(context).await,
            Command::Logout(logout) => logout.run(context).await,
            Command::List(list) => list.run(context).await,
            Command::Show(show) => show.run(context).await,
            Command::Call(call) => call.run(context).await,
            Command::Whoami(whoami) => whoami.run(context).await,
            Command::Ping(ping) => ping.run(context).await,
            Command::Conformance(conformance) => conformance.run(context).await,
            Command::Stats(stats) => stats.run(context).await,
            Command::Subscription(subscription) => subscription.run(context).await,
            Command::Sync(sync) => sync.run(context).await,
            Command::Export(export) => export.run(context).await,
            Command::Bundle(bundle) => bundle.run(context, has_database).await,
            Command::Import(import) => import.run(context).await,
            Command::BenchData(bench_data) => bench_data.run(context).await,
            Command::Migrate => migrate::run(context).await,
            Command::Doctor => doctor::run(context).await,
            Command::Openapi => openapi::run(),
            Command::Config => config::run(&context),
            Command::Completions { .. } | Command::Man => Ok(ExitCode::SUCCESS),
        }
    });
    // A thread that waits for standard input must not keep the process.
    runtime.shutdown_background();
    done
}

impl Command {
    fn listen(&self) -> Option<String> {
        match self {
            Command::Serve(serve) => serve.listen.clone(),
            _ => None,
        }
    }
}

/// The language of help and of errors that come before the settings are read.
fn early_lang() -> Lang {
    let mut arguments = std::env::args().skip_while(|argument| !argument.starts_with("--lang"));
    let flag = arguments.next().and_then(|flag| match flag.strip_prefix("--lang=") {
        Some(value) => Some(value.to_owned()),
        None => arguments.next(),
    });
    match flag.or_else(|| std::env::var("TOUSU_LANG").ok()).as_deref() {
        Some("en") => Lang::En,
        _ => Lang::Zh,
    }
}

/// The command line's definition, in one language.
fn command(lang: Lang) -> clap::Command {
    in_one_language(Tousu::command(), lang)
}

fn in_one_language(command: clap::Command, lang: Lang) -> clap::Command {
    let pick = |text: &str| Text::from(text).pick(lang).to_owned();
    let word = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    let about = command.get_about().map(|about| pick(&about.to_string()));
    // clap's own words are English only, so that what they say is said here.
    let mut command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .arg(own_flag("help", 'h', clap::ArgAction::Help, "显示帮助 ¦ print help"))
        .subcommand_help_heading(word("命令", "Commands"))
        .help_template(format!(
            "{{about-with-newline}}\n{}: {{usage}}\n\n{{all-args}}{{after-help}}",
            word("用法", "Usage")
        ));
    if command.get_version().is_some() {
        command =
            command.arg(own_flag("version", 'V', clap::ArgAction::Version, "显示版本 ¦ print the version"));
    }
    command = command.mut_args(|argument| {
        let heading = match argument.is_positional() {
            true => word("参数", "Arguments"),
            false => word("选项", "Options"),
        };
        let help = argument.get_help().map(|help| pick(&help.to_string())).unwrap_or_default();
        argument.help(help).help_heading(heading).hide_env_values(true)
    });
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = command.get_after_help().map(|after| pick(&after.to_string())) {
        command = command.after_help(after);
    }
    command.mut_subcommands(|sub| in_one_language(sub, lang))
}

fn own_flag(name: &'static str, short: char, action: clap::ArgAction, help: &'static str) -> clap::Arg {
    clap::Arg::new(name).short(short).long(name).action(action).help(help)
}

impl Session {
    /// The database, created if it is not there.
    async fn open(&self) -> anyhow::Result<Store> {
        let url = &self.settings.database.0;
        let store = Store::open(url, &self.settings.storage).await.with_context(|| self.unopened())?;
        Ok(store.with_vault(keys::vault(&self.settings)?))
    }

    /// The database, which must be there.
    async fn open_existing(&self) -> anyhow::Result<Store> {
        let url = &self.settings.database.0;
        let store =
            Store::open_existing(url, &self.settings.storage).await.with_context(|| self.unopened())?;
        Ok(store.with_vault(keys::vault(&self.settings)?))
    }

    fn unopened(&self) -> String {
        let url = self.settings.redacted().database.0;
        format!("无法打开数据库 {url} ¦ the database {url} cannot be opened")
    }

    fn pick(&self, text: &str) -> String {
        Text::from(text).pick(self.lang).to_owned()
    }

    /// Prints a value as JSON, or else what `text` makes of it.
    fn print<T: serde::Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        let shown = if self.json { serde_json::to_string(value)? } else { text(value) };
        // Not println!, which panics when a reader like `head` has left.
        remote::written(writeln!(std::io::stdout(), "{shown}"))
    }

    /// A table with aligned columns, without lines.
    fn table(&self, headings: &[&str], rows: Vec<Vec<String>>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(headings.iter().map(|heading| self.pick(heading)));
        table.add_rows(rows);
        table.trim_fmt()
    }
}

/// The shop of that id, if the text can be one.
fn shop_id(text: &str) -> anyhow::Result<ShopId> {
    ShopId::parse(text).with_context(|| {
        format!(
            "app_id {text} 应为 1 到 64 个字母、数字、_ 或 - ¦ app_id {text} must be 1 to 64 letters, digits, _ or -"
        )
    })
}
