//! SQL by which something happens to one complaint: one transaction with the change, its entry in the history, and
//! what is needed to know the same call again.

use tousu_wire::codes::{CodeTable, ComplaintFrom};

use super::complaints::{COLUMNS, to_json};
use super::handled::{HANDLING, Handled, handled, shown};
use super::history::{Entry, kept_by};
use super::{Brought, Incoming, Result, Row, ShopId, Store, StoreError, Tx, Value};
use crate::complaint::Reply;
use crate::life::{Actor, Event, Standing, Window, Windows};
use crate::privacy::masked_text;
use crate::shop_settings::ShopSettings;

/// Who calls, and how the call is known again.
#[derive(Clone, Debug)]
pub struct Doer {
    /// The app.
    pub client_id: String,
    /// Who it is, for the history.
    pub operator: String,
    /// In which role.
    pub actor: Actor,
    /// The call's idempotency key, if it has one, and the hash of all that it asks for.
    pub call: Option<(String, String)>,
    /// Epoch seconds.
    pub now: i64,
}

/// A complaint that begins, as far as it can be known whether it is there.
pub struct Beginning {
    /// Its number.
    pub complaint_id: String,
    /// Its source.
    pub complaint_from: ComplaintFrom,
    /// The source's own number.
    pub source_number: Option<String>,
    /// How it begins.
    pub event: Event,
}

/// What is to become of a complaint.
pub struct Deed {
    /// What happens.
    pub event: Event,
    /// The complaint afterwards.
    pub after: Handled,
    /// What was said along with it (JSON).
    pub said: String,
    /// What the consumer gets to read.
    pub reply: Option<Reply>,
}

/// What became of a call.
#[derive(Debug)]
pub enum Done<E> {
    /// It was done, now or by the same call before. This is its answer (JSON).
    Answered(String),
    /// There is no such complaint.
    Unknown,
    /// It may not be done.
    Refused(E),
    /// The call's key was another call's.
    KeyTaken,
}

/// For how long a call is known again, in seconds `[ours]`.
pub const CALLS_KNOWN: i64 = 24 * 3600;

