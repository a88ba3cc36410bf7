//! SQL for whoever keeps a shop's list in memory: what to load, and what has changed since a version.
//!
//! A shop gives out numbers in the order of its versions. What was added since is what has a higher number
//! than the last one known; what was changed or removed is in the log.

use std::borrow::Cow;
use std::collections::HashSet;

use tousu_wire::codes::{ChannelType, Overtime, State};

use super::{Result, Row, ShopId, StoreError, Tx, Value};

/// What the list is sorted and filtered by.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// `id` of the detail interface.
    pub number: i64,
    /// When the complaint was made.
    pub complaint_time: i64,
    /// Through which channel it came.
    pub channel_type: ChannelType,
    /// Pending, in progress or done.
    pub state: State,
    /// Whether it was late when it was closed.
    pub closed_overtime: Option<Overtime>,
    /// When its window ends.
    pub operate_end_time: i64,
}

/// Complaints of one channel, state and lateness.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Through which channel they came.
    pub channel_type: ChannelType,
    /// Pending, in progress or done.
    pub state: State,
    /// Whether they are late; `None` for closed ones without that fact.
    pub overtime: Option<Overtime>,
    /// How many there are.
    pub complaints: i64,
}

/// How far a shop has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Its version.
    pub version: i64,
    /// The last number that it gave out.
    pub last_number: i64,
    /// The log is whole for the versions after this one.
    pub changes_after: i64,
}

/// That a version changed or removed a complaint, and when that had been made before.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The complaint's number.
    pub number: i64,
    /// Its `complaint_time` before.
    pub was_complaint_time: i64,
}

const COLUMNS: &str =
    "number, complaint_time, channel_type, state, closed_overtime, operate_end_time, complaint_id";

fn decode<'a>(row: &'a Row<'_>) -> Result<(Listed, &'a str)> {
    let listed = Listed {
        number: row.int(0)?,
        complaint_time: row.int(1)?,
        channel_type: row.int(2)?.into(),
        state: row.int(3)?.into(),
        closed_overtime: row.optional_int(4)?.map(Overtime::from),
        operate_end_time: row.int(5)?,
    };
    Ok((listed, row.text(6)?))
}

