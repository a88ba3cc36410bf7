//! `GET /oidc/start` and `/oidc/callback`: people sign in through a provider, and come back signed in, or to the
//! sign-in page with the reason.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde_json::Value;
use tousu_wire::session::checked_login;
use tousu_wire::{RateLimit, lenient};

use super::signed_in::{Way, cookie};
use super::visit::{Peer, Visit};
use super::{Answered, Gateway, no_such_interface};
use crate::handling::{self, Caller, Newcomer, new_login};
use crate::oidc::{FLOW_SECONDS, Failed, Flow, Identity, Provider};
use crate::sessions::Cookie;
use crate::store::{StoreError, User};

/// What the browser keeps while somebody is at the provider. Lax, since the way back comes from another site.
const COOKIE: &str = "tousu_oidc";
const PATH: &str = "/oidc";
/// From one address.
const LIMIT: RateLimit = RateLimit { calls: 60, seconds: 60 };

/// Why somebody does not come back signed in, as the sign-in page is told.
enum Refused {
    /// The provider did not answer as it should, or did not answer our question.
    Failed(String),
    /// The provider, or the person, does not want to.
    Denied,
    /// There is nobody of that login, and nobody is added.
    Unknown,
    /// The person is disabled.
    Disabled,
    /// Too often.
    Busy,
}

impl Refused {
    fn name(&self) -> &'static str {
        match self {
            Refused::Failed(_) => "oidc_failed",
            Refused::Denied => "oidc_denied",
            Refused::Unknown => "oidc_unknown",
            Refused::Disabled => "oidc_disabled",
            Refused::Busy => "oidc_busy",
        }
    }
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Refused::Failed(failed.to_string())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refused::Failed(error.to_string())
    }
}

/// The provider, if there is one. A page is asked for by GET alone: what looks ahead by HEAD must use up no code.
fn provider<'a>(gateway: &'a Gateway, method: &Method) -> Option<&'a Provider> {
    gateway.oidc.as_ref().filter(|_| *method == Method::GET)
}

/// Sends somebody to the provider.
pub(super) async fn start(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let Some(provider) = provider(&gateway, request.method()) else {
        return no_such_interface(State(gateway), Extension(peer), request).await;
    };
    let headers = request.headers().clone();
    let way = Way::of(&gateway, peer, &headers);
    let begun = async {
        may_try(&gateway, peer, &headers).await?;
        let flow = Flow::new();
        let url = provider.begin(&flow, gateway.clock.epoch()).await?;
        Ok::<_, Refused>((url, flow))
    };
    match begun.await {
        Ok((url, flow)) => {
            let set = way.set(COOKIE, flow.reveal(), PATH, "Lax", FLOW_SECONDS);
            redirect(url.as_str(), &[set])
        }
        Err(why) => sign_in_again(&why, way),
    }
}

/// Takes somebody back from the provider.
pub(super) async fn callback(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let Some(provider) = provider(&gateway, request.method()) else {
        return no_such_interface(State(gateway), Extension(peer), request).await;
    };
    let (parts, _) = request.into_parts();
    let visit = Visit::begin(&gateway, &gateway.oidc_meter, peer, &parts.headers);
    let way = Way::of(&gateway, peer, &parts.headers);
    let now = gateway.clock.epoch();
    let signed_in = async {
        may_try(&gateway, peer, &parts.headers).await?;
        let query = parts.uri.query().unwrap_or_default();
        let identity = identity(provider, &parts.headers, query, now).await?;
        let user = user(&gateway, &identity, now).await?;
        let mut tx = gateway.store.write_people().await?;
        let user = tx.lock_user(&user.login).await?.filter(|user| user.disabled_at.is_none());
        let user = user.ok_or(Refused::Disabled)?;
        let cookie = Cookie::new();
        tx.open_session(cookie.id(), &cookie.hash(), &user.user_id, now).await?;
        tx.commit().await?;
        Ok::<_, Refused>((cookie, user))
    };
    match signed_in.await {
        Ok((cookie, user)) => {
            let set = way.set_session(&cookie, gateway.settings.sessions.lifetime_seconds);
            visit.note(&Answered::of_user(&user.user_id));
            redirect("/", &[set, way.set(COOKIE, "", PATH, "Lax", 0)])
        }
        Err(why) => sign_in_again(&why, way),
    }
}

