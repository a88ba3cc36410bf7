//! PostgreSQL: a pool of connections with prepared statements kept.

use std::error::Error;
use std::pin::pin;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::{PATIENCE, Result, Row, StoreError, Value};
use crate::settings::Storage;

#[derive(Clone)]
pub(super) struct Postgres(Pool);

impl Postgres {
    pub(super) fn open(url: &str, settings: &Storage) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.parse()?;
        config.application_name("tousu");
        config.connect_timeout(PATIENCE);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(settings.connections.max(1))
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Value(error.to_string()))?;
        Ok(Postgres(pool))
    }

    pub(super) async fn begin_read(&self) -> Result<Tx> {
        self.begin("begin isolation level repeatable read read only").await
    }

    pub(super) async fn begin_write(&self) -> Result<Tx> {
        self.begin("begin").await
    }

    async fn begin(&self, how: &str) -> Result<Tx> {
        let client = self.0.get().await?;
        client.batch_execute(how).await?;
        Ok(Tx(Some(client)))
    }

    /// Runs one statement outside any transaction.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>> {
        let client = self.0.get().await?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query(&statement, &bound(parameters)).await?)
    }

    /// Begins the one transaction of a bulk load. Its end waits for the disk whatever the server's settings say: pages
    /// are marked as visible to all only then.
    pub(super) async fn begin_load(&self) -> Result<Tx> {
        self.begin("begin; set local maintenance_work_mem = '256MB'; set local synchronous_commit = on").await
    }

    /// Leaves the tables as the cleaner would in its own time: figures to plan by, and pages known to be visible to
    /// all, so that what stands in an index need not be looked up in the table.
    pub(super) async fn end_load(&self) -> Result<()> {
        Ok(self.0.get().await?.batch_execute("vacuum (analyze) shops, complaints").await?)
    }

    pub(super) fn pool_status(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size.saturating_sub(status.available), status.max_size)
    }
}

/// A transaction on a connection of its own.
pub(super) struct Tx(Option<Object>);

impl Tx {
    fn client(&self) -> Result<&Object> {
        self.0.as_ref().ok_or_else(|| StoreError::Value("the transaction is over".into()))
    }

    pub(super) async fn query<T>(
        &mut self,
        sql: &str,
        parameters: &[Value<'_>],
        mut decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &bound(parameters)).await?;
        rows.iter().map(|row| decode(&Row::Postgres(row))).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Value<'_>]) -> Result<u64> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.execute(&statement, &bound(parameters)).await?)
    }

    /// Adds rows to a table.
    pub(super) async fn append<'a, const N: usize>(
        &mut self,
        table: &str,
        columns: &str,
        rows: impl Iterator<Item = [Value<'a>; N]>,
    ) -> Result<()> {
        let copy = format!("copy {table} ({columns}) from stdin (format binary)");
        // The types are not looked at: a value knows how it is written.
        let writer = BinaryCopyInWriter::new(self.client()?.copy_in(&copy).await?, &[Type::TEXT; N]);
        let mut writer = pin!(writer);
        for row in rows {
            writer.as_mut().write_raw(row).await?;
        }
        writer.finish().await?;
        Ok(())
    }

    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        self.client()?.batch_execute("commit").await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Tx {
    /// Ends the transaction behind the caller's back, so that an answer need not wait for it. A
    /// connection that cannot even do that does not go back to the pool.
    fn drop(&mut self) {
        let Some(client) = self.0.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            if client.batch_execute("rollback").await.is_err() {
                drop(Object::take(client));
            }
        });
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
