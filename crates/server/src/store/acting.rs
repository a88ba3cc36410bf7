//! SQL by which something happens to one complaint: one transaction with the change, its entry in the history, and
//! what is needed to know the same call again.

use std::collections::HashMap;

use tousu_wire::codes::{CodeTable, ComplaintFrom, CurrentStep, DetailStep};

use super::complaints::{COLUMN_COUNT, COLUMNS, decode, to_json};
use super::history::{Entry, kept_by};
use super::{Brought, Incoming, Result, Row, ShopId, Store, StoreError, Tx, Value};
use crate::complaint::{Complaint, Reply};
use crate::life::{Actor, Event, Standing, Window, Windows};
use crate::shop_settings::ShopSettings;

/// A complaint as whoever acts on it finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The complaint.
    pub complaint: Complaint,
    /// The shop's version of its last change.
    pub version: i64,
    /// `current_step` of the detail, where the list has no number for it.
    pub detail_step: Option<DetailStep>,
    /// `current_step` when it was closed.
    pub step_before_closing: Option<CurrentStep>,
    /// The windows that run, where they are not the source's.
    pub windows: Option<Windows>,
    /// Whose work it is.
    pub assignee: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The source's own number.
    pub source_number: Option<String>,
}

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

pub(super) const HANDLING: &str =
    "number, version, detail_step, step_before_closing, assignee, tags, source_number, windows";

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
        if let Some((key, hash)) = &doer.call {
            statements.push((REMEMBER, remembered(doer, key, hash, &answer)));
        }
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
        };
        let answer = match answer(&after, true) {
            Ok(answer) => answer,
            Err(why) => return refused(why),
        };
        let brought = Brought { by: CREATED, at: doer.now };
        if !tx.take_in_one(shop, version, brought, &incoming).await? {
            return Err(StoreError::Value("a new complaint was not added".into()));
        }
        let written = Written::of(&after, &after, version)?;
        let entry = Entry { before: "{}".into(), ..written.entry(event.name(), "{}", doer) };
        let kept = chain.add(shop, entry);
        let windows = after.windows.as_ref().map(json_of).transpose()?;
        let more = vec![complaint_id.into(), source_number.as_ref().into(), windows.as_ref().into()];
        let mut statements = vec![(MORE, more)];
        statements.extend(kept_by(&kept, &chain));
        if let Some((key, hash)) = &doer.call {
            statements.push((REMEMBER, remembered(doer, key, hash, &answer)));
        }
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

impl Store {
    /// Changes what a shop decided. `decide` is told what that was and, with `moves`, the open complaints whose windows are by
    /// rules; it gives the new settings, the complaints that change with them (after, before), and the answer. With
    /// `dry` nothing is kept but the answer. `None` if there is no such shop.
    pub async fn change_settings<E>(
        &self,
        shop: &ShopId,
        doer: &Doer,
        moves: bool,
        dry: bool,
        decide: impl FnOnce(&ShopSettings, Vec<Handled>) -> (ShopSettings, Vec<(Handled, Handled)>, String),
    ) -> Result<Option<Done<E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        if let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let running = if moves { tx.running(shop).await? } else { Vec::new() };
        let numbers: HashMap<String, i64> = running
            .iter()
            .map(|(handled, number)| (handled.complaint.complaint_id.clone(), *number))
            .collect();
        let running = running.into_iter().map(|(handled, _)| handled).collect();
        let (settings, moved, answer) = decide(&taken.settings, running);
        if dry {
            return Ok(Some(Done::Answered(answer)));
        }
        for (after, before) in &moved {
            let id = &before.complaint.complaint_id;
            let number = numbers.get(id).copied();
            let number = number.ok_or_else(|| StoreError::Value(format!("{id} was not asked for")))?;
            let written = Written::of(before, after, version)?;
            let kept = chain.add(shop, written.entry("deadline_moved", "{}", doer));
            let mut statements = written.statements(after, number, doer.now).to_vec();
            statements.extend(kept_by(&kept, &chain));
            tx.execute_all(shop, &statements).await?;
        }
        let (before, after) = (json_of(&taken.settings)?, json_of(&settings)?);
        let entry = Entry {
            complaint_id: String::new(),
            version,
            event: "settings_changed".into(),
            actor: doer.actor.name().into(),
            operator: doer.operator.clone(),
            client_id: doer.client_id.clone(),
            happened_at: doer.now,
            before,
            after: after.clone(),
            said: "{}".into(),
        };
        let kept = chain.add(shop, entry);
        let mut statements = vec![(SETTINGS, vec![(&after).into()])];
        statements.extend(kept_by(&kept, &chain));
        if let Some((key, hash)) = &doer.call {
            statements.push((REMEMBER, remembered(doer, key, hash, &answer)));
        }
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Done::Answered(answer)))
    }
}

const SETTINGS: &str = "update shops set settings = $2 where shop_id = $1";

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

pub(super) const REMEMBER: &str =
    "insert into done_calls (shop_id, client_id, call_key, request_hash, answer, done_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (shop_id, client_id, call_key) do update
     set request_hash = excluded.request_hash, answer = excluded.answer, done_at = excluded.done_at";

