//! SQL about what happened: entries that are never changed, each with the hash of the one before it.
//!
//! What was said can be taken away, and nothing else: the hash is over a hash of it, with a salt so that the text cannot
//! be guessed from that. An entry `erased` behind it says so, or else it was taken away by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Result, Row, ShopId, StoreError, Tx, Value};
use crate::secrets::{hex, random_text};

/// One thing that happened to a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The complaint; empty for what is about the whole shop.
    pub complaint_id: String,
    /// The shop's version that it came with.
    pub version: i64,
    /// The event's stable name.
    pub event: String,
    /// `consumer`, `merchant`, `platform` or `third_party`.
    pub actor: String,
    /// Who it was.
    pub operator: String,
    /// The app through which it came.
    pub client_id: String,
    /// Epoch seconds.
    pub happened_at: i64,
    /// What it changed, as it was (JSON).
    pub before: String,
    /// And as it is (JSON).
    pub after: String,
    /// What was said along with it (JSON); empty where that was erased.
    pub said: String,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number within the shop, from 1 without gaps.
    pub number: i64,
    /// What happened.
    pub entry: Entry,
    /// What was hashed before what was said; `None` of older programs.
    pub salt: Option<String>,
    /// The hash of what was said; `None` of older programs, which hashed that itself.
    pub said_hash: Option<String>,
    /// What was kept as its hash.
    pub hash: String,
}

/// The end of a shop's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many entries there are.
    pub entries: i64,
    /// The last one's hash; empty before the first.
    pub hash: String,
}

/// Where a history is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// That entry was changed, or the one before it was.
    Changed(i64),
    /// That entry is missing.
    Missing(i64),
    /// There are more entries than the shop knows of; this is the first of them.
    Added(i64),
}

impl Entry {
    /// The hash of what was said, with that salt before it.
    pub fn said_hash(&self, salt: &str) -> String {
        hash_of(&[salt, &self.said])
    }

    /// The hash of all of it but what was said: what is left to prove of an entry without a salt that is erased.
    pub(super) fn hash_of_rest(&self, shop: &ShopId, number: i64) -> String {
        self.hash(shop, number, "", Some(""))
    }

    /// Lower-case hex SHA-256 over the hash before it and all of it, `said_hash` in the place of what was said (which
    /// stands there itself in those of older programs), each part with its length in front, so that no two
    /// entries read alike.
    pub fn hash(&self, shop: &ShopId, number: i64, before: &str, said_hash: Option<&str>) -> String {
        let Entry {
            complaint_id,
            version,
            event,
            actor,
            operator,
            client_id,
            happened_at,
            before: was,
            after,
            said,
        } = self;
        let [number, version, happened_at] =
            [number, *version, *happened_at].map(|number| number.to_string());
        let parts = [
            before,
            shop.as_str(),
            &number,
            complaint_id,
            &version,
            event,
            actor,
            operator,
            client_id,
            &happened_at,
            was,
            after,
        ];
        match said_hash {
            // One part more, so that neither kind can be taken for the other.
            Some(said_hash) => hash_of(&[&parts[..], &["said_hash", said_hash]].concat()),
            None => hash_of(&[&parts[..], &[said]].concat()),
        }
    }
}

fn hash_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

impl Kept {
    /// Whether what was said was taken away, or never was anything that could have been.
    pub fn is_erased(&self) -> bool {
        self.entry.said.is_empty()
    }

    /// Whether it is as it was written, behind that hash. Of what an older program said and what was taken away since
    /// the entry that took it away has to tell.
    fn is_as_written(&self, shop: &ShopId, number: i64, before: &str) -> bool {
        let Kept { number: _, entry, salt, said_hash: kept, hash } = self;
        let said = match (salt, kept) {
            (Some(salt), Some(_)) if self.is_erased() => salt.is_empty(),
            (Some(salt), Some(kept)) => entry.said_hash(salt) == *kept,
            (None, None) if self.is_erased() => return true,
            (salt, kept) => salt.is_none() && kept.is_none(),
        };
        said && entry.hash(shop, number, before, kept.as_deref()) == *hash
    }
}

