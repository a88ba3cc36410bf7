//! What a search asks for, as conditions and orders of SQL.

use tousu_wire::BeijingTime;
use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_search::{Query, Sort};

use super::complaints::{BEIJING_HOURS, Where};
use super::search::CANDIDATE;
use super::{Result, Row, Value};
use crate::search::Place;

const CHANGED: &str = "coalesce(changed_at, complaint_time)";

/// As the index of that order has it.
pub(super) fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Time => "complaint_time desc, complaint_id desc",
        Sort::Deadline => "operate_end_time, complaint_time, number",
        Sort::Changed => "coalesce(changed_at, complaint_time) desc, number desc",
    }
}

/// The part of the query that the index of that order can find, if it asks for one.
pub(super) fn range<'a>(query: &Query, sort: Sort) -> Option<Where<'a>> {
    let mut clauses = Where::of_shop();
    let before = clauses.parameters.len();
    add_range(&mut clauses, query, sort);
    (clauses.parameters.len() > before).then_some(clauses)
}

fn add_range(clauses: &mut Where<'_>, query: &Query, sort: Sort) {
    add_range_of(clauses, query, sort, "");
}

/// With a plus as `sign` no index finds it: the database may not leave the order that it is to walk along for an index that
/// has it, and put all that this finds into order.
fn add_range_of(clauses: &mut Where<'_>, query: &Query, sort: Sort, sign: &str) {
    let moment = |time: Option<BeijingTime>| time.map(|time| Value::Int(time.epoch()));
    match sort {
        Sort::Time => {
            clauses.and(&format!("{sign}complaint_time >= ?"), moment(query.start_time));
            clauses.and(&format!("{sign}complaint_time <= ?"), moment(query.end_time));
        }
        Sort::Deadline => {
            clauses.sql.push_str(" and state <> 2");
            clauses.and(&format!("{sign}operate_end_time >= ?"), moment(query.due_after));
            clauses.and(&format!("{sign}operate_end_time <= ?"), moment(query.due_before));
        }
        Sort::Changed => clauses.and(&format!("{sign}{CHANGED} >= ?"), moment(query.changed_since)),
    }
}

/// The statement that reads the next `stride` complaints in the query's order.
pub(super) fn stretch<'a>(
    query: &'a Query,
    after: Option<&'a Place>,
    narrowed: bool,
    stride: usize,
    now: i64,
) -> Where<'a> {
    let mut clauses = if narrowed { conditions(query, Some(query.sort), now) } else { Where::of_shop() };
    if !narrowed {
        add_range(&mut clauses, query, query.sort);
    }
    add_behind(&mut clauses, query.sort, after);
    let limit = clauses.bind((stride as i64).into());
    clauses.sql = format!(
        "select {CANDIDATE} from complaints where {} order by {} limit {limit}",
        clauses.sql,
        order(query.sort)
    );
    clauses
}

/// The statement that counts what is due among the next `tried` complaints, by the index of the list's order alone.
pub(super) fn next_due<'a>(query: &'a Query, after: Option<&'a Place>, tried: i64) -> Where<'a> {
    let mut clauses = Where::of_shop();
    add_range(&mut clauses, query, Sort::Time);
    add_behind(&mut clauses, Sort::Time, after);
    let limit = clauses.bind(tried.into());
    clauses.sql = format!(
        "select count(*) from (
             select state, operate_end_time from complaints where {} order by {} limit {limit}
         ) tried where 1 = 1",
        clauses.sql,
        order(Sort::Time)
    );
    add_range(&mut clauses, query, Sort::Deadline);
    clauses
}

/// The statement that counts those that are meant among the next `tried` complaints in the query's order.
pub(super) fn next_meant<'a>(query: &'a Query, after: Option<&'a Place>, tried: i64, now: i64) -> Where<'a> {
    let mut clauses = conditions(query, Some(query.sort), now);
    let meant = std::mem::replace(&mut clauses.sql, Where::of_shop().sql);
    add_range(&mut clauses, query, query.sort);
    add_behind(&mut clauses, query.sort, after);
    let limit = clauses.bind(tried.into());
    clauses.sql = format!(
        "select count(*) from (
             select * from complaints where {} order by {} limit {limit}
         ) tried where {meant}",
        clauses.sql,
        order(query.sort)
    );
    clauses
}

/// The statement that reads time and number of the latest `most` that are due.
pub(super) fn latest_due<'a>(query: &'a Query, after: Option<&'a Place>, most: usize) -> Where<'a> {
    let mut clauses = Where::of_shop();
    add_range(&mut clauses, query, Sort::Deadline);
    add_range(&mut clauses, query, Sort::Time);
    if let Some(Place::Time(time, _)) = after {
        clauses.and("complaint_time <= ?", Some((*time).into()));
    }
    let limit = clauses.bind((most as i64).into());
    // A sum is what no index is in the order of, so that none is walked in hope of an early end.
    clauses.sql = format!(
        "select complaint_time, number from complaints where {} order by complaint_time + 0 desc, number desc limit {limit}",
        clauses.sql
    );
    clauses
}

