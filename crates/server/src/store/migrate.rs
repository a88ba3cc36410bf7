//! Brings a database's tables up to date, in one transaction, whoever else starts at the same time.
//!
//! By hand, since refinery (the usual choice) is pinned to older releases of rusqlite and takes no lock
//! against a second node.

use super::{Driver, Result, Store, StoreError, Tx, Value, postgres, sqlite};

/// Every migration ever released, in order; never edited afterwards.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", oldest: 1, sql: include_str!("../../migrations/0001_first.sql") },
    Migration {
        version: 2,
        name: "by number",
        oldest: 2,
        sql: include_str!("../../migrations/0002_by_number.sql"),
    },
    Migration { version: 3, name: "life", oldest: 2, sql: include_str!("../../migrations/0003_life.sql") },
    Migration {
        version: 4,
        name: "windows",
        oldest: 2,
        sql: include_str!("../../migrations/0004_windows.sql"),
    },
    Migration {
        version: 5,
        name: "search",
        oldest: 2,
        sql: include_str!("../../migrations/0005_search.sql"),
    },
    Migration {
        version: 6,
        name: "personal data",
        oldest: 2,
        sql: include_str!("../../migrations/0006_personal_data.sql"),
    },
    Migration {
        version: 7,
        name: "notices",
        oldest: 2,
        sql: include_str!("../../migrations/0007_notices.sql"),
    },
    Migration { version: 8, name: "due", oldest: 2, sql: include_str!("../../migrations/0008_due.sql") },
    Migration { version: 9, name: "users", oldest: 2, sql: include_str!("../../migrations/0009_users.sql") },
    Migration { version: 10, name: "usage", oldest: 2, sql: include_str!("../../migrations/0010_usage.sql") },
    Migration {
        version: 11,
        name: "mirrors",
        oldest: 2,
        sql: include_str!("../../migrations/0011_mirrors.sql"),
    },
];

struct Migration {
    version: i64,
    name: &'static str,
    /// The oldest [`LATEST`] of a program that can go on beside it. One that only adds, as new tables, indexes
    /// and columns that may be null, repeats what the one before it says.
    oldest: i64,
    sql: &'static str,
}

/// The newest migration that this program knows.
pub(super) const LATEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

pub(super) async fn run(store: &Store) -> Result<()> {
    let mut tx = store.read().await?;
    // A database without tables fails here.
    if let Ok(version @ LATEST..) = applied(&mut tx).await {
        return check(&mut tx, version).await;
    }
    drop(tx);
    let mut tx = store.begin_write().await?;
    tx.unhurried().await?;
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
    // Another node may have been faster, and newer.
    let before = applied(&mut tx).await?;
    check(&mut tx, before).await?;
    for Migration { version, name, oldest, sql } in MIGRATIONS.iter().filter(|m| m.version > before) {
        tx.batch(&open_comments(sql, dialect)).await?;
        let record = "insert into schema_migrations (version, name) values ($1, $2)";
        tx.query_all_shops(record, &[Value::Int(*version), Value::Text(name)], |_| Ok(())).await?;
        // The column came with the second; for the first its default is right.
        if *version > 1 {
            let record = "update schema_migrations set oldest = $2 where version = $1";
            tx.query_all_shops(record, &[Value::Int(*version), Value::Int(*oldest)], |_| Ok(())).await?;
        }
        tracing::info!(version, name, "migrated");
    }
    tx.commit().await
}

/// The newest migration that the database has had; 0 for none.
pub(super) async fn applied(tx: &mut Tx) -> Result<i64> {
    let newest = "select coalesce(max(version), 0) from schema_migrations";
    Ok(tx.query_all_shops(newest, &[], |row| row.int(0)).await?.pop().unwrap_or(0))
}

/// Whether this program can go on with a database that has had migration `version`: with a newer one if it
/// only added to what we know.
pub(super) async fn suits(tx: &mut Tx, version: i64) -> Result<bool> {
    if version <= LATEST {
        return Ok(true);
    }
    let oldest = "select max(oldest) from schema_migrations";
    Ok(tx.query_all_shops(oldest, &[], |row| row.int(0)).await?.pop().is_some_and(|oldest| oldest <= LATEST))
}

async fn check(tx: &mut Tx, version: i64) -> Result<()> {
    if !suits(tx, version).await? {
        return Err(StoreError::TooNew(version));
    }
    if version > LATEST {
        tracing::info!(
            version,
            known = LATEST,
            "the database is of a newer version, beside which this one goes on"
        );
    }
    Ok(())
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
