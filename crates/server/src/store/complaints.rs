//! SQL that reads complaints.

use std::fmt::Write;

use tousu_wire::codes::{CodeTable, DetailStep, Overtime};
use tousu_wire::complaint_list::{Filter, Page};

use super::listing::{MOST_NUMBERS, numbered};
use super::{Result, Row, ShopId, StoreError, Tx, Value};
use crate::complaint::{Complaint, Details, Reply, Shown};

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

/// A complaint with what an export has besides.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The complaint.
    pub complaint: Complaint,
    /// Whose work it is; empty: nobody's.
    pub assignee: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
}

/// The columns of a [`Complaint`], in the order that [`shown`] reads them.
pub(super) const COLUMNS: &str = "complaint_id, channel_type, complaint_from, complaint_type, complaint_resource_type, \
     complaint_resource_id, complaint_reason, complainant_phone, complaint_time, state, current_step, \
     operate_time, time_limit, operate_end_time, closed_at, closed_overtime";
pub(super) const COLUMN_COUNT: usize = 16;

/// In which hour a complaint was made, counted in Beijing, which is 28800 seconds ahead of UTC, from a million days before
/// 1970 on: those keep the dividend above zero, below which division cuts to the other side.
pub(super) const BEIJING_HOURS: &str = "(complaint_time + 28800 + 86400000000) / 3600";

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

pub(super) fn decode(row: &Row<'_>) -> Result<Complaint> {
    Ok(shown(row)?.to_complaint())
}

/// The same columns as bound values; destructured, so that a new field cannot be forgotten.
/// `phone` is what is kept of the number: what the list shows of it.
pub(super) fn encode<'a>(complaint: &'a Complaint, phone: &'a str) -> [Value<'a>; COLUMN_COUNT] {
    let Complaint {
        complaint_id,
        channel_type,
        complaint_from,
        complaint_type,
        complaint_resource_type,
        complaint_resource_id,
        complaint_reason,
        complainant_phone: _,
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
        phone.into(),
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
pub(super) struct Where<'a> {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value<'a>>,
}

impl<'a> Where<'a> {
    /// All of the shop's complaints.
    pub(super) fn of_shop() -> Self {
        Where { sql: "shop_id = $1".into(), parameters: Vec::with_capacity(9) }
    }

    fn new(filter: &'a Filter, now: i64) -> Self {
        let mut clauses = Where::of_shop();
        let Filter { complaint_id, channel_type, is_overtime, state, start_time, end_time } = filter;
        clauses.and("complaint_id = ?", complaint_id.as_ref().map(Value::from));
        clauses.and("channel_type = ?", channel_type.map(|code| code.number().into()));
        clauses.and("state = ?", state.map(|code| code.number().into()));
        clauses.and("complaint_time >= ?", start_time.map(|time| time.epoch().into()));
        clauses.and("complaint_time <= ?", end_time.map(|time| time.epoch().into()));
        clauses.overtime(*is_overtime, now);
        clauses
    }

    /// The rule of `Complaint::overtime`, where an open complaint is asked of the clock.
    pub(super) fn overtime(&mut self, is_overtime: Option<Overtime>, now: i64) {
        let open = match is_overtime {
            Some(Overtime::Late) => Some("operate_end_time < "),
            Some(_) => Some("operate_end_time >= "),
            None => None,
        };
        if let (Some(open), Some(overtime)) = (open, is_overtime) {
            let fact = self.bind(overtime.number().into());
            let now = self.bind(now.into());
            let _ = write!(
                self.sql,
                " and (state = 2 and closed_overtime = {fact} or state <> 2 and {open}{now})"
            );
        }
    }

    pub(super) fn and(&mut self, clause: &str, value: Option<Value<'a>>) {
        if let Some(value) = value {
            let parameter = self.bind(value);
            self.sql.push_str(" and ");
            self.sql.push_str(&clause.replace('?', &parameter));
        }
    }

    /// Adds a parameter and gives its name in the text; `$1` is the shop.
    pub(super) fn bind(&mut self, value: Value<'a>) -> String {
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

    /// At most `limit` of the complaints that match, in the list's order, from behind (time, id) on.
    pub async fn exported(
        &mut self,
        shop: &ShopId,
        filter: &Filter,
        now: i64,
        behind: Option<(i64, &str)>,
        limit: usize,
    ) -> Result<Vec<Exported>> {
        let mut clauses = Where::new(filter, now);
        if let Some((time, complaint_id)) = behind {
            let (time, complaint_id) = (clauses.bind(time.into()), clauses.bind(complaint_id.into()));
            let _ = write!(clauses.sql, " and (complaint_time, complaint_id) < ({time}, {complaint_id})");
        }
        let limit = clauses.bind((limit as i64).into());
        let sql = format!(
            "select {COLUMNS}, assignee, tags from complaints where {}
             order by complaint_time desc, complaint_id desc limit {limit}",
            clauses.sql
        );
        let decode = |row: &Row<'_>| {
            let tags = row.optional_text(COLUMN_COUNT + 1)?.map(from_json).transpose()?;
            Ok(Exported {
                complaint: decode(row)?,
                assignee: row.optional_text(COLUMN_COUNT)?.unwrap_or_default().to_owned(),
                tags: tags.unwrap_or_default(),
            })
        };
        self.query_slowly(shop, &sql, &clauses.parameters, decode).await
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
            "select {COLUMNS}, number, complainant_user_id, content_msg, content_object, uploaded_images, sub_mch_id,
                 detail_step
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
                        detail_step: row.optional_int(at(6))?.map(DetailStep::from),
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
}

pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Value(error.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Value(error.to_string()))
}
