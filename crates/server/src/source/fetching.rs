//! Does what the [`Plan`] says: asks the upstream, writes what it shows, and keeps how far that is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::AbortHandle;
use tousu_client::{Client, Error};
use tousu_wire::Text;
use tousu_wire::mirror::Proof;

use super::plan::{Next, PassEnded, Plan, Progress, Terms};
use super::proof::{self, Doubts};
use super::upstream::{Upstream, is_hopeless};
use super::{read, written};
use crate::clock::Clock;
use crate::privacy::masked_text;
use crate::secrets;
use crate::store::{DayTally, Mirror, MirrorStanding, Result, ShopId, Store, StoreError};

/// After so many seconds without a sign of life another node goes on.
const LEASE: i64 = 10;
const RENEWED_EVERY: Duration = Duration::from_secs(3);
/// Details that are fetched before it is looked what else is to be done.
const DETAILS: i64 = 10;
/// Seconds between two notes of how far it is, where nothing else is written.
const NOTE_EVERY: i64 = 10;
/// Rows that could not be understood, at most, that are named.
const NAMED: usize = 100;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something; there may be more.
    Worked,
    /// Nothing: there is nothing before that moment (epoch seconds).
    Rest(i64),
    /// Nothing: another process fetches this shop.
    Others,
}

/// What was done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Calls of the list and the detail.
    pub calls: u64,
    /// Complaints that were new.
    pub added: u64,
    /// Complaints that changed.
    pub changed: u64,
    /// Complaints that were gone.
    pub removed: u64,
}

/// How far it was when that was last kept.
#[derive(Default)]
struct Noted {
    at: i64,
    fresh_as_of: Option<i64>,
    progress: String,
}

/// One shop being fetched.
pub struct Fetching {
    pub(super) store: Store,
    pub(super) shop: ShopId,
    pub(super) clock: Clock,
    client: Client,
    terms: Terms,
    pub(super) plan: Plan,
    pub(super) standing: MirrorStanding,
    /// Rows that were not understood, and why; of that pass and the rounds since.
    unreadable: (i64, BTreeMap<String, String>),
    holder: String,
    leased_until: i64,
    noted: Noted,
    /// Whether the proof that is kept leaves nothing in doubt.
    proven: bool,
    believe_all: bool,
    wants_pass: bool,
    /// So many complaints are missing at once that none of them is believed to be gone.
    pub(super) too_many: Option<usize>,
    pub(super) counted: Counted,
    /// An error that asking again does not help against.
    hopeless: Option<Arc<str>>,
}

impl Fetching {
    /// Goes on where this shop's mirror was, which must be kept ([`Store::keep_mirror`]).
    pub async fn open(
        store: Store,
        shop: ShopId,
        upstream: &Upstream,
        share: i64,
        terms: Terms,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let client = upstream.client(share, &clock)?;
        let mut fetching = Fetching {
            plan: Plan::new(terms, Progress::default()),
            standing: MirrorStanding::default(),
            unreadable: (0, BTreeMap::new()),
            proven: true,
            holder: secrets::random_text(16),
            leased_until: i64::MIN,
            noted: Noted::default(),
            believe_all: false,
            wants_pass: false,
            too_many: None,
            counted: Counted::default(),
            hopeless: None,
            store,
            shop,
            clock,
            client,
            terms,
        };
        fetching.reload().await?;
        Ok(fetching)
    }

    /// What is missing is believed to be gone, however much it is.
    pub fn believe_all(&mut self) {
        self.believe_all = true;
        self.plan.believe_all = true;
    }

    /// What was done since it was opened.
    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// What is told of it.
    pub fn standing(&self) -> &MirrorStanding {
        &self.standing
    }

    /// Why asking again is in vain, if it is (`中文 ¦ English`).
    pub fn hopeless(&self) -> Option<&str> {
        self.hopeless.as_deref()
    }

    /// Answers that did not come, in a row.
    pub fn failures(&self) -> u32 {
        self.plan.failures()
    }

    /// Begins a pass over everything, unless one is under way.
    pub fn want_pass(&mut self) {
        self.wants_pass = true;
        self.plan.want_pass(self.clock.epoch());
    }

    /// Whether a round that began since then, and a pass, have come to their ends, and no details are due.
    pub async fn is_done_since(&self, began: i64) -> Result<bool> {
        Ok(self.plan.is_done_since(began) && self.details_due(1).await?.is_empty())
    }

