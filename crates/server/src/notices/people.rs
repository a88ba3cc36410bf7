//! Bots and mails: few messages of many events, within the target's limits, composed anew before each post.

use std::collections::HashSet;

use super::dispatcher::Shared;
use super::sender::{Attempt, Fate};
use super::target::{Kind, open};
use super::told::told;
use crate::notify::budget::Budget;
use crate::notify::daily::{self, Standing};
use crate::notify::digest::{Composed, compose};
use crate::notify::event::{Event, Kind as Happened};
use crate::notify::message::Message;
use crate::notify::quiet::QuietHours;
use crate::notify::retry;
use crate::store::{Delivery, Next, Reserved, Result, Settled, ShopId, Subscription, TargetStanding};

/// Deliveries that are looked at together; more wait.
const MOST: i64 = 1000;
/// More than so many messages at once become a digest.
const SINGLY: usize = 5;
/// For so long nothing is sent to a target that takes nothing until somebody changes something, in seconds.
pub(super) const REFUSED: i64 = 3600;
/// People are not kept waiting for longer than this after a failure, in seconds.
const LONGEST_PAUSE: i64 = 600;
/// What could not be told for so long is given up, in seconds.
const TOO_OLD: i64 = 48 * 3600;

/// What waits for one subscription.
struct Waiting {
    /// What may be told now, and what that is.
    deliveries: Vec<Delivery>,
    events: Vec<Event>,
    /// The oldest report of a day.
    report: Option<Delivery>,
    /// What is no news any more.
    gone: Vec<Delivery>,
    /// Complaints that are closed by now.
    closed: HashSet<String>,
    /// Until when nothing but what is overdue is told.
    quiet_until: Option<i64>,
}

/// A message, and the places of what it tells.
struct Chosen {
    message: Message,
    covers: Vec<usize>,
    /// Places of what need not be told.
    dropped: Vec<usize>,
}

/// Posts the most pressing message of what waits, if the limits allow it; whether there may be more to do now.
pub(super) async fn send(shared: &Shared, shop: &ShopId, subscription: &Subscription) -> Result<bool> {
    let id = &subscription.subscription_id;
    let kind = Kind::named(&subscription.kind);
    let Some((kind, limits)) = kind.and_then(|kind| Some((kind, kind.limits()?))) else { return Ok(false) };
    let target = match open(shared.store.vault(), shop, subscription) {
        Ok(target) => target,
        Err(problem) => return shared.cannot(shop, id, problem).await.map(|()| false),
    };
    let (now, millis) = (shared.clock.epoch(), shared.clock.epoch_millis());
    let waiting = look(shared, shop, subscription, now).await?;
    let sent = shared.store.read().await?.sent_to(subscription).await?;
    let places = Budget::new(limits, &sent).places(millis).min(SINGLY);
    let Some(chosen) = choose(shared, shop, kind, &waiting, places, now).await? else {
        let standing = TargetStanding { not_before: waiting.quiet_until, ..Default::default() };
        let all: Vec<usize> = (0..waiting.deliveries.len()).collect();
        return shared.settle(shop, id, &no_news(&waiting, &all), &standing).await.map(|()| false);
    };
    match shared.reserve(shop, id, limits, &still_open(&waiting, &chosen)).await? {
        Reserved::Go => {}
        // It was closed since it was looked at: another message is due.
        Reserved::Closed => return Ok(true),
        Reserved::Lost => return Ok(false),
        Reserved::WaitUntil(until) => {
            let not_before = Some(until.saturating_add(999).div_euclid(1000));
            let standing = TargetStanding { not_before, ..Default::default() };
            return shared.settle(shop, id, &[], &standing).await.map(|()| false);
        }
    }
    let attempt = shared.sender.tell(&target, &chosen.message).await;
    let (mut settled, standing) = judged(&waiting, &chosen, subscription, &attempt, shared.clock.epoch());
    settled.extend(no_news(&waiting, &chosen.dropped));
    shared.settle(shop, id, &settled, &standing).await?;
    for one in &settled {
        shared.count(kind, &one.next);
    }
    Ok(attempt.fate == Fate::Delivered)
}

async fn look(shared: &Shared, shop: &ShopId, subscription: &Subscription, now: i64) -> Result<Waiting> {
    let quiet = subscription.quiet_hours.as_deref().and_then(|text| text.parse::<QuietHours>().ok());
    let quiet_until = quiet.and_then(|quiet| quiet.quiet_until(now));
    let mut tx = shared.store.read().await?;
    let found = tx.waiting(shop, &subscription.subscription_id, quiet_until.is_some(), MOST).await?;
    let (reports, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|delivery| delivery.entry < 0);
    let events = told(&mut tx, shop, &found).await?;
    let ids: Vec<&str> = found.iter().map(|delivery| delivery.complaint_id.as_str()).collect();
    let closed = tx.closed_of(shop, &ids).await?;
    let mut waiting = Waiting {
        deliveries: Vec::with_capacity(found.len()),
        events: Vec::with_capacity(found.len()),
        report: reports.into_iter().next(),
        gone: Vec::new(),
        closed,
        quiet_until,
    };
    for (delivery, event) in found.into_iter().zip(events) {
        match event.filter(|event| !is_over(event, now)) {
            Some(event) => {
                waiting.deliveries.push(delivery);
                waiting.events.push(event);
            }
            None => waiting.gone.push(delivery),
        }
    }
    Ok(waiting)
}

