//! SQL that finds complaints by whatever is known of them.
//!
//! What is common is found soonest by walking the order and looking at each complaint, what is rare by an index. How
//! common something is shows by trying: a page begins with a short walk; then indexes are asked, each for no more
//! than some thousands; if all have more, the walk goes on, and will not have to go far.

use tousu_wire::codes::DetailStep;
use tousu_wire::complaint_search::{Query, Response, Row as FoundRow, Sort};

use super::complaints::{COLUMN_COUNT, shown};
use super::listing::{MOST_NUMBERS, numbered};
use super::search_sql::{
    conditions, is_sql, latest_due, next_due, next_meant, order, place, place_at, range, stretch,
};
use super::{Result, Row, ShopId, StoreError, Tx};
use crate::search::words::Wanted;
use crate::search::{Candidate, Place};

/// Complaints that were found, in their order, and whether there are more behind them.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// At most as many as were asked for.
    pub rows: Vec<(Place, FoundRow)>,
    /// There is a next page.
    pub more: bool,
    /// How many there are in all, where that came along.
    pub total: Option<i64>,
}

impl Found {
    /// The answer of the interface.
    pub fn into_response(self, shop: &ShopId, query: &Query, total: Option<i64>) -> Response {
        let last = self.rows.last().filter(|_| self.more);
        let next_cursor = last.map(|last| last.0.cursor(shop, query)).unwrap_or_default();
        Response { list: self.rows.into_iter().map(|row| row.1).collect(), next_cursor, total }
    }
}

/// The columns of a [`Candidate`], in the order that [`candidate`] reads them.
pub(super) const CANDIDATE: &str = "complaint_id, channel_type, complaint_from, complaint_type, complaint_resource_type, \
     complaint_resource_id, complaint_reason, complainant_phone, complaint_time, state, current_step, \
     operate_time, time_limit, operate_end_time, closed_at, closed_overtime, \
     number, assignee, tags, detail_step, version, coalesce(changed_at, complaint_time), phone_tail";

pub(super) fn candidate<'a>(row: &'a Row<'_>) -> Result<Candidate<'a>> {
    let at = |column: usize| COLUMN_COUNT + column;
    Ok(Candidate {
        shown: shown(row)?,
        number: row.int(at(0))?,
        assignee: row.optional_text(at(1))?,
        tags: row.optional_text(at(2))?,
        detail_step: row.optional_int(at(3))?.map(DetailStep::from),
        version: row.int(at(4))?,
        changed_at: row.int(at(5))?,
        phone_tail: row.optional_text(at(6))?,
    })
}

/// Complaints that are walked over before an index is asked.
const FIRST_WALK: usize = 128;
/// Complaints that are walked over where a page is likely to be full by then: no index of words is as fast at what is
/// neither common nor rare, since it has to be read whole.
const WALK: usize = 2048;
/// Complaints that one statement of a walk reads, at least and at most.
const STRIDE: (usize, usize) = (64, 4096);
/// An index that has no more complaints than this is worth more than a walk.
const FEW: i64 = 2000;
/// The same where the walk is the database's own, which tells only what is meant.
const FEW_FOR_SQL: i64 = 500;

/// Complaints that a page's order is tried on. If those that are due fill the page, so will a walk.
const TRIED: i64 = 512;
/// So many of these that are meant make a walk cheaper than PostgreSQL's index of words, which gives nothing before it
/// has found all.
const COMMON: i64 = 2;
/// Due complaints that are brought in the order of their own time: for each row of a page at first, and at most.
const DUE_FOR_A_ROW: usize = 4;
const MOST_DUE: usize = 20_000;

/// Which part of what is found is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Behind that place.
    pub after: Option<&'a Place>,
    /// So many later.
    pub skip: usize,
    /// Complaints at most.
    pub size: usize,
}

