//! PostgreSQL: a pool of connections to the primary, on which statements stay prepared.
//!
//! A pool by hand: who begins must know whether a connection is fresh, since a stale one is no reason to fail.

mod connect;
mod tls;

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use self::connect::{Connection, Servers};
use super::{PATIENCE, Result, Row, StoreError, Value};
use crate::settings::Storage;

#[derive(Clone)]
pub(super) struct Postgres(Arc<Pool>);

struct Pool {
    servers: Servers,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
    most: usize,
    /// How long to wait for an answer. The server ends a statement before that, unless it is gone.
    answer: Duration,
    /// Whether all that is done is an operator's work.
    unhurried: AtomicBool,
}

impl Postgres {
    pub(super) fn open(url: &str, settings: &Storage) -> Result<Self> {
        let most = settings.connections.max(1);
        Ok(Postgres(Arc::new(Pool {
            servers: Servers::of(url, settings)?,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(most)),
            most,
            answer: Duration::from_secs(settings.postgres_statement_seconds) + PATIENCE,
            unhurried: AtomicBool::new(false),
        })))
    }

    pub(super) async fn begin_read(&self) -> Result<Tx> {
        Ok(self.begin("begin isolation level repeatable read read only", &[]).await?.0)
    }

    /// Begins with these statements, and gives the rows of each.
    pub(super) async fn begin_write(
        &self,
        statements: &[(&str, Vec<Value<'_>>)],
    ) -> Result<(Tx, Vec<Vec<tokio_postgres::Row>>)> {
        self.begin("begin", statements).await
    }

    /// Begins on an idle connection if one still works, or else on a new one. A server that restarts leaves
    /// nothing but stale ones.
    async fn begin(
        &self,
        how: &str,
        statements: &[(&str, Vec<Value<'_>>)],
    ) -> Result<(Tx, Vec<Vec<tokio_postgres::Row>>)> {
        let place = self.place().await?;
        let unhurried = self.0.unhurried.load(Ordering::Relaxed);
        let how = if unhurried { format!("{how}; {UNHURRIED}") } else { how.to_owned() };
        let patience = (!unhurried).then_some(self.0.answer);
        // What does no more than begin is answered soon, or by nobody.
        let begun_in = if statements.is_empty() { Some(PATIENCE) } else { patience };
        let (connection, rows) = loop {
            let idle = self.0.idle_connection();
            let is_fresh = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.0.servers.connect().await?,
            };
            match bounded(begun_in, connection.at_once(Some(&how), statements, None)).await {
                Ok(rows) => break (connection, rows),
                Err(error) if is_fresh => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "a stale connection");
                    self.0.idle.lock().clear();
                }
            }
        };
        let pool = self.0.clone();
        Ok((Tx(Some(Held { connection, place, patience, pool, fate: Fate::Good })), rows))
    }

    /// From now on nothing is cut short for taking long.
    pub(super) fn expect_bulk(&self) {
        self.0.unhurried.store(true, Ordering::Relaxed);
    }

    /// Runs one statement that only reads, and takes no time worth mentioning, outside any transaction. What fails on
    /// a stale connection is asked again.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>> {
        let _place = self.place().await?;
        loop {
            let idle = self.0.idle_connection();
            let is_fresh = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.0.servers.connect().await?,
            };
            let asked = Instant::now();
            match bounded(Some(PATIENCE), connection.query(sql, &bound(parameters))).await {
                Err(error @ (StoreError::Gone(_) | StoreError::Stale(_))) => {
                    self.0.idle.lock().clear();
                    // A server that says nothing says nothing to the next one either.
                    if is_fresh || asked.elapsed() >= PATIENCE {
                        return Err(error);
                    }
                    tracing::debug!(%error, "a stale connection");
                }
                answer => {
                    self.0.idle.lock().push(connection);
                    return answer;
                }
            }
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = self.0.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let busy = || StoreError::Value("all connections are busy".into());
        let waiting = timeout(PATIENCE, self.0.places.clone().acquire_owned()).await;
        waiting.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// Begins the one transaction of a bulk load. Its end waits for the disk whatever the server's settings say: pages
    /// are marked as visible to all only then.
    pub(super) async fn begin_load(&self) -> Result<Tx> {
        let (mut tx, _) = self.begin("begin", &[]).await?;
        tx.unhurried().await?;
        tx.batch("set local maintenance_work_mem = '256MB'; set local synchronous_commit = on").await?;
        Ok(tx)
    }

    /// Leaves the tables as the cleaner would in its own time: figures to plan by, and pages known to be visible to
    /// all, so that what stands in an index need not be looked up in the table.
    pub(super) async fn end_load(&self) -> Result<()> {
        let connection = self.0.servers.connect().await?;
        connection.batch("set statement_timeout = 0").await?;
        Ok(connection.batch("vacuum (analyze) shops, complaints").await?)
    }

    pub(super) fn pool_status(&self) -> (usize, usize) {
        (self.0.most - self.0.places.available_permits(), self.0.most)
    }
}