/// The statement that reads the place which so many of those that are meant stand before or at, in the query's order, in
/// the index wherever that knows what is asked for.
pub(super) fn place_at<'a>(query: &'a Query, after: Option<&'a Place>, count: usize, now: i64) -> Where<'a> {
    let mut clauses = conditions(query, Some(query.sort), now);
    add_behind(&mut clauses, query.sort, after);
    let offset = clauses.bind((count as i64 - 1).into());
    clauses.sql = format!(
        "select {} from complaints where {} order by {} limit 1 offset {offset}",
        place_columns(query.sort),
        clauses.sql,
        order(query.sort)
    );
    clauses
}

/// What a place in that order is made of.
fn place_columns(sort: Sort) -> &'static str {
    match sort {
        Sort::Time => "complaint_time, complaint_id",
        Sort::Deadline => "operate_end_time, complaint_time, number",
        Sort::Changed => "coalesce(changed_at, complaint_time), number",
    }
}

/// The place that those columns are.
pub(super) fn place(sort: Sort, row: &Row<'_>) -> Result<Place> {
    Ok(match sort {
        Sort::Time => Place::Time(row.int(0)?, row.text(1)?.to_owned()),
        Sort::Deadline => Place::Deadline(row.int(0)?, row.int(1)?, row.int(2)?),
        Sort::Changed => Place::Changed(row.int(0)?, row.int(1)?),
    })
}

/// Only what stands behind that place.
fn add_behind<'a>(clauses: &mut Where<'a>, sort: Sort, after: Option<&'a Place>) {
    let behind = match sort {
        Sort::Time => "(complaint_time, complaint_id) <",
        Sort::Deadline => "(operate_end_time, complaint_time, number) >",
        Sort::Changed => "(coalesce(changed_at, complaint_time), number) <",
    };
    let place: Vec<Value<'a>> = match after {
        None => Vec::new(),
        Some(Place::Time(time, id)) => vec![(*time).into(), id.into()],
        Some(Place::Deadline(end, time, number)) => vec![(*end).into(), (*time).into(), (*number).into()],
        Some(Place::Changed(at, number)) => vec![(*at).into(), (*number).into()],
    };
    if !place.is_empty() {
        let names: Vec<String> = place.into_iter().map(|value| clauses.bind(value)).collect();
        clauses.sql.push_str(&format!(" and {behind} ({})", names.join(", ")));
    }
}

/// Whether SQL has words for all that it asks for.
pub(super) fn is_sql(query: &Query) -> bool {
    query.text.is_none() && query.tag.is_empty() && query.phone_tail.is_none()
}

/// What stands in the index of the list's order.
fn add_listed(clauses: &mut Where<'_>, query: &Query, sign: &str, now: i64) {
    one_of(clauses, "channel_type", query.channel_type.iter().map(|code| code.number()));
    one_of(clauses, "state", query.state.iter().map(|code| code.number()));
    clauses.overtime(query.is_overtime, now);
    if query.due_after.is_some() || query.due_before.is_some() {
        add_range_of(clauses, query, Sort::Deadline, sign);
    }
}

/// Every condition that SQL has words for; where they are walked along an order, by no index but that order's.
pub(super) fn conditions(query: &Query, along: Option<Sort>, now: i64) -> Where<'_> {
    let sign = |sort: Sort| if along.is_some_and(|along| along != sort) { "+" } else { "" };
    let mut clauses = Where::of_shop();
    add_range_of(&mut clauses, query, Sort::Time, sign(Sort::Time));
    if query.changed_since.is_some() {
        add_range_of(&mut clauses, query, Sort::Changed, sign(Sort::Changed));
    }
    if query.sort == Sort::Deadline {
        clauses.sql.push_str(" and state <> 2");
    }
    add_listed(&mut clauses, query, sign(Sort::Deadline), now);
    one_of(&mut clauses, "complaint_from", query.complaint_from.iter().map(|code| code.number()));
    one_of(&mut clauses, "current_step", query.current_step.iter().map(|code| code.number()));
    one_of(&mut clauses, &format!("{BEIJING_HOURS} % 24"), query.hour.iter().copied());
    add_assignee(&mut clauses, query);
    clauses.and("complaint_resource_id = ?", query.complaint_resource_id.as_ref().map(Value::from));
    clauses
}

fn add_assignee<'a>(clauses: &mut Where<'a>, query: &'a Query) {
    if !query.unassigned {
        return one_of(clauses, "assignee", query.assignee.iter());
    }
    let names: Vec<String> = query.assignee.iter().map(|name| clauses.bind(name.into())).collect();
    let names =
        if names.is_empty() { String::new() } else { format!(" or assignee in ({})", names.join(", ")) };
    clauses.sql.push_str(&format!(" and (assignee is null or assignee = ''{names})"));
}

pub(super) fn one_of<'a, T: Into<Value<'a>>>(
    clauses: &mut Where<'a>,
    column: &str,
    values: impl Iterator<Item = T>,
) {
    let names: Vec<String> = values.map(|value| clauses.bind(value.into())).collect();
    if !names.is_empty() {
        clauses.sql.push_str(&format!(" and {column} in ({})", names.join(", ")));
    }
}
