//! Rows out of tables: CSV and XLSX, with the page's field names or its Chinese headings as headers.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};
use calamine::{Data, DataRef, DataType, Reader, Xlsx, open_workbook};
use encoding_rs_io::DecodeReaderBytesBuilder;
use serde_json::{Map, Value};
use tousu_wire::Text;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};

use super::row::spreadsheet_time;
use super::{RawRow, Rows};

/// The fields, each with the headings under which it is recognised: the page's description first.
const HEADINGS: &[(&str, &[&str])] = &[
    ("channel_type", &["投诉渠道", "渠道", "channel"]),
    ("closed_at", &["结单时间"]),
    ("complainant_phone", &["投诉人手机号(脱敏)", "投诉人手机号", "手机号", "phone"]),
    ("complaint_from", &["投诉来源", "来源", "source"]),
    ("complaint_id", &["投诉单号", "单号", "id"]),
    ("complaint_reason", &["问题描述", "投诉原因", "reason"]),
    ("complaint_resource_id", &["投诉具体资源或订单", "资源或订单", "订单号"]),
    ("complaint_resource_type", &["投诉资源类型", "资源类型"]),
    ("complaint_time", &["投诉时间"]),
    ("complaint_type", &["投诉类型"]),
    ("current_step", &["当前所属步骤", "当前步骤", "步骤"]),
    ("is_overtime", &["是否超时"]),
    ("operate_end_time", &["处理最后时限", "最后时限"]),
    ("operate_time", &["操作时间"]),
    ("state", &["处理状态", "状态"]),
    ("time_limit", &["处理时限:小时", "处理时限", "处理时限(小时)"]),
];

/// The field that a heading names.
fn field(heading: &str) -> Option<&'static str> {
    let heading = heading
        .trim()
        .trim_start_matches('\u{feff}')
        .replace('：', ":")
        .replace('（', "(")
        .replace('）', ")");
    let same = |name: &str| name.eq_ignore_ascii_case(&heading);
    HEADINGS
        .iter()
        .find(|(name, others)| same(name) || others.iter().any(|other| same(other)))
        .map(|found| found.0)
}

/// The table's columns as fields; columns of other names are left out. Without a complaint number there is
/// nothing to import.
fn columns<'a>(headings: impl Iterator<Item = &'a str>) -> anyhow::Result<Vec<Option<&'static str>>> {
    let columns: Vec<Option<&'static str>> = headings.map(field).collect();
    for name in ["complaint_id", "complaint_time"] {
        match columns.iter().filter(|column| **column == Some(name)).count() {
            1 => {}
            0 => bail!("首行没有 {name} 列 ¦ the first row has no column {name}"),
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
    let mut file = BufReader::with_capacity(1 << 16, file);
    let sample = file.fill_buf()?;
    // A sample may end inside a character, which is no error in it.
    let is_utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let fallback = (!is_utf8).then_some(encoding_rs::GB18030);
    let text = DecodeReaderBytesBuilder::new().encoding(fallback).bom_override(true).build(file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(text);
    let columns = columns(reader.headers()?.iter())?;
    Ok(Box::new(reader.into_records().map(move |record| {
        let record = record.context("CSV")?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok(RawRow { line, fields: whole(&columns, record.len(), fields(&columns, record.iter())) })
    })))
}

/// A record with fewer cells than there are columns has lost something.
fn whole(
    columns: &[Option<&'static str>],
    cells: usize,
    fields: Map<String, Value>,
) -> Result<Map<String, Value>, (Text, String)> {
    if cells == columns.len() {
        return Ok(fields);
    }
    let expected = columns.len();
    let why = format!("有 {cells} 列，应为 {expected} 列 ¦ {cells} columns where {expected} are expected");
    Err((why.into(), Value::Object(fields).to_string()))
}

/// The rows of a workbook's first sheet, cell by cell.
pub fn xlsx_rows(path: &Path) -> anyhow::Result<Rows> {
    let path = path.to_owned();
    // The reader borrows the workbook, so both live on a thread that hands the rows over.
    let (sender, rows) = std::sync::mpsc::sync_channel(1024);
    std::thread::spawn(move || {
        if let Err(error) = send_xlsx_rows(&path, &sender) {
            let _ = sender.send(Err(error));
        }
    });
    Ok(Box::new(rows.into_iter()))
}

fn send_xlsx_rows(
    path: &Path,
    sender: &std::sync::mpsc::SyncSender<anyhow::Result<RawRow>>,
) -> anyhow::Result<()> {
    let mut workbook: Xlsx<_> = open_workbook(path)?;
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
                None => header = Some(columns(cells.iter().map(String::as_str))?),
                Some(columns) if cells.iter().any(|cell| !cell.is_empty()) => {
                    // Cells that are empty at the end of a row are not written at all.
                    let padded = cells.iter().map(String::as_str).chain(std::iter::repeat(""));
                    let row = RawRow { line: u64::from(at) + 1, fields: Ok(fields(columns, padded)) };
                    if sender.send(Ok(row)).is_err() {
                        return Ok(());
                    }
                }
                Some(_) => {}
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

/// A cell's value as text: a date as a time, a whole number without a fraction.
fn text(cell: &DataRef<'_>) -> String {
    let data = Data::from(cell.clone());
    if data.is_datetime()
        && let Some(time) = data.as_datetime()
    {
        return time.to_string().chars().take(19).collect();
    }
    match data {
        Data::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        other => other.as_string().unwrap_or_default(),
    }
}
