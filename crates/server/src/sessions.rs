//! A person's session: what its cookie holds, what is kept of that, and whether it still holds. Pure but for making
//! secrets.
//!
//! The cookie is `ID.KEY.SECRET`. The id finds the session. The key stays as long as the session does and is kept nowhere
//! but there; what goes with the cookie in a header is derived from it, and so stays the same, too. The secret is
//! replaced from time to time: a new one is offered, and takes the old one's place when it is first used, so that
//! an answer that gets lost signs nobody out. Whoever comes with an old one long after that has a copy of it: the
//! session ends.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secrets::{self, Secret, hex};

const ID: usize = 16;
const KEY: usize = 32;
const SECRET: usize = 32;

/// Seconds for which the secret before goes on working: what was under way when it was replaced.
pub const OLD_FOR: i64 = 60;
/// Seconds after which a secret that was offered and never came back is made anew.
const OFFERED_FOR: i64 = 60;
/// Seconds between two notes of a session's use, at most.
const NOTED_EVERY: i64 = 300;
/// So often is the use of a session noted in the time after which it ends without any, at least: otherwise a short one would
/// end while it is used.
const NOTED_BEFORE_IT_ENDS: i64 = 4;

/// What a cookie holds. Its Debug output shows the id alone.
#[derive(Clone)]
pub struct Cookie {
    id: String,
    key: Secret,
    secret: Secret,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Cookie {
    /// One of a new session.
    pub fn new() -> Self {
        let [id, key, secret] = [ID, KEY, SECRET].map(secrets::random_text);
        Cookie { id, key: Secret::new(key), secret: Secret::new(secret) }
    }

    /// The cookie of that text, if it is one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = |length: usize| {
            parts
                .next()
                .filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        let (id, key, secret) = (part(ID)?, part(KEY)?, part(SECRET)?);
        let cookie = Cookie { id: id.to_owned(), key: Secret::new(key), secret: Secret::new(secret) };
        parts.next().is_none().then_some(cookie)
    }

    /// Its text, for the one who signed in.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.id, self.key.reveal(), self.secret.reveal())
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        Secret::new(format!("{}.{}", self.key.reveal(), self.secret.reveal())).hash()
    }

    /// The same session's, with a new secret.
    pub fn renewed(&self) -> Self {
        Cookie { secret: Secret::new(secrets::random_text(SECRET)), ..self.clone() }
    }

    /// What goes with it in a header of every call.
    pub fn csrf_token(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.reveal().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(b"tousu csrf ");
        mac.update(self.id.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether that is what goes with it, in the same time whatever the answer.
    pub fn goes_with(&self, csrf_token: &str) -> bool {
        self.csrf_token().as_bytes().ct_eq(csrf_token.as_bytes()).into()
    }
}

impl Default for Cookie {
    fn default() -> Self {
        Cookie::new()
    }
}

/// A session as it is kept. Moments are epoch seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The hash of the secret in force.
    pub secret_hash: String,
    /// That of the one that was offered, and when.
    pub offered: Option<(String, i64)>,
    /// That of the one before, and until when it is taken.
    pub old: Option<(String, i64)>,
    /// When it began.
    pub opened_at: i64,
    /// When it was used last, to some minutes.
    pub used_at: i64,
    /// Since when the secret is in force.
    pub rotated_at: i64,
}

/// How long sessions last, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// After so long without use one ends.
    pub idle: i64,
    /// After so long one ends in any case.
    pub whole: i64,
    /// After so long of use its secret is replaced.
    pub rotated: i64,
}

/// What is to be said of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It holds.
    Good(Note),
    /// It does not, and nothing follows from that.
    Ended,
    /// It is a copy of one that was replaced long ago: the session is to end.
    Copied,
}

/// What is to be kept of a good one's use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    Nothing,
    /// That it was used.
    Used,
    /// A new secret is to be offered.
    Offer,
    /// The secret that was offered was used: it is in force from now on.
    Confirm,
}

impl Kept {
    /// Whether a cookie of that hash holds at `now`.
    pub fn judge(&self, hash: &str, lasting: Lasting, now: i64) -> Judged {
        let is = |kept: &str| bool::from(kept.as_bytes().ct_eq(hash.as_bytes()));
        if now >= self.ends(lasting) {
            return Judged::Ended;
        }
        if is(&self.secret_hash) {
            let offered = self.offered.as_ref().is_some_and(|(_, at)| now - at < OFFERED_FOR);
            return Judged::Good(if now - self.rotated_at >= lasting.rotated && !offered {
                Note::Offer
            } else if now - self.used_at >= NOTED_EVERY.min(lasting.idle / NOTED_BEFORE_IT_ENDS) {
                Note::Used
            } else {
                Note::Nothing
            });
        }
        match (&self.offered, &self.old) {
            (Some((offered, _)), _) if is(offered) => Judged::Good(Note::Confirm),
            (_, Some((old, until))) if is(old) => {
                if now < *until {
                    Judged::Good(Note::Nothing)
                } else {
                    Judged::Copied
                }
            }
            _ => Judged::Ended,
        }
    }

