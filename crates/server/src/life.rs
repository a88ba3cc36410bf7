//! The life of a complaint: what may happen to it, by whom, and what it is afterwards. Pure; one table.

use serde::{Deserialize, Serialize};
use tousu_wire::Text;
use tousu_wire::codes::{CodeTable, CurrentStep, DetailStep, Overtime, State};

use crate::complaint::late;
use crate::deadline::Kind;

/// Who does something to a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Who complains.
    Consumer,
    /// The shop.
    Merchant,
    /// The platform that the shop is on.
    Platform,
    /// A payment service, a hotline, an office.
    ThirdParty,
}

/// What happens to a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A consumer complains through the shop.
    Submitted,
    /// The platform enters a complaint that reached it.
    Entered,
    /// A third party brings a complaint.
    Imported,
    /// The merchant replies.
    MerchantReplied,
    /// The merchant replies, and is done with it.
    MerchantFinished,
    /// The consumer replies.
    ConsumerReplied,
    /// The platform finds the merchant's handling wanting.
    CheckFailed,
    /// It is closed.
    Closed,
    /// It is taken up again.
    Reopened,
    /// Somebody writes down something for colleagues.
    Noted,
    /// It becomes somebody's work.
    Assigned,
    /// It gets or loses tags.
    Tagged,
}

/// What of a complaint its life changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Pending, in progress or done.
    pub state: State,
    /// The step taken last, in the list's numbering.
    pub step: CurrentStep,
    /// The same in the detail's numbering, where the list has no number for it.
    pub detail_step: Option<DetailStep>,
    /// The step that was in force when it was closed.
    pub step_before_closing: Option<CurrentStep>,
    /// The handling window that counts now.
    pub window: Window,
    /// All that run, and by which rules; `None` where the window is the source's.
    pub windows: Option<Windows>,
    /// When it was closed, in epoch seconds.
    pub closed_at: Option<i64>,
    /// Whether it was late then.
    pub closed_overtime: Option<Overtime>,
}

/// The windows that run at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Until the merchant's first reply, where there is a rule for it and as long as it has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reply: Option<Ruled>,
    /// Until the settlement.
    pub settlement: Ruled,
}

/// A window, and the rule that gave it, as it was when the window opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The window.
    #[serde(flatten)]
    pub window: Window,
    /// The rule's id.
    pub rule: String,
    /// Its version.
    pub version: i64,
    /// How it counts.
    pub kind: Kind,
}

impl Windows {
    /// The one that counts now: whichever ends first `[ours]`.
    pub fn counting(&self) -> &Ruled {
        let first = self.first_reply.as_ref();
        first.filter(|first| first.window.ends <= self.settlement.window.ends).unwrap_or(&self.settlement)
    }
}

/// A handling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When it opened, in epoch seconds.
    pub opened: i64,
    /// Its length in hours, as the wire has it.
    pub hours: i64,
    /// When it ends, in epoch seconds.
    pub ends: i64,
}

/// What a shop decides about the life of its complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether the merchant may close complaints itself.
    pub merchant_closes: bool,
    /// For so many seconds after the closing the consumer may have it taken up again.
    pub consumer_reopens_within: i64,
}

/// Why something may not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// Not in this state.
    State(Event, State),
    /// Not by this actor.
    Actor(Event, Actor),
    /// The shop does not let its own people close complaints.
    MerchantCloses,
    /// The consumer's time to have it taken up again is over; it ended then (epoch seconds).
    TooLate(i64),
}

/// One line of the table.
struct Rule {
    event: Event,
    by: &'static [Actor],
    /// The states in which it may happen; none if it is how a complaint begins.
    from: &'static [State],
    to: To,
    step: Step,
    window: Opens,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Is(State),
    Same,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Is(CurrentStep),
    Same,
    /// The list shows the step before it, the detail this.
    InDetail(DetailStep),
    /// What it was before it was closed.
    BeforeClosing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// A new window opens. One for the first reply that runs goes on: what a consumer adds does not lengthen it `[ours]`.
    Anew,
    /// The window goes on.
    Same,
    /// The window goes on; one for the first reply ends.
    Replied,
    /// The window ends, in time or late.
    Ends,
}

