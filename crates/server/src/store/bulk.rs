//! Many rows at once, as fast as the database can: whole shops, and complaints that are all new.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::complaints::{COLUMN_COUNT, COLUMNS, encode, to_json};
use super::phones::Sealed;
use super::{
    Brought, Driver, Incoming, Result, ShopId, Store, StoreError, Tx, TxDriver, Value, postgres, sqlite,
};
use crate::privacy::tail;

/// A shop to be loaded.
#[derive(Clone, Debug)]
pub struct NewShop {
    /// Its id.
    pub id: Arc<ShopId>,
    /// What people call it.
    pub name: String,
    /// Epoch seconds.
    pub created_at: i64,
    /// How many complaints it gets, numbered from 1.
    pub complaints: i64,
}

/// A complaint to be loaded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Into which shop.
    pub shop: Arc<ShopId>,
    /// Under which number.
    pub number: i64,
    /// The complaint; replies are not loaded.
    pub incoming: Incoming,
}

/// A complaint to be added as it is, and where.
struct Placed<'a> {
    shop: &'a ShopId,
    number: i64,
    incoming: &'a Incoming,
}

impl Store {
    /// Adds shops that are not there yet, with the complaints that arrive, best in the order of shops and
    /// numbers. `source` says who brought them. Each shop is then at version 1. Nobody else can use the
    /// database meanwhile.
    pub async fn load(
        &self,
        shops: &[NewShop],
        source: &str,
        mut batches: Receiver<Vec<Loaded>>,
    ) -> Result<()> {
        let (mut tx, indexes) = self.begin_load().await?;
        const SHOP: &str = "insert into shops (shop_id, name, version, last_number, created_at)
             values ($1, $2, 1, $3, $4)";
        for shop in shops {
            let values = [(&shop.name).into(), shop.complaints.into(), shop.created_at.into()];
            tx.execute(&shop.id, SHOP, &values).await?;
        }
        // Made at the end, sorted as a whole: SQLite then takes a fifth less time for 10^7 rows that come nearly in
        // their order, and half the time for rows that do not.
        let indexes = tx
            .query_all_shops(indexes, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
            .await?;
        for (name, _) in &indexes {
            tx.batch(&format!("drop index {name}")).await?;
        }
        let mut missing: i64 = shops.iter().map(|shop| shop.complaints).sum();
        while let Some(batch) = batches.recv().await {
            let rows = batch.iter().map(|row| Placed {
                shop: &row.shop,
                number: row.number,
                incoming: &row.incoming,
            });
            tx.append(source, 1, None, rows).await?;
            missing -= batch.len() as i64;
        }
        if missing != 0 {
            return Err(StoreError::Value(format!("{missing} complaints did not arrive")));
        }
        for (_, definition) in &indexes {
            tx.batch(definition).await?;
        }
        tx.commit().await?;
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.end_load().await,
            Driver::Postgres(postgres) => postgres.end_load().await,
        }
    }

    /// The transaction of a load, and the statement that names and defines the indexes to be made anew.
    async fn begin_load(&self) -> Result<(Tx, &'static str)> {
        let began = std::time::Instant::now();
        let (driver, indexes) = match &self.0 {
            Driver::Sqlite(sqlite) => (TxDriver::Sqlite(sqlite.begin_load().await?), sqlite::INDEXES),
            Driver::Postgres(postgres) => {
                (TxDriver::Postgres(postgres.begin_load().await?.into()), postgres::INDEXES)
            }
        };
        Ok((Tx { driver, began, vault: self.2.clone() }, indexes))
    }
}

/// What is written of a complaint that is no text of its own.
pub(super) struct Texts {
    pub(super) content_object: String,
    pub(super) uploaded_images: String,
    /// What the list shows of the number.
    pub(super) phone: String,
    pub(super) phone_tail: String,
}

impl Texts {
    pub(super) fn of(incoming: &Incoming) -> Result<Self> {
        let Incoming { complaint, details } = incoming;
        Ok(Texts {
            content_object: to_json(&details.content_object)?,
            uploaded_images: to_json(&details.uploaded_images)?,
            phone: complaint.complainant_phone.masked(),
            phone_tail: tail(complaint.complainant_phone.whole()),
        })
    }
}

