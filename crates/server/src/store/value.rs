//! What is bound to a statement and what comes out of it: the two types of our columns.

use std::fmt;

use simdutf8::basic::from_utf8;

use super::{Result, StoreError};

/// A bound value. Its Debug output does not show texts: the PostgreSQL driver logs what is bound, and a
/// caller can put a secret or a phone number wherever an id belongs.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// SQL null.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(&'a str),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Int(value) => write!(f, "Int({value})"),
            Value::Text(_) => f.write_str("Text(…)"),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row that a statement gave, on either database.
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// Column `at` as a number.
    pub fn int(&self, at: usize) -> Result<i64> {
        self.optional_int(at)?.ok_or_else(|| StoreError::Value(format!("column {at} is null")))
    }

    /// Column `at` as a number or null.
    pub fn optional_int(&self, at: usize) -> Result<Option<i64>> {
        match self {
            Row::Sqlite(row) => row
                .get_ref(at)?
                .as_i64_or_null()
                .map_err(|error| StoreError::Value(format!("column {at}: {error}"))),
            Row::Postgres(row) => Ok(row.try_get(at)?),
        }
    }

    /// Column `at` as text.
    pub fn text(&self, at: usize) -> Result<&str> {
        self.optional_text(at)?.ok_or_else(|| StoreError::Value(format!("column {at} is null")))
    }

    /// Column `at` as text or null.
    pub fn optional_text(&self, at: usize) -> Result<Option<&str>> {
        match self {
            Row::Sqlite(row) => {
                let wrong = |error: &dyn fmt::Display| StoreError::Value(format!("column {at}: {error}"));
                let bytes = row.get_ref(at)?.as_bytes_or_null().map_err(|error| wrong(&error))?;
                bytes.map(from_utf8).transpose().map_err(|error| wrong(&error))
            }
            Row::Postgres(row) => Ok(row.try_get(at)?),
        }
    }
}