impl Store {
    /// Lets something happen to a complaint. `decide` is told how it stands, what the shop decided, and under which version
    /// what happens will be known; it gives the deed and the answer to it, or says why not. Whoever acts on
    /// complaints of the same shop takes turns, so that what it is told stays true. `None` if there is no such shop.
    pub async fn act<E>(
        &self,
        shop: &ShopId,
        complaint_id: &str,
        doer: &Doer,
        decide: impl FnOnce(&Handled, &ShopSettings, i64) -> std::result::Result<(Deed, String), E>,
    ) -> Result<Option<Done<E>>> {
        let question =
            format!("select {COLUMNS}, {HANDLING} from complaints where shop_id = $1 and complaint_id = $2");
        let asked = [complaint_id.into()];
        let begun = self.write_asking(shop, Some((&question, &asked)), handled).await?;
        let Some((mut tx, taken, mut found)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let Some((before, number)) = found.pop() else { return Ok(Some(Done::Unknown)) };
        let (deed, answer) = match decide(&before, &taken.settings, version) {
            Ok(decided) => decided,
            Err(why) => return Ok(Some(Done::Refused(why))),
        };
        let written = Written::of(&before, &deed.after, version)?;
        let kept = chain.add(shop, written.entry(deed.event.name(), &deed.said, doer));
        let mut statements = written.statements(&deed.after, number, doer.now).to_vec();
        statements.extend(kept_by(&kept, &chain));
        let images = deed.reply.as_ref().map(|reply| to_json(&reply.images)).transpose()?.unwrap_or_default();
        if let Some(reply) = &deed.reply {
            let Reply { reply_from, content, images: _, replied_at } = reply;
            let values = [complaint_id.into(), reply_from.into(), content.into()];
            statements.push((REPLY, [&values[..], &[(&images).into(), (*replied_at).into()]].concat()));
        }
        statements.extend(doer.remembering(&answer));
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }

    /// Takes in a complaint that begins, unless it is there: by its own number, or by its source's. `begin` is told what
    /// the shop decided and gives the complaint with its windows; `answer` is told how it stands, and whether it
    /// is new. `None` if there is no such shop.
    pub async fn begin<E>(
        &self,
        shop: &ShopId,
        beginning: &Beginning,
        doer: &Doer,
        begin: impl FnOnce(&ShopSettings) -> std::result::Result<(Incoming, Windows), E>,
        answer: impl FnOnce(&Handled, bool) -> std::result::Result<String, E>,
    ) -> Result<Option<Done<E>>> {
        let Beginning { complaint_id, complaint_from, source_number, event } = beginning;
        let there = format!(
            "select {COLUMNS}, {HANDLING} from complaints where shop_id = $1
             and (complaint_id = $2 or complaint_from = $3 and source_number = $4)"
        );
        let asked = [complaint_id.into(), complaint_from.number().into(), source_number.as_ref().into()];
        let begun = self.write_asking(shop, Some((&there, &asked)), handled).await?;
        let Some((mut tx, taken, mut there)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let refused = |why| Ok(Some(Done::Refused(why)));
        if let Some((there, _)) = there.pop() {
            return answer(&there, false).map_or_else(refused, |answer| Ok(Some(Done::Answered(answer))));
        }
        let (incoming, windows) = match begin(&taken.settings) {
            Ok(begun) => begun,
            Err(why) => return refused(why),
        };
        let after = Handled {
            complaint: incoming.complaint.clone(),
            version,
            detail_step: None,
            step_before_closing: None,
            windows: Some(windows),
            assignee: None,
            tags: Vec::new(),
            source_number: source_number.clone(),
            mirrored: false,
        };
        let answer = match answer(&after, true) {
            Ok(answer) => answer,
            Err(why) => return refused(why),
        };
        let brought = Brought { by: CREATED, doer: None, at: doer.now };
        if !tx.take_in_one(shop, version, brought, &incoming).await? {
            return Err(StoreError::Value("a new complaint was not added".into()));
        }
        let written = Written::of(&after, &after, version)?;
        let entry = Entry { before: "{}".into(), ..written.entry(event.name(), "{}", doer) };
        let kept = chain.add(shop, entry);
        let windows = after.windows.as_ref().map(to_json).transpose()?;
        let more = vec![complaint_id.into(), source_number.as_ref().into(), windows.as_ref().into()];
        let mut statements = vec![(MORE, more)];
        statements.extend(kept_by(&kept, &chain));
        statements.extend(doer.remembering(&answer));
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

/// Who brought what was created through the gateway.
const CREATED: &str = "created";

pub(super) const LOG: &str =
    "insert into changes (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
     values ($1, $2, $3, 2, $4, $5)";

const UPDATE: &str = "update complaints set state = $2, current_step = $3, detail_step = $4,
         step_before_closing = $5, operate_time = $6, time_limit = $7, operate_end_time = $8, closed_at = $9,
         closed_overtime = $10, assignee = $11, tags = $12, windows = $13, version = $14, changed_at = $15
     where shop_id = $1 and number = $16";

const REPLY: &str = "insert into replies (shop_id, complaint_id, position, reply_from, content, images, replied_at)
     values ($1, $2, (select coalesce(max(position), 0) + 1 from replies where shop_id = $1 and complaint_id = $2),
         $3, $4, $5, $6)";

/// What a complaint that is taken in has not yet.
const MORE: &str =
    "update complaints set source_number = $3, windows = $4 where shop_id = $1 and complaint_id = $2";

const REMEMBER: &str = "insert into done_calls (shop_id, client_id, call_key, request_hash, answer, done_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (shop_id, client_id, call_key) do update
     set request_hash = excluded.request_hash, answer = excluded.answer, done_at = excluded.done_at";

impl Doer {
    /// What lets the call be known again.
    pub(super) fn remembering<'a>(&'a self, answer: &'a str) -> Option<(&'static str, Vec<Value<'a>>)> {
        let (key, hash) = self.call.as_ref()?;
        let values = vec![(&self.client_id).into(), key.into(), hash.into(), answer.into(), self.now.into()];
        Some((REMEMBER, values))
    }

    /// What the history has of something that this is done to: a complaint, or with an empty id the whole shop.
    pub(super) fn entry(
        &self,
        version: i64,
        complaint_id: &str,
        event: &str,
        [before, after, said]: [&str; 3],
    ) -> Entry {
        Entry {
            complaint_id: complaint_id.into(),
            version,
            event: event.into(),
            actor: self.actor.name().into(),
            // It stays when all else is erased, so that no number may stand in it.
            operator: masked_text(&self.operator).into_owned(),
            client_id: self.client_id.clone(),
            happened_at: self.now,
            before: before.into(),
            after: after.into(),
            said: said.into(),
        }
    }
}

/// What a change writes, where it is not at hand.
pub(super) struct Written {
    complaint_id: String,
    version: i64,
    was: (i64, i64),
    tags: Option<String>,
    windows: Option<String>,
    before: String,
    pub(super) after: String,
}

impl Written {
    pub(super) fn of(before: &Handled, after: &Handled, version: i64) -> Result<Self> {
        Ok(Written {
            complaint_id: before.complaint.complaint_id.clone(),
            version,
            was: (before.complaint.complaint_time, before.complaint.operate_end_time),
            tags: (!after.tags.is_empty()).then(|| to_json(&after.tags)).transpose()?,
            windows: after.windows.as_ref().map(to_json).transpose()?,
            before: shown(before)?,
            after: shown(after)?,
        })
    }

    pub(super) fn entry(&self, event: &str, said: &str, doer: &Doer) -> Entry {
        doer.entry(self.version, &self.complaint_id, event, [&self.before, &self.after, said])
    }

    /// What logs the change and makes it.
    pub(super) fn statements<'a>(
        &'a self,
        after: &'a Handled,
        number: i64,
        now: i64,
    ) -> [(&'static str, Vec<Value<'a>>); 2] {
        let log = vec![self.version.into(), number.into(), self.was.0.into(), self.was.1.into()];
        [(LOG, log), (UPDATE, self.values(after, number, now))]
    }

    fn values<'a>(&'a self, after: &'a Handled, number: i64, now: i64) -> Vec<Value<'a>> {
        let Standing {
            state,
            step,
            detail_step,
            step_before_closing,
            window,
            windows: _,
            closed_at,
            closed_overtime,
        } = after.standing();
        let Window { opened, hours, ends } = window;
        vec![
            state.number().into(),
            step.number().into(),
            detail_step.map(CodeTable::number).into(),
            step_before_closing.map(CodeTable::number).into(),
            opened.into(),
            hours.into(),
            ends.into(),
            closed_at.into(),
            closed_overtime.map(CodeTable::number).into(),
            after.assignee.as_ref().into(),
            self.tags.as_ref().into(),
            self.windows.as_ref().into(),
            self.version.into(),
            now.into(),
            number.into(),
        ]
    }
}

impl Tx {
    /// What the same call did before, if it did.
    pub(super) async fn known_call<E>(&mut self, shop: &ShopId, doer: &Doer) -> Result<Option<Done<E>>> {
        const KNOWN: &str = "select request_hash, answer from done_calls
             where shop_id = $1 and client_id = $2 and call_key = $3 and done_at > $4";
        let Some((key, hash)) = &doer.call else { return Ok(None) };
        let asked = [(&doer.client_id).into(), key.into(), (doer.now - CALLS_KNOWN).into()];
        let decode = |row: &Row<'_>| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
        let known = self.query(shop, KNOWN, &asked, decode).await?.pop();
        Ok(known.map(|(known, answer)| if known == *hash { Done::Answered(answer) } else { Done::KeyTaken }))
    }
}
