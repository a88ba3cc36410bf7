//! SQL about subscriptions: who is told of what happens in a shop.

use super::complaints::{from_json, to_json};
use super::history::kept_by;
use super::{Doer, Done, Result, Row, ShopId, Store, Tx, Value};

/// Who is told of what happens, where and of what, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id within the shop.
    pub subscription_id: String,
    /// `webhook`, `wecom`, `dingtalk`, `feishu` or `email`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where to, sealed by the vault for the place `subscription/ID/target`.
    pub target: String,
    /// What of that may be shown.
    pub shown_target: String,
    /// By which bots of one address know that they share its limit; empty for others.
    pub target_hash: String,
    /// What is signed with, sealed for the place `subscription/ID/secret`.
    pub secret: Option<String>,
    /// What was signed with before, sealed for the same place.
    pub old_secret: Option<String>,
    /// Until when that is in force (epoch seconds).
    pub old_secret_until: Option<i64>,
    /// The events that are told (`complaint.created`); empty for all.
    pub events: Vec<String>,
    /// The channels of which is told; empty for all.
    pub channels: Vec<i64>,
    /// When nothing but what is overdue is told (`22:00-08:00`).
    pub quiet_hours: Option<String>,
    /// When the report of a day is told (`09:05`).
    pub digest_time: Option<String>,
    /// Whether anything is told.
    pub enabled: bool,
    /// When it was last enabled (epoch seconds). What happened before is not told. Kept by the store.
    pub since: i64,
    /// When it was made (epoch seconds). Kept by the store.
    pub created_at: i64,
    /// How far it is. Kept by the store; a change by people does not touch it.
    pub state: SubscriptionState,
}

/// How far a subscription is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionState {
    /// The last entry of the history that was looked at.
    pub position: i64,
    /// When there is next something to be sent (epoch seconds).
    pub next_at: Option<i64>,
    /// When the report of a day is next due (epoch seconds).
    pub digest_next: Option<i64>,
    /// Nothing is sent before (epoch seconds).
    pub paused_until: i64,
    /// Attempts that failed in a row.
    pub failures: i64,
    /// Why the last attempt failed, or the target ended the subscription (`中文 ¦ English`).
    pub problem: Option<String>,
    /// When something was posted of late (epoch milliseconds).
    pub sent: Vec<i64>,
}

/// A subscription as a person's change leaves it, if it stays; what the history has of it, without secrets (JSON: before,
/// after, said); and the answer to the call (JSON).
pub type Decided = (Option<Subscription>, [String; 3], String);

pub(super) const COLUMNS: &str = "subscription_id, kind, name, target, shown_target, target_hash, secret, old_secret, \
     old_secret_until, events, channels, quiet_hours, digest_time, enabled, since, created_at, position, next_at, \
     digest_next, paused_until, failures, problem, sent";
pub(super) const COLUMN_COUNT: usize = 23;

pub(super) fn decode(row: &Row<'_>) -> Result<Subscription> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let optional = |at: usize| Ok::<_, super::StoreError>(row.optional_text(at)?.map(str::to_owned));
    Ok(Subscription {
        subscription_id: text(0)?,
        kind: text(1)?,
        name: text(2)?,
        target: text(3)?,
        shown_target: text(4)?,
        target_hash: text(5)?,
        secret: optional(6)?,
        old_secret: optional(7)?,
        old_secret_until: row.optional_int(8)?,
        events: from_json(row.text(9)?)?,
        channels: from_json(row.text(10)?)?,
        quiet_hours: optional(11)?,
        digest_time: optional(12)?,
        enabled: row.int(13)? != 0,
        since: row.int(14)?,
        created_at: row.int(15)?,
        state: SubscriptionState {
            position: row.int(16)?,
            next_at: row.optional_int(17)?,
            digest_next: row.optional_int(18)?,
            paused_until: row.int(19)?,
            failures: row.int(20)?,
            problem: optional(21)?,
            sent: from_json(row.text(22)?)?,
        },
    })
}

const KEEP: &str = "insert into subscriptions (shop_id, subscription_id, kind, name, target, shown_target, target_hash,
         secret, old_secret, old_secret_until, events, channels, quiet_hours, digest_time, enabled, since, created_at,
         position, next_at, digest_next, paused_until, failures, problem, sent)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
         $24)
     on conflict (shop_id, subscription_id) do update set kind = excluded.kind, name = excluded.name,
         target = excluded.target, shown_target = excluded.shown_target, target_hash = excluded.target_hash,
         secret = excluded.secret, old_secret = excluded.old_secret, old_secret_until = excluded.old_secret_until,
         events = excluded.events, channels = excluded.channels, quiet_hours = excluded.quiet_hours,
         digest_time = excluded.digest_time, enabled = excluded.enabled, since = excluded.since,
         position = excluded.position, next_at = excluded.next_at, digest_next = excluded.digest_next,
         paused_until = excluded.paused_until, failures = excluded.failures, problem = excluded.problem,
         sent = excluded.sent";

const FORGET: [&str; 2] = [
    "delete from deliveries where shop_id = $1 and subscription_id = $2",
    "delete from subscriptions where shop_id = $1 and subscription_id = $2",
];

