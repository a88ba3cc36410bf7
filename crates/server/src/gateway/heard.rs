//! What calls say, remembered by their bytes: a program that polls says the same all day.

use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tousu_wire::{InvalidParameter, lenient};

use super::admit::{Bearer, bearer, parameters};
use super::refusal::Refusal;
use crate::familiar::Familiar;

/// What was said to one interface. Of the bodies only hashes are kept, since there are tokens in them. It begins with
/// nothing: most interfaces are seldom called.
pub(super) struct Heard<T> {
    known: Mutex<LruCache<[u8; 32], Arc<Said<T>>>>,
}

/// What a body says: who calls, and for what.
pub(super) struct Said<T> {
    /// `None` without a token: a person's session may do.
    pub(super) bearer: Option<Bearer>,
    pub(super) request: Result<T, InvalidParameter>,
}

/// Bodies that are remembered at most.
const MOST: usize = 4096;
/// The longest of them.
const LONGEST: usize = 2048;

impl<T: DeserializeOwned> Heard<T> {
    pub(super) fn new() -> Self {
        Heard { known: Mutex::new(LruCache::unbounded()) }
    }

    /// What the body says. `familiar` has met those that come again, of all interfaces.
    pub(super) fn understand(&self, familiar: &Familiar, body: &[u8]) -> Result<Arc<Said<T>>, Refusal> {
        if body.len() > LONGEST {
            return Ok(Arc::new(understand(body)?));
        }
        let hash: [u8; 32] = Sha256::digest(body).into();
        if let Some(said) = self.known.lock().get(&hash) {
            return Ok(said.clone());
        }
        let said = Arc::new(understand(body)?);
        if familiar.is(&hash) {
            let mut known = self.known.lock();
            known.put(hash, said.clone());
            if known.len() > MOST {
                known.pop_lru();
            }
        }
        Ok(said)
    }
}

fn understand<T: DeserializeOwned>(body: &[u8]) -> Result<Said<T>, Refusal> {
    let mut parameters = parameters(body)?;
    Ok(Said { bearer: bearer(&mut parameters)?, request: lenient::request(parameters) })
}
