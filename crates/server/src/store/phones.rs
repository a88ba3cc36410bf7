//! SQL about whole phone numbers. `complaints.complainant_phone` holds what the list shows of one; the whole lies in
//! `phones`, sealed under a key of the [`Vault`]. Without a vault, whole numbers are not kept.

use super::complaints::{COLUMN_COUNT, COLUMNS, decode};
use super::{Result, Row, ShopId, Store, Tx, Value};
use crate::complaint::{Complaint, Phone};
use crate::privacy::{Place, Vault, tail};

/// A whole number as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) sealed: String,
    pub(super) digest: String,
}

impl Sealed {
    pub(super) fn of(vault: &Vault, shop: &ShopId, complaint_id: &str, number: &str) -> Self {
        Sealed {
            sealed: vault.seal(Place { shop_id: shop.as_str(), owner: complaint_id }, number),
            digest: vault.digest(shop.as_str(), number),
        }
    }

    /// The number of a complaint that arrives, if it is whole and can be kept.
    pub(super) fn of_new(vault: Option<&Vault>, shop: &ShopId, complaint: &Complaint) -> Option<Self> {
        let number = complaint.complainant_phone.whole();
        let is_whole = complaint.complainant_phone.is_whole();
        vault.filter(|_| is_whole).map(|vault| Sealed::of(vault, shop, &complaint.complaint_id, number))
    }
}

/// What becomes of the whole number that is kept of a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// It stays.
    Stays,
    /// Nothing is kept of it any more.
    Goes,
    /// This takes its place.
    Is(Sealed),
}

/// A complaint that is there, as whoever brings it again finds it.
pub(super) struct There {
    pub(super) complaint: Complaint,
    pub(super) number: i64,
    digest: Option<String>,
    erased: bool,
}

/// The columns of a [`There`], behind those of a complaint.
pub(super) const THERE: &str = "number, erased_at, \
     (select digest from phones p where p.shop_id = $1 and p.number = complaints.number)";

impl There {
    pub(super) fn read(row: &Row<'_>) -> Result<(String, Self)> {
        let complaint = decode(row)?;
        let there = There {
            number: row.int(COLUMN_COUNT)?,
            erased: row.optional_int(COLUMN_COUNT + 1)?.is_some(),
            digest: row.optional_text(COLUMN_COUNT + 2)?.map(str::to_owned),
            complaint,
        };
        Ok((there.complaint.complaint_id.clone(), there))
    }

    /// Whether its person's data was erased.
    pub(super) fn is_erased(&self) -> bool {
        self.erased
    }

    /// A complaint as it would be found again once it was added.
    pub(super) fn once_added(vault: Option<&Vault>, shop: &ShopId, complaint: &Complaint) -> Self {
        let phone = &complaint.complainant_phone;
        let digest = vault.filter(|_| phone.is_whole());
        There {
            number: 0,
            digest: digest.map(|vault| vault.digest(shop.as_str(), phone.whole())),
            erased: false,
            complaint: Complaint { complainant_phone: Phone(phone.masked()), ..complaint.clone() },
        }
    }

    /// The complaint as it is kept once `new` has taken its place. What is masked does not wipe out the whole that it is
    /// the mask of, and what was erased does not come back.
    pub(super) fn replaced(
        &mut self,
        vault: Option<&Vault>,
        shop: &ShopId,
        new: Complaint,
    ) -> (Complaint, Whole) {
        let old = &self.complaint;
        let mut new = new.in_place_of(old);
        // A workbook ends every line in LF: whoever brings one back changed nothing.
        if differ_by_line_ends(&new.complaint_reason, &old.complaint_reason) {
            new.complaint_reason.clone_from(&old.complaint_reason);
        }
        if self.erased {
            new.complainant_phone.clone_from(&old.complainant_phone);
            new.complaint_reason.clone_from(&old.complaint_reason);
            new.complaint_resource_id.clone_from(&old.complaint_resource_id);
        }
        if new.complainant_phone == old.complainant_phone {
            return (new, Whole::Stays);
        }
        let shown = Phone(new.complainant_phone.masked());
        let is_known = |vault: &Vault| {
            let digest = self.digest.as_ref().filter(|_| shown == old.complainant_phone);
            digest.is_some_and(|digest| vault.is_digest(digest, shop.as_str(), new.complainant_phone.whole()))
        };
        let whole = match vault.filter(|_| new.complainant_phone.is_whole()) {
            Some(vault) if is_known(vault) => Whole::Stays,
            Some(vault) => {
                Whole::Is(Sealed::of(vault, shop, &new.complaint_id, new.complainant_phone.whole()))
            }
            None if shown == old.complainant_phone => Whole::Stays,
            None => Whole::Goes,
        };
        match &whole {
            Whole::Stays => {}
            Whole::Goes => self.digest = None,
            Whole::Is(sealed) => self.digest = Some(sealed.digest.clone()),
        }
        new.complainant_phone = shown;
        (new, whole)
    }
}

