//! The report of a day. It is best sent some minutes past the hour: at the full hour everybody sends theirs.

use std::str::FromStr;

use url::Url;

use super::message::{Line, Message, Tone, link};
use super::quiet::{BEIJING, DAY, seconds};
use super::wording::{cut, minute};

/// The minute of the Beijing day at which a report is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTime {
    /// Seconds into the day.
    at: i64,
}

/// A text that is no minute of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("日报时间应写作 09:05 ¦ the time of the daily report is written 09:05")]
pub struct NotATime;

impl FromStr for ReportTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let at = seconds(text).map_err(|_| NotATime)?;
        if at < DAY { Ok(ReportTime { at }) } else { Err(NotATime) }
    }
}

impl ReportTime {
    /// The first such minute behind `now` (epoch seconds).
    pub fn next(self, now: i64) -> i64 {
        let into = now.saturating_add(BEIJING).rem_euclid(DAY);
        let wait = (self.at - into).rem_euclid(DAY);
        now.saturating_add(if wait == 0 { DAY } else { wait })
    }
}

/// The Beijing day (since 1970) that `now` lies in, and when it began and ends (epoch seconds).
pub fn day(now: i64) -> (i64, i64, i64) {
    let number = now.saturating_add(BEIJING).div_euclid(DAY);
    let begins = number.saturating_mul(DAY).saturating_sub(BEIJING);
    (number, begins, begins.saturating_add(DAY))
}

/// How one shop stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `app_id` of the published interfaces.
    pub shop: String,
    /// The shop's name.
    pub name: String,
    /// Complaints made since the day began.
    pub new: i64,
    /// Complaints that are not closed.
    pub open: i64,
    /// Of these, those whose deadline is still to come today.
    pub due_today: i64,
    /// Of these, those whose deadline has passed.
    pub overdue: i64,
}

/// So many shops are named; the rest is counted.
const NAMED: usize = 20;

/// The report at `now` (epoch seconds) on these shops. With several, each that has something to do is
/// named, the most pressing first.
pub fn report(shops: &[Standing], now: i64, console: Option<&Url>) -> Message {
    let sum = |of: fn(&Standing) -> i64| shops.iter().map(of).fold(0, i64::saturating_add);
    let (due_today, overdue) = (sum(|shop| shop.due_today), sum(|shop| shop.overdue));
    let fact = |label, count: i64, tone| Line::Fact {
        label,
        value: format!("{count} 件"),
        tone: if count > 0 { tone } else { Tone::Plain },
    };
    let mut lines = vec![
        fact("今日新增", sum(|shop| shop.new), Tone::Info),
        fact("未结单", sum(|shop| shop.open), Tone::Plain),
        fact("今日到期", due_today, Tone::Warning),
        fact("已超时", overdue, Tone::Alarm),
    ];
    let mut link_to = None;
    match shops {
        [shop] => {
            let value = cut(&shop.name, 40);
            lines.insert(0, Line::Fact { label: "店铺", value, tone: Tone::Plain });
            link_to = console.and_then(|console| link(console, &shop.shop, None));
        }
        shops => lines.extend(by_shop(shops)),
    }
    let tone = match (overdue, due_today) {
        (1.., _) => Tone::Alarm,
        (_, 1..) => Tone::Warning,
        _ => Tone::Good,
    };
    let today = minute(now);
    let today = today.split(' ').next().unwrap_or_default();
    Message { tone, title: format!("投诉日报 {today}"), lines, link: link_to }
}

