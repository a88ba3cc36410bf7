//! The same client for programs without async. Each call waits for its answer.
//!
//! ```no_run
//! # fn main() -> Result<(), tousu_client::Error> {
//! use tousu_client::wire::complaint_list::Filter;
//! use tousu_client::{Credentials, blocking};
//!
//! let client = tousu_client::Client::builder()
//!     .credentials(Credentials::new("app…", "xop…", "…"))
//!     .build()?;
//! let client = blocking::Client::new(client)?;
//! for row in client.complaints(Filter::default()) {
//!     println!("{}", row?.complaint_id);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::{self, Handle, Runtime};
use tousu_wire::complaint_list::{Filter, Row};
use tousu_wire::{Endpoint, token};

use crate::{AccessToken, Answer, Cursor, Doubt, Error, Limits};

/// A client whose calls wait. A clone is cheap, and may be used by several threads at once.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    thread: Arc<Thread>,
}

impl Client {
    /// That client, with a thread of its own that connections live on.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`], if there is no thread to be had.
    pub fn new(client: crate::Client) -> Result<Self, Error> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("tousu-client")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::Setup(format!("无法启动线程：{error} ¦ there is no thread to be had: {error}").into())
            })?;
        Ok(Client { client, thread: Arc::new(Thread(Some(runtime))) })
    }

    /// See [`crate::Client::call`].
    ///
    /// # Errors
    ///
    /// As there. Besides, [`Error::Setup`] if it is called from async code, whose thread must not wait.
    pub fn call<E: Endpoint>(&self, request: &E::Request) -> Result<E::Response, Error> {
        self.thread.wait(self.client.call::<E>(request))?
    }

    /// See [`crate::Client::call_raw`].
    ///
    /// # Errors
    ///
    /// As there, and as for [`Client::call`].
    pub fn call_raw(&self, name: &str, version: &str, request: &Value) -> Result<Answer, Error> {
        self.thread.wait(self.client.call_raw(name, version, request))?
    }

    /// See [`crate::Client::download`].
    ///
    /// # Errors
    ///
    /// As there, and as for [`Client::call`].
    pub fn download<E: Endpoint>(&self, request: &E::Request) -> Result<Download, Error> {
        let download = self.thread.wait(self.client.download::<E>(request))??;
        Ok(Download { download, thread: self.thread.clone(), piece: io::Cursor::default() })
    }

    /// See [`crate::Client::complaints`].
    pub fn complaints(&self, filter: Filter) -> Complaints {
        Complaints { complaints: self.client.complaints(filter), thread: self.thread.clone() }
    }

    /// See [`crate::Client::complaints_from`].
    pub fn complaints_from(&self, cursor: Cursor) -> Complaints {
        Complaints { complaints: self.client.complaints_from(cursor), thread: self.thread.clone() }
    }

    /// See [`crate::Client::access_token`].
    ///
    /// # Errors
    ///
    /// As there, and as for [`Client::call`].
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        self.thread.wait(self.client.access_token())?
    }

    /// See [`crate::Client::fetch_token`].
    ///
    /// # Errors
    ///
    /// As there, and as for [`Client::call`].
    pub fn fetch_token(&self) -> Result<token::Response, Error> {
        self.thread.wait(self.client.fetch_token())?
    }

    /// See [`crate::Client::last_limits`].
    pub fn last_limits(&self) -> BTreeMap<String, Limits> {
        self.client.last_limits()
    }
}

/// A walk over complaints: see [`crate::Complaints`].
#[derive(Debug)]
pub struct Complaints {
    complaints: crate::Complaints,
    thread: Arc<Thread>,
}

impl Complaints {
    /// See [`crate::Complaints::page_size`].
    pub fn page_size(mut self, rows: i64) -> Self {
        self.complaints = self.complaints.page_size(rows);
        self
    }

    /// See [`crate::Complaints::at_most`].
    pub fn at_most(mut self, rows: u64) -> Self {
        self.complaints = self.complaints.at_most(rows);
        self
    }

    /// See [`crate::Complaints::total`].
    pub fn total(&self) -> Option<i64> {
        self.complaints.total()
    }

    /// See [`crate::Complaints::given`].
    pub fn given(&self) -> u64 {
        self.complaints.given()
    }

    /// See [`crate::Complaints::cursor`].
    pub fn cursor(&self) -> Cursor {
        self.complaints.cursor()
    }

    /// See [`crate::Complaints::doubts`].
    pub fn doubts(&self) -> &[Doubt] {
        self.complaints.doubts()
    }
}

impl Iterator for Complaints {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.thread.wait(self.complaints.next()).unwrap_or_else(|error| Some(Err(error)))
    }
}

/// A file that arrives as the server makes it: see [`crate::Download`]. Read to its end it is whole; one that broke off
/// ends in an error.
#[derive(Debug)]
pub struct Download {
    download: crate::Download,
    thread: Arc<Thread>,
    piece: io::Cursor<Vec<u8>>,
}

impl Download {
    /// See [`crate::Download::export_id`].
    pub fn export_id(&self) -> Option<i64> {
        self.download.export_id()
    }

    /// See [`crate::Download::media_type`].
    pub fn media_type(&self) -> Option<&str> {
        self.download.media_type()
    }
}

impl io::Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = io::Read::read(&mut self.piece, buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.thread.wait(self.download.piece()).and_then(|piece| piece).map_err(io::Error::other)? {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
    }
}

/// The thread on which connections live.
#[derive(Debug)]
struct Thread(Option<Runtime>);

impl Thread {
    /// Waits, unless this is a thread that must not.
    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        match (&self.0, Handle::try_current()) {
            (Some(runtime), Err(_)) => Ok(runtime.block_on(work)),
            _ => Err(Error::Setup(
                "异步代码中请直接使用 tousu_client::Client ¦ in async code use tousu_client::Client itself"
                    .into(),
            )),
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Without waiting for it, which the thread that drops it may not be allowed to.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
