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
mod mirrored;
mod mirroring;
mod mirrors;
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
mod tx;
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
pub use mirrored::{DetailsDue, Differs};
pub use mirroring::{CHANGED_UPSTREAM, FromUpstream, HAPPENED_UPSTREAM, Mirrored, UPSTREAM};
pub use mirrors::{DayTally, Mirror, MirrorStanding, Tally};
pub use personal::{MOST_ERASED, Revealed, Whose};
pub use phones::{Examined, Walked};
pub use preferences::MOST_PREFERENCES;
pub use search::{Found, Wish};
pub use sessions::{Seen as SeenSession, Tries};
pub use settling::{Lease, Next, Reserved, Settled, Standing as TargetStanding};
pub use subscriptions::{Decided, Subscription, SubscriptionState};
pub use tidying::{Outdated, Tidied};
pub use tx::Tx;
pub use usage::{Calls, Used};
pub use users::{Member, MemberAfter, MemberBefore, Membership, User};
pub use value::{Row, Value};

use self::tx::{TxDriver, of_shop};
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

/// Counts the time of a transaction, or of what stands for one.
fn count_seconds(began: Instant) {
    if let Some(seconds) = SECONDS.get() {
        seconds.record(began.elapsed());
    }
}

/// Where the time of each transaction is counted, once somebody counts.
pub(crate) static SECONDS: OnceLock<metrics::Histogram> = OnceLock::new();

/// How long to wait for a database that is busy or gone before saying so.
const PATIENCE: Duration = Duration::from_secs(5);
