//! `tousu list`.

use std::process::ExitCode;

use clap::Args;

use super::columns::{self, Layout};
use super::exit::{Failure, usage};
use super::filters::Filters;
use super::output::{Form, Output};
use super::screen::{Look, Screen};
use super::walk::Walk;
use super::watch::{self, Watched};
use super::{Target, asked, exit, when};
use crate::cli::Session;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct List {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filters: Filters,
    /// 列，以逗号分隔：id、left、state、channel、from、time、due、step、phone、overdue、closed、handled、limit、order、resource-type、type、reason ¦ the columns, with commas between: id, left, state, channel, from, time, due, step, phone, overdue, closed, handled, limit, order, resource-type, type, reason
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    columns: Vec<String>,
    /// 以 CSV 输出 ¦ print CSV
    #[arg(long)]
    csv: bool,
    /// 每行输出一个 JSON 对象 ¦ print one JSON object a line
    #[arg(long, conflicts_with = "csv")]
    ndjson: bool,
    /// 最多多少条（默认 20） ¦ how many at most (default 20)
    #[arg(long, short = 'n', value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// 全部 ¦ all of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// 持续刷新，标出新到的（●）和有变化的（○），Ctrl-C 结束；输出到管道时只续写新到和有变化的 ¦ go on, and mark what is new (●) or changed (○), until Ctrl-C; into a pipe only what is new or changed follows
    #[arg(long)]
    watch: bool,
    /// 刷新间隔（默认 10s，至少 1s） ¦ how often to look again (default 10s, at least 1s)
    #[arg(long, value_name = "SPAN", requires = "watch")]
    every: Option<String>,
    #[command(flatten)]
    look: Look,
}

/// How many rows unless told otherwise.
const ROWS: u64 = 20;
/// Rows a call when all are wanted.
const LARGEST_PAGE: i64 = 1000;
/// Rows a call when some may be left out here.
const FILTERED_PAGE: i64 = 200;
/// Seconds between two looks unless told otherwise.
const EVERY: i64 = 10;

impl List {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let screen = self.look.screen();
        let form = self.form(&session, screen)?;
        let every = self.every()?;
        let plan = self.filters.plan(session.clock.epoch())?;
        let connection =
            if self.all && !self.watch { self.target.connect_patiently()? } else { self.target.connect()? };
        let most = if self.all { u64::MAX } else { self.limit.unwrap_or(ROWS) };
        let page_size = match plan.kept.flags().is_empty() {
            true => i64::try_from(most).unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE),
            false => FILTERED_PAGE,
        };
        if self.watch {
            let limit = self.limit.or(self.all.then_some(u64::MAX));
            let columns = columns::chosen(&self.columns)?;
            let watched = Watched { connection, filters: self.filters, columns, limit, every };
            return watch::run(session, watched, form, screen).await;
        }
        let mut walk = Walk::new(&connection.client, &plan, page_size);
        let mut output = Output::new(form, session.lang);
        let (mut shown, mut more) = (0, false);
        while let Some(row) = asked("list", walk.next().await)? {
            if shown == 0 {
                output.begin()?;
            }
            output.row(&row, session.clock.epoch())?;
            shown += 1;
            if shown == most {
                more = true;
                break;
            }
        }
        if shown == 0 {
            output.begin()?;
        }
        output.end()?;
        walk.tell_doubts(&session);
        told(&session, &walk, shown, more, &plan.kept.flags());
        Ok(ExitCode::SUCCESS)
    }

    fn form(&self, session: &Session, screen: Screen) -> Result<Form, Failure> {
        let chosen = columns::chosen(&self.columns)?;
        match (session.json, self.csv, self.ndjson) {
            (true, false, false) if self.watch => Err(usage(
                "--watch 没有尽头，请用 --ndjson 代替 --json ¦ --watch has no end: use --ndjson instead of --json",
            )),
            (true, false, false) => Ok(Form::Json(chosen)),
            (false, true, false) => {
                let all = || columns::ALL.iter().filter(|column| column.key != columns::LEFT);
                Ok(Form::Csv(if chosen.is_empty() { all().collect() } else { chosen }))
            }
            (false, false, true) => Ok(Form::Ndjson(chosen)),
            (false, false, false) => {
                let columns =
                    if chosen.is_empty() { columns::fitting(screen.width, session.lang) } else { chosen };
                Ok(Form::Table(Layout::new(columns, screen, session.lang, false)))
            }
            _ => {
                Err(usage("--json、--csv、--ndjson 只能选一 ¦ of --json, --csv and --ndjson only one can be"))
            }
        }
    }

    fn every(&self) -> Result<i64, Failure> {
        let Some(text) = &self.every else { return Ok(EVERY) };
        when::span(text).filter(|seconds| *seconds >= 1).ok_or_else(|| {
            usage(format!("--every {text} 应为 1s、30s、5m 这样的时长 ¦ --every {text} must be a span such as 1s, 30s or 5m"))
        })
    }
}

/// Tells how many there are, and what was left out.
fn told(session: &Session, walk: &Walk, shown: u64, more: bool, flags: &[&str]) {
    if !flags.is_empty() {
        let (flags, received) = (flags.join(" "), walk.received);
        let (zh, en) = if more { ("已够数", "which is enough") } else { ("已看完", "which are all") };
        session.note(&format!(
            "{flags} 由客户端筛选：看了 {received} 条（{zh}），显示 {shown} 条 ¦ {flags} is filtered here: looked at {received} ({en}), shown {shown}"
        ));
        return;
    }
    match walk.total() {
        Some(total) if more && total > i64::try_from(shown).unwrap_or(i64::MAX) => session.note(&format!(
            "共 {total} 条，显示 {shown} 条；--all 显示全部 ¦ {total} in all, shown {shown}; --all shows them all"
        )),
        Some(total) => session.note(&format!("共 {total} 条 ¦ {total} in all")),
        None if more => session.note(&format!(
            "显示 {shown} 条；--all 显示全部 ¦ shown {shown}; --all shows them all"
        )),
        None => session.note(&format!("共 {shown} 条 ¦ {shown} in all")),
    }
}
