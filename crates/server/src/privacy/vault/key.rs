//! One of a vault's keys: how it is written, and by what a number is known again under it.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::VaultError;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Bytes of a digest: that two numbers have the same one is not to be expected.
const DIGEST: usize = 12;
/// A key's id is no longer, so that no key is taken for one and shown.
const LONGEST_ID: usize = 16;

/// A key, and what follows from it.
pub(super) struct Key {
    pub(super) id: String,
    // Wipes itself on drop.
    pub(super) cipher: XChaCha20Poly1305,
    /// Derived from the key, so that what it makes says nothing of that.
    digests: Zeroizing<[u8; KEY]>,
}

impl Key {
    /// A key written as `id:key`; `position` is which of several, from 1.
    pub(super) fn read(position: usize, text: &str) -> Result<Self, VaultError> {
        let (id, text) = text.trim().split_once(':').unwrap_or_default();
        if !is_id(id) {
            return Err(VaultError::KeyForm { position });
        }
        let bytes = key_bytes(text).ok_or_else(|| VaultError::KeyEncoding { id: id.into() })?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes)
            .map_err(|_| VaultError::KeyLength { id: id.into(), bytes: bytes.len() })?;
        let mut digests = Zeroizing::new([0; KEY]);
        digests.copy_from_slice(&hmac(&bytes, &[b"tousu digests of phone numbers"]));
        Ok(Key { id: id.into(), cipher, digests })
    }

    /// By what a shop's number is known again.
    pub(super) fn digest(&self, shop_id: &str, number: &str) -> String {
        let length = (shop_id.len() as u64).to_le_bytes();
        let parts = [&length[..], shop_id.as_bytes(), &bare(number).into_bytes()];
        Base64UrlUnpadded::encode_string(&hmac(&*self.digests, &parts)[..DIGEST])
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// A number without what people write between its digits, and without China's own prefix.
fn bare(number: &str) -> String {
    let digit = |character: char| match character {
        '0'..='9' | '*' => Some(character),
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10),
        _ => None,
    };
    let digits: String = number.chars().filter_map(digit).collect();
    if digits.is_empty() {
        return number.to_owned();
    }
    let mobile = ["0086", "86"].iter().find_map(|prefix| {
        digits.strip_prefix(prefix).filter(|rest| rest.len() == 11 && rest.starts_with('1'))
    });
    mobile.map_or(digits.clone(), str::to_owned)
}

/// Whether that may be a key's id.
pub(super) fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed)
}

fn key_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return hex_bytes(text);
    }
    let text = text.trim_end_matches('=');
    let bytes = Base64Unpadded::decode_vec(text).or_else(|_| Base64UrlUnpadded::decode_vec(text));
    bytes.ok().map(Zeroizing::new)
}

fn hex_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks_exact(2) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        bytes.push(u8::try_from(16 * high? + low?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::Vault;
    use super::super::tests::{PLACE, key, vault};
    use super::*;

    #[test]
    fn keys_are_taken_in_every_usual_form() {
        let sealed = Vault::new(&[key("a", 0xFB)]).unwrap().seal(PLACE, "18812341474");
        for text in [
            "fb".repeat(KEY),
            "FB".repeat(KEY),
            base64ct::Base64::encode_string(&[0xFB; KEY]),
            base64ct::Base64Url::encode_string(&[0xFB; KEY]),
            Base64Unpadded::encode_string(&[0xFB; KEY]),
        ] {
            let vault = Vault::new(&[format!(" a:{text}\n")]).unwrap();
            assert_eq!(vault.open(PLACE, &sealed).unwrap().reveal(), "18812341474", "{text}");
        }
    }

    #[test]
    fn bad_keys_are_refused_without_being_shown() {
        let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
        let id = || "a".to_owned();
        for (keys, expected) in [
            (vec![], VaultError::NoKeys),
            (vec![secret.to_owned()], VaultError::KeyForm { position: 1 }),
            (vec![key("a", 1), String::new()], VaultError::KeyForm { position: 2 }),
            (vec![format!(":{secret}")], VaultError::KeyForm { position: 1 }),
            (vec![format!("{secret}:a")], VaultError::KeyForm { position: 1 }),
            (vec![format!("a.b:{secret}")], VaultError::KeyForm { position: 1 }),
            (vec![format!("a:{secret}!")], VaultError::KeyEncoding { id: id() }),
            (vec![format!("a:{secret}")], VaultError::KeyLength { id: id(), bytes: 20 }),
            (vec![format!("a:{}", "0f".repeat(31))], VaultError::KeyLength { id: id(), bytes: 31 }),
            (vec!["a:".to_owned()], VaultError::KeyLength { id: id(), bytes: 0 }),
            (vec![key("a", 1), key("a", 2)], VaultError::DuplicateId { id: id() }),
        ] {
            let error = Vault::new(&keys).unwrap_err();
            assert_eq!(error, expected);
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains(&secret[..6]), "{shown}");
            }
            let text = tousu_wire::Text::from(error.to_string());
            assert_ne!(text.pick(tousu_wire::Lang::Zh), text.pick(tousu_wire::Lang::En));
        }
    }

    #[test]
    fn a_number_is_known_again_however_it_is_written() {
        let (one, both) = (vault(&["old"]), vault(&["new-2", "old"]));
        let digest = one.digest("app1", "18812341474");
        for same in ["+8618812341474", "188 1234-1474", "008618812341474", "１８８１２３４１４７４"]
        {
            assert_eq!(one.digest("app1", same), digest, "{same}");
        }
        for (shop, other) in [("app1", "18812341475"), ("app2", "18812341474"), ("app1", "188****1474")] {
            assert_ne!(one.digest(shop, other), digest);
            assert!(!both.is_digest(&digest, shop, other));
        }
        assert_ne!(both.digest("app1", "18812341474"), digest);
        assert!(both.is_digest(&digest, "app1", "18812341474"));
        assert!(both.digests("app1", "18812341474").contains(&digest));
        assert!(!vault(&["new-2"]).is_digest(&digest, "app1", "18812341474"));
    }
}
