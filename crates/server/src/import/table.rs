//! Rows out of tables: CSV and XLSX, with the page's field names or its Chinese headings as headers.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use calamine::{Data, DataRef, DataType, Reader, Xlsx, open_workbook_from_rs};
use csv::ByteRecord;
use encoding_rs::GB18030;
use encoding_rs_io::DecodeReaderBytesBuilder;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use tousu_wire::{BeijingTime, lenient};

use super::row::{REQUIRED, spreadsheet_time};
use super::{Content, RawRow, Rows};
use crate::export::csv::unguarded;
use crate::headings::{self, field};

/// A table, of which the first row is taken off.
pub struct Table {
    /// What stands above its columns.
    pub headings: Vec<String>,
    /// The rows below them, one after the other; an error ends them.
    pub records: Records,
    /// The sheets of its workbook, and that which was read, if it is of one.
    pub sheets: Vec<String>,
    /// The sheet that was read; empty if there are none.
    pub sheet: String,
}

/// The rows of a table.
pub type Records = Box<dyn Iterator<Item = anyhow::Result<Record>> + Send>;

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its cells; empty ones at its end may be missing.
    pub cells: Vec<String>,
    /// Why it is none (`中文 ¦ English`), if it is none.
    pub broken: Option<String>,
}

impl Table {
    /// The field that each column holds as the headings say; columns of other names hold none. Without a complaint number
    /// there is nothing to import, and of two columns for one field nobody knows which is meant.
    pub fn by_headings(&self) -> anyhow::Result<Vec<Option<&'static str>>> {
        let columns: Vec<Option<&'static str>> = self.headings.iter().map(|text| field(text)).collect();
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

    /// The field that each column holds as somebody matched them, by place and name.
    pub fn by_places(&self, matched: &[(usize, String)]) -> anyhow::Result<Vec<Option<&'static str>>> {
        let mut columns = vec![None; self.headings.len()];
        for (place, name) in matched {
            let count = columns.len();
            let Some(column) = columns.get_mut(*place) else {
                bail!("没有第 {place} 列，共 {count} 列 ¦ there is no column {place}: there are {count}")
            };
            let Some(field) = headings::fields().find(|field| field == name) else {
                let name = lenient::quoted(name);
                bail!("没有字段 {name} ¦ there is no field {name}")
            };
            if column.replace(field).is_some() {
                bail!("第 {place} 列对应了多个字段 ¦ the column {place} is matched more than once")
            }
            if columns.iter().filter(|column| **column == Some(field)).count() > 1 {
                bail!("字段 {field} 对应了多列 ¦ several columns are matched with {field}")
            }
        }
        match REQUIRED.iter().find(|name| !columns.contains(&Some(**name))) {
            Some(name) => {
                bail!("没有列对应必需的 {name} ¦ no column is matched with {name}, which must be there")
            }
            None => Ok(columns),
        }
    }

    /// Its rows, of which each column holds that field.
    pub fn rows(self, columns: Vec<Option<&'static str>>) -> Rows {
        Box::new(self.records.map(move |record| {
            let Record { line, cells, broken } = record?;
            let content = match broken {
                Some(why) => Content::Broken(why.into(), cells.into_iter().map(Value::String).collect()),
                None => Content::Fields(fields(&columns, &cells)),
            };
            Ok(RawRow { line, content })
        }))
    }
}

