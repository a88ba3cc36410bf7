//! `tousu import`.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tousu_wire::Lang;

use super::app::no_shop;
use super::{Session, shop_id};
use crate::import::{self, Format, Manner, Reject, Report};
use crate::privacy::masked_text;

#[derive(Args)]
pub(super) struct Import {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 文件，- 为标准输入 ¦ the file; - is standard input
    file: PathBuf,
    /// 文件格式（默认按扩展名） ¦ the file's form (default: by its ending)
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// 把被拒绝的行写入此文件（NDJSON） ¦ keep the refused rows in this file (NDJSON)
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// 每提交一批就在标准输出打印一行 JSON ¦ print a JSON line on stdout after each committed batch
    #[arg(long)]
    progress: bool,
    /// 每个事务的行数 ¦ rows per transaction
    #[arg(long, value_name = "N", default_value_t = import::BATCH, value_parser = rows_per_batch)]
    batch: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Json,
    Csv,
    Xlsx,
}

/// Refused rows that are told one by one; the rest are counted.
const TOLD: usize = 10;

impl Import {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let shop = shop_id(&self.shop)?;
        let format = match self.format {
            Some(Form::Json) => Format::Json,
            Some(Form::Csv) => Format::Csv,
            Some(Form::Xlsx) => Format::Xlsx,
            None if self.file.as_os_str() == "-" => Format::Json,
            None => Format::of(&self.file).context(
                "无法由扩展名判断格式，请用 --format 指定 json、csv 或 xlsx ¦ the ending tells no form: name json, csv or xlsx with --format",
            )?,
        };
        let store = session.open_existing().await?;
        if store.read().await?.version(&shop).await?.is_none() {
            bail!(no_shop(&shop));
        }
        store.expect_bulk().await?;
        let bar = progress_bar(&self.file, format);
        let file = self.file.display().to_string();
        let counting = bar.clone();
        let rows = import::open(&self.file, format, move |bytes| counting.inc(bytes))
            .with_context(|| format!("无法读取 {file} ¦ {file} cannot be read"))?;
        if let Some(path) = &self.rejects
            && is_same_file(path, &self.file)
        {
            bail!("--rejects 不能是要导入的文件 ¦ --rejects must not be the file to import");
        }
        let mut kept = match &self.rejects {
            Some(path) => Some(BufWriter::new(
                // The rows as they came, so that they can be put right: for nobody else to read.
                File::options()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(path)
                    .with_context(|| format!("{0} 无法写入 ¦ {0} cannot be written", path.display()))?,
            )),
            None => None,
        };
        let mut told = 0;
        let committed = |report: &Report, rejects: &[Reject]| {
            for reject in rejects {
                if let Some(kept) = &mut kept {
                    serde_json::to_writer(&mut *kept, reject)?;
                    kept.write_all(b"\n")?;
                }
                if told < TOLD {
                    bar.suspend(|| eprintln!("{}", told_reject(&session, reject)));
                }
                told += 1;
            }
            // Before the batch is acknowledged, so that what is told is kept.
            if let Some(kept) = &mut kept {
                kept.flush()?;
            }
            if self.progress {
                let mut out = std::io::stdout().lock();
                writeln!(out, "{}", serde_json::to_string(report)?)?;
                out.flush()?;
            }
            bar.set_message(report.read.to_string());
            Ok(())
        };
        let manner = Manner { batch: self.batch, ..Manner::default() };
        let interrupted = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let ended = import::import(&store, &shop, &session.clock, rows, manner, committed, interrupted).await;
        bar.finish_and_clear();
        if told > TOLD {
            let more = told - TOLD;
            eprintln!(
                "{}",
                session.pick(&format!("……另有 {more} 行被拒绝 ¦ … and {more} more rows were refused"))
            );
        }
        let cut_short = ended.cut_short.map(|error| format!("{error:#}"));
        let report = ended.report;
        let value = json!({
            "read": report.read, "added": report.added, "changed": report.changed,
            "unchanged": report.unchanged, "refused": report.refused,
            "complete": cut_short.is_none(), "error": cut_short.as_deref().map(|error| session.pick(error)),
        });
        session.print(&value, |_| summary(&session, &report))?;
        if let Some(error) = cut_short {
            bail!(
                "导入未完成，以上行已写入，重新执行即可继续：{0} ¦ the import is not complete; the rows above are in the store, running it again goes on: {1}",
                tousu_wire::Text::from(error.as_str()).pick(Lang::Zh),
                tousu_wire::Text::from(error.as_str()).pick(Lang::En),
            );
        }
        Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
    }
}

/// The exit code of an import that took in all but some refused rows.
const REFUSED: u8 = 2;

fn rows_per_batch(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&rows| rows > 0).ok_or_else(|| "1, 2, 3, …".into())
}

fn is_same_file(one: &std::path::Path, other: &std::path::Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn progress_bar(file: &std::path::Path, format: Format) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // A workbook is unpacked as it is read: how far along it is cannot be told in bytes.
    let size = std::fs::metadata(file).ok().filter(|_| format != Format::Xlsx).map(|meta| meta.len());
    let (bar, template) = match size {
        Some(size) => (ProgressBar::new(size), "{wide_bar} {percent:>3}% {msg} {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn told_reject(session: &Session, reject: &Reject) -> String {
    let (line, reason) = (reject.line, session.pick(&reject.reason));
    let reason = masked_text(&reason);
    match session.lang {
        Lang::Zh => format!("第 {line} 行：{reason}"),
        Lang::En => format!("line {line}: {reason}"),
    }
}

fn summary(session: &Session, report: &Report) -> String {
    let Report { read, added, changed, unchanged, refused } = report;
    session.pick(&format!(
        "读取 {read} 行：新增 {added}，更新 {changed}，未变 {unchanged}，拒绝 {refused} ¦ {read} rows read: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused"
    ))
}
