//! Why a window ends when it does: which hours and days were counted, and which were not.

use jiff::civil::Weekday;
use tousu_wire::{Lang, Text};

use super::{Calendar, Day, DeadlineError, Kind, Rule, Window, day, window};

/// A stretch of a window that was counted, or left out, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its first second, in epoch seconds.
    pub starts: i64,
    /// Its end, in epoch seconds: where the next one starts.
    pub ends: i64,
    /// How many of the rule's units it counts for: hours of [`Kind::Hours`], otherwise days. 0: not counted.
    pub counts: i64,
    /// Whether it is over.
    pub phase: Phase,
    /// Why (`中文 ¦ English`).
    pub why: Text,
}

/// How an interval lies to the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Over.
    Past,
    /// Now: of the intervals of a window that is open, exactly one, and one hour or day long.
    Running,
    /// Still to come.
    Ahead,
}

impl Phase {
    fn at(now: i64, starts: i64, ends: i64) -> Self {
        match () {
            () if ends <= now => Phase::Past,
            () if starts <= now => Phase::Running,
            () => Phase::Ahead,
        }
    }
}

/// Every interval of the window, in order and without gaps, from `opens` to `ends`; what they count adds up to the
/// rule's N. Hours or days in a row that have the same reason and the same phase at `now` (epoch seconds) are one
/// interval.
///
/// Fails where [`window`] does, and with [`DeadlineError::Differs`] if the window is not the one that the rule and
/// calendar give: an explanation of a window that was worked out by others would be none.
pub fn explain(
    rule: &Rule,
    given: Window,
    calendar: &Calendar,
    now: i64,
) -> Result<Vec<Interval>, DeadlineError> {
    let counted = window(rule.kind, given.opens, calendar)?;
    if counted.ends != given.ends {
        return Err(DeadlineError::Differs { counted: counted.ends, given: given.ends });
    }
    match rule.kind {
        Kind::Hours(n) => Ok(hours(n, given.opens, now)),
        Kind::DayEnd(_) | Kind::WorkingDays(_) => days(rule.kind, given, calendar, now),
    }
}

fn hours(n: i64, opens: i64, now: i64) -> Vec<Interval> {
    let past = now.saturating_sub(opens).div_euclid(3600).clamp(0, n);
    let running = i64::from(past < n && opens <= now);
    let mut intervals = Vec::new();
    for (first, last) in [(0, past), (past, past + running), (past + running, n)] {
        if first < last {
            let (starts, ends) = (opens + first * 3600, opens + last * 3600);
            let (zh, en) = numbered("小时", "hour", first + 1, last);
            intervals.push(Interval {
                starts,
                ends,
                counts: last - first,
                phase: Phase::at(now, starts, ends),
                why: format!("{zh}，不分昼夜与节假日 ¦ {en}, nights and holidays included").into(),
            });
        }
    }
    intervals
}

/// What is done with a day.
#[derive(Clone, Copy, PartialEq)]
enum Treated<'a> {
    /// The complaint's own day.
    Own,
    /// A day like any other.
    Calendar,
    Listed(Day<'a>),
}

/// Days in a row that are treated alike.
struct Run<'a> {
    treated: Treated<'a>,
    phase: Phase,
    starts: i64,
    ends: i64,
    days: i64,
    last: Weekday,
}

impl Run<'_> {
    fn counts(&self) -> i64 {
        match self.treated {
            Treated::Own => 0,
            Treated::Calendar => self.days,
            Treated::Listed(day) => self.days * i64::from(day.works()),
        }
    }
}

fn days(kind: Kind, given: Window, calendar: &Calendar, now: i64) -> Result<Vec<Interval>, DeadlineError> {
    let mut date = day::date_of(given.opens)?;
    let mut starts = given.opens;
    let mut runs: Vec<Run<'_>> = Vec::new();
    while starts < given.ends {
        let treated = match kind {
            _ if runs.is_empty() => Treated::Own,
            Kind::WorkingDays(_) => Treated::Listed(calendar.day(date)?),
            _ => Treated::Calendar,
        };
        let ends = day::begins(date)? + day::SECONDS;
        let phase = Phase::at(now, starts, ends);
        match runs.last_mut() {
            Some(run) if run.treated == treated && run.phase == phase => {
                run.ends = ends;
                run.days += 1;
                run.last = date.weekday();
            }
            _ => runs.push(Run { treated, phase, starts, ends, days: 1, last: date.weekday() }),
        }
        starts = ends;
        if starts < given.ends {
            date = day::next(date)?;
        }
    }
    let mut before = 0;
    let interval = |run: Run<'_>| {
        let (counts, why) = (run.counts(), why(&run, before, kind.n()));
        before += counts;
        Interval { starts: run.starts, ends: run.ends, counts, phase: run.phase, why }
    };
    Ok(runs.into_iter().map(interval).collect())
}

