//! Complaints that are elsewhere, kept here too: a mirror of an upstream that has neither push nor "changed since".
//!
//! [`Plan`] decides what is asked next and [`Slice`] what an answer tells; `reconcile` at the crate's root says what
//! changed. All three are pure. [`Fetching`] does what they say, and [`run`] does so for every shop that servers fetch.

mod fetching;
mod hearing;
mod plan;
mod proof;
mod servers;
mod slice;
mod told;
mod upstream;

#[cfg(test)]
mod tests;

pub use fetching::{Counted, Fetching, Step};
pub use plan::{Absence, Asked, Missing, Next, Pass, PassEnded, Plan, Progress, Terms};
pub use proof::{Doubts, mark, proof, tallies};
pub use servers::run;
pub use slice::{Judged, Mark, Slice, Span};
pub use told::{Lag, Setup, lags, standing};
pub use upstream::{Listed, Upstream};

use crate::privacy::{Place, Vault, VaultError};
use crate::store::{Mirror, Result as Kept, ShopId, StoreError};

/// Who fetches, for the history.
pub const OPERATOR: &str = "mirror";
/// Seconds between two rounds, unless somebody says otherwise.
pub const EVERY: i64 = 60;
/// How much of the upstream's limits is used, in percent, unless somebody says otherwise.
pub const SHARE: i64 = 20;

/// What a mirror's secret is sealed for.
const SECRET: &str = "mirror/secret";

/// What is kept as JSON; nothing is where nothing was kept yet.
fn read<T: serde::de::DeserializeOwned + Default>(kept: &str) -> Kept<T> {
    match kept {
        "" => Ok(T::default()),
        kept => serde_json::from_str(kept).map_err(|error| StoreError::Value(error.to_string())),
    }
}

/// What is to be kept as JSON.
fn written<T: serde::Serialize>(value: &T) -> Kept<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Value(error.to_string()))
}

/// The app's secret as it may be kept.
pub fn seal(vault: &Vault, shop: &ShopId, secret: &str) -> String {
    vault.seal(place(shop), secret)
}

/// Where a mirror's secret belongs.
pub fn place(shop: &ShopId) -> Place<'_> {
    Place { shop_id: shop.as_str(), owner: SECRET }
}

/// From where a mirror fetches, with its secret opened; `None` where whoever runs the command brings that.
pub fn upstream_of(mirror: &Mirror, vault: Option<&Vault>) -> Result<Option<Upstream>, VaultError> {
    let Some(sealed) = &mirror.secret else { return Ok(None) };
    let opened = vault.ok_or(VaultError::NoKeys)?.open(place(&mirror.shop), sealed)?;
    let credentials = tousu_client::Credentials {
        app_id: mirror.app_id.clone(),
        client_id: mirror.client_id.clone(),
        secret_key: opened.reveal().to_owned(),
    };
    Ok(Some(Upstream { base_url: mirror.base_url.clone(), credentials }))
}
