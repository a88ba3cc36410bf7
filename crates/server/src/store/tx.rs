//! One transaction, and the ways in which statements run in it.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::block_in_place;

use super::{Result, Row, ShopId, Value, citus, count_seconds, postgres, sqlite};
use crate::privacy::Vault;

/// One transaction. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    pub(super) driver: TxDriver,
    pub(super) began: Instant,
    /// Of what writes only: under it whole phone numbers are kept.
    pub(super) vault: Option<Arc<Vault>>,
}

pub(super) enum TxDriver {
    Sqlite(sqlite::Tx),
    /// Boxed: what every call carries stays small.
    Postgres(Box<postgres::Tx>),
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
    pub(super) async fn query_slowly<T>(
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
                block_in_place(|| tx.query(sql, &all, decode))
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

    /// Runs statements about one shop, one after the other, without waiting for each where that costs time. They may be
    /// many.
    pub(super) async fn execute_all(
        &mut self,
        shop: &ShopId,
        statements: &[(&str, Vec<Value<'_>>)],
    ) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => {
                let all = all_of_shop(shop, statements);
                block_in_place(|| all.iter().try_for_each(|(sql, all)| tx.execute(sql, all).map(drop)))
            }
            TxDriver::Postgres(tx) => Box::pin(tx.execute_all(&all_of_shop(shop, statements))).await,
        }
    }

    /// Runs a statement that is about no single shop: about people, or for the operator's commands.
    pub(super) async fn query_all_shops<T>(
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

    pub(super) fn known_version(&self, shop: &ShopId) -> Option<i64> {
        match &self.driver {
            TxDriver::Sqlite(tx) => tx.known_version(shop),
            TxDriver::Postgres(_) => None,
        }
    }

    pub(super) fn note_version(&mut self, shop: &ShopId, version: Option<i64>) {
        if let (TxDriver::Sqlite(tx), Some(version)) = (&mut self.driver, version) {
            tx.note_version(shop, version);
        }
    }

    /// Runs several statements without parameters.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.driver {
            TxDriver::Sqlite(tx) => tx.batch(sql),
            TxDriver::Postgres(tx) => tx.batch(sql).await,
        }
    }

    /// Takes back what was done since a savepoint, a failure included.
    pub(super) async fn roll_back_to(&mut self, savepoint: &str) -> Result<()> {
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
    pub(super) async fn commit_with(
        mut self,
        shop: &ShopId,
        statements: &[(&str, Vec<Value<'_>>)],
    ) -> Result<()> {
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

/// The shop as `$1`, and the rest behind it.
pub(super) fn of_shop<'a>(shop: &'a ShopId, parameters: &[Value<'a>]) -> Vec<Value<'a>> {
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