pub(super) fn remembered<'a>(doer: &'a Doer, key: &'a str, hash: &'a str, answer: &'a str) -> Vec<Value<'a>> {
    vec![(&doer.client_id).into(), key.into(), hash.into(), answer.into(), doer.now.into()]
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
            windows: after.windows.as_ref().map(json_of).transpose()?,
            before: shown(before)?,
            after: shown(after)?,
        })
    }

    pub(super) fn entry(&self, event: &str, said: &str, doer: &Doer) -> Entry {
        Entry {
            complaint_id: self.complaint_id.clone(),
            version: self.version,
            event: event.into(),
            actor: doer.actor.name().into(),
            operator: doer.operator.clone(),
            client_id: doer.client_id.clone(),
            happened_at: doer.now,
            before: self.before.clone(),
            after: self.after.clone(),
            said: said.to_owned(),
        }
    }

    /// What logs the change and makes it.
    fn statements<'a>(
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

impl Handled {
    /// What of it its life changes.
    pub fn standing(&self) -> Standing {
        let complaint = &self.complaint;
        Standing {
            state: complaint.state,
            step: complaint.current_step,
            detail_step: self.detail_step,
            step_before_closing: self.step_before_closing,
            window: Window {
                opened: complaint.operate_time,
                hours: complaint.time_limit,
                ends: complaint.operate_end_time,
            },
            windows: self.windows.clone(),
            closed_at: complaint.closed_at,
            closed_overtime: complaint.closed_overtime,
        }
    }

    /// The complaint with another standing.
    pub fn standing_as(mut self, standing: Standing) -> Self {
        let Standing {
            state,
            step,
            detail_step,
            step_before_closing,
            window,
            windows,
            closed_at,
            closed_overtime,
        } = standing;
        self.windows = windows;
        (self.complaint.state, self.complaint.current_step) = (state, step);
        (self.detail_step, self.step_before_closing) = (detail_step, step_before_closing);
        (self.complaint.operate_time, self.complaint.time_limit) = (window.opened, window.hours);
        self.complaint.operate_end_time = window.ends;
        (self.complaint.closed_at, self.complaint.closed_overtime) = (closed_at, closed_overtime);
        self
    }
}

/// What the history has of a complaint before and after a change (JSON).
fn shown(handled: &Handled) -> Result<String> {
    let Standing {
        state,
        step,
        detail_step,
        step_before_closing,
        window,
        windows,
        closed_at,
        closed_overtime,
    } = handled.standing();
    let code = |code: Option<i64>| code.map_or(serde_json::Value::Null, Into::into);
    let shown = serde_json::json!({
        "state": state.number(),
        "current_step": step.number(),
        "detail_step": code(detail_step.map(CodeTable::number)),
        "step_before_closing": code(step_before_closing.map(CodeTable::number)),
        "operate_time": window.opened,
        "time_limit": window.hours,
        "operate_end_time": window.ends,
        "windows": windows,
        "closed_at": closed_at,
        "closed_overtime": code(closed_overtime.map(CodeTable::number)),
        "assignee": handled.assignee,
        "tags": handled.tags,
    });
    json_of(&shown)
}

fn json_of(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Value(error.to_string()))
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Value(error.to_string()))
}

pub(super) fn handled(row: &Row<'_>) -> Result<(Handled, i64)> {
    let at = |column: usize| COLUMN_COUNT + column;
    let tags = row.optional_text(at(5))?.map(read_json).transpose()?.unwrap_or_default();
    let windows: Option<Windows> = row.optional_text(at(7))?.map(read_json).transpose()?;
    let complaint = decode(row)?;
    let counting = Window {
        opened: complaint.operate_time,
        hours: complaint.time_limit,
        ends: complaint.operate_end_time,
    };
    let handled = Handled {
        version: row.int(at(1))?,
        detail_step: row.optional_int(at(2))?.map(DetailStep::from),
        step_before_closing: row.optional_int(at(3))?.map(CurrentStep::from),
        // Where the source has set another deadline since, it is the source's.
        windows: windows.filter(|windows| windows.counting().window == counting),
        assignee: row.optional_text(at(4))?.map(str::to_owned),
        tags,
        source_number: row.optional_text(at(6))?.map(str::to_owned),
        complaint,
    };
    Ok((handled, row.int(at(0))?))
}

impl Tx {
    /// A complaint as whoever acts on it finds it, if the shop has it.
    pub async fn handled(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Option<Handled>> {
        let sql =
            format!("select {COLUMNS}, {HANDLING} from complaints where shop_id = $1 and complaint_id = $2");
        Ok(self.query(shop, &sql, &[complaint_id.into()], handled).await?.pop().map(|found| found.0))
    }

    /// The open complaints whose windows are by rules, with their numbers.
    async fn running(&mut self, shop: &ShopId) -> Result<Vec<(Handled, i64)>> {
        let sql = format!(
            "select {COLUMNS}, {HANDLING} from complaints
             where shop_id = $1 and state <> 2 and windows is not null order by number"
        );
        self.query_slowly(shop, &sql, &[], handled).await
    }

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
