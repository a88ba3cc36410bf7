//! One-time passwords (RFC 6238): six digits from a shared secret and the time, as authenticator apps count them:
//! HMAC-SHA-1, steps of 30 seconds. Pure but for making a secret.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::Rng;
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Seconds of a step.
const STEP: i64 = 30;
/// Steps before and behind the present one that are taken, too: clocks differ, and people type slowly.
const AROUND: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret in base32: 20 bytes, as long as SHA-1's output.
pub fn new_secret() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 20]);
    rand::rng().fill_bytes(&mut *bytes);
    Zeroizing::new(base32(&*bytes))
}

/// What an authenticator app reads from a QR code.
pub fn uri(secret: &str, login: &str) -> String {
    let login = utf8_percent_encode(login, NON_ALPHANUMERIC);
    format!("otpauth://totp/tousu:{login}?secret={secret}&issuer=tousu")
}

/// The step whose one-time password `code` is at `now` (epoch seconds), if it is one behind `last`, the step of the last
/// that was taken. Every step is compared, in the same time whichever fits.
pub fn step_of(secret: &str, code: &str, now: i64, last: i64) -> Option<i64> {
    let key = Zeroizing::new(bytes(secret)?);
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let present = now.div_euclid(STEP);
    let mut found = None;
    for step in present - AROUND..=present + AROUND {
        let is_it: bool = one_time(&key, step).as_bytes().ct_eq(code.as_bytes()).into();
        if is_it && step > last {
            found = Some(step);
        }
    }
    found
}

/// The one-time password of a secret in base32 at `now` (epoch seconds), as an app shows it.
pub fn code_at(secret: &str, now: i64) -> Option<String> {
    Some(one_time(&Zeroizing::new(bytes(secret)?), now.div_euclid(STEP)))
}

fn one_time(key: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
        held &= 0xff;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == character.to_ascii_uppercase())?;
        held = (held << 5 | value as u32) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the RFC's test vectors, "12345678901234567890".
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_vectors_of_the_rfc() {
        assert_eq!(base32(b"12345678901234567890"), RFC);
        assert_eq!(bytes(RFC).unwrap(), b"12345678901234567890");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(RFC, time).as_deref(), Some(code), "{time}");
        }
    }

    #[test]
    fn a_code_is_taken_around_its_step_and_once() {
        let code = code_at(RFC, 1000).unwrap();
        let step = 1000 / 30;
        for (now, taken) in [(930, false), (960, true), (1000, true), (1049, true), (1050, false)] {
            assert_eq!(step_of(RFC, &code, now, 0), taken.then_some(step), "{now}");
        }
        assert_eq!(step_of(RFC, &format!(" {} {}", &code[..3], &code[3..]), 1000, 0), Some(step));
        assert_eq!(step_of(RFC, &code, 1000, step), None, "not twice");
        assert_eq!(step_of(RFC, "", 1000, 0), None);
        assert_eq!(step_of("not base32!", &code, 1000, 0), None);
    }

    #[test]
    fn secrets_and_addresses() {
        let secret = new_secret();
        assert_eq!((secret.len(), bytes(&secret).unwrap().len()), (32, 20));
        assert_ne!(*secret, *new_secret());
        let uri = uri(RFC, "li@example.com");
        assert_eq!(uri, format!("otpauth://totp/tousu:li%40example%2Ecom?secret={RFC}&issuer=tousu"));
    }
}
