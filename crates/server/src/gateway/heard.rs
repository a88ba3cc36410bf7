//! What calls say, remembered by their bytes: a program that polls says the same all day.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tousu_wire::{InvalidParameter, lenient};

use super::admit::{Bearer, bearer, parameters};
use super::refusal::Refusal;
use crate::familiar::Familiar;

/// What was said to one interface. Of the bodies only hashes are kept, since there are tokens in them.
pub(super) struct Heard<T> {
    familiar: Familiar,
    known: Mutex<LruCache<[u8; 32], Arc<Said<T>>>>,
}

/// What a body says: who calls, and for what.
pub(super) struct Said<T> {
    /// `None` without a token: a person's session may do.
    pub(super) bearer: Option<Bearer>,
    pub(super) request: Result<T, InvalidParameter>,
}

/// Bodies that are remembered at most.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// The longest of them.
const LONGEST: usize = 2048;

impl<T: DeserializeOwned> Heard<T> {
    pub(super) fn new() -> Self {
        Heard { familiar: Familiar::new(), known: Mutex::new(LruCache::new(MOST)) }
    }

    /// What the body says.
    pub(super) fn understand(&self, body: &[u8]) -> Result<Arc<Said<T>>, Refusal> {
        if body.len() > LONGEST {
            return Ok(Arc::new(understand(body)?));
        }
        let hash: [u8; 32] = Sha256::digest(body).into();
        if let Some(said) = self.known.lock().get(&hash) {
            return Ok(said.clone());
        }
        let said = Arc::new(understand(body)?);
        if self.familiar.is(&hash) {
            self.known.lock().put(hash, said.clone());
        }
        Ok(said)
    }
}

fn understand<T: DeserializeOwned>(body: &[u8]) -> Result<Said<T>, Refusal> {
    let mut parameters = parameters(body)?;
    Ok(Said { bearer: bearer(&mut parameters)?, request: lenient::request(parameters) })
}
