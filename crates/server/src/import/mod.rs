//! Taking in complaints from a file: streamed, in batches that are each one transaction, repeatable.
//!
//! The file is read and decoded on a thread of its own while the batch before is written.

mod json;
mod preview;
mod rejects;
mod row;
mod table;
mod unpacked;

use std::io::{Cursor, Read};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tousu_wire::Text;

use crate::clock::Clock;
use crate::store::{Brought, Foresight, Incoming, Outcome, ShopId, Store};

pub use self::json::JsonRows;
pub use self::preview::preview;
pub use self::rejects::Rejects;
pub(crate) use self::row::check_texts;
pub use self::table::{Record, Records, Table, csv_rows, xlsx_rows};

/// Who brought a complaint that was imported.
pub const SOURCE: &str = "import";

/// Rows of one transaction, and so of one version of the shop, unless the caller wants fewer or more.
pub const BATCH: usize = 10_000;
/// A batch of more bytes than this is written before it is full, so that memory stays bounded.
const BATCH_BYTES: usize = 32 << 20;

/// A row as the file has it, not yet understood.
#[derive(Clone, Debug)]
pub struct RawRow {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What stands there.
    pub content: Content,
}

/// What stands where a row should be.
#[derive(Clone, Debug)]
pub enum Content {
    /// The text of a JSON object.
    Json(Vec<u8>),
    /// The cells of a table, by field.
    Fields(Map<String, Value>),
    /// No row: why (`中文 ¦ English`), and what there is instead.
    Broken(Text, Value),
}

impl Content {
    /// How many bytes of the file it holds, roughly.
    fn size(&self) -> usize {
        match self {
            Content::Json(text) => text.len(),
            Content::Fields(fields) => fields.values().map(size).sum(),
            Content::Broken(_, shown) => size(shown),
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// A row that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Reject {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Why (`中文 ¦ English`).
    pub reason: String,
    /// The row as it was read.
    pub row: Value,
}

/// What became of the rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows read.
    pub read: u64,
    /// Rows that are new.
    pub added: u64,
    /// Rows that were there and differed.
    pub changed: u64,
    /// Rows that were there, the same.
    pub unchanged: u64,
    /// Rows that could not be understood.
    pub refused: u64,
}

/// How complaints are taken in.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// Rows of one transaction.
    pub batch: usize,
    /// Who imports, for the history: by name, and through which app.
    pub doer: Option<(&'a str, &'a str)>,
    /// Nothing is taken in; the report is what it would be.
    pub dry_run: bool,
}

impl Default for Manner<'_> {
    fn default() -> Self {
        Manner { batch: BATCH, doer: None, dry_run: false }
    }
}

impl<'a> Manner<'a> {
    fn brought(self, clock: &Clock) -> Brought<'a> {
        Brought { by: SOURCE, doer: self.doer, at: clock.epoch() }
    }
}

/// How an import ended.
#[derive(Debug)]
pub struct Ended {
    /// What is in the store, to the row.
    pub report: Report,
    /// Why it ended before the end of the file, if it did.
    pub cut_short: Option<anyhow::Error>,
}

/// The forms that a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON array, one object a line, or answers of the list interface.
    Json,
    /// Comma-separated values.
    Csv,
    /// An Excel workbook's first sheet.
    Xlsx,
}

impl Format {
    /// The form that a file's name tells.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" | "ndjson" | "jsonl" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            "xlsx" => Some(Format::Xlsx),
            _ => None,
        }
    }
}

/// The file's rows, one after the other; an error ends them.
pub type Rows = Box<dyn Iterator<Item = anyhow::Result<RawRow>> + Send>;

/// Opens a file's rows. `read` counts the bytes taken, for a progress bar.
pub fn open(path: &Path, format: Format, read: impl Fn(u64) + Send + 'static) -> anyhow::Result<Rows> {
    if format == Format::Xlsx {
        if path.as_os_str() == "-" {
            bail!("XLSX 不能从标准输入读取 ¦ XLSX cannot be read from standard input");
        }
        return xlsx_rows(path);
    }
    let file: Box<dyn Read + Send> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path)?),
    };
    let counted = Counted { file, read };
    Ok(match format {
        Format::Csv => csv_rows(counted)?,
        _ => Box::new(JsonRows::new(counted)),
    })
}

/// Opens a table that is at hand, of a workbook that sheet. What it says of itself is not believed: one that unpacks to
/// too much is refused.
pub fn open_table(content: Arc<[u8]>, format: Format, sheet: Option<&str>) -> anyhow::Result<Table> {
    match format {
        Format::Csv => table::csv_table(Cursor::new(content)),
        Format::Xlsx => {
            unpacked::check(&content)?;
            table::xlsx_table(Cursor::new(content), sheet)
        }
        Format::Json => bail!("JSON 没有列 ¦ JSON has no columns"),
    }
}

