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
        let mut body = serde_json::to_value(request)?;
        let held = self.token.lock().await.clone();
        let first = match held.clone() {
            Some(token) => self.send::<E>(&mut body, &token).await,
            None => self.send::<E>(&mut body, &self.renewed(None).await?).await,
        };
        match first {
            Err(error) if held.is_some() && error.return_code() == Some(ReturnCode::AccessTokenExpired) => {
                let token = self.renewed(held).await?;
                self.send::<E>(&mut body, &token).await
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

    async fn send<E: Endpoint>(&self, body: &mut Value, token: &str) -> Result<E::Response, Error> {
        body["access_token"] = json!(token);
        let url = format!("{}{}", self.base_url, E::path());
        opened(&self.http.post(url).json(body).send().await?.bytes().await?)
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