impl Pool {
    fn idle_connection(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        idle.retain(|connection| !connection.is_closed());
        idle.pop()
    }
}

/// Nothing of the transaction is cut short.
const UNHURRIED: &str = "set local statement_timeout = 0; set local lock_timeout = 0;
    set local idle_in_transaction_session_timeout = 0";

/// The answer, unless it does not come in time.
async fn bounded<T, E: Into<StoreError>>(
    patience: Option<Duration>,
    answer: impl Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
    let Some(patience) = patience else { return answer.await.map_err(E::into) };
    match timeout(patience, answer).await {
        Ok(answer) => answer.map_err(E::into),
        Err(_) => Err(StoreError::Gone(format!("no answer within {} s", patience.as_secs()))),
    }
}

/// A transaction on a connection of its own.
pub(super) struct Tx(Option<Held>);

struct Held {
    connection: Connection,
    place: OwnedSemaphorePermit,
    pool: Arc<Pool>,
    patience: Option<Duration>,
    fate: Fate,
}

/// What is to become of a connection, from good to bad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It serves another transaction.
    Good,
    /// As before, but a statement failed, so that this transaction can only be taken back.
    Failed,
    /// A write was refused: its server may follow another one now.
    Doubtful,
    /// It is let go, and the idle ones with it: what befell one has befallen all.
    Lost,
}

impl Tx {
    fn held(&mut self) -> Result<&mut Held> {
        self.0.as_mut().ok_or_else(|| StoreError::Value("the transaction is over".into()))
    }

