//! How a client comes to be.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Certificate, Proxy, Url, redirect};

use crate::cache::Cache;
use crate::client::Inner;
use crate::credentials::Secret;
use crate::pace::Pacer;
use crate::tokens::Tokens;
use crate::{Client, Clock, Credentials, Error, Pace, Retry, SystemClock};

/// The settings of a client to be. Nothing is checked before [`Builder::build`].
///
/// ```
/// use std::time::Duration;
/// use tousu_client::{Client, Credentials, Pace, Retry};
///
/// # fn main() -> Result<(), tousu_client::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let cache = folder.path().join("tokens.json");
/// let client = Client::builder()
///     .credentials(Credentials::new("appDemo12345678", "xopDemo12345678", "its secret"))
///     .token_cache(cache) // one token for all processes on this machine
///     .retry(Retry { attempts: 10, ..Retry::default() })
///     .pace(Pace::at_most(100, Duration::from_secs(10)))
///     .proxy("http://proxy.example:3128")
///     .build()?;
/// assert_eq!(client.base_url(), "https://api.xiaoe-tech.com");
/// # Ok(())
/// # }
/// ```
pub struct Builder {
    base_url: String,
    credentials: Credentials,
    secret: Secret,
    timeout: Duration,
    connect_timeout: Duration,
    retry: Retry,
    pace: Pace,
    token_cache: Option<PathBuf>,
    max_body: usize,
    proxy: Route,
    ca_certificate: Option<Vec<u8>>,
    user_agent: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// Which way connections take.
enum Route {
    AsTheEnvironmentSays,
    Direct,
    Through(String),
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the secret nor a password in an address.
        f.debug_struct("Builder").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

/// Where the official server is.
const OFFICIAL: &str = "https://api.xiaoe-tech.com";

impl Builder {
    pub(crate) fn new() -> Self {
        Builder {
            base_url: OFFICIAL.into(),
            credentials: Credentials::default(),
            secret: Secret::default(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            retry: Retry::default(),
            pace: Pace::default(),
            token_cache: None,
            max_body: 16 << 20,
            proxy: Route::AsTheEnvironmentSays,
            ca_certificate: None,
            user_agent: concat!("tousu-client/", env!("CARGO_PKG_VERSION")).into(),
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(fastrand::f64),
        }
    }

    /// The server's address; by default the official one. A path in it stays in front of each interface's own.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// What the app proves itself with.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Where the secret comes from, in the place of the one in the credentials: asked only when a token must be fetched,
    /// so that a program with a shared token need not open a keyring. What goes wrong is said in words.
    ///
    /// ```
    /// # use tousu_client::{Client, Credentials};
    /// let client = Client::builder()
    ///     .credentials(Credentials::new("appDemo12345678", "xopDemo12345678", ""))
    ///     .secret_from(|| std::env::var("TOUSU_SECRET_KEY").map_err(|error| format!("TOUSU_SECRET_KEY: {error}")));
    /// # let _ = client;
    /// ```
    pub fn secret_from(mut self, ask: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        self.secret = Secret::asked(ask);
        self
    }

    /// How long one try may take, from connecting to the last byte; 30 s by default. Of a file, how long each piece may.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take; 10 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How patient the client is with a server in trouble.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How often the client calls.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Shares tokens by this file with all processes that name it, so that one fetches for all. Only its owner can read
    /// it; `PATH.lock` beside it says who fetches. Apps and servers may share one file.
    pub fn token_cache(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_cache = Some(path.into());
        self
    }

    /// How large an answer may be, in bytes; 16 MiB by default. Files of [`Client::download`] are not meant.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The proxy that connections go through (`http://[user:password@]host:port`), whatever the environment says.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Route::Through(url.into());
        self
    }

    /// No proxy, whatever the environment (`HTTPS_PROXY` and its like) says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Route::Direct;
        self
    }

    /// Certificates (PEM) whose servers are trusted, besides those that the system trusts.
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }

