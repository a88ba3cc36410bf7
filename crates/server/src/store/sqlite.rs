//! SQLite: one file, many readers, one writer at a time.
//!
//! Statements run inline on the calling task: measured against a thread per statement, the hand-over
//! costs several times the statement. What may take long (a commit's fsync, a count) is announced to
//! the runtime with `block_in_place`.

mod generation;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::block_in_place;

use self::generation::{Generation, Generations};
use super::{PATIENCE, Result, Row, ShopId, StoreError, Value};
use crate::settings::Storage;

#[derive(Clone)]
pub(super) struct Sqlite(Arc<Pool>);

struct Pool {
    file: PathBuf,
    synchronous: &'static str,
    generations: Generations,
    #[expect(clippy::vec_box, reason = "a transaction carries its reader, and is carried itself")]
    idle_readers: Mutex<Vec<Box<Reader>>>,
    /// A place for each reader: reads are work for a core, so that more readers than this only cost memory.
    places: Arc<Semaphore>,
    readers: usize,
    writer: Arc<tokio::sync::Mutex<Connection>>,
}

/// A connection that reads. It may hold a snapshot beyond the call, for the next one to use if nobody wrote.
struct Reader {
    connection: Connection,
    holds: Option<Generation>,
    /// Versions that were read in this very snapshot. Another of the same generation may be older: a snapshot is
    /// taken after the generation was asked.
    versions: Vec<(ShopId, i64)>,
}

/// Versions that a reader remembers.
const MOST_VERSIONS: usize = 16;
/// A log of more pages than this is not held back from starting anew: no snapshot outlives its call then.
const LONG_LOG: u32 = 4000;

impl Sqlite {
    pub(super) fn open(file: &str, settings: &Storage, create: bool) -> Result<Self> {
        let file = PathBuf::from(file);
        let synchronous = settings.sqlite_synchronous.pragma();
        let writer = connect(&file, synchronous, create)?;
        // A new file has no log before it is first read.
        writer.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let readers = settings.connections.min(4 * cores).max(1);
        Ok(Sqlite(Arc::new(Pool {
            generations: Generations::of(&file),
            file,
            synchronous,
            idle_readers: Mutex::default(),
            places: Arc::new(Semaphore::new(readers)),
            readers,
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
        })))
    }

