//! Why the store did not do what it was asked.

use std::sync::Arc;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address is none that we know.
    #[error(
        "数据库地址 {0} 无法识别，应为 sqlite:文件 或 postgres://… ¦ unknown database {0}: use sqlite:FILE or postgres://…"
    )]
    Address(String),
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused.
    #[error("PostgreSQL: {0}")]
    Postgres(String),
    /// PostgreSQL cannot be reached, is going down or coming up, or does not answer.
    #[error("PostgreSQL 无法连接：{0} ¦ PostgreSQL is gone: {0}")]
    Gone(String),
    /// PostgreSQL went away during a commit.
    #[error(
        "提交时与 PostgreSQL 断开，不知是否已写入：{0} ¦ PostgreSQL went away during the commit, which may or may not have been done: {0}"
    )]
    Unknown(String),
    /// PostgreSQL takes no writes.
    #[error("PostgreSQL 只读：{0} ¦ PostgreSQL is read-only: {0}")]
    ReadOnly(String),
    /// None of the servers is the primary.
    #[error("PostgreSQL 是备库，地址中没有主库 ¦ PostgreSQL is a standby: the address names no primary")]
    Standby,
    /// PostgreSQL refused a row, since there is one with its key.
    #[error("PostgreSQL: {0}")]
    Taken(String),
    /// A prepared statement no longer fits its tables.
    #[error("PostgreSQL: {0}")]
    Stale(String),
    /// A parameter of the database's address makes no sense (`中文 ¦ English`).
    #[error("{0}")]
    Parameter(String),
    /// A stored value is not of the shape that the code expects.
    #[error("stored value: {0}")]
    Value(String),
    /// What went wrong for several at once.
    #[error("{0}")]
    Shared(Arc<StoreError>),
    /// The database was migrated by a newer version of this program.
    #[error(
        "数据库由更新的版本创建（迁移 {0}），请升级 tousu ¦ the database was made by a newer version (migration {0}): upgrade tousu"
    )]
    TooNew(i64),
}

impl StoreError {
    /// Whether a row was refused because there is one with its key.
    pub(super) fn is_taken(&self) -> bool {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match self {
            StoreError::Taken(_) => true,
            StoreError::Sqlite(error) => error.sqlite_error().is_some_and(|error| {
                [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&error.extended_code)
            }),
            _ => false,
        }
    }
}

/// The result of asking the store.
pub type Result<T> = std::result::Result<T, StoreError>;