use Actor::{Consumer, Merchant, Platform, ThirdParty};
use State::{Done, InProgress, Pending};

const OPEN: &[State] = &[Pending, InProgress];
const ANY: &[State] = &[Pending, InProgress, Done];

/// The whole life `[page]` for states and steps, `[ours]` for who may do what.
#[rustfmt::skip]
const TABLE: &[Rule] = &[
    rule(Event::Submitted,        &[Consumer],           &[],            To::Is(Pending),    Step::Is(CurrentStep::New),                    Opens::Anew),
    rule(Event::Entered,          &[Platform],           &[],            To::Is(Pending),    Step::Is(CurrentStep::EnteredByPlatform),      Opens::Anew),
    rule(Event::Imported,         &[ThirdParty],         &[],            To::Is(Pending),    Step::Is(CurrentStep::Imported),               Opens::Anew),
    rule(Event::MerchantReplied,  &[Merchant],           OPEN,           To::Is(InProgress), Step::Is(CurrentStep::MerchantReplied),        Opens::Replied),
    rule(Event::MerchantFinished, &[Merchant],           OPEN,           To::Is(Done),       Step::Is(CurrentStep::MerchantReplied),        Opens::Ends),
    rule(Event::ConsumerReplied,  &[Consumer],           OPEN,           To::Is(InProgress), Step::InDetail(DetailStep::ConsumerReplied),   Opens::Anew),
    rule(Event::CheckFailed,      &[Platform],           &[InProgress],  To::Is(InProgress), Step::Is(CurrentStep::CheckFailed),            Opens::Anew),
    rule(Event::Closed,           &[Platform, Merchant], OPEN,           To::Is(Done),       Step::Is(CurrentStep::ClosedByPlatform),       Opens::Ends),
    rule(Event::Reopened,         &[Platform, Consumer], &[Done],        To::Is(InProgress), Step::BeforeClosing,                           Opens::Anew),
    rule(Event::Noted,            &[Merchant, Platform], ANY,            To::Same,           Step::Same,                                    Opens::Same),
    rule(Event::Assigned,         &[Merchant, Platform], ANY,            To::Same,           Step::Same,                                    Opens::Same),
    rule(Event::Tagged,           &[Merchant, Platform], ANY,            To::Same,           Step::Same,                                    Opens::Same),
];

const fn rule(
    event: Event,
    by: &'static [Actor],
    from: &'static [State],
    to: To,
    step: Step,
    window: Opens,
) -> Rule {
    Rule { event, by, from, to, step, window }
}

impl Event {
    /// Every event.
    pub fn all() -> impl Iterator<Item = Event> {
        TABLE.iter().map(|rule| rule.event)
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// What people call it (`中文 ¦ English`).
    pub fn title(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Event::Submitted => ("submitted", "消费者投诉 ¦ submitted"),
            Event::Entered => ("entered", "平台录入 ¦ entered by the platform"),
            Event::Imported => ("imported", "第三方导入 ¦ imported"),
            Event::MerchantReplied => ("merchant_replied", "商家回复 ¦ merchant's reply"),
            Event::MerchantFinished => ("merchant_finished", "商家回复并完成 ¦ merchant's final reply"),
            Event::ConsumerReplied => ("consumer_replied", "消费者回复 ¦ consumer's reply"),
            Event::CheckFailed => ("check_failed", "核验不通过 ¦ failed check"),
            Event::Closed => ("closed", "结单 ¦ closing"),
            Event::Reopened => ("reopened", "重新打开 ¦ reopening"),
            Event::Noted => ("noted", "备注 ¦ note"),
            Event::Assigned => ("assigned", "分派 ¦ assignment"),
            Event::Tagged => ("tagged", "标签 ¦ tagging"),
        }
    }

