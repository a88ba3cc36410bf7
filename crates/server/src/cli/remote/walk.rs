//! Several walks of the list as one: newest first, each complaint once.

use std::collections::HashSet;

use tousu_client::{Client, Complaints, Error};
use tousu_wire::complaint_list::{Filter, Row};
use tousu_wire::{Lang, Text};

use super::filters::{Kept, Plan};
use crate::cli::Session;

/// The walks of a plan, merged.
pub(super) struct Walk {
    parts: Vec<Part>,
    kept: Kept,
    /// Those given, where a complaint may change from one part into another meanwhile.
    seen: HashSet<String>,
    /// Rows that came, kept or not.
    pub(super) received: u64,
    /// Why rows were left out that could not be understood.
    left_out: Vec<String>,
}

struct Part {
    rows: Complaints,
    next: Option<Row>,
    ended: bool,
}

impl Walk {
    /// Begins to walk; `page_size` rows come with each call.
    pub(super) fn new(client: &Client, plan: &Plan, page_size: i64) -> Self {
        let part = |filter: Filter| Part {
            rows: client.complaints(filter).page_size(page_size),
            next: None,
            ended: false,
        };
        let parts = plan.asked().into_iter().map(part).collect();
        Walk { parts, kept: plan.kept.clone(), seen: HashSet::new(), received: 0, left_out: Vec::new() }
    }

    /// The next row that is meant. Rows that cannot be understood are left out.
    pub(super) async fn next(&mut self) -> Result<Option<Row>, Error> {
        loop {
            for part in &mut self.parts {
                while part.next.is_none() && !part.ended {
                    match part.rows.next().await {
                        Some(Ok(row)) => part.next = Some(row),
                        Some(Err(Error::Row(unreadable))) => self.left_out.push(unreadable.problem.clone()),
                        Some(Err(error)) => return Err(error),
                        None => part.ended = true,
                    }
                }
            }
            let order = |row: &Row| (row.complaint_time, row.complaint_id.clone());
            let newest = self
                .parts
                .iter_mut()
                .filter(|part| part.next.is_some())
                .max_by_key(|part| part.next.as_ref().map(order));
            let Some(row) = newest.and_then(|part| part.next.take()) else { return Ok(None) };
            self.received += 1;
            let is_new = self.parts.len() == 1 || self.seen.insert(row.complaint_id.clone());
            if is_new && self.kept.keeps(&row) {
                return Ok(Some(row));
            }
        }
    }

    /// How many the server has for what was asked; none if it did not tell.
    pub(super) fn total(&self) -> Option<i64> {
        self.parts.iter().map(|part| part.rows.total()).sum()
    }

    /// Tells what was left out, and what is not certain of a walk that has ended.
    pub(super) fn tell_doubts(&self, session: &Session) {
        if let Some(first) = self.left_out.first() {
            let (count, first) = (self.left_out.len(), Text::from(first.as_str()));
            session.note(&format!(
                "有 {count} 条投诉看不懂，已略过；第一条：{} ¦ {count} complaints cannot be understood and are left out; the first: {}",
                first.pick(Lang::Zh),
                first.pick(Lang::En)
            ));
        }
        for doubt in self.parts.iter().flat_map(|part| part.rows.doubts()) {
            session.note(&doubt.to_string());
        }
    }
}