fn differ_by_line_ends(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    one != other && (one.contains('\r') || other.contains('\r')) && plain(one) == plain(other)
}

const KEEP: &str = "insert into phones (shop_id, number, sealed, digest) values ($1, $2, $3, $4)
     on conflict (shop_id, number) do update set sealed = excluded.sealed, digest = excluded.digest";
const FORGET: &str = "delete from phones where shop_id = $1 and number = $2";

/// What writes that.
pub(super) fn statement(number: i64, whole: &Whole) -> Option<(&'static str, Vec<Value<'_>>)> {
    match whole {
        Whole::Stays => None,
        Whole::Goes => Some((FORGET, vec![number.into()])),
        Whole::Is(sealed) => Some(keep(number, sealed)),
    }
}

pub(super) fn keep(number: i64, Sealed { sealed, digest }: &Sealed) -> (&'static str, Vec<Value<'_>>) {
    (KEEP, vec![number.into(), sealed.into(), digest.into()])
}

/// Numbers that may be whole still, as the index says it that finds them.
const MAYBE_WHOLE: &str = "complainant_phone <> '' and complainant_phone not like '%***%'";

/// How far a walk over a shop's numbers came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// The last complaint's number that was looked at; `None` at the end.
    pub last: Option<i64>,
    /// How many numbers were sealed, or sealed anew.
    pub sealed: u64,
    /// How many could not be opened.
    pub failed: u64,
}

/// What is known of a shop's whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// How many are kept.
    pub kept: u64,
    /// Of those, how many are under another key than the first.
    pub to_reseal: u64,
    /// How many cannot be opened.
    pub unopenable: u64,
    /// How many are not sealed.
    pub plain: u64,
}

impl Store {
    /// The shops that may have numbers which an older program wrote whole.
    pub async fn shops_with_plain_phones(&self) -> Result<Vec<ShopId>> {
        let sql = format!("select distinct shop_id from complaints where {MAYBE_WHOLE}");
        let mut tx = self.read().await?;
        tx.unhurried().await?;
        let ids = tx.query_all_shops(&sql, &[], |row| Ok(row.text(0)?.to_owned())).await?;
        Ok(ids.iter().filter_map(|id| ShopId::parse(id)).collect())
    }

    /// Seals those of a shop's numbers that an older program wrote whole, of `limit` complaints after that number. Nobody
    /// who reads sees a difference, so that this takes no version; without a vault nothing is done.
    pub async fn seal_plain_phones(&self, shop: &ShopId, after: i64, limit: i64) -> Result<Walked> {
        let Some(vault) = &self.2 else { return Ok(Walked::default()) };
        let mut tx = self.begin_write().await?;
        if !tx.hold(shop).await? {
            return Ok(Walked::default());
        }
        let sql = format!(
            "select number, complaint_id, complainant_phone from complaints
             where shop_id = $1 and number > $2 and {MAYBE_WHOLE} order by number limit $3"
        );
        let decode =
            |row: &Row<'_>| Ok((row.int(0)?, row.text(1)?.to_owned(), Phone(row.text(2)?.to_owned())));
        let found = tx.query(shop, &sql, &[after.into(), limit.into()], decode).await?;
        let sealed: Vec<_> = found
            .iter()
            .filter(|(_, _, phone)| phone.is_whole())
            .map(|(number, id, phone)| {
                (*number, phone.masked(), tail(phone.whole()), Sealed::of(vault, shop, id, phone.whole()))
            })
            .collect();
        const MASK: &str = "update complaints set complainant_phone = $2, phone_tail = $3
             where shop_id = $1 and number = $4";
        let of_each = sealed.iter().flat_map(|(number, masked, tail, sealed)| {
            [(MASK, vec![masked.into(), tail.into(), (*number).into()]), keep(*number, sealed)]
        });
        tx.execute_all(shop, &of_each.collect::<Vec<_>>()).await?;
        tx.commit().await?;
        Ok(Walked { last: found.last().map(|row| row.0), sealed: sealed.len() as u64, failed: 0 })
    }