impl Tx {
    /// The part of the complaints that the query lets through at `now`, in its order.
    pub async fn search(&mut self, shop: &ShopId, query: &Query, wish: Wish<'_>, now: i64) -> Result<Found> {
        let Wish { after, skip, size } = wish;
        let mut walk = Walk { place: after.cloned(), is_over: false, stride: STRIDE.0.max(size + 1) };
        let (mut found, wanted) = (Gathered::new(wish), Wanted::of(query));
        // One order, or one phone number, is no question; nor is what the order's index knows by itself.
        let is_known_rare = query.complaint_resource_id.is_some() || query.phone_tail.is_some();
        if !(is_known_rare || wanted.is_empty() && is_sql(query)) {
            let mut walked = 0;
            while !found.is_full() && !walk.is_over {
                let ahead = likely_ahead(walked, found.seen, skip + size);
                if walked >= FIRST_WALK {
                    let Some(ahead) = ahead.filter(|ahead| walked + ahead <= WALK) else { break };
                    walk.stride = ahead.max(STRIDE.0);
                }
                walked += self.walk(shop, query, &mut walk, false, now, &mut found).await?;
            }
            if found.is_full() || walk.is_over {
                return Ok(found.cut());
            }
        }
        let is_common =
            !is_known_rare && self.is_common(shop, query, &wanted, walk.place.as_ref(), now).await?;
        if !is_common && let Some(numbers) = self.few(shop, query, &wanted).await? {
            return self.among(shop, query, &numbers, wish, now).await;
        }
        let is_rarely_due = self.is_rarely_due(shop, query, after, size).await?;
        let few_due = (DUE_FOR_A_ROW * (skip + size + 1)).min(MOST_DUE);
        for most in [few_due, MOST_DUE].into_iter().filter(|_| is_rarely_due) {
            let due = self.due_by_time(shop, query, after, most).await?;
            let found = self.first_of(shop, query, &due.latest, wish, now).await?;
            if found.more || due.is_all {
                return Ok(found);
            }
        }
        if is_sql(query) && found.seen < skip {
            // What is stepped over need not be read.
            let ahead = skip - found.seen;
            let asked = place_at(query, walk.place.as_ref(), ahead, now);
            let decode = |row: &Row<'_>| place(query.sort, row);
            let at = self.query_slowly(shop, &asked.sql, &asked.parameters, decode).await?.pop();
            let Some(at) = at else { return Ok(Found::default()) };
            drop(asked);
            (walk.place, found.seen) = (Some(at), skip);
        }
        walk.stride = if is_sql(query) { size + 1 } else { STRIDE.0.max(size + 1) };
        while !found.is_full() && !walk.is_over {
            self.walk(shop, query, &mut walk, true, now, &mut found).await?;
        }
        Ok(found.cut())
    }

