//! SQL that takes complaints in: what is new is numbered and added, what differs is written over, what is the
//! same is left alone.

use std::collections::{HashMap, HashSet};

use super::complaints::{COLUMN_COUNT, COLUMNS, decode, encode, to_json};
use super::{Result, Row, ShopId, StoreError, Tx, Value};
use crate::complaint::{Complaint, Details, Reply};

/// A complaint that arrives, with what only the detail interface shows.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The complaint.
    pub complaint: Complaint,
    /// Its details; only set when the complaint is new.
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

impl Tx {
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
