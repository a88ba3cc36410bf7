//! SQL about complaints.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use tousu_wire::codes::{CodeTable, Overtime};
use tousu_wire::complaint_list::{Filter, Page};

use super::listing::{MOST_NUMBERS, numbered};
use super::{Result, Row, ShopId, StoreError, Tx, Value};
use crate::complaint::{Complaint, Details, Reply, Shown};

/// A complaint that arrives, with what only the detail interface shows.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The complaint.
    pub complaint: Complaint,
    /// Its details; only set when the complaint is new.
    pub details: Details,
}

/// A complaint as it is kept.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The complaint.
    pub complaint: Complaint,
    /// `id` of the detail interface.
    pub number: i64,
    /// What only the detail interface shows.
    pub details: Details,
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

/// The columns of a [`Complaint`], in the order that [`shown`] reads them.
pub(super) const COLUMNS: &str = "complaint_id, channel_type, complaint_from, complaint_type, complaint_resource_type, \
     complaint_resource_id, complaint_reason, complainant_phone, complaint_time, state, current_step, \
     operate_time, time_limit, operate_end_time, closed_at, closed_overtime";
pub(super) const COLUMN_COUNT: usize = 16;

pub(super) fn shown<'a>(row: &'a Row<'_>) -> Result<Shown<'a>> {
    Ok(Shown {
        complaint_id: row.text(0)?,
        channel_type: row.int(1)?.into(),
        complaint_from: row.int(2)?.into(),
        complaint_type: row.int(3)?.into(),
        complaint_resource_type: row.int(4)?,
        complaint_resource_id: row.text(5)?,
        complaint_reason: row.text(6)?,
        complainant_phone: row.text(7)?,
        complaint_time: row.int(8)?,
        state: row.int(9)?.into(),
        current_step: row.int(10)?.into(),
        operate_time: row.int(11)?,
        time_limit: row.int(12)?,
        operate_end_time: row.int(13)?,
        closed_at: row.optional_int(14)?,
        closed_overtime: row.optional_int(15)?.map(Overtime::from),
    })
}

fn decode(row: &Row<'_>) -> Result<Complaint> {
    Ok(shown(row)?.to_complaint())
}

/// The same columns as bound values; destructured, so that a new field cannot be forgotten.
pub(super) fn encode(complaint: &Complaint) -> [Value<'_>; COLUMN_COUNT] {
    let Complaint {
        complaint_id,
        channel_type,
        complaint_from,
        complaint_type,
        complaint_resource_type,
        complaint_resource_id,
        complaint_reason,
        complainant_phone,
        complaint_time,
        state,
        current_step,
        operate_time,
        time_limit,
        operate_end_time,
        closed_at,
        closed_overtime,
    } = complaint;
    [
        complaint_id.into(),
        channel_type.number().into(),
        complaint_from.number().into(),
        complaint_type.number().into(),
        (*complaint_resource_type).into(),
        complaint_resource_id.into(),
        complaint_reason.into(),
        complainant_phone.whole().into(),
        (*complaint_time).into(),
        state.number().into(),
        current_step.number().into(),
        (*operate_time).into(),
        (*time_limit).into(),
        (*operate_end_time).into(),
        (*closed_at).into(),
        closed_overtime.map(CodeTable::number).into(),
    ]
}

/// A filter as SQL: a clause for each condition that is set, since `($2 is null or …)` would defeat
/// the index.
struct Where<'a> {
    sql: String,
    parameters: Vec<Value<'a>>,
}

impl<'a> Where<'a> {
    fn new(filter: &'a Filter, now: i64) -> Self {
        let mut clauses = Where { sql: "shop_id = $1".into(), parameters: Vec::with_capacity(9) };
        let Filter { complaint_id, channel_type, is_overtime, state, start_time, end_time } = filter;
        clauses.and("complaint_id = ?", complaint_id.as_ref().map(Value::from));
        clauses.and("channel_type = ?", channel_type.map(|code| code.number().into()));
        clauses.and("state = ?", state.map(|code| code.number().into()));
        clauses.and("complaint_time >= ?", start_time.map(|time| time.epoch().into()));
        clauses.and("complaint_time <= ?", end_time.map(|time| time.epoch().into()));
        // The rule of `Complaint::overtime`, where an open complaint is asked of the clock.
        let open = match is_overtime {
            Some(Overtime::Late) => Some("operate_end_time < "),
            Some(_) => Some("operate_end_time >= "),
            None => None,
        };
        if let (Some(open), Some(overtime)) = (open, is_overtime) {
            let fact = clauses.bind(overtime.number().into());
            let now = clauses.bind(now.into());
            let _ = write!(
                clauses.sql,
                " and (state = 2 and closed_overtime = {fact} or state <> 2 and {open}{now})"
            );
        }
        clauses
    }

