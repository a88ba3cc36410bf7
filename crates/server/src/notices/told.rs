//! Which events the entries of the history are, and what is told of them.

use std::collections::HashMap;

use serde::Deserialize;
use tousu_wire::codes::{CurrentStep, State};

use crate::complaint::Complaint;
use crate::life::{self, Actor};
use crate::notify::event::{Event, Kind, Shop, Subject, What};
use crate::privacy::masked_text;
use crate::store::{
    CHANGED_UPSTREAM, DUE_SOON, Delivery, HAPPENED_UPSTREAM, IMPORT_ENDED, KeptEntry, OVERDUE, Part, Result,
    ShopId, StoreError, Tx,
};

const CREATED: &str = "complaint.created";
const REPLIED: &str = "complaint.replied";
const CLOSED: &str = "complaint.closed";
const REOPENED: &str = "complaint.reopened";

/// The events that an entry is `[ours]`: a last reply is a reply and a closing; a failed check is a reply, too, which asks
/// for another.
pub(super) fn events(kept: &KeptEntry) -> Vec<Part> {
    use life::Event as Happened;
    let event = kept.entry.event.as_str();
    let is = |happened: Happened| event == happened.name();
    match event {
        DUE_SOON => vec![(0, "complaint.due_soon")],
        OVERDUE => vec![(0, "complaint.overdue")],
        IMPORT_ENDED => vec![(0, "complaint.imported")],
        _ if is(Happened::Submitted) || is(Happened::Entered) || is(Happened::Imported) => {
            vec![(0, CREATED)]
        }
        CHANGED_UPSTREAM => upstream(kept),
        _ if is(Happened::MerchantReplied) || is(Happened::ConsumerReplied) || is(Happened::CheckFailed) => {
            vec![(0, REPLIED)]
        }
        _ if is(Happened::MerchantFinished) => vec![(0, REPLIED), (1, CLOSED)],
        _ if is(Happened::Closed) => vec![(0, CLOSED)],
        _ if is(Happened::Reopened) => vec![(0, REOPENED)],
        _ => Vec::new(),
    }
}

/// What happened upstream is what would have been told of it here.
fn upstream(kept: &KeptEntry) -> Vec<Part> {
    use life::Event as Happened;
    let after: serde_json::Value = serde_json::from_str(&kept.entry.after).unwrap_or_default();
    let names = after[HAPPENED_UPSTREAM].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let happened: Vec<&str> = names.collect();
    let any = |events: &[Happened]| events.iter().any(|event| happened.contains(&event.name()));
    let replied = any(&[Happened::MerchantReplied, Happened::ConsumerReplied, Happened::CheckFailed]);
    let told =
        [(any(&[Happened::Reopened]), REOPENED), (replied, REPLIED), (any(&[Happened::Closed]), CLOSED)];
    let told = told.into_iter().filter(|one| one.0).map(|one| one.1);
    (0..).zip(told).collect()
}

/// What an entry has of the complaint as it was then.
#[derive(Deserialize)]
struct After {
    state: State,
    current_step: CurrentStep,
    operate_end_time: i64,
    assignee: Option<String>,
    #[serde(default)]
    hours_left: i64,
}

/// What an entry says of an import.
#[derive(Deserialize)]
struct Imported {
    added: i64,
    changed: i64,
}

/// What each delivery tells; `None` where there is nothing to tell any more, since the complaint is gone.
pub(super) async fn told(tx: &mut Tx, shop: &ShopId, deliveries: &[Delivery]) -> Result<Vec<Option<Event>>> {
    let numbers: Vec<i64> = deliveries.iter().map(|delivery| delivery.entry).collect();
    let entries = tx.entries(shop, &numbers).await?;
    let mut ids: Vec<&str> = deliveries.iter().map(|delivery| delivery.complaint_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let complaints = tx.complaints_named(shop, &ids).await?;
    let name = tx.shop_name(shop).await?.unwrap_or_default();
    let shop = Shop { id: shop.to_string(), name };
    let each = deliveries.iter().map(|delivery| match entries.get(&delivery.entry) {
        Some(kept) => event(&shop, delivery, kept, &complaints),
        None => Ok(None),
    });
    each.collect()
}

fn event(
    shop: &Shop,
    delivery: &Delivery,
    kept: &KeptEntry,
    complaints: &HashMap<String, Complaint>,
) -> Result<Option<Event>> {
    let wrong = |error: serde_json::Error| StoreError::Value(error.to_string());
    let of = |what| Event {
        sequence: delivery.entry,
        shop: shop.clone(),
        occurred_at: kept.entry.happened_at,
        what,
    };
    if kept.entry.complaint_id.is_empty() {
        let Imported { added, changed } = serde_json::from_str(&kept.entry.said).map_err(wrong)?;
        return Ok(Some(of(What::Imported { complaints: added.saturating_add(changed) })));
    }
    let Some(complaint) = complaints.get(&kept.entry.complaint_id) else { return Ok(None) };
    let After { state, current_step, operate_end_time, assignee, hours_left } =
        serde_json::from_str(&kept.entry.after).map_err(wrong)?;
    let kind = match delivery.event.as_str() {
        CREATED => Kind::Created,
        REPLIED => {
            let by = Actor::named(&kept.entry.actor);
            Kind::Replied { by: by.ok_or_else(|| StoreError::Value("an actor".into()))? }
        }
        "complaint.due_soon" => Kind::DueSoon { hours: hours_left },
        "complaint.overdue" => Kind::Overdue,
        CLOSED => Kind::Closed,
        REOPENED => Kind::Reopened,
        _ => return Ok(None),
    };
    let subject = Subject {
        complaint_id: complaint.complaint_id.clone(),
        channel_type: complaint.channel_type,
        complaint_from: complaint.complaint_from,
        complainant_phone: complaint.complainant_phone.masked(),
        complaint_reason: masked_text(&complaint.complaint_reason).into_owned(),
        state,
        current_step,
        operate_end_time,
        assignee: assignee.map(|name| masked_text(&name).into_owned()),
    };
    Ok(Some(of(What::Complaint { kind, complaint: Box::new(subject) })))
}