/// The reason in words. `before` days were counted so far.
fn why(run: &Run<'_>, before: i64, n: i64) -> Text {
    let (zh, en) = numbered("天", "day", before + 1, before + run.days);
    let several = run.days > 1;
    let days = if several { "days" } else { "day" };
    let (counted_zh, counted_en) = (format!("计为{zh}"), format!("counted as {en}"));
    match run.treated {
        Treated::Own if n == 0 => "当日 24:00 截止 ¦ until 24:00 of the same day".into(),
        Treated::Own => "收到投诉的当日，不计 ¦ the day of the complaint, not counted".into(),
        Treated::Calendar => format!("自然日，{counted_zh} ¦ calendar {days}, {counted_en}"),
        Treated::Listed(Day::Weekday) => format!("工作日，{counted_zh} ¦ working {days}, {counted_en}"),
        Treated::Listed(Day::MadeUp(name)) => {
            let (zh, en) = (name.pick(Lang::Zh), name.pick(Lang::En));
            format!("{zh}调休上班，{counted_zh} ¦ make-up working {days} for {en}, {counted_en}")
        }
        Treated::Listed(Day::Weekend) => match (several, run.last) {
            (true, _) => "周六、周日，不计 ¦ Saturday and Sunday, not counted".into(),
            (false, Weekday::Saturday) => "周六，不计 ¦ Saturday, not counted".into(),
            (false, _) => "周日，不计 ¦ Sunday, not counted".into(),
        },
        Treated::Listed(Day::Holiday(name)) => {
            let (zh, en, off) = (name.pick(Lang::Zh), name.pick(Lang::En), run.days);
            if several {
                format!("{zh}放假 {off} 天，不计 ¦ {en}, {off} days off, not counted")
            } else {
                format!("{zh}放假，不计 ¦ {en}, day off, not counted")
            }
        }
    }
    .into()
}

/// `第 3 天`, `day 3`, or `第 3–7 天`, `days 3 to 7`.
fn numbered(zh: &str, en: &str, first: i64, last: i64) -> (String, String) {
    if first == last {
        (format!("第 {first} {zh}"), format!("{en} {first}"))
    } else {
        (format!("第 {first}–{last} {zh}"), format!("{en}s {first} to {last}"))
    }
}

#[cfg(test)]
mod tests {
    use tousu_wire::BeijingTime;

    use super::super::{Scope, Stage};
    use super::*;

