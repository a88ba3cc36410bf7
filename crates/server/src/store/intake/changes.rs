//! SQL that writes over what is there where something else arrived.

use std::sync::LazyLock;

use super::{Brought, CHUNK, Incoming, Known, Outcome};
use crate::complaint::Complaint;
use crate::privacy::{Vault, tail};
use crate::store::complaints::{COLUMN_COUNT, COLUMNS, encode};
use crate::store::phones::{self, Whole};
use crate::store::{Result, ShopId, StoreError, Tx, Value};

/// A complaint that is there and differs from what arrived.
pub(in crate::store) struct Change {
    pub(in crate::store) old: Complaint,
    pub(in crate::store) new: Complaint,
    pub(in crate::store) whole: Whole,
    /// Where the phone is another one.
    pub(in crate::store) phone_tail: Option<String>,
    pub(in crate::store) number: i64,
}

impl Tx {
    /// Writes what arrived over what was there, and logs it.
    pub(super) async fn change(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        changes: &[Change],
    ) -> Result<()> {
        for chunk in changes.chunks(CHUNK) {
            self.execute_all(shop, &statements(chunk, version, brought)).await?;
        }
        Ok(())
    }
}

/// The changes among those that were not added; notes in `outcomes` which they are.
pub(super) fn changes(
    vault: Option<&Vault>,
    shop: &ShopId,
    batch: &[Incoming],
    known: &mut Known,
    outcomes: &mut [Outcome],
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (row, outcome) in batch.iter().zip(outcomes).filter(|(_, outcome)| **outcome != Outcome::Added) {
        let new = &row.complaint;
        let missing = || StoreError::Value("a row is gone".into());
        let there = known.get_mut(&new.complaint_id).ok_or_else(missing)?;
        let given = new.complainant_phone.whole();
        let (new, whole) = there.replaced(vault, shop, new.clone());
        if there.complaint != new || whole != Whole::Stays {
            *outcome = Outcome::Changed;
            let is_other =
                new.complainant_phone != there.complaint.complainant_phone || whole != Whole::Stays;
            changes.push(Change {
                old: std::mem::replace(&mut there.complaint, new.clone()),
                new,
                whole,
                phone_tail: is_other.then(|| tail(given)),
                number: there.number,
            });
        }
    }
    Ok(changes)
}

/// What logs and writes each of the changes.
pub(in crate::store) fn statements<'a>(
    changes: &'a [Change],
    version: i64,
    brought: Brought<'a>,
) -> Vec<(&'a str, Vec<Value<'a>>)> {
    // A complaint may be in the log once per version: of two changes the first says how it was.
    const LOG: &str = "insert into changes
             (shop_id, version, number, kind, was_complaint_time, was_operate_end_time)
         values ($1, $2, $3, 2, $4, $5) on conflict (shop_id, version, number) do nothing";
    static UPDATE: LazyLock<String> = LazyLock::new(|| {
        let assignments: Vec<String> =
            COLUMNS.split(", ").zip(2..).map(|(column, number)| format!("{column} = ${number}")).collect();
        let [source, version, changed_at, phone_tail, number] =
            [2, 3, 4, 5, 6].map(|after| COLUMN_COUNT + after);
        format!(
            "update complaints set {}, source = ${source}, version = ${version}, changed_at = ${changed_at},
                 phone_tail = coalesce(${phone_tail}, phone_tail)
             where shop_id = $1 and number = ${number}",
            assignments.join(", "),
        )
    });
    let of_each = |Change { old, new, whole, phone_tail, number }: &'a Change| {
        let was = [old.complaint_time, old.operate_end_time].map(Value::Int);
        let log = [&[version.into(), (*number).into()], &was[..]].concat();
        let more = [
            brought.by.into(),
            version.into(),
            brought.at.into(),
            phone_tail.as_ref().into(),
            (*number).into(),
        ];
        let update = [&encode(new, new.complainant_phone.whole())[..], &more].concat();
        [Some((LOG, log)), Some((UPDATE.as_str(), update)), phones::statement(*number, whole)]
            .into_iter()
            .flatten()
    };
    changes.iter().flat_map(of_each).collect()
}
