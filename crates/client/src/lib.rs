//! A typed client of the complaint list API: the official server's or ours.
//!
//! ```no_run
//! # async fn example() -> Result<(), tousu_client::Error> {
//! use tousu_client::{Client, Credentials};
//! use tousu_wire::complaint_list::{ComplaintList, Request};
//!
//! let client = Client::new("http://127.0.0.1:8080", Credentials {
//!     app_id: "appDemo12345678".into(),
//!     client_id: Some("xopDemo12345678".into()),
//!     secret_key: "…".into(),
//! });
//! let page = client.call::<ComplaintList>(&Request { page_size: Some(50), ..Request::default() }).await?;
//! assert!(page.list.len() <= 50);
//! # Ok(())
//! # }
//! ```

use std::fmt;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tousu_wire::complaint_export::EXPORT_ID;
use tousu_wire::{Endpoint, Envelope, ReturnCode, token};

/// What an app proves itself with.
#[derive(Clone)]
pub struct Credentials {
    /// The shop's id.
    pub app_id: String,
    /// The app's id; `None` for apps flagged legacy.
    pub client_id: Option<String>,
    /// The app's secret.
    pub secret_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("app_id", &self.app_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server could not be reached, or its answer did not arrive.
    #[error("no answer: {0}")]
    Transport(reqwest::Error),
    /// What arrived is no envelope, or its data is not of the interface's shape.
    #[error("the answer cannot be understood: {0}")]
    Answer(#[from] serde_json::Error),
    /// The server refused.
    #[error("refused with code {code}: {msg}")]
    Refused {
        /// The return code; decides.
        code: i64,
        /// For people.
        msg: String,
    },
}

impl From<reqwest::Error> for Error {
    /// Without the address: that of `/token` has the secret in its query.
    fn from(error: reqwest::Error) -> Self {
        Error::Transport(error.without_url())
    }
}

impl Error {
    /// The known return code of a refusal.
    pub fn return_code(&self) -> Option<ReturnCode> {
        match self {
            Error::Refused { code, .. } => ReturnCode::from_number(*code),
            _ => None,
        }
    }
}

/// A client of one app on one server. Keeps the app's token.
pub struct Client {
    base_url: String,
    credentials: Credentials,
    http: reqwest::Client,
    token: Mutex<Option<String>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at `base_url` (`https://host[:port]`).
    pub fn new(base_url: impl Into<String>, credentials: Credentials) -> Self {
        Client {
            base_url: base_url.into().trim_end_matches('/').to_owned(),
            credentials,
            http: reqwest::Client::new(),
            token: Mutex::new(None),
        }
    }

    /// Asks the server for a token.
    pub async fn fetch_token(&self) -> Result<token::Response, Error> {
        let Credentials { app_id, client_id, secret_key } = &self.credentials;
        let request = token::Request {
            app_id: Some(app_id.clone()),
            client_id: client_id.clone(),
            secret_key: Some(secret_key.clone()),
            grant_type: Some(token::GRANT_TYPE.to_owned()),
        };
        let url = format!("{}{}", self.base_url, token::PATH);
        opened(&self.http.get(url).query(&request).send().await?.bytes().await?)
    }

    /// Calls an interface. A token that the server no longer knows is replaced once.
    pub async fn call<E: Endpoint>(&self, request: &E::Request) -> Result<E::Response, Error> {
        self.known::<E, _, _>(request, async |answer| opened(&answer.bytes().await?)).await
    }

    /// Calls an interface whose answer is a file ([`Endpoint::FILES`]), which is to be taken as it comes.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use tousu_wire::complaint_export::{ComplaintExport, Request};
    ///
    /// let mut file = client.download::<ComplaintExport>(&Request::default()).await?;
    /// let mut bytes = 0;
    /// while let Some(piece) = file.piece().await? {
    ///     bytes += piece.len();
    /// }
    /// println!("export {:?} has {bytes} bytes", file.export_id());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download<E: Endpoint>(&self, request: &E::Request) -> Result<Download, Error> {
        let taken = async |answer: reqwest::Response| {
            let media_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
            let is_file = media_type.is_some_and(|given| {
                E::FILES.iter().any(|file| given.split(';').next().map(str::trim) == Some(*file))
            });
            match is_file {
                true => Ok(Download(answer)),
                // A refusal, or what is no answer at all.
                false => Err(match opened::<Value>(&answer.bytes().await?) {
                    Ok(_) => Error::Answer(serde::de::Error::custom("an envelope in the place of a file")),
                    Err(error) => error,
                }),
            }
        };
        self.known::<E, _, _>(request, taken).await
    }

    /// Calls with a token that the server knows.
    async fn known<E: Endpoint, T, F: AsyncFn(reqwest::Response) -> Result<T, Error>>(
        &self,
        request: &E::Request,
        taken: F,
    ) -> Result<T, Error> {
        let mut body = serde_json::to_value(request)?;
        let held = self.token.lock().await.clone();
        let token = match held.clone() {
            Some(token) => token,
            None => self.renewed(None).await?,
        };
        match taken(self.send::<E>(&mut body, &token).await?).await {
            Err(error) if held.is_some() && error.return_code() == Some(ReturnCode::AccessTokenExpired) => {
                let token = self.renewed(held).await?;
                taken(self.send::<E>(&mut body, &token).await?).await
            }
            done => done,
        }
    }

    /// A token other than `stale`; whoever comes first fetches it for all.
    async fn renewed(&self, stale: Option<String>) -> Result<String, Error> {
        let mut kept = self.token.lock().await;
        match kept.clone() {
            Some(token) if Some(&token) != stale.as_ref() => Ok(token),
            _ => {
                let token = self.fetch_token().await?.access_token;
                *kept = Some(token.clone());
                Ok(token)
            }
        }
    }

    async fn send<E: Endpoint>(&self, body: &mut Value, token: &str) -> Result<reqwest::Response, Error> {
        body["access_token"] = json!(token);
        let url = format!("{}{}", self.base_url, E::path());
        Ok(self.http.post(url).json(body).send().await?)
    }
}

/// A file that arrives as the server makes it. It is whole once [`Download::piece`] has given `None`; one that broke
/// off ends in an error.
#[derive(Debug)]
pub struct Download(reqwest::Response);

impl Download {
    /// The next bytes of it; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.chunk().await?.map(Vec::from))
    }

    /// The number by which `tousu.export.get` knows the export.
    pub fn export_id(&self) -> Option<i64> {
        self.0.headers().get(EXPORT_ID)?.to_str().ok()?.parse().ok()
    }
}

/// The data out of its envelope.
fn opened<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let Envelope { code, data, msg } = serde_json::from_slice::<Envelope<Value>>(bytes)?;
    match code {
        0 => Ok(serde_json::from_value(data)?),
        code => Err(Error::Refused { code, msg }),
    }
}
