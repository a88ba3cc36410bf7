//! The columns that `tousu list` can show, and a row in them.

use tousu_wire::codes::{Overtime, State};
use tousu_wire::complaint_list::Row;
use tousu_wire::{BeijingTime, Lang};

use super::exit::{Failure, usage};
use super::screen::{Screen, Tone, columns_of, cut, fitted, on_one_line};
use crate::export::columns::{COLUMNS, Cell, Kind};
use crate::export::{self, csv};

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// What people call it on the command line.
    name: &'static str,
    /// The published field; `seconds_left` for the time left, which is ours.
    pub(super) key: &'static str,
    /// The heading (`中文 ¦ English`).
    heading: (&'static str, &'static str),
    /// How many columns of the terminal it takes, in Chinese and in English; none: what is left.
    width: Option<(usize, usize)>,
}

/// All of them. Those of a published field have its content from the exports.
pub(super) const ALL: &[Column] = &[
    column("id", "complaint_id", ("投诉单号", "COMPLAINT"), Some((24, 24))),
    column("left", LEFT, ("剩余时间", "LEFT"), Some((11, 11))),
    column("state", "state", ("状态", "STATE"), Some((8, 11))),
    column("channel", "channel_type", ("渠道", "CHANNEL"), Some((10, 10))),
    column("from", "complaint_from", ("来源", "FROM"), Some((20, 20))),
    column("time", "complaint_time", ("投诉时间", "COMPLAINED"), Some((16, 16))),
    column("due", "operate_end_time", ("最后时限", "DUE"), Some((16, 16))),
    column("step", "current_step", ("当前步骤", "STEP"), Some((16, 20))),
    column("phone", "complainant_phone", ("手机号", "PHONE"), Some((11, 11))),
    column("overdue", "is_overtime", ("超时", "OVERDUE"), Some((4, 7))),
    column("closed", "closed_at", ("结单时间", "CLOSED"), Some((16, 16))),
    column("handled", "operate_time", ("操作时间", "HANDLED"), Some((16, 16))),
    column("limit", "time_limit", ("时限小时", "HOURS"), Some((8, 5))),
    column("order", "complaint_resource_id", ("资源或订单", "ORDER"), Some((24, 24))),
    column("resource-type", "complaint_resource_type", ("资源类型", "RESOURCE"), Some((8, 8))),
    column("type", "complaint_type", ("投诉类型", "TYPE"), Some((14, 14))),
    column("reason", "complaint_reason", ("问题描述", "REASON"), None),
];

impl Column {
    /// How many columns of a terminal it takes, unless it takes what is left.
    fn wide(&self, lang: Lang) -> Option<usize> {
        self.width.map(|(zh, en)| if lang == Lang::Zh { zh } else { en })
    }

    /// The same column of exports; only the time left has none.
    fn exported(&self) -> Option<&'static export::columns::Column> {
        COLUMNS.iter().find(|known| known.key == self.key)
    }
}

/// The key of the time left.
pub(super) const LEFT: &str = "seconds_left";
/// What is shown where nothing is asked for: the first that the terminal has room for.
const USUAL: [&[&str]; 5] = [
    &["id", "left", "state", "channel", "from", "time", "step", "phone", "reason"],
    &["id", "left", "state", "channel", "time", "reason"],
    &["id", "left", "state", "channel", "reason"],
    &["id", "left", "reason"],
    &["id"],
];
/// What stands between two columns.
const GAP: &str = "  ";
/// The room of a mark in front of a row.
const MARK: usize = 2;
/// What is left for the reason at least.
const LEAST_REST: usize = 14;
/// `2024-04-19 11:25`.
const TO_THE_MINUTE: usize = 16;
/// A deadline so near is pressing, and one so near is coming, in seconds.
const PRESSING: i64 = 4 * 3600;
const COMING: i64 = 24 * 3600;

const fn column(
    name: &'static str,
    key: &'static str,
    heading: (&'static str, &'static str),
    width: Option<(usize, usize)>,
) -> Column {
    Column { name, key, heading, width }
}