impl Tx {
    /// How far the shop has come in this snapshot, if there is such a shop.
    pub async fn progress(&mut self, shop: &ShopId) -> Result<Option<Progress>> {
        const PROGRESS: &str = "select version, last_number, changes_after from shops where shop_id = $1";
        let decode = |row: &Row<'_>| {
            Ok(Progress { version: row.int(0)?, last_number: row.int(1)?, changes_after: row.int(2)? })
        };
        Ok(self.query(shop, PROGRESS, &[], decode).await?.pop())
    }

    /// Gives at most `limit` complaints in the order of the list, oldest first, from the one after (time, id)
    /// on, each with its id; tells how many there were.
    pub async fn listed_after(
        &mut self,
        shop: &ShopId,
        (time, complaint_id): (i64, &str),
        limit: usize,
        mut give: impl FnMut(Listed, &str),
    ) -> Result<usize> {
        let sql = format!(
            "select {COLUMNS} from complaints
             where shop_id = $1 and (complaint_time, complaint_id) > ($2, $3)
             order by complaint_time, complaint_id limit $4"
        );
        let from = [time.into(), complaint_id.into(), (limit as i64).into()];
        let given = self
            .query_slowly(shop, &sql, &from, |row| {
                let (listed, complaint_id) = decode(row)?;
                give(listed, complaint_id);
                Ok(())
            })
            .await?;
        Ok(given.len())
    }

    /// The complaints of a higher number than that, each with its id.
    pub async fn listed_above(&mut self, shop: &ShopId, number: i64) -> Result<Vec<(Listed, String)>> {
        let sql = format!("select {COLUMNS} from complaints where shop_id = $1 and number > $2");
        self.query_slowly(shop, &sql, &[number.into()], owned).await
    }

    /// The complaints of these numbers, as far as they exist, each with its id.
    pub async fn listed(&mut self, shop: &ShopId, numbers: &[i64]) -> Result<Vec<(Listed, String)>> {
        let mut found = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(MOST_NUMBERS) {
            let (clause, parameters) = numbered(chunk);
            let sql = format!("select {COLUMNS} from complaints where shop_id = $1 and {clause}");
            let read = self.query_slowly(shop, &sql, &parameters, owned).await?;
            // A range may have others in between.
            let wanted: HashSet<i64> = chunk.iter().copied().collect();
            found.extend(read.into_iter().filter(|(listed, _)| wanted.contains(&listed.number)));
        }
        Ok(found)
    }

    /// What the log has for the versions after that one about complaints up to that number, in the order of
    /// the versions; at most `limit` entries.
    pub async fn changes_since(
        &mut self,
        shop: &ShopId,
        version: i64,
        number: i64,
        limit: usize,
    ) -> Result<Vec<Change>> {
        const CHANGES: &str = "select number, was_complaint_time from changes
             where shop_id = $1 and version > $2 and number <= $3 order by version limit $4";
        let decode = |row: &Row<'_>| Ok(Change { number: row.int(0)?, was_complaint_time: row.int(1)? });
        let since = [version.into(), number.into(), (limit as i64).into()];
        self.query_slowly(shop, CHANGES, &since, decode).await
    }

    /// The shop's complaints, counted at `now`.
    pub async fn groups(&mut self, shop: &ShopId, now: i64) -> Result<Vec<Group>> {
        const GROUPS: &str = "select channel_type, state, count(*),
                 case when state = 2 then closed_overtime when operate_end_time < $2 then 2 else 1 end
             from complaints where shop_id = $1 group by 1, 2, 4";
        let decode = |row: &Row<'_>| {
            Ok(Group {
                channel_type: row.int(0)?.into(),
                state: row.int(1)?.into(),
                overtime: row.optional_int(3)?.map(Overtime::from),
                complaints: row.int(2)?,
            })
        };
        self.query_slowly(shop, GROUPS, &[now.into()], decode).await
    }

    /// How many open complaints are due between `now` and so many seconds later, both included.
    pub async fn due_within(&mut self, shop: &ShopId, now: i64, seconds: i64) -> Result<i64> {
        const DUE: &str = "select count(*) from complaints
             where shop_id = $1 and state <> 2 and operate_end_time >= $2 and operate_end_time <= $3";
        let within = [now.into(), now.saturating_add(seconds).into()];
        let counted = self.query_slowly(shop, DUE, &within, |row| row.int(0)).await?;
        counted.into_iter().next().ok_or_else(|| StoreError::Value("no count".into()))
    }

    /// Number and time of each open complaint whose deadline lies in `from..until`.
    pub async fn deadlines(&mut self, shop: &ShopId, from: i64, until: i64) -> Result<Vec<(i64, i64)>> {
        const DEADLINES: &str = "select number, complaint_time from complaints
             where shop_id = $1 and state <> 2 and operate_end_time >= $2 and operate_end_time < $3";
        let decode = |row: &Row<'_>| Ok((row.int(0)?, row.int(1)?));
        self.query_slowly(shop, DEADLINES, &[from.into(), until.into()], decode).await
    }
}

fn owned(row: &Row<'_>) -> Result<(Listed, String)> {
    decode(row).map(|(listed, complaint_id)| (listed, complaint_id.to_owned()))
}

/// Numbers of one statement at most.
pub(super) const MOST_NUMBERS: usize = 1024;

/// A clause for these numbers, and its parameters from `$2` on; it may let a few others through. What lies
/// close together is read in one go, which is how pages without a rare filter lie.
pub(super) fn numbered(numbers: &[i64]) -> (Cow<'static, str>, Vec<Value<'static>>) {
    let (first, last) = (numbers.iter().min(), numbers.iter().max());
    if let (Some(&first), Some(&last)) = (first, last)
        && last - first < DENSE * numbers.len() as i64
    {
        return ("number between $2 and $3".into(), vec![first.into(), last.into()]);
    }
    let (list, parameters) = in_list(numbers);
    (format!("number in ({list})").into(), parameters)
}

/// The numbers as a list of parameters from `$2` on. There are few lengths, so that each text stays prepared: what
/// is too short is filled up with the last number again.
pub(super) fn in_list(numbers: &[i64]) -> (String, Vec<Value<'static>>) {
    const LENGTHS: [usize; 9] = [1, 5, 10, 20, 50, 100, 200, 400, MOST_NUMBERS];
    let length = LENGTHS.into_iter().find(|&length| length >= numbers.len()).unwrap_or(numbers.len());
    let filler = numbers.last().copied().unwrap_or_default();
    let filled = numbers.iter().copied().chain(std::iter::repeat(filler)).take(length);
    let names: Vec<String> = (2..length + 2).map(|at| format!("${at}")).collect();
    (names.join(", "), filled.map(Value::Int).collect())
}

/// Numbers are read as a range if at least every so many-th of it is wanted.
const DENSE: i64 = 4;
