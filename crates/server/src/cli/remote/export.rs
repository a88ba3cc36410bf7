//! `tousu export` from a server: page by page into a part file, so that it goes on where it was interrupted; the file
//! itself is whole or absent.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tousu_client::{Client, Complaints, Cursor, Error};
use tousu_wire::complaint_list::Row;
use tousu_wire::{BeijingTime, Lang};

use super::exit::{Exit, Failure, usage};
use super::filters::{Filters, Kept};
use super::{Connection, Target};
use crate::cli::Session;
use crate::cli::export::{beside, unwritable, write_manifest};
use crate::export::{self, Format, Manifest, Options, Writer};

/// What is exported, and whereto.
pub(in crate::cli) struct Wanted {
    pub(in crate::cli) target: Target,
    pub(in crate::cli) filters: Filters,
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) format: Format,
    /// Begin anew, whatever was begun before.
    pub(in crate::cli) restart: bool,
}

/// How far an export is, beside its part file.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// From where, and what for: an export goes on only where both are the same.
    url: String,
    app_id: String,
    typed: Filters,
    /// When it was begun, to which the filters' spans belong.
    begun_at: i64,
    /// What the list cannot filter.
    kept: Kept,
    /// The filters as the manifest has them.
    told: Map<String, Value>,
    /// Where each walk is.
    walks: Vec<Place>,
    /// Rows in the part file, and its length.
    rows: u64,
    bytes: u64,
    /// Rows that could not be understood.
    left_out: u64,
}

/// Where a walk is.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    cursor: Cursor,
    ended: bool,
}

/// Rows a call: the largest page there is.
const PAGE: i64 = 1000;

