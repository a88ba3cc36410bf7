//! Passwords: argon2id with OWASP's parameters (19 MiB, two passes, one lane), off the threads that answer calls, and
//! not many at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::secrets::{self, Secret};

/// Hashes passwords, a few at a time: each takes 19 MiB and some hundredths of a second of a processor.
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Semaphore>);

/// Passwords that are looked at at once.
const AT_ONCE: usize = 4;

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct Failed(String);

impl Default for Hasher {
    fn default() -> Self {
        Hasher(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    /// What is kept of a password: a PHC string, with a salt and its parameters.
    pub async fn hash(&self, password: &Secret) -> Result<String, Failed> {
        let password = password.clone();
        self.run(move || hash(&password)).await?
    }

    /// Whether it is the password of that hash. Without a hash it is not, which takes as long to say.
    pub async fn is_right(&self, password: &Secret, kept: Option<&str>) -> Result<bool, Failed> {
        let (password, kept) = (password.clone(), kept.map(str::to_owned));
        self.run(move || match kept.as_deref().map(PasswordHash::new) {
            Some(Ok(kept)) => {
                Ok(Argon2::default().verify_password(password.reveal().as_bytes(), &kept).is_ok())
            }
            // Nobody's: what it comes to does not matter.
            _ => hash(&password).map(|_| false),
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failed> {
        let failed = |error: &dyn std::fmt::Display| Failed(error.to_string());
        let place = self.0.clone().acquire_owned().await.map_err(|error| failed(&error))?;
        // The work goes on though nobody waits for it any more: its place is taken until it is done.
        let work = move || {
            let done = work();
            drop(place);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}

fn hash(password: &Secret) -> Result<String, Failed> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.reveal().as_bytes());
    hashed.map(|hashed| hashed.to_string()).map_err(|error| Failed(error.to_string()))
}

/// A password that nobody has to think of: 20 letters and digits, some 119 bits.
pub fn made_up() -> Secret {
    Secret::new(secrets::random_text(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other() {
        let hasher = Hasher::default();
        let password = Secret::new("小李的密码 with words");
        let kept = hasher.hash(&password).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hasher.hash(&password).await.unwrap(), "each has its own salt");
        assert!(hasher.is_right(&password, Some(&kept)).await.unwrap());
        assert!(!hasher.is_right(&Secret::new("another"), Some(&kept)).await.unwrap());
        assert!(!hasher.is_right(&password, None).await.unwrap());
        assert!(!hasher.is_right(&password, Some("no hash")).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_leaves_takes_up_a_place_until_the_work_is_done() {
        let hasher = Hasher::default();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let work = hasher.run(move || {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
        });
        tokio::select! {
            _ = work => panic!("it ended before it could"),
            _ = has_begun => {}
        }
        assert_eq!(hasher.0.available_permits(), AT_ONCE - 1);
        go_on.send(()).unwrap();
        let all = hasher.0.acquire_many(AT_ONCE as u32).await.unwrap();
        drop(all);
    }
}
