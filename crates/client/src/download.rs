//! A file that arrives as the server makes it.

use std::fmt;
use std::time::Duration;

use tousu_wire::complaint_export::EXPORT_ID;

use crate::Error;

/// A file that arrives as the server makes it; see [`crate::Client::download`]. It is whole once [`Download::piece`] has
/// given `None`; one that broke off ends in an error.
pub struct Download {
    response: reqwest::Response,
    /// How long the next piece may take.
    patience: Duration,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("media_type", &self.media_type()).finish_non_exhaustive()
    }
}

impl Download {
    pub(crate) fn new(response: reqwest::Response, patience: Duration) -> Self {
        Download { response, patience }
    }

    /// The next bytes of it; `None` at its end.
    ///
    /// # Errors
    ///
    /// If it breaks off, or the next bytes do not come within the client's time-out.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match tokio::time::timeout(self.patience, self.response.chunk()).await {
            Ok(piece) => Ok(piece.map_err(Error::transport)?.map(Vec::from)),
            Err(_) => Err(Error::timed_out(self.patience)),
        }
    }

    /// The number by which `tousu.export.get` knows the export.
    pub fn export_id(&self) -> Option<i64> {
        self.header(EXPORT_ID)?.parse().ok()
    }

    /// What kind of file it is.
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }
}
