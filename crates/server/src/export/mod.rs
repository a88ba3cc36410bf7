//! Complaints out into files: CSV that Excel opens as it is, XLSX, or one JSON object a line.
//!
//! The caller pushes rows, one after the other, from wherever it has them, and they leave the process again as
//! they come: memory does not grow with their number. Nothing here knows a store, and nothing asks for the
//! time. Texts are written as they are given: whoever pushes has masked them.
//!
//! ```
//! use tousu::export::{Format, Options, Writer};
//! # fn main() -> Result<(), tousu::export::Error> {
//! let options = Options { lang: Default::default(), created_at: 0, temp: std::env::temp_dir() };
//! let writer = Writer::new(Format::Csv, &options, Box::new(std::io::sink()))?;
//! assert_eq!(writer.finish()?.rows, 0);
//! # Ok(())
//! # }
//! ```

pub mod columns;
pub mod csv;
mod hashing;
mod manifest;
mod ndjson;
mod xlsx;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tousu_wire::Lang;
use tousu_wire::written::RowRef;

pub use self::hashing::HashingWriter;
pub use self::manifest::{ColumnNote, Manifest};

/// A complaint as an export shows it.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// What the list shows of it, masked and as of one moment: the published fields.
    pub listed: RowRef<'a>,
    /// Who handles it, or nothing `[ours]`.
    pub handler: &'a str,
    /// What it was tagged with `[ours]`.
    pub tags: &'a [String],
}

/// The forms that an export may have. The importer reads each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values, as Excel opens them.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Xlsx, Format::Ndjson];

    /// Its name, which is also the ending of a file's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Ndjson => "ndjson",
        }
    }

    /// The form of that name.
    pub fn named(name: &str) -> Option<Self> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What an answer that carries such a file says of it.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Ndjson => "application/x-ndjson",
        }
    }
}

/// How an export is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The language of headings and labels. NDJSON has neither.
    pub lang: Lang,
    /// When the export is made, in epoch seconds.
    pub created_at: i64,
    /// The folder for what XLSX cannot write out at once: about 1.1 KB a complaint. The files there have no
    /// name, where the system can do that, so that none outlives the process.
    pub temp: PathBuf,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Complaints.
    pub rows: u64,
    /// Texts of which a cell of XLSX does not hold everything: too long, which a mark at the end tells, or with
    /// control characters.
    pub cut: u64,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The file's SHA-256, in lower-case hex.
    pub sha256: String,
}

/// Why an export failed. The file is then worth nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be written.
    #[error("无法写出文件：{0} ¦ cannot write the file: {0}")]
    Io(#[from] io::Error),
    /// No temporary file could be made in the folder.
    #[error("无法在 {0} 创建临时文件：{1} ¦ cannot make a temporary file in {0}: {1}")]
    Temp(PathBuf, #[source] io::Error),
    /// A temporary file could not be written or read back.
    #[error("临时文件读写失败，磁盘可能已满 ¦ a temporary file failed; the disk may be full")]
    TempFull,
    /// The workbook could not be put together.
    #[error("无法生成工作簿：{0} ¦ cannot make the workbook: {0}")]
    Workbook(String),
    /// A row before this one failed already.
    #[error("导出此前已失败 ¦ the export has failed before")]
    Failed,
}

/// An export under way.
pub enum Writer {
    /// Into CSV.
    Csv(Box<csv::Csv>),
    /// Into a workbook.
    Xlsx(Box<xlsx::Xlsx>),
    /// Into JSON, one object a line.
    Ndjson(ndjson::Ndjson),
    /// A row could not be written: nothing more is.
    Failed,
}

impl Writer {
    /// Begins an export into `out`, of which it is the only writer. CSV and NDJSON reach it as rows are pushed,
    /// XLSX at the end.
    pub fn new(format: Format, options: &Options, out: Box<dyn io::Write + Send>) -> Result<Self, Error> {
        let out = HashingWriter::new(out);
        Ok(match format {
            Format::Csv => Writer::Csv(Box::new(csv::Csv::new(options.lang, out)?)),
            Format::Xlsx => Writer::Xlsx(Box::new(xlsx::Xlsx::new(options, out)?)),
            Format::Ndjson => Writer::Ndjson(ndjson::Ndjson::new(out)),
        })
    }

    /// Adds a row. After an error nothing more can be added, and the export cannot be finished.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        let pushed = match self {
            Writer::Csv(csv) => csv.push(row),
            Writer::Xlsx(xlsx) => xlsx.push(row),
            Writer::Ndjson(ndjson) => ndjson.push(row),
            Writer::Failed => Err(Error::Failed),
        };
        if pushed.is_err() {
            *self = Writer::Failed;
        }
        pushed
    }

    /// Ends the export: everything has been handed to `out`, which was flushed. A caller for whom it must be on
    /// the disk keeps the file and syncs it.
    pub fn finish(self) -> Result<Summary, Error> {
        match self {
            Writer::Csv(csv) => csv.finish(),
            Writer::Xlsx(xlsx) => xlsx.finish(),
            Writer::Ndjson(ndjson) => ndjson.finish(),
            Writer::Failed => Err(Error::Failed),
        }
    }
}