    /// Those of the numbered complaints that the query lets through, the part of them that is wanted, and how many there
    /// are in all.
    async fn among(
        &mut self,
        shop: &ShopId,
        query: &Query,
        numbers: &[i64],
        wish: Wish<'_>,
        now: i64,
    ) -> Result<Found> {
        let Wish { after, skip, size } = wish;
        let (mut places, mut total) = (Vec::new(), 0);
        self.candidates_of(shop, numbers, |candidate| {
            if candidate.is_meant(query, now) {
                total += 1;
                let place = candidate.place(query.sort);
                if after.is_none_or(|after| place > *after) {
                    places.push((place, candidate.number));
                }
            }
        })
        .await?;
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let more = places.len() > skip + size;
        let numbers: Vec<i64> = places.iter().skip(skip).take(size).map(|place| place.1).collect();
        let mut rows = Vec::with_capacity(numbers.len());
        self.candidates_of(shop, &numbers, |candidate| {
            rows.push((candidate.place(query.sort), candidate.row(now)));
        })
        .await?;
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Found { rows, more, total: Some(total) })
    }

    /// Whether walking on along the query's order is cheaper than asking the index of words, of what both know.
    async fn is_common(
        &mut self,
        shop: &ShopId,
        query: &Query,
        wanted: &Wanted,
        after: Option<&Place>,
        now: i64,
    ) -> Result<bool> {
        if self.is_sqlite() || wanted.is_empty() || !is_sql(query) {
            return Ok(false);
        }
        let asked = next_meant(query, after, TRIED, now);
        let meant = self.query_slowly(shop, &asked.sql, &asked.parameters, |row| row.int(0)).await?;
        Ok(meant.first().is_some_and(|meant| *meant >= COMMON))
    }

    /// Whether the query wants what is due in some range, in the order of time, whose next complaints are mostly others.
    async fn is_rarely_due(
        &mut self,
        shop: &ShopId,
        query: &Query,
        after: Option<&Place>,
        size: usize,
    ) -> Result<bool> {
        if query.sort != Sort::Time || range(query, Sort::Deadline).is_none() {
            return Ok(false);
        }
        let asked = next_due(query, after, TRIED);
        let due = self.query_slowly(shop, &asked.sql, &asked.parameters, |row| row.int(0)).await?;
        Ok(due.first().is_none_or(|due| *due <= size as i64))
    }

    /// Time and number of the latest `most` of those that are due when the query says: the index of deadlines has both, and
    /// tells them without a look at the complaints.
    async fn due_by_time(
        &mut self,
        shop: &ShopId,
        query: &Query,
        after: Option<&Place>,
        most: usize,
    ) -> Result<Due> {
        let asked = latest_due(query, after, most);
        let decode = |row: &Row<'_>| Ok((row.int(0)?, row.int(1)?));
        let mut latest = self.query_slowly(shop, &asked.sql, &asked.parameters, decode).await?;
        let is_all = latest.len() < most;
        if let Some(&(earliest, _)) = latest.last().filter(|_| !is_all) {
            // Of the last second there may be more, and those of one are in the order of their ids.
            latest.retain(|due| due.0 > earliest);
        }
        Ok(Due { latest, is_all })
    }

    /// Those of the complaints, given with their time and latest first, that the query lets through: the part that is
    /// wanted.
    async fn first_of(
        &mut self,
        shop: &ShopId,
        query: &Query,
        mut rest: &[(i64, i64)],
        wish: Wish<'_>,
        now: i64,
    ) -> Result<Found> {
        let Wish { after, skip, size } = wish;
        let mut found = Gathered::new(wish);
        let mut stride = skip + size + 1;
        while !found.is_full() && !rest.is_empty() {
            // Whole seconds: those of one are in the order of their ids.
            let mut end = stride.min(rest.len());
            while rest.get(end).is_some_and(|next| next.0 == rest[end - 1].0) {
                end += 1;
            }
            let (chunk, later) = rest.split_at(end);
            let numbers: Vec<i64> = chunk.iter().map(|due| due.1).collect();
            let mut meant = Vec::new();
            self.candidates_of(shop, &numbers, |candidate| {
                let place = candidate.place(query.sort);
                if candidate.is_meant(query, now) && after.is_none_or(|after| place > *after) {
                    meant.push((place, candidate.row(now)));
                }
            })
            .await?;
            meant.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            meant.into_iter().for_each(|(place, row)| found.add(place, || row));
            rest = later;
            stride = (stride * 2).min(STRIDE.1);
        }
        Ok(found.cut())
    }

    /// How many complaints the query lets through at `now`.
    pub async fn count_found(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<i64> {
        let mut total = 0;
        let mut add = |candidate: Candidate<'_>| total += i64::from(candidate.is_meant(query, now));
        if let Some(numbers) = self.by_words(shop, &Wanted::of(query), i64::MAX).await? {
            self.candidates_of(shop, &numbers, add).await?;
            return Ok(total);
        }
        if is_sql(query) {
            let clauses = conditions(query, None, now);
            let sql = format!("select count(*) from complaints where {}", clauses.sql);
            let counted = self.query_slowly(shop, &sql, &clauses.parameters, |row| row.int(0)).await?;
            return counted.into_iter().next().ok_or_else(|| StoreError::Value("no count".into()));
        }
        let mut last = 0;
        loop {
            let mut clauses = conditions(query, None, now);
            clauses.and("number > ?", Some(last.into()));
            let limit = clauses.bind((STRIDE.1 as i64).into());
            let sql = format!(
                "select {CANDIDATE} from complaints where {} order by number limit {limit}",
                clauses.sql
            );
            let read = self
                .query_slowly(shop, &sql, &clauses.parameters, |row| {
                    let candidate = candidate(row)?;
                    last = candidate.number;
                    add(candidate);
                    Ok(())
                })
                .await?;
            if read.len() < STRIDE.1 {
                return Ok(total);
            }
        }
    }

    /// Gives those of the numbered complaints that exist.
    pub(super) async fn candidates_of(
        &mut self,
        shop: &ShopId,
        numbers: &[i64],
        mut give: impl FnMut(Candidate<'_>),
    ) -> Result<()> {
        let mut wanted = numbers.to_vec();
        wanted.sort_unstable();
        for chunk in wanted.chunks(MOST_NUMBERS) {
            let (clause, parameters) = numbered(chunk);
            let sql = format!("select {CANDIDATE} from complaints where shop_id = $1 and {clause}");
            let give = |row: &Row<'_>| {
                // A range may have others in between.
                if chunk.binary_search(&row.int(COLUMN_COUNT)?).is_ok() {
                    give(candidate(row)?);
                }
                Ok(())
            };
            self.query_slowly(shop, &sql, &parameters, give).await?;
        }
        Ok(())
    }

    /// Goes on with a walk by one statement; how many complaints that was. With `narrowed` the database steps over
    /// those that it knows are not meant, however many.
    async fn walk(
        &mut self,
        shop: &ShopId,
        query: &Query,
        walk: &mut Walk,
        narrowed: bool,
        now: i64,
        found: &mut Gathered,
    ) -> Result<usize> {
        let stride = walk.stride;
        let asked = stretch(query, walk.place.as_ref(), narrowed, stride, now);
        let mut last = None;
        let read = self
            .query_slowly(shop, &asked.sql, &asked.parameters, |row| {
                let candidate = candidate(row)?;
                let place = candidate.place(query.sort);
                if candidate.is_meant(query, now) {
                    found.add(place.clone(), || candidate.row(now));
                }
                last = Some(place);
                Ok(())
            })
            .await?;
        drop(asked);
        walk.is_over = read.len() < stride;
        walk.place = last.or(walk.place.take());
        walk.stride = (stride * 2).min(STRIDE.1);
        Ok(read.len())
    }

    /// The numbers of complaints among which are all that are meant, if an index has only few.
    async fn few(&mut self, shop: &ShopId, query: &Query, wanted: &Wanted) -> Result<Option<Vec<i64>>> {
        let few = if is_sql(query) { FEW_FOR_SQL } else { FEW };
        if let Some(numbers) = self.by_words(shop, wanted, few).await? {
            return Ok(Some(numbers));
        }
        for sort in [Sort::Deadline, Sort::Changed, Sort::Time] {
            // Along its own order a walk is never wrong by much; what is due is put into the order of time as it is.
            let is_another = sort != query.sort && (sort, query.sort) != (Sort::Deadline, Sort::Time);
            let Some(mut clauses) = range(query, sort).filter(|_| is_another) else { continue };
            let limit = clauses.bind((few + 1).into());
            // In its order, which leaves no doubt about the index to go by.
            let sql = format!(
                "select number from complaints where {} order by {} limit {limit}",
                clauses.sql,
                order(sort)
            );
            let numbers = self.query_slowly(shop, &sql, &clauses.parameters, |row| row.int(0)).await?;
            if numbers.len() as i64 <= few {
                return Ok(Some(numbers));
            }
        }
        Ok(None)
    }
}

