//! SQL that takes complaints in: what is new is numbered and added, what differs is written over, what is the
//! same is left alone.

mod changes;
mod foresight;
mod removal;

use std::collections::{HashMap, HashSet};

use serde_json::json;

use self::changes::changes;
use super::bulk::Texts;
use super::complaints::{COLUMN_COUNT, COLUMNS, encode, to_json};
use super::history::{Entry, kept_by};
use super::phones::{self, Sealed, There};
use super::{Result, ShopId, Store, Taken, Tx, Value};
use crate::complaint::{Complaint, Details, Reply};
use crate::life::Actor;
use crate::privacy::masked_text;

pub(super) use self::changes::{Change, statements};
pub use self::foresight::Foresight;

/// A complaint that arrives, with what only the detail interface shows.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The complaint.
    pub complaint: Complaint,
    /// Its details; only set when the complaint is new.
    pub details: Details,
}

/// Who brings complaints, and when.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// `import`, `demo` and the like.
    pub by: &'a str,
    /// Who that is, for the history: by name, and through which app. Nobody in particular: what brings them alone.
    pub doer: Option<(&'a str, &'a str)>,
    /// Epoch seconds.
    pub at: i64,
}

/// What became of an arriving complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there before.
    Added,
    /// It was there and differed.
    Changed,
    /// It was there, the same.
    Unchanged,
}

/// Complaints that are there, by id.
type Known = HashMap<String, There>;

/// What became of arriving complaints, before the changes among them are written.
struct Added {
    outcomes: Vec<Outcome>,
    changes: Vec<Change>,
    /// The numbers that were set aside for new ones, first and last.
    numbers: (i64, i64),
}

impl Store {
    /// Takes in complaints in a transaction of their own, telling of each what became of it, in order; `None` if there
    /// is no such shop. What changes nothing leaves no trace, not even a version.
    pub async fn take_in(
        &self,
        shop: &ShopId,
        brought: Brought<'_>,
        batch: &[Incoming],
    ) -> Result<Option<Vec<Outcome>>> {
        let question = are_few(batch).then(|| known(batch.iter()));
        let question = question.as_ref().map(|(sql, ids)| (sql.as_str(), &ids[..]));
        let Some((mut tx, taken, known)) = self.write_asking(shop, question, There::read).await? else {
            return Ok(None);
        };
        let (version, mut chain) = (taken.version, taken.chain);
        let added = tx.add(shop, version, brought, batch, known.into_iter().collect()).await?;
        let Some(entry) = added.entry(version, brought) else { return Ok(Some(added.outcomes)) };
        let kept = chain.add(shop, entry);
        if added.changes.len() > CHUNK {
            tx.change(shop, version, brought, &added.changes).await?;
            tx.commit_with(shop, &kept_by(&kept, &chain)).await?;
        } else {
            let mut statements = statements(&added.changes, version, brought);
            statements.extend(kept_by(&kept, &chain));
            tx.commit_with(shop, &statements).await?;
        }
        Ok(Some(added.outcomes))
    }
}

impl Tx {
    /// Takes in complaints under the shop's `version`, telling of each what became of it, in order.
    pub async fn take_in(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        batch: &[Incoming],
    ) -> Result<Vec<Outcome>> {
        let added = self.bring(shop, version, brought, batch).await?;
        if let Some(entry) = added.entry(version, brought) {
            self.note(shop, entry).await?;
        }
        Ok(added.outcomes)
    }

    /// Takes in one complaint, of which the history is told by the caller; whether it is new.
    pub(super) async fn take_in_one(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        incoming: &Incoming,
    ) -> Result<bool> {
        let added = self.bring(shop, version, brought, std::slice::from_ref(incoming)).await?;
        Ok(added.outcomes == [Outcome::Added])
    }

    async fn bring(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        batch: &[Incoming],
    ) -> Result<Added> {
        let known = if are_few(batch) { self.known(shop, batch).await? } else { HashMap::new() };
        let added = self.add(shop, version, brought, batch, known).await?;
        self.change(shop, version, brought, &added.changes).await?;
        Ok(added)
    }

