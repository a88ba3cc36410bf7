//! PostgreSQL: a pool of connections with prepared statements kept.

use std::error::Error;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;
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
