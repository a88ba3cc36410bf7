//! What an app proves itself with.

use std::fmt;
use std::sync::Arc;

use tousu_wire::Text;

use crate::Error;

/// What an app proves itself with.
///
/// ```
/// use tousu_client::Credentials;
///
/// let credentials = Credentials::new("appDemo12345678", "xopDemo12345678", "its secret");
/// assert!(!format!("{credentials:?}").contains("its secret"));
/// let legacy = Credentials { client_id: None, ..credentials };
/// ```
#[derive(Clone, Default)]
pub struct Credentials {
    /// The shop's id.
    pub app_id: String,
    /// The app's id; `None` for apps flagged legacy.
    pub client_id: Option<String>,
    /// The app's secret.
    pub secret_key: String,
}

impl Credentials {
    /// Those of an app that has an id of its own, as all have that are not legacy.
    pub fn new(
        app_id: impl Into<String>,
        client_id: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        let (app_id, client_id, secret_key) = (app_id.into(), Some(client_id.into()), secret_key.into());
        Credentials { app_id, client_id, secret_key }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("app_id", &self.app_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

type Ask = dyn Fn() -> Result<String, String> + Send + Sync;

/// Where the secret comes from when a token must be fetched.
#[derive(Clone, Default)]
pub(crate) struct Secret(Option<Arc<Ask>>);

impl Secret {
    pub(crate) fn asked(ask: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        Secret(Some(Arc::new(ask)))
    }

    /// The secret: what is asked for, or else the one in the credentials.
    pub(crate) fn of(&self, credentials: &Credentials) -> Result<String, Error> {
        match &self.0 {
            None => Ok(credentials.secret_key.clone()),
            Some(ask) => ask().map_err(|problem| {
                let problem = Text::from(problem);
                let (zh, en) = (problem.pick(tousu_wire::Lang::Zh), problem.pick(tousu_wire::Lang::En));
                Error::Setup(
                    format!("无法取得应用密钥：{zh} ¦ the app's secret is not to be had: {en}").into(),
                )
            }),
        }
    }
}
