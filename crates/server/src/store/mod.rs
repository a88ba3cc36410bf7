//! Everything that is kept, and every SQL text, once for all databases.
//!
//! A [`Tx`] is one transaction: [`Store::read`] opens a snapshot, [`Store::write`] takes the shop's next
//! version as its first statement. Statements about a shop go through [`Tx::query`], which binds the
//! shop as `$1`: a statement that forgets its tenant cannot be written.

mod acting;
mod alarms;
mod app_changes;
mod apps;
mod bulk;
pub mod citus;
mod complaints;
mod deliveries;
mod dispatch;
mod error;
mod examine;
mod fan_out;
mod feed;
mod glance;
mod handled;
mod history;
mod intake;
mod leases;
mod listing;
mod migrate;
mod noting;
mod personal;
mod phones;
mod postgres;
mod preferences;
mod resealing;
mod search;
mod search_sql;
mod sessions;
mod settling;
mod shops;
mod similar;
mod sqlite;
mod stats;
mod subscriptions;
mod tidying;
mod usage;
mod users;
mod value;
mod words;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub use acting::{Beginning, CALLS_KNOWN, Deed, Doer, Done};
pub use alarms::{Ahead, Alarm, DUE_SOON, OVERDUE, alarm_clock};
pub use app_changes::ChangedApp;
pub use apps::{App, Caller, Person, Shop, TokenRow};
pub use bulk::{Loaded, NewShop};
pub use complaints::{Exported, Stored};
pub use deliveries::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryState, MOST_REPLAYED, Replay, Try};
pub use dispatch::{LOOKS, Watching};
pub use error::{Result, StoreError};
pub use examine::Finding;
pub use fan_out::{Part, REPORT};
pub use feed::{Happened, Seen};
pub use handled::Handled;
pub use history::{BUNDLED, Broken, Chain, Entry, Kept as KeptEntry};
pub use intake::{Brought, Foresight, IMPORT_ENDED, Incoming, Outcome};
pub use listing::{Change, Group, Listed, Progress};
pub use personal::{MOST_ERASED, Revealed, Whose};
pub use phones::{Examined, Walked};
pub use preferences::MOST_PREFERENCES;
pub use search::{Found, Wish};
pub use sessions::{Seen as SeenSession, Tries};
pub use settling::{Lease, Next, Reserved, Settled, Standing as TargetStanding};
pub use subscriptions::{Decided, Subscription, SubscriptionState};
pub use tidying::{Outdated, Tidied};
pub use usage::{Calls, Used};
pub use users::{Member, MemberAfter, MemberBefore, Membership, User};
pub use value::{Row, Value};

use crate::privacy::Vault;
use crate::settings::Storage;
use crate::shop_settings::ShopSettings;

/// A shop's id (`app_id` on the wire): 1 to 64 letters, digits, `_` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShopId(String);