    /// Adds those that are not there, and tells of the others which differ. Of few it is known which are there.
    async fn add(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        batch: &[Incoming],
        mut known: Known,
    ) -> Result<Added> {
        let coming =
            batch.iter().filter(|row| !known.contains_key(&row.complaint.complaint_id)).count() as i64;
        let mut number = if coming > 0 { self.reserve(shop, coming).await? } else { 0 };
        let numbers = (number, number + coming - 1);
        if self.are_new(shop, batch).await? && self.add_new(shop, version, brought, number, batch).await? {
            for row in batch {
                self.add_replies(shop, &row.complaint.complaint_id, &row.details.replies).await?;
            }
            return Ok(Added { outcomes: vec![Outcome::Added; batch.len()], changes: Vec::new(), numbers });
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while !rest.is_empty() {
            // Two texts only, so that both stay prepared.
            let size = if rest.len() >= CHUNK { CHUNK } else { 1 };
            let (chunk, later) = rest.split_at(size);
            if are_few(batch) && known.contains_key(&chunk[0].complaint.complaint_id) {
                outcomes.push(Outcome::Unchanged);
            } else {
                let is_new = self.insert(shop, version, brought, number, chunk).await?;
                number += chunk.len() as i64;
                let there = chunk.iter().zip(&is_new).filter_map(|(row, is_new)| (!is_new).then_some(row));
                known.extend(self.known(shop, there).await?);
                let outcome = |is_new: &bool| if *is_new { Outcome::Added } else { Outcome::Unchanged };
                outcomes.extend(is_new.iter().map(outcome));
            }
            rest = later;
        }
        let changes = changes(self.vault.as_deref(), shop, batch, &mut known, &mut outcomes)?;
        Ok(Added { outcomes, changes, numbers })
    }

    /// Whether the complaints are best added at once: many, and probably all new.
    async fn are_new(&mut self, shop: &ShopId, batch: &[Incoming]) -> Result<bool> {
        if are_few(batch) || !self.adds_new_fast() {
            return Ok(false);
        }
        let sample = batch.iter().step_by(batch.len().div_ceil(CHUNK));
        Ok(self.known(shop, sample).await?.is_empty())
    }

    /// Gives out so many numbers; the first of them.
    async fn reserve(&mut self, shop: &ShopId, count: i64) -> Result<i64> {
        const RESERVE: &str =
            "update shops set last_number = last_number + $2 where shop_id = $1 returning last_number";
        let last = self.query(shop, RESERVE, &[count.into()], |row| row.int(0)).await?;
        Ok(last.first().map_or(1, |last| last - count + 1))
    }

    /// Those of the complaints that are there.
    async fn known(&mut self, shop: &ShopId, rows: impl IntoIterator<Item = &Incoming>) -> Result<Known> {
        let rows: Vec<&Incoming> = rows.into_iter().collect();
        let mut found = HashMap::new();
        for chunk in rows.chunks(CHUNK) {
            let (sql, ids) = known(chunk.iter().copied());
            found.extend(self.query(shop, &sql, &ids, There::read).await?);
        }
        Ok(found)
    }

    /// Inserts those of the rows that are not there, numbered from `number`, and tells which they are.
    async fn insert(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        number: i64,
        chunk: &[Incoming],
    ) -> Result<Vec<bool>> {
        let texts: Vec<Texts> = chunk.iter().map(Texts::of).collect::<Result<_>>()?;
        let mut parameters = Vec::with_capacity(3 + chunk.len() * NEW_COLUMN_COUNT);
        parameters.extend([Value::from(brought.by), version.into(), brought.at.into()]);
        for ((row, texts), number) in chunk.iter().zip(&texts).zip(number..) {
            parameters.extend(encode(&row.complaint, &texts.phone));
            parameters.extend([
                Value::from(number),
                (&row.details.complainant_user_id).into(),
                (&row.details.content_msg).into(),
                (&texts.content_object).into(),
                (&texts.uploaded_images).into(),
                row.details.sub_mch_id.as_ref().into(),
                (&texts.phone_tail).into(),
            ]);
        }
        let sql = insert_sql(chunk.len());
        let inserted = self.query(shop, &sql, &parameters, |row| Ok(row.text(0)?.to_owned())).await?;
        let mut inserted: HashSet<&str> = inserted.iter().map(String::as_str).collect();
        // Of two rows with one id the first was inserted; the second is compared like any other.
        let is_new: Vec<bool> =
            chunk.iter().map(|row| inserted.remove(row.complaint.complaint_id.as_str())).collect();
        let added = || chunk.iter().zip(number..).zip(&is_new).filter(|(_, is_new)| **is_new);
        let sealed = added().filter_map(|((row, number), _)| {
            Some((number, Sealed::of_new(self.vault.as_deref(), shop, &row.complaint)?))
        });
        let sealed: Vec<_> = sealed.collect();
        self.keep_phones(shop, &sealed).await?;
        for ((row, _), _) in added() {
            self.add_replies(shop, &row.complaint.complaint_id, &row.details.replies).await?;
        }
        Ok(is_new)
    }

    pub(super) async fn add_replies(
        &mut self,
        shop: &ShopId,
        complaint_id: &str,
        replies: &[Reply],
    ) -> Result<()> {
        const REPLY: &str = "insert into replies
                 (shop_id, complaint_id, position, reply_from, content, images, replied_at)
             values ($1, $2, $3, $4, $5, $6, $7)";
        for (reply, position) in replies.iter().zip(1i64..) {
            let images = to_json(&reply.images)?;
            let values = [
                complaint_id.into(),
                position.into(),
                (&reply.reply_from).into(),
                (&reply.content).into(),
                (&images).into(),
                reply.replied_at.into(),
            ];
            self.execute(shop, REPLY, &values).await?;
        }
        Ok(())
    }
}

/// The event of an import's end.
pub const IMPORT_ENDED: &str = "import_ended";

impl Store {
    /// Notes that an import, each batch of which has an entry of its own, has ended, and how many complaints it added and
    /// changed.
    pub async fn end_import(
        &self,
        shop: &ShopId,
        brought: Brought<'_>,
        added: u64,
        changed: u64,
    ) -> Result<()> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((tx, Taken { version, mut chain, .. }, _)) = begun else { return Ok(()) };
        let said = json!({ "added": added, "changed": changed });
        let kept = chain.add(shop, brought.entry(version, IMPORT_ENDED, said));
        tx.commit_with(shop, &kept_by(&kept, &chain)).await
    }
}

