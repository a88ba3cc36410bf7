//! Worked cases, and what holds for all.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, ComplaintFrom};

use super::*;

/// `rule,opens,ends,hours,note`, in Beijing time. The rule is a kind and its N, or `channel/source stage` by the
/// shipped rules. `24:00:00` ends a day; `none`, `no YEAR` and `unwritable` stand where there is no window.
const WORKED: &str = include_str!("../../tests/golden/deadlines.csv");

fn epoch(text: &str) -> i64 {
    let time = |text: &str| text.parse::<BeijingTime>().unwrap().epoch();
    match text.strip_suffix("24:00:00") {
        Some(date) => time(&format!("{date}00:00:00")) + 86_400,
        None => time(text),
    }
}

fn rule(kind: Kind) -> Rule {
    Rule {
        id: "own".into(),
        version: 1,
        holds_from: i64::MIN,
        scope: Scope::Any,
        stage: Stage::Settlement,
        kind,
        title: "自定 ¦ own".into(),
    }
}

fn kind_named(name: &str, n: i64) -> Kind {
    match name {
        "hours" => Kind::Hours(n),
        "day_end" => Kind::DayEnd(n),
        "working_days" => Kind::WorkingDays(n),
        _ => panic!("{name}"),
    }
}

/// What a worked case comes to, in the file's own words.
fn outcome(what: &str, opens: i64, rules: &Rules, calendar: &Calendar) -> (String, String) {
    let (first, second) = what.split_once(' ').unwrap();
    let kind = match first.split_once('/') {
        None => Some(kind_named(first, second.parse().unwrap())),
        Some((channel, source)) => {
            let channel = ChannelType::from(channel.parse::<i64>().unwrap());
            let source = ComplaintFrom::from(source.parse::<i64>().unwrap());
            match second {
                "settlement" => Some(rules.settlement(channel, source, opens).kind),
                "first_reply" => {
                    rules.choose(channel, source, Stage::FirstReply, opens).map(|rule| rule.kind)
                }
                _ => panic!("{second}"),
            }
        }
    };
    match kind.map(|kind| window(kind, opens, calendar)) {
        None => ("none".into(), String::new()),
        Some(Ok(window)) => (BeijingTime::from_epoch(window.ends).to_string(), window.time_limit.to_string()),
        Some(Err(DeadlineError::MissingYear(MissingYear(year)))) => (format!("no {year}"), String::new()),
        Some(Err(DeadlineError::Unwritable)) => ("unwritable".into(), String::new()),
        Some(Err(error)) => panic!("{error}"),
    }
}

#[test]
fn the_worked_cases() {
    let (rules, calendar) = (Rules::shipped().unwrap(), Calendar::shipped().unwrap());
    let mut wrong = Vec::new();
    let mut cases = 0;
    for row in WORKED.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [what, opens, ends, hours, _note] = cells[..] else { panic!("{row}") };
        let ends = match ends.starts_with(|c: char| c.is_ascii_digit()) {
            true => BeijingTime::from_epoch(epoch(ends)).to_string(),
            false => ends.to_owned(),
        };
        let found = outcome(what, epoch(opens), &rules, &calendar);
        if found != (ends, hours.to_owned()) {
            wrong.push(format!("{row}\n  found {found:?}"));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 200, "{cases}");
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (1i64..=8784).prop_map(Kind::Hours),
        (0i64..=366).prop_map(Kind::DayEnd),
        (1i64..=120).prop_map(Kind::WorkingDays),
        (1i64..=366).prop_map(Kind::WorkingDays),
    ]
}

/// Moments from which the longest window still lies within the calendar; many at the edges of days.
fn any_moment() -> impl Strategy<Value = i64> {
    let (first, last) = (epoch("2004-01-01 00:00:00"), epoch("2025-01-01 00:00:00"));
    let midnights = (0..(last - first) / 86_400).prop_map(move |days| first + days * 86_400);
    prop_oneof![first..last, midnights.clone(), midnights.prop_map(|at| at + 86_399)]
}

fn longer(kind: Kind) -> Kind {
    match kind {
        Kind::Hours(n) => Kind::Hours(n + 1),
        Kind::DayEnd(n) => Kind::DayEnd(n + 1),
        Kind::WorkingDays(n) => Kind::WorkingDays(n + 1),
    }
}

fn calendar() -> &'static Calendar {
    static CALENDAR: std::sync::LazyLock<Calendar> =
        std::sync::LazyLock::new(|| Calendar::shipped().unwrap());
    &CALENDAR
}

