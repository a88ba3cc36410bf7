//! SQL about the index of words by which complaints are searched: FTS5 on SQLite, GIN on PostgreSQL. Their languages
//! differ, so that here alone each database has texts of its own.
//!
//! Writers do not touch it. It is brought nearer in the background, in small transactions that take the shop's row and no
//! version. It has every complaint up to `text_number` as it was at `text_version` or later; what was changed or
//! removed since is in the log, what was added has a higher number. So whoever searches in a snapshot knows which
//! complaints to look at beside those that the index finds.

use super::search::{CANDIDATE, candidate};
use super::{Result, Row, ShopId, Store, Tx, TxDriver, Value};
use crate::search::words::{self, Wanted};

/// How far the index of a shop's words has come, and the shop.
#[derive(Clone, Copy, Debug)]
struct Reach {
    version: i64,
    last_number: i64,
    changes_after: i64,
    text_version: Option<i64>,
    text_number: i64,
    serial: i64,
}

const REACH: &str = "version, last_number, changes_after, text_version, coalesce(text_number, 0),
     coalesce(text_serial, 0)";

fn reach(row: &Row<'_>) -> Result<Reach> {
    Ok(Reach {
        version: row.int(0)?,
        last_number: row.int(1)?,
        changes_after: row.int(2)?,
        text_version: row.optional_int(3)?,
        text_number: row.int(4)?,
        serial: row.int(5)?,
    })
}

impl Reach {
    /// The version from which on the log tells what the index misses; `None` if it does not.
    fn since(&self) -> Option<i64> {
        self.text_version.filter(|version| *version >= self.changes_after)
    }

    /// The row of SQLite's index for a complaint.
    fn row(&self, number: i64) -> i64 {
        self.serial << NUMBER_BITS | number
    }
}

const NUMBER_BITS: u32 = 32;
/// So many versions behind, a shop is brought nearer although nothing changed: its log may be trimmed.
const VERSIONS_BEHIND: i64 = 1000;
/// A search looks at so many complaints at most that the index does not know yet.
const MOST_FRESH: i64 = 3000;

impl Store {
    /// Of the shops after that one, in order, the next `limit` whose version is ahead of their index of words,
    /// each with whether something is to be done about it.
    pub async fn behind_in_words(&self, shop: &ShopId, limit: i64) -> Result<Vec<(ShopId, bool)>> {
        let next = format!(
            "select {REACH}, shop_id from shops
             where shop_id > $1 and (text_version is null or text_version < version) order by shop_id limit $2"
        );
        let mut tx = self.read().await?;
        let decode = |row: &Row<'_>| Ok((ShopId(row.text(6)?.to_owned()), reach(row)?));
        let mut behind = Vec::new();
        for (shop, reach) in tx.query(shop, &next, &[limit.into()], decode).await? {
            let is_due = match reach.since() {
                None => reach.last_number > 0,
                Some(since) => {
                    reach.last_number > reach.text_number
                        || reach.version - since > VERSIONS_BEHIND
                        || !tx
                            .changed_numbers(&shop, (since, i64::MAX), reach.text_number, 1)
                            .await?
                            .is_empty()
                }
            };
            behind.push((shop, is_due));
        }
        Ok(behind)
    }