impl Added {
    /// What the history has of it: one entry for all. Of the numbers set aside, those that there are were added;
    /// the others were there before under another.
    fn entry(&self, version: i64, brought: Brought<'_>) -> Option<Entry> {
        let added = self.outcomes.iter().filter(|outcome| **outcome == Outcome::Added).count();
        if added == 0 && self.changes.is_empty() {
            return None;
        }
        let changed: Vec<i64> = self.changes.iter().map(|change| change.number).collect();
        let (first, last) = self.numbers;
        let said = json!({ "added": added, "first_number": first, "last_number": last, "changed": changed });
        Some(brought.entry(version, "imported_in_bulk", said))
    }
}

impl Brought<'_> {
    fn entry(self, version: i64, event: &str, said: serde_json::Value) -> Entry {
        Entry {
            complaint_id: String::new(),
            version,
            event: event.into(),
            actor: Actor::ThirdParty.name().into(),
            operator: masked_text(self.doer.map_or(self.by, |doer| doer.0)).into_owned(),
            client_id: self.doer.map_or("", |doer| doer.1).into(),
            happened_at: self.at,
            before: "{}".into(),
            after: "{}".into(),
            said: said.to_string(),
        }
    }
}

/// Many are mostly new: they are inserted, and what was there shows. Few are mostly changes: what is there is
/// asked first.
fn are_few(batch: &[Incoming]) -> bool {
    batch.len() < CHUNK
}

/// Asks which of the complaints are there, at most [`CHUNK`].
fn known<'a>(rows: impl Iterator<Item = &'a Incoming>) -> (String, Vec<Value<'a>>) {
    let mut ids: Vec<Value<'_>> = rows.map(|row| (&row.complaint.complaint_id).into()).collect();
    // Two texts only, so that both stay prepared.
    let length = if ids.len() == 1 { 1 } else { CHUNK };
    let filler = ids.last().copied().unwrap_or(Value::Null);
    ids.resize(length, filler);
    let names: Vec<String> = (2..length + 2).map(|at| format!("${at}")).collect();
    let names = names.join(", ");
    (phones::there_where(&format!("complaint_id in ({names})")), ids)
}

/// Rows of one insert: enough to make the cost of a statement small, few enough for both databases'
/// limits on parameters.
const CHUNK: usize = 64;
/// The columns of a new complaint that differ from row to row.
const NEW_COLUMN_COUNT: usize = COLUMN_COUNT + 7;

fn insert_sql(rows: usize) -> String {
    let row = |first: usize| {
        let parameters: Vec<String> =
            (first..first + NEW_COLUMN_COUNT).map(|number| format!("${number}")).collect();
        format!("($1, $2, $3, $3, $4, {})", parameters.join(", "))
    };
    let values: Vec<String> = (0..rows).map(|at| row(5 + at * NEW_COLUMN_COUNT)).collect();
    format!(
        "insert into complaints (shop_id, source, created_version, version, changed_at, {COLUMNS}, number,
             complainant_user_id, content_msg, content_object, uploaded_images, sub_mch_id, phone_tail)
         values {} on conflict (shop_id, complaint_id) do nothing returning complaint_id",
        values.join(", ")
    )
}
