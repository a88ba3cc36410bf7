//! Secrets and tokens: how they are made, and what of them is kept.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand::distr::SampleString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::store::ShopId;

/// A text that must not be shown. Its Debug output says nothing of it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown by accident.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for handing it to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it: lower-case hex SHA-256. The texts are long and random, so no salt and no slow
    /// hash is needed.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// Whether it is the text of that hash, in the same time whatever the answer.
    pub fn matches(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
    }
    text
}

/// `length` random letters and digits.
pub fn random_text(length: usize) -> String {
    let mut text = String::with_capacity(length);
    rand::distr::Alphanumeric.append_string(&mut rand::rng(), &mut text, length);
    text
}

/// A new app's id: `xop` and 12 letters and digits, as the vendor's look.
pub fn new_client_id() -> String {
    format!("xop{}", random_text(12))
}

/// A new app's secret: 32 letters and digits, as the vendor's look.
pub fn new_secret_key() -> Secret {
    Secret(random_text(32))
}

/// A token that can be given again to whoever brings the app's secret: only the nonce is kept of it, and
/// the nonce alone leads nowhere.
pub fn derived_token(shop: &ShopId, secret_key: &Secret, nonce: &str) -> Secret {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret_key.0.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"tousu access token ");
    mac.update(shop.as_str().as_bytes());
    mac.update(b" ");
    mac.update(nonce.as_bytes());
    token(shop, &hex(&mac.finalize().into_bytes()))
}

/// A token that is given once.
pub fn random_token(shop: &ShopId) -> Secret {
    token(shop, &random_text(48))
}

/// A token that hangs on a person's session.
pub fn session_token(shop: &ShopId) -> Secret {
    token(shop, &format!("{OF_SESSION}{}", random_text(48)))
}

/// How the random part of such a token begins; no other has a hyphen in it.
const OF_SESSION: &str = "u-";

/// Whether a token hangs on a person's session.
pub fn is_of_session(token: &str) -> bool {
    token.rsplit_once('_').is_some_and(|(_, random)| random.starts_with(OF_SESSION))
}

/// The shop stands in the token, so that its row is looked for where the shop's data is.
fn token(shop: &ShopId, random: &str) -> Secret {
    Secret(format!("xe_{shop}_{random}"))
}

/// The shop that a token speaks of; `None` if it is no token of ours.
pub fn shop_of_token(token: &str) -> Option<ShopId> {
    if token.len() > 512 {
        return None;
    }
    let (shop, _) = token.strip_prefix("xe_")?.rsplit_once('_')?;
    ShopId::parse(shop)
}
