//! Which days are worked: the official calendar, as a file that an administrator can replace.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use tousu_wire::{Lang, Text};

use super::day::written_date;

/// The calendar that comes with the program.
const SHIPPED: &str = include_str!("../../data/holidays.csv");

const HEADER: &str = "date,kind,name";

/// The days that are not what their weekday says, by the State Council's yearly notices `[public]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    listed: BTreeMap<Date, Listed>,
    years: BTreeSet<i16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    works: bool,
    name: Text,
}

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day<'a> {
    /// Monday to Friday, worked.
    Weekday,
    /// A Saturday or Sunday, off.
    Weekend,
    /// Off, for the holiday of this name (`中文 ¦ English`).
    Holiday(&'a Text),
    /// A Saturday or Sunday that is worked to make up for the holiday of this name (`中文 ¦ English`).
    MadeUp(&'a Text),
}

impl Day<'_> {
    /// Whether it is worked.
    pub fn works(self) -> bool {
        matches!(self, Day::Weekday | Day::MadeUp(_))
    }
}

/// A calendar that cannot be read: on which line, from 1, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("节假日日历第 {line} 行：{} ¦ holiday calendar, line {line}: {}", .problem.pick(Lang::Zh), .problem.pick(Lang::En))]
pub struct CalendarError {
    /// The line, from 1.
    pub line: usize,
    /// Why (`中文 ¦ English`).
    pub problem: Text,
}

/// A day was asked for in a year that the calendar does not cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "节假日日历没有 {0} 年，请补充（包括该年 10 月 1 日） ¦ the holiday calendar has no year {0}: add it, 1 October included"
)]
pub struct MissingYear(pub i16);

impl Calendar {
    /// The calendar that comes with the program: 2004 to 2026.
    pub fn shipped() -> Result<Self, CalendarError> {
        Calendar::parse(SHIPPED)
    }

    /// Reads lines of `date,kind,name` below that very header; `#` begins a comment.
    ///
    /// `date` is `yyyy-MM-dd`, `kind` is `holiday` or `workday` (a Saturday or Sunday that is worked), and `name` the
    /// holiday that is the reason (`中文 ¦ English`). A byte order mark, blank lines and Windows line ends are taken.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut rows = lines.filter(|(_, row)| !row.is_empty() && !row.starts_with('#'));
        match rows.next() {
            Some((_, HEADER)) => {}
            other => {
                let (line, row) = other.unwrap_or((1, ""));
                let problem = format!(
                    "表头应为 {HEADER}，收到“{row}” ¦ the header must be {HEADER}, received \"{row}\""
                );
                return Err(CalendarError { line, problem: problem.into() });
            }
        }
        let (mut listed, mut lines) = (BTreeMap::new(), BTreeMap::new());
        for (line, row) in rows {
            let refuse = |problem: String| CalendarError { line, problem: problem.into() };
            let (date, day) = read_row(row).map_err(refuse)?;
            listed.insert(date, day);
            if let Some(earlier) = lines.insert(date, line) {
                return Err(refuse(format!(
                    "{date} 已见于第 {earlier} 行 ¦ {date} is on line {earlier} already"
                )));
            }
        }
        let off = |(date, day): (&Date, &Listed)| (!day.works).then_some(*date);
        let national_days = listed.iter().filter_map(off).filter(|date| is_national_day(*date));
        let years = national_days.map(Date::year).collect();
        Ok(Calendar { listed, years })
    }

    /// The years that are covered: those of which 1 October is a holiday in the file `[ours]`. No year is without it,
    /// and a file that was cut off, or that tells of a year's end only what its neighbour's notice says of it, does
    /// not pass for the whole year.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        self.years.iter().copied()
    }

    /// What the day is, or [`MissingYear`] if its year is not covered.
    pub fn day(&self, date: Date) -> Result<Day<'_>, MissingYear> {
        if !self.years.contains(&date.year()) {
            return Err(MissingYear(date.year()));
        }
        Ok(match self.listed.get(&date) {
            Some(listed) if listed.works => Day::MadeUp(&listed.name),
            Some(listed) => Day::Holiday(&listed.name),
            None if is_weekend(date) => Day::Weekend,
            None => Day::Weekday,
        })
    }

    /// Whether the day is worked, or [`MissingYear`] if its year is not covered.
    pub fn is_working_day(&self, date: Date) -> Result<bool, MissingYear> {
        self.day(date).map(Day::works)
    }
}

