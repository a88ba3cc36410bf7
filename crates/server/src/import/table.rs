//! Rows out of tables: CSV and XLSX, with the page's field names or its Chinese headings as headers.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use calamine::{Data, DataRef, DataType, Reader, Xlsx, open_workbook};
use csv::ByteRecord;
use encoding_rs::GB18030;
use encoding_rs_io::DecodeReaderBytesBuilder;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};

use super::row::spreadsheet_time;
use super::{Content, RawRow, Rows};
use crate::headings::{self, field};

/// The table's columns as fields; columns of other names are left out. Without a complaint number there is
/// nothing to import, and of two columns for one field nobody knows which is meant.
fn columns<'a>(headings: impl Iterator<Item = &'a str>) -> anyhow::Result<Vec<Option<&'static str>>> {
    let columns: Vec<Option<&'static str>> = headings.map(field).collect();
    for name in headings::fields() {
        match columns.iter().filter(|column| **column == Some(name)).count() {
            0 if matches!(name, "complaint_id" | "complaint_time") => {
                bail!("首行没有 {name} 列 ¦ the first row has no column {name}")
            }
            0 | 1 => {}
            _ => bail!("首行有多个 {name} 列 ¦ the first row has several columns {name}"),
        }
    }
    Ok(columns)
}

fn fields<'a>(columns: &[Option<&'static str>], cells: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    let named = columns.iter().zip(cells).filter_map(|(column, cell)| Some(((*column)?, cell)));
    named.map(|(name, cell)| (name.to_owned(), Value::String(value(name, cell)))).collect()
}

/// A cell in the wire's form: spreadsheets rewrite times, and people write a code's label for its number.
fn value(name: &str, cell: &str) -> String {
    if name == "complaint_reason" {
        return cell.to_owned();
    }
    // A tab or an apostrophe in front keeps spreadsheets from turning long numbers into 1.23E+17.
    let cell = cell.trim().trim_start_matches('\'');
    match name {
        "complaint_time" | "operate_time" | "operate_end_time" | "closed_at" => spreadsheet_time(cell),
        "channel_type" => number_of::<ChannelType>(cell),
        "complaint_from" => number_of::<ComplaintFrom>(cell),
        "complaint_type" => number_of::<ComplaintType>(cell),
        "current_step" => number_of::<CurrentStep>(cell),
        "is_overtime" => number_of::<Overtime>(cell),
        "state" => number_of::<State>(cell),
        _ => cell.to_owned(),
    }
}

/// The number whose label the cell holds; anything else stays as it is.
fn number_of<T: CodeTable>(cell: &str) -> String {
    let listed = T::LISTED.iter().find(|(_, zh, en)| *zh == cell || en.eq_ignore_ascii_case(cell));
    listed.map_or_else(|| cell.to_owned(), |(number, ..)| number.to_string())
}

