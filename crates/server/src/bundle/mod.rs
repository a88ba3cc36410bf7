//! One complaint as a file that stands by itself: a page for people, the data for programs in it, and everything needed
//! to tell without a database that it is what was kept. Pure.
//!
//! The data is a row of parts, each with its SHA-256, and a digest over these and over the page around them: a changed
//! byte is named by its part. Whoever changes a part with its hash and the digest is found by the history: each entry
//! comes with the hash before it, from which its own follows. Whoever works out all hashes anew is found by the shop,
//! whose history has the digest of each bundle.
//!
//! Numbers of persons are masked here too. What was masked, or erased since, is not proven, and the check says so; all
//! else of the entry is, since what was said goes into its hash by a salted hash of its own.

mod file;
mod page;
mod verify;

use serde::{Deserialize, Serialize};
use tousu_wire::{BeijingTime, complaint_get, deadline_explain};

pub use self::file::{Unfit, digest_of, parse};
pub use self::verify::{Proven, verify};
use crate::complaint::masked_json;
use crate::privacy::masked_text;
use crate::store::{Entry, KeptEntry, ShopId, StoreError};

/// The program, with its version.
pub const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

const SAID: &str = "said";

/// Everything about one complaint.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// What the bundle is.
    pub about: About,
    /// The complaint, as `tousu.complaint.get` shows it.
    pub complaint: complaint_get::Response,
    /// Its deadlines, as `tousu.deadline.explain` does.
    pub deadlines: deadline_explain::Response,
    /// What happened to it, oldest first.
    pub history: Vec<Evidence>,
}

/// What a bundle is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The program that made it, with its version.
    pub program: String,
    /// The shop.
    pub app_id: String,
    /// What people call it.
    pub shop: String,
    /// The complaint.
    pub complaint_id: String,
    /// When it was made.
    pub made_at: BeijingTime,
    /// Who made it.
    pub made_by: String,
    /// How many entries the shop's whole history had then.
    pub entries: i64,
    /// The hash of the last of them.
    pub last_hash: String,
}

/// An entry of the history, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of Entry")]
pub struct Evidence {
    pub entry: i64,
    /// The hash of the shop's entry before this one; empty before the first.
    pub hash_before: String,
    pub version: i64,
    pub event: String,
    pub actor: String,
    pub operator: String,
    pub client_id: String,
    /// Epoch seconds.
    pub happened_at: i64,
    /// JSON, digit for digit as it was hashed.
    pub before: String,
    pub after: String,
    pub said: String,
    /// The hash of what was said, with the salt before it; `None` in entries of older programs, which hashed that itself.
    pub said_hash: Option<String>,
    /// The salt; `None` where something of what was said is masked, which could be guessed by it, or was erased.
    pub said_salt: Option<String>,
    pub hash: String,
    /// The fields of which something was masked.
    pub masked: Vec<String>,
}

impl Evidence {
    /// What is shown of an entry, masked.
    pub fn of(kept: KeptEntry, hash_before: String) -> Result<Self, StoreError> {
        let is_erased = kept.is_erased();
        let KeptEntry { number, entry, salt, said_hash, hash } = kept;
        let Entry {
            complaint_id: _,
            version,
            event,
            actor,
            operator,
            client_id,
            happened_at,
            before,
            after,
            said,
        } = entry;
        let mut masked = Vec::new();
        let mut note = |name: &str, shown: Option<String>, kept: String| match shown {
            Some(shown) => {
                masked.push(name.to_owned());
                shown
            }
            None => kept,
        };
        let shown = masked_text(&operator).into_owned();
        let operator = note("operator", (shown != operator).then_some(shown), operator);
        let before = note("before", masked_json_text(&before)?, before);
        let after = note("after", masked_json_text(&after)?, after);
        let said = note(SAID, masked_json_text(&said)?, said);
        let said_salt = salt.filter(|_| !is_erased && !masked.iter().any(|field| field == SAID));
        Ok(Evidence {
            entry: number,
            hash_before,
            version,
            event,
            actor,
            operator,
            client_id,
            happened_at,
            before,
            after,
            said,
            said_hash,
            said_salt,
            hash,
            masked,
        })
    }

    /// Whether its hash follows from the one before it and from what is shown; `None` if something that was masked or erased
    /// would be needed to tell.
    pub fn is_proven(&self, shop: &ShopId, complaint_id: &str) -> Option<bool> {
        let is_salted = self.said_hash.is_some();
        let hides_said = self.said.is_empty() || self.masked.iter().any(|field| field == SAID);
        if self.masked.iter().any(|field| field != SAID || !is_salted) || hides_said && !is_salted {
            return None;
        }
        let entry = Entry {
            complaint_id: complaint_id.to_owned(),
            version: self.version,
            event: self.event.clone(),
            actor: self.actor.clone(),
            operator: self.operator.clone(),
            client_id: self.client_id.clone(),
            happened_at: self.happened_at,
            before: self.before.clone(),
            after: self.after.clone(),
            said: self.said.clone(),
        };
        if entry.hash(shop, self.entry, &self.hash_before, self.said_hash.as_deref()) != self.hash {
            return Some(false);
        }
        match (&self.said_hash, &self.said_salt) {
            (None, _) => Some(true),
            (Some(hash), Some(salt)) => Some(entry.said_hash(salt) == *hash),
            (Some(_), None) => (!hides_said).then_some(false),
        }
    }
}

/// The JSON with its texts masked, if that changes any. Nothing is left of what was erased.
fn masked_json_text(text: &str) -> Result<Option<String>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| StoreError::Value(format!("history: {error}")))?;
    let masked = masked_json(value.clone());
    Ok((masked != value).then(|| masked.to_string()))
}

/// What the file of a complaint is best called: of its number what is safe in a file's name everywhere.
pub fn file_name(complaint_id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = complaint_id.chars().map(safe).collect();
    format!("{name}.html")
}