fn read_row(row: &str) -> Result<(Date, Listed), String> {
    let mut cells = row.splitn(3, ',').map(str::trim);
    let (Some(date), Some(kind), Some(name)) = (cells.next(), cells.next(), cells.next()) else {
        return Err(format!(
            "应为三栏 {HEADER}，收到“{row}” ¦ three cells {HEADER} expected, received \"{row}\""
        ));
    };
    let Some(date) = written_date(date) else {
        return Err(format!(
            "日期应写作 2024-02-10，收到“{date}” ¦ a date is written 2024-02-10, received \"{date}\""
        ));
    };
    let works = match kind {
        "holiday" => false,
        "workday" => true,
        _ => {
            return Err(format!(
                "类别应为 holiday 或 workday，收到“{kind}” ¦ the kind must be holiday or workday, received \"{kind}\""
            ));
        }
    };
    if works && !is_weekend(date) {
        return Err(format!(
            "{date} 不是周六或周日，本来就上班 ¦ {date} is no Saturday or Sunday: it is worked anyway"
        ));
    }
    let name = name.trim_matches('"');
    if name.is_empty() {
        return Err("缺少节日名称 ¦ the holiday's name is missing".into());
    }
    Ok((date, Listed { works, name: name.into() }))
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_national_day(date: Date) -> bool {
    (date.month(), date.day()) == (10, 1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn works(date: Date) -> bool {
        Calendar::shipped().unwrap().is_working_day(date).unwrap()
    }

    #[test]
    fn the_spring_of_2024() {
        assert!(works(date(2024, 2, 4)), "a Sunday made up for");
        assert!(!works(date(2024, 2, 3)), "a plain Saturday");
        assert!(works(date(2024, 2, 9)), "the eve, a Friday that was worked that year");
        assert!(!works(date(2024, 2, 10)));
        assert!(!works(date(2024, 2, 16)));
        assert!(works(date(2024, 2, 18)), "a Sunday made up for");
        assert!(works(date(2024, 2, 29)));
    }

    #[test]
    fn each_shipped_year_is_whole() {
        let calendar = Calendar::shipped().unwrap();
        assert!(calendar.years().eq(2004..=2026));
        for year in calendar.years() {
            let listed = calendar.listed.iter().filter(|(date, _)| date.year() == year);
            let (made_up, off): (Vec<_>, Vec<_>) = listed.partition(|(_, day)| day.works);
            let taken_from_weekdays = off.iter().filter(|(date, _)| !is_weekend(**date)).count();
            // 10 statutory days until 2007, 11 until 2024, 13 since, give or take what a neighbour year's notice moved.
            assert!((9..=13).contains(&(taken_from_weekdays - made_up.len())), "{year}");
        }
        let named = |day: &Listed| day.name.pick(Lang::Zh) != day.name.pick(Lang::En);
        assert!(calendar.listed.values().all(named));
    }

    #[test]
    fn a_year_without_its_national_day_is_not_covered() {
        let calendar = Calendar::parse(
            "date,kind,name\n2026-10-01,holiday,国庆节\n2027-01-01,holiday,元旦\n2028-10-02,holiday,国庆节",
        )
        .unwrap();
        assert!(calendar.years().eq([2026]));
        assert_eq!(calendar.is_working_day(date(2027, 1, 1)), Err(MissingYear(2027)));
        assert_eq!(calendar.is_working_day(date(2025, 12, 31)), Err(MissingYear(2025)));
        assert_eq!(calendar.is_working_day(date(2026, 1, 1)), Ok(true));
        assert_eq!(
            MissingYear(2027).to_string(),
            "节假日日历没有 2027 年，请补充（包括该年 10 月 1 日） ¦ \
             the holiday calendar has no year 2027: add it, 1 October included"
        );
    }

    #[test]
    fn what_spreadsheets_add_is_taken() {
        let calendar = Calendar::parse(
            "\u{feff}# of the office\r\ndate,kind,name\r\n\r\n 2026-10-01 , holiday , \"国庆节, 第一天\" \r\n",
        );
        let calendar = calendar.unwrap();
        assert_eq!(calendar.day(date(2026, 10, 1)), Ok(Day::Holiday(&Text::from("国庆节, 第一天"))));
    }

    #[test]
    fn malformed_lines_are_named() {
        for (text, line, problem) in [
            ("", 1, "表头应为"),
            ("# nothing\n\n", 1, "表头应为"),
            ("\n# x\n2026-10-01,holiday,国庆节", 3, "表头应为"),
            ("date,kind,name\n2026-10-01", 2, "应为三栏"),
            ("date,kind,name\n2026-10-01,holiday", 2, "应为三栏"),
            ("date,kind,name\n\n# x\n2026-10-01,holiday,", 4, "缺少节日名称"),
            ("date,kind,name\n2026/10/01,holiday,国庆节", 2, "日期应写作"),
            ("date,kind,name\n2026-10-1,holiday,国庆节", 2, "日期应写作"),
            ("date,kind,name\n20261001,holiday,国庆节", 2, "日期应写作"),
            ("date,kind,name\n2025-02-29,holiday,国庆节", 2, "日期应写作"),
            ("date,kind,name\n2026-10-01T00:00:00,holiday,国庆节", 2, "日期应写作"),
            ("date,kind,name\n2026-10-01,off,国庆节", 2, "类别应为"),
            ("date,kind,name\n2026-10-09,workday,国庆节", 2, "不是周六或周日"),
            (
                "date,kind,name\n2026-10-01,holiday,国庆节\n2026-10-02,holiday,a\n2026-10-01,holiday,b",
                4,
                "第 2 行",
            ),
        ] {
            let error = Calendar::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            let written = error.to_string();
            assert!(written.contains(problem) && written.contains(&format!("line {line}")), "{written}");
            assert_eq!(written.matches(" ¦ ").count(), 1, "{written}");
        }
    }
}