fn by_shop(shops: &[Standing]) -> Vec<Line> {
    let mut busy: Vec<&Standing> = shops.iter().filter(|shop| shop.new > 0 || shop.open > 0).collect();
    busy.sort_by_key(|shop| std::cmp::Reverse((shop.overdue, shop.due_today, shop.open, shop.new)));
    let mut lines = Vec::new();
    if !busy.is_empty() {
        lines.push(Line::Heading("各店铺".into()));
    }
    for shop in busy.iter().take(NAMED) {
        let Standing { shop: _, name, new, open, due_today, overdue } = shop;
        let name = cut(name, 20);
        lines.push(Line::Item(format!(
            "{name}：新增 {new}，未结 {open}，今日到期 {due_today}，超时 {overdue}"
        )));
    }
    if busy.len() > NAMED {
        lines.push(Line::Item(format!("另有 {} 家店铺", busy.len() - NAMED)));
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::notify::bots::Platform;
    use crate::notify::samples;

    fn shop(name: &str, counts: [i64; 4]) -> Standing {
        let [new, open, due_today, overdue] = counts;
        Standing { shop: format!("app{name}"), name: name.into(), new, open, due_today, overdue }
    }

    pub(in crate::notify) fn message() -> Message {
        let shops = [shop("甲店", [3, 9, 2, 0]), shop("乙店", [0, 0, 0, 0]), shop("丙店", [1, 4, 0, 1])];
        report(&shops, samples::NOW, Some(&samples::console()))
    }

    #[test]
    fn the_next_report_is_behind_now() {
        // 2024-05-01 12:00:00 in Beijing.
        const NOON: i64 = 1_714_536_000;
        let next = |time: &str| time.parse::<ReportTime>().unwrap().next(NOON);
        assert_eq!(next("12:01"), NOON + 60);
        assert_eq!(next("11:59"), NOON + DAY - 60);
        assert_eq!(next("12:00"), NOON + DAY, "not at once again");
        assert_eq!(next("00:00"), NOON + DAY / 2);
        for wrong in ["24:00", "9:05", "09:60", "0905", ""] {
            assert_eq!(wrong.parse::<ReportTime>(), Err(NotATime), "{wrong}");
        }
        assert_eq!(day(NOON), (19_844, NOON - DAY / 2, NOON + DAY / 2));
        assert_eq!(day(NOON - DAY / 2 - 1).0, 19_843);
    }

    #[test]
    fn shops_are_added_up_and_the_pressing_come_first() {
        let message = message();
        assert_eq!(message.title, "投诉日报 2024-04-22");
        assert_eq!(message.tone, Tone::Alarm);
        let fact = |label, value: &str, tone| Line::Fact { label, value: value.into(), tone };
        assert_eq!(
            message.lines,
            [
                fact("今日新增", "4 件", Tone::Info),
                fact("未结单", "13 件", Tone::Plain),
                fact("今日到期", "2 件", Tone::Warning),
                fact("已超时", "1 件", Tone::Alarm),
                Line::Heading("各店铺".into()),
                Line::Item("丙店：新增 1，未结 4，今日到期 0，超时 1".into()),
                Line::Item("甲店：新增 3，未结 9，今日到期 2，超时 0".into()),
            ]
        );
    }

    #[test]
    fn one_shop_is_named_and_linked() {
        let message = report(&[shop("甲店", [0; 4])], samples::NOW, Some(&samples::console()));
        assert_eq!(message.lines.len(), 5);
        assert_eq!(message.tone, Tone::Good);
        assert!(message.link.unwrap().ends_with("?app_id=app%E7%94%B2%E5%BA%97"));
        assert_eq!(report(&[shop("甲店", [0, 1, 1, 0])], 0, None).tone, Tone::Warning);
        assert_eq!(report(&[], 0, None).lines.len(), 4);
    }

    #[test]
    fn any_number_of_shops_fits() {
        let shops: Vec<Standing> = (0..1000).map(|_| shop(&"😀<".repeat(50), [9_999_999; 4])).collect();
        let message = report(&shops, samples::NOW, Some(&samples::console()));
        assert_eq!(message.lines.last(), Some(&Line::Item("另有 980 家店铺".into())));
        for platform in [Platform::Wecom, Platform::Dingtalk, Platform::Feishu] {
            assert!(platform.fits(&message), "{platform:?}");
        }
    }
}