async fn identity(
    provider: &Provider,
    headers: &HeaderMap,
    query: &str,
    now: i64,
) -> Result<Identity, Refused> {
    let query = lenient::query(query);
    let text = |name: &str| query.get(name).and_then(Value::as_str);
    if text("error").is_some() {
        return Err(Refused::Denied);
    }
    let flow = cookie(headers, COOKIE).and_then(Flow::of).ok_or(Failed::NotAsked)?;
    let (state, code) = text("state").zip(text("code")).ok_or(Failed::NotAsked)?;
    Ok(provider.finish(&flow, state, code, now).await?)
}

/// Who of us that is: whom the provider named before, else whoever has that login, else somebody new.
async fn user(gateway: &Gateway, identity: &Identity, now: i64) -> Result<User, Refused> {
    if let Some(user) = known(gateway, identity).await? {
        return Ok(user);
    }
    if !gateway.settings.oidc.create {
        return Err(Refused::Unknown);
    }
    match added(gateway, identity, now).await? {
        Some(user) => Ok(user),
        // The same person, signing in twice at once.
        None => known(gateway, identity).await?.ok_or(Refused::Unknown),
    }
}

/// Whom the provider named before, else whoever has that login and is nobody else at the provider.
async fn known(gateway: &Gateway, identity: &Identity) -> Result<Option<User>, Refused> {
    let mut tx = gateway.store.write_people().await?;
    if let Some(user) = tx.user_of_subject(&identity.subject).await? {
        return Ok(Some(user));
    }
    let login = checked_login(identity.login.as_deref()).map_err(|_| Refused::Unknown)?;
    let Some(user) = tx.lock_user(&login).await? else { return Ok(None) };
    if user.oidc_subject.is_some() {
        return Err(Refused::Unknown);
    }
    tx.set_subject(&user.user_id, &identity.subject).await?;
    tx.commit().await?;
    Ok(Some(user))
}

/// Adds somebody new, with the place that is set for such; `None` if somebody of that login has come meanwhile.
async fn added(gateway: &Gateway, identity: &Identity, now: i64) -> Result<Option<User>, Refused> {
    let login = new_login(identity.login.as_deref()).map_err(|_| Refused::Unknown)?;
    let name = identity.name.as_deref().unwrap_or_default();
    let newcomer = Newcomer { login: &login, name, subject: &identity.subject };
    if let Some((shop, role)) = gateway.settings.oidc.place() {
        let (handling, deadlines) = (&gateway.settings.handling, &gateway.deadlines);
        let caller = Caller { client_id: "oidc", person: None, now, handling, deadlines };
        match handling::add_known(&gateway.store, &shop, &caller, newcomer, role).await? {
            Ok(added) => return Ok(added),
            Err(why) => {
                tracing::warn!(shop = shop.as_str(), ?why, "somebody new did not get a place in a shop")
            }
        }
    }
    let user = newcomer.user(now);
    let mut tx = gateway.store.write_people().await?;
    tx.add_user(&user).await?;
    tx.commit().await?;
    Ok(Some(user))
}

async fn may_try(gateway: &Gateway, peer: Peer, headers: &HeaderMap) -> Result<(), Refused> {
    let client = super::client_ip::client_ip(peer.0.ip(), headers, &gateway.settings.server.trusted_proxies);
    let key = format!("{client}/oidc");
    let asked = gateway.limiter.ask(key, LIMIT, gateway.clock.monotonic_micros()).await;
    asked.ok().filter(|allowance| allowance.admitted).map(drop).ok_or(Refused::Busy)
}

fn sign_in_again(why: &Refused, way: Way) -> Response<Body> {
    if let Refused::Failed(cause) = why {
        tracing::warn!(cause, "nobody signed in through the provider");
    }
    redirect(&format!("/sign-in?error={}", why.name()), &[way.set(COOKIE, "", PATH, "Lax", 0)])
}

fn redirect(to: &str, cookies: &[HeaderValue]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(header::LOCATION, to);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    response
}
