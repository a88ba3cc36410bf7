//! What a table holds, for whoever is about to import it.

use tousu_wire::Lang;
use tousu_wire::import_file::{Column, Field, Preview};

use super::row::REQUIRED;
use super::table::{Record, Table};
use crate::headings;
use crate::privacy::masked_text;

/// Values of a column that are shown, and characters of one, at most.
const SAMPLES: usize = 3;
const SAMPLE_CHARACTERS: usize = 60;
/// Columns that are shown, at most: no sheet of complaints has more.
const MOST_COLUMNS: usize = 500;

/// Reads a table to its end, and tells what it holds.
pub fn preview(table: Table, lang: Lang) -> anyhow::Result<Preview> {
    let Table { headings, records, sheets, sheet } = table;
    let shown = |text: &str| {
        let text: String = masked_text(text.trim()).chars().take(SAMPLE_CHARACTERS).collect();
        text
    };
    let mut columns: Vec<Column> = (0..)
        .zip(headings.iter().take(MOST_COLUMNS))
        .map(|(index, heading)| Column {
            index,
            heading: shown(heading),
            field: headings::field(heading).map(str::to_owned),
            samples: Vec::new(),
        })
        .collect();
    let mut rows = 0;
    for record in records {
        let Record { cells, broken, .. } = record?;
        rows += 1;
        if broken.is_some() {
            continue;
        }
        for (column, cell) in columns.iter_mut().zip(&cells) {
            if column.samples.len() < SAMPLES && !cell.trim().is_empty() {
                column.samples.push(shown(cell));
            }
        }
    }
    let fields = headings::fields().filter_map(headings::of).map(|heading| Field {
        name: heading.key.to_owned(),
        title: heading.text(lang).to_owned(),
        required: REQUIRED.contains(&heading.key).into(),
    });
    Ok(Preview { columns, fields: fields.collect(), rows, sheets, sheet })
}
