//! The life of a complaint: what may happen to it, by whom, and what it is afterwards. Pure; one table.

mod words;

use serde::{Deserialize, Serialize};
use tousu_wire::codes::{CurrentStep, DetailStep, Overtime, State};

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

    /// Whether it is how a complaint begins.
    pub fn begins(self) -> bool {
        rule_of(self).from.is_empty()
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