    /// Brings the shop's index of words nearer by about `limit` complaints; whether more is to be done.
    pub async fn follow_words(&self, shop: &ShopId, limit: i64) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        // As tidying: the shop's row, and no version, since no reader sees what is changed here.
        let hold =
            format!("update shops set changes_after = changes_after where shop_id = $1 returning {REACH}");
        let Some(mut at) = tx.query(shop, &hold, &[], reach).await?.pop() else { return Ok(false) };
        if at.serial == 0 && tx.is_sqlite() {
            const NEXT: &str = "select coalesce(max(text_serial), 0) + 1 from shops";
            at.serial = tx.query_all_shops(NEXT, &[], |row| row.int(0)).await?.pop().unwrap_or(1);
        }
        match at.since() {
            // From the beginning: each step clears what there was of its range.
            None => (at.text_version, at.text_number) = (Some(at.version), 0),
            Some(since) => {
                let until = tx.versions_ahead(shop, since, limit).await?;
                let numbers = tx.changed_numbers(shop, (since, until), at.text_number, i64::MAX).await?;
                tx.put_words_anew(shop, &at, &numbers).await?;
                at.text_version = Some(if until == i64::MAX { at.version } else { until });
            }
        }
        let many = tx.put_words_from(shop, &at, limit).await?;
        at.text_number = many.unwrap_or(at.last_number);
        const REACHED: &str =
            "update shops set text_version = $2, text_number = $3, text_serial = $4 where shop_id = $1";
        let serial = Some(at.serial).filter(|serial| *serial > 0);
        tx.execute(shop, REACHED, &[at.text_version.into(), at.text_number.into(), serial.into()]).await?;
        tx.commit().await?;
        Ok(at.text_number < at.last_number || at.text_version != Some(at.version))
    }
}

impl Store {
    /// Tells PostgreSQL how common the words are, after many came at once.
    pub async fn weigh_words(&self) -> Result<()> {
        let mut tx = self.begin_write().await?;
        if tx.is_sqlite() {
            return Ok(());
        }
        tx.unhurried().await?;
        tx.batch("analyze complaint_words").await?;
        tx.commit().await
    }
}

