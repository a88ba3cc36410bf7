//! People who call with the cookie of their session. Nothing of them is remembered between calls: whoever signs out,
//! is disabled or becomes somebody else in a shop does so at the next call, on every node.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use tousu_wire::session::{COOKIE, CSRF_HEADER, SHOP_HEADER};
use tousu_wire::{Endpoint, ReturnCode};

use super::admit::{Call, judge};
use super::client_ip::is_trusted;
use super::refusal::Refusal;
use super::visit::Peer;
use super::{Answered, Gateway};
use crate::remembered::Moment;
use crate::roles::Role;
use crate::sessions::{Cookie, Judged, Note};
use crate::store::{Caller, Person, SeenSession, ShopId};

/// What a call says of who brings it, where it comes with a session's cookie.
pub(super) struct Presented {
    /// `None` if it is none of ours.
    pub(super) cookie: Option<Cookie>,
    csrf_token: Option<String>,
    shop: Option<String>,
    pub(super) way: Way,
    /// When its head was there (epoch seconds): what follows may take longer than an old secret is taken.
    came_at: i64,
}

/// How a call came, as far as cookies need to know.
#[derive(Clone, Copy)]
pub(super) struct Way {
    https: bool,
}

impl Way {
    pub(super) fn of(gateway: &Gateway, peer: Peer, headers: &HeaderMap) -> Self {
        let proxies = &gateway.settings.server.trusted_proxies;
        let said = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        // Of several the last is the nearest proxy's.
        let said = said.and_then(|said| said.rsplit(',').next());
        let https = said.is_some_and(|said| said.trim().eq_ignore_ascii_case("https"));
        Way {
            https: gateway.settings.sessions.secure_cookie
                || https && is_trusted(peer.0.ip().to_canonical(), proxies),
        }
    }

    /// A cookie as it is set, for so many seconds; for none it is taken away.
    pub(super) fn set(
        self,
        name: &str,
        value: &str,
        path: &str,
        same_site: &str,
        seconds: i64,
    ) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
        let value = HeaderValue::try_from(text);
        value.map_or(HeaderValue::from_static(""), |mut value| {
            value.set_sensitive(true);
            value
        })
    }

    /// A session's cookie as it is set, for as long as the session may last.
    pub(super) fn set_session(self, cookie: &Cookie, seconds: i64) -> HeaderValue {
        self.set(COOKIE, &cookie.reveal(), "/", "Strict", seconds)
    }

    /// Takes a session's cookie away.
    pub(super) fn unset_session(self) -> HeaderValue {
        self.set(COOKIE, "", "/", "Strict", 0)
    }
}

impl Presented {
    /// `None` if there is no such cookie.
    pub(super) fn of(gateway: &Gateway, peer: Peer, headers: &HeaderMap) -> Option<Box<Self>> {
        let value = cookie(headers, COOKIE)?;
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Some(Box::new(Presented {
            cookie: Cookie::parse(value),
            csrf_token: text(CSRF_HEADER),
            shop: text(SHOP_HEADER),
            way: Way::of(gateway, peer, headers),
            came_at: gateway.clock.epoch(),
        }))
    }

