//! Personal data: whole numbers are sealed, keys can be changed, nothing is found where it should not be.

pub mod crawl;
mod erase;
mod keys;
mod reveal;

/// Everything that is kept, as it lies there: SQLite's files, PostgreSQL's rows as text.
pub async fn everything_in(database: &crate::support::Database) -> Vec<u8> {
    crate::gate::secrecy::everything_in(database).await
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    // Many times as fast as windows().
    let (first, rest) = (text.as_bytes()[0], &text.as_bytes()[1..]);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == first) {
        at += found + 1;
        if bytes[at..].starts_with(rest) {
            return true;
        }
    }
    false
}
