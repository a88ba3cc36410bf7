//! `tousu bundle verify`: whether a file of evidence is as it was made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use tousu_wire::{Lang, Text};

use super::Session;
use super::export::{beside, unwritable};
use crate::bundle::{self, Proven, Unfit};
use crate::handling::{self, Bundled};
use crate::store::Result as Stored;

#[derive(Subcommand)]
pub(super) enum Bundle {
    /// 查验文件的每一部分，指出第一处不符；另用 --database 则与数据库核对 ¦ go through every part of a file and name the first that does not fit; with --database, hold it against what is kept there
    Verify {
        /// 存证文件 ¦ the file
        file: PathBuf,
    },
}

impl Bundle {
    pub(super) async fn run(self, session: Session, has_database: bool) -> anyhow::Result<ExitCode> {
        let Bundle::Verify { file } = self;
        let shown = file.display();
        let bytes = fs::read(&file).with_context(|| format!("{shown} 无法读取 ¦ {shown} cannot be read"))?;
        let proven = match std::str::from_utf8(&bytes) {
            Ok(text) => bundle::verify(text),
            Err(error) => Err(Unfit::Unreadable(error.to_string())),
        };
        let unfit = match &proven {
            Ok(proven) if has_database => {
                let store = session.open_existing().await?;
                handling::compare_bundle(&mut store.read().await?, proven).await?
            }
            Ok(_) => None,
            Err(unfit) => Some(unfit.clone()),
        };
        let problem = unfit.as_ref().map(ToString::to_string).map(Text::from);
        let value = json!({
            "good": unfit.is_none(),
            "problem": problem.as_ref().map(|problem| problem.pick(session.lang)),
            "complaint_id": proven.as_ref().ok().map(|proven| &proven.about.complaint_id),
            "made_at": proven.as_ref().ok().map(|proven| proven.about.made_at),
            "entries": proven.as_ref().ok().map(|proven| proven.history.len()),
            "masked_entries": proven.as_ref().ok().map(|proven| &proven.masked),
            "page_compared": proven.as_ref().ok().map(|proven| proven.page_is_of_data),
            "database_compared": has_database && proven.is_ok(),
            "digest": proven.as_ref().ok().map(|proven| &proven.digest),
        });
        session.print(&value, |_| match (&problem, &proven) {
            (None, Ok(proven)) => session.pick(&told(proven, has_database)),
            (problem, _) => {
                let problem = problem.as_ref().map_or("", |problem| problem.pick(session.lang));
                match session.lang {
                    Lang::Zh => format!("不符：{problem}"),
                    Lang::En => format!("does not fit: {problem}"),
                }
            }
        })?;
        Ok(if unfit.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Keeps what is made in that file. A file that cannot be is found before anything is made.
pub(super) async fn written(
    output: &Path,
    made: impl Future<Output = Stored<Option<Bundled>>>,
) -> anyhow::Result<Option<Bundled>> {
    let partial = beside(output, ".part");
    File::create(&partial).with_context(|| unwritable(output))?;
    let made = made.await;
    let Ok(Some(bundled)) = made else {
        let _ = fs::remove_file(&partial);
        return Ok(made?);
    };
    fs::write(&partial, &bundled.html).with_context(|| unwritable(output))?;
    fs::rename(&partial, output).with_context(|| unwritable(output))?;
    Ok(Some(bundled))
}

fn told(proven: &Proven, has_database: bool) -> String {
    let Proven { about, history, masked, page_is_of_data, digest } = proven;
    let (id, at, entries) = (&about.complaint_id, about.made_at, history.len());
    let (mut zh, mut en) = (
        format!("完好：{id}，制作于 {at}，历史 {entries} 条，摘要 {digest}"),
        format!("good: {id}, made at {at}, {entries} entries, digest {digest}"),
    );
    if !masked.is_empty() {
        let numbers = masked.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        zh += &format!("\n第 {numbers} 条含打码内容，其哈希无法在此重算");
        en += &format!("\nentries {numbers} have something masked: their hashes cannot be worked out here");
    }
    if !page_is_of_data {
        zh += &format!("\n页面由 {} 制作，未与数据逐字比对", about.program);
        en += &format!("\nthe page was made by {} and was not held against the data", about.program);
    }
    if has_database {
        zh += "\n与数据库一致";
        en += "\nthe database has the same";
    }
    // Each line in its own language.
    format!("{zh} ¦ {en}")
}
