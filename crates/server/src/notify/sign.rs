//! Webhooks signed as Standard Webhooks has it `[public: https://www.standardwebhooks.com, version 1.0.0]`,
//! so that a receiver can check them with any of its libraries.

use std::fmt;
use std::str::FromStr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a subscription's webhooks are signed with: 24 to 64 bytes, written `whsec_` and base64 `[public]`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// A text that is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "签名密钥应为 whsec_ 加 24 到 64 字节的 base64 ¦ a signing secret is whsec_ and the base64 of 24 to 64 bytes"
)]
pub struct NotASecret;

/// A message that cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// The identifier could be mistaken for more than itself.
    #[error("webhook-id 只能含字母、数字、_ 和 - ¦ a webhook-id holds letters, digits, _ and - only")]
    Id,
    /// There is nothing to sign with.
    #[error("没有有效的签名密钥 ¦ no signing secret is in force")]
    NoSecret,
}

const PREFIX: &str = "whsec_";

impl SigningSecret {
    /// A secret of these bytes, which should be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        SigningSecret(bytes.to_vec())
    }

    /// The text to hand to the receiver.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }
}

impl FromStr for SigningSecret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(SigningSecret(bytes)) } else { Err(NotASecret) }
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// A secret, and until when it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The secret.
    pub secret: SigningSecret,
    /// When it stops being used (epoch seconds): set when a new one takes its place. `None` for the newest.
    pub until: Option<i64>,
}

/// The headers of one attempt at `now` (epoch seconds) to deliver `body` under the message's `id`. While a
/// new secret takes an old one's place both sign, so that a receiver may change over when it likes
/// `[public]`. The body must be sent as it is, to the byte.
pub fn headers(
    id: &str,
    now: i64,
    body: &[u8],
    keys: &[Key],
) -> Result<[(&'static str, String); 3], CannotSign> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(CannotSign::Id);
    }
    let signed = [format!("{id}.{now}.").as_bytes(), body].concat();
    let in_force = keys.iter().filter(|key| key.until.is_none_or(|until| now < until));
    let signature = |key: &Key| format!("v1,{}", BASE64_STANDARD.encode(hmac(&key.secret.0, &signed)));
    let signatures: Vec<String> = in_force.map(signature).collect();
    if signatures.is_empty() {
        return Err(CannotSign::NoSecret);
    }
    Ok([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", now.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ])
}

/// HMAC-SHA256.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use standardwebhooks::Webhook;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn key(text: &str, until: Option<i64>) -> Key {
        Key { secret: text.parse().unwrap(), until }
    }

    /// The example that the Standard Webhooks libraries share in their tests.
    #[test]
    fn the_published_example() {
        let body = br#"{"test": 2432232314}"#;
        let signed =
            headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body, &[key(SECRET, None)]).unwrap();
        assert_eq!(
            signed,
            [
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".into()),
                ("webhook-timestamp", "1614265330".into()),
                ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into()),
            ]
        );
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the published library asks the machine's clock")]
    fn receivers_accept_it_while_secrets_change() {
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let (new, old) = (SigningSecret::new([7; 32]).reveal(), SECRET);
        let verified = |secret: &str, keys: &[Key], sent: &str| {
            let signed = headers("evt_a_1", now, "投诉".as_bytes(), keys).unwrap();
            let mut map = http::HeaderMap::new();
            for (name, value) in signed {
                map.insert(name, value.parse().unwrap());
            }
            Webhook::new(secret).unwrap().verify(sent.as_bytes(), &map).is_ok()
        };
        let both = [key(&new, None), key(old, Some(now + 1))];
        assert!(verified(&new, &both, "投诉") && verified(old, &both, "投诉"));
        assert!(!verified(&new, &both, "投诉 "));
        let over = [key(&new, None), key(old, Some(now))];
        assert!(verified(&new, &over, "投诉") && !verified(old, &over, "投诉"));
    }

    #[test]
    fn secrets_are_long_and_not_shown() {
        let encoded = |length: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![1; length]));
        for (length, fits) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(encoded(length).parse::<SigningSecret>().is_ok(), fits, "{length}");
        }
        assert_eq!(encoded(32).strip_prefix("whsec_").unwrap().parse::<SigningSecret>(), Err(NotASecret));
        assert_eq!("whsec_?".parse::<SigningSecret>(), Err(NotASecret));
        let secret: SigningSecret = SECRET.parse().unwrap();
        assert_eq!(secret.reveal(), SECRET);
        assert_eq!(format!("{:?}", key(SECRET, None)), "Key { secret: SigningSecret(…), until: None }");
    }

    #[test]
    fn what_cannot_be_signed_is_not() {
        let keys = [key(SECRET, Some(10))];
        assert_eq!(headers("evt.1", 0, b"", &keys), Err(CannotSign::Id));
        assert_eq!(headers("", 0, b"", &keys), Err(CannotSign::Id));
        assert_eq!(headers("evt\n1", 0, b"", &keys), Err(CannotSign::Id));
        assert_eq!(headers("evt_1", 10, b"", &keys), Err(CannotSign::NoSecret));
    }

    proptest::proptest! {
        #[test]
        fn the_same_as_the_published_library(
            key in proptest::array::uniform32(0u8..),
            now: i64,
            body: String,
        ) {
            let secret = SigningSecret::new(key);
            let library = Webhook::new(&secret.reveal()).unwrap();
            let published = library.sign("evt_a_1", now, body.as_bytes()).unwrap();
            let ours = headers("evt_a_1", now, body.as_bytes(), &[Key { secret, until: None }]).unwrap();
            proptest::prop_assert_eq!(&ours[2].1, &published);
        }
    }
}