/// Exports, and tells how it went.
pub(in crate::cli) async fn export(session: &Session, wanted: Wanted) -> anyhow::Result<ExitCode> {
    let connection = wanted.target.connect_patiently()?;
    let mut under_way = UnderWay::open(session, &wanted, &connection)?;
    let resumed = under_way.state.rows > 0;
    if resumed {
        let rows = under_way.state.rows;
        session.note(&format!("接着上次的 {rows} 条继续 ¦ going on behind the {rows} rows from before"));
    }
    let bar = bar(session);
    let done = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Err(Failure::new(
            Exit::Interrupted,
            "已中断，重复同一命令即可续传 ¦ interrupted: the same command goes on from here",
        ).into()),
        done = under_way.fetch(session, &connection.client, &bar) => done.context(
            "导出中断，重复同一命令即可续传 ¦ the export broke off: the same command goes on from here",
        ),
    };
    bar.finish_and_clear();
    done?;
    let left_out = under_way.state.left_out;
    let (file, format, lang) = (wanted.file.clone(), wanted.format, session.lang);
    let finished = tokio::task::spawn_blocking(move || under_way.finish(&file, format, lang)).await;
    let manifest = finished.context("导出未完成 ¦ the export broke off").flatten()?;
    if left_out > 0 {
        session.note(&format!(
            "有 {left_out} 条投诉看不懂，未导出 ¦ {left_out} complaints cannot be understood and were left out"
        ));
    }
    session.print(&json!({ "manifest": manifest, "resumed": resumed }), |_| {
        let (rows, sha256, shown) = (manifest.rows, &manifest.sha256, wanted.file.display());
        session.pick(&format!(
            "已导出 {rows} 条到 {shown}\nSHA-256 {sha256} ¦ exported {rows} complaints to {shown}\nSHA-256 {sha256}"
        ))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn bar(session: &Session) -> ProgressBar {
    // Draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::no_length();
    let template = session.pick(
        "{bar:30} {human_pos}/{human_len} 条  {per_sec:0}  约剩 {eta} ¦ {bar:30} {human_pos}/{human_len}  {per_sec:0}  {eta} left",
    );
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// An export under way.
struct UnderWay {
    state: State,
    /// Rows as the list has them, one a line.
    part: BufWriter<File>,
    /// Both files, by their paths.
    paths: Paths,
    /// Ids in the part file, where a complaint may change from one walk into another.
    seen: HashSet<String>,
}

#[derive(Clone)]
struct Paths {
    part: PathBuf,
    state: PathBuf,
}

impl UnderWay {
    /// What was begun before, if it is the same export; otherwise a new one.
    fn open(session: &Session, wanted: &Wanted, connection: &Connection) -> anyhow::Result<Self> {
        let paths = Paths { part: beside(&wanted.file, ".part"), state: beside(&wanted.file, ".part.json") };
        let unwritten = || unwritable(&paths.part);
        let part = File::options().read(true).write(true).create(true).truncate(false).open(&paths.part);
        let mut part = part.with_context(unwritten)?;
        if part.try_lock().is_err() {
            bail!("{0} 正由另一个进程写入 ¦ {0} is being written by another process", paths.part.display());
        }
        let begun = if wanted.restart { None } else { kept_state(&paths.state, &part)? };
        let (profile, now) = (&connection.profile, session.clock.epoch());
        let state = match begun {
            Some(state) => {
                let same = state.url == profile.url
                    && state.app_id == profile.app_id
                    && state.typed == wanted.filters;
                if !same {
                    return Err(usage(format!(
                        "{0} 属于另一次导出；--restart 放弃它，重新开始 ¦ {0} belongs to another export; --restart gives it up and begins anew",
                        paths.part.display()
                    ))
                    .into());
                }
                state
            }
            None => {
                let plan = wanted.filters.plan(now)?;
                let place =
                    |filter| Place { cursor: connection.client.complaints(filter).cursor(), ended: false };
                State {
                    url: profile.url.clone(),
                    app_id: profile.app_id.clone(),
                    typed: wanted.filters.clone(),
                    begun_at: now,
                    told: plan.parameters(),
                    walks: plan.asked().into_iter().map(place).collect(),
                    kept: plan.kept,
                    rows: 0,
                    bytes: 0,
                    left_out: 0,
                }
            }
        };
        // What was written behind the last state is not known to be whole; it comes again.
        part.set_len(state.bytes).with_context(unwritten)?;
        let seen = if state.walks.len() > 1 { ids(&part)? } else { HashSet::new() };
        part.seek(SeekFrom::Start(state.bytes)).with_context(unwritten)?;
        Ok(UnderWay { state, part: BufWriter::new(part), paths, seen })
    }

    /// Walks to the end of every walk.
    async fn fetch(&mut self, session: &Session, client: &Client, bar: &ProgressBar) -> anyhow::Result<()> {
        bar.set_position(self.state.rows);
        for at in 0..self.state.walks.len() {
            let Some(place) = self.state.walks.get(at).filter(|place| !place.ended) else { continue };
            let mut walk = client.complaints_from(place.cursor.clone()).page_size(PAGE);
            while let Some(page) = walk.next_page().await {
                match page {
                    Ok(rows) => self.take_in(&rows)?,
                    Err(Error::Row(_)) => self.state.left_out += 1,
                    Err(error) => return Err(error.into()),
                }
                self.note_place(at, &walk, false)?;
                let totals = self.state.walks.iter().map(|place| place.cursor.total().unwrap_or(0));
                let total = totals.sum::<i64>().unsigned_abs();
                // With filters of our own nobody knows how many will be kept.
                if self.state.kept.flags().is_empty() && total > 0 {
                    bar.set_length(total.max(self.state.rows));
                }
                bar.set_position(self.state.rows);
            }
            self.note_place(at, &walk, true)?;
            bar.suspend(|| walk.doubts().iter().for_each(|doubt| session.note(&doubt.to_string())));
        }
        Ok(())
    }

    fn take_in(&mut self, rows: &[Row]) -> anyhow::Result<()> {
        let several = self.state.walks.len() > 1;
        for row in rows.iter().filter(|row| self.state.kept.keeps(row)) {
            if several && !self.seen.insert(row.complaint_id.clone()) {
                continue;
            }
            let mut line = serde_json::to_vec(row)?;
            line.push(b'\n');
            self.part.write_all(&line).with_context(|| unwritable(&self.paths.part))?;
            self.state.rows += 1;
            self.state.bytes += line.len() as u64;
        }
        Ok(())
    }

    /// Keeps how far it is: first the rows, then that they are there.
    fn note_place(&mut self, at: usize, walk: &Complaints, ended: bool) -> anyhow::Result<()> {
        if let Some(place) = self.state.walks.get_mut(at) {
            *place = Place { cursor: walk.cursor(), ended };
        }
        self.part.flush().with_context(|| unwritable(&self.paths.part))?;
        let partial = beside(&self.paths.state, ".new");
        fs::write(&partial, serde_json::to_vec(&self.state)?).with_context(|| unwritable(&partial))?;
        fs::rename(&partial, &self.paths.state).with_context(|| unwritable(&self.paths.state))
    }

    /// The file in its form, then its manifest; the part goes.
    fn finish(self, file: &Path, format: Format, lang: Lang) -> anyhow::Result<Manifest> {
        let UnderWay { state, part, paths, seen: _ } = self;
        let part = part
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .with_context(|| unwritable(&paths.part))?;
        let options = Options { lang, created_at: state.begun_at, temp: std::env::temp_dir() };
        let whole = beside(file, ".new");
        let out = File::create(&whole).with_context(|| unwritable(&whole))?;
        let on_disk = out.try_clone().with_context(|| unwritable(&whole))?;
        let mut writer = Writer::new(format, &options, Box::new(out))?;
        let mut push = |line: &[u8]| -> anyhow::Result<()> {
            let row: Row = serde_json::from_slice(line)?;
            Ok(writer.push(&export::Row { listed: row.borrowed(), handler: "", tags: &[] })?)
        };
        match state.walks.len() {
            0 | 1 => as_they_came(&part, &mut push)?,
            _ => newest_first(&part, &mut push)?,
        }
        let summary = writer.finish()?;
        on_disk.sync_all().with_context(|| unwritable(&whole))?;
        fs::rename(&whole, file).with_context(|| unwritable(file))?;
        let manifest = Manifest::new(format, &options, Value::Object(state.told), summary);
        write_manifest(file, &manifest)?;
        for path in [&paths.state, &paths.part] {
            fs::remove_file(path).with_context(|| unwritable(path))?;
        }
        Ok(manifest)
    }
}

/// The state of a part file that has all that the state says.
fn kept_state(path: &Path, part: &File) -> anyhow::Result<Option<State>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| unwritable(path)),
    };
    // One that another version wrote, or that was cut, is none: the export begins anew.
    let state: Option<State> = serde_json::from_slice(&text).ok();
    let length = part.metadata().with_context(|| unwritable(path))?.len();
    Ok(state.filter(|state| state.bytes <= length))
}

