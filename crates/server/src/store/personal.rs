//! SQL that shows one person's number, and that takes a person's data away.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use super::acting::{LOG, Written};
use super::complaints::{COLUMN_COUNT, COLUMNS};
use super::handled::{HANDLING, HANDLING_COUNT, handled};
use super::history::{BUNDLED, ERASED, Erased, NOTHING_SAID, REVEALED, kept_by};
use super::{Doer, Done, Result, Row, ShopId, Store, StoreError, Tx};
use crate::complaint::Phone;
use crate::privacy::{Opened, Place, Vault, VaultError};

/// What became of a call for a whole number.
#[derive(Debug)]
pub enum Revealed {
    /// The number, and the entry of the history that says so.
    Number(Opened, i64),
    /// There is no such complaint.
    Unknown,
    /// No whole number is kept of it, or none that can be opened.
    NotKept(Option<VaultError>),
    /// The call's key was another call's.
    KeyTaken,
}

/// Whose data is to be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Whoever made this complaint, there.
    Complaint(String),
    /// That user's.
    User(String),
    /// Whoever has that number, where it is kept whole.
    Phone(Phone),
}

/// The complaints of one call at most.
pub const MOST_ERASED: usize = 100;

/// Behind the columns of [`HANDLING`].
const SEALED_AT: usize = COLUMN_COUNT + HANDLING_COUNT;

impl Store {
    /// Shows the whole number of a complaint, and keeps that it was shown, to whom and what for. The same call again
    /// shows it again, as long as it is the same number. `None` if there is no such shop.
    pub async fn reveal(
        &self,
        shop: &ShopId,
        complaint_id: &str,
        doer: &Doer,
        said: &str,
    ) -> Result<Option<Revealed>> {
        let question = format!(
            "select {COLUMNS}, {HANDLING},
                 (select sealed from phones p where p.shop_id = $1 and p.number = complaints.number)
             from complaints where shop_id = $1 and complaint_id = $2"
        );
        let decode = |row: &Row<'_>| Ok((handled(row)?.0, row.optional_text(SEALED_AT)?.map(str::to_owned)));
        let asked = [complaint_id.into()];
        let begun = self.write_asking(shop, Some((&question, &asked)), decode).await?;
        let Some((mut tx, taken, mut found)) = begun else { return Ok(None) };
        let known = match tx.known_call::<()>(shop, doer).await? {
            Some(Done::Answered(answer)) => Some(answer),
            Some(_) => return Ok(Some(Revealed::KeyTaken)),
            None => None,
        };
        let Some((before, sealed)) = found.pop() else { return Ok(Some(Revealed::Unknown)) };
        let (Some(vault), Some(sealed)) = (self.vault(), sealed) else {
            return Ok(Some(Revealed::NotKept(None)));
        };
        let opened = match vault.open(Place { shop_id: shop.as_str(), owner: complaint_id }, &sealed) {
            Ok(opened) => opened,
            Err(error) => return Ok(Some(Revealed::NotKept(Some(error)))),
        };
        // An older program may have written another over it.
        if Phone(opened.reveal().to_owned()).masked() != before.complaint.complainant_phone.masked() {
            return Ok(Some(Revealed::NotKept(None)));
        }
        if let Some(answer) = known {
            let answer: Json =
                serde_json::from_str(&answer).map_err(|error| StoreError::Value(error.to_string()))?;
            let digest = answer["digest"].as_str().unwrap_or_default();
            let is_same = vault.is_digest(digest, shop.as_str(), opened.reveal());
            let entry = answer["entry"].as_i64().unwrap_or_default();
            return Ok(Some(if is_same { Revealed::Number(opened, entry) } else { Revealed::NotKept(None) }));
        }
        let mut chain = taken.chain;
        let written = Written::of(&before, &before, taken.version)?;
        let kept = chain.add(shop, written.entry(REVEALED, said, doer));
        let mut statements = kept_by(&kept, &chain).to_vec();
        let digest = vault.digest(shop.as_str(), opened.reveal());
        let answer =
            json!({ "complaint_id": complaint_id, "entry": kept.number, "digest": digest }).to_string();
        statements.extend(doer.remembering(&answer));
        tx.commit_with(shop, &statements).await?;
        Ok(Some(Revealed::Number(opened, kept.number)))
    }

