//! Which columns a table has, and what a complaint has in each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tousu_wire::codes::CodeTable;
use tousu_wire::{BeijingTime, Lang};

use super::Row;
use crate::headings;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A number or name by which something is found again: text, digit for digit.
    Id,
    /// A phone number: text, digit for digit.
    Phone,
    /// A code by its label, or by its number where no label tells it.
    Code,
    /// Words of people.
    Text,
    /// A moment in Beijing time.
    Moment,
    /// A number to calculate with.
    Number,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// The published name of the field, or ours.
    pub key: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// How wide a sheet shows it, in digits of the usual size.
    pub width: u16,
    read: for<'a> fn(&'a Row<'a>, Lang) -> Cell<'a>,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A text, which may be empty.
    Text(Cow<'a, str>),
    /// A moment, if there is one.
    Moment(Option<BeijingTime>),
    /// A number.
    Number(i64),
}

impl Column {
    /// The heading. A moment's names the zone.
    pub fn heading(&self, lang: Lang) -> &'static str {
        headings::of(self.key).map_or(self.key, |heading| heading.text(lang))
    }

    /// What the row has in this column.
    pub fn cell<'a>(&self, row: &'a Row<'a>, lang: Lang) -> Cell<'a> {
        (self.read)(row, lang)
    }
}

/// All columns, in the order of a merchant's console `[ours]`: what it is, from whom, how far it is, by when.
pub const COLUMNS: &[Column] = &[
    column("complaint_id", Kind::Id, 28, |row, _| text(row.listed.complaint_id)),
    column("channel_type", Kind::Code, 12, |row, lang| code(row.listed.channel_type, lang)),
    column("complaint_from", Kind::Code, 22, |row, lang| code(row.listed.complaint_from, lang)),
    column("complainant_phone", Kind::Phone, 20, |row, _| text(&row.listed.complainant_phone)),
    column("complaint_reason", Kind::Text, 48, |row, _| text(&row.listed.complaint_reason)),
    column("complaint_resource_id", Kind::Id, 30, |row, _| text(&row.listed.complaint_resource_id)),
    column("complaint_resource_type", Kind::Number, 10, |row, _| {
        Cell::Number(row.listed.complaint_resource_type)
    }),
    column("complaint_type", Kind::Code, 16, |row, lang| code(row.listed.complaint_type, lang)),
    column("state", Kind::Code, 10, |row, lang| code(row.listed.state, lang)),
    column("current_step", Kind::Code, 18, |row, lang| code(row.listed.current_step, lang)),
    column("is_overtime", Kind::Code, 10, |row, lang| code(row.listed.is_overtime, lang)),
    column("complaint_time", Kind::Moment, 20, |row, _| Cell::Moment(Some(row.listed.complaint_time))),
    column("operate_time", Kind::Moment, 20, |row, _| Cell::Moment(Some(row.listed.operate_time))),
    column("time_limit", Kind::Number, 14, |row, _| Cell::Number(row.listed.time_limit)),
    column("operate_end_time", Kind::Moment, 22, |row, _| Cell::Moment(Some(row.listed.operate_end_time))),
    column("closed_at", Kind::Moment, 20, |row, _| Cell::Moment(row.listed.closed_at)),
    column("handler", Kind::Text, 14, |row, _| text(row.handler)),
    column("tags", Kind::Text, 20, |row, lang| Cell::Text(row.tags.join(pick(lang, "、", ", ")).into())),
];

const fn column(
    key: &'static str,
    kind: Kind,
    width: u16,
    read: for<'a> fn(&'a Row<'a>, Lang) -> Cell<'a>,
) -> Column {
    Column { key, kind, width, read }
}

fn pick(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

/// A code's label if the number can be found again by it, else the number: 10 and 210 share one.
fn code<T: CodeTable>(code: T, lang: Lang) -> Cell<'static> {
    let number = code.number();
    let label = code.label().map(|(zh, en)| pick(lang, zh, en));
    let first = T::LISTED.iter().find(|(_, zh, en)| label == Some(*zh) || label == Some(*en));
    match (label, first) {
        (Some(label), Some(first)) if first.0 == number => text(label),
        _ => Cell::Number(number),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tousu_wire::codes::ComplaintFrom;

    use super::*;

    /// What an export has is what has a heading, and a moment's heading names the zone.
    #[test]
    fn every_column_has_a_heading() {
        let keys: HashSet<&str> = COLUMNS.iter().map(|column| column.key).collect();
        assert_eq!(keys, headings::HEADINGS.iter().map(|heading| heading.key).collect());
        for column in COLUMNS {
            let (zh, en) = (column.heading(Lang::Zh), column.heading(Lang::En));
            let named = zh.contains("北京时间") && en.contains("Beijing time");
            assert_eq!(named, column.kind == Kind::Moment, "{}", column.key);
        }
    }

    #[test]
    fn a_label_stands_for_one_number_only() {
        let shown = |number: i64, lang| code(ComplaintFrom::from(number), lang);
        assert_eq!(shown(101, Lang::Zh), text("H5店铺"));
        assert_eq!(shown(101, Lang::En), text("H5 shop"));
        assert_eq!(shown(10, Lang::Zh), text("外部-客诉邮箱投诉"));
        assert_eq!(shown(210, Lang::Zh), Cell::Number(210));
        assert_eq!(shown(210, Lang::En), Cell::Number(210));
        assert_eq!(shown(-7, Lang::Zh), Cell::Number(-7));
    }
}