    /// Seals anew, under the vault's first key, those of a shop's numbers that are under another, of up to `limit` after that
    /// number. What cannot be opened stays as it is.
    pub async fn reseal_phones(&self, shop: &ShopId, after: i64, limit: i64) -> Result<Walked> {
        let Some(vault) = &self.2 else { return Ok(Walked::default()) };
        let mut tx = self.begin_write().await?;
        if !tx.hold(shop).await? {
            return Ok(Walked::default());
        }
        let first = vault.first_prefix();
        // The length in the text, since PostgreSQL's substr takes no BIGINT.
        let sql = format!(
            "select p.number, c.complaint_id, p.sealed from phones p
             join complaints c on c.shop_id = $1 and c.number = p.number
             where p.shop_id = $1 and p.number > $2 and substr(p.sealed, 1, {}) <> $3
             order by p.number limit $4",
            first.len()
        );
        let asked = [after.into(), (&first).into(), limit.into()];
        let decode = |row: &Row<'_>| Ok((row.int(0)?, row.text(1)?.to_owned(), row.text(2)?.to_owned()));
        let found = tx.query_slowly(shop, &sql, &asked, decode).await?;
        let opened = found.iter().filter_map(|(number, complaint_id, sealed)| {
            let opened = vault.open(Place { shop_id: shop.as_str(), owner: complaint_id }, sealed).ok()?;
            Some((*number, Sealed::of(vault, shop, complaint_id, opened.reveal())))
        });
        let resealed: Vec<(i64, Sealed)> = opened.collect();
        let statements: Vec<_> = resealed.iter().map(|(number, sealed)| keep(*number, sealed)).collect();
        tx.execute_all(shop, &statements).await?;
        tx.commit().await?;
        Ok(Walked {
            last: found.last().map(|row| row.0),
            sealed: resealed.len() as u64,
            failed: (found.len() - resealed.len()) as u64,
        })
    }
}

impl Tx {
    /// Holds the shop's row, as its writers do, without a version: for what no reader sees.
    pub(super) async fn hold(&mut self, shop: &ShopId) -> Result<bool> {
        const HOLD: &str = "update shops set version = version where shop_id = $1 returning version";
        Ok(!self.query(shop, HOLD, &[], |_| Ok(())).await?.is_empty())
    }

    /// Keeps the whole numbers of complaints that are new.
    pub(super) async fn keep_phones(&mut self, shop: &ShopId, new: &[(i64, Sealed)]) -> Result<()> {
        let statements: Vec<_> = new.iter().map(|(number, sealed)| keep(*number, sealed)).collect();
        self.execute_all(shop, &statements).await
    }

    /// The whole number of a complaint, sealed, if one is kept.
    pub async fn sealed_phone(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Option<String>> {
        const SEALED: &str =
            "select p.sealed from complaints c join phones p on p.shop_id = $1 and p.number = c.number
             where c.shop_id = $1 and c.complaint_id = $2";
        let found =
            self.query(shop, SEALED, &[complaint_id.into()], |row| Ok(row.text(0)?.to_owned())).await?;
        Ok(found.into_iter().next())
    }

    /// Opens every whole number of a shop with that vault, and looks for those that are not sealed.
    pub async fn examine_phones(&mut self, shop: &ShopId, vault: Option<&Vault>) -> Result<Examined> {
        const CHUNK: i64 = 10_000;
        const KEPT: &str = "select p.number, c.complaint_id, p.sealed from phones p
             join complaints c on c.shop_id = $1 and c.number = p.number
             where p.shop_id = $1 and p.number > $2 order by p.number limit $3";
        let mut seen = Examined::default();
        let mut after = 0;
        loop {
            let read = |row: &Row<'_>| {
                let (place, sealed) = (Place { shop_id: shop.as_str(), owner: row.text(1)? }, row.text(2)?);
                seen.kept += 1;
                seen.to_reseal += u64::from(vault.is_some_and(|vault| vault.needs_resealing(sealed)));
                seen.unopenable += u64::from(vault.is_none_or(|vault| vault.open(place, sealed).is_err()));
                row.int(0)
            };
            let numbers = self.query_slowly(shop, KEPT, &[after.into(), CHUNK.into()], read).await?;
            match numbers.last() {
                Some(last) => after = *last,
                None => break,
            }
        }
        let sql = format!("select complainant_phone from complaints where shop_id = $1 and {MAYBE_WHOLE}");
        let read = |row: &Row<'_>| Ok(u64::from(Phone(row.text(0)?.to_owned()).is_whole()));
        seen.plain = self.query_slowly(shop, &sql, &[], read).await?.iter().sum();
        Ok(seen)
    }
}

/// Asks for the columns of a [`There`].
pub(super) fn there_where(condition: &str) -> String {
    format!("select {COLUMNS}, {THERE} from complaints where shop_id = $1 and {condition}")
}
