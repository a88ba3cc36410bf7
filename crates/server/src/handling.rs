//! What people do with complaints: asked for in the wire's form, allowed by [`crate::life`], kept by the store.

mod apps;
mod bundling;
mod creating;
mod deadlines;
mod explaining;
mod feed;
mod holds;
mod members;
mod notified;
mod personal;
mod shop;
mod subscriptions;

use serde_json::json;
use sha2::{Digest, Sha256};
use tousu_wire::codes::{CodeTable, DetailStep};
use tousu_wire::complaint_act::{Act, MOST_TAGS, Standing};
use tousu_wire::{BeijingTime, InvalidParameter, Text};

pub use self::apps::{
    MOST_APPS, app_usage, apps, change_app, create_app, edit_app, parse_network, permission_set,
    rotate_app_secret,
};
pub use self::bundling::{Bundled, bundle, compare_bundle};
pub use self::creating::{create, creator};
pub use self::deadlines::Deadlines;
pub use self::explaining::explain;
pub use self::feed::changes;
pub use self::holds::Holds;
pub use self::members::{
    Newcomer, add_known, member_names, members, new_login, new_user, remove_member, set_member,
};
pub use self::notified::{deliveries, subscription, subscriptions, test_subscription};
pub use self::personal::{erase, reveal};
pub use self::shop::{change_settings, shown as shown_settings};
pub use self::subscriptions::{
    MOST_SUBSCRIPTIONS, change_subscription, create_subscription, delete_subscription, replay_deliveries,
    rotate_subscription_secret,
};
use crate::complaint::Reply;
use crate::life::{self, Actor, Event, NotAllowed, Ruled};
use crate::privacy::masked_text;
use crate::secrets;
use crate::settings::Handling;
use crate::shop_settings::ShopSettings;
use crate::store::{Deed, Doer, Done, Handled, Result, ShopId, Store};

/// What an interface lets happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The merchant replies, and maybe finishes.
    Reply,
    /// The consumer replies.
    ConsumerReply,
    /// The platform's check fails.
    CheckFailed,
    /// It is closed.
    Close,
    /// It is taken up again.
    Reopen,
    /// Something is noted.
    Note,
    /// It becomes somebody's work.
    Assign,
    /// It gets or loses tags.
    Tag,
}

/// Why something was not done.
#[derive(Clone, Debug)]
pub enum Refused {
    /// A parameter cannot be accepted.
    Parameter(InvalidParameter),
    /// Not now, or not by them.
    NotAllowed(NotAllowed),
    /// The complaint is not what the caller saw: how it stands now (`中文 ¦ English`).
    Changed(Text),
    /// There is no whole number, or why it cannot be opened (`中文 ¦ English`).
    NotKept(Option<Text>),
    /// There is no such complaint.
    Unknown,
    /// The idempotency key was another call's.
    KeyTaken,
    /// There is no such subscription.
    NoSubscription,
    /// The shop has no such member.
    NoMember,
    /// There is no such app.
    NoApp,
    /// As things are, not at all: why (`中文 ¦ English`).
    Impossible(Text),
    /// There is no such shop.
    NoShop,
}

impl From<InvalidParameter> for Refused {
    fn from(invalid: InvalidParameter) -> Self {
        Refused::Parameter(invalid)
    }
}

/// Who calls, through which app, when.
#[derive(Clone)]
pub struct Caller<'a> {
    /// The app.
    pub client_id: &'a str,
    /// What the history calls the person, where one calls: it was that one, whatever the call says.
    pub person: Option<&'a str>,
    /// Epoch seconds.
    pub now: i64,
    /// What holds where the shop decided nothing.
    pub handling: &'a Handling,
    /// By which its complaints are to be settled.
    pub deadlines: &'a Deadlines,
}

