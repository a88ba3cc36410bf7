//! What an upstream shows against what is kept of it: what changed, and what that says has happened. Pure.

use std::collections::HashSet;

use tousu_wire::codes::{CurrentStep, DetailStep, State};

use crate::complaint::{Complaint, Details, Reply};
use crate::life::{Actor, Event};

/// A complaint with its details, where they are known.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What the list shows of it.
    pub complaint: &'a Complaint,
    /// What the detail shows besides; `None`: it was not asked, or gave no answer.
    pub details: Option<&'a Details>,
}

/// How a complaint changed upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which fields differ, by their names on the wire.
    pub fields: Vec<&'static str>,
    /// What must have happened, as far as that can be told, in the order of a complaint's life.
    pub happened: Vec<Event>,
    /// Who did the last of it.
    pub actor: Actor,
}

/// How a complaint that is new began, and by whom: as its step says, where that is still its first.
pub fn beginning(complaint: &Complaint) -> (Event, Actor) {
    match complaint.current_step {
        CurrentStep::EnteredByPlatform => (Event::Entered, Actor::Platform),
        CurrentStep::Imported => (Event::Imported, Actor::ThirdParty),
        _ => (Event::Submitted, Actor::Consumer),
    }
}

/// How `kept` differs from what is shown now; `None` if it does not. Of details that are not known on both sides nothing
/// is said.
pub fn change(kept: Shown<'_>, shown: Shown<'_>) -> Option<Change> {
    let mut fields = differing(kept.complaint, shown.complaint);
    let (mut step, mut replies) = (None, Vec::new());
    if let (Some(kept), Some(shown)) = (kept.details, shown.details) {
        fields.extend(differing_details(kept, shown));
        replies = new_replies(&kept.replies, &shown.replies);
        step = shown.detail_step.filter(|step| kept.detail_step != Some(*step));
    }
    if fields.is_empty() {
        return None;
    }
    let replied = match replies.last().map(|reply| reply.reply_from.as_str()) {
        Some(from) => Some(replied_by(Actor::named(from))),
        None => told_by_step(kept.complaint, shown.complaint, step),
    };
    let (was, is) = (kept.complaint.state, shown.complaint.state);
    let closed =
        (was != State::Done && is == State::Done).then_some((Event::Closed, closed_by(shown.complaint)));
    let reopened = (was == State::Done && is != State::Done).then_some((Event::Reopened, Actor::Platform));
    let happened: Vec<(Event, Actor)> = [reopened, replied, closed].into_iter().flatten().collect();
    let actor = happened.last().map_or(Actor::ThirdParty, |last| last.1);
    Some(Change { fields, happened: happened.into_iter().map(|one| one.0).collect(), actor })
}

fn replied_by(by: Option<Actor>) -> (Event, Actor) {
    match by {
        Some(Actor::Consumer) => (Event::ConsumerReplied, Actor::Consumer),
        Some(Actor::Platform) => (Event::CheckFailed, Actor::Platform),
        // Who else replies to a consumer.
        _ => (Event::MerchantReplied, Actor::Merchant),
    }
}

/// What the steps say, where no reply does.
fn told_by_step(kept: &Complaint, shown: &Complaint, detail: Option<DetailStep>) -> Option<(Event, Actor)> {
    if detail == Some(DetailStep::ConsumerReplied) {
        return Some((Event::ConsumerReplied, Actor::Consumer));
    }
    // Taken up again, it has the step from before it was closed.
    let is_new = kept.current_step != shown.current_step && kept.state != State::Done;
    match shown.current_step {
        CurrentStep::MerchantReplied if is_new => Some((Event::MerchantReplied, Actor::Merchant)),
        CurrentStep::CheckFailed if is_new => Some((Event::CheckFailed, Actor::Platform)),
        _ => None,
    }
}

fn closed_by(shown: &Complaint) -> Actor {
    match shown.current_step {
        CurrentStep::MerchantReplied => Actor::Merchant,
        _ => Actor::Platform,
    }
}

/// Those of the replies that were not there, one for each that is there more often than before.
fn new_replies<'a>(kept: &[Reply], shown: &'a [Reply]) -> Vec<&'a Reply> {
    let key = |reply: &Reply| (reply.reply_from.clone(), reply.content.clone(), reply.replied_at);
    let known: HashSet<_> = kept.iter().map(key).collect();
    shown.iter().filter(|reply| !known.contains(&key(reply))).collect()
}

/// Destructured, so that a new field cannot be forgotten.
fn differing(kept: &Complaint, shown: &Complaint) -> Vec<&'static str> {
    let Complaint {
        complaint_id: _,
        channel_type,
        complaint_from,
        complaint_type,
        complaint_resource_type,
        complaint_resource_id,
        complaint_reason,
        complainant_phone,
        complaint_time,
        state,
        current_step,
        operate_time,
        time_limit,
        operate_end_time,
        closed_at,
        closed_overtime,
    } = kept;
    let each = [
        ("channel_type", *channel_type != shown.channel_type),
        ("complaint_from", *complaint_from != shown.complaint_from),
        ("complaint_type", *complaint_type != shown.complaint_type),
        ("complaint_resource_type", *complaint_resource_type != shown.complaint_resource_type),
        ("complaint_resource_id", *complaint_resource_id != shown.complaint_resource_id),
        ("complaint_reason", *complaint_reason != shown.complaint_reason),
        ("complainant_phone", *complainant_phone != shown.complainant_phone),
        ("complaint_time", *complaint_time != shown.complaint_time),
        ("state", *state != shown.state),
        ("current_step", *current_step != shown.current_step),
        ("operate_time", *operate_time != shown.operate_time),
        ("time_limit", *time_limit != shown.time_limit),
        ("operate_end_time", *operate_end_time != shown.operate_end_time),
        ("closed_at", *closed_at != shown.closed_at),
        ("is_overtime", *closed_overtime != shown.closed_overtime),
    ];
    each.into_iter().filter(|field| field.1).map(|field| field.0).collect()
}