    /// When it ends if it is not used any more.
    pub fn ends(&self, lasting: Lasting) -> i64 {
        self.last(lasting).min(self.used_at + lasting.idle)
    }

    /// When it ends in any case.
    pub fn last(&self, lasting: Lasting) -> i64 {
        self.opened_at + lasting.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTING: Lasting = Lasting { idle: 43_200, whole: 604_800, rotated: 900 };

    fn kept(cookie: &Cookie) -> Kept {
        Kept { secret_hash: cookie.hash(), offered: None, old: None, opened_at: 0, used_at: 0, rotated_at: 0 }
    }

    #[test]
    fn a_cookie_is_read_as_it_was_written() {
        let cookie = Cookie::new();
        let read = Cookie::parse(&cookie.reveal()).unwrap();
        assert_eq!(
            (read.id(), read.hash(), read.csrf_token()),
            (cookie.id(), cookie.hash(), cookie.csrf_token())
        );
        let renewed = cookie.renewed();
        assert_ne!(renewed.hash(), cookie.hash());
        assert!(renewed.goes_with(&cookie.csrf_token()), "what goes with it stays");
        assert!(!cookie.goes_with("") && !cookie.goes_with(&Cookie::new().csrf_token()));
        assert!(!format!("{cookie:?}").contains(cookie.secret.reveal()));
        for wrong in ["", ".", "a.b.c", &format!("{}.x", cookie.reveal()), &cookie.reveal()[1..]] {
            assert!(Cookie::parse(wrong).is_none(), "{wrong}");
        }
        // Another's key does not go with its secret.
        let (other, mut parts) = (Cookie::new(), cookie.reveal());
        parts.replace_range(ID + 1..=ID + KEY, other.key.reveal());
        assert_ne!(Cookie::parse(&parts).unwrap().hash(), cookie.hash());
    }

    #[test]
    fn a_session_lasts_as_long_as_it_is_used() {
        let cookie = Cookie::new();
        let mut kept = kept(&cookie);
        let judge = |kept: &Kept, now| kept.judge(&cookie.hash(), LASTING, now);
        assert_eq!(judge(&kept, 0), Judged::Good(Note::Nothing));
        assert_eq!(judge(&kept, 300), Judged::Good(Note::Used));
        assert_eq!(judge(&kept, 900), Judged::Good(Note::Offer));
        assert_eq!(judge(&kept, 43_199), Judged::Good(Note::Offer));
        assert_eq!(judge(&kept, 43_200), Judged::Ended);
        (kept.used_at, kept.rotated_at) = (604_799, 604_799);
        assert_eq!(judge(&kept, 604_799), Judged::Good(Note::Nothing));
        assert_eq!(judge(&kept, 604_800), Judged::Ended);
        assert_eq!(kept.judge(&Cookie::new().hash(), LASTING, 0), Judged::Ended);
    }

    #[test]
    fn a_session_that_may_rest_for_a_minute_only_goes_on_while_it_is_used() {
        let cookie = Cookie::new();
        let mut kept = kept(&cookie);
        let lasting = Lasting { idle: 60, ..LASTING };
        for now in (0..900).step_by(10) {
            match kept.judge(&cookie.hash(), lasting, now) {
                Judged::Good(Note::Used) => kept.used_at = now,
                judged => assert_eq!(judged, Judged::Good(Note::Nothing), "{now}"),
            }
        }
    }

    #[test]
    fn a_secret_is_replaced_when_the_new_one_is_used() {
        let (first, second) = (Cookie::new(), Cookie::new());
        let mut kept = kept(&first);
        kept.offered = Some((second.hash(), 1000));
        assert_eq!(kept.judge(&first.hash(), LASTING, 1059), Judged::Good(Note::Used), "offered already");
        assert_eq!(kept.judge(&first.hash(), LASTING, 1060), Judged::Good(Note::Offer), "it got lost");
        assert_eq!(kept.judge(&second.hash(), LASTING, 1500), Judged::Good(Note::Confirm));
        kept = Kept {
            secret_hash: second.hash(),
            offered: None,
            old: Some((first.hash(), 1500 + OLD_FOR)),
            used_at: 1500,
            rotated_at: 1500,
            ..kept
        };
        assert_eq!(kept.judge(&first.hash(), LASTING, 1559), Judged::Good(Note::Nothing));
        assert_eq!(kept.judge(&first.hash(), LASTING, 1560), Judged::Copied);
        assert_eq!(kept.judge(&second.hash(), LASTING, 1560), Judged::Good(Note::Nothing));
    }
}