    pub(super) async fn begin_read(&self) -> Result<Tx> {
        let place = match self.0.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let waiting = tokio::time::timeout(PATIENCE, self.0.places.clone().acquire_owned());
                let busy = || StoreError::Value("all readers are busy".into());
                Box::pin(waiting).await.map_err(|_| busy())?.map_err(|_| busy())?
            }
        };
        let generation = self.0.generations.now();
        let idle = self.0.idle_readers.lock().pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => {
                let connection = connect(&self.0.file, self.0.synchronous, false)?;
                Box::new(Reader { connection, holds: None, versions: Vec::new() })
            }
        };
        if reader.holds.is_none() || reader.holds != generation {
            reader.let_go()?;
            run(&reader.connection, "begin")?;
            // Asked before the snapshot is taken: what is committed between the two only makes it look old.
            reader.holds = generation;
        }
        Ok(Tx(Some(Held::Reader(reader, self.0.clone(), place))))
    }

    /// Gives up the snapshots that are held between calls, if somebody wrote since: they keep the log from
    /// starting anew. To be called now and then.
    pub(super) fn let_go(&self) -> Result<()> {
        let generation = self.0.generations.now();
        let mut readers = self.0.idle_readers.lock();
        readers.iter_mut().filter(|reader| reader.holds != generation).try_for_each(|reader| reader.let_go())
    }

    /// The shop's version now, if it was read since anybody wrote.
    pub(super) fn known_version(&self, shop: &ShopId) -> Option<i64> {
        self.0.generations.version(self.0.generations.now()?, shop)
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

    /// Begins the one transaction of a bulk load, for which the file must be ours alone. Under a rollback journal a
    /// new page is written once, to where it belongs; the log would double that. A larger cache is no faster.
    pub(super) async fn begin_load(&self) -> Result<Tx> {
        self.0.generations.end();
        self.0.idle_readers.lock().clear();
        let writer = self.0.writer.clone().lock_owned().await;
        block_in_place(|| {
            writer.execute_batch(
                "pragma journal_mode = delete;
                 pragma cache_size = -32768;
                 pragma temp_store = file; -- what is sorted does not fit into memory
                 begin exclusive;",
            )
        })?;
        Ok(Tx(Some(Held::Writer(writer))))
    }

    /// Back to the log after a load, with the figures by which statements are planned.
    pub(super) async fn end_load(&self) -> Result<()> {
        let writer = self.0.writer.clone().lock_owned().await;
        let settle = "pragma analysis_limit = 1000; analyze; pragma journal_mode = wal;";
        Ok(block_in_place(|| writer.execute_batch(settle))?)
    }

    /// Brings what the log has to where it belongs and cuts the log off, so that it does not keep what was taken away.
    /// While others read it, it stays; it is written over later.
    pub(super) async fn empty_log(&self) -> Result<()> {
        // Snapshots of this moment too: they read the log.
        self.0.idle_readers.lock().iter_mut().try_for_each(|reader| reader.let_go())?;
        let writer = self.0.writer.clone().lock_owned().await;
        block_in_place(|| {
            writer.busy_timeout(Duration::ZERO)?;
            let done = writer.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            writer.busy_timeout(PATIENCE)?;
            Ok(done?)
        })
    }

    /// Writes the whole file anew, without what deleted rows have left between the others.
    pub(super) async fn rewrite(&self) -> Result<()> {
        let writer = self.0.writer.clone().lock_owned().await;
        Ok(block_in_place(|| writer.execute_batch("vacuum"))?)
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
         pragma secure_delete = on; -- what was taken away is not left in the file
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
    Reader(Box<Reader>, Arc<Pool>, OwnedSemaphorePermit),
    Writer(OwnedMutexGuard<Connection>),
}

impl Tx {
    fn connection(&self) -> Result<&Connection> {
        match &self.0 {
            Some(Held::Reader(reader, ..)) => Ok(&reader.connection),
            Some(Held::Writer(guard)) => Ok(guard),
            None => Err(StoreError::Value("the transaction is over".into())),
        }
    }

    /// The shop's version, if it was read in this snapshot before.
    pub(super) fn known_version(&self, shop: &ShopId) -> Option<i64> {
        let Some(Held::Reader(reader, ..)) = &self.0 else { return None };
        reader.versions.iter().find(|known| known.0 == *shop).map(|known| known.1)
    }

    /// Remembers a version that was read, for as long as nobody writes.
    pub(super) fn note_version(&mut self, shop: &ShopId, version: i64) {
        let Some(Held::Reader(reader, pool, _)) = &mut self.0 else { return };
        reader.versions.truncate(MOST_VERSIONS - 1);
        reader.versions.insert(0, (shop.clone(), version));
        if let Some(generation) = reader.holds {
            pool.generations.note(generation, shop, version);
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

    /// Adds rows to a table.
    pub(super) fn append<'a, const N: usize>(
        &mut self,
        table: &str,
        columns: &str,
        rows: impl Iterator<Item = [Value<'a>; N]>,
    ) -> Result<()> {
        let values = vec!["?"; N].join(", ");
        let sql = format!("insert into {table} ({columns}) values ({values})");
        let mut statement = self.connection()?.prepare_cached(&sql)?;
        block_in_place(|| {
            for row in rows {
                bind(&mut statement, &row)?;
                statement.raw_execute()?;
            }
            Ok(())
        })
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection()?.execute_batch(sql)?)
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        block_in_place(|| run(self.connection()?, "commit"))?;
        self.0 = None;
        Ok(())
    }

    /// Gives the connection back.
    fn release(&mut self) {
        if let Some(Held::Reader(reader, pool, _place)) = self.0.take() {
            pool.idle_readers.lock().push(reader);
        }
    }

    fn end(&mut self) -> Result<()> {
        match &mut self.0 {
            // A snapshot of a short log may serve the next call.
            Some(Held::Reader(reader, ..))
                if reader.holds.is_some_and(|held| held.log_pages() < LONG_LOG) =>
            {
                Ok(())
            }
            Some(Held::Reader(reader, ..)) => reader.let_go(),
            Some(Held::Writer(writer)) => run(writer, "rollback"),
            None => Ok(()),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match self.end() {
            Ok(()) => self.release(),
            // What cannot be ended does not go back.
            Err(error) => tracing::warn!(%error, "rollback failed"),
        }
    }
}

impl Reader {
    fn let_go(&mut self) -> Result<()> {
        self.holds = None;
        self.versions.clear();
        match self.connection.is_autocommit() {
            true => Ok(()),
            false => run(&self.connection, "rollback"),
        }
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

/// Name and definition of the indexes on complaints, but for the table's own.
pub(super) const INDEXES: &str = "select name, sql from sqlite_schema
    where type = 'index' and tbl_name = 'complaints' and sql is not null order by name";

#[cfg(test)]
mod tests {
    use super::*;

    /// Between the question for the generation and the snapshot somebody may write.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_version_is_of_its_own_snapshot() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.db");
        let sqlite = Sqlite::open(file.to_str().unwrap(), &Default::default(), true).unwrap();
        let tables = |tx: &mut Tx| tx.query("select count(*) from sqlite_schema", &[], |row| row.int(0));
        let shop = ShopId::parse("appHere").unwrap();
        let mut first = sqlite.begin_read().await.unwrap();
        assert_eq!(tables(&mut first).unwrap(), [0]);
        first.note_version(&shop, 1);
        assert_eq!(sqlite.known_version(&shop), Some(1));
        let mut second = sqlite.begin_read().await.unwrap();
        let mut writer = sqlite.begin_write().await.unwrap();
        writer.batch("create table another (column_1 text)").unwrap();
        writer.commit().unwrap();
        assert_eq!(tables(&mut second).unwrap(), [1]);
        assert_eq!((second.known_version(&shop), first.known_version(&shop)), (None, Some(1)));
        assert_eq!(sqlite.known_version(&shop), None);
    }
}