/// The columns named, by what people call them or by the published fields.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Column>, Failure> {
    let one = |name: &String| {
        let name = name.trim();
        ALL.iter().find(|column| column.name == name || column.key == name).ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|column| column.name).collect();
            let known = known.join(", ");
            usage(format!("没有列 {name}，可选：{known} ¦ there is no column {name}; there are: {known}"))
        })
    };
    names.iter().map(one).collect()
}

/// The columns that there is room for, that of marks in front of them included.
pub(super) fn fitting(width: Option<usize>, lang: Lang) -> Vec<&'static Column> {
    let usual = USUAL.map(|names| {
        let column = |name: &&str| ALL.iter().find(|column| column.name == *name);
        names.iter().filter_map(column).collect::<Vec<_>>()
    });
    let fits =
        |columns: &[&Column]| width.is_none_or(|width| taken(columns, lang) + MARK + LEAST_REST <= width);
    let last = usual.len() - 1;
    usual
        .into_iter()
        .enumerate()
        .find(|(at, columns)| *at == last || fits(columns))
        .map_or(vec![], |(_, one)| one)
}

/// How many columns of a terminal these take, what is between them included; the reason takes what is left.
fn taken(columns: &[&Column], lang: Lang) -> usize {
    let widths: usize = columns.iter().filter_map(|column| column.wide(lang)).sum();
    widths + GAP.len() * columns.len().saturating_sub(1)
}

/// What a row has in a column, in full.
pub(super) fn text(column: &Column, row: &Row, now: i64, lang: Lang) -> String {
    if column.key == LEFT {
        return seconds_left(row, now).map(|seconds| seconds.to_string()).unwrap_or_default();
    }
    let shown = export::Row { listed: row.borrowed(), handler: "", tags: &[] };
    match column.exported().map(|known| known.cell(&shown, lang)) {
        Some(Cell::Text(text)) => text.into_owned(),
        Some(Cell::Moment(Some(time))) => time.to_string(),
        Some(Cell::Number(number)) => number.to_string(),
        Some(Cell::Moment(None)) | None => String::new(),
    }
}

/// The same as a cell of CSV, guarded as in exports.
pub(super) fn csv_cell(column: &Column, row: &Row, now: i64, lang: Lang) -> String {
    let kind = column.exported().map_or(Kind::Number, |known| known.kind);
    let text = text(column, row, now, lang);
    match kind {
        Kind::Moment => text,
        Kind::Number => csv::guarded(&text, Kind::Text).into_owned(),
        kind => csv::guarded(&text, kind).into_owned(),
    }
}

/// The heading of a column of CSV: that of exports, where they have it.
pub(super) fn csv_heading(column: &Column, lang: Lang) -> &'static str {
    column.exported().map_or(pick(lang, "剩余秒数", "Seconds left"), |known| known.heading(lang))
}

/// Seconds until the deadline of an open complaint, below zero once it has passed.
pub(super) fn seconds_left(row: &Row, now: i64) -> Option<i64> {
    (row.state != State::Done).then(|| row.operate_end_time.epoch() - now)
}

/// The time left in words, and how pressing it is.
pub(super) fn left(row: &Row, now: i64, lang: Lang) -> (String, Tone) {
    match (row.state, row.is_overtime) {
        (State::Done, Overtime::Late) => (pick(lang, "超时结单", "closed late").to_owned(), Tone::Dim),
        (State::Done, _) => (pick(lang, "已结单", "closed").to_owned(), Tone::Dim),
        _ => until(row.operate_end_time, now, lang),
    }
}

/// The time left until a deadline in words, and how pressing it is.
pub(super) fn until(deadline: BeijingTime, now: i64, lang: Lang) -> (String, Tone) {
    let seconds = deadline.epoch() - now;
    let span = span(seconds.unsigned_abs(), lang);
    // The server's rule: late once the deadline has passed.
    if seconds < 0 {
        return (format!("{}{span}", pick(lang, "超 ", "over ")), Tone::Bad);
    }
    let tone = match seconds {
        _ if seconds <= PRESSING => Tone::Warning,
        _ if seconds <= COMING => Tone::Plain,
        _ => Tone::Good,
    };
    (format!("{}{span}", pick(lang, "剩 ", "")), tone)
}

