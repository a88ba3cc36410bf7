//! SQL that makes deliveries of what happened: from the history, and of the report of a day.

use std::collections::HashMap;

use super::history::Kept;
use super::subscriptions::{self, Subscription};
use super::{Result, ShopId, Store, Value};

/// An event that an entry of the history is: which part of the entry, and its `type`.
pub type Part = (i64, &'static str);

/// The `event` of a delivery that is the report of a day.
pub const REPORT: &str = "report";

/// A delivery that comes up.
const COMES_UP: &str =
    "insert into deliveries (shop_id, subscription_id, entry, part, complaint_id, event, state,
         attempts, next_at, tries, created_at)
     values ($1, $2, $3, $4, $5, $6, 0, 0, $7, '[]', $7)
     on conflict (shop_id, subscription_id, entry, part) do nothing";
/// The same, behind those of its complaint that are not done.
const COMES_UP_BEHIND: &str = "insert into deliveries (shop_id, subscription_id, entry, part, complaint_id, event, state,
         attempts, next_at, tries, created_at)
     values ($1, $2, $3, $4, $5, $6, case when exists (
             select 1 from deliveries where shop_id = $1 and subscription_id = $2 and complaint_id = $5 and state < 2)
         then 1 else 0 end, 0, $7, '[]', $7)
     on conflict (shop_id, subscription_id, entry, part) do nothing";

impl Store {
    /// Makes deliveries of what happened in a shop behind its enabled subscriptions' positions, of at most `limit`
    /// entries; `events` tells which events an entry is. Whether there is more.
    pub async fn fan_out(
        &self,
        shop: &ShopId,
        now: i64,
        limit: i64,
        events: impl Fn(&Kept) -> Vec<Part>,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let lock = format!(
            "update subscriptions set failures = failures where shop_id = $1 and enabled = 1 returning {}",
            subscriptions::COLUMNS
        );
        let subscriptions = tx.query(shop, &lock, &[], subscriptions::decode).await?;
        let Some(from) = subscriptions.iter().map(|one| one.state.position).min() else { return Ok(false) };
        let entries = tx.entries_after(shop, from, limit).await?;
        let Some(last) = entries.last().map(|last| last.number) else { return Ok(false) };
        let channels = if subscriptions.iter().any(|one| !one.channels.is_empty()) {
            let ids: Vec<&str> = entries.iter().map(|kept| kept.entry.complaint_id.as_str()).collect();
            tx.channels_of(shop, &ids).await?
        } else {
            HashMap::new()
        };
        for mut subscription in subscriptions {
            let insert = if subscription.kind == "webhook" { COMES_UP_BEHIND } else { COMES_UP };
            let mut statements: Vec<(&str, Vec<Value<'_>>)> = Vec::new();
            for kept in entries.iter().filter(|kept| kept.number > subscription.state.position) {
                let id = &kept.entry.complaint_id;
                let channel = channels.get(id);
                let is_of_channel = subscription.channels.is_empty()
                    || channel.is_some_and(|channel| subscription.channels.contains(channel));
                let wanted = events(kept).into_iter().filter(|(_, event)| {
                    is_of_channel
                        && (subscription.events.is_empty()
                            || subscription.events.iter().any(|wanted| wanted == event))
                });
                for (part, event) in wanted {
                    let values = vec![
                        (&subscription.subscription_id).into(),
                        kept.number.into(),
                        part.into(),
                        id.into(),
                        event.into(),
                        now.into(),
                    ];
                    statements.push((insert, values));
                }
            }
            tx.execute_all(shop, &statements).await?;
            let came_up = !statements.is_empty();
            let state = &mut subscription.state;
            state.position = state.position.max(last);
            if came_up {
                let at = now.max(state.paused_until);
                state.next_at = Some(state.next_at.map_or(at, |next_at| next_at.min(at)));
            }
            tx.keep_state(shop, &subscription).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(entries.len()).is_ok_and(|count| count >= limit))
    }

    /// Makes a delivery of the report of that day (since 1970), and notes when the next one is due.
    pub async fn report_comes_up(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        day: i64,
        now: i64,
        next: impl Fn(&Subscription) -> Option<i64>,
    ) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let Some(mut subscription) = tx.lock_subscription(shop, subscription_id).await? else {
            return Ok(());
        };
        if subscription.state.digest_next.is_none_or(|due| due > now) {
            return Ok(());
        }
        let values =
            [subscription_id.into(), (-day).into(), Value::Int(0), "".into(), REPORT.into(), now.into()];
        tx.execute(shop, COMES_UP, &values).await?;
        let next = next(&subscription);
        let state = &mut subscription.state;
        state.digest_next = next;
        let at = now.max(state.paused_until);
        state.next_at = Some(state.next_at.map_or(at, |next_at| next_at.min(at)));
        tx.keep_state(shop, &subscription).await?;
        tx.commit().await
    }
}
