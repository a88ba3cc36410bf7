//! SQL about deliveries: what is to be told to whom, and what became of it.
//!
//! Of one complaint's deliveries to a webhook one at a time waits to be sent, the first; the others wait for it.

use serde::{Deserialize, Serialize};

use super::complaints::{Where, from_json};
use super::subscriptions::Subscription;
use super::{Doer, Done, Result, Row, ShopId, Store, Tx, Value};

/// Something that is to be told to a subscription's target, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The entry of the history; below 0 it is the report of that day since 1970.
    pub entry: i64,
    /// Which of the events that the entry is, from 0.
    pub part: i64,
    /// The complaint; empty for what is about several.
    pub complaint_id: String,
    /// The event (`complaint.created`).
    pub event: String,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, if it waits (epoch seconds).
    pub next_at: i64,
    /// The last 20 attempts, oldest first.
    pub tries: Vec<Try>,
    /// When it came up (epoch seconds).
    pub created_at: i64,
    /// When nothing more was to be done (epoch seconds).
    pub done_at: Option<i64>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent.
    Waiting,
    /// It is to be sent after an earlier one of its complaint.
    Behind,
    /// The target has it.
    Delivered,
    /// It was tried for too long, or the target will never take it: a dead letter.
    GivenUp,
    /// It was no news any more when its turn came, and was not sent.
    NoNews,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When (epoch seconds).
    pub at: i64,
    /// The HTTP status, if there was an answer; of mail, SMTP's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed (`中文 ¦ English`); `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Which deliveries are to be shown.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Those of which this became.
    pub state: Option<DeliveryState>,
    /// Those about this complaint.
    pub complaint_id: Option<String>,
}

/// How many deliveries of a subscription are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// To be sent, those behind others included.
    pub waiting: i64,
    /// Given up.
    pub given_up: i64,
}

/// What is to be sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// These (entry, part), whatever became of them.
    Deliveries(Vec<(i64, i64)>),
    /// What came up in that span (epoch seconds, both inclusive) and was given up; with `all` what was delivered, too.
    From {
        /// From then on.
        from: i64,
        /// Until then; `None` for until now.
        until: Option<i64>,
        /// Whether what was delivered is sent again.
        all: bool,
    },
    /// All that was given up.
    DeadLetters,
}

/// Deliveries that one call puts back at most, oldest first.
pub const MOST_REPLAYED: i64 = 10_000;
/// Attempts that are kept of one delivery.
pub(super) const TRIES_KEPT: usize = 20;

impl DeliveryState {
    /// Every state.
    pub const ALL: [DeliveryState; 5] = [
        DeliveryState::Waiting,
        DeliveryState::Behind,
        DeliveryState::Delivered,
        DeliveryState::GivenUp,
        DeliveryState::NoNews,
    ];

    /// Its number in the database.
    pub(super) fn number(self) -> i64 {
        match self {
            DeliveryState::Waiting => 0,
            DeliveryState::Behind => 1,
            DeliveryState::Delivered => 2,
            DeliveryState::GivenUp => 3,
            DeliveryState::NoNews => 4,
        }
    }

    fn of(number: i64) -> Self {
        DeliveryState::ALL.into_iter().find(|state| state.number() == number).unwrap_or(DeliveryState::NoNews)
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Behind => "behind",
            DeliveryState::Delivered => "delivered",
            DeliveryState::GivenUp => "given_up",
            DeliveryState::NoNews => "no_news",
        }
    }
}

pub(super) const COLUMNS: &str =
    "entry, part, complaint_id, event, state, attempts, next_at, tries, created_at, done_at";

pub(super) fn decode(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        entry: row.int(0)?,
        part: row.int(1)?,
        complaint_id: row.text(2)?.to_owned(),
        event: row.text(3)?.to_owned(),
        state: DeliveryState::of(row.int(4)?),
        attempts: row.int(5)?,
        next_at: row.int(6)?,
        tries: from_json(row.text(7)?)?,
        created_at: row.int(8)?,
        done_at: row.optional_int(9)?,
    })
}

/// Of those of one complaint that are not done, all but the first wait for it.
const IN_ORDER: &str = "update deliveries set state = case when complaint_id <> '' and exists (
             select 1 from deliveries before where before.shop_id = $1 and before.subscription_id = $2
             and before.complaint_id = deliveries.complaint_id and before.state < 2
             and (before.entry, before.part) < (deliveries.entry, deliveries.part)) then 1 else 0 end
     where shop_id = $1 and subscription_id = $2 and state < 2";