    /// Takes away what the shop has of a person, in at most [`MOST_ERASED`] complaints; `answer` makes the answer of their
    /// ids and whether there are more. With `dry_run` nothing is taken away. `None` if there is no such shop.
    pub async fn erase(
        &self,
        shop: &ShopId,
        whose: &Whose,
        doer: &Doer,
        said: &str,
        dry_run: bool,
        answer: impl FnOnce(Vec<String>, bool) -> String,
    ) -> Result<Option<Done<()>>> {
        let Some((mut tx, taken, _)) = self.write_asking(shop, None, |_| Ok(())).await? else {
            return Ok(None);
        };
        let (version, mut chain) = (taken.version, taken.chain);
        if !dry_run && let Some(known) = tx.known_call(shop, doer).await? {
            return Ok(Some(known));
        }
        let mut found = tx.complaints_of(shop, whose, self.vault()).await?;
        let more = found.len() > MOST_ERASED;
        found.truncate(MOST_ERASED);
        if found.is_empty() && matches!(whose, Whose::Complaint(_)) {
            return Ok(Some(Done::Unknown));
        }
        let ids: Vec<String> = found.iter().map(|row| row.1.clone()).collect();
        let told = answer(ids.clone(), more);
        if dry_run {
            return Ok(Some(Done::Answered(told)));
        }
        for (number, complaint_id) in &found {
            let entry = tx.erase_one(shop, *number, complaint_id, version, doer, said).await?;
            let kept = chain.add(shop, entry);
            tx.execute_all(shop, &kept_by(&kept, &chain)).await?;
        }
        tx.forget_what_was_asked(shop, &ids.iter().map(String::as_str).collect()).await?;
        tx.commit_with(shop, doer.remembering(&told).as_slice()).await?;
        self.empty_log().await?;
        Ok(Some(Done::Answered(told)))
    }
}

impl Tx {
    /// Number and id of the complaints in which that person's data is, one more than may be erased at once.
    async fn complaints_of(
        &mut self,
        shop: &ShopId,
        whose: &Whose,
        vault: Option<&Vault>,
    ) -> Result<Vec<(i64, String)>> {
        let most = (MOST_ERASED as i64 + 1).into();
        let decode = |row: &Row<'_>| Ok((row.int(0)?, row.text(1)?.to_owned()));
        match whose {
            Whose::Complaint(id) => {
                const BY_ID: &str =
                    "select number, complaint_id from complaints where shop_id = $1 and complaint_id = $2";
                self.query(shop, BY_ID, &[id.into()], decode).await
            }
            Whose::User(id) => {
                const BY_USER: &str = "select number, complaint_id from complaints
                     where shop_id = $1 and complainant_user_id <> '' and complainant_user_id = $2
                     order by number limit $3";
                self.query_slowly(shop, BY_USER, &[id.into(), most], decode).await
            }
            Whose::Phone(phone) => {
                let digests =
                    vault.map(|vault| vault.digests(shop.as_str(), phone.whole())).unwrap_or_default();
                let mut found = Vec::new();
                for digest in &digests {
                    const BY_DIGEST: &str = "select p.number, c.complaint_id from phones p
                         join complaints c on c.shop_id = $1 and c.number = p.number
                         where p.shop_id = $1 and p.digest = $2 order by p.number limit $3";
                    found.extend(self.query_slowly(shop, BY_DIGEST, &[digest.into(), most], decode).await?);
                }
                Ok(found)
            }
        }
    }