impl Caller<'_> {
    /// Whoever does something, as the history has it: a person is who that is, whatever the call says.
    pub fn doer(&self, actor: Actor, said: Option<&str>) -> Doer {
        Doer {
            client_id: self.client_id.to_owned(),
            operator: self.person.or(said).unwrap_or(self.client_id).to_owned(),
            actor,
            call: None,
            now: self.now,
        }
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 8] = [
        Action::Reply,
        Action::ConsumerReply,
        Action::CheckFailed,
        Action::Close,
        Action::Reopen,
        Action::Note,
        Action::Assign,
        Action::Tag,
    ];

    /// Its name, which is the last part of its interface's.
    pub fn name(self) -> &'static str {
        match self {
            Action::Reply => "reply",
            Action::ConsumerReply => "consumer_reply",
            Action::CheckFailed => "check_failed",
            Action::Close => "close",
            Action::Reopen => "reopen",
            Action::Note => "note",
            Action::Assign => "assign",
            Action::Tag => "tag",
        }
    }

    /// The action of that name.
    pub fn named(name: &str) -> std::result::Result<Self, InvalidParameter> {
        Action::ALL.into_iter().find(|action| action.name() == name).ok_or_else(|| {
            let shown = tousu_wire::lenient::quoted(name);
            let (zh, en) =
                (Action::ALL.map(Action::name).join("、"), Action::ALL.map(Action::name).join(", "));
            let problem = format!("收到 {shown}，应为 {zh} 之一 ¦ received {shown}, expected one of {en}");
            InvalidParameter::new("action", problem)
        })
    }

    /// In which role it is done.
    pub fn actor(self, request: &Act) -> std::result::Result<Actor, InvalidParameter> {
        match self {
            Action::Reply => Ok(Actor::Merchant),
            Action::ConsumerReply => Ok(Actor::Consumer),
            Action::CheckFailed => Ok(Actor::Platform),
            _ => role(request.by.as_deref(), Actor::Merchant),
        }
    }

    fn event(self, request: &Act) -> Event {
        match self {
            Action::Reply if request.finish == Some(1) => Event::MerchantFinished,
            Action::Reply => Event::MerchantReplied,
            Action::ConsumerReply => Event::ConsumerReplied,
            Action::CheckFailed => Event::CheckFailed,
            Action::Close => Event::Closed,
            Action::Reopen => Event::Reopened,
            Action::Note => Event::Noted,
            Action::Assign => Event::Assigned,
            Action::Tag => Event::Tagged,
        }
    }
}

fn role(by: Option<&str>, default: Actor) -> std::result::Result<Actor, InvalidParameter> {
    const ROLES: [Actor; 4] = [Actor::Consumer, Actor::Merchant, Actor::Platform, Actor::ThirdParty];
    let Some(by) = by else { return Ok(default) };
    Actor::named(by).ok_or_else(|| {
        let shown = tousu_wire::lenient::quoted(by);
        let roles = ROLES.map(Actor::name).join("、");
        InvalidParameter::new(
            "by",
            format!("收到 {shown}，应为 {roles} 之一 ¦ received {shown}, expected one of {roles}"),
        )
    })
}