/// What an entry `erased` has in `after` beside the complaint.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Erased {
    /// The entries of which what was said was taken away.
    pub(super) erased_entries: Vec<i64>,
    /// Of those without a salt, the hash of what is left: their own cannot be told any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) hashes_of_rest: BTreeMap<i64, String>,
}

/// The event of a complaint whose person's data was taken away.
pub(super) const ERASED: &str = "erased";
/// The event of a number that was shown whole.
pub(super) const REVEALED: &str = "revealed";
/// The event of a file of evidence that was taken: `said` has its digest.
pub const BUNDLED: &str = "bundled";
/// Nothing was said.
pub(super) const NOTHING_SAID: &str = "{}";

impl Chain {
    /// Adds an entry, and gives what is to be kept of it.
    pub fn add(&mut self, shop: &ShopId, entry: Entry) -> Kept {
        let salt = if entry.said == NOTHING_SAID { String::new() } else { random_text(22) };
        let said_hash = entry.said_hash(&salt);
        self.entries += 1;
        self.hash = entry.hash(shop, self.entries, &self.hash, Some(&said_hash));
        Kept {
            number: self.entries,
            entry,
            salt: Some(salt),
            said_hash: Some(said_hash),
            hash: self.hash.clone(),
        }
    }
}

const COLUMNS: &str = "entry, complaint_id, version, event, actor, operator, client_id, happened_at, before, after, \
     said, hash, said_salt, said_hash";

/// Keeps an entry.
const KEEP: &str = "insert into history
         (shop_id, entry, complaint_id, version, event, actor, operator, client_id, happened_at, before, after, said, hash,
          said_salt, said_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
/// Notes the end of the history.
const END: &str = "update shops set history_entries = $2, history_hash = $3 where shop_id = $1";

/// What keeps an entry that was just added to the chain.
pub(super) fn kept_by<'a>(kept: &'a Kept, chain: &'a Chain) -> [(&'static str, Vec<Value<'a>>); 2] {
    [(KEEP, kept.values()), (END, vec![chain.entries.into(), (&chain.hash).into()])]
}

impl Kept {
    fn values(&self) -> Vec<Value<'_>> {
        let Kept { number, entry, salt, said_hash, hash } = self;
        vec![
            (*number).into(),
            (&entry.complaint_id).into(),
            entry.version.into(),
            (&entry.event).into(),
            (&entry.actor).into(),
            (&entry.operator).into(),
            (&entry.client_id).into(),
            entry.happened_at.into(),
            (&entry.before).into(),
            (&entry.after).into(),
            (&entry.said).into(),
            hash.into(),
            salt.as_ref().into(),
            said_hash.as_ref().into(),
        ]
    }
}

fn decode(row: &Row<'_>) -> Result<Kept> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    Ok(Kept {
        number: row.int(0)?,
        entry: Entry {
            complaint_id: text(1)?,
            version: row.int(2)?,
            event: text(3)?,
            actor: text(4)?,
            operator: text(5)?,
            client_id: text(6)?,
            happened_at: row.int(7)?,
            before: text(8)?,
            after: text(9)?,
            said: text(10)?,
        },
        hash: text(11)?,
        salt: row.optional_text(12)?.map(str::to_owned),
        said_hash: row.optional_text(13)?.map(str::to_owned),
    })
}

