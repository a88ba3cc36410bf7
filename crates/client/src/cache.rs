//! Tokens in a file, for several processes: the vendor's own advice is that one fetches and all share, since who fetches
//! may end the others' token.
//!
//! The file is replaced as a whole, so that no reader sees half of it and readers need no lock. Who fetches holds the lock
//! of the file beside it, which the system takes back if the process dies. A file that is of no use is as good as none,
//! and one that cannot be written costs the sharing, not the call.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tokens::AccessToken;

/// How long another process may take to fetch a token. Then it is fetched a second time.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);
/// More than that many bytes are no file of ours.
const LARGEST: u64 = 1 << 20;

/// Where one app's token is kept.
#[derive(Debug)]
pub(crate) struct Cache {
    path: PathBuf,
    /// Server and app, since one file may hold several.
    key: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    tokens: BTreeMap<String, Kept>,
}

/// A token as the file has it. [`AccessToken`] itself is written nowhere, so that none ends up where it should not.
#[derive(Serialize, Deserialize)]
struct Kept {
    access_token: String,
    expires_at: i64,
    renew_at: i64,
}

impl From<AccessToken> for Kept {
    fn from(AccessToken { access_token, expires_at, renew_at }: AccessToken) -> Self {
        Kept { access_token, expires_at, renew_at }
    }
}

impl From<Kept> for AccessToken {
    fn from(Kept { access_token, expires_at, renew_at }: Kept) -> Self {
        AccessToken { access_token, expires_at, renew_at }
    }
}

/// The right to fetch; none if another process has kept it for too long.
pub(crate) struct Lock(#[allow(dead_code, reason = "closing it gives the lock back")] Option<File>);

impl Cache {
    /// The place for the token of that app in the file. Its folder is made if need be.
    pub(crate) fn new(path: &Path, key: String) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no file"));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private_folder(folder)?;
        }
        let cache = Cache { path: path.to_owned(), key };
        // What cannot work is told at once, not by a warning with each token.
        cache.lock_file()?;
        Ok(cache)
    }

    /// The token in the file, if there is one.
    pub(crate) fn read(&self) -> Option<AccessToken> {
        self.content().tokens.remove(&self.key).map(AccessToken::from)
    }

    /// Puts a token into the file. Those that are over leave it.
    pub(crate) fn write(&self, token: &AccessToken, now: i64) {
        let mut content = self.content();
        content.tokens.retain(|_, kept| kept.expires_at > now);
        content.tokens.insert(self.key.clone(), token.clone().into());
        if let Err(error) = self.replace(&content) {
            tracing::warn!(path = %self.path.display(), %error, "the token could not be kept for other processes");
        }
    }

    /// Waits until no other process fetches a token.
    pub(crate) async fn lock(&self) -> Lock {
        let file = match self.lock_file() {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the token's file cannot be locked");
                return Lock(None);
            }
        };
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Lock(Some(file)),
                Err(TryLockError::WouldBlock) if waited < LONGEST_WAIT => {
                    // Not by the client's clock: other processes know nothing of that.
                    tokio::time::sleep(GLANCE).await;
                    waited += GLANCE;
                }
                Err(error) => {
                    tracing::warn!(path = %self.path.display(), %error, "the token is fetched without the file's lock");
                    return Lock(None);
                }
            }
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(name)
    }

    fn content(&self) -> Content {
        let read = || -> io::Result<Content> {
            let file = File::open(&self.path)?;
            let seen_by_others = is_seen_by_others(&file)?;
            if seen_by_others {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may read or write it"));
            }
            let mut text = String::new();
            file.take(LARGEST).read_to_string(&mut text)?;
            Ok(serde_json::from_str(&text)?)
        };
        match read() {
            Ok(content) => content,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(path = %self.path.display(), %error, "the token's file is of no use and begun anew");
                }
                Content::default()
            }
        }
    }

    fn replace(&self, content: &Content) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.{:x}", std::process::id(), fastrand::u64(..)));
        let fresh = PathBuf::from(name);
        let written = (|| {
            let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&fresh)?;
            file.write_all(&serde_json::to_vec(content)?)?;
            drop(file);
            std::fs::rename(&fresh, &self.path)
        })();
        if written.is_err() {
            // What was begun holds a token.
            let _ = std::fs::remove_file(&fresh);
        }
        written
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// Whether somebody else may read the token, or put another one there.
#[cfg(unix)]
fn is_seen_by_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_seen_by_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_714_536_000;

    fn token(name: &str) -> AccessToken {
        AccessToken::new(name.into(), 7200, NOW)
    }

    fn cache(folder: &tempfile::TempDir, key: &str) -> Cache {
        Cache::new(&folder.path().join("deep/down/tokens.json"), key.into()).unwrap()
    }

    #[test]
    fn apps_share_a_file_and_what_is_over_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (cache(&folder, "one"), cache(&folder, "other"));
        assert_eq!(one.read(), None);
        one.write(&token("a"), NOW);
        other.write(&token("b"), NOW);
        assert_eq!((one.read(), other.read()), (Some(token("a")), Some(token("b"))));
        other.write(&AccessToken::new("c".into(), 7200, NOW + 7200), NOW + 7200);
        assert_eq!(one.read(), None);
        let files = std::fs::read_dir(folder.path().join("deep/down")).unwrap().count();
        assert_eq!(files, 2, "the file and its lock");
    }

    #[test]
    fn a_file_that_is_of_no_use_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder, "one");
        for nonsense in [&b"{\"tok"[..], b"", b"\xff\xff", b"[]", b"{\"tokens\":{\"one\":{}}}"] {
            let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
                .open(&cache.path)
                .unwrap();
            file.write_all(nonsense).unwrap();
            assert_eq!(cache.read(), None);
            cache.write(&token("a"), NOW);
            assert_eq!(cache.read(), Some(token("a")));
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it_and_what_others_may_write_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder, "one");
        cache.write(&token("a"), NOW);
        let mode = |name: &str| {
            let path = folder.path().join("deep").join(name);
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(
            (mode("down/tokens.json"), mode("down/tokens.json.lock"), mode("down")),
            (0o600, 0o600, 0o700)
        );
        std::fs::set_permissions(&cache.path, PermissionsExt::from_mode(0o622)).unwrap();
        assert_eq!(cache.read(), None);
        cache.write(&token("b"), NOW);
        assert_eq!((cache.read(), mode("down/tokens.json")), (Some(token("b")), 0o600));
    }

    #[test]
    fn where_it_cannot_be_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(Cache::new(&folder.path().join("file/tokens.json"), "one".into()).is_err());
    }
}
