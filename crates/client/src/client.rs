//! What one calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::{self, ComplaintList, Filter, Received};
use tousu_wire::{Endpoint, PermissionSet, token};

use crate::credentials::Secret;
use crate::exchange::{Arrived, Ended, Interface, contents};
use crate::pace::{Pacer, USUAL};
use crate::tokens::Tokens;
use crate::{
    AccessToken, Answer, Builder, Clock, Complaints, Credentials, Cursor, Download, Error, Limits, Retry,
};

/// A client of one app on one server. A clone is cheap, and shares token, pace and connections: one for all that a
/// program does in the app's name is right.
///
/// ```
/// use std::time::Duration;
/// use tousu_client::{Client, Credentials, Pace};
///
/// # fn main() -> Result<(), tousu_client::Error> {
/// let client = Client::builder()
///     .base_url("http://127.0.0.1:8080")
///     .credentials(Credentials::new("appDemo12345678", "xopDemo12345678", "its secret"))
///     .timeout(Duration::from_secs(10))
///     .pace(Pace::share(0.2))
///     .build()?;
/// assert!(!format!("{client:?}").contains("its secret"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// Without a slash at its end.
    pub(crate) base_url: String,
    pub(crate) credentials: Credentials,
    pub(crate) secret: Secret,
    /// Or what is wrong with what the client was given.
    pub(crate) http: Result<reqwest::Client, Error>,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
    pub(crate) retry: Retry,
    pub(crate) pacer: Pacer,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub(crate) limits: Mutex<BTreeMap<String, Limits>>,
}

impl Inner {
    pub(crate) fn app_id(&self) -> &str {
        &self.credentials.app_id
    }

    pub(crate) fn remember(&self, interface: &str, told: Limits) {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).insert(interface.to_owned(), told);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .field("credentials", &self.inner.credentials)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at `base_url` (`https://host[:port]`) with all else as it usually is. If that address
    /// cannot be one, each call says so.
    ///
    /// ```
    /// use tousu_client::{Client, Credentials};
    /// let client = Client::new("https://api.xiaoe-tech.com", Credentials::new("app…", "xop…", "…"));
    /// assert_eq!(client.base_url(), "https://api.xiaoe-tech.com");
    /// ```
    pub fn new(base_url: impl Into<String>, credentials: Credentials) -> Self {
        Client::builder().base_url(base_url).credentials(credentials).assemble()
    }

    /// Begins a client whose settings one chooses.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn of(inner: Inner) -> Self {
        Client { inner: Arc::new(inner) }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Calls an interface.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use tousu_client::wire::complaint_info_get::{ComplaintInfoGet, Request};
    ///
    /// let request = Request { complaint_id: Some("c_6621e41fa5e18_dA0idHLY".into()) };
    /// let complaint = client.call::<ComplaintInfoGet>(&request).await?;
    /// println!("{} replies", complaint.reply_list.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Error`]; what may be tried again was, as [`Retry`] says.
    pub async fn call<E: Endpoint>(&self, request: &E::Request) -> Result<E::Response, Error> {
        let request = parameters::<E>(request)?;
        match self.inner.exchange(Interface::of::<E>(&[]), request).await.verdict? {
            Some(envelope) => contents(envelope.data, E::read),
            None => Err(Error::NoData),
        }
    }

