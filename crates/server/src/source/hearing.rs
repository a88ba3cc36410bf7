//! What becomes of an answer: it is compared with what is kept, what differs is written, and what is missing is asked for.

use std::collections::HashSet;

use tousu_wire::complaint_list::Request;

use super::OPERATOR;
use super::fetching::Fetching;
use super::plan::{Absence, Asked};
use super::proof::{mark, tallies};
use super::slice::{Mark, Span};
use super::upstream::{self, Listed, Told};
use crate::complaint::{Complaint, Details};
use crate::life::Actor;
use crate::store::{
    Brought, DayTally, DetailsDue, Differs, Doer, FromUpstream, Incoming, Outcome, Result, ShopId,
    StoreError, UPSTREAM,
};

/// New complaints of one answer, at most, that are told one by one; more of them are one event.
const ONE_BY_ONE: usize = 100;
/// Complaints of one transaction, whose details were fetched before.
const BATCH: usize = 10;
/// Complaints that one answer is compared with, at most.
const COMPARED: i64 = 20_000;
/// After so many disagreements with the list a detail is believed: the two mean different things then.
const BELIEVED_AFTER: i64 = 3;

impl Fetching {
    pub(super) async fn list(&mut self, asked: Asked) -> Result<()> {
        let request = asked.slice.request(asked.page_size);
        let listed = match self.asking(async |client| upstream::list(client, &request).await).await {
            Ok(listed) => listed,
            Err(_) => {
                self.plan.failed(asked, self.clock.epoch());
                return self.note(None).await;
            }
        };
        let added = self.write(&listed).await?;
        let of_pass = asked.of_pass;
        if of_pass {
            self.plan.pass_added(added);
        }
        let state = asked.slice.state;
        let judged = self.plan.heard(asked, listed.marks, listed.total, self.clock.epoch());
        let mut found = Vec::new();
        if let Some((span, there)) = judged.settled {
            found = self.compare(span, state, &there).await?;
        }
        match self.plan.progress().pass.as_ref().map(|pass| pass.number) {
            Some(pass) if of_pass => self.note(Some((pass, &found))).await,
            _ => Ok(()),
        }
    }

    /// Compares what is kept of a span with all that there is of it: what should be there and is not is asked for. What
    /// both sides have, by day and state.
    async fn compare(&mut self, span: Span, state: Option<i64>, there: &[Mark]) -> Result<Vec<DayTally>> {
        let mut tx = self.store.read().await?;
        let (here, erased) = tx.mirrored_in(&self.shop, (span.from, span.to), state, COMPARED).await?;
        drop(tx);
        let shown: HashSet<&str> = there.iter().map(|mark| mark.id.as_str()).collect();
        let ids = here.iter().map(|complaint| &complaint.complaint_id).chain(&erased);
        for id in ids.filter(|id| !shown.contains(id.as_str())) {
            self.plan.suspect(id.clone());
        }
        let here: Vec<Mark> = here.iter().map(mark).collect();
        // Those of which a person's data was erased are not the same any more, which is as it should be.
        let there = there.iter().filter(|mark| !erased.contains(&mark.id));
        Ok(tallies(here.iter(), there, self.clock.epoch()))
    }

    /// Writes what a page shows; how many complaints were new.
    async fn write(&mut self, listed: &Listed) -> Result<u64> {
        self.note_unreadable(&listed.unreadable);
        let differing = self.store.differing(&self.shop, &listed.complaints).await?;
        let of = |kind: Differs| {
            differing.iter().filter(move |one| one.1 == kind).map(|one| &listed.complaints[one.0])
        };
        let unknown: Vec<&str> =
            of(Differs::Unknown).map(|complaint| complaint.complaint_id.as_str()).collect();
        if !unknown.is_empty() {
            self.store.adopt(&self.shop, &unknown, self.clock.epoch()).await?;
        }
        let new: Vec<&Complaint> = of(Differs::IsNew).collect();
        let before = self.counted.added;
        let all_at_once = !new.is_empty() && (self.plan.is_filling() || new.len() > ONE_BY_ONE);
        if all_at_once {
            self.add_all(&new).await?;
        }
        let one_by_one = of(Differs::IsNew).filter(|_| !all_at_once).chain(of(Differs::Changed));
        let one_by_one: Vec<&Complaint> = one_by_one.collect();
        for chunk in one_by_one.chunks(BATCH) {
            let mut batch = Vec::with_capacity(chunk.len());
            for complaint in chunk {
                let details = self.details_of(complaint).await;
                batch.push(FromUpstream {
                    complaint_id: complaint.complaint_id.clone(),
                    complaint: Some((*complaint).clone()),
                    details,
                });
            }
            self.mirror(&batch).await?;
        }
        Ok(self.counted.added - before)
    }

    async fn mirror(&mut self, batch: &[FromUpstream]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.still_hold().await?;
        let done = self.store.mirror(&self.shop, &doer(self.clock.epoch()), batch).await?;
        let done = done.ok_or_else(|| no_shop(&self.shop))?;
        self.counted.added += done.added;
        self.counted.changed += done.changed;
        Ok(())
    }

