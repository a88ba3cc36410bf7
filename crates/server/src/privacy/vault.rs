//! Whole phone numbers, kept under a key.
//!
//! XChaCha20-Poly1305: its nonce of 24 bytes may be drawn at random for as many texts as there will ever be.
//! AES-GCM's of 12 may not: after some 2³² texts under one key, a nonce may come twice, which would give those
//! texts away. The sealed form is `v1.KEYID.BASE64URL(nonce ‖ ciphertext ‖ tag)`.

mod key;

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use rand::{CryptoRng, Rng};
use zeroize::{Zeroize, Zeroizing};

use self::key::{KEY, Key, is_id};

const VERSION: &str = "v1";
/// Bytes of a nonce.
const NONCE: usize = 24;

/// Where a sealed text belongs. Copied anywhere else it does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The shop.
    pub shop_id: &'a str,
    /// What keeps it there: a complaint by its number, anything else by a path.
    pub owner: &'a str,
}

/// Keys by which texts are sealed and opened. The first one seals, all of them open: a new key is put in front,
/// and the old ones stay until nothing needs resealing. There is at least one; they are wiped on drop.
pub struct Vault {
    keys: Vec<Key>,
}

/// What came out of a [`Vault`]. It is wiped on drop, and its Debug output says nothing of it.
pub struct Opened(Zeroizing<String>);

/// Why keys cannot be used, or a text cannot be opened. No message shows a key or a sealed text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is not one key.
    #[error("未设置加密密钥 ¦ no key for encryption is set")]
    NoKeys,
    /// A key is not written as `id:key`.
    #[error(
        "第 {position} 个密钥应写作 编号:密钥，编号为 1 到 16 个字母、数字或连字符 ¦ key number {position} is written ID:KEY, the id being 1 to 16 letters, digits or hyphens"
    )]
    KeyForm {
        /// Which of the keys, from 1.
        position: usize,
    },
    /// A key is neither base64 nor hex.
    #[error("密钥 {id} 既不是 base64 也不是十六进制 ¦ key {id} is neither base64 nor hex")]
    KeyEncoding {
        /// The key's id.
        id: String,
    },
    /// A key has not 32 bytes.
    #[error("密钥 {id} 有 {bytes} 个字节，应为 32 ¦ key {id} has {bytes} bytes, 32 are needed")]
    KeyLength {
        /// The key's id.
        id: String,
        /// How many it has.
        bytes: usize,
    },
    /// Two keys have one id.
    #[error("密钥编号 {id} 重复 ¦ key id {id} is given twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// The text is not what a vault seals.
    #[error("不是加密后的内容 ¦ not a sealed text")]
    Malformed,
    /// The text's key is not among the keys.
    #[error("缺少密钥 {id}：请将其加回密钥列表 ¦ key {id} is missing: add it to the list of keys again")]
    UnknownKey {
        /// The key's id.
        id: String,
    },
    /// The text was changed, belongs elsewhere, or was sealed by another key of that id.
    #[error(
        "内容无法以密钥 {id} 解开：被改动过、来自别处，或密钥与编号不符 ¦ the text does not open with key {id}: it was changed, comes from elsewhere, or the key is not the one of that id"
    )]
    Refused {
        /// The key's id.
        id: String,
    },
}

impl Vault {
    /// A vault of `keys`, each written `id:key`: the id of 1 to 16 ASCII letters, digits or hyphens, the key
    /// of 32 bytes in base64 (either alphabet, padded or not) or hex.
    pub fn new(keys: &[String]) -> Result<Self, VaultError> {
        // In its full size from the start: growing would leave copies of keys behind.
        let mut vault = Vault { keys: Vec::with_capacity(keys.len()) };
        for (at, text) in keys.iter().enumerate() {
            let key = Key::read(at + 1, text)?;
            if vault.key(&key.id).is_some() {
                return Err(VaultError::DuplicateId { id: key.id });
            }
            vault.keys.push(key);
        }
        if vault.keys.is_empty() { Err(VaultError::NoKeys) } else { Ok(vault) }
    }

    /// A new key as [`Vault::new`] takes it, under an id of its own. Who calls this keeps it where nobody else
    /// reads it; without it nothing that it sealed can be opened again.
    ///
    /// ```
    /// use tousu::privacy::{Place, Vault};
    /// let vault = Vault::new(&[Vault::generate_key(&mut rand::rng())])?;
    /// let place = Place { shop_id: "app1", owner: "c_6621e41fa5e18_dA0idHLY" };
    /// let sealed = vault.seal(place, "18812341474");
    /// assert_eq!(vault.open(place, &sealed)?.reveal(), "18812341474");
    /// # Ok::<(), tousu::privacy::VaultError>(())
    /// ```
    pub fn generate_key(rng: &mut impl CryptoRng) -> String {
        let mut key = Zeroizing::new([0; KEY]);
        rng.fill_bytes(&mut *key);
        let text = Zeroizing::new(Base64UrlUnpadded::encode_string(&*key));
        format!("k{:08x}:{}", rng.next_u32(), *text)
    }

