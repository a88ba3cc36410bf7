//! Which columns a table has: their names and headings, and what a complaint has in each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tousu_wire::codes::CodeTable;
use tousu_wire::{BeijingTime, Lang};

use super::Row;

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
    zh: &'static str,
    en: &'static str,
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
        pick(lang, self.zh, self.en)
    }

    /// What the row has in this column.
    pub fn cell<'a>(&self, row: &'a Row<'a>, lang: Lang) -> Cell<'a> {
        (self.read)(row, lang)
    }
}

/// All columns, in the order of a merchant's console `[ours]`: what it is, from whom, how far it is, by when.
pub const COLUMNS: &[Column] = &[
    column("complaint_id", "投诉单号", "Complaint ID", Kind::Id, 28, |row, _| {
        text(row.listed.complaint_id)
    }),
    column("channel_type", "渠道", "Channel", Kind::Code, 12, |row, lang| {
        code(row.listed.channel_type, lang)
    }),
    column("complaint_from", "来源", "Source", Kind::Code, 22, |row, lang| {
        code(row.listed.complaint_from, lang)
    }),
    column("complainant_phone", "投诉人手机号(脱敏)", "Phone (masked)", Kind::Phone, 20, |row, _| {
        text(&row.listed.complainant_phone)
    }),
    column("complaint_reason", "问题描述", "Reason", Kind::Text, 48, |row, _| {
        text(&row.listed.complaint_reason)
    }),
    column("complaint_resource_id", "资源或订单", "Order or resource", Kind::Id, 30, |row, _| {
        text(&row.listed.complaint_resource_id)
    }),
    column("complaint_resource_type", "资源类型", "Resource type", Kind::Number, 10, |row, _| {
        Cell::Number(row.listed.complaint_resource_type)
    }),
    column("complaint_type", "投诉类型", "Type", Kind::Code, 16, |row, lang| {
        code(row.listed.complaint_type, lang)
    }),
    column("state", "状态", "State", Kind::Code, 10, |row, lang| code(row.listed.state, lang)),
    column("current_step", "当前步骤", "Current step", Kind::Code, 18, |row, lang| {
        code(row.listed.current_step, lang)
    }),
    column("is_overtime", "是否超时", "Overtime", Kind::Code, 10, |row, lang| {
        code(row.listed.is_overtime, lang)
    }),
    column(
        "complaint_time",
        "投诉时间(北京时间)",
        "Complained at (Beijing time)",
        Kind::Moment,
        20,
        |row, _| Cell::Moment(Some(row.listed.complaint_time)),
    ),
    column(
        "operate_time",
        "操作时间(北京时间)",
        "Handling since (Beijing time)",
        Kind::Moment,
        20,
        |row, _| Cell::Moment(Some(row.listed.operate_time)),
    ),
    column("time_limit", "处理时限(小时)", "Time limit (hours)", Kind::Number, 14, |row, _| {
        Cell::Number(row.listed.time_limit)
    }),
    column(
        "operate_end_time",
        "处理最后时限(北京时间)",
        "Deadline (Beijing time)",
        Kind::Moment,
        22,
        |row, _| Cell::Moment(Some(row.listed.operate_end_time)),
    ),
    column(
        "closed_at",
        "结单时间(北京时间)",
        "Closed at (Beijing time)",
        Kind::Moment,
        20,
        |row, _| Cell::Moment(row.listed.closed_at),
    ),
    column("handler", "处理人", "Handler", Kind::Text, 14, |row, _| text(row.handler)),
    column("tags", "标签", "Tags", Kind::Text, 20, |row, lang| {
        Cell::Text(row.tags.join(pick(lang, "、", ", ")).into())
    }),
];

/// Columns that no published row has, and that the importer therefore leaves out.
const OURS: &[&str] = &["handler", "tags"];

const fn column(
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    kind: Kind,
    width: u16,
    read: for<'a> fn(&'a Row<'a>, Lang) -> Cell<'a>,
) -> Column {
    Column { key, zh, en, kind, width, read }
}

/// The published field whose column an export heads so, in either language; what is ours is none.
///
/// Full-width brackets and colons count as their narrow forms, since people retype headings.
pub fn field(heading: &str) -> Option<&'static str> {
    let heading = heading.trim().trim_start_matches('\u{feff}');
    let heading = heading.replace('：', ":").replace('（', "(").replace('）', ")");
    let same = |name: &str| name.eq_ignore_ascii_case(&heading);
    let found = COLUMNS.iter().find(|column| [column.key, column.zh, column.en].into_iter().any(same))?;
    (!OURS.contains(&found.key)).then_some(found.key)
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
    use tousu_wire::codes::ComplaintFrom;

    use super::*;

    #[test]
    fn every_heading_leads_back_to_its_field() {
        for column in COLUMNS {
            let expected = (!OURS.contains(&column.key)).then_some(column.key);
            for heading in [column.zh, column.en, column.key] {
                assert_eq!(field(heading), expected, "{heading}");
                assert_eq!(field(&format!(" \u{feff}{}", heading.to_uppercase())), expected, "{heading}");
            }
            assert_eq!(field(&column.zh.replace('(', "（").replace(')', "）")), expected);
            let named = column.zh.contains("北京时间") && column.en.contains("Beijing time");
            assert_eq!(named, column.kind == Kind::Moment, "{}", column.key);
        }
        assert_eq!(field("备注"), None);
    }

    /// No published field is forgotten: the row's own keys are the columns that are not ours.
    #[test]
    fn all_published_fields_have_a_column() {
        let example = <tousu_wire::complaint_list::ComplaintList as tousu_wire::Endpoint>::example();
        let row = example.response["list"][0].as_object().unwrap().clone();
        let mut published: Vec<&str> = row.keys().map(String::as_str).collect();
        let mut columns: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
        columns.retain(|key| !OURS.contains(key));
        published.sort_unstable();
        columns.sort_unstable();
        assert_eq!(columns, published);
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