/// Complaints that are due, with their time and number, latest first.
struct Due {
    latest: Vec<(i64, i64)>,
    /// There are no others.
    is_all: bool,
}

/// How far a walk that has found so many will have to go on until the page is full, if it goes on like this.
fn likely_ahead(walked: usize, found: usize, size: usize) -> Option<usize> {
    (walked * (size + 1).saturating_sub(found)).checked_div(found)
}

/// Where a walk along an order has come to.
struct Walk {
    place: Option<Place>,
    is_over: bool,
    stride: usize,
}

/// What was found up to now, in its order, of which the first are stepped over.
struct Gathered {
    skip: usize,
    size: usize,
    /// How many there were, those stepped over included.
    seen: usize,
    rows: Vec<(Place, FoundRow)>,
}

impl Gathered {
    fn new(Wish { skip, size, .. }: Wish<'_>) -> Self {
        Gathered { skip, size, seen: 0, rows: Vec::new() }
    }

    fn add(&mut self, place: Place, row: impl FnOnce() -> FoundRow) {
        if self.seen >= self.skip && !self.is_full() {
            self.rows.push((place, row()));
        }
        self.seen += 1;
    }

    /// Whether there are enough to fill the page and to tell that there is another.
    fn is_full(&self) -> bool {
        self.rows.len() > self.size
    }

    fn cut(mut self) -> Found {
        let more = self.is_full();
        self.rows.truncate(self.size);
        Found { rows: self.rows, more, total: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::complaints::COLUMNS;
    use super::*;

    #[test]
    fn a_candidate_begins_like_a_complaint() {
        assert!(CANDIDATE.starts_with(COLUMNS));
    }
}
