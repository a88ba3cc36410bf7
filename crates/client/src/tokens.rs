//! One token per app: fetched by one caller for all, renewed before it runs out, shared with other processes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cache::Cache;
use crate::{Clock, Error};

/// An app's token.
///
/// ```
/// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
/// let token = client.access_token().await?;
/// let body = format!(r#"{{"access_token":"{}"}}"#, token.reveal());
/// println!("{token:?} is good until {}", token.expires_at());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub(crate) access_token: String,
    /// Seconds since 1970-01-01T00:00:00Z, as the next.
    pub(crate) expires_at: i64,
    pub(crate) renew_at: i64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The longest before its end that a token is renewed.
const MARGIN: i64 = 300;
/// A token is kept for at least that long: the server would say if it were over sooner, while asking for one with
/// each call would soon be too often.
const SHORTEST: i64 = 60;
/// Nor is one that is said to last for longer believed.
const LONGEST: i64 = 30 * 86_400;
/// How long nobody tries again to renew a token in time, after that failed.
const PAUSE: Duration = Duration::from_secs(20);

impl AccessToken {
    /// A token that was asked for at `asked_at`, and had `expires_in` seconds left then at least.
    pub(crate) fn new(access_token: String, expires_in: i64, asked_at: i64) -> Self {
        let left = expires_in.clamp(SHORTEST, LONGEST);
        let expires_at = asked_at.saturating_add(left);
        AccessToken { access_token, expires_at, renew_at: expires_at - (left / 10).min(MARGIN) }
    }

    /// The token itself: whoever has it can call in the app's name.
    pub fn reveal(&self) -> &str {
        &self.access_token
    }

    /// When it runs out, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    fn is_fresh(&self, now: i64) -> bool {
        now < self.renew_at
    }

    fn is_alive(&self, now: i64) -> bool {
        now < self.expires_at
    }
}

/// The keeper of one app's token.
pub(crate) struct Tokens {
    clock: Arc<dyn Clock>,
    cache: Option<Cache>,
    /// Whoever holds it fetches; the others wait for what comes of it.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<AccessToken>,
    /// How many fetches have ended.
    ended: u64,
    /// How the last one failed, if it did: those who waited for it do not all try the same themselves.
    failure: Option<Error>,
    /// Until when nobody tries to renew a token that is still good.
    paused_until: Duration,
}

/// A fetch under way.
pub(crate) trait Fetched: Future<Output = Result<AccessToken, Error>> + Send {}

impl<F: Future<Output = Result<AccessToken, Error>> + Send> Fetched for F {}

/// How much a caller needs a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// There is none to call with.
    Now,
    /// The one there is will do for a while.
    Soon,
}

impl Tokens {
    pub(crate) fn new(clock: Arc<dyn Clock>, cache: Option<Cache>) -> Self {
        Tokens { clock, cache, turn: tokio::sync::Mutex::new(()), state: Mutex::default() }
    }

    /// A token to call with, other than the one that the server no longer wants. `fetch` is called by one caller at a
    /// time.
    pub(crate) async fn get<F: Fetched>(
        &self,
        stale: Option<&AccessToken>,
        fetch: impl FnOnce(Need) -> F + Send,
    ) -> Result<AccessToken, Error> {
        let (held, ended) = {
            let mut state = self.state();
            if state.kept.as_ref() == stale {
                state.kept = None;
            }
            if let Some(kept) = state.kept.as_ref().filter(|kept| kept.is_fresh(self.now())) {
                return Ok(kept.clone());
            }
            let alive = state.kept.clone().filter(|kept| kept.is_alive(self.now()));
            if let Some(kept) = &alive
                && self.clock.elapsed() < state.paused_until
            {
                return Ok(kept.clone());
            }
            (alive, state.ended)
        };
        match held {
            None => {
                let _turn = self.turn.lock().await;
                self.in_turn(stale, ended, Need::Now, fetch).await
            }
            // One renews it in time; the others go on with what they have.
            Some(held) => match self.turn.try_lock() {
                Err(_) => Ok(held),
                Ok(_turn) => match self.in_turn(stale, ended, Need::Soon, fetch).await {
                    Err(error) => {
                        tracing::warn!(%error, "the token could not be renewed in time; the old one is used on");
                        self.state().paused_until = self.clock.elapsed() + PAUSE;
                        Ok(held)
                    }
                    renewed => renewed,
                },
            },
        }
    }

    async fn in_turn<F: Fetched>(
        &self,
        stale: Option<&AccessToken>,
        ended: u64,
        need: Need,
        fetch: impl FnOnce(Need) -> F + Send,
    ) -> Result<AccessToken, Error> {
        {
            let state = self.state();
            if let Some(kept) =
                state.kept.as_ref().filter(|kept| kept.is_fresh(self.now()) && Some(*kept) != stale)
            {
                return Ok(kept.clone());
            }
            if state.ended != ended
                && let Some(failure) = &state.failure
            {
                return Err(failure.clone());
            }
        }
        let outcome = match &self.cache {
            None => fetch(need).await,
            Some(cache) => self.shared(cache, stale, need, fetch).await,
        };
        let mut state = self.state();
        state.ended += 1;
        match &outcome {
            Ok(token) => (state.kept, state.failure) = (Some(token.clone()), None),
            Err(error) => state.failure = Some(error.clone()),
        }
        outcome
    }

