//! How subscriptions go, what became of their deliveries, and whether a target can be reached.

use tousu_wire::subscription::{Row, Tested};
use tousu_wire::subscription_deliveries::{self as wire, DeliveryId, Query};
use tousu_wire::{BeijingTime, Lang, Text};

use super::subscriptions::shown;
use crate::notices::{Fate, Sender};
use crate::notify::event::{Event, Shop, What};
use crate::privacy::masked_text;
use crate::store::{Delivery, DeliveryFilter, DeliveryState, Result, ShopId, Store, Subscription, Try, Tx};

/// A shop's subscriptions as they are at `now`, in the order of their ids.
pub async fn subscriptions(tx: &mut Tx, shop: &ShopId, now: i64, lang: Lang) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kept in tx.subscriptions(shop).await? {
        rows.push(row(tx, shop, kept, now, lang).await?);
    }
    Ok(rows)
}

/// One of them, if the shop has it.
pub async fn subscription(
    tx: &mut Tx,
    shop: &ShopId,
    subscription_id: &str,
    now: i64,
    lang: Lang,
) -> Result<Option<Row>> {
    match tx.subscription(shop, subscription_id).await? {
        Some(kept) => row(tx, shop, kept, now, lang).await.map(Some),
        None => Ok(None),
    }
}

async fn row(tx: &mut Tx, shop: &ShopId, kept: Subscription, now: i64, lang: Lang) -> Result<Row> {
    let counts = tx.delivery_counts(shop, &kept.subscription_id).await?;
    let state = &kept.state;
    Ok(Row {
        subscription: shown(&kept),
        waiting: counts.waiting,
        given_up: counts.given_up,
        failures: state.failures,
        problem: said(state.problem.as_deref(), lang),
        paused_until: (state.paused_until > now).then(|| BeijingTime::from_epoch(state.paused_until)),
    })
}

/// A problem in one language. A target's own words may be in it.
fn said(problem: Option<&str>, lang: Lang) -> String {
    masked_text(Text::from(problem.unwrap_or_default()).pick(lang)).into_owned()
}

/// A page of a subscription's deliveries; `None` if the shop has no such subscription.
pub async fn deliveries(
    tx: &mut Tx,
    shop: &ShopId,
    query: &Query,
    lang: Lang,
) -> Result<Option<wire::Response>> {
    let id = &query.subscription_id;
    if tx.subscription(shop, id).await?.is_none() {
        return Ok(None);
    }
    let named = |name: &String| DeliveryState::ALL.into_iter().find(|state| state.name() == name);
    let filter = DeliveryFilter {
        state: query.state.as_ref().and_then(named),
        complaint_id: query.complaint_id.clone(),
    };
    let before = query.before.map(|id| (id.entry, id.part));
    // One more tells whether there is a next page.
    let limit = i64::try_from(query.size).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = tx.deliveries(shop, id, &filter, before, limit).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_cursor = match found.last() {
        Some(last) if more => DeliveryId { entry: last.entry, part: last.part }.to_string(),
        _ => String::new(),
    };
    Ok(Some(wire::Response {
        list: found.into_iter().map(|delivery| shown_delivery(delivery, lang)).collect(),
        next_cursor,
    }))
}

fn shown_delivery(delivery: Delivery, lang: Lang) -> wire::Delivery {
    let Delivery { entry, part, complaint_id, event, state, attempts, next_at, tries, created_at, done_at } =
        delivery;
    let attempt = |Try { at, status, error }: Try| wire::Try {
        at: BeijingTime::from_epoch(at),
        status: status.map(i64::from),
        problem: said(error.as_deref(), lang),
    };
    wire::Delivery {
        delivery_id: DeliveryId { entry, part }.to_string(),
        entry,
        event,
        complaint_id,
        state: state.name().to_owned(),
        attempts,
        tries: tries.into_iter().map(attempt).collect(),
        created_at: BeijingTime::from_epoch(created_at),
        next_at: (state == DeliveryState::Waiting).then(|| BeijingTime::from_epoch(next_at)),
        done_at: done_at.map(BeijingTime::from_epoch),
    }
}

/// Sends a notice that tells of nothing, past all that waits; `None` if the shop has no such subscription.
pub async fn test_subscription(
    store: &Store,
    sender: &Sender,
    shop: &ShopId,
    subscription_id: &str,
    now: i64,
    lang: Lang,
) -> Result<Option<Tested>> {
    let mut tx = store.read().await?;
    let Some(kept) = tx.subscription(shop, subscription_id).await? else { return Ok(None) };
    let name = tx.shop_name(shop).await?.unwrap_or_default();
    // The target may take its time, during which no snapshot is held.
    drop(tx);
    let shop_told = Shop { id: shop.to_string(), name };
    let event = Event { sequence: now, shop: shop_told, occurred_at: now, what: What::Test };
    let attempt = sender.send_once(store, shop, &kept, &event).await?;
    Ok(Some(Tested {
        delivered: (attempt.fate == Fate::Delivered).into(),
        status: attempt.tried.status.map(i64::from),
        problem: said(attempt.tried.error.as_deref(), lang),
    }))
}
