//! Whether anybody wrote since, whoever it was, for one system call.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::store::ShopId;

/// Changes with every commit: the header of the index of the write-ahead log, both copies. It is read without
/// SQLite, for one system call instead of the locks of a transaction, which all readers of a process contend for.
/// Its format is documented (https://www.sqlite.org/walformat.html).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation([u8; 96]);

impl Generation {
    /// How many pages the log holds.
    pub(super) fn log_pages(&self) -> u32 {
        self.0[16..20].try_into().map_or(u32::MAX, u32::from_ne_bytes)
    }
}

/// The generations of one file, and what was read in the last of them.
pub(super) struct Generations {
    /// The index of the log, which all who have the file open share; absent where it could not be read.
    index: Option<&'static File>,
    /// The index was deleted, and tells nothing any more.
    ended: AtomicBool,
    versions: Mutex<Versions>,
}

#[derive(Default)]
struct Versions {
    of: Option<Generation>,
    shops: HashMap<ShopId, i64>,
}

/// Shops whose versions are remembered.
const MOST_SHOPS: usize = 4096;

impl Generations {
    pub(super) fn of(file: &Path) -> Self {
        let mut index = file.to_owned().into_os_string();
        index.push("-shm");
        // Never closed: POSIX ends all of a process's locks on a file when it closes any handle of it, and
        // SQLite's own are on this one.
        let index = File::open(index).ok().map(|file| &*Box::leak(Box::new(file)));
        Generations { index, ended: AtomicBool::new(false), versions: Mutex::default() }
    }

    /// The present one, if it can be told.
    pub(super) fn now(&self) -> Option<Generation> {
        let mut header = [0; 96];
        self.index?.read_exact_at(&mut header, 0).ok()?;
        let format = u32::from_ne_bytes(header[..4].try_into().ok()?);
        (format == 3_007_000 && !self.ended.load(Ordering::SeqCst)).then_some(Generation(header))
    }

    /// None can be told from now on: the log is given up, and its index with it.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// The shop's version in that generation, if it was read.
    pub(super) fn version(&self, generation: Generation, shop: &ShopId) -> Option<i64> {
        let versions = self.versions.lock();
        if versions.of != Some(generation) {
            return None;
        }
        versions.shops.get(shop).copied()
    }

    /// Remembers the shop's version.
    pub(super) fn note(&self, generation: Generation, shop: &ShopId, version: i64) {
        let mut versions = self.versions.lock();
        if versions.of != Some(generation) || versions.shops.len() >= MOST_SHOPS {
            versions.of = Some(generation);
            versions.shops.clear();
        }
        versions.shops.insert(shop.clone(), version);
    }
}

#[cfg(test)]
mod tests {
    use crate::store::sqlite::Sqlite;

    #[test]
    fn a_new_file_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.db");
        let sqlite = Sqlite::open(file.to_str().unwrap(), &Default::default(), true).unwrap();
        assert!(sqlite.0.generations.now().is_some());
    }
}
