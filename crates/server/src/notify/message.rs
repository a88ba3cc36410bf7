//! What people are told, before any platform has its say: a title, lines, and where to go. Chinese.
//!
//! Texts in here are as they came; each renderer makes them harmless in its own way, so none can be
//! forgotten.

use tousu_wire::codes::{CodeTable, ComplaintFrom};
use url::Url;

use super::event::{Event, Kind, Subject, What};
use super::wording::{cut, left, minute};
use crate::life::Actor;

/// A message to people. Every title says 投诉, so that it can be the keyword that a bot's settings ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How much it matters.
    pub tone: Tone,
    /// What it is about.
    pub title: String,
    /// What it says, from top to bottom.
    pub lines: Vec<Line>,
    /// Where 去处理 leads, if there is a console.
    pub link: Option<String>,
}

/// One line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A named value.
    Fact {
        /// Its name.
        label: &'static str,
        /// The value.
        value: String,
        /// How much it matters.
        tone: Tone,
    },
    /// What the items below are.
    Heading(String),
    /// One of several.
    Item(String),
}

/// How much something matters; platforms have colours for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Plain,
    /// Done.
    Good,
    /// New.
    Info,
    /// Soon too late.
    Warning,
    /// Too late.
    Alarm,
}

/// What the button says.
pub const GO: &str = "去处理";

/// How much of a reason is shown, in characters.
const REASON: usize = 40;
/// How much of any other text is shown, in characters. A complaint's number is never longer: it can be no
/// more than 128 characters where it comes in.
const OTHER: usize = 128;
const NAME: usize = 40;

/// A deadline nearer than this is shown in colour, seconds `[public: consoles colour the last day]`.
const NEAR: i64 = 24 * 3600;

impl Message {
    /// What people are told of `event` at `now` (epoch seconds). `console` is the address of the web console.
    pub fn of(event: &Event, now: i64, console: Option<&Url>) -> Self {
        let shop = fact("店铺", cut(&event.shop.name, NAME));
        match &event.what {
            What::Complaint { kind, complaint } => {
                let mut lines = vec![shop];
                lines.extend(facts(*kind, complaint, now));
                let (tone, title) = headline(*kind);
                // Too long to have been let in: there is no page of it.
                let id = Some(complaint.complaint_id.as_str()).filter(|id| id.chars().count() <= OTHER);
                let link = console.and_then(|console| link(console, &event.shop.id, id));
                Message { tone, title, lines, link }
            }
            What::Imported { complaints } => Message {
                tone: Tone::Info,
                title: format!("导入投诉 {complaints} 件"),
                lines: vec![shop, fact("导入时间", minute(event.occurred_at))],
                link: console.and_then(|console| link(console, &event.shop.id, None)),
            },
            What::Test => Message {
                tone: Tone::Good,
                title: "投诉通知测试".into(),
                lines: vec![shop, fact("发送时间", minute(event.occurred_at))],
                link: None,
            },
        }
    }
}

fn fact(label: &'static str, value: String) -> Line {
    Line::Fact { label, value, tone: Tone::Plain }
}

fn headline(kind: Kind) -> (Tone, String) {
    match kind {
        Kind::Created => (Tone::Info, "新投诉".into()),
        Kind::Replied { by: Actor::Platform } => (Tone::Warning, "投诉核验不通过".into()),
        Kind::Replied { by: Actor::Merchant } => (Tone::Info, "投诉已由商家回复".into()),
        Kind::Replied { .. } => (Tone::Info, "投诉有消费者新回复".into()),
        Kind::DueSoon { hours } => (Tone::Warning, format!("投诉将在 {hours} 小时内到期")),
        Kind::Overdue => (Tone::Alarm, "投诉已超时".into()),
        Kind::Closed => (Tone::Good, "投诉已结单".into()),
        Kind::Reopened => (Tone::Warning, "投诉重新打开".into()),
    }
}

