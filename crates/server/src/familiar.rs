//! Whether something was met before. What is met once only is not worth remembering: it would push out what
//! comes again.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

/// Remembers of what it met no more than a few bits, and forgets what is long ago. It errs now and then.
pub struct Familiar {
    met: Box<[AtomicU32]>,
    hasher: RandomState,
}

/// Things that are told apart, at most.
const PLACES: usize = 1 << 16;

impl Familiar {
    /// Has met nothing yet.
    pub fn new() -> Self {
        Familiar { met: (0..PLACES).map(|_| AtomicU32::new(0)).collect(), hasher: RandomState::new() }
    }

    /// Whether it was met before; from now on it was.
    pub fn is(&self, what: &impl Hash) -> bool {
        let hash = self.hasher.hash_one(what);
        let (place, mark) = (hash as usize % PLACES, (hash >> 32) as u32);
        self.met[place].swap(mark, Ordering::Relaxed) == mark
    }
}

impl Default for Familiar {
    fn default() -> Self {
        Familiar::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_familiar() {
        let familiar = Familiar::new();
        let strangers = (0..10_000).filter(|page| !familiar.is(page)).count();
        assert!(strangers > 9_990, "{strangers}");
        let friends = (0..10_000).filter(|page| familiar.is(page)).count();
        // Those that share a place with another have been forgotten.
        assert!(friends > 7_000, "{friends}");
    }
}