impl Tx {
    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.driver, TxDriver::Sqlite(_))
    }

    /// The complaints up to that number that the log has for the versions after the first of those two up to the
    /// second; at most `limit`.
    async fn changed_numbers(
        &mut self,
        shop: &ShopId,
        (after, until): (i64, i64),
        number: i64,
        limit: i64,
    ) -> Result<Vec<i64>> {
        const CHANGED: &str = "select distinct number from changes
             where shop_id = $1 and version > $2 and version <= $3 and number <= $4 limit $5";
        let asked = [after.into(), until.into(), number.into(), limit.into()];
        self.query_slowly(shop, CHANGED, &asked, |row| row.int(0)).await
    }

    /// The last version that the log can be followed to by about `limit` entries; `i64::MAX` for all.
    async fn versions_ahead(&mut self, shop: &ShopId, version: i64, limit: i64) -> Result<i64> {
        const AHEAD: &str = "select version from changes where shop_id = $1 and version > $2
             order by version limit $3";
        let ahead = self.query(shop, AHEAD, &[version.into(), limit.into()], |row| row.int(0)).await?;
        let is_all = (ahead.len() as i64) < limit;
        Ok(ahead.last().copied().filter(|_| !is_all).unwrap_or(i64::MAX))
    }

    /// Puts the complaints of these numbers into the index as they are now; those that are gone leave it.
    async fn put_words_anew(&mut self, shop: &ShopId, at: &Reach, numbers: &[i64]) -> Result<()> {
        let remove = match self.is_sqlite() {
            true => "delete from complaint_words_fts where rowid = $2 and $1 <> ''",
            false => "delete from complaint_words where shop_id = $1 and number = $2",
        };
        let is_sqlite = self.is_sqlite();
        let row = |number: i64| if is_sqlite { at.row(number) } else { number };
        let removals: Vec<_> = numbers.iter().map(|number| (remove, vec![row(*number).into()])).collect();
        self.execute_all(shop, &removals).await?;
        let mut found = Vec::new();
        self.candidates_of(shop, numbers, |candidate| found.push((candidate.number, words::of(&candidate))))
            .await?;
        self.put_words(shop, at, &found).await
    }

    /// Puts up to `limit` complaints of higher numbers than those in the index into it; the last number if there
    /// may be more.
    async fn put_words_from(&mut self, shop: &ShopId, at: &Reach, limit: i64) -> Result<Option<i64>> {
        let next = format!(
            "select {CANDIDATE} from complaints where shop_id = $1 and number > $2 order by number limit $3"
        );
        let mut found = Vec::new();
        self.query_slowly(shop, &next, &[at.text_number.into(), limit.into()], |row| {
            let candidate = candidate(row)?;
            found.push((candidate.number, words::of(&candidate)));
            Ok(())
        })
        .await?;
        let is_all = (found.len() as i64) < limit;
        let last = found.last().map(|found| found.0).filter(|_| !is_all);
        // What is there of a former life of the index.
        let (from, to) = (at.text_number, last.unwrap_or(at.last_number));
        match self.is_sqlite() {
            true => {
                const CLEAR: &str =
                    "delete from complaint_words_fts where rowid > $2 and rowid <= $3 and $1 <> ''";
                self.execute(shop, CLEAR, &[at.row(from).into(), at.row(to).into()]).await?;
            }
            false => {
                const CLEAR: &str =
                    "delete from complaint_words where shop_id = $1 and number > $2 and number <= $3";
                self.execute(shop, CLEAR, &[from.into(), to.into()]).await?;
            }
        }
        self.put_words(shop, at, &found).await?;
        Ok(last)
    }

    async fn put_words(&mut self, shop: &ShopId, at: &Reach, found: &[(i64, Vec<String>)]) -> Result<()> {
        let (put, mark) = match self.is_sqlite() {
            true => (
                "insert into complaint_words_fts (rowid, words) values ($2 + 0 * length($1), $3)",
                String::new(),
            ),
            false => (
                "insert into complaint_words (shop_id, number, words) values ($1, $2, $3)",
                words::mark(shop.as_str()),
            ),
        };
        let is_sqlite = self.is_sqlite();
        let texts: Vec<(i64, String)> = found
            .iter()
            .map(|(number, words)| {
                (if is_sqlite { at.row(*number) } else { *number }, words::in_one(&mark, words))
            })
            .collect();
        let puts: Vec<_> =
            texts.iter().map(|(row, words)| (put, vec![Value::Int(*row), words.into()])).collect();
        self.execute_all(shop, &puts).await
    }

    /// The complaints that have the words, and those of which the index does not know what they have. `None` if they
    /// are more than `limit`, or if the index is too far behind.
    pub(super) async fn by_words(
        &mut self,
        shop: &ShopId,
        wanted: &Wanted,
        limit: i64,
    ) -> Result<Option<Vec<i64>>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let sql = format!("select {REACH} from shops where shop_id = $1");
        let Some(at) = self.query(shop, &sql, &[], reach).await?.pop() else { return Ok(None) };
        let Some(since) = at.since() else { return Ok(None) };
        let mut fresh = Vec::new();
        if at.version > since {
            let ahead = (since, i64::MAX);
            fresh.append(&mut self.changed_numbers(shop, ahead, at.text_number, MOST_FRESH + 1).await?);
        }
        if at.last_number > at.text_number {
            const ADDED: &str =
                "select number from complaints where shop_id = $1 and number > $2 order by number limit $3";
            let asked = [at.text_number.into(), (MOST_FRESH + 1).into()];
            fresh.extend(self.query(shop, ADDED, &asked, |row| row.int(0)).await?);
        }
        if fresh.len() as i64 > MOST_FRESH {
            return Ok(None);
        }
        let beyond = limit.saturating_add(1);
        let mut numbers = self.with_words(shop, &at, wanted, (0, at.text_number), beyond).await?;
        if numbers.len() as i64 > limit {
            return Ok(None);
        }
        numbers.append(&mut fresh);
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Some(numbers))
    }

    /// The numbers after the first of those two up to the second that the index has under the words, at most `limit`.
    async fn with_words(
        &mut self,
        shop: &ShopId,
        at: &Reach,
        wanted: &Wanted,
        (after, until): (i64, i64),
        limit: i64,
    ) -> Result<Vec<i64>> {
        if self.is_sqlite() {
            const MATCH: &str = "select rowid from complaint_words_fts
                 where complaint_words_fts match $2 and rowid > $3 and rowid <= $4 and $1 <> '' limit $5";
            let text = wanted.as_match();
            let asked = [(&text).into(), at.row(after).into(), at.row(until).into(), limit.into()];
            let number = |row: &Row<'_>| Ok(row.int(0)? & ((1 << NUMBER_BITS) - 1));
            return self.query_slowly(shop, MATCH, &asked, number).await;
        }
        // The sums keep it from going by the key, which looks cheap where nothing is known of the words yet.
        let mark = words::mark(shop.as_str());
        let all = (!wanted.all.is_empty()).then(|| words::in_one(&mark, &wanted.all));
        let any: Vec<String> = wanted.any.iter().map(|words| words::in_one(&mark, words)).collect();
        let mut sql =
            "select number from complaint_words where shop_id = $1 and number + 0 > $2 and number + 0 <= $3"
                .to_owned();
        let mut asked = vec![Value::Int(after), Value::Int(until)];
        let conditions = all.iter().map(|words| ("@>", words)).chain(any.iter().map(|words| ("&&", words)));
        for (how, words) in conditions {
            asked.push(words.into());
            sql +=
                &format!(" and string_to_array(words, ' ') {how} string_to_array(${}, ' ')", asked.len() + 1);
        }
        asked.push(limit.into());
        sql += &format!(" limit ${}", asked.len() + 1);
        self.query(shop, &sql, &asked, |row| row.int(0)).await
    }

    /// What differs between the shop's index of words and its complaints, in words: how many there are, and of
    /// about `sample` of them whether they are found by what they have.
    pub async fn differences_in_words(&mut self, shop: &ShopId, sample: i64) -> Result<Vec<String>> {
        let sql = format!("select {REACH} from shops where shop_id = $1");
        let Some(at) = self.query(shop, &sql, &[], reach).await?.pop() else { return Ok(Vec::new()) };
        let Some(since) = at.since() else { return Ok(Vec::new()) };
        let mut differences = Vec::new();
        let changed = self.changed_numbers(shop, (since, i64::MAX), at.text_number, i64::MAX).await?;
        const THERE: &str = "select count(*) from complaints where shop_id = $1 and number <= $2";
        let there = self.query_slowly(shop, THERE, &[at.text_number.into()], |row| row.int(0)).await?;
        let (count, bounds) = match self.is_sqlite() {
            true => (
                "select count(*) from complaint_words_fts where rowid > $2 and rowid <= $3 and $1 <> ''",
                (at.row(0), at.row(at.text_number)),
            ),
            false => (
                "select count(*) from complaint_words where shop_id = $1 and number > $2 and number <= $3",
                (0, at.text_number),
            ),
        };
        let asked = [bounds.0.into(), bounds.1.into()];
        let indexed = self.query_slowly(shop, count, &asked, |row| row.int(0)).await?;
        // What changed since may be there no more.
        let (there, indexed) = (there.first().copied(), indexed.first().copied());
        if let (Some(there), Some(indexed)) = (there, indexed)
            && !(there..=there + changed.len() as i64).contains(&indexed)
        {
            differences.push(format!("{shop}: {indexed} complaints instead of {there}"));
        }
        let step = (at.text_number / sample.max(1)).max(1);
        let numbers: Vec<i64> = (1..=at.text_number).step_by(usize::try_from(step).unwrap_or(1)).collect();
        let mut expected = Vec::new();
        self.candidates_of(shop, &numbers, |candidate| {
            expected.push((candidate.number, words::of(&candidate)));
        })
        .await?;
        for (number, words) in expected.into_iter().filter(|of| !changed.contains(&of.0)) {
            let wanted = Wanted { all: words, any: Vec::new() };
            if self.with_words(shop, &at, &wanted, (number - 1, number), 1).await? != [number] {
                differences.push(format!("{shop}: complaint {number} is not found by its words"));
            }
        }
        Ok(differences)
    }
}