/// The rows of a CSV text in UTF-8, UTF-16 with a byte order mark, or GB18030, as Excel saves it in China.
pub fn csv_rows(mut file: impl Read + Send + 'static) -> anyhow::Result<Rows> {
    let mut start = Vec::new();
    file.by_ref().take(SAMPLE).read_to_end(&mut start)?;
    let mut encoding = TextEncoding::of_sample(&start, (start.len() as u64) < SAMPLE);
    // Takes the mark off, and rewrites UTF-16; what has no mark passes as it is.
    let text = DecodeReaderBytesBuilder::new()
        .utf8_passthru(true)
        .strip_bom(true)
        .bom_override(true)
        .build(Cursor::new(start).chain(file));
    let noted = Arc::new(Mutex::new(Noted::default()));
    let text = Noting { text, place: Place::RecordStart, line: 1, noted: noted.clone() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(text);
    let headings =
        encoding.decode(reader.byte_headers()?).context("首行不是 UTF-8 ¦ the first row is no UTF-8")?;
    let columns = columns(headings.iter().map(String::as_str))?;
    noted.lock().next();
    let rows = reader.into_byte_records().map(move |record| {
        let record = record.context("CSV")?;
        let (line, unclosed) = noted.lock().next();
        let content = match encoding.decode(&record) {
            Some(cells) if unclosed => broken(UNCLOSED, cells),
            Some(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => return Ok(None),
            Some(cells) => whole(&columns, cells),
            None => broken(NO_TEXT, record.iter().map(String::from_utf8_lossy)),
        };
        Ok(Some(RawRow { line, content }))
    });
    Ok(Box::new(rows.filter_map(Result::transpose)))
}

/// As much of a file is looked at before it is decided how it is encoded.
const SAMPLE: u64 = 1 << 16;
const UNCLOSED: &str = "引号直到文件末尾也未闭合 ¦ a quote that is not closed before the file ends";
const NO_TEXT: &str = "不是 UTF-8 文本 ¦ not UTF-8 text";

/// How a text is encoded. Neither's bytes can be taken for the commas, quotes and line ends of CSV.
#[derive(Clone, Copy, PartialEq)]
enum TextEncoding {
    /// So far there was ASCII only.
    Unknown,
    Utf8,
    Gb18030,
}

impl TextEncoding {
    /// Tells by the start of a text; unless it `is_all`, the sample may end inside a character.
    fn of_sample(sample: &[u8], is_all: bool) -> Self {
        let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        match std::str::from_utf8(sample) {
            _ if sample.is_ascii() => TextEncoding::Unknown,
            // Rewritten to UTF-8 on the way.
            _ if sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff") => TextEncoding::Utf8,
            Ok(_) => TextEncoding::Utf8,
            Err(error) if !is_all && error.error_len().is_none() => TextEncoding::Utf8,
            Err(_) => TextEncoding::Gb18030,
        }
    }

    /// The record's cells, if they are text. The first that is not ASCII settles an open question.
    fn decode(&mut self, record: &ByteRecord) -> Option<Vec<String>> {
        if *self == TextEncoding::Unknown && !record.as_slice().is_ascii() {
            let is_utf8 = std::str::from_utf8(record.as_slice()).is_ok();
            *self = if is_utf8 { TextEncoding::Utf8 } else { TextEncoding::Gb18030 };
        }
        let decode = |cell: &[u8]| match self {
            TextEncoding::Gb18030 => {
                GB18030.decode_without_bom_handling_and_without_replacement(cell).map(Cow::into_owned)
            }
            _ => std::str::from_utf8(cell).ok().map(str::to_owned),
        };
        record.iter().map(decode).collect()
    }
}

/// A text that notes on which line each record begins, and whether it ended inside quotes. The reader of
/// records is off by the lines between records, and takes such an end for that of a cell, which then holds
/// every row since.
struct Noting<R> {
    text: R,
    place: Place,
    line: u64,
    noted: Arc<Mutex<Noted>>,
}

/// What was noted of the records that were read ahead.
#[derive(Default)]
struct Noted {
    lines: VecDeque<u64>,
    unclosed: bool,
}

impl Noted {
    /// The line of the next record, and whether it is one that the end of the file cut inside quotes.
    fn next(&mut self) -> (u64, bool) {
        let line = self.lines.pop_front().unwrap_or_default();
        (line, self.unclosed && self.lines.is_empty())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    RecordStart,
    CellStart,
    Cell,
    Quoted,
    /// Behind a quote inside quotes: they end here, or a doubled quote stands for one.
    QuoteInQuoted,
}

impl<R: Read> Read for Noting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.text.read(buffer)?;
        let mut noted = self.noted.lock();
        for &byte in &buffer[..count] {
            if self.place == Place::RecordStart && !matches!(byte, b'\n' | b'\r') {
                noted.lines.push_back(self.line);
                self.place = Place::CellStart;
            }
            self.place = match (self.place, byte) {
                (Place::CellStart | Place::QuoteInQuoted, b'"') => Place::Quoted,
                (Place::Quoted, b'"') => Place::QuoteInQuoted,
                (Place::Quoted, _) => Place::Quoted,
                (_, b'\n' | b'\r') => Place::RecordStart,
                (_, b',') => Place::CellStart,
                _ => Place::Cell,
            };
            self.line += u64::from(byte == b'\n');
        }
        if count == 0 && !buffer.is_empty() {
            noted.unclosed = self.place == Place::Quoted;
        }
        Ok(count)
    }
}

/// A record with fewer cells than there are columns has lost something.
fn whole(columns: &[Option<&'static str>], cells: Vec<String>) -> Content {
    let (found, expected) = (cells.len(), columns.len());
    if found == expected {
        return Content::Fields(fields(columns, cells.iter().map(String::as_str)));
    }
    let why = format!("有 {found} 列，应为 {expected} 列 ¦ {found} columns where {expected} are expected");
    broken(&why, cells)
}

/// A record that is no row, with its cells as they stand.
fn broken(why: &str, cells: impl IntoIterator<Item = impl Into<Value>>) -> Content {
    Content::Broken(why.into(), cells.into_iter().map(Into::into).collect())
}

/// The rows of a workbook's first sheet, cell by cell.
pub fn xlsx_rows(path: &Path) -> anyhow::Result<Rows> {
    let mut workbook: Xlsx<_> = open_workbook(path)?;
    // The reader borrows the workbook, so both live on a thread that hands the rows over.
    let (sender, rows) = std::sync::mpsc::sync_channel(1024);
    let worker = std::thread::spawn(move || {
        if let Err(error) = send_xlsx_rows(&mut workbook, &sender) {
            let _ = sender.send(Err(error));
        }
    });
    // Without this a crash would look like the end of the file.
    let crashed = std::iter::once_with(|| worker.join().err()).flatten();
    let crashed = crashed.map(|_| Err(anyhow!("读取工作簿时崩溃 ¦ reading the workbook crashed")));
    Ok(Box::new(rows.into_iter().chain(crashed)))
}

fn send_xlsx_rows(
    workbook: &mut Xlsx<BufReader<File>>,
    sender: &std::sync::mpsc::SyncSender<anyhow::Result<RawRow>>,
) -> anyhow::Result<()> {
    let sheet =
        workbook.sheet_names().first().cloned().context("工作簿没有工作表 ¦ the workbook has no sheet")?;
    let mut cells = workbook.worksheet_cells_reader(&sheet)?;
    let mut header = None;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        let cell = cells.next_cell()?;
        let position = cell.as_ref().map(|cell| cell.get_position());
        if position.is_none_or(|(line, _)| line != at) && !row.is_empty() {
            let cells = std::mem::take(&mut row);
            match &header {
                _ if cells.iter().all(|cell| cell.trim().is_empty()) => {}
                None => header = Some(columns(cells.iter().map(String::as_str))?),
                Some(columns) => {
                    // Cells that are empty at the end of a row are not written at all.
                    let padded = cells.iter().map(String::as_str).chain(std::iter::repeat(""));
                    let content = Content::Fields(fields(columns, padded));
                    if sender.send(Ok(RawRow { line: u64::from(at) + 1, content })).is_err() {
                        return Ok(());
                    }
                }
            }
        }
        let (Some(cell), Some((line, column))) = (cell, position) else { break };
        at = line;
        let column = column as usize;
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = text(cell.get_value());
    }
    if header.is_none() {
        bail!("工作表是空的 ¦ the sheet is empty");
    }
    Ok(())
}

/// A cell's value as text: a date as a time to the nearest second, a whole number without a fraction, an
/// error as it is shown.
fn text(cell: &DataRef<'_>) -> String {
    let data = Data::from(cell.clone());
    if data.is_datetime()
        && let Some(time) = data.as_datetime()
    {
        let seconds = (time.and_utc().timestamp_millis() + 500).div_euclid(1000);
        // The cell has no zone; Beijing's is what the times of a row have.
        return BeijingTime::from_epoch(seconds - 8 * 3600).to_string();
    }
    match data {
        Data::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        Data::Error(error) => error.to_string(),
        other => other.as_string().unwrap_or_default(),
    }
}