impl Store {
    /// Makes (from `None` to `Some`), changes or deletes (to `None`) a subscription, with an entry `event` in the shop's
    /// history. `decide` is told the subscription of that id and how many the shop has. `None` if there is no such shop.
    pub async fn change_subscription<E>(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        doer: &Doer,
        event: &'static str,
        decide: impl FnOnce(Option<&Subscription>, i64) -> std::result::Result<Decided, E>,
    ) -> Result<Option<Done<E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let before = tx.lock_subscription(shop, subscription_id).await?;
        const COUNT: &str = "select count(*) from subscriptions where shop_id = $1";
        let count = tx.query(shop, COUNT, &[], |row| row.int(0)).await?.pop().unwrap_or_default();
        let (mut after, shown, answer) = match decide(before.as_ref(), count) {
            Ok(decided) => decided,
            Err(why) => return Ok(Some(Done::Refused(why))),
        };
        let [was, is, said] = &shown;
        let kept = chain.add(shop, doer.entry(version, "", event, [was, is, said]));
        if let Some(after) = &mut after {
            begin(before.as_ref(), after, chain.entries, doer.now);
        }
        match &after {
            Some(after) => tx.keep_subscription(shop, after).await?,
            None => {
                for forget in FORGET {
                    tx.execute(shop, forget, &[subscription_id.into()]).await?;
                }
            }
        }
        let mut statements = kept_by(&kept, &chain).to_vec();
        statements.extend(doer.remembering(&answer));
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

/// What a change by people means for how far the subscription is.
fn begin(before: Option<&Subscription>, after: &mut Subscription, entries: i64, now: i64) {
    let was_enabled = before.is_some_and(|before| before.enabled);
    after.created_at = before.map_or(now, |before| before.created_at);
    after.since = before.map_or(now, |before| before.since);
    after.state = before.map(|before| before.state.clone()).unwrap_or_default();
    if after.enabled && !was_enabled {
        after.since = now;
        after.state.position = entries;
    }
    let same_way = was_enabled
        && before.is_some_and(|before| before.target == after.target && before.secret == after.secret);
    if !same_way {
        // Whoever repaired it wants to see whether it works now.
        (after.state.paused_until, after.state.failures, after.state.problem) = (0, 0, None);
    }
    // What is due by the new words is found out at the next look.
    after.state.next_at = after.enabled.then_some(now);
    let same_report = was_enabled && before.is_some_and(|before| before.digest_time == after.digest_time);
    if !after.enabled {
        after.state.digest_next = None;
    } else if !same_report {
        after.state.digest_next =
            after.digest_time.as_deref().and_then(|time| crate::notices::next_report(time, now));
    }
}

impl Tx {
    /// The shop's subscriptions, in the order of their ids.
    pub async fn subscriptions(&mut self, shop: &ShopId) -> Result<Vec<Subscription>> {
        let sql = format!("select {COLUMNS} from subscriptions where shop_id = $1 order by subscription_id");
        self.query(shop, &sql, &[], decode).await
    }

    /// A subscription, if the shop has it.
    pub async fn subscription(
        &mut self,
        shop: &ShopId,
        subscription_id: &str,
    ) -> Result<Option<Subscription>> {
        let sql = format!("select {COLUMNS} from subscriptions where shop_id = $1 and subscription_id = $2");
        Ok(self.query(shop, &sql, &[subscription_id.into()], decode).await?.pop())
    }

    /// As [`Tx::subscription`], in a transaction that writes: nobody else changes it until that ends.
    pub(super) async fn lock_subscription(
        &mut self,
        shop: &ShopId,
        subscription_id: &str,
    ) -> Result<Option<Subscription>> {
        let sql = format!(
            "update subscriptions set failures = failures where shop_id = $1 and subscription_id = $2
             returning {COLUMNS}"
        );
        Ok(self.query(shop, &sql, &[subscription_id.into()], decode).await?.pop())
    }

    pub(super) async fn keep_subscription(&mut self, shop: &ShopId, kept: &Subscription) -> Result<()> {
        let Subscription {
            subscription_id,
            kind,
            name,
            target,
            shown_target,
            target_hash,
            secret,
            old_secret,
            old_secret_until,
            events,
            channels,
            quiet_hours,
            digest_time,
            enabled,
            since,
            created_at,
            state,
        } = kept;
        let SubscriptionState { position, next_at, digest_next, paused_until, failures, problem, sent } =
            state;
        let (events, channels, sent) = (to_json(events)?, to_json(channels)?, to_json(sent)?);
        let values: [Value<'_>; COLUMN_COUNT] = [
            subscription_id.into(),
            kind.into(),
            name.into(),
            target.into(),
            shown_target.into(),
            target_hash.into(),
            secret.as_ref().into(),
            old_secret.as_ref().into(),
            (*old_secret_until).into(),
            (&events).into(),
            (&channels).into(),
            quiet_hours.as_ref().into(),
            digest_time.as_ref().into(),
            i64::from(*enabled).into(),
            (*since).into(),
            (*created_at).into(),
            (*position).into(),
            (*next_at).into(),
            (*digest_next).into(),
            (*paused_until).into(),
            (*failures).into(),
            problem.as_ref().into(),
            (&sent).into(),
        ];
        self.execute(shop, KEEP, &values).await.map(drop)
    }
}