fn fields(columns: &[Option<&'static str>], cells: &[String]) -> Map<String, Value> {
    let cells = cells.iter().map(String::as_str).chain(std::iter::repeat(""));
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
pub fn csv_rows(file: impl Read + Send + 'static) -> anyhow::Result<Rows> {
    let table = csv_table(file)?;
    let columns = table.by_headings()?;
    Ok(table.rows(columns))
}

/// A CSV text in any of these encodings.
pub(super) fn csv_table(mut file: impl Read + Send + 'static) -> anyhow::Result<Table> {
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
    let expected = headings.len();
    noted.lock().next();
    let records = reader.into_byte_records().map(move |record| {
        let record = record.context("CSV")?;
        let (line, unclosed) = noted.lock().next();
        let broken = |why: &str, cells| Record { line, cells, broken: Some(why.to_owned()) };
        Ok(Some(match encoding.decode(&record) {
            Some(cells) if unclosed => broken(UNCLOSED, cells),
            Some(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => return Ok(None),
            // One with fewer cells than there are columns has lost something.
            Some(cells) if cells.len() != expected => {
                let found = cells.len();
                let why = format!(
                    "有 {found} 列，应为 {expected} 列 ¦ {found} columns where {expected} are expected"
                );
                broken(&why, cells)
            }
            // A tab in front is an export's guard.
            Some(cells) => {
                let cells = cells.iter().map(|cell| unguarded(cell).to_owned()).collect();
                Record { line, cells, broken: None }
            }
            None => broken(
                NO_TEXT,
                record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect(),
            ),
        }))
    });
    let records = Box::new(records.filter_map(Result::transpose));
    Ok(Table { headings, records, sheets: Vec::new(), sheet: String::new() })
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

/// The rows of a workbook's first sheet, cell by cell.
pub fn xlsx_rows(path: &Path) -> anyhow::Result<Rows> {
    let table = xlsx_table(BufReader::new(File::open(path)?), None)?;
    let columns = table.by_headings()?;
    Ok(table.rows(columns))
}

/// A sheet of a workbook, by its name or else the first, cell by cell.
pub(super) fn xlsx_table(
    file: impl Read + Seek + Send + 'static,
    sheet: Option<&str>,
) -> anyhow::Result<Table> {
    let mut workbook: Xlsx<_> = open_workbook_from_rs(file)?;
    let sheets = workbook.sheet_names();
    let name = match sheet {
        None => sheets.first().cloned().context("工作簿没有工作表 ¦ the workbook has no sheet")?,
        Some(wanted) => {
            let shown = lenient::quoted(wanted);
            let missing = || format!("没有工作表 {shown} ¦ there is no sheet {shown}");
            sheets.iter().find(|name| *name == wanted).cloned().with_context(missing)?
        }
    };
    // The reader borrows the workbook, so both live on a thread that hands the rows over.
    let (sender, records) = std::sync::mpsc::sync_channel(1024);
    let worker = std::thread::spawn({
        let name = name.clone();
        move || {
            if let Err(error) = send_records(&mut workbook, &name, &sender) {
                let _ = sender.send(Err(error));
            }
        }
    });
    let mut records = records.into_iter();
    let Some(first) = records.next() else {
        bail!(if worker.join().is_err() { CRASHED } else { "工作表是空的 ¦ the sheet is empty" });
    };
    let headings = first?.cells;
    // Without this a crash would look like the end of the file.
    let crashed = std::iter::once_with(|| worker.join().err()).flatten();
    let records = Box::new(records.chain(crashed.map(|_| Err(anyhow!(CRASHED)))));
    Ok(Table { headings, records, sheets, sheet: name })
}

const CRASHED: &str = "读取工作簿时崩溃 ¦ reading the workbook crashed";

/// Hands over the rows that have something in them, the headings first.
fn send_records<R: Read + Seek>(
    workbook: &mut Xlsx<R>,
    sheet: &str,
    sender: &std::sync::mpsc::SyncSender<anyhow::Result<Record>>,
) -> anyhow::Result<()> {
    let mut cells = workbook.worksheet_cells_reader(sheet)?;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        let cell = cells.next_cell()?;
        let position = cell.as_ref().map(|cell| cell.get_position());
        if position.is_none_or(|(line, _)| line != at) && !row.is_empty() {
            let cells = std::mem::take(&mut row);
            let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
            let record = Record { line: u64::from(at) + 1, cells, broken: None };
            if !is_blank && sender.send(Ok(record)).is_err() {
                return Ok(());
            }
        }
        let (Some(cell), Some((line, column))) = (cell, position) else { return Ok(()) };
        at = line;
        let column = column as usize;
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = text(cell.get_value());
    }
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