/// A span in its two largest units.
pub(super) fn span(seconds: u64, lang: Lang) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (d, h, m) = match lang {
        Lang::Zh => ("天", "时", "分"),
        Lang::En => ("d", "h", "m"),
    };
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes}{m}"),
        (0, hours, minutes) => format!("{hours}{h}{}{m}", minutes % 60),
        (100.., ..) => format!("{days}{d}"),
        (days, hours, _) => format!("{days}{d}{}{h}", hours % 24),
    }
}

fn pick(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Columns laid out for a screen.
pub(super) struct Layout {
    columns: Vec<(&'static Column, usize)>,
    screen: Screen,
    lang: Lang,
    /// In front of each row there is a mark, or room for one.
    marked: bool,
}

impl Layout {
    /// The columns at the widths that the screen leaves them.
    pub(super) fn new(columns: Vec<&'static Column>, screen: Screen, lang: Lang, marked: bool) -> Self {
        let taken = taken(&columns, lang) + if marked { MARK } else { 0 };
        // Where there is none left, columns that were asked for go over the edge.
        let rest = screen.width.map_or(usize::MAX, |width| width.saturating_sub(taken).max(LEAST_REST));
        let columns = columns.into_iter().map(|column| (column, column.wide(lang).unwrap_or(rest))).collect();
        Layout { columns, screen, lang, marked }
    }

    /// The line of headings.
    pub(super) fn heading(&self) -> String {
        let heading = |column: &Column| pick(self.lang, column.heading.0, column.heading.1).to_owned();
        let cells = self.columns.iter().map(|(column, _)| (heading(column), Tone::Heading)).collect();
        self.line("", cells)
    }

    /// A row's line.
    pub(super) fn row(&self, row: &Row, now: i64, mark: &str) -> String {
        let cell = |column: &Column| match column.key {
            LEFT => left(row, now, self.lang),
            "state" if row.state == State::Done => (self.short(column, row, now), Tone::Dim),
            _ => (self.short(column, row, now), Tone::Plain),
        };
        self.line(mark, self.columns.iter().map(|(column, _)| cell(column)).collect())
    }

    /// What a table shows of a cell: moments without seconds, and nothing that would break the line.
    fn short(&self, column: &Column, row: &Row, now: i64) -> String {
        let text = text(column, row, now, self.lang);
        match column.exported().map(|known| known.kind) {
            Some(Kind::Moment) => text.chars().take(TO_THE_MINUTE).collect(),
            _ => on_one_line(&text),
        }
    }

    fn line(&self, mark: &str, cells: Vec<(String, Tone)>) -> String {
        let last = cells.len().saturating_sub(1);
        let mut line = match self.marked {
            true => self.screen.toned(&fitted(mark, MARK), Tone::New),
            false => String::new(),
        };
        for (at, ((text, tone), (_, width))) in cells.into_iter().zip(&self.columns).enumerate() {
            // A pipe gets everything, aligned where it fits.
            let shown = match (self.screen.width, at == last) {
                (None, true) => text,
                (None, false) => fitted(&text, columns_of(&text).max(*width)),
                (Some(_), true) => cut(&text, *width),
                (Some(_), false) => fitted(&text, *width),
            };
            line += &self.screen.toned(&shown, tone);
            if at < last {
                line += GAP;
            }
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::cli::remote::testing;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn rows() -> [Row; 3] {
        let due = |seconds: i64| BeijingTime::from_epoch(NOW + seconds);
        [
            testing::row(
                json!({ "operate_end_time": due(2 * 86_400 + 3600), "complaint_reason": "要退款八八八八八八八八啊啊啊啊啊啊啊啊啊啊啊啊" }),
            ),
            testing::row(
                json!({ "operate_end_time": due(-60), "complaint_reason": "\u{1b}[2J\n退", "channel_type": 9 }),
            ),
            testing::row(json!({ "state": 2, "is_overtime": 2, "closed_at": due(0) })),
        ]
    }

    #[test]
    fn a_narrow_terminal() {
        let screen = Screen { colours: false, width: Some(80) };
        let layout = Layout::new(fitting(screen.width, Lang::Zh), screen, Lang::Zh, false);
        let lines: Vec<String> = std::iter::once(layout.heading())
            .chain(rows().iter().map(|row| layout.row(row, NOW, "")))
            .collect();
        let expected = [
            "投诉单号                  剩余时间     状态      渠道        问题描述",
            "c_6621e41fa5e18_dA0idHLY  剩 2天1时    待处理    店铺        要退款八八八八八八…",
            "c_6621e41fa5e18_dA0idHLY  超 1分       待处理    9            [2J 退",
            "c_6621e41fa5e18_dA0idHLY  超时结单     处理完成  店铺        要退款",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 26..=240 {
            for (lang, marked) in [(Lang::Zh, true), (Lang::En, true), (Lang::Zh, false), (Lang::En, false)] {
                let colours = width % 2 == 0;
                let screen = Screen { colours, width: Some(width) };
                let layout = Layout::new(fitting(screen.width, lang), screen, lang, marked);
                for line in rows().iter().map(|row| layout.row(row, NOW, "●")).chain([layout.heading()]) {
                    assert!(columns_of(&line) <= width, "{width}: {line}");
                    assert!(colours || !line.contains('\u{1b}'), "{line}");
                }
            }
        }
        let shown = |width, lang| fitting(Some(width), lang).len();
        assert_eq!([80, 120, 160].map(|width| shown(width, Lang::Zh)), [5, 6, 9]);
        assert_eq!([80, 120, 160].map(|width| shown(width, Lang::En)), [5, 6, 9]);
    }

    #[test]
    fn a_pipe_gets_everything() {
        let screen = Screen { colours: false, width: None };
        let long = "长".repeat(300);
        let row = testing::row(json!({ "complaint_reason": long, "complaint_id": "x".repeat(40) }));
        let line = Layout::new(fitting(None, Lang::Zh), screen, Lang::Zh, false).row(&row, NOW, "");
        assert!(line.ends_with(&long) && line.starts_with(&"x".repeat(40)));
    }

    #[test]
    fn every_published_field_has_a_column() {
        let row = serde_json::to_value(testing::row(json!({}))).unwrap();
        let fields: HashSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let keys: HashSet<&str> = ALL.iter().map(|column| column.key).filter(|key| *key != LEFT).collect();
        assert_eq!(fields, keys);
        assert!(chosen(&["id".into(), "complaint_reason".into(), "left".into()]).is_ok());
        assert!(chosen(&["none".into()]).unwrap_err().to_string().contains("resource-type"));
    }

    #[test]
    fn spans_in_words() {
        for (seconds, zh, en) in [
            (0, "0分", "0m"),
            (59, "0分", "0m"),
            (3_540, "59分", "59m"),
            (3_600, "1时0分", "1h0m"),
            (86_399, "23时59分", "23h59m"),
            (90_000, "1天1时", "1d1h"),
            (8_640_000, "100天", "100d"),
        ] {
            assert_eq!((span(seconds, Lang::Zh).as_str(), span(seconds, Lang::En).as_str()), (zh, en));
        }
    }

    #[test]
    fn how_pressing_it_is() {
        let tone = |seconds: i64| {
            left(
                &testing::row(json!({ "operate_end_time": BeijingTime::from_epoch(NOW + seconds) })),
                NOW,
                Lang::En,
            )
            .1
        };
        assert_eq!(tone(-1), Tone::Bad);
        assert_eq!(tone(0), Tone::Warning, "to the second, as the server has it");
        assert_eq!(tone(PRESSING + 1), Tone::Plain);
        assert_eq!(tone(COMING + 1), Tone::Good);
    }
}