    /// What people call an event of that name, those that are about a whole shop included (`中文 ¦ English`).
    pub fn title_of(name: &str) -> &'static str {
        const OTHERS: &[(&str, &str)] = &[
            ("imported_in_bulk", "批量导入 ¦ imported in bulk"),
            ("import_ended", "导入结束 ¦ an import ended"),
            ("export_begun", "开始导出 ¦ export begun"),
            ("exported", "导出 ¦ exported"),
            ("bundled", "制作存证 ¦ bundled"),
            ("removed", "移除 ¦ removed"),
            ("settings_changed", "店铺设置变更 ¦ settings changed"),
            ("member_changed", "成员变更 ¦ member changed"),
            ("revealed", "查看完整号码 ¦ number revealed"),
            ("erased", "清除个人信息 ¦ personal data erased"),
            ("deadline_moved", "时限调整 ¦ deadline moved"),
            ("due_soon", "即将到期 ¦ due soon"),
            ("overdue", "已超时 ¦ overdue"),
            ("app_created", "新建应用 ¦ application made"),
            ("app_changed", "应用变更 ¦ application changed"),
            ("app_secret_rotated", "更换应用密钥 ¦ application's secret changed"),
            ("subscription_created", "新建通知 ¦ subscription made"),
            ("subscription_changed", "通知变更 ¦ subscription changed"),
            ("subscription_deleted", "删除通知 ¦ subscription deleted"),
            ("subscription_secret_rotated", "更换签名密钥 ¦ signing secret changed"),
        ];
        let known = Event::all().map(Event::names).find(|names| names.0 == name);
        known.or_else(|| OTHERS.iter().find(|names| names.0 == name).copied()).map_or("", |names| names.1)
    }

    /// Whether it is how a complaint begins.
    pub fn begins(self) -> bool {
        rule_of(self).from.is_empty()
    }
}

impl Actor {
    /// The actor of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Consumer, Merchant, Platform, ThirdParty].into_iter().find(|actor| actor.name() == name)
    }

    /// Its stable name, which is also what `reply_from` says.
    pub fn name(self) -> &'static str {
        match self {
            Consumer => "consumer",
            Merchant => "merchant",
            Platform => "platform",
            ThirdParty => "third_party",
        }
    }

    /// What people call it (`中文 ¦ English`).
    fn title(self) -> &'static str {
        match self {
            Consumer => "消费者 ¦ the consumer",
            Merchant => "商家 ¦ the merchant",
            Platform => "平台 ¦ the platform",
            ThirdParty => "第三方 ¦ a third party",
        }
    }
}

/// A complaint's standing after it began at `at` by that event. `open` gives the windows that open then.
pub fn begun(
    event: Event,
    by: Actor,
    at: i64,
    open: impl FnOnce(i64) -> Windows,
) -> Result<Standing, NotAllowed> {
    let rule = rule_of(event);
    if !rule.by.contains(&by) || !event.begins() {
        return Err(NotAllowed::Actor(event, by));
    }
    let nothing = Standing {
        state: Pending,
        step: CurrentStep::New,
        detail_step: None,
        step_before_closing: None,
        window: Window { opened: at, hours: 0, ends: at },
        windows: None,
        closed_at: None,
        closed_overtime: None,
    };
    Ok(rule.applied(&nothing, at, open))
}

/// A complaint's standing after something happened to it at `at`. `open` gives the windows that open then.
pub fn after(
    before: &Standing,
    event: Event,
    by: Actor,
    at: i64,
    policy: Policy,
    open: impl FnOnce(i64) -> Windows,
) -> Result<Standing, NotAllowed> {
    let rule = rule_of(event);
    // A state that the page does not list is an upstream's, and open.
    let state = if matches!(before.state, State::Other(_)) { InProgress } else { before.state };
    if !rule.by.contains(&by) {
        return Err(NotAllowed::Actor(event, by));
    }
    if !rule.from.contains(&state) {
        return Err(NotAllowed::State(event, before.state));
    }
    if event == Event::Closed && by == Merchant && !policy.merchant_closes {
        return Err(NotAllowed::MerchantCloses);
    }
    if event == Event::Reopened && by == Consumer {
        let until = before.closed_at.unwrap_or(at).saturating_add(policy.consumer_reopens_within);
        if at > until {
            return Err(NotAllowed::TooLate(until));
        }
    }
    Ok(rule.applied(before, at, open))
}

fn rule_of(event: Event) -> &'static Rule {
    // The table has a line for each event, which a test sees to.
    TABLE.iter().find(|rule| rule.event == event).unwrap_or(&TABLE[0])
}