fn ids(mut part: &File) -> anyhow::Result<HashSet<String>> {
    #[derive(Deserialize)]
    struct Id {
        complaint_id: String,
    }
    part.seek(SeekFrom::Start(0))?;
    let id = |line: io::Result<String>| anyhow::Ok(serde_json::from_str::<Id>(&line?)?.complaint_id);
    BufReader::new(part).lines().map(id).collect()
}

fn as_they_came(mut part: &File, push: &mut impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    part.seek(SeekFrom::Start(0))?;
    BufReader::new(part).split(b'\n').try_for_each(|line| push(&line?))
}

/// Rows of several walks in the order of the list: sorted by what is small of them.
fn newest_first(mut part: &File, push: &mut impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Key {
        complaint_time: BeijingTime,
        complaint_id: String,
    }
    let mut places = Vec::new();
    let mut offset = 0;
    as_they_came(part, &mut |line| {
        let Key { complaint_time, complaint_id } = serde_json::from_slice(line)?;
        places.push((complaint_time, complaint_id, offset, line.len()));
        offset += line.len() as u64 + 1;
        Ok(())
    })?;
    places.sort_unstable_by(|a, b| b.cmp(a));
    let mut line = Vec::new();
    for (_, _, offset, length) in places {
        part.seek(SeekFrom::Start(offset))?;
        line.resize(length, 0);
        part.read_exact(&mut line)?;
        push(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::remote::testing;

    #[test]
    fn rows_of_several_walks_are_newest_first() {
        let mut part = tempfile::tempfile().unwrap();
        for (id, time) in
            [("c_a", "2024-04-01 00:00:00"), ("c_b", "2024-04-03 00:00:00"), ("c_c", "2024-04-03 00:00:00")]
        {
            let row = testing::row(json!({ "complaint_id": id, "complaint_time": time }));
            writeln!(part, "{}", serde_json::to_string(&row).unwrap()).unwrap();
        }
        let mut given = Vec::new();
        newest_first(&part, &mut |line| {
            given.push(serde_json::from_slice::<Row>(line)?.complaint_id);
            Ok(())
        })
        .unwrap();
        assert_eq!(given, ["c_c", "c_b", "c_a"]);
        assert_eq!(ids(&part).unwrap().len(), 3);
    }
}