impl ShopId {
    /// The id, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        ((1..=64).contains(&text.len()) && text.bytes().all(sane)).then(|| ShopId(text.to_owned()))
    }

    /// An id that no shop has, to be looked for where the time of a look-up must be spent.
    pub fn nobody() -> Self {
        ShopId(String::new())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A database that holds the shops and their complaints.
#[derive(Clone)]
pub struct Store(Driver, Arc<glance::Looks>, Option<Arc<Vault>>);

#[derive(Clone)]
enum Driver {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// One transaction. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    driver: TxDriver,
    began: Instant,
    /// Of what writes only: under it whole phone numbers are kept.
    vault: Option<Arc<Vault>>,
}

/// A shop as whoever takes its next version finds it.
struct Taken {
    version: i64,
    chain: Chain,
    settings: ShopSettings,
}

impl Taken {
    fn decode(row: &Row<'_>) -> Result<Self> {
        let chain = Chain { entries: row.int(1)?, hash: row.text(2)?.to_owned() };
        Ok(Taken { version: row.int(0)?, chain, settings: shops::settings(row.optional_text(3)?)? })
    }
}

enum TxDriver {
    Sqlite(sqlite::Tx),
    /// Boxed: what every call carries stays small.
    Postgres(Box<postgres::Tx>),
}

impl Store {
    /// Opens the database at `url` (`sqlite:FILE`, created if missing, or `postgres://…`) and brings its
    /// tables up to date.
    pub async fn open(url: &str, settings: &Storage) -> Result<Self> {
        let store = Store::connect(url, settings, true)?;
        migrate::run(&store).await?;
        Ok(store)
    }

    /// As [`Store::open`], but a missing file is an error.
    pub async fn open_existing(url: &str, settings: &Storage) -> Result<Self> {
        let store = Store::open_as_it_is(url, settings)?;
        migrate::run(&store).await?;
        Ok(store)
    }

    /// Opens an existing database without a change to it.
    pub fn open_as_it_is(url: &str, settings: &Storage) -> Result<Self> {
        Store::connect(url, settings, false)
    }

    fn connect(url: &str, settings: &Storage, create: bool) -> Result<Self> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            let sqlite = sqlite::Sqlite::open(file, settings, create)?;
            return Ok(Store(Driver::Sqlite(sqlite), Arc::default(), None));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let postgres = postgres::Postgres::open(url, settings)?;
            return Ok(Store(Driver::Postgres(postgres), Arc::default(), None));
        }
        Err(StoreError::Address(crate::settings::redacted_url(url)))
    }

    /// The store with the keys under which it keeps whole phone numbers. Without any it keeps masked ones only.
    pub fn with_vault(self, vault: Option<Vault>) -> Self {
        Store(self.0, self.1, vault.map(Arc::new))
    }

    /// The keys under which whole phone numbers are kept.
    pub fn vault(&self) -> Option<&Vault> {
        self.2.as_deref()
    }

    /// A snapshot to read from: everything read from it is of one moment.
    pub async fn read(&self) -> Result<Tx> {
        let began = Instant::now();
        let driver = match &self.0 {
            Driver::Sqlite(sqlite) => TxDriver::Sqlite(sqlite.begin_read().await?),
            Driver::Postgres(postgres) => TxDriver::Postgres(Box::pin(postgres.begin_read()).await?.into()),
        };
        Ok(Tx { driver, began, vault: None })
    }

    /// A transaction that may write to the shop, and the version that what it writes gets; `None` if there
    /// is no such shop. Writers of one shop take turns here.
    pub async fn write(&self, shop: &ShopId) -> Result<Option<(Tx, i64)>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        Ok(begun.map(|(tx, taken, _)| (tx, taken.version)))
    }

    /// As [`Store::write`], with a first question about the shop, which is asked in the same breath.
    async fn write_asking<T>(
        &self,
        shop: &ShopId,
        question: Option<(&str, &[Value<'_>])>,
        mut decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<(Tx, Taken, Vec<T>)>> {
        const TAKE_VERSION: &str = "update shops set version = version + 1 where shop_id = $1
             returning version, history_entries, history_hash, settings";
        match &self.0 {
            Driver::Sqlite(_) => {
                let mut tx = self.begin_write().await?;
                let Some(taken) = tx.query(shop, TAKE_VERSION, &[], Taken::decode).await?.pop() else {
                    return Ok(None);
                };
                let answer = match question {
                    Some((sql, parameters)) => tx.query(shop, sql, parameters, decode).await?,
                    None => Vec::new(),
                };
                Ok(Some((tx, taken, answer)))
            }
            Driver::Postgres(postgres) => {
                let began = Instant::now();
                let mut statements = vec![(TAKE_VERSION, of_shop(shop, &[]))];
                statements.extend(question.map(|(sql, parameters)| (sql, of_shop(shop, parameters))));
                statements.iter().for_each(|statement| citus::check(statement.0));
                let (tx, rows) = Box::pin(postgres.begin_write(&statements)).await?;
                let tx = Tx { driver: TxDriver::Postgres(tx.into()), began, vault: self.2.clone() };
                let mut rows = rows.iter();
                let taken = rows.next().and_then(|rows| rows.first());
                let Some(taken) = taken.map(|row| Taken::decode(&Row::Postgres(row))).transpose()? else {
                    return Ok(None);
                };
                let answer = rows.flatten().map(|row| decode(&Row::Postgres(row)));
                Ok(Some((tx, taken, answer.collect::<Result<_>>()?)))
            }
        }
    }

    async fn begin_write(&self) -> Result<Tx> {
        let began = Instant::now();
        let driver = match &self.0 {
            Driver::Sqlite(sqlite) => TxDriver::Sqlite(sqlite.begin_write().await?),
            Driver::Postgres(postgres) => {
                TxDriver::Postgres(Box::pin(postgres.begin_write(&[])).await?.0.into())
            }
        };
        Ok(Tx { driver, began, vault: self.2.clone() })
    }

    /// Tells the database that a long row of large transactions is to come.
    pub async fn expect_bulk(&self) -> Result<()> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.expect_bulk().await,
            Driver::Postgres(postgres) => {
                postgres.expect_bulk();
                Ok(())
            }
        }
    }

    /// Gives up what is held between calls for speed. To be called every second or so.
    pub fn let_go(&self) -> Result<()> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.let_go(),
            Driver::Postgres(_) => Ok(()),
        }
    }

    /// Writes SQLite's file anew, so that nothing is in it but what is kept. Writers wait meanwhile.
    pub async fn rewrite(&self) -> Result<()> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.rewrite().await,
            Driver::Postgres(_) => Ok(()),
        }
    }

    /// Cuts off what SQLite's log has of the past, where nobody reads it.
    pub async fn empty_log(&self) -> Result<()> {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.empty_log().await,
            Driver::Postgres(_) => Ok(()),
        }
    }

    /// Connections in use and at most allowed, for the metrics.
    pub fn pool_status(&self) -> (usize, usize) {
        match &self.0 {
            Driver::Sqlite(sqlite) => sqlite.pool_status(),
            Driver::Postgres(postgres) => postgres.pool_status(),
        }
    }

    /// The newest migration that the database has had.
    pub async fn migration(&self) -> Result<i64> {
        migrate::applied(&mut self.read().await?).await
    }

    /// Which database it is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Driver::Sqlite(_) => "SQLite",
            Driver::Postgres(_) => "PostgreSQL",
        }
    }
}