proptest! {
    #[test]
    fn a_window_ends_after_it_opens(kind in any_kind(), opens in any_moment()) {
        let window = window(kind, opens, calendar()).unwrap();
        prop_assert_eq!(window.opens, opens);
        prop_assert!(window.ends > opens);
        let seconds = window.time_limit * 3600;
        prop_assert!((window.ends - opens..window.ends - opens + 3600).contains(&seconds));
        match kind {
            Kind::Hours(n) => prop_assert_eq!(window.time_limit, n),
            _ => prop_assert_eq!((window.ends + 8 * 3600) % 86_400, 0),
        }
    }

    #[test]
    fn who_comes_later_has_no_less_time_left(kind in any_kind(), a in any_moment(), b in any_moment()) {
        let ends = |opens| window(kind, opens, calendar()).unwrap().ends;
        prop_assert!(ends(a.min(b)) <= ends(a.max(b)));
        prop_assert!(ends(a) <= ends(a + 1));
    }

    #[test]
    fn more_is_later(kind in any_kind(), opens in any_moment()) {
        prop_assume!(longer(kind).checked().is_ok());
        let ends = |kind| window(kind, opens, calendar()).unwrap().ends;
        prop_assert!(ends(kind) < ends(longer(kind)));
    }

    #[test]
    fn working_days_are_never_fewer_than_days(n in 1i64..=120, opens in any_moment()) {
        let ends = |kind| window(kind, opens, calendar()).unwrap().ends;
        prop_assert!(ends(Kind::DayEnd(n)) <= ends(Kind::WorkingDays(n)));
    }

    /// Whatever is asked, there is an answer or an error, and no overflow.
    #[test]
    fn no_number_is_too_large(name in prop::sample::select(vec!["hours", "day_end", "working_days"]),
                              n in any::<i64>(), opens in any::<i64>(), near in -400_000_000_000i64..400_000_000_000) {
        for n in [n, n % 400, i64::MAX, i64::MIN] {
            for opens in [opens, near, i64::MIN, i64::MAX] {
                let kind = kind_named(name, n);
                if let Ok(window) = window(kind, opens, calendar()) {
                    prop_assert!(window.ends > opens);
                    let _ = explain(&rule(kind), window, calendar(), n).unwrap();
                }
            }
        }
    }

    #[test]
    fn an_explanation_adds_up(kind in any_kind(), opens in any_moment(), share in -0.2f64..1.2) {
        let window = window(kind, opens, calendar()).unwrap();
        let now = opens + ((window.ends - opens) as f64 * share) as i64;
        for now in [now, opens, opens - 1, window.ends, window.ends - 1, i64::MIN, i64::MAX] {
            check_explanation(kind, window, now)?;
        }
    }
}

fn check_explanation(kind: Kind, window: Window, now: i64) -> Result<(), TestCaseError> {
    let intervals = explain(&rule(kind), window, calendar(), now).unwrap();
    prop_assert_eq!(intervals.first().map(|interval| interval.starts), Some(window.opens));
    prop_assert_eq!(intervals.last().map(|interval| interval.ends), Some(window.ends));
    prop_assert!(intervals.windows(2).all(|pair| pair[0].ends == pair[1].starts));
    prop_assert_eq!(intervals.iter().map(|interval| interval.counts).sum::<i64>(), kind.n());
    for interval in &intervals {
        prop_assert!(interval.starts < interval.ends);
        let phase = match () {
            () if interval.ends <= now => Phase::Past,
            () if interval.starts <= now => Phase::Running,
            () => Phase::Ahead,
        };
        prop_assert_eq!(interval.phase, phase);
        if phase == Phase::Running {
            let unit = if matches!(kind, Kind::Hours(_)) { 3600 } else { 86_400 };
            prop_assert!(interval.ends - interval.starts <= unit);
        }
        let why = interval.why.to_string();
        prop_assert_eq!(why.matches(" ¦ ").count(), 1, "{}", why);
        let not_counted = why.contains("不计") && why.contains("not counted");
        prop_assert_eq!(not_counted, interval.counts == 0 && kind != Kind::DayEnd(0), "{}", why);
        if let (Kind::WorkingDays(_), true) = (kind, interval.starts != window.opens) {
            prop_assert_eq!(recounted(interval), interval.counts, "{}", why);
        }
    }
    let running = intervals.iter().filter(|interval| interval.phase == Phase::Running).count();
    prop_assert_eq!(running, usize::from((window.opens..window.ends).contains(&now)));
    Ok(())
}

/// The working days of an interval of whole days.
fn recounted(interval: &Interval) -> i64 {
    let days = (interval.starts..interval.ends).step_by(86_400).map(|at| day::date_of(at).unwrap());
    days.filter(|date| calendar().is_working_day(*date).unwrap()).count() as i64
}
