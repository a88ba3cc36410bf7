//! SQLite: one file, many readers, one writer at a time.
//!
//! Statements run inline on the calling task: measured against a thread per statement, the hand-over
//! costs several times the statement. What may take long (a commit's fsync, a count) is announced to
//! the runtime with `block_in_place`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::block_in_place;

use super::{PATIENCE, Result, Row, StoreError, Value};
use crate::settings::Storage;

#[derive(Clone)]
pub(super) struct Sqlite(Arc<Pool>);

struct Pool {
    file: PathBuf,
    synchronous: &'static str,
    idle_readers: Mutex<Vec<Connection>>,
    /// A place for each reader: reads are work for a core, so that more readers than this only cost memory.
    places: Arc<Semaphore>,
    readers: usize,
    writer: Arc<tokio::sync::Mutex<Connection>>,
}

impl Sqlite {
    pub(super) fn open(file: &str, settings: &Storage, create: bool) -> Result<Self> {
        let file = PathBuf::from(file);
        let synchronous = settings.sqlite_synchronous.pragma();
        let writer = connect(&file, synchronous, create)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let readers = settings.connections.min(4 * cores).max(1);
        Ok(Sqlite(Arc::new(Pool {
            file,
            synchronous,
            idle_readers: Mutex::default(),
            places: Arc::new(Semaphore::new(readers)),
            readers,
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
        })))
    }

    pub(super) async fn begin_read(&self) -> Result<Tx> {
        let waiting = tokio::time::timeout(PATIENCE, self.0.places.clone().acquire_owned());
        let Ok(Ok(place)) = waiting.await else {
            return Err(StoreError::Value("all readers are busy".into()));
        };
        let idle = self.0.idle_readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.0.file, self.0.synchronous, false)?,
        };
        run(&connection, "begin")?;
        Ok(Tx(Some(Held::Reader(connection, self.0.clone(), place))))
    }

    pub(super) async fn begin_write(&self) -> Result<Tx> {
        let writer = self.0.writer.clone().lock_owned().await;
        block_in_place(|| run(&writer, "begin immediate"))?;
        Ok(Tx(Some(Held::Writer(writer))))
    }

    /// Gives the writer room for a long row of large transactions: pages stay in memory until they are
    /// full, and go from the log to the file seldom. Doubles the speed of an import of 10^6 rows.
    pub(super) async fn expect_bulk(&self) -> Result<()> {
        let writer = self.0.writer.clone().lock_owned().await;
        Ok(writer.execute_batch("pragma cache_size = -98304; pragma wal_autocheckpoint = 16384;")?)
    }

    pub(super) fn pool_status(&self) -> (usize, usize) {
        (self.0.readers - self.0.places.available_permits(), self.0.readers)
    }
}

fn connect(file: &Path, synchronous: &str, create: bool) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // One plan per statement, whatever is bound: otherwise SQLite prepares again for many binds.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    use_wal(&connection)?;
    connection.execute_batch(&format!(
        "pragma synchronous = {synchronous};
         pragma cache_size = -2000;
         pragma temp_store = memory;"
    ))?;
    Ok(connection)
}

/// Two that open a new file at once get into each other's way here, which SQLite itself does not wait out.
fn use_wal(connection: &Connection) -> Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("pragma journal_mode = wal") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && began.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return Ok(done?),
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.raw_execute()?;
    Ok(())
}

/// A transaction on a connection of its own.
pub(super) struct Tx(Option<Held>);

enum Held {
    Reader(Connection, Arc<Pool>, OwnedSemaphorePermit),
    Writer(OwnedMutexGuard<Connection>),
}

impl Tx {
    fn connection(&self) -> Result<&Connection> {
        match &self.0 {
            Some(Held::Reader(connection, ..)) => Ok(connection),
            Some(Held::Writer(guard)) => Ok(guard),
            None => Err(StoreError::Value("the transaction is over".into())),
        }
    }

    pub(super) fn query<T>(
        &mut self,
        sql: &str,
        parameters: &[Value<'_>],
        mut decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection()?.prepare_cached(&numbered(sql))?;
        bind(&mut statement, parameters)?;
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(decode(&Row::Sqlite(row))?);
        }
        Ok(out)
    }

    pub(super) fn execute(&mut self, sql: &str, parameters: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.connection()?.prepare_cached(&numbered(sql))?;
        bind(&mut statement, parameters)?;
        Ok(statement.raw_execute()? as u64)
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection()?.execute_batch(sql)?)
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        block_in_place(|| run(self.connection()?, "commit"))?;
        self.release();
        Ok(())
    }

    /// Gives the connection back. Only an idle one goes back: a transaction never leaks into the next.
    fn release(&mut self) {
        if let Some(Held::Reader(connection, pool, _place)) = self.0.take()
            && connection.is_autocommit()
        {
            pool.idle_readers.lock().push(connection);
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Ok(connection) = self.connection()
            && let Err(error) = run(connection, "rollback")
        {
            tracing::warn!(%error, "rollback failed");
        }
        self.release();
    }
}

/// `$n` as SQLite numbers it. A `$n` would be a *named* parameter there, numbered by first appearance
/// and looked up by a walk over all names.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn bind(statement: &mut rusqlite::Statement<'_>, parameters: &[Value<'_>]) -> Result<()> {
    for (value, index) in parameters.iter().zip(1..=statement.parameter_count()) {
        match value {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
            Value::Int(value) => statement.raw_bind_parameter(index, value)?,
            Value::Text(value) => statement.raw_bind_parameter(index, value)?,
        }
    }
    Ok(())
}

/// How a comment in a migration begins that is text on SQLite.
pub(super) const DIALECT: &str = "/*sqlite ";
