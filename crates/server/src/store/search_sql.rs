//! What a search asks for, as conditions and orders of SQL.

use tousu_wire::BeijingTime;
use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_search::{Query, Sort};

use super::Value;
use super::complaints::Where;
use super::search::CANDIDATE;
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
    let moment = |time: Option<BeijingTime>| time.map(|time| Value::Int(time.epoch()));
    match sort {
        Sort::Time => {
            clauses.and("complaint_time >= ?", moment(query.start_time));
            clauses.and("complaint_time <= ?", moment(query.end_time));
        }
        Sort::Deadline => {
            clauses.sql.push_str(" and state <> 2");
            clauses.and("operate_end_time >= ?", moment(query.due_after));
            clauses.and("operate_end_time <= ?", moment(query.due_before));
        }
        Sort::Changed => clauses.and(&format!("{CHANGED} >= ?"), moment(query.changed_since)),
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
    let mut clauses = if narrowed { conditions(query, now) } else { Where::of_shop() };
    if !narrowed {
        add_range(&mut clauses, query, query.sort);
    }
    add_behind(&mut clauses, query, after);
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
    add_behind(&mut clauses, query, after);
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

/// Only what stands behind that place.
fn add_behind<'a>(clauses: &mut Where<'a>, query: &Query, after: Option<&'a Place>) {
    let behind = match query.sort {
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
fn add_listed(clauses: &mut Where<'_>, query: &Query, now: i64) {
    one_of(clauses, "channel_type", query.channel_type.iter().map(|code| code.number()));
    one_of(clauses, "state", query.state.iter().map(|code| code.number()));
    clauses.overtime(query.is_overtime, now);
    if query.due_after.is_some() || query.due_before.is_some() {
        add_range(clauses, query, Sort::Deadline);
    }
}

/// Every condition that SQL has words for.
pub(super) fn conditions(query: &Query, now: i64) -> Where<'_> {
    let mut clauses = Where::of_shop();
    add_range(&mut clauses, query, Sort::Time);
    if query.changed_since.is_some() {
        add_range(&mut clauses, query, Sort::Changed);
    }
    if query.sort == Sort::Deadline {
        clauses.sql.push_str(" and state <> 2");
    }
    add_listed(&mut clauses, query, now);
    one_of(&mut clauses, "complaint_from", query.complaint_from.iter().map(|code| code.number()));
    one_of(&mut clauses, "current_step", query.current_step.iter().map(|code| code.number()));
    one_of(&mut clauses, "assignee", query.assignee.iter());
    clauses.and("complaint_resource_id = ?", query.complaint_resource_id.as_ref().map(Value::from));
    clauses
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