impl Tx {
    /// What happened to a complaint, oldest first.
    pub async fn history(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Vec<Kept>> {
        let sql =
            format!("select {COLUMNS} from history where shop_id = $1 and complaint_id = $2 order by entry");
        self.query(shop, &sql, &[complaint_id.into()], decode).await
    }

    /// The entries behind that one, at most `limit`.
    pub async fn entries_after(&mut self, shop: &ShopId, entry: i64, limit: i64) -> Result<Vec<Kept>> {
        let sql = format!(
            "select {COLUMNS} from history where shop_id = $1 and entry > $2 order by entry limit $3"
        );
        self.query(shop, &sql, &[entry.into(), limit.into()], decode).await
    }

    /// The entries of which that is true.
    pub(super) async fn entries_where(
        &mut self,
        shop: &ShopId,
        clause: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Kept>> {
        let sql = format!("select {COLUMNS} from history where shop_id = $1 and {clause} order by entry");
        self.query(shop, &sql, values, decode).await
    }

    /// Adds an entry to the shop's history, in a transaction that holds the shop.
    pub async fn note(&mut self, shop: &ShopId, entry: Entry) -> Result<()> {
        let missing = || StoreError::Value(format!("the shop {shop} is gone"));
        let mut chain = self.chain(shop).await?.ok_or_else(missing)?;
        let kept = chain.add(shop, entry);
        self.execute_all(shop, &kept_by(&kept, &chain)).await
    }

    /// What happened to a complaint, oldest first, each with the hash of the shop's entry before it.
    pub async fn history_with_hashes_before(
        &mut self,
        shop: &ShopId,
        complaint_id: &str,
    ) -> Result<Vec<(Kept, String)>> {
        let sql = format!(
            "select {COLUMNS}, (select p.hash from history p where p.shop_id = $1 and p.entry = history.entry - 1)
             from history where shop_id = $1 and complaint_id = $2 order by entry"
        );
        let behind = COLUMNS.split(',').count();
        let decode =
            |row: &Row<'_>| Ok((decode(row)?, row.optional_text(behind)?.unwrap_or_default().to_owned()));
        self.query(shop, &sql, &[complaint_id.into()], decode).await
    }

    /// What happened to no complaint in particular, of these events, from that entry of the shop's on, oldest first.
    pub async fn history_of_shop(
        &mut self,
        shop: &ShopId,
        from: i64,
        events: [&str; 2],
        most: i64,
    ) -> Result<Vec<Kept>> {
        let sql = format!(
            "select {COLUMNS} from history where shop_id = $1 and complaint_id = '' and entry >= $2
                 and event in ($3, $4) order by entry limit $5"
        );
        let [one, other] = events;
        self.query(shop, &sql, &[from.into(), one.into(), other.into(), most.into()], decode).await
    }

    /// The end of the shop's history as the shop knows it, if there is such a shop.
    pub async fn chain(&mut self, shop: &ShopId) -> Result<Option<Chain>> {
        const CHAIN: &str = "select history_entries, history_hash from shops where shop_id = $1";
        let decode = |row: &Row<'_>| Ok(Chain { entries: row.int(0)?, hash: row.text(1)?.to_owned() });
        Ok(self.query(shop, CHAIN, &[], decode).await?.pop())
    }

    /// Looks through the shop's whole history: the first place where it is not what was written.
    pub async fn verify_history(&mut self, shop: &ShopId) -> Result<Option<Broken>> {
        const CHUNK: i64 = 1000;
        let Some(end) = self.chain(shop).await? else { return Ok(None) };
        let mut seen = Chain::default();
        // Of which what was said is gone, and no entry has said so yet.
        let mut gone = BTreeMap::new();
        loop {
            let kept = self.entries_after(shop, seen.entries, CHUNK).await?;
            if kept.is_empty() {
                break;
            }
            for kept in kept {
                let number = kept.number;
                if number != seen.entries + 1 {
                    return Ok(Some(Broken::Missing(seen.entries + 1)));
                }
                if number > end.entries {
                    return Ok(Some(Broken::Added(number)));
                }
                if !kept.is_as_written(shop, number, &seen.hash) {
                    return Ok(Some(Broken::Changed(number)));
                }
                let Kept { entry, said_hash, hash, .. } = kept;
                if entry.said.is_empty() {
                    let rest = said_hash.is_none().then(|| entry.hash_of_rest(shop, number));
                    gone.insert(number, (entry.complaint_id, rest));
                } else if entry.event == ERASED
                    && let Ok(erased) = serde_json::from_str::<Erased>(&entry.after)
                {
                    gone.retain(|number, (complaint_id, rest)| {
                        !(*complaint_id == entry.complaint_id
                            && erased.erased_entries.contains(number)
                            && erased.hashes_of_rest.get(number) == rest.as_ref())
                    });
                }
                seen = Chain { entries: number, hash };
            }
        }
        Ok(match (seen.entries < end.entries, seen.hash == end.hash) {
            (true, _) => Some(Broken::Missing(seen.entries + 1)),
            (false, false) => Some(Broken::Changed(seen.entries)),
            (false, true) => gone.first_key_value().map(|(number, _)| Broken::Changed(*number)),
        })
    }
}
