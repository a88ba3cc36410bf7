//! SQL that reads the history as a feed: what happened to which complaints, in order, none left out.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use tousu_wire::complaint_search::Row as FoundRow;

use super::complaints::from_json;
use super::history::{Entry, Kept};
use super::{Result, Row, ShopId, Tx, Value};

/// How far a reader has come: behind that entry and, of the next one, behind so many complaints, where it is about
/// several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The entry.
    pub entry: i64,
    /// Complaints of the next one.
    pub of_next: i64,
}

/// Something that happened to one complaint.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Its entry in the history, which others may share.
    pub entry: i64,
    /// What happened.
    pub what: Entry,
    /// The complaint's number.
    pub complaint_id: String,
    /// The complaint as it is now; `None` if it is there no more.
    pub complaint: Option<FoundRow>,
}

/// What an entry about several complaints says of them.
#[derive(Deserialize)]
struct Several {
    #[serde(default)]
    first_number: i64,
    #[serde(default = "before_first")]
    last_number: i64,
    #[serde(default)]
    changed: Vec<i64>,
    #[serde(default)]
    removed: Vec<String>,
}

fn before_first() -> i64 {
    -1
}

/// One complaint that an entry is about.
enum About {
    Number(i64),
    Id(String),
    Gone(String),
}

impl Several {
    /// The complaints, behind the first `seen` of them and at most `limit`, and whether there are more.
    fn some(&self, seen: i64, limit: usize) -> (Vec<About>, bool) {
        let added = (self.first_number..=self.last_number).map(About::Number);
        let changed = self.changed.iter().copied().map(About::Number);
        let removed = self.removed.iter().cloned().map(About::Gone);
        let seen = usize::try_from(seen).unwrap_or(usize::MAX);
        // Skipped by arithmetic where they are many.
        let of_range = usize::try_from(self.last_number - self.first_number + 1).unwrap_or_default();
        let added = added.skip(seen.min(of_range)).take(limit + 1);
        let rest = changed.chain(removed).skip(seen.saturating_sub(of_range));
        let mut some: Vec<About> = added.chain(rest).take(limit + 1).collect();
        let more = some.len() > limit;
        some.truncate(limit);
        (some, more)
    }
}

impl Tx {
    /// What happened behind what was seen, in order, at most `limit`; how far that is; and whether there is more. The
    /// complaints are shown as they are at `now`. Writers of a shop take turns, so that whoever sees an entry sees all
    /// before it: nothing is left out, and nothing comes twice.
    pub async fn happened_after(
        &mut self,
        shop: &ShopId,
        seen: Seen,
        limit: usize,
        now: i64,
    ) -> Result<(Vec<Happened>, Seen, bool)> {
        let (mut found, mut seen, mut more) = (Vec::new(), seen, false);
        'reading: while found.len() < limit {
            let room = limit - found.len();
            let entries = self.entries_after(shop, seen.entry, room as i64 + 1).await?;
            if entries.is_empty() {
                break;
            }
            for Kept { number, entry, .. } in entries {
                if found.len() == limit {
                    more = true;
                    break 'reading;
                }
                let (about, unfinished) = about(&entry, seen.of_next, limit - found.len())?;
                let so_far = seen.of_next + about.len() as i64;
                found.extend(about.into_iter().map(|about| (number, entry.clone(), about)));
                if unfinished {
                    seen.of_next = so_far;
                    more = true;
                    break 'reading;
                }
                seen = Seen { entry: number, of_next: 0 };
            }
        }
        if found.len() == limit && !more {
            more = !self.entries_after(shop, seen.entry, 1).await?.is_empty();
        }
        Ok((self.with_rows(shop, found, now).await?, seen, more))
    }

    async fn with_rows(
        &mut self,
        shop: &ShopId,
        found: Vec<(i64, Entry, About)>,
        now: i64,
    ) -> Result<Vec<Happened>> {
        let ids: HashSet<&str> = found
            .iter()
            .filter_map(|(_, _, about)| if let About::Id(id) = about { Some(id.as_str()) } else { None })
            .collect();
        let mut numbers = self.numbers_of(shop, ids).await?;
        numbers.extend(found.iter().filter_map(|(_, _, about)| match about {
            About::Number(number) => Some(*number),
            _ => None,
        }));
        numbers.sort_unstable();
        numbers.dedup();
        let (mut by_number, mut by_id) = (HashMap::new(), HashMap::new());
        self.candidates_of(shop, &numbers, |candidate| {
            by_id.insert(candidate.shown.complaint_id.to_owned(), candidate.number);
            by_number.insert(candidate.number, candidate.row(now));
        })
        .await?;
        let happened = |(entry, what, about)| {
            let (complaint_id, complaint) = match about {
                // A number that was set aside and not used, or a complaint that was removed since, which a later entry says.
                About::Number(number) => {
                    let row: FoundRow = by_number.get(&number).cloned()?;
                    (row.row.complaint_id.clone(), Some(row))
                }
                About::Id(id) => {
                    let row = by_id.get(&id).and_then(|number| by_number.get(number)).cloned();
                    (id, row)
                }
                About::Gone(id) => (id, None),
            };
            Some(Happened { entry, what, complaint_id, complaint })
        };
        Ok(found.into_iter().filter_map(happened).collect())
    }

    /// The numbers of those of the complaints that exist.
    async fn numbers_of(&mut self, shop: &ShopId, ids: HashSet<&str>) -> Result<Vec<i64>> {
        const CHUNK: usize = 64;
        let names: Vec<String> = (2..CHUNK + 2).map(|at| format!("${at}")).collect();
        let sql = format!(
            "select number from complaints where shop_id = $1 and complaint_id in ({})",
            names.join(", ")
        );
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut numbers = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let mut values: Vec<Value<'_>> = chunk.iter().map(|id| (*id).into()).collect();
            values.resize(CHUNK, Value::Null);
            numbers.extend(self.query(shop, &sql, &values, |row: &Row<'_>| row.int(0)).await?);
        }
        Ok(numbers)
    }
}

/// The complaints that an entry is about, behind the first `seen` of them; and whether there are more than `limit`.
fn about(entry: &Entry, seen: i64, limit: usize) -> Result<(Vec<About>, bool)> {
    if !entry.complaint_id.is_empty() {
        return Ok((vec![About::Id(entry.complaint_id.clone())], false));
    }
    if !matches!(entry.event.as_str(), "imported_in_bulk" | "removed") {
        return Ok((Vec::new(), false));
    }
    Ok(from_json::<Several>(&entry.said)?.some(seen, limit))
}