impl Store {
    /// Puts deliveries back, to be sent from `doer.now` on as if they had never been tried, and in order as far as others
    /// of the complaint wait still. `answer` is told how many. `None` if there is no such shop.
    pub async fn replay<E>(
        &self,
        shop: &ShopId,
        subscription_id: &str,
        doer: &Doer,
        which: &Replay,
        answer: impl FnOnce(i64) -> String,
    ) -> Result<Option<Done<E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, _, _)) = begun else { return Ok(None) };
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let Some(subscription) = tx.lock_subscription(shop, subscription_id).await? else {
            return Ok(Some(Done::Unknown));
        };
        let count = tx.put_back(shop, &subscription, which, doer.now).await?;
        if count > 0 {
            if subscription.kind == "webhook" {
                tx.execute(shop, IN_ORDER, &[subscription_id.into()]).await?;
            }
            const DUE: &str =
                "update subscriptions set next_at = $3 where shop_id = $1 and subscription_id = $2";
            tx.execute(shop, DUE, &[subscription_id.into(), doer.now.into()]).await?;
        }
        let answer = answer(count);
        tx.commit_with(shop, doer.remembering(&answer).as_slice()).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

const PUT_BACK: &str = "update deliveries set state = 0, attempts = 0, next_at = $3, done_at = null
     where shop_id = $1 and subscription_id = $2";

impl Tx {
    async fn put_back(
        &mut self,
        shop: &ShopId,
        subscription: &Subscription,
        which: &Replay,
        now: i64,
    ) -> Result<i64> {
        let common: [Value<'_>; 2] = [(&subscription.subscription_id).into(), now.into()];
        let mut count = 0;
        match which {
            Replay::Deliveries(named) => {
                let sql = format!("{PUT_BACK} and entry = $4 and part = $5 and state >= 2");
                for (entry, part) in named.iter().take(MOST_REPLAYED.unsigned_abs() as usize) {
                    let values = [&common[..], &[(*entry).into(), (*part).into()]].concat();
                    count += self.execute(shop, &sql, &values).await?;
                }
            }
            Replay::From { from, until, all } => {
                let states = if *all { "2, 3, 4" } else { "3" };
                let sql = format!(
                    "{PUT_BACK} and state >= 2 and (entry, part) in (
                         select entry, part from deliveries where shop_id = $1 and subscription_id = $2
                         and state in ({states}) and created_at >= $4 and created_at <= $5
                         order by entry, part limit $6)"
                );
                let span = [(*from).into(), until.unwrap_or(now).into(), MOST_REPLAYED.into()];
                count = self.execute(shop, &sql, &[&common[..], &span].concat()).await?;
            }
            Replay::DeadLetters => {
                let sql = format!(
                    "{PUT_BACK} and state = 3 and (entry, part) in (
                         select entry, part from deliveries where shop_id = $1 and subscription_id = $2 and state = 3
                         order by entry, part limit $4)"
                );
                count = self.execute(shop, &sql, &[&common[..], &[MOST_REPLAYED.into()]].concat()).await?;
            }
        }
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// A subscription's deliveries that match, newest first, behind `before` (entry, part).
    pub async fn deliveries(
        &mut self,
        shop: &ShopId,
        subscription_id: &str,
        filter: &DeliveryFilter,
        before: Option<(i64, i64)>,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let mut clauses = Where::of_shop();
        clauses.and("subscription_id = ?", Some(subscription_id.into()));
        clauses.and("state = ?", filter.state.map(|state| state.number().into()));
        clauses.and("complaint_id = ?", filter.complaint_id.as_ref().map(Value::from));
        if let Some((entry, part)) = before {
            let (entry, part) = (clauses.bind(entry.into()), clauses.bind(part.into()));
            clauses.sql += &format!(" and (entry, part) < ({entry}, {part})");
        }
        let limit = clauses.bind(limit.into());
        let sql = format!(
            "select {COLUMNS} from deliveries where {} order by entry desc, part desc limit {limit}",
            clauses.sql
        );
        self.query_slowly(shop, &sql, &clauses.parameters, decode).await
    }

    /// How many of a subscription's deliveries wait, and how many were given up.
    pub async fn delivery_counts(&mut self, shop: &ShopId, subscription_id: &str) -> Result<DeliveryCounts> {
        const COUNT: &str = "select count(*) from deliveries
             where shop_id = $1 and subscription_id = $2 and state >= $3 and state <= $4";
        let mut counts = [0; 2];
        for (count, (first, last)) in counts.iter_mut().zip([(0, 1), (3, 3)]) {
            let values = [subscription_id.into(), Value::Int(first), Value::Int(last)];
            let found = self.query_slowly(shop, COUNT, &values, |row| row.int(0)).await?;
            *count = found.first().copied().unwrap_or_default();
        }
        let [waiting, given_up] = counts;
        Ok(DeliveryCounts { waiting, given_up })
    }
}
