//! Who sends: one node at a time, for all shops. It looks once a second; where nothing is due it writes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tousu_wire::Text;

use super::alarms::Alarms;
use super::sender::Sender;
use super::target::Kind;
use super::{next_report, people, programs, told};
use crate::clock::Clock;
use crate::notify::budget::Limits;
use crate::notify::daily;
use crate::secrets;
use crate::store::{Lease, Next, Reserved, Result, Settled, ShopId, Store, TargetStanding, Tx, Watching};

const DISPATCHING: &str = "notices";
/// After so many seconds without a sign of life another node goes on. With the second between two looks, no alarm is
/// later than five.
const LEASE: i64 = 3;
/// Subscriptions that one look walks over: of more, each is looked at every few looks.
const WALK: i64 = 500;
/// Subscriptions that are served at once.
const SERVED: usize = 200;
/// Reports that one look begins.
const REPORTS: i64 = 200;
/// Entries of one transaction.
const BATCH: i64 = 500;
/// How often it is tried to keep what came of a post: it would be sent again otherwise.
const KEEP_TRIES: u32 = 5;
/// What is under way at a stop may take so long to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Sends what is to be sent.
pub struct Dispatcher {
    shared: Arc<Shared>,
    alarms: Alarms,
    /// The last subscription that was walked over, and what was seen since the walk began.
    walked: Option<(ShopId, String)>,
    seen: Vec<Watching>,
    /// What the last whole walk saw; `None` before it.
    watching: Option<Vec<Watching>>,
    leased_until: i64,
    at_work: JoinSet<()>,
    served: HashMap<Id, (ShopId, String)>,
}

/// What every subscription's work needs.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    holder: String,
    stopping: AtomicBool,
    /// Held while a post is reserved: subscriptions that lead to one address share its limits.
    reserving: tokio::sync::Mutex<()>,
}

impl Dispatcher {
    /// One that has not looked yet.
    pub fn new(store: Store, sender: Sender, clock: Clock) -> Self {
        let holder = secrets::random_text(16);
        let stopping = AtomicBool::new(false);
        let shared =
            Shared { store, sender, clock, holder, stopping, reserving: tokio::sync::Mutex::default() };
        Dispatcher {
            shared: Arc::new(shared),
            alarms: Alarms::default(),
            walked: None,
            seen: Vec::new(),
            watching: None,
            leased_until: i64::MIN,
            at_work: JoinSet::new(),
            served: HashMap::new(),
        }
    }

    /// Looks once a second and whenever something was sent, until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut due = interval(Duration::from_secs(1));
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                Some(ended) = self.at_work.join_next_with_id(), if !self.at_work.is_empty() => self.ended(ended),
                () = &mut stop => break,
            }
            match self.look().await {
                Ok(_) => failing = false,
                // Once, not each second of a database that is gone.
                Err(error) if failing => tracing::debug!(%error, "notices could not be looked after"),
                Err(error) => {
                    tracing::warn!(%error, "notices could not be looked after");
                    failing = true;
                }
            }
        }
        self.shared.stopping.store(true, Ordering::Relaxed);
        let ends = async { while self.at_work.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_WORDS, ends).await;
        // Another node need not wait.
        if self.leased_until > i64::MIN {
            let _ = self.shared.store.release(DISPATCHING, &self.shared.holder).await;
        }
    }

    /// Does all that is due at this moment, and what becomes due by it, and returns.
    pub async fn turn(&mut self) -> Result<()> {
        loop {
            let more = self.look().await?;
            if self.at_work.is_empty() && !more {
                return Ok(());
            }
            while let Some(ended) = self.at_work.join_next_with_id().await {
                self.ended(ended);
            }
        }
    }

    fn ended(&mut self, ended: std::result::Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "the work for a subscription broke off");
                }
                error.id()
            }
        };
        self.served.remove(&id);
    }

    /// Subscriptions with something to be sent that nobody is at.
    async fn due(&self, tx: &mut Tx, now: i64) -> Result<Vec<(ShopId, String)>> {
        let served: HashSet<&(ShopId, String)> = self.served.values().collect();
        let limit = SERVED.saturating_sub(served.len());
        let asked = i64::try_from(SERVED + served.len()).unwrap_or(i64::MAX);
        let mut due = tx.due_subscriptions(now, asked).await?;
        due.retain(|one| !served.contains(one));
        due.truncate(limit);
        Ok(due)
    }

    /// Looks at what is due, and begins it. Whether there was anything.
    async fn look(&mut self) -> Result<bool> {
        let now = self.shared.clock.epoch();
        if !self.at_work.is_empty() && !self.hold(now).await? {
            return Ok(false);
        }
        let mut tx = self.shared.store.read().await?;
        let chunk = tx.watching_after(self.walked.as_ref(), WALK).await?;
        let behind: HashSet<ShopId> =
            chunk.iter().filter(|one| one.position < one.entries).map(|one| one.shop.clone()).collect();
        self.walk(chunk);
        let mut due = self.due(&mut tx, now).await?;
        let reports = tx.due_reports(now, REPORTS).await?;
        let alarms = match self.watching.as_deref() {
            Some(watching) if !watching.is_empty() => self.alarms.look(&mut tx, watching, now).await?,
            _ => BTreeMap::new(),
        };
        drop(tx);
        if behind.is_empty() && due.is_empty() && reports.is_empty() && alarms.is_empty() {
            self.alarms.raise(&self.shared.store, alarms, now).await?;
            self.mark(now).await?;
            return Ok(false);
        }
        if !self.hold(now).await? {
            return Ok(false);
        }
        let with_alarms: Vec<ShopId> = alarms.values().map(|(shop, _)| shop.clone()).collect();
        let raised = self.alarms.raise(&self.shared.store, alarms, now).await?;
        if raised > 0 {
            tracing::debug!(raised, "alarms");
        }
        let to_fan_out: HashSet<ShopId> = behind.into_iter().chain(with_alarms).collect();
        for shop in &to_fan_out {
            while self.shared.store.fan_out(shop, now, BATCH, told::events).await? {}
        }
        let (day, _, _) = daily::day(now);
        for (shop, id) in &reports {
            let next = |one: &crate::store::Subscription| {
                one.digest_time.as_deref().and_then(|time| next_report(time, now))
            };
            self.shared.store.report_comes_up(shop, id, day, now, next).await?;
        }
        if !to_fan_out.is_empty() || !reports.is_empty() {
            due = self.due(&mut self.shared.store.read().await?, now).await?;
        }
        let any = !due.is_empty() || !to_fan_out.is_empty() || !reports.is_empty();
        for (shop, id) in due {
            let work = self.at_work.spawn(serve(self.shared.clone(), shop.clone(), id.clone()));
            self.served.insert(work.id(), (shop, id));
        }
        self.mark(now).await?;
        Ok(any)
    }

    fn walk(&mut self, chunk: Vec<Watching>) {
        let is_last = i64::try_from(chunk.len()).is_ok_and(|count| count < WALK);
        self.walked = chunk.last().map(|last| (last.shop.clone(), last.subscription_id.clone()));
        self.seen.extend(chunk);
        if is_last {
            self.watching = Some(std::mem::take(&mut self.seen));
            self.walked = None;
        }
    }

    /// Whether this node sends. Where it does not any more, what it has under way ends.
    async fn hold(&mut self, now: i64) -> Result<bool> {
        if self.leased_until == now + LEASE {
            return Ok(true);
        }
        if self.shared.store.claim(DISPATCHING, &self.shared.holder, now, LEASE).await? {
            self.leased_until = now + LEASE;
            return Ok(true);
        }
        self.at_work.abort_all();
        self.leased_until = i64::MIN;
        Ok(false)
    }

    async fn mark(&mut self, now: i64) -> Result<()> {
        let watching = self.watching.as_ref().is_some_and(|watching| !watching.is_empty());
        if let Some(marks) = self.alarms.to_mark(now).filter(|_| watching) {
            self.shared.store.mark_alarms(&marks).await?;
            self.alarms.marked(now);
        }
        Ok(())
    }
}