    /// Calls any interface by its name, and gives the answer as it came: refusals and pages as well. The token is added to
    /// the parameters.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use serde_json::json;
    ///
    /// let answer = client.call_raw("xe.user.batch.get", "2.0.0", &json!({ "page_size": 1 })).await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no token to call with, if nothing arrived, or if it was too large.
    pub async fn call_raw(&self, name: &str, version: &str, request: &Value) -> Result<Answer, Error> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !plain(name) || !plain(version) {
            let problem = "接口名与版本只含字母、数字、点与横线，如 xe.complaint.info.get 与 1.0.0 ¦ an interface's name and version \
                have letters, digits, dots and dashes, as xe.complaint.info.get and 1.0.0";
            return Err(Error::Setup(problem.into()));
        }
        let interface = Interface { name, version, limit: USUAL, needs: needed_by(name), files: &[] };
        let Ended { arrived, verdict } = self.inner.exchange(interface, request.clone()).await;
        match (arrived, verdict) {
            (Some(Arrived::Answer(answer)), _) => Ok(answer),
            (_, Err(error)) => Err(error),
            (_, Ok(_)) => Err(Error::NoData),
        }
    }

    /// Calls an interface whose answer is a file ([`Endpoint::FILES`]), which is to be taken as it comes.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use tousu_client::wire::complaint_export::{ComplaintExport, Request};
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
    ///
    /// # Errors
    ///
    /// As for [`Client::call`]; what breaks off later, [`Download::piece`] tells.
    pub async fn download<E: Endpoint>(&self, request: &E::Request) -> Result<Download, Error> {
        let request = parameters::<E>(request)?;
        let Ended { arrived, verdict } = self.inner.exchange(Interface::of::<E>(E::FILES), request).await;
        match (arrived, verdict) {
            (_, Err(error)) => Err(error),
            (Some(Arrived::File(response)), Ok(_)) => Ok(Download::new(response, self.inner.timeout)),
            _ => Err(Error::Answer { problem: "应为文件 ¦ a file was expected".into() }),
        }
    }

    /// One page of the list, row by row, with the total only if one was told: for programs that read the list in a way of
    /// their own. [`Client::complaints`] is what all others want.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use tousu_client::wire::complaint_list::Request;
    ///
    /// let page = client.page(&Request { page_size: Some(10), ..Request::default() }).await?;
    /// let readable = page.rows.iter().filter(|row| row.is_ok()).count();
    /// println!("{readable} of {:?}", page.total);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn page(&self, request: &complaint_list::Request) -> Result<Received, Error> {
        let request = parameters::<ComplaintList>(request)?;
        let opened = self.inner.exchange(Interface::of::<ComplaintList>(&[]), request).await.verdict?;
        let data = opened.and_then(|envelope| envelope.data);
        contents(data, |data| serde_json::from_str(data.get()))
    }

    /// Walks over all complaints that match, newest first; each comes once, whatever changes meanwhile.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
    /// use tousu_client::wire::codes::State;
    /// use tousu_client::wire::complaint_list::Filter;
    ///
    /// let mut pending = client.complaints(Filter { state: Some(State::Pending), ..Filter::default() });
    /// while let Some(row) = pending.next().await {
    ///     let row = row?;
    ///     println!("{} {}", row.complaint_id, row.operate_end_time);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn complaints(&self, filter: Filter) -> Complaints {
        Complaints::begin(self.clone(), filter)
    }

    /// Goes on with a walk where it was: after the last row that it gave.
    ///
    /// ```no_run
    /// # async fn example(client: tousu_client::Client, kept: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// use tousu_client::Cursor;
    ///
    /// let cursor: Cursor = serde_json::from_str(kept)?;
    /// let mut rest = client.complaints_from(cursor);
    /// while let Some(row) = rest.next().await {
    ///     println!("{}", row?.complaint_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn complaints_from(&self, cursor: Cursor) -> Complaints {
        Complaints::resume(self.clone(), cursor)
    }

    /// The token that calls are made with, fetched if need be: for what else is called in the app's name.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        self.inner.token(None).await
    }

    /// Asks the server for a token, whatever is kept, and keeps nothing of the answer: to see whether credentials are right.
    /// On servers by the vendor's older rules this ends the token that others have, five minutes later.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn fetch_token(&self) -> Result<token::Response, Error> {
        self.inner.fetch(self.inner.retry).await
    }

    /// What the server last told of each interface's rate limit, by the interface's name.
    pub fn last_limits(&self) -> BTreeMap<String, Limits> {
        self.inner.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address that is called.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// The shop whose complaints are meant.
    pub fn app_id(&self) -> &str {
        self.inner.app_id()
    }
}

fn parameters<E: Endpoint>(request: &E::Request) -> Result<Value, Error> {
    serde_json::to_value(request).map_err(|error| {
        let error = error.to_string();
        Error::Setup(format!("请求无法写成 JSON：{error} ¦ the request is no JSON: {error}").into())
    })
}

/// The permission set of the published complaint interfaces, which are those that are called by name.
fn needed_by(name: &str) -> Option<PermissionSet> {
    let published = [ComplaintList::NAME, ComplaintInfoGet::NAME, "xe.pay_through.complaint_record.detail"];
    published.contains(&name).then_some(PermissionSet::ComplaintsQuery)
}
