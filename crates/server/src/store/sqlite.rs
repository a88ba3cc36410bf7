//! SQLite: one file, many readers, one writer at a time.
//!
//! Statements run inline on the calling task: measured against a thread per statement, the hand-over
//! costs several times the statement. What may take long (a commit's fsync, a count) is announced to
//! the runtime with `block_in_place`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::OwnedMutexGuard;
use tokio::task::block_in_place;

use super::{PATIENCE, Result, Row, StoreError, Value};
use crate::settings::Storage;

#[derive(Clone)]
pub(super) struct Sqlite(Arc<Pool>);

struct Pool {
    file: PathBuf,
    synchronous: &'static str,
    idle_readers: Mutex<Vec<Connection>>,
    busy_readers: AtomicUsize,
    max_idle: usize,
    writer: Arc<tokio::sync::Mutex<Connection>>,
}

impl Sqlite {
    pub(super) fn open(file: &str, settings: &Storage, create: bool) -> Result<Self> {
        let file = PathBuf::from(file);
        let synchronous = settings.sqlite_synchronous.pragma();
        let writer = connect(&file, synchronous, create)?;
        Ok(Sqlite(Arc::new(Pool {
            file,
            synchronous,
            idle_readers: Mutex::default(),
            busy_readers: AtomicUsize::new(0),
            max_idle: settings.connections.max(1),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
        })))
    }

    pub(super) fn begin_read(&self) -> Result<Tx> {
        let idle = self.0.idle_readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.0.file, self.0.synchronous, false)?,
        };
        run(&connection, "begin")?;
        self.0.busy_readers.fetch_add(1, Ordering::Relaxed);
        Ok(Tx(Some(Held::Reader(connection, self.0.clone()))))
    }

    pub(super) async fn begin_write(&self) -> Result<Tx> {
        let writer = self.0.writer.clone().lock_owned().await;
        block_in_place(|| run(&writer, "begin immediate"))?;
        Ok(Tx(Some(Held::Writer(writer))))
    }

    pub(super) fn pool_status(&self) -> (usize, usize) {
        (self.0.busy_readers.load(Ordering::Relaxed), self.0.max_idle)
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
    connection.execute_batch(&format!(
        "pragma journal_mode = wal;
         pragma synchronous = {synchronous};
         pragma cache_size = -4000;
         pragma temp_store = memory;"
    ))?;
    Ok(connection)
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.raw_execute()?;
    Ok(())
}

/// A transaction on a connection of its own.
pub(super) struct Tx(Option<Held>);

enum Held {
    Reader(Connection, Arc<Pool>),
    Writer(OwnedMutexGuard<Connection>),
}

impl Tx {
    fn connection(&self) -> Result<&Connection> {
        match &self.0 {
            Some(Held::Reader(connection, _)) => Ok(connection),
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

    pub(super) fn commit(mut self) -> Result<()> {
        block_in_place(|| run(self.connection()?, "commit"))?;
        self.release();
        Ok(())
    }

    /// Gives the connection back. Only an idle one goes back: a transaction never leaks into the next.
    fn release(&mut self) {
        if let Some(Held::Reader(connection, pool)) = self.0.take() {
            pool.busy_readers.fetch_sub(1, Ordering::Relaxed);
            let mut idle = pool.idle_readers.lock();
            if connection.is_autocommit() && idle.len() < pool.max_idle {
                idle.push(connection);
            }
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

/// The part of a migration's text that is for SQLite: `/*sqlite …*/` opened.
pub(super) fn dialect(sql: &str) -> String {
    super::migrate::open_comments(sql, "/*sqlite ")
}