    /// Refuses a call that another site may have sent.
    pub(super) fn require_csrf_token(&self, cookie: &Cookie) -> Result<(), Refusal> {
        match &self.csrf_token {
            Some(token) if cookie.goes_with(token) => Ok(()),
            _ => Err(Refusal::new(ReturnCode::CsrfTokenWrong)),
        }
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The session of a cookie, if it holds at `now`, with what its user is in that shop, and the cookie that is to take the
/// place of this one, as it is set.
pub(super) async fn session(
    gateway: &Gateway,
    shop: &ShopId,
    cookie: &Cookie,
    way: Way,
    now: i64,
) -> Result<(SeenSession, Option<HeaderValue>), Refusal> {
    let seen = gateway.store.read().await?.session(shop, cookie.id()).await?;
    let (seen, note) = holds(gateway, seen, cookie, now).await?;
    let set = noted(gateway, &seen, cookie, note, way, now).await?;
    Ok((seen, set))
}

/// The session, if the cookie, which came at `now`, holds, and what is to be noted of its use.
async fn holds(
    gateway: &Gateway,
    seen: Option<SeenSession>,
    cookie: &Cookie,
    now: i64,
) -> Result<(SeenSession, Note), Refusal> {
    let ended = || Refusal::new(ReturnCode::NotSignedIn);
    let seen = seen.filter(|seen| seen.disabled_at.is_none()).ok_or_else(ended)?;
    match seen.kept.judge(&cookie.hash(), gateway.settings.sessions.lasting(), now) {
        Judged::Good(note) => Ok((seen, note)),
        Judged::Ended => Err(ended()),
        Judged::Copied => {
            tracing::warn!(user = seen.user_id, "a session ended: somebody came with a copy of its cookie");
            gateway.store.end_session(cookie.id()).await?;
            Err(ended())
        }
    }
}

/// Notes a session's use; gives the cookie that is to take the place of this one, as it is set.
async fn noted(
    gateway: &Gateway,
    seen: &SeenSession,
    cookie: &Cookie,
    note: Note,
    way: Way,
    now: i64,
) -> Result<Option<HeaderValue>, Refusal> {
    let (store, id) = (&gateway.store, cookie.id());
    match note {
        Note::Nothing => {}
        Note::Used => store.note_use(seen, now).await?,
        Note::Confirm => store.confirm_secret(id, &cookie.hash(), now).await?,
        Note::Offer => {
            let renewed = cookie.renewed();
            let offered = store.offer_secret(seen, &cookie.hash(), &renewed.hash(), now).await?;
            let last = seen.kept.last(gateway.settings.sessions.lasting());
            return Ok(offered.then(|| way.set_session(&renewed, last - now)));
        }
    }
    Ok(None)
}

/// Lets a person's call to `E` in, or says why not.
pub(super) async fn admit_person<E: Endpoint>(
    gateway: &Arc<Gateway>,
    presented: &Presented,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<Call, Refusal> {
    let cookie = presented.cookie.as_ref().ok_or(Refusal::new(ReturnCode::NotSignedIn))?;
    let now = gateway.clock.epoch();
    answered.at = now;
    let named = presented.shop.as_deref().map(str::trim).filter(|shop| !shop.is_empty());
    let shop = named.map_or_else(ShopId::nobody, |named| ShopId::parse(named).unwrap_or_else(ShopId::nobody));
    let mut tx = gateway.store.read().await?;
    let found = tx.session(&shop, cookie.id()).await?;
    let (mut seen, note) = holds(gateway, found, cookie, presented.came_at).await?;
    presented.require_csrf_token(cookie)?;
    if named.is_none() {
        return Err(Refusal::because(ReturnCode::AppIdMissing, "请求头 x-app-id ¦ in the header x-app-id"));
    }
    if note != Note::Nothing {
        drop(tx);
        let set = noted(gateway, &seen, cookie, note, presented.way, now).await?;
        if let Some(set) = set {
            answered.set_cookie = Some(Box::new(set));
        }
        tx = gateway.store.read().await?;
        let found = tx.session(&shop, cookie.id()).await?;
        seen =
            found.filter(|seen| seen.disabled_at.is_none()).ok_or(Refusal::new(ReturnCode::NotSignedIn))?;
    }
    let version = tx.version(&shop).await?;
    let caller = Arc::new(caller_of(seen, true, i64::MAX)?);
    let version = version.ok_or(Refusal::new(ReturnCode::AppIdWrong))?;
    judge::<E>(gateway, &shop, &caller, client, answered).await?;
    let (gateway, place) = (gateway.clone(), answered.place.clone());
    Ok(Call { gateway, shop, caller, moment: Moment { version, now }, tx: Some(tx), _place: place })
}

/// The person of a session as a caller in the shop that was asked about.
pub(super) fn caller_of(seen: SeenSession, by_cookie: bool, expires_at: i64) -> Result<Caller, Refusal> {
    // A shop of others looks like one that is not there.
    let role = seen.role.as_deref().and_then(Role::of_name);
    let role = role.ok_or(Refusal::new(ReturnCode::AppIdWrong))?;
    let sets: Vec<&str> = role.sets().iter().map(|set| set.name()).collect();
    Ok(Caller {
        client_id: client_id(&seen.user_id),
        person: Some(Box::new(Person {
            operator: called(&seen.name, &seen.login),
            user_id: seen.user_id,
            role,
            session_id: by_cookie.then_some(seen.session_id),
        })),
        grants: sets.join(","),
        allow_ips: String::new(),
        expires_at,
    })
}

/// What stands for a person where an app would stand: in the history, the log, and limits. No app's id has a colon.
pub(super) fn client_id(user_id: &str) -> String {
    format!("user:{user_id}")
}

/// What the history calls a person: the name is what colleagues know, the login is unambiguous.
fn called(name: &str, login: &str) -> String {
    if name.is_empty() || name == login { login.to_owned() } else { format!("{name} ({login})") }
}