    /// What is explained at `now`: phase, day and hour of the end, count and reason.
    fn told(kind: Kind, opens: &str, now: &str) -> Vec<String> {
        let epoch = |text: &str| text.parse::<BeijingTime>().unwrap().epoch();
        let calendar = Calendar::shipped().unwrap();
        let rule = Rule {
            id: "own".into(),
            version: 1,
            holds_from: i64::MIN,
            scope: Scope::Any,
            stage: Stage::Settlement,
            kind,
            title: "自定 ¦ own".into(),
        };
        let given = window(kind, epoch(opens), &calendar).unwrap();
        let line = |interval: Interval| {
            let ends = BeijingTime::from_epoch(interval.ends).to_string();
            format!("{:?} {} {} {}", interval.phase, &ends[5..13], interval.counts, interval.why)
        };
        explain(&rule, given, &calendar, epoch(now)).unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn every_working_day_around_the_spring_festival() {
        assert_eq!(
            told(Kind::WorkingDays(12), "2024-02-01 16:00:00", "2024-02-18 09:00:00"),
            [
                "Past 02-02 00 0 收到投诉的当日，不计 ¦ the day of the complaint, not counted",
                "Past 02-03 00 1 工作日，计为第 1 天 ¦ working day, counted as day 1",
                "Past 02-04 00 0 周六，不计 ¦ Saturday, not counted",
                "Past 02-05 00 1 春节调休上班，计为第 2 天 ¦ make-up working day for Spring Festival, counted as day 2",
                "Past 02-10 00 5 工作日，计为第 3–7 天 ¦ working days, counted as days 3 to 7",
                "Past 02-18 00 0 春节放假 8 天，不计 ¦ Spring Festival, 8 days off, not counted",
                "Running 02-19 00 1 春节调休上班，计为第 8 天 ¦ make-up working day for Spring Festival, counted as day 8",
                "Ahead 02-23 00 4 工作日，计为第 9–12 天 ¦ working days, counted as days 9 to 12",
            ]
        );
    }

    #[test]
    fn weekends_and_single_days_off() {
        assert_eq!(
            told(Kind::WorkingDays(3), "2024-12-27 16:00:00", "2024-12-28 00:00:00"),
            [
                "Past 12-28 00 0 收到投诉的当日，不计 ¦ the day of the complaint, not counted",
                "Running 12-29 00 0 周六，不计 ¦ Saturday, not counted",
                "Ahead 12-30 00 0 周日，不计 ¦ Sunday, not counted",
                "Ahead 01-01 00 2 工作日，计为第 1–2 天 ¦ working days, counted as days 1 to 2",
                "Ahead 01-02 00 0 元旦放假，不计 ¦ New Year's Day, day off, not counted",
                "Ahead 01-03 00 1 工作日，计为第 3 天 ¦ working day, counted as day 3",
            ]
        );
        let weekend = &told(Kind::WorkingDays(1), "2024-07-05 00:00:00", "2024-07-09 00:00:00")[1];
        assert_eq!(weekend, "Past 07-08 00 0 周六、周日，不计 ¦ Saturday and Sunday, not counted");
    }

    #[test]
    fn days_to_their_end() {
        assert_eq!(
            told(Kind::DayEnd(3), "2024-03-20 14:00:00", "2024-03-22 23:59:59"),
            [
                "Past 03-21 00 0 收到投诉的当日，不计 ¦ the day of the complaint, not counted",
                "Past 03-22 00 1 自然日，计为第 1 天 ¦ calendar day, counted as day 1",
                "Running 03-23 00 1 自然日，计为第 2 天 ¦ calendar day, counted as day 2",
                "Ahead 03-24 00 1 自然日，计为第 3 天 ¦ calendar day, counted as day 3",
            ]
        );
        assert_eq!(
            told(Kind::DayEnd(0), "2024-03-20 14:00:00", "2024-03-20 14:00:00"),
            ["Running 03-21 00 0 当日 24:00 截止 ¦ until 24:00 of the same day"]
        );
    }

    #[test]
    fn whole_hours() {
        let told = |now| told(Kind::Hours(72), "2024-04-19 11:25:19", now);
        assert_eq!(
            told("2024-04-20 17:25:18"),
            [
                "Past 04-20 16 29 第 1–29 小时，不分昼夜与节假日 ¦ hours 1 to 29, nights and holidays included",
                "Running 04-20 17 1 第 30 小时，不分昼夜与节假日 ¦ hour 30, nights and holidays included",
                "Ahead 04-22 11 42 第 31–72 小时，不分昼夜与节假日 ¦ hours 31 to 72, nights and holidays included",
            ]
        );
        assert_eq!(told("2024-04-20 17:25:19")[0][..16], "Past 04-20 17 30"[..]);
        let before = told("2024-04-19 11:25:18");
        assert_eq!(before.len(), 1);
        assert!(before[0].starts_with("Ahead 04-22 11 72 "));
        assert_eq!(told("2024-04-22 11:25:19").len(), 1);
    }

    #[test]
    fn a_window_that_the_rule_does_not_give_is_not_explained() {
        let calendar = Calendar::shipped().unwrap();
        let opens = 1_713_497_119;
        let rules = super::super::Rules::shipped().unwrap();
        let rule = rules.find("std.any", 1).unwrap();
        let given = Window { opens, ends: opens + 48 * 3600, time_limit: 48 };
        let error = explain(rule, given, &calendar, opens).unwrap_err();
        assert_eq!(
            error.to_string(),
            "按这条规则与日历，截止时间是 2024-04-22 11:25:19，不是 2024-04-21 11:25:19 ¦ \
             by this rule and calendar the window ends at 2024-04-22 11:25:19, not at 2024-04-21 11:25:19"
        );
    }
}