impl Tx {
    /// Runs a statement about one shop, which is bound as `$1`; `parameters` follow from `$2`.
    pub async fn query<T>(
        &mut self,
        shop: &ShopId,
        sql: &str,
        parameters: &[Value<'_>],
        decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        citus::check(sql);
        self.query_all_shops(sql, &of_shop(shop, parameters), decode).await
    }

    /// As [`Tx::query`], for a statement whose time grows with the data.
    async fn query_slowly<T>(
        &mut self,
        shop: &ShopId,
        sql: &str,
        parameters: &[Value<'_>],
        decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => {
                citus::check(sql);
                let all = of_shop(shop, parameters);
                tokio::task::block_in_place(|| tx.query(sql, &all, decode))
            }
            TxDriver::Postgres(_) => self.query(shop, sql, parameters, decode).await,
        }
    }

    /// Runs a statement about one shop and tells how many rows it touched.
    pub async fn execute(&mut self, shop: &ShopId, sql: &str, parameters: &[Value<'_>]) -> Result<u64> {
        citus::check(sql);
        let all = of_shop(shop, parameters);
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.execute(sql, &all),
            TxDriver::Postgres(tx) => Box::pin(tx.execute(sql, &all)).await,
        }
    }

    /// Runs statements about one shop, one after the other, without waiting for each where that costs time.
    async fn execute_all(&mut self, shop: &ShopId, statements: &[(&str, Vec<Value<'_>>)]) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => {
                all_of_shop(shop, statements).iter().try_for_each(|(sql, all)| tx.execute(sql, all).map(drop))
            }
            TxDriver::Postgres(tx) => Box::pin(tx.execute_all(&all_of_shop(shop, statements))).await,
        }
    }

    /// Runs a statement that is about no single shop: about people, or for the operator's commands.
    async fn query_all_shops<T>(
        &mut self,
        sql: &str,
        parameters: &[Value<'_>],
        decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.query(sql, parameters, decode),
            TxDriver::Postgres(tx) => Box::pin(tx.query(sql, parameters, decode)).await,
        }
    }

    fn known_version(&self, shop: &ShopId) -> Option<i64> {
        match &self.driver {
            TxDriver::Sqlite(tx) => tx.known_version(shop),
            TxDriver::Postgres(_) => None,
        }
    }

    fn note_version(&mut self, shop: &ShopId, version: Option<i64>) {
        if let (TxDriver::Sqlite(tx), Some(version)) = (&mut self.driver, version) {
            tx.note_version(shop, version);
        }
    }

    /// Runs several statements without parameters.
    async fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.batch(sql),
            TxDriver::Postgres(tx) => tx.batch(sql).await,
        }
    }

    /// Takes back what was done since a savepoint, a failure included.
    async fn roll_back_to(&mut self, savepoint: &str) -> Result<()> {
        let sql = format!("rollback to savepoint {savepoint}");
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.batch(&sql),
            TxDriver::Postgres(tx) => tx.roll_back_to(&sql).await,
        }
    }

    /// What follows in this transaction may take as long as it needs: an operator's work, never a caller's.
    pub async fn unhurried(&mut self) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(_) => Ok(()),
            TxDriver::Postgres(tx) => tx.unhurried().await,
        }
    }

    /// Whether the database is there to be read only.
    pub async fn is_read_only(&mut self) -> Result<bool> {
        match &mut self.driver {
            TxDriver::Sqlite(_) => Ok(false),
            TxDriver::Postgres(tx) => tx.is_read_only().await,
        }
    }

    /// Makes what was written last: after this it survives a crash.
    pub async fn commit(mut self) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.commit(),
            TxDriver::Postgres(tx) => tx.commit_with(&[]).await,
        }
    }

    /// Runs last statements about one shop, and makes what was written last, in the same breath.
    async fn commit_with(mut self, shop: &ShopId, statements: &[(&str, Vec<Value<'_>>)]) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(_) => {
                self.execute_all(shop, statements).await?;
                self.commit().await
            }
            TxDriver::Postgres(tx) => Box::pin(tx.commit_with(&all_of_shop(shop, statements))).await,
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        count_seconds(self.began);
    }
}

/// Counts the time of a transaction, or of what stands for one.
fn count_seconds(began: Instant) {
    if let Some(seconds) = SECONDS.get() {
        seconds.record(began.elapsed());
    }
}

/// Where the time of each transaction is counted, once somebody counts.
pub(crate) static SECONDS: OnceLock<metrics::Histogram> = OnceLock::new();

/// The shop as `$1`, and the rest behind it.
fn of_shop<'a>(shop: &'a ShopId, parameters: &[Value<'a>]) -> Vec<Value<'a>> {
    let mut all = Vec::with_capacity(parameters.len() + 1);
    all.push(Value::Text(shop.as_str()));
    all.extend_from_slice(parameters);
    all
}

fn all_of_shop<'a>(
    shop: &'a ShopId,
    statements: &[(&'a str, Vec<Value<'a>>)],
) -> Vec<(&'a str, Vec<Value<'a>>)> {
    let about = |(sql, parameters): &(&'a str, Vec<Value<'a>>)| {
        citus::check(sql);
        (*sql, of_shop(shop, parameters))
    };
    statements.iter().map(about).collect()
}

/// How long to wait for a database that is busy or gone before saying so.
const PATIENCE: Duration = Duration::from_secs(5);