struct Counted<R, F> {
    file: R,
    read: F,
}

impl<R: Read, F: Fn(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        (self.read)(count as u64);
        Ok(count)
    }
}

/// A batch on its way from the reading thread to the store.
#[derive(Default)]
struct Batch {
    rows: Vec<Incoming>,
    rejects: Vec<Reject>,
    read: u64,
    bytes: usize,
    /// Why nothing follows, if something should have.
    broken: Option<anyhow::Error>,
}

/// Takes in `rows`, a batch of them at a time. After each batch is committed, `committed` is told what became
/// of the rows so far and which were refused since. When `stop` is ready, the import ends with the batch under
/// way. However it ends, the history then has how much came in, which is told as one event.
pub async fn import(
    store: &Store,
    shop: &ShopId,
    clock: &Clock,
    rows: Rows,
    manner: Manner<'_>,
    committed: impl FnMut(&Report, &[Reject]) -> anyhow::Result<()>,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut ended = take_all(store, shop, clock, rows, manner, committed, stop).await;
    let Report { added, changed, .. } = ended.report;
    if added + changed > 0
        && !manner.dry_run
        && let Err(error) = store.end_import(shop, manner.brought(clock), added, changed).await
    {
        ended.cut_short.get_or_insert(error.into());
    }
    ended
}

async fn take_all(
    store: &Store,
    shop: &ShopId,
    clock: &Clock,
    rows: Rows,
    manner: Manner<'_>,
    mut committed: impl FnMut(&Report, &[Reject]) -> anyhow::Result<()>,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut report = Report::default();
    let (sender, mut batches) = mpsc::channel(2);
    let reader = std::thread::spawn(move || read_batches(rows, manner.batch, &sender));
    let mut foresight = match foresight(store, manner).await {
        Ok(foresight) => foresight,
        Err(error) => return Ended { report, cut_short: Some(error.into()) },
    };
    let mut stop = pin!(stop);
    loop {
        let received = tokio::select! {
            biased;
            // The reader may be waiting for input that never comes: it is left to itself.
            () = &mut stop => return Ended { report, cut_short: Some(anyhow!("已被中断 ¦ interrupted")) },
            received = batches.recv() => received,
        };
        let Some(batch) = received else { break };
        let taken = match (&batch.rows[..], &mut foresight) {
            ([], _) => Ok(Some(Vec::new())),
            (rows, None) => store.take_in(shop, manner.brought(clock), rows).await,
            (rows, Some(foresight)) => foresight.take_in(shop, rows).await,
        };
        let no_shop = || anyhow!("店铺 {shop} 不存在 ¦ there is no shop {shop}");
        match taken.map_err(Into::into).and_then(|taken| taken.ok_or_else(no_shop)) {
            Ok(outcomes) => count(&mut report, &batch, &outcomes),
            Err(error) => return Ended { report, cut_short: Some(error) },
        }
        if let Err(error) = committed(&report, &batch.rejects) {
            return Ended { report, cut_short: Some(error) };
        }
        if batch.broken.is_some() {
            return Ended { report, cut_short: batch.broken };
        }
    }
    let crashed = reader.join().is_err();
    let cut_short = crashed.then(|| anyhow!("读取线程崩溃 ¦ the reading thread crashed"));
    Ended { report, cut_short }
}

fn count(report: &mut Report, batch: &Batch, outcomes: &[Outcome]) {
    report.read += batch.read;
    report.refused += batch.rejects.len() as u64;
    for outcome in outcomes {
        match outcome {
            Outcome::Added => report.added += 1,
            Outcome::Changed => report.changed += 1,
            Outcome::Unchanged => report.unchanged += 1,
        }
    }
}

fn read_batches(rows: Rows, size: usize, sender: &mpsc::Sender<Batch>) {
    let mut batch = Batch::default();
    for row in rows {
        match row {
            Ok(RawRow { line, content }) => {
                batch.read += 1;
                batch.bytes += content.size();
                match row::complaint(content) {
                    Ok(complaint) => batch.rows.push(Incoming { complaint, details: Default::default() }),
                    Err((reason, row)) => {
                        batch.rejects.push(Reject { line, reason: reason.to_string(), row })
                    }
                }
            }
            Err(error) => {
                batch.broken = Some(error);
                break;
            }
        }
        let full = batch.read as usize >= size || batch.bytes >= BATCH_BYTES;
        if full && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            return;
        }
    }
    // Whoever received would have said so if they no longer wanted it.
    if batch.read > 0 || batch.broken.is_some() {
        let _ = sender.blocking_send(batch);
    }
}

async fn foresight(store: &Store, manner: Manner<'_>) -> crate::store::Result<Option<Foresight>> {
    if !manner.dry_run {
        return Ok(None);
    }
    store.foresee().await.map(Some)
}