/// Serves one subscription until nothing of it is due.
async fn serve(shared: Arc<Shared>, shop: ShopId, id: String) {
    loop {
        match shared.serve_once(&shop, &id).await {
            Ok(true) if !shared.stopping.load(Ordering::Relaxed) => {}
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, %shop, subscription_id = id, "a subscription could not be served");
                break;
            }
        }
    }
}

impl Shared {
    async fn serve_once(&self, shop: &ShopId, id: &str) -> Result<bool> {
        let found = self.store.read().await?.subscription(shop, id).await?;
        let Some(subscription) = found else { return Ok(false) };
        if !subscription.enabled || subscription.state.paused_until > self.clock.epoch() {
            self.settle(shop, id, &[], &TargetStanding::default()).await?;
            return Ok(false);
        }
        match Kind::named(&subscription.kind) {
            Some(Kind::Webhook) => programs::send(self, shop, &subscription).await,
            _ => people::send(self, shop, &subscription).await,
        }
    }

    /// As [`Store::reserve_post`], as long as this node sends.
    pub(super) async fn reserve(
        &self,
        shop: &ShopId,
        id: &str,
        limits: &'static Limits,
        open: &[&str],
    ) -> Result<Reserved> {
        let _alone = self.reserving.lock().await;
        let millis = self.clock.epoch_millis();
        let lease = Lease { name: DISPATCHING, holder: &self.holder };
        self.store.reserve_post(shop, id, Some(lease), limits, millis, open).await
    }

    /// Keeps what came of deliveries, though the database may be away for a moment.
    pub(super) async fn settle(
        &self,
        shop: &ShopId,
        id: &str,
        settled: &[Settled],
        standing: &TargetStanding,
    ) -> Result<()> {
        let mut tried = 1;
        loop {
            match self.store.settle(shop, id, settled, standing, self.clock.epoch()).await {
                Err(error) if tried < KEEP_TRIES && !settled.is_empty() => {
                    tracing::debug!(%error, tried, "what came of a delivery is not kept yet");
                    tokio::time::sleep(Duration::from_millis(200) * tried).await;
                    tried += 1;
                }
                ended => return ended,
            }
        }
    }

    /// The target cannot be called until somebody changes something.
    pub(super) async fn cannot(&self, shop: &ShopId, id: &str, problem: Text) -> Result<()> {
        tracing::warn!(%shop, subscription_id = id, %problem, "a subscription's target cannot be called");
        let standing = TargetStanding {
            problem: Some(problem.to_string()),
            paused_until: Some(self.clock.epoch() + people::REFUSED),
            ..Default::default()
        };
        self.settle(shop, id, &[], &standing).await
    }

    /// Counts what became of a delivery.
    pub(super) fn count(&self, kind: Kind, next: &Next) {
        let outcome = match next {
            Next::Delivered => "delivered",
            Next::TryAt(_) => "failed",
            Next::GivenUp => "given_up",
            Next::NoNews => "no_news",
        };
        metrics::counter!("tousu_notices_total", "kind" => kind.name(), "outcome" => outcome).increment(1);
    }
}