/// Lets something happen to a complaint.
pub async fn act(
    store: &Store,
    shop: &ShopId,
    action: Action,
    caller: &Caller<'_>,
    request: Act,
) -> Result<std::result::Result<Standing, Refused>> {
    let asked = hash(&format!("{action:?}"), &Act { idempotency_key: None, ..request.clone() });
    let checked = request.checked().and_then(|request| {
        if matches!(action, Action::Reply | Action::ConsumerReply | Action::Note) {
            request.content()?;
        }
        Ok((request.complaint_id()?, action.actor(&request)?, request))
    });
    let (complaint_id, actor, request) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let doer = doer(caller, actor, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let decide = |before: &Handled, settings: &ShopSettings, version: i64| {
        if let Some(seen) = request.version.filter(|seen| *seen != before.version) {
            return Err(Refused::Changed(changed(before, seen)));
        }
        let deed = decided(action, before, settings, actor, caller, &request)?;
        let after = Handled { version, ..deed.after.clone() };
        let answer = json!(standing(&after, caller.now)).to_string();
        Ok((deed, answer))
    };
    Ok(match store.act(shop, &complaint_id, &doer, decide).await? {
        None => Err(Refused::NoShop),
        Some(done) => answered(done)?,
    })
}

/// Lets the same happen to many complaints, one after the other: each is a change of its own, known again by the key
/// and its number together.
pub async fn act_on_many(
    store: &Store,
    shop: &ShopId,
    action: Action,
    caller: &Caller<'_>,
    complaint_ids: Vec<String>,
    request: &Act,
) -> Result<Vec<(String, std::result::Result<Standing, Refused>)>> {
    let mut outcomes = Vec::with_capacity(complaint_ids.len());
    for complaint_id in complaint_ids {
        let key = request.idempotency_key.as_ref();
        let idempotency_key =
            key.map(|key| secrets::hex(&Sha256::digest(json!([key, complaint_id]).to_string())));
        let act_on = Act { complaint_id: Some(complaint_id.clone()), idempotency_key, ..request.clone() };
        outcomes.push((complaint_id, act(store, shop, action, caller, act_on).await?));
    }
    Ok(outcomes)
}

fn answered<T: serde::de::DeserializeOwned>(done: Done<Refused>) -> Result<std::result::Result<T, Refused>> {
    Ok(match done {
        Done::Answered(answer) => Ok(serde_json::from_str(&answer)
            .map_err(|error| crate::store::StoreError::Value(format!("an answer that was kept: {error}")))?),
        Done::Unknown => Err(Refused::Unknown),
        Done::Refused(why) => Err(why),
        Done::KeyTaken => Err(Refused::KeyTaken),
    })
}

fn doer(caller: &Caller<'_>, actor: Actor, operator: Option<&str>, key: Option<&str>, asked: String) -> Doer {
    Doer { call: key.map(|key| (key.to_owned(), asked)), ..caller.doer(actor, operator) }
}

/// What a call asks for, in one text.
fn hash(action: &str, request: &impl serde::Serialize) -> String {
    secrets::hex(&Sha256::digest(json!([action, request]).to_string()))
}

fn decided(
    action: Action,
    before: &Handled,
    settings: &ShopSettings,
    actor: Actor,
    caller: &Caller<'_>,
    request: &Act,
) -> std::result::Result<Deed, Refused> {
    let now = caller.now;
    let event = action.event(request);
    if before.mirrored && !matches!(event, Event::Noted | Event::Assigned | Event::Tagged) {
        // It would be taken back at the next look.
        return Err(Refused::Impossible(
            "此投诉单由上游同步而来，请在上游处理；备注、分派与标签可在此进行 ¦ the complaint is mirrored from upstream, where it is handled; notes, assignees and tags are kept here".into(),
        ));
    }
    let (channel, source) = (before.complaint.channel_type, before.complaint.complaint_from);
    let open = |at| caller.deadlines.windows(&settings.deadline_rules, channel, source, at);
    let policy = settings.policy(caller.handling);
    let after = life::after(&before.standing(), event, actor, now, policy, open);
    let mut after = before.clone().standing_as(after.map_err(Refused::NotAllowed)?);
    let said = match action {
        Action::Assign => {
            after.assignee = request.assignee.as_deref().map(|name| masked_text(name).into_owned());
            json!({ "assignee": after.assignee })
        }
        Action::Tag => {
            // As the operator: they stay.
            let masked = |tags: &[String]| -> Vec<String> {
                tags.iter().map(|tag| masked_text(tag).into_owned()).collect()
            };
            let (add, remove) = (masked(&request.add), masked(&request.remove));
            after.tags.retain(|tag| !remove.contains(tag));
            after.tags.extend(add.iter().cloned());
            after.tags.sort_unstable();
            after.tags.dedup();
            if after.tags.len() > MOST_TAGS {
                let problem =
                    format!("投诉单最多 {MOST_TAGS} 个标签 ¦ a complaint has at most {MOST_TAGS} tags");
                return Err(InvalidParameter::new("add", problem).into());
            }
            json!({ "add": add, "remove": remove })
        }
        _ => json!({ "content": request.content, "images": request.images }),
    };
    let content =
        request.content.clone().filter(|_| !matches!(action, Action::Note | Action::Assign | Action::Tag));
    let reply = content.map(|content| Reply {
        reply_from: actor.name().to_owned(),
        content,
        images: request.images.clone(),
        replied_at: now,
    });
    Ok(Deed { event, after, said: said.to_string(), reply })
}

/// How a complaint stands at `now`, as the wire has it.
pub fn standing(handled: &Handled, now: i64) -> Standing {
    let complaint = &handled.complaint;
    let windows = handled.windows.as_ref();
    let ends = |ruled: &Ruled| BeijingTime::from_epoch(ruled.window.ends);
    Standing {
        complaint_id: complaint.complaint_id.clone(),
        version: handled.version,
        state: complaint.state,
        current_step: complaint.current_step,
        detail_step: handled.detail_step.unwrap_or(DetailStep::from(complaint.current_step)),
        is_overtime: complaint.overtime(now),
        operate_time: BeijingTime::from_epoch(complaint.operate_time),
        time_limit: complaint.time_limit,
        operate_end_time: BeijingTime::from_epoch(complaint.operate_end_time),
        first_reply_end_time: windows.and_then(|windows| windows.first_reply.as_ref()).map(ends),
        settlement_end_time: windows.map(|windows| ends(&windows.settlement)),
        closed_at: complaint.closed_at.map(BeijingTime::from_epoch),
        // Programs of before kept them as they came.
        assignee: masked_text(handled.assignee.as_deref().unwrap_or_default()).into_owned(),
        tags: handled.tags.iter().map(|tag| masked_text(tag).into_owned()).collect(),
    }
}

fn changed(now: &Handled, seen: i64) -> Text {
    let (zh, en) = now.complaint.state.label().unwrap_or(("其他状态", "in another state"));
    let version = now.version;
    format!("看到的版本为 {seen}，现为 {version}，{zh} ¦ version {seen} was seen, it is {version} now, {en}")
        .into()
}