    /// Does all that is due at this moment; gives the moment at which there is more.
    pub async fn turn(&mut self) -> Result<Option<i64>> {
        loop {
            match self.step().await? {
                Step::Worked => {}
                Step::Rest(until) => return Ok(Some(until)),
                Step::Others => return Ok(None),
            }
        }
    }

    /// What is proved at the end of a run, which is kept, too: details that were due when the last pass ended may have come
    /// since. Not after a step that was broken off, of which nothing is known.
    pub async fn conclude(&mut self) -> Result<Option<Proof>> {
        let proof = self.proof().await?;
        if let Some(proof) = &proof {
            self.still_hold().await?;
            self.keep_proof(proof)?;
            self.note(None).await?;
        }
        Ok(proof)
    }

    /// Lets another process go on.
    pub async fn release(&mut self) -> Result<()> {
        self.leased_until = i64::MIN;
        self.store.release(&lease(&self.shop), &self.holder).await
    }

    /// Asks one thing, and writes what it shows. After an error of the store it goes on from what is kept.
    pub async fn step(&mut self) -> Result<Step> {
        match self.try_step().await {
            Ok(step) => Ok(step),
            Err(error) => {
                // What was heard and not written is asked for again.
                let _ = self.reload().await;
                Err(error)
            }
        }
    }

    async fn try_step(&mut self) -> Result<Step> {
        if !self.hold().await? {
            return Ok(Step::Others);
        }
        // A slow upstream, asked with patience, may take longer than the lease.
        let _kept = Keeping::begin(self);
        let next = self.plan.next(self.clock.epoch());
        match next {
            Next::List(asked) => self.list(asked).await?,
            Next::One(id) => self.one(id).await?,
            Next::PassEnded => self.end_pass().await?,
            Next::Rest(until) => {
                self.note_now_and_then().await?;
                // Where nothing answers, details are not asked for either.
                let due =
                    if self.plan.failures() == 0 { self.details_due(DETAILS).await? } else { Vec::new() };
                if due.is_empty() {
                    return Ok(Step::Rest(until));
                }
                self.details(due).await?;
            }
        }
        self.note_now_and_then().await?;
        Ok(Step::Worked)
    }

    /// Whether this process may go on: it has the lease, or takes it.
    pub(super) async fn hold(&mut self) -> Result<bool> {
        let now = self.clock.epoch();
        if now + LEASE * 2 / 3 >= self.leased_until {
            if !self.store.claim(&lease(&self.shop), &self.holder, now, LEASE).await? {
                self.leased_until = i64::MIN;
                return Ok(false);
            }
            let lapsed = self.leased_until < now;
            self.leased_until = now + LEASE;
            if lapsed {
                self.go_on().await?;
            }
        }
        Ok(true)
    }

    /// The lease was free for a while: where another process went on, this one goes on from there.
    async fn go_on(&mut self) -> Result<()> {
        let kept = self.kept().await?;
        if kept.progress == self.noted.progress { Ok(()) } else { self.take(kept) }
    }

    async fn kept(&self) -> Result<Mirror> {
        let kept = self.store.read().await?.mirror(&self.shop).await?;
        kept.ok_or_else(|| self.nowhere())
    }

    fn nowhere(&self) -> StoreError {
        StoreError::Value(format!("the shop {} is fetched from nowhere", self.shop))
    }

    /// Forgets what is not kept.
    async fn reload(&mut self) -> Result<()> {
        let kept = self.kept().await?;
        self.take(kept)
    }

    fn take(&mut self, kept: Mirror) -> Result<()> {
        let progress: Progress = read(&kept.progress)?;
        let at = self.clock.epoch();
        self.noted = Noted { at, fresh_as_of: progress.fresh_as_of, progress: kept.progress };
        self.plan = Plan::new(self.terms, progress);
        self.plan.believe_all = self.believe_all;
        if self.wants_pass {
            self.plan.want_pass(at);
        }
        self.standing = kept.standing;
        // It is proved anew, if anything was in doubt.
        self.proven = false;
        Ok(())
    }

    pub(super) async fn note(&mut self, found: Option<(i64, &[DayTally])>) -> Result<()> {
        self.standing.fresh_as_of = self.plan.progress().fresh_as_of;
        if let (None, Some(count)) = (&self.standing.problem, self.too_many) {
            self.standing.problem = Some(format!(
                "上游一次缺失 {count} 条投诉，未作移除；确认无误后执行 tousu sync --accept-removals ¦ {count} complaints are missing upstream at once, none of which was removed; tousu sync --accept-removals removes them"
            ));
        }
        let progress = written(self.plan.progress())?;
        if !self.store.keep_progress(&self.shop, &progress, &self.standing, found).await? {
            return Err(self.nowhere());
        }
        self.noted = Noted { at: self.clock.epoch(), fresh_as_of: self.standing.fresh_as_of, progress };
        Ok(())
    }