    /// Takes a person's data out of one complaint, and gives the entry that says so.
    async fn erase_one(
        &mut self,
        shop: &ShopId,
        number: i64,
        complaint_id: &str,
        version: i64,
        doer: &Doer,
        said: &str,
    ) -> Result<super::Entry> {
        let sql = format!("select {COLUMNS}, {HANDLING} from complaints where shop_id = $1 and number = $2");
        let missing = || StoreError::Value("a complaint is gone".into());
        let (before, _) =
            self.query(shop, &sql, &[number.into()], handled).await?.pop().ok_or_else(missing)?;
        let written = Written::of(&before, &before, version)?;
        let entries = self.history(shop, complaint_id).await?.into_iter().filter(|kept| {
            let entry = &kept.entry;
            ![ERASED, REVEALED, BUNDLED].contains(&entry.event.as_str())
                && entry.said != NOTHING_SAID
                && !kept.is_erased()
        });
        let mut erased = Erased::default();
        for kept in entries {
            erased.erased_entries.push(kept.number);
            if kept.said_hash.is_none() {
                erased.hashes_of_rest.insert(kept.number, kept.entry.hash_of_rest(shop, kept.number));
            }
        }
        const COMPLAINT: &str =
            "update complaints set complainant_phone = '', phone_tail = '', complainant_user_id = '',
                 complaint_reason = '', complaint_resource_id = '', content_msg = '', content_object = '[]',
                 uploaded_images = '[]', erased_at = $2, version = $3, changed_at = $2
             where shop_id = $1 and number = $4";
        const PHONE: &str = "delete from phones where shop_id = $1 and number = $2";
        const REPLIES: &str =
            "update replies set content = '', images = '[]' where shop_id = $1 and complaint_id = $2";
        // Those of older programs have no salt, and get none.
        const SAID: &str =
            "update history set said = '', said_salt = case when said_hash is null then said_hash else '' end
             where shop_id = $1 and entry = $2";
        let was = &before.complaint;
        let log = [version.into(), number.into(), was.complaint_time.into(), was.operate_end_time.into()];
        let mut statements = vec![
            (LOG, log.to_vec()),
            (COMPLAINT, vec![doer.now.into(), version.into(), number.into()]),
            (PHONE, vec![number.into()]),
            (REPLIES, vec![complaint_id.into()]),
        ];
        statements.extend(erased.erased_entries.iter().map(|entry| (SAID, vec![(*entry).into()])));
        self.execute_all(shop, &statements).await?;
        let mut after: Json =
            serde_json::from_str(&written.after).map_err(|error| StoreError::Value(error.to_string()))?;
        if let (Json::Object(after), Json::Object(erased)) = (&mut after, json!(erased)) {
            after.extend(erased);
        }
        Ok(super::Entry { after: after.to_string(), ..written.entry(ERASED, said, doer) })
    }

    /// Takes away the hashes of what calls about these complaints asked for, from which that could be guessed. Such a call
    /// made again is refused from then on.
    async fn forget_what_was_asked(&mut self, shop: &ShopId, ids: &HashSet<&str>) -> Result<()> {
        const CALLS: &str = "select client_id, call_key, answer from done_calls where shop_id = $1";
        let about = |row: &Row<'_>| {
            let answer: Json = serde_json::from_str(row.text(2)?).unwrap_or_default();
            Ok(names_one(&answer, ids)
                .then(|| (row.text(0).map(str::to_owned), row.text(1).map(str::to_owned))))
        };
        let calls = self.query_slowly(shop, CALLS, &[], about).await?;
        const FORGET: &str =
            "update done_calls set request_hash = '' where shop_id = $1 and client_id = $2 and call_key = $3";
        for (client_id, key) in calls.into_iter().flatten() {
            let (client_id, key) = (client_id?, key?);
            self.execute(shop, FORGET, &[(&client_id).into(), (&key).into()]).await?;
        }
        Ok(())
    }
}

/// Whether one of the complaints is named anywhere in an answer.
fn names_one(answer: &Json, ids: &HashSet<&str>) -> bool {
    match answer {
        Json::String(text) => ids.contains(text.as_str()),
        Json::Array(items) => items.iter().any(|item| names_one(item, ids)),
        Json::Object(fields) => fields.values().any(|value| names_one(value, ids)),
        _ => false,
    }
}