    /// The token of the file, or a new one, which then is the file's: one process at a time.
    async fn shared<F: Fetched>(
        &self,
        cache: &Cache,
        stale: Option<&AccessToken>,
        need: Need,
        fetch: impl FnOnce(Need) -> F + Send,
    ) -> Result<AccessToken, Error> {
        let usable = || cache.read().filter(|token| token.is_fresh(self.now()) && Some(token) != stale);
        if let Some(token) = usable() {
            return Ok(token);
        }
        let _lock = cache.lock().await;
        if let Some(token) = usable() {
            return Ok(token);
        }
        let token = fetch(need).await?;
        cache.write(&token, self.now());
        Ok(token)
    }

    fn now(&self) -> i64 {
        self.clock.epoch_millis() / 1000
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::SetClock;

    const NOW: i64 = 1_714_536_000;

    struct Server {
        clock: SetClock,
        tokens: Tokens,
        fetches: AtomicI64,
    }

    impl Server {
        fn new() -> Self {
            let clock = SetClock::at(NOW);
            Server { tokens: Tokens::new(Arc::new(clock.clone()), None), clock, fetches: AtomicI64::new(0) }
        }

        async fn get(&self, stale: Option<&AccessToken>, works: bool) -> Result<AccessToken, Error> {
            let fetch = |_| async move {
                let number = self.fetches.fetch_add(1, Ordering::SeqCst);
                // Others come and wait meanwhile.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                let asked_at = self.clock.epoch_millis() / 1000;
                works
                    .then(|| AccessToken::new(format!("token-{number}"), 7200, asked_at))
                    .ok_or(Error::NoData)
            };
            self.tokens.get(stale, fetch).await
        }

        fn fetches(&self) -> i64 {
            self.fetches.swap(0, Ordering::SeqCst)
        }

        /// What a thousand callers at once get.
        async fn crowd(self: &Arc<Self>, works: bool) -> Vec<Result<AccessToken, Error>> {
            let callers: Vec<_> = (0..1000)
                .map(|_| {
                    let server = self.clone();
                    tokio::spawn(async move { server.get(None, works).await })
                })
                .collect();
            let mut outcomes = Vec::new();
            for caller in callers {
                outcomes.push(caller.await.unwrap());
            }
            outcomes
        }
    }

    #[tokio::test]
    async fn one_fetch_serves_all_who_wait_and_so_does_one_failure() {
        let server = Arc::new(Server::new());
        assert!(server.crowd(false).await.iter().all(Result::is_err));
        assert_eq!(server.fetches(), 1);
        assert!(server.crowd(true).await.iter().all(Result::is_ok));
        assert_eq!(server.fetches(), 1);
        server.clock.advance(Duration::from_secs(7200));
        assert!(server.crowd(true).await.iter().all(Result::is_ok));
        assert_eq!(server.fetches(), 1);
    }

    #[tokio::test]
    async fn it_is_renewed_five_minutes_before_its_end() {
        let server = Server::new();
        let first = server.get(None, true).await.unwrap();
        assert_eq!((first.expires_at(), first.renew_at), (NOW + 7200, NOW + 6900));
        server.clock.advance(Duration::from_secs(6899));
        assert_eq!(server.get(None, true).await.unwrap(), first);
        server.clock.advance(Duration::from_secs(1));
        assert_ne!(server.get(None, true).await.unwrap(), first);
        assert_eq!(server.fetches(), 2);
    }

    #[tokio::test]
    async fn what_is_still_good_is_used_while_no_new_one_is_to_be_had() {
        let server = Server::new();
        let first = server.get(None, true).await.unwrap();
        server.clock.advance(Duration::from_secs(6900));
        for _ in 0..100 {
            assert_eq!(server.get(None, false).await.unwrap(), first);
        }
        assert_eq!(server.fetches(), 2, "nobody tries again at once");
        server.clock.advance(PAUSE);
        assert_eq!(server.get(None, false).await.unwrap(), first);
        assert_eq!(server.fetches(), 1);
        server.clock.advance(Duration::from_secs(300));
        assert!(server.get(None, false).await.is_err(), "it is over");
    }

    #[tokio::test]
    async fn what_the_server_no_longer_wants_is_replaced_once() {
        let server = Server::new();
        let first = server.get(None, true).await.unwrap();
        let second = server.get(Some(&first), true).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(
            server.get(Some(&first), true).await.unwrap(),
            second,
            "whoever comes later with the old one"
        );
        assert_eq!(server.fetches(), 2);
    }

    #[test]
    fn a_life_that_cannot_be_is_not_believed() {
        for (said, kept) in [(0, 60), (-5, 60), (i64::MIN, 60), (i64::MAX, LONGEST), (100, 100)] {
            assert_eq!(AccessToken::new(String::new(), said, NOW).expires_at(), NOW + kept);
        }
        assert!(!format!("{:?}", AccessToken::new("xe_secret".into(), 1, NOW)).contains("xe_secret"));
    }
}