    async fn note_now_and_then(&mut self) -> Result<()> {
        let round_ended = self.plan.progress().fresh_as_of != self.noted.fresh_as_of;
        if round_ended
            && !self.proven
            && let Some(proof) = self.proof().await?
        {
            self.keep_proof(&proof)?;
        }
        if round_ended || self.clock.epoch() >= self.noted.at + NOTE_EVERY {
            self.note(None).await?;
        }
        Ok(())
    }

    /// Notes that the upstream is asked, and gives what it said.
    pub(super) async fn asking<T>(
        &mut self,
        ask: impl AsyncFnOnce(&Client) -> std::result::Result<T, Error>,
    ) -> std::result::Result<T, Error> {
        self.counted.calls += 1;
        self.standing.tried_at = Some(self.clock.epoch());
        let said = ask(&self.client).await;
        match &said {
            Ok(_) => {
                self.standing.succeeded_at = Some(self.clock.epoch());
                self.standing.problem = None;
                self.hopeless = None;
            }
            Err(error) => {
                let problem = explained(error);
                tracing::warn!(shop = %self.shop, error = %problem, "the upstream gave no answer");
                self.hopeless = is_hopeless(error).then(|| problem.as_str().into());
                self.standing.problem = Some(problem);
            }
        }
        said
    }

    pub(super) fn keep_proof(&mut self, proof: &Proof) -> Result<()> {
        self.proven = proof.certain == 1;
        self.standing.proof = Some(written(proof)?);
        Ok(())
    }

    /// Notes rows that were not understood, those that were in an earlier pass no longer.
    pub(super) fn note_unreadable(&mut self, rows: &[(String, String)]) {
        let pass = self.plan.progress().passes;
        let (of, noted) = &mut self.unreadable;
        if *of != pass {
            (*of, *noted) = (pass, BTreeMap::new());
        }
        let room = NAMED.saturating_sub(noted.len());
        let masked = |(id, why): &(String, String)| (id.clone(), masked_text(why).into_owned());
        noted.extend(rows.iter().take(room).map(masked));
    }

    /// Whatever is written next belongs to whoever has the lease.
    pub(super) async fn still_hold(&mut self) -> Result<()> {
        match self.hold().await? {
            true => Ok(()),
            false => Err(StoreError::Value(format!("another process fetches {} by now", self.shop))),
        }
    }

    /// The pass that was wanted is done.
    pub(super) fn pass_done(&mut self) {
        self.wants_pass = false;
    }

    pub(super) async fn proof_of(&self, ended: &PassEnded) -> Result<Proof> {
        let mut tx = self.store.read().await?;
        let days = tx.mirror_days(&self.shop, ended.number).await?;
        let (_, details_due) = tx.count_mirrored(&self.shop).await?;
        let missing = &self.plan.progress().missing;
        let doubts = Doubts { missing, unreadable: &self.unreadable.1, details_due };
        Ok(proof::proof(ended, &days, doubts))
    }

    /// What is proved by now, of the last pass: what was in doubt at its end may be known since.
    pub async fn proof(&self) -> Result<Option<Proof>> {
        match &self.plan.progress().last_pass {
            Some(ended) => self.proof_of(ended).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Renews the lease as long as it is there.
struct Keeping(AbortHandle);

impl Keeping {
    fn begin(fetching: &Fetching) -> Self {
        let Fetching { store, shop, holder, clock, .. } = fetching;
        let (store, name, holder, clock) = (store.clone(), lease(shop), holder.clone(), clock.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED_EVERY).await;
                // If it is another's by now, that is seen before anything is written.
                let _ = store.claim(&name, &holder, clock.epoch(), LEASE).await;
            }
        });
        Keeping(renewing.abort_handle())
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn lease(shop: &ShopId) -> String {
    format!("mirror/{shop}")
}

/// What is wrong, and what helps (`中文 ¦ English`).
fn explained(error: &Error) -> String {
    // Servers repeat what they were sent, and what they have.
    let said = Text::from(masked_text(&error.to_string()).into_owned());
    let Some(hint) = error.hint() else { return said.to_string() };
    use tousu_wire::Lang::{En, Zh};
    format!("{}（{}） ¦ {} ({})", said.pick(Zh), hint.pick(Zh), said.pick(En), hint.pick(En))
}