    /// `text` under the first key, as it may be kept at `place`. Sealing it again gives something else.
    pub fn seal(&self, place: Place<'_>, text: &str) -> String {
        let Key { id, cipher, .. } = &self.keys[0];
        let mut nonce = XNonce::default();
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: text.as_bytes(), aad: &bound(place, id) };
        let sealed =
            cipher.encrypt(&nonce, payload).expect("a text is shorter than the 256 GiB that it takes");
        let sealed = [nonce.as_slice(), &sealed].concat();
        format!("{VERSION}.{id}.{}", Base64UrlUnpadded::encode_string(&sealed))
    }

    /// What was sealed for `place`.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<Opened, VaultError> {
        let (id, sealed) = parts(sealed).ok_or(VaultError::Malformed)?;
        let key = self.key(id).ok_or_else(|| VaultError::UnknownKey { id: id.into() })?;
        let sealed = Base64UrlUnpadded::decode_vec(sealed).map_err(|_| VaultError::Malformed)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(VaultError::Malformed)?;
        let nonce = <&XNonce>::try_from(nonce).map_err(|_| VaultError::Malformed)?;
        let payload = Payload { msg: sealed, aad: &bound(place, id) };
        let text = key.cipher.decrypt(nonce, payload).map_err(|_| VaultError::Refused { id: id.into() })?;
        let text = String::from_utf8(text).map_err(|error| {
            error.into_bytes().zeroize();
            VaultError::Malformed
        })?;
        Ok(Opened(Zeroizing::new(text)))
    }

    /// By what a shop's number is known again without being opened, however it is written: a MAC under the first
    /// key. Without the key nobody can try numbers until one fits; other shops have others.
    pub fn digest(&self, shop_id: &str, number: &str) -> String {
        self.keys[0].digest(shop_id, number)
    }

    /// The same under each of the keys.
    pub fn digests(&self, shop_id: &str, number: &str) -> Vec<String> {
        self.keys.iter().map(|key| key.digest(shop_id, number)).collect()
    }

    /// Whether `digest` was made of that number under one of the keys.
    pub fn is_digest(&self, digest: &str, shop_id: &str, number: &str) -> bool {
        self.keys.iter().any(|key| key.digest(shop_id, number) == digest)
    }

    /// How everything begins that is sealed under the first key.
    pub fn first_prefix(&self) -> String {
        format!("{VERSION}.{}.", self.keys[0].id)
    }

    /// Whether `sealed` is to be opened and sealed anew, since it is not under the first key. True as well for
    /// what was never sealed; [`key_id_of`] tells the two apart.
    pub fn needs_resealing(&self, sealed: &str) -> bool {
        key_id_of(sealed) != Some(&self.keys[0].id)
    }

    fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Vault").field("keys", &ids).finish()
    }
}

impl Opened {
    /// The text itself, for whoever may see it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(…)")
    }
}

/// The id of the key under which `sealed` is; `None` if it is no sealed text.
pub fn key_id_of(sealed: &str) -> Option<&str> {
    parts(sealed).map(|(id, _)| id)
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    let (id, sealed) = sealed.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')?;
    is_id(id).then_some((id, sealed))
}