    /// As what the client names itself; `tousu-client/VERSION` by default.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// The clock that the client goes by, for tests.
    ///
    /// ```
    /// use tousu_client::{Client, SetClock};
    /// let clock = SetClock::at(1_714_536_000);
    /// let client = Client::builder().base_url("http://127.0.0.1:8080").clock(clock.clone());
    /// # let _ = client;
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the client's chance comes from, for tests: numbers from 0 to 1, without 1.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`], if the address is none, a certificate or the proxy cannot be understood, or the token's file
    /// cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let client = self.assemble();
        match &client.inner().http {
            Ok(_) => Ok(client),
            Err(error) => Err(error.clone()),
        }
    }

    /// The client, which says with each call what is wrong with its settings.
    pub(crate) fn assemble(self) -> Client {
        let base_url = self.base_url.trim().trim_end_matches('/').to_owned();
        let cache = self.cache(&base_url);
        let http = self.http(&base_url);
        let (http, cache) = match cache {
            Ok(cache) => (http, cache),
            Err(error) => (Err(error), None),
        };
        Client::of(Inner {
            // What is no address may have a password in it, which nobody is to see.
            base_url: if http.is_ok() { base_url } else { String::new() },
            http,
            tokens: Tokens::new(self.clock.clone(), cache),
            pacer: Pacer::new(self.pace, self.clock.clone()),
            credentials: self.credentials,
            secret: self.secret,
            timeout: self.timeout,
            max_body: self.max_body,
            retry: self.retry,
            clock: self.clock,
            random: self.random,
            limits: Mutex::new(BTreeMap::new()),
        })
    }

    fn cache(&self, base_url: &str) -> Result<Option<Cache>, Error> {
        let Some(path) = &self.token_cache else { return Ok(None) };
        let Credentials { app_id, client_id, .. } = &self.credentials;
        let key = format!("{base_url} {app_id} {}", client_id.as_deref().unwrap_or_default());
        Cache::new(path, key).map(Some).map_err(|error| {
            let path = path.display();
            setup(format!(
                "token_cache {path} 无法使用：{error} ¦ token_cache {path} cannot be used: {error}"
            ))
        })
    }

    fn http(&self, base_url: &str) -> Result<reqwest::Client, Error> {
        let is_plain = address(base_url)?.scheme() == "http";
        let mut http = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect_timeout)
            // A redirect would turn the call into a GET, or take the token to another host.
            .redirect(redirect::Policy::none());
        http =
            match &self.proxy {
                Route::AsTheEnvironmentSays => http,
                Route::Direct => http.no_proxy(),
                // What is wrong with it is not repeated: it may have a password.
                Route::Through(url) => http.proxy(Proxy::all(url.as_str()).map_err(|_| {
                    setup("proxy 应形如 http://host:port ¦ a proxy is written http://host:port")
                })?),
            };
        if let Some(pem) = &self.ca_certificate {
            let wrong = || setup("ca_certificate 不是 PEM 证书 ¦ ca_certificate is no certificate in PEM");
            let certificates = Certificate::from_pem_bundle(pem).map_err(|_| wrong())?;
            if certificates.is_empty() {
                return Err(wrong());
            }
            http = http.tls_certs_merge(certificates);
        } else if is_plain && !self.may_meet_tls() {
            // Reading the system's certificates takes longer than a call on this machine.
            http = http.tls_certs_only([]);
        }
        http.build().map_err(|error| {
            let Error::Transport(problem) = Error::transport(error) else {
                return setup("无法建立 HTTP 客户端 ¦ there is no HTTP client to be had");
            };
            let (zh, en) = (tousu_wire::Lang::Zh, tousu_wire::Lang::En);
            let problem = tousu_wire::Text::from(problem.to_string());
            let (zh, en) = (problem.pick(zh), problem.pick(en));
            setup(format!("无法建立 HTTP 客户端：{zh} ¦ there is no HTTP client to be had: {en}"))
        })
    }

    /// Whether TLS may be spoken although the server's address is without: to a proxy.
    fn may_meet_tls(&self) -> bool {
        let is_secure = |url: &str| url.trim_start().starts_with("https:");
        match &self.proxy {
            Route::Direct => false,
            Route::Through(url) => is_secure(url),
            Route::AsTheEnvironmentSays => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
                .iter()
                .any(|name| std::env::var(name).is_ok_and(|url| is_secure(&url))),
        }
    }
}

/// The address, if it can be one.
fn address(base_url: &str) -> Result<Url, Error> {
    // It is not repeated where it may have a password.
    let wrong = || {
        setup("base_url 应形如 https://host[:port][/path] ¦ base_url is written https://host[:port][/path]")
    };
    let url = Url::parse(base_url).map_err(|_| wrong())?;
    let is_address = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_address { Ok(url) } else { Err(wrong()) }
}

fn setup(problem: impl Into<String>) -> Error {
    Error::Setup(problem.into().into())
}