fn differing_details(kept: &Details, shown: &Details) -> impl Iterator<Item = &'static str> {
    let Details {
        complainant_user_id,
        content_msg,
        content_object,
        uploaded_images,
        sub_mch_id,
        detail_step,
        replies,
    } = kept;
    let each = [
        ("complainant_user_id", *complainant_user_id != shown.complainant_user_id),
        ("complaint_content_msg", *content_msg != shown.content_msg),
        ("complaint_content_object", *content_object != shown.content_object),
        ("uploaded_images", *uploaded_images != shown.uploaded_images),
        ("sub_mch_id", *sub_mch_id != shown.sub_mch_id),
        ("detail_step", *detail_step != shown.detail_step),
        ("reply_list", *replies != shown.replies),
    ];
    each.into_iter().filter(|field| field.1).map(|field| field.0)
}

#[cfg(test)]
mod tests {
    use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, Overtime};

    use super::*;
    use crate::complaint::Phone;

    fn complaint() -> Complaint {
        Complaint {
            complaint_id: "c_1".into(),
            channel_type: ChannelType::Shop,
            complaint_from: ComplaintFrom::H5Shop,
            complaint_type: ComplaintType::Trade,
            complaint_resource_type: 0,
            complaint_resource_id: "E1".into(),
            complaint_reason: "要退款".into(),
            complainant_phone: Phone("188****1474".into()),
            complaint_time: 100,
            state: State::Pending,
            current_step: CurrentStep::New,
            operate_time: 100,
            time_limit: 72,
            operate_end_time: 100 + 72 * 3600,
            closed_at: None,
            closed_overtime: None,
        }
    }

    fn reply(from: &str) -> Reply {
        Reply { reply_from: from.into(), content: "好的".into(), images: Vec::new(), replied_at: 200 }
    }

    fn row(complaint: &Complaint) -> Shown<'_> {
        Shown { complaint, details: None }
    }

    #[test]
    fn nothing_changed_is_no_change() {
        assert_eq!(change(row(&complaint()), row(&complaint())), None);
        let details = Details { replies: vec![reply("merchant")], ..Details::default() };
        let complaint = complaint();
        let with = Shown { complaint: &complaint, details: Some(&details) };
        assert_eq!(change(with, with), None);
        assert_eq!(change(with, row(&complaint)), None, "what was not asked did not change");
    }

    #[test]
    fn what_happened_is_told_by_replies_steps_and_states() {
        let before = complaint();
        let replied =
            Complaint { state: State::InProgress, current_step: CurrentStep::MerchantReplied, ..complaint() };
        let told = |kept: &Complaint, shown: &Complaint| {
            let Change { happened, actor, .. } = change(row(kept), row(shown)).unwrap();
            (happened, actor)
        };
        assert_eq!(told(&before, &replied), (vec![Event::MerchantReplied], Actor::Merchant));
        let failed = Complaint { current_step: CurrentStep::CheckFailed, ..replied.clone() };
        assert_eq!(told(&replied, &failed), (vec![Event::CheckFailed], Actor::Platform));
        let closed = Complaint {
            state: State::Done,
            current_step: CurrentStep::ClosedByPlatform,
            closed_at: Some(300),
            closed_overtime: Some(Overtime::InTime),
            ..replied.clone()
        };
        assert_eq!(told(&replied, &closed), (vec![Event::Closed], Actor::Platform));
        assert_eq!(told(&closed, &replied), (vec![Event::Reopened], Actor::Platform));
        let finished = Complaint { current_step: CurrentStep::MerchantReplied, ..closed.clone() };
        assert_eq!(told(&before, &finished), (vec![Event::MerchantReplied, Event::Closed], Actor::Merchant));
        let edited = Complaint { complaint_reason: "改".into(), ..complaint() };
        assert_eq!(told(&before, &edited), (Vec::new(), Actor::ThirdParty));
    }

    #[test]
    fn a_reply_that_the_row_does_not_show_is_told() {
        let complaint = complaint();
        let (kept, shown) = (
            Details { replies: vec![reply("merchant")], ..Details::default() },
            Details { replies: vec![reply("merchant"), reply("consumer")], ..Details::default() },
        );
        let with = |details| Shown { complaint: &complaint, details: Some(details) };
        let Change { fields, happened, actor } = change(with(&kept), with(&shown)).unwrap();
        assert_eq!(fields, ["reply_list"]);
        assert_eq!((happened, actor), (vec![Event::ConsumerReplied], Actor::Consumer));
    }
}
