//! Brings a database's tables up to date, in one transaction, whoever else starts at the same time.
//!
//! By hand, since refinery (the usual choice) is pinned to older releases of rusqlite and takes no lock
//! against a second node.

use super::{Driver, Result, Store, StoreError, Tx, Value, postgres, sqlite};

/// Every migration ever released, in order; never edited afterwards.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../migrations/0001_first.sql")),
    (2, "by number", include_str!("../../migrations/0002_by_number.sql")),
];

/// The newest migration that this program knows.
pub(super) const LATEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

pub(super) async fn run(store: &Store) -> Result<()> {
    if applied(&mut store.read().await?).await.is_ok_and(|version| version == LATEST) {
        return Ok(());
    }
    let mut tx = store.begin_write().await?;
    let dialect = match &store.0 {
        Driver::Sqlite(_) => sqlite::DIALECT,
        Driver::Postgres(_) => {
            tx.batch(postgres::MIGRATION_LOCK).await?;
            postgres::DIALECT
        }
    };
    tx.batch(
        "create table if not exists schema_migrations (
             version bigint not null primary key,
             name    text not null
         )",
    )
    .await?;
    let before = applied(&mut tx).await?;
    if before > LATEST {
        return Err(StoreError::TooNew(before));
    }
    for &(version, name, sql) in MIGRATIONS.iter().filter(|migration| migration.0 > before) {
        tx.batch(&open_comments(sql, dialect)).await?;
        let record = "insert into schema_migrations (version, name) values ($1, $2)";
        tx.query_all_shops(record, &[Value::Int(version), Value::Text(name)], |_| Ok(())).await?;
        tracing::info!(version, name, "migrated");
    }
    tx.commit().await
}

/// The newest migration that the database has had; 0 for none.
pub(super) async fn applied(tx: &mut Tx) -> Result<i64> {
    let newest = "select coalesce(max(version), 0) from schema_migrations";
    Ok(tx.query_all_shops(newest, &[], |row| row.int(0)).await?.pop().unwrap_or(0))
}

/// The text with the comments that begin with `opening` turned into text.
fn open_comments(sql: &str, opening: &str) -> String {
    let mut parts = sql.split(opening);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(&part.replacen("*/", "", 1));
    }
    out
}