/// That a deadline is near is no news once it has passed, which is told by itself.
fn is_over(event: &Event, now: i64) -> bool {
    matches!(event.complaint(), Some((Happened::DueSoon { .. }, complaint)) if complaint.operate_end_time < now)
}

async fn choose(
    shared: &Shared,
    shop: &ShopId,
    kind: Kind,
    waiting: &Waiting,
    places: usize,
    now: i64,
) -> Result<Option<Chosen>> {
    if waiting.report.is_some() {
        let message = report(shared, shop, now).await?;
        return Ok(Some(Chosen { message, covers: Vec::new(), dropped: Vec::new() }));
    }
    let closed = waiting.closed.iter().map(|id| (shop.as_str(), id.as_str())).collect();
    let fits = |message: &Message| match kind {
        Kind::Bot(platform) => platform.fits(message),
        // A mail is of any length; one that people read is not.
        Kind::Webhook | Kind::Email => message.lines.len() <= 200,
    };
    let console = shared.sender.console();
    let Composed { notices, dropped } = compose(&waiting.events, &closed, places, now, console, &fits);
    let first = notices.into_iter().next();
    Ok(first.map(|notice| Chosen { message: notice.message, covers: notice.covers, dropped }))
}

async fn report(shared: &Shared, shop: &ShopId, now: i64) -> Result<Message> {
    let (_, begins, ends) = daily::day(now);
    let mut tx = shared.store.read().await?;
    let [new, open, due_today, overdue] = tx.day_counts(shop, now, begins, ends).await?;
    let name = tx.shop_name(shop).await?.unwrap_or_default();
    let standing = Standing { shop: shop.to_string(), name, new, open, due_today, overdue };
    Ok(daily::report(&[standing], now, shared.sender.console()))
}

/// The complaints that a message tells of as open.
fn still_open<'a>(waiting: &'a Waiting, chosen: &Chosen) -> Vec<&'a str> {
    let events = chosen.covers.iter().filter_map(|place| waiting.events.get(*place));
    let open = events.filter_map(Event::complaint).filter(|(kind, _)| *kind != Happened::Closed);
    let ids: Vec<&str> = open.map(|(_, complaint)| complaint.complaint_id.as_str()).collect();
    // Of what is closed by now its closing alone is told, and with it all that led there.
    ids.into_iter().filter(|id| !waiting.closed.contains(*id)).collect()
}

fn no_news(waiting: &Waiting, places: &[usize]) -> Vec<Settled> {
    let dropped = places.iter().filter_map(|place| waiting.deliveries.get(*place));
    dropped
        .chain(&waiting.gone)
        .map(|delivery| Settled { delivery: delivery.clone(), tried: None, next: Next::NoNews })
        .collect()
}

/// What becomes of what a message told, and what that says about its target.
fn judged(
    waiting: &Waiting,
    chosen: &Chosen,
    subscription: &Subscription,
    attempt: &Attempt,
    now: i64,
) -> (Vec<Settled>, TargetStanding) {
    let mut standing = TargetStanding::default();
    let pause = |seconds: i64| Some(now.saturating_add(seconds));
    match attempt.fate {
        Fate::Delivered => standing.worked = true,
        Fate::MessageRefused => {}
        Fate::TooFast(silence) => standing.paused_until = pause(silence.clamp(1, retry::LONGEST)),
        Fate::TargetRefused | Fate::Gone => standing.paused_until = pause(REFUSED),
        Fate::Retry(_) => {
            let failed = u32::try_from(subscription.state.failures.saturating_add(1)).unwrap_or(u32::MAX);
            let seconds = retry::pause(failed, rand::random(), None).unwrap_or(LONGEST_PAUSE);
            standing.paused_until = pause(seconds.min(LONGEST_PAUSE));
        }
    }
    standing.failed = i64::from(!standing.worked);
    standing.problem.clone_from(&attempt.tried.error);
    let covered = match &waiting.report {
        Some(report) => vec![report],
        None => chosen.covers.iter().filter_map(|place| waiting.deliveries.get(*place)).collect(),
    };
    let next = |delivery: &Delivery| match attempt.fate {
        Fate::Delivered => Next::Delivered,
        Fate::MessageRefused => Next::GivenUp,
        _ if now.saturating_sub(delivery.created_at) > TOO_OLD => Next::GivenUp,
        _ => Next::TryAt(now),
    };
    let settled = covered.into_iter().map(|delivery| Settled {
        delivery: delivery.clone(),
        tried: Some(attempt.tried.clone()),
        next: next(delivery),
    });
    (settled.collect(), standing)
}