    fn and(&mut self, clause: &str, value: Option<Value<'a>>) {
        if let Some(value) = value {
            let parameter = self.bind(value);
            self.sql.push_str(" and ");
            self.sql.push_str(&clause.replace('?', &parameter));
        }
    }

    /// Adds a parameter and gives its name in the text; `$1` is the shop.
    fn bind(&mut self, value: Value<'a>) -> String {
        self.parameters.push(value);
        format!("${}", self.parameters.len() + 1)
    }
}

impl Tx {
    /// Gives one page of the complaints that match, newest first, ties by id descending, each with its number.
    pub async fn page(
        &mut self,
        shop: &ShopId,
        filter: &Filter,
        page: Page,
        now: i64,
        mut give: impl FnMut(i64, Shown<'_>),
    ) -> Result<()> {
        let mut clauses = Where::new(filter, now);
        let (limit, offset) = (clauses.bind(page.size.into()), clauses.bind(page.offset.into()));
        const ORDER: &str = "order by complaint_time desc, complaint_id desc";
        // The rows left out are stepped over in the index alone. The plus keeps SQLite, where it has no statistics,
        // from walking the whole index a second time for the order.
        let sql = format!(
            "select {COLUMNS}, number from complaints where shop_id = $1 and number in (
                 select number from complaints where {} {ORDER} limit {limit} offset {offset}
             ) order by +complaint_time desc, complaint_id desc",
            clauses.sql
        );
        let give = |row: &Row<'_>| {
            give(row.int(COLUMN_COUNT)?, shown(row)?);
            Ok(())
        };
        self.query_slowly(shop, &sql, &clauses.parameters, give).await?;
        Ok(())
    }

    /// Gives those of the numbered complaints that exist, each with its number, in any order.
    pub async fn numbered(
        &mut self,
        shop: &ShopId,
        numbers: &[i64],
        mut give: impl FnMut(i64, Shown<'_>),
    ) -> Result<()> {
        for chunk in numbers.chunks(MOST_NUMBERS) {
            let (clause, parameters) = numbered(chunk);
            let sql = format!("select {COLUMNS}, number from complaints where shop_id = $1 and {clause}");
            let mut wanted = chunk.to_vec();
            wanted.sort_unstable();
            let give = |row: &Row<'_>| {
                let number = row.int(COLUMN_COUNT)?;
                // A range may have others in between.
                if wanted.binary_search(&number).is_ok() {
                    give(number, shown(row)?);
                }
                Ok(())
            };
            self.query(shop, &sql, &parameters, give).await?;
        }
        Ok(())
    }

    /// How many complaints match at `now`.
    pub async fn count(&mut self, shop: &ShopId, filter: &Filter, now: i64) -> Result<i64> {
        let clauses = Where::new(filter, now);
        let sql = format!("select count(*) from complaints where {}", clauses.sql);
        let counted = self.query_slowly(shop, &sql, &clauses.parameters, |row| row.int(0)).await?;
        counted.into_iter().next().ok_or_else(|| StoreError::Value("no count".into()))
    }

    /// The next deadline of an open complaint that is not behind at `now`.
    pub async fn next_deadline(&mut self, shop: &ShopId, now: i64) -> Result<Option<i64>> {
        const NEXT: &str = "select min(operate_end_time) from complaints
             where shop_id = $1 and state <> 2 and operate_end_time >= $2";
        Ok(self
            .query(shop, NEXT, &[now.into()], |row| row.optional_int(0))
            .await?
            .into_iter()
            .flatten()
            .next())
    }

    /// One complaint with its details, if the shop has it.
    pub async fn complaint(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Option<Stored>> {
        let sql = format!(
            "select {COLUMNS}, number, complainant_user_id, content_msg, content_object, uploaded_images, sub_mch_id
             from complaints where shop_id = $1 and complaint_id = $2"
        );
        let found = self
            .query(shop, &sql, &[complaint_id.into()], |row| {
                let at = |column: usize| COLUMN_COUNT + column;
                Ok(Stored {
                    complaint: decode(row)?,
                    number: row.int(at(0))?,
                    details: Details {
                        complainant_user_id: row.text(at(1))?.to_owned(),
                        content_msg: row.text(at(2))?.to_owned(),
                        content_object: from_json(row.text(at(3))?)?,
                        uploaded_images: from_json(row.text(at(4))?)?,
                        sub_mch_id: row.optional_text(at(5))?.map(str::to_owned),
                        replies: Vec::new(),
                    },
                })
            })
            .await?;
        let Some(mut stored) = found.into_iter().next() else { return Ok(None) };
        const REPLIES: &str = "select reply_from, content, images, replied_at from replies
             where shop_id = $1 and complaint_id = $2 order by position";
        stored.details.replies = self
            .query(shop, REPLIES, &[complaint_id.into()], |row| {
                Ok(Reply {
                    reply_from: row.text(0)?.to_owned(),
                    content: row.text(1)?.to_owned(),
                    images: from_json(row.text(2)?)?,
                    replied_at: row.int(3)?,
                })
            })
            .await?;
        Ok(Some(stored))
    }

    /// Takes in complaints under the shop's `version`, telling of each what became of it, in order.
    /// `source` says who brought them.
    pub async fn take_in(
        &mut self,
        shop: &ShopId,
        version: i64,
        source: &str,
        batch: &[Incoming],
    ) -> Result<Vec<Outcome>> {
        // Many are mostly new: they are inserted, and what was there shows. Few are mostly changes: what is there is
        // asked first.
        let few = batch.len() < CHUNK;
        let mut known = if few { self.known(shop, batch).await? } else { HashMap::new() };
        let coming =
            batch.iter().filter(|row| !known.contains_key(&row.complaint.complaint_id)).count() as i64;
        let mut number = if coming > 0 { self.reserve(shop, coming).await? } else { 0 };
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while !rest.is_empty() {
            // Two texts only, so that both stay prepared.
            let size = if rest.len() >= CHUNK { CHUNK } else { 1 };
            let (chunk, later) = rest.split_at(size);
            if few && known.contains_key(&chunk[0].complaint.complaint_id) {
                outcomes.push(Outcome::Unchanged);
            } else {
                let is_new = self.insert(shop, version, source, number, chunk).await?;
                number += chunk.len() as i64;
                let there = chunk.iter().zip(&is_new).filter_map(|(row, is_new)| (!is_new).then_some(row));
                known.extend(self.known(shop, there).await?);
                let outcome = |is_new: &bool| if *is_new { Outcome::Added } else { Outcome::Unchanged };
                outcomes.extend(is_new.iter().map(outcome));
            }
            rest = later;
        }
        self.change(shop, version, source, batch, known, &mut outcomes).await?;
        Ok(outcomes)
    }

    /// Gives out so many numbers; the first of them.
    async fn reserve(&mut self, shop: &ShopId, count: i64) -> Result<i64> {
        const RESERVE: &str =
            "update shops set last_number = last_number + $2 where shop_id = $1 returning last_number";
        let last = self.query(shop, RESERVE, &[count.into()], |row| row.int(0)).await?;
        Ok(last.first().map_or(1, |last| last - count + 1))
    }

    /// Those of the complaints that are there, with their numbers.
    async fn known(
        &mut self,
        shop: &ShopId,
        rows: impl IntoIterator<Item = &Incoming>,
    ) -> Result<HashMap<String, (Complaint, i64)>> {
        let ids: Vec<&str> = rows.into_iter().map(|row| row.complaint.complaint_id.as_str()).collect();
        let mut known = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let length = if chunk.len() == 1 { 1 } else { CHUNK };
            let filler = std::iter::repeat(&chunk[chunk.len() - 1]);
            let filled: Vec<Value<'_>> =
                chunk.iter().chain(filler).take(length).map(|id| (*id).into()).collect();
            let names: Vec<String> = (2..length + 2).map(|at| format!("${at}")).collect();
            let sql = format!(
                "select {COLUMNS}, number from complaints where shop_id = $1 and complaint_id in ({})",
                names.join(", ")
            );
            let read = |row: &Row<'_>| Ok((decode(row)?, row.int(COLUMN_COUNT)?));
            for (complaint, number) in self.query(shop, &sql, &filled, read).await? {
                known.insert(complaint.complaint_id.clone(), (complaint, number));
            }
        }
        Ok(known)
    }

    /// Inserts those of the rows that are not there, numbered from `number`, and tells which they are.
    async fn insert(
        &mut self,
        shop: &ShopId,
        version: i64,
        source: &str,
        number: i64,
        chunk: &[Incoming],
    ) -> Result<Vec<bool>> {
        let lists: Vec<[String; 2]> = chunk
            .iter()
            .map(|row| Ok([to_json(&row.details.content_object)?, to_json(&row.details.uploaded_images)?]))
            .collect::<Result<_>>()?;
        let mut parameters = Vec::with_capacity(2 + chunk.len() * NEW_COLUMN_COUNT);
        parameters.extend([Value::from(source), version.into()]);
        for ((row, [content_object, images]), number) in chunk.iter().zip(&lists).zip(number..) {
            parameters.extend(encode(&row.complaint));
            parameters.extend([
                Value::from(number),
                (&row.details.complainant_user_id).into(),
                (&row.details.content_msg).into(),
                content_object.into(),
                images.into(),
                row.details.sub_mch_id.as_ref().into(),
            ]);
        }
        let sql = insert_sql(chunk.len());
        let inserted = self.query(shop, &sql, &parameters, |row| Ok(row.text(0)?.to_owned())).await?;
        let mut inserted: HashSet<&str> = inserted.iter().map(String::as_str).collect();
        // Of two rows with one id the first was inserted; the second is compared like any other.
        let is_new: Vec<bool> =
            chunk.iter().map(|row| inserted.remove(row.complaint.complaint_id.as_str())).collect();
        for (row, _) in chunk.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
            self.add_replies(shop, &row.complaint.complaint_id, &row.details.replies).await?;
        }
        Ok(is_new)
    }

    /// Writes the complaints that differ over those of the same id, of which `known` holds what is there, and
    /// notes in `outcomes` which they are.
    async fn change(
        &mut self,
        shop: &ShopId,
        version: i64,
        source: &str,
        batch: &[Incoming],
        mut known: HashMap<String, (Complaint, i64)>,
        outcomes: &mut [Outcome],
    ) -> Result<()> {
        let mut changes = Vec::new();
        for (row, outcome) in batch.iter().zip(outcomes).filter(|(_, outcome)| **outcome != Outcome::Added) {
            let new = &row.complaint;
            let missing = || StoreError::Value("a row is gone".into());
            let (old, number) = known.get_mut(&new.complaint_id).ok_or_else(missing)?;
            let new = new.clone().in_place_of(old);
            if *old != new {
                *outcome = Outcome::Changed;
                changes.push((std::mem::replace(old, new.clone()), new, *number));
            }
        }
        // A complaint may be in the log once per version: of two changes the first says how it was.
        const LOG: &str = "insert into changes
                 (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
             values ($1, $2, $3, 2, $4, $5) on conflict (shop_id, version, number) do nothing";
        let assignments: Vec<String> =
            COLUMNS.split(", ").zip(2..).map(|(column, number)| format!("{column} = ${number}")).collect();
        let update = format!(
            "update complaints set {}, source = ${}, version = ${} where shop_id = $1 and number = ${}",
            assignments.join(", "),
            COLUMN_COUNT + 2,
            COLUMN_COUNT + 3,
            COLUMN_COUNT + 4,
        );
        for changes in changes.chunks(CHUNK) {
            let mut statements = Vec::with_capacity(2 * changes.len());
            for (old, new, number) in changes {
                let was = [
                    version.into(),
                    (*number).into(),
                    old.complaint_time.into(),
                    old.operate_end_time.into(),
                ];
                statements.push((LOG, was.to_vec()));
                let mut is = encode(new).to_vec();
                is.extend([Value::from(source), version.into(), (*number).into()]);
                statements.push((update.as_str(), is));
            }
            self.execute_all(shop, &statements).await?;
        }
        Ok(())
    }

    async fn add_replies(&mut self, shop: &ShopId, complaint_id: &str, replies: &[Reply]) -> Result<()> {
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

    /// Removes what `source` brought and nobody changed since.
    pub async fn remove_from(&mut self, shop: &ShopId, version: i64, source: &str) -> Result<u64> {
        const LOG: &str = "insert into changes
                 (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
             select shop_id, $2, number, 3, complaint_time, operate_end_time
             from complaints where shop_id = $1 and source = $3
             on conflict (shop_id, version, number) do nothing";
        self.execute(shop, LOG, &[version.into(), source.into()]).await?;
        const REPLIES: &str = "delete from replies where shop_id = $1 and complaint_id in
             (select complaint_id from complaints where shop_id = $1 and source = $2)";
        self.execute(shop, REPLIES, &[source.into()]).await?;
        const COMPLAINTS: &str = "delete from complaints where shop_id = $1 and source = $2";
        self.execute(shop, COMPLAINTS, &[source.into()]).await
    }
}

/// Rows of one insert: enough to make the cost of a statement small, few enough for both databases'
/// limits on parameters.
const CHUNK: usize = 64;
/// The columns of a new complaint that differ from row to row.
const NEW_COLUMN_COUNT: usize = COLUMN_COUNT + 6;

fn insert_sql(rows: usize) -> String {
    let row = |first: usize| {
        let parameters: Vec<String> =
            (first..first + NEW_COLUMN_COUNT).map(|number| format!("${number}")).collect();
        format!("($1, $2, $3, $3, {})", parameters.join(", "))
    };
    let values: Vec<String> = (0..rows).map(|at| row(4 + at * NEW_COLUMN_COUNT)).collect();
    format!(
        "insert into complaints (shop_id, source, created_version, version, {COLUMNS}, number,
             complainant_user_id, content_msg, content_object, uploaded_images, sub_mch_id)
         values {} on conflict (shop_id, complaint_id) do nothing returning complaint_id",
        values.join(", ")
    )
}

pub(super) fn to_json<T: serde::Serialize>(list: &[T]) -> Result<String> {
    serde_json::to_string(list).map_err(|error| StoreError::Value(error.to_string()))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    serde_json::from_str(text).map_err(|error| StoreError::Value(error.to_string()))
}