    /// Adds what is new as an import does, with details to be fetched later.
    async fn add_all(&mut self, new: &[&Complaint]) -> Result<()> {
        self.still_hold().await?;
        let now = self.clock.epoch();
        let brought = Brought { by: UPSTREAM, doer: Some((OPERATOR, "")), at: now };
        let incoming = |complaint: &&Complaint| Incoming {
            complaint: (*complaint).clone(),
            details: Details::default(),
        };
        let batch: Vec<Incoming> = new.iter().map(incoming).collect();
        let outcomes = self.store.take_in(&self.shop, brought, &batch).await?;
        let outcomes = outcomes.ok_or_else(|| no_shop(&self.shop))?;
        let added = outcomes.iter().filter(|outcome| **outcome == Outcome::Added).count() as u64;
        let ids: Vec<&str> = new.iter().map(|complaint| complaint.complaint_id.as_str()).collect();
        self.store.adopt(&self.shop, &ids, now).await?;
        self.counted.added += added;
        if !self.plan.is_filling() {
            self.store.end_import(&self.shop, brought, added, 0).await?;
        }
        Ok(())
    }

    /// The details of a complaint as the list shows it; `None` if they are of another moment, or did not come.
    async fn details_of(&mut self, complaint: &Complaint) -> Option<Details> {
        let id = &complaint.complaint_id;
        match self.asking(async |client| upstream::info(client, id).await).await {
            Ok(Told::There(told)) if upstream::agrees(&told, complaint) => {
                Some(upstream::details(*told, complaint))
            }
            _ => None,
        }
    }

    /// Asks for one complaint by its number: what the list says of it counts, and that there is none only where the detail
    /// says so, too.
    pub(super) async fn one(&mut self, id: String) -> Result<()> {
        let request = Request { complaint_id: Some(id.clone()), ..Request::default() };
        let listed = match self.asking(async |client| upstream::list(client, &request).await).await {
            Ok(listed) => listed,
            Err(_) => {
                let now = self.clock.epoch();
                self.plan.unclear(id, now);
                self.plan.wait(now);
                return self.note(None).await;
            }
        };
        if listed.marks.iter().any(|mark| mark.id == id) {
            self.write(&listed).await?;
            self.plan.found(&id);
            return Ok(());
        }
        let says_none = listed.marks.is_empty() && listed.total.unwrap_or(0) == 0;
        let told = self.asking(async |client| upstream::info(client, &id).await).await;
        let now = self.clock.epoch();
        match told {
            Ok(Told::Nothing) if says_none => {
                let kept = self.store.read().await?.count_mirrored(&self.shop).await?.0;
                match self.plan.absent(id.clone(), now, kept) {
                    Absence::NotYet => {}
                    Absence::Gone => {
                        self.still_hold().await?;
                        let removed = self.store.remove_gone(&self.shop, &doer(now), &[&id]).await?;
                        self.counted.removed += removed;
                        self.plan.found(&id);
                        self.too_many = None;
                    }
                    Absence::TooMany => self.too_many = Some(self.plan.progress().missing.len()),
                }
            }
            _ => self.plan.unclear(id, now),
        }
        self.note(None).await
    }

    pub(super) async fn details_due(&self, limit: i64) -> Result<Vec<DetailsDue>> {
        self.store.read().await?.details_due(&self.shop, self.clock.epoch(), limit).await
    }

    /// Fetches details that are due.
    pub(super) async fn details(&mut self, due: Vec<DetailsDue>) -> Result<()> {
        let mut batch = Vec::with_capacity(due.len());
        for DetailsDue { complaint_id, complaint, failures } in due {
            let id = &complaint_id;
            let told = self.asking(async |client| upstream::info(client, id).await).await;
            let believed = failures >= BELIEVED_AFTER;
            match told {
                Ok(Told::There(told)) if believed || upstream::agrees(&told, &complaint) => {
                    let details = Some(upstream::details(*told, &complaint));
                    batch.push(FromUpstream { complaint_id, complaint: None, details });
                    continue;
                }
                // The row is of another moment, or the complaint is gone.
                Ok(_) => self.plan.suspect(complaint_id.clone()),
                Err(_) => {}
            }
            let again_at = self.clock.epoch() + patience(failures);
            self.store.details_failed(&self.shop, &complaint_id, again_at).await?;
        }
        self.mirror(&batch).await
    }

    pub(super) async fn end_pass(&mut self) -> Result<()> {
        let now = self.clock.epoch();
        let was_filling = self.plan.is_filling();
        let Some((ended, added)) = self.plan.pass_told(now) else { return Ok(()) };
        self.pass_done();
        if was_filling && added > 0 {
            let brought = Brought { by: UPSTREAM, doer: Some((OPERATOR, "")), at: now };
            self.store.end_import(&self.shop, brought, added, 0).await?;
        }
        if !was_filling {
            self.store.refresh_open_details(&self.shop, now).await?;
        }
        self.store.forget_days_before(&self.shop, ended.number).await?;
        let proof = self.proof_of(&ended).await?;
        self.keep_proof(&proof)?;
        let certain = proof.certain == 1;
        tracing::info!(shop = %self.shop, pass = ended.number, complaints = proof.complaints, certain, "compared with the upstream");
        self.note(None).await
    }
}

/// How long details that did not come are not asked for again, in seconds: a minute, then longer and longer, up to six hours.
fn patience(failures: i64) -> i64 {
    (60_i64 << failures.clamp(0, 9)).min(6 * 3600)
}

fn no_shop(shop: &ShopId) -> StoreError {
    StoreError::Value(format!("there is no shop {shop}"))
}

fn doer(now: i64) -> Doer {
    Doer { client_id: String::new(), operator: OPERATOR.into(), actor: Actor::ThirdParty, call: None, now }
}