fn facts(kind: Kind, complaint: &Subject, now: i64) -> Vec<Line> {
    let Subject {
        complaint_id,
        channel_type: _,
        complaint_from: _,
        complainant_phone,
        complaint_reason,
        state,
        current_step,
        operate_end_time,
        assignee,
    } = complaint;
    let mut lines = vec![
        fact("投诉单号", cut(complaint_id, OTHER)),
        fact("渠道", channel(complaint)),
        fact("投诉人", or(cut(complainant_phone, NAME), "未留电话")),
        fact("问题", or(cut(complaint_reason, REASON), "未填写")),
        fact("状态", format!("{}，{}", label(*state), label(*current_step))),
    ];
    if kind != Kind::Closed {
        let tone = match operate_end_time.saturating_sub(now) {
            left if left < 0 => Tone::Alarm,
            left if left < NEAR => Tone::Warning,
            _ => Tone::Plain,
        };
        let value = format!("{}（截止 {}）", left(*operate_end_time, now), minute(*operate_end_time));
        lines.push(Line::Fact { label: "时限", value, tone });
    }
    let assignee = assignee.as_deref().map(|name| cut(name, NAME)).unwrap_or_default();
    lines.push(fact("处理人", or(assignee, "未分配")));
    lines
}

/// The channel and, where it says more, the exact source.
pub(super) fn channel(complaint: &Subject) -> String {
    let channel = label(complaint.channel_type);
    let source = label(complaint.complaint_from);
    let same = matches!(complaint.complaint_from, ComplaintFrom::WechatPay | ComplaintFrom::Alipay);
    if same { source } else { format!("{channel}（{source}）") }
}

/// The Chinese label, or the number that has none.
pub(super) fn label<T: CodeTable>(code: T) -> String {
    code.label().map_or_else(|| format!("代码 {}", code.number()), |(zh, _)| zh.into())
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.into() } else { text }
}

/// A page of the console: that of one complaint, or the shop's list. None if the console's address is not one
/// of the web.
pub(super) fn link(console: &Url, shop: &str, complaint: Option<&str>) -> Option<String> {
    if !matches!(console.scheme(), "http" | "https") {
        return None;
    }
    let mut page = console.clone();
    page.query_pairs_mut().append_pair("app_id", shop);
    if let Some(complaint) = complaint {
        page.query_pairs_mut().append_pair("complaint_id", complaint);
    }
    Some(page.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    fn value(message: &Message, wanted: &str) -> Option<(String, Tone)> {
        message.lines.iter().find_map(|line| match line {
            Line::Fact { label, value, tone } if *label == wanted => Some((value.clone(), *tone)),
            _ => None,
        })
    }

    #[test]
    fn time_is_left_while_it_is_open() {
        let event = samples::created();
        let deadline = samples::deadline();
        let at = |now| value(&Message::of(&event, now, None), "时限").unwrap();
        assert_eq!(at(deadline - 72 * 3600), ("剩 3天（截止 2024-04-22 11:25）".into(), Tone::Plain));
        assert_eq!(at(deadline - 86_399).1, Tone::Warning);
        assert_eq!(at(deadline).1, Tone::Warning);
        assert_eq!(at(deadline + 11_520), ("已超时 3小时12分（截止 2024-04-22 11:25）".into(), Tone::Alarm));
        assert_eq!(value(&Message::of(&samples::of(Kind::Closed), 0, None), "时限"), None);
    }

    #[test]
    fn reasons_are_cut_at_forty() {
        let reason = |length: usize| {
            let mut event = samples::created();
            samples::subject(&mut event).complaint_reason = "退".repeat(length);
            value(&Message::of(&event, 0, None), "问题").unwrap().0
        };
        assert_eq!(reason(40), "退".repeat(40));
        assert_eq!(reason(41), "退".repeat(40) + "…");
        assert_eq!(reason(0), "未填写");
    }

    #[test]
    fn unknown_codes_show_their_number() {
        let mut event = samples::created();
        samples::subject(&mut event).channel_type = 9.into();
        assert_eq!(value(&Message::of(&event, 0, None), "渠道").unwrap().0, "代码 9（H5店铺）");
    }

    #[test]
    fn links_lead_to_the_complaint_and_nowhere_else() {
        let console = Url::parse("https://tousu.example.com/console/").unwrap();
        assert_eq!(
            link(&console, "app1", Some("c_1)&x=<@all>")).unwrap(),
            "https://tousu.example.com/console/?app_id=app1&complaint_id=c_1%29%26x%3D%3C%40all%3E"
        );
        assert_eq!(link(&Url::parse("javascript:alert(1)").unwrap(), "a", None), None);
    }

    #[test]
    fn every_title_says_what_all_have_in_common() {
        for event in samples::events() {
            assert!(Message::of(&event, 0, None).title.contains("投诉"));
        }
    }
}