/// The columns of a complaint that are no field of [`Complaint`](crate::complaint::Complaint).
const MORE_COLUMNS: &str = "shop_id, number, complainant_user_id, content_msg, content_object, uploaded_images, \
     sub_mch_id, source, created_version, version, changed_at, phone_tail";
const ALL_COLUMN_COUNT: usize = COLUMN_COUNT + 12;

impl Tx {
    /// Whether [`Tx::add_new`] is faster than inserts. SQLite keeps what every page was before a savepoint, which takes it
    /// more time than larger statements save.
    pub(super) fn adds_new_fast(&self) -> bool {
        matches!(self.driver, TxDriver::Postgres(_))
    }

    /// Adds complaints without their replies, numbered from `number`; none of them if one is there, or comes twice.
    pub(super) async fn add_new(
        &mut self,
        shop: &ShopId,
        version: i64,
        brought: Brought<'_>,
        number: i64,
        batch: &[Incoming],
    ) -> Result<bool> {
        let rows = batch.iter().zip(number..).map(|(incoming, number)| Placed { shop, number, incoming });
        self.batch("savepoint before_adding").await?;
        let is_done = match self.append(brought.by, version, Some(brought.at), rows).await {
            Ok(()) => true,
            Err(error) if error.is_taken() => {
                self.roll_back_to("before_adding").await?;
                false
            }
            Err(error) => return Err(error),
        };
        self.batch("release savepoint before_adding").await?;
        Ok(is_done)
    }

    async fn append<'a>(
        &mut self,
        source: &str,
        version: i64,
        changed_at: Option<i64>,
        rows: impl Iterator<Item = Placed<'a>> + Clone,
    ) -> Result<()> {
        let texts: Vec<Texts> = rows.clone().map(|row| Texts::of(row.incoming)).collect::<Result<_>>()?;
        let vault = self.vault.as_deref();
        let phones: Vec<_> = rows
            .clone()
            .filter_map(|row| {
                let sealed = Sealed::of_new(vault, row.shop, &row.incoming.complaint)?;
                Some((row.shop, row.number, sealed))
            })
            .collect();
        let phones = phones.iter().map(|(shop, number, Sealed { sealed, digest })| {
            [shop.as_str().into(), (*number).into(), sealed.into(), digest.into()]
        });
        let rows = rows.zip(&texts).map(|(row, texts)| whole_row(row, texts, source, version, changed_at));
        let columns = format!("{COLUMNS}, {MORE_COLUMNS}");
        const PHONES: &str = "shop_id, number, sealed, digest";
        match &mut self.driver {
            TxDriver::Sqlite(tx) => {
                tx.append("complaints", &columns, rows)?;
                tx.append("phones", PHONES, phones)
            }
            TxDriver::Postgres(tx) => {
                tx.append("complaints", &columns, rows).await?;
                tx.append("phones", PHONES, phones).await
            }
        }
    }
}

fn whole_row<'a>(
    row: Placed<'a>,
    texts: &'a Texts,
    source: &'a str,
    version: i64,
    changed_at: Option<i64>,
) -> [Value<'a>; ALL_COLUMN_COUNT] {
    let Placed { shop, number, incoming: Incoming { complaint, details } } = row;
    let mut values = [Value::Null; ALL_COLUMN_COUNT];
    let (first, more) = values.split_at_mut(COLUMN_COUNT);
    first.copy_from_slice(&encode(complaint, &texts.phone));
    more.copy_from_slice(&[
        shop.as_str().into(),
        number.into(),
        (&details.complainant_user_id).into(),
        (&details.content_msg).into(),
        (&texts.content_object).into(),
        (&texts.uploaded_images).into(),
        details.sub_mch_id.as_ref().into(),
        source.into(),
        version.into(),
        version.into(),
        changed_at.into(),
        (&texts.phone_tail).into(),
    ]);
    values
}