impl Rule {
    fn applied(&self, before: &Standing, at: i64, open: impl FnOnce(i64) -> Windows) -> Standing {
        let mut after = before.clone();
        if let To::Is(state) = self.to {
            after.state = state;
        }
        match self.step {
            Step::Is(step) => (after.step, after.detail_step) = (step, None),
            Step::InDetail(step) => after.detail_step = Some(step),
            Step::BeforeClosing => {
                after.step = before.step_before_closing.unwrap_or(before.step);
                after.detail_step = None;
            }
            Step::Same => {}
        }
        match self.window {
            Opens::Anew => {
                let mut windows = open(at);
                if !self.from.is_empty() {
                    let running = before.windows.as_ref().and_then(|windows| windows.first_reply.clone());
                    windows.first_reply = running.filter(|_| before.state != Done);
                }
                after.run(windows);
                (after.closed_at, after.closed_overtime, after.step_before_closing) = (None, None, None);
            }
            Opens::Ends => {
                after.closed_at = Some(at);
                after.closed_overtime = Some(late(at, before.window.ends));
                after.step_before_closing = Some(before.step);
            }
            Opens::Replied => {
                if let Some(windows) = before.windows.clone() {
                    after.run(Windows { first_reply: None, ..windows });
                }
            }
            Opens::Same => {}
        }
        after
    }
}

impl Standing {
    /// These windows run from now on.
    pub fn run(&mut self, windows: Windows) {
        self.window = windows.counting().window;
        self.windows = Some(windows);
    }
}

impl NotAllowed {
    /// What the caller's people read: what is the case, and what is allowed (`中文 ¦ English`).
    pub fn text(&self) -> Text {
        let both = |text: &str| {
            let text = Text::from(text);
            (text.pick(tousu_wire::Lang::Zh).to_owned(), text.pick(tousu_wire::Lang::En).to_owned())
        };
        let states = |states: &[State]| {
            let names: Vec<String> = states.iter().map(|state| named(*state)).collect();
            let named: Vec<_> = names.iter().map(|name| both(name)).collect();
            let join = |each: Vec<&str>, with: &str| each.join(with);
            (
                join(named.iter().map(|name| name.0.as_str()).collect(), "、"),
                join(named.iter().map(|name| name.1.as_str()).collect(), ", "),
            )
        };
        match self {
            NotAllowed::State(event, state) => {
                let (event_zh, event_en) = both(event.title());
                let (is_zh, is_en) = both(&named(*state));
                let (may_zh, may_en) = states(rule_of(*event).from);
                format!(
                    "投诉单{is_zh}，「{event_zh}」只可用于：{may_zh} ¦ the complaint is {is_en}; {event_en} is allowed when it is: {may_en}"
                )
                .into()
            }
            NotAllowed::Actor(event, by) => {
                let ((event_zh, event_en), (by_zh, by_en)) = (both(event.title()), both(by.title()));
                let may: Vec<_> = rule_of(*event).by.iter().map(|by| both(by.title())).collect();
                let may_zh = may.iter().map(|may| may.0.as_str()).collect::<Vec<_>>().join("、");
                let may_en = may.iter().map(|may| may.1.as_str()).collect::<Vec<_>>().join(", ");
                format!(
                    "{by_zh}不能进行「{event_zh}」，可由：{may_zh} ¦ {event_en} is not for {by_en}, but for: {may_en}"
                )
                .into()
            }
            NotAllowed::MerchantCloses => {
                "店铺设置不允许商家结单，可回复并完成 ¦ the shop does not let the merchant close complaints; a final reply does it".into()
            }
            NotAllowed::TooLate(until) => {
                let until = tousu_wire::BeijingTime::from_epoch(*until);
                format!("消费者重新打开的期限已过：{until} ¦ the consumer could have it reopened until {until}").into()
            }
        }
    }
}

/// A state's name (`中文 ¦ English`).
fn named(state: State) -> String {
    match state.label() {
        Some((zh, en)) => format!("{zh} ¦ {en}"),
        None => format!("状态 {0} ¦ in state {0}", state.number()),
    }
}