/// What a sealed text is bound to. Each part follows its length, so that no two places give the same bytes.
fn bound(place: Place<'_>, id: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in ["complainant_phone", VERSION, id, place.shop_id, place.owner] {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) const PLACE: Place<'_> = Place { shop_id: "app1", owner: "c_6621e41fa5e18_dA0idHLY" };

    pub(super) fn key(id: &str, byte: u8) -> String {
        format!("{id}:{}", Base64UrlUnpadded::encode_string(&[byte; KEY]))
    }

    pub(super) fn vault(keys: &[&str]) -> Vault {
        Vault::new(&keys.iter().map(|id| key(id, id.len() as u8)).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn debug_shows_ids_only() {
        let vault = vault(&["old", "new-2"]);
        assert_eq!(format!("{vault:?}"), r#"Vault { keys: ["old", "new-2"] }"#);
        let opened = vault.open(PLACE, &vault.seal(PLACE, "18812341474")).unwrap();
        assert_eq!(format!("{opened:?}"), "Opened(…)");
    }

    #[test]
    fn a_text_opens_in_its_place_only() {
        let vault = vault(&["a"]);
        let place = |shop_id, owner| Place { shop_id, owner };
        let sealed = vault.seal(place("ab", "c"), "18812341474");
        assert_eq!(vault.open(place("ab", "c"), &sealed).unwrap().reveal(), "18812341474");
        for other in
            [place("a", "bc"), place("abc", ""), place("ab", "d"), place("ac", "c"), place("c", "ab")]
        {
            let refused = VaultError::Refused { id: "a".into() };
            assert_eq!(vault.open(other, &sealed).unwrap_err(), refused, "{other:?}");
        }
    }

    #[test]
    fn no_byte_can_be_changed() {
        let vault = vault(&["a"]);
        let sealed = vault.seal(PLACE, "18812341474");
        for at in 0..sealed.len() {
            for bit in 0..7 {
                let mut bytes = sealed.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(vault.open(PLACE, &changed).is_err(), "{changed}");
            }
            assert!(vault.open(PLACE, &sealed[..at]).is_err());
        }
        assert!(vault.open(PLACE, &format!("{sealed}A")).is_err());
        assert!(vault.open(PLACE, &format!("{sealed}=")).is_err());
    }

    #[test]
    fn a_new_key_takes_over() {
        let before = vault(&["old"]);
        let sealed = before.seal(PLACE, "18812341474");
        assert_eq!(key_id_of(&sealed), Some("old"));
        assert!(!before.needs_resealing(&sealed));

        let both = vault(&["new-2", "old"]);
        assert!(both.needs_resealing(&sealed));
        let resealed = both.seal(PLACE, both.open(PLACE, &sealed).unwrap().reveal());
        assert_eq!(key_id_of(&resealed), Some("new-2"));
        assert!(!both.needs_resealing(&resealed));

        let after = vault(&["new-2"]);
        assert_eq!(after.open(PLACE, &resealed).unwrap().reveal(), "18812341474");
        assert_eq!(after.open(PLACE, &sealed).unwrap_err(), VaultError::UnknownKey { id: "old".into() });
        // The id alone does not make the key.
        let other = Vault::new(&[key("old", 9)]).unwrap();
        assert_eq!(other.open(PLACE, &sealed).unwrap_err(), VaultError::Refused { id: "old".into() });
        // Nor does another id on the same text.
        let renamed = sealed.replacen("old", "new-2", 1);
        assert!(both.open(PLACE, &renamed).is_err());
    }

    #[test]
    fn a_generated_key_is_one_and_never_twice_the_same() {
        let [one, two] = [(); 2].map(|()| Vault::generate_key(&mut rand::rng()));
        assert_ne!(one, two);
        let vault = Vault::new(&[one, two]).unwrap();
        let sealed = vault.seal(PLACE, "18812341474");
        assert_ne!(sealed, vault.seal(PLACE, "18812341474"));
        assert_eq!(vault.open(PLACE, &sealed).unwrap().reveal(), "18812341474");
    }

    #[test]
    fn what_was_never_sealed_has_no_key() {
        let vault = vault(&["a"]);
        for text in ["", "18812341474", "188****1474", "v1", "v1.", "v1.a", "v1..AA", "v2.a.AA", "v1.a b.AA"]
        {
            assert_eq!(key_id_of(text), None, "{text}");
            assert!(vault.needs_resealing(text));
            assert_eq!(vault.open(PLACE, text).unwrap_err(), VaultError::Malformed, "{text}");
        }
    }

    /// The form is kept for years: what an earlier build sealed must open. This text was made by another
    /// implementation, one that gives the example of the cipher's draft (draft-irtf-cfrg-xchacha, A.3.1).
    #[test]
    fn the_sealed_form_is_as_published() {
        let vault = Vault::new(&[format!("k1:{}", "42".repeat(32))]).unwrap();
        let sealed = "v1.k1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXvcS81vWS8_HGUZAyrCpwPPYqsO1ujmCppwBB";
        assert_eq!(vault.open(PLACE, sealed).unwrap().reveal(), "18812341474");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC{0,40}", shop in "\\PC{0,10}", complaint in "\\PC{0,10}") {
            let vault = vault(&["a"]);
            let place = Place { shop_id: &shop, owner: &complaint };
            let sealed = vault.seal(place, &text);
            prop_assert!(sealed.is_ascii());
            let opened = vault.open(place, &sealed).unwrap();
            prop_assert_eq!(opened.reveal(), text);
        }

        #[test]
        fn no_form_panics(text in "(v1\\.)?(a\\.)?[A-Za-z0-9_.=-]{0,90}|\\PC{0,40}") {
            let vault = vault(&["a"]);
            prop_assert!(vault.open(PLACE, &text).is_err());
            let _ = (key_id_of(&text), vault.needs_resealing(&text));
            let _ = Vault::new(&[text]);
        }
    }
}
