//! Rows on stdout: as a table, CSV, NDJSON or one JSON array, as they come.

use std::io::{self, BufWriter, Stdout, Write};

use anyhow::Context;
use serde_json::{Map, Value, json};
use tousu_wire::Lang;
use tousu_wire::complaint_list::Row;

use super::columns::{self, Column, Layout};
use super::exit::ReaderLeft;

/// The form that rows are printed in.
pub(super) enum Form {
    Table(Layout),
    /// With these columns.
    Csv(Vec<&'static Column>),
    /// With these fields; none: as the list has them.
    Ndjson(Vec<&'static Column>),
    Json(Vec<&'static Column>),
}

/// Rows under way to stdout.
pub(super) struct Output {
    form: Form,
    lang: Lang,
    out: BufWriter<Stdout>,
    rows: u64,
}

/// So many rows go out at once; the first goes by itself.
const TOGETHER: u64 = 100;

impl Output {
    pub(super) fn new(form: Form, lang: Lang) -> Self {
        Output { form, lang, out: BufWriter::with_capacity(1 << 16, io::stdout()), rows: 0 }
    }

    /// What stands before the first row.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        let begun = match &self.form {
            Form::Table(layout) => writeln!(self.out, "{}", layout.heading()),
            Form::Csv(columns) => {
                let headings = columns.iter().map(|column| columns::csv_heading(column, self.lang));
                write_csv(&mut self.out, headings)
            }
            Form::Json(_) => write!(self.out, "["),
            Form::Ndjson(_) => Ok(()),
        };
        written(begun)
    }

    pub(super) fn row(&mut self, row: &Row, now: i64) -> anyhow::Result<()> {
        let done = match &self.form {
            Form::Table(layout) => writeln!(self.out, "{}", layout.row(row, now, "")),
            Form::Csv(columns) => {
                let cells = columns.iter().map(|column| columns::csv_cell(column, row, now, self.lang));
                write_csv(&mut self.out, cells)
            }
            Form::Ndjson(columns) => writeln!(self.out, "{}", fields(columns, row, now)?),
            Form::Json(columns) => {
                let before = if self.rows == 0 { "" } else { ",\n" };
                write!(self.out, "{before}{}", fields(columns, row, now)?)
            }
        };
        written(done)?;
        self.rows += 1;
        // Whoever waits for the first row has it at once.
        if self.rows == 1 || self.rows.is_multiple_of(TOGETHER) { self.flush() } else { Ok(()) }
    }

    /// What stands behind the last row; gives how many there were.
    pub(super) fn end(mut self) -> anyhow::Result<u64> {
        if let Form::Json(_) = &self.form {
            written(writeln!(self.out, "]"))?;
        }
        self.flush()?;
        Ok(self.rows)
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        written(self.out.flush())
    }
}

/// A line of CSV, quoted like those of exports.
fn write_csv<T: AsRef<[u8]>>(out: &mut impl Write, cells: impl Iterator<Item = T>) -> io::Result<()> {
    let mut line = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::NonNumeric)
        .from_writer(out);
    line.write_record(cells).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    })?;
    line.flush()
}

/// The row as the list has it, or the chosen of its fields in the order chosen.
fn fields(columns: &[&'static Column], row: &Row, now: i64) -> serde_json::Result<String> {
    if columns.is_empty() {
        return serde_json::to_string(row);
    }
    let whole = serde_json::to_value(row)?;
    let field = |column: &&'static Column| {
        let value = whole.get(column.key).cloned().unwrap_or_else(|| json!(columns::seconds_left(row, now)));
        (column.key.to_owned(), value)
    };
    serde_json::to_string(&columns.iter().map(field).collect::<Map<String, Value>>())
}

/// What came of writing to stdout.
pub(in crate::cli) fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderLeft.into()),
        result => result.context("无法写到标准输出 ¦ cannot write to standard output"),
    }
}