    pub(super) async fn query<T>(
        &mut self,
        sql: &str,
        parameters: &[Value<'_>],
        mut decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let held = self.held()?;
        let rows = bounded(held.patience, held.connection.query(sql, &bound(parameters))).await;
        held.heard(rows)?.iter().map(|row| decode(&Row::Postgres(row))).collect()
    }

    /// Runs statements in order, all of them under way at once.
    pub(super) async fn execute_all(&mut self, statements: &[(&str, Vec<Value<'_>>)]) -> Result<()> {
        let held = self.held()?;
        let done = bounded(held.patience, held.connection.at_once(None, statements, None)).await;
        held.heard(done).map(drop)
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Value<'_>]) -> Result<u64> {
        let held = self.held()?;
        let count = bounded(held.patience, held.connection.execute(sql, &bound(parameters))).await;
        held.heard(count)
    }

    /// Adds rows to a table.
    pub(super) async fn append<'a, const N: usize>(
        &mut self,
        table: &str,
        columns: &str,
        rows: impl Iterator<Item = [Value<'a>; N]>,
    ) -> Result<()> {
        let copy = format!("copy {table} ({columns}) from stdin (format binary)");
        let held = self.held()?;
        let copying = async {
            // The types are not looked at: a value knows how it is written.
            let rows_in = held.connection.copy_in(&copy).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(rows_in, &[Type::TEXT; N]));
            for row in rows {
                writer.as_mut().write_raw(row).await?;
            }
            writer.finish().await
        };
        let done = bounded(held.patience, copying).await;
        held.heard(done).map(drop)
    }

    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        let held = self.held()?;
        let done = bounded(held.patience, held.connection.batch(sql)).await;
        held.heard(done)
    }

    /// Goes back to a savepoint, before which nothing failed.
    pub(super) async fn roll_back_to(&mut self, sql: &str) -> Result<()> {
        self.batch(sql).await?;
        let held = self.held()?;
        if held.fate == Fate::Failed {
            held.fate = Fate::Good;
        }
        Ok(())
    }

    /// From now on nothing of this transaction is cut short for taking long.
    pub(super) async fn unhurried(&mut self) -> Result<()> {
        self.batch(UNHURRIED).await?;
        self.held()?.patience = None;
        Ok(())
    }

    /// Whether its database takes no writes.
    pub(super) async fn is_read_only(&mut self) -> Result<bool> {
        const READ_ONLY: &str = "select current_setting('default_transaction_read_only')";
        Ok(self.query(READ_ONLY, &[], |row| Ok(row.text(0)? == "on")).await?.pop() == Some(true))
    }

    /// Runs statements in order and commits, all of it under way at once.
    pub(super) async fn commit_with(&mut self, statements: &[(&str, Vec<Value<'_>>)]) -> Result<()> {
        let held = self.held()?;
        // PostgreSQL would take it back, and call that no error.
        if held.fate != Fate::Good {
            return Err(StoreError::Value("a statement failed, so that nothing was kept".into()));
        }
        let committed =
            bounded(held.patience, held.connection.at_once(None, statements, Some("commit"))).await;
        held.heard(committed).map_err(|error| match error {
            StoreError::Gone(why) => StoreError::Unknown(why),
            refused => refused,
        })?;
        if let Some(Held { connection, place, pool, .. }) = self.0.take() {
            pool.idle.lock().push(connection);
            drop(place);
        }
        Ok(())
    }
}

impl Held {
    /// Notes what an answer says about the connection.
    fn heard<T>(&mut self, answer: Result<T>) -> Result<T> {
        if let Err(error) = &answer {
            self.fate = self.fate.max(match error {
                StoreError::Gone(_) | StoreError::Stale(_) => Fate::Lost,
                StoreError::ReadOnly(_) => Fate::Doubtful,
                _ => Fate::Failed,
            });
        }
        answer
    }

    /// Takes the transaction back and gives the connection to the pool, if it is good for another.
    async fn give_back(self) {
        let Held { connection, place, pool, fate, .. } = self;
        let taken_back = async {
            connection.batch("rollback").await?;
            if fate == Fate::Doubtful { connection.is_to_standby().await } else { Ok(false) }
        };
        // Whoever gave up a statement need not wait for its end here.
        let is_to_standby = bounded(Some(PATIENCE), taken_back).await;
        match is_to_standby {
            Ok(false) => pool.idle.lock().push(connection),
            Ok(true) => pool.idle.lock().clear(),
            Err(error) => tracing::debug!(%error, "a transaction was not taken back"),
        }
        drop(place);
    }
}

impl Drop for Tx {
    /// Ends the transaction behind the caller's back, so that an answer need not wait for it.
    fn drop(&mut self) {
        let Some(held) = self.0.take() else { return };
        if held.fate == Fate::Lost {
            held.pool.idle.lock().clear();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(held.give_back());
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let why = told(&error);
        match error.code().map(SqlState::code) {
            Some("25006") => StoreError::ReadOnly(why),
            Some("23505") => StoreError::Taken(why),
            // "cached plan must not change result type", and a prepared statement that is not there.
            Some("0A000" | "26000") => StoreError::Stale(why),
            // Shut down, crashed, starting; ended for being idle.
            Some("57P01" | "57P02" | "57P03" | "57P05" | "25P03") => StoreError::Gone(why),
            Some(code) if code.starts_with("08") => StoreError::Gone(why),
            None if error.is_closed() || error.source().is_some_and(|cause| cause.is::<io::Error>()) => {
                StoreError::Gone(why)
            }
            _ => StoreError::Postgres(why),
        }
    }
}

/// The error and its causes. PostgreSQL's own details are left out: they quote what was to be stored.
fn told(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} {}: {}", error.severity(), error.code().code(), error.message());
    }
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn bound<'a>(parameters: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) => value.to_sql(of, out),
            Value::Text(value) => value.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::INT8 || *of == Type::TEXT
    }

    to_sql_checked!();
}

/// How a comment in a migration begins that is text on PostgreSQL.
pub(super) const DIALECT: &str = "/*postgres ";

/// Held by whoever migrates, until the transaction ends: two nodes may start at once.
pub(super) const MIGRATION_LOCK: &str = "select pg_advisory_xact_lock(7863985)";

/// Name and definition of the indexes on complaints, but for the primary key's.
pub(super) const INDEXES: &str =
    "select cast(cast(indexrelid as regclass) as text), pg_get_indexdef(indexrelid)
    from pg_index where indrelid = cast('complaints' as regclass) and not indisprimary order by 1";
