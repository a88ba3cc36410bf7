//! Interfaces that people call for themselves, with a session or before there is one: no shop, no token.

use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::http::{HeaderValue, Method, Request, header};
use http_body_util::Either;
use hyper::body::Incoming;
use tousu_wire::{PersonalEndpoint, ReturnCode, complaint_list, lenient};

use super::admit::{Size, announced, parameters, read_body, refused_by, require_method};
use super::interface::{Answering, Interface, OnItsWay};
use super::refusal::Refusal;
use super::signed_in::{self, Presented, Way};
use super::visit::{self, Meter, Peer, Visit};
use super::{Answered, Gateway, bounded, patience};
use crate::sessions::Cookie;
use crate::store::{SeenSession, ShopId};

/// Whoever calls such an interface.
pub(super) struct Guest {
    pub(super) gateway: Arc<Gateway>,
    pub(super) client: IpAddr,
    pub(super) way: Way,
    presented: Option<Box<Presented>>,
    /// Whether what was sent says that it is JSON, as no form of another site can.
    pub(super) says_json: bool,
    /// Epoch seconds, asked once.
    pub(super) now: i64,
}

/// Somebody who is signed in.
pub(super) struct SignedIn {
    pub(super) seen: SeenSession,
    pub(super) cookie: Cookie,
    /// What takes the cookie's place.
    pub(super) set: Option<HeaderValue>,
}

/// What is answered, and the cookie that goes with it.
pub(super) struct Reply<T> {
    pub(super) data: T,
    pub(super) set: Option<HeaderValue>,
    /// For the log.
    pub(super) user_id: Option<String>,
}

impl SignedIn {
    pub(super) fn reply<T>(self, data: T) -> Reply<T> {
        Reply { data, set: self.set, user_id: Some(self.seen.user_id) }
    }
}

impl Guest {
    /// Whose session it is, if there is one that holds; with the header that goes with its cookie, if that is needed.
    pub(super) async fn signed_in(&self, csrf: bool) -> Result<SignedIn, Refusal> {
        let presented = self.presented.as_ref().ok_or(Refusal::new(ReturnCode::NotSignedIn))?;
        let cookie = presented.cookie.as_ref().ok_or(Refusal::new(ReturnCode::NotSignedIn))?;
        let nowhere = ShopId::nobody();
        let (seen, set) = signed_in::session(&self.gateway, &nowhere, cookie, self.way, self.now).await?;
        if csrf {
            presented.require_csrf_token(cookie)?;
        }
        Ok(SignedIn { seen, cookie: cookie.clone(), set })
    }
}

/// What answers the calls of `E` by that handler.
pub(super) fn by_person<E, H, F>(handler: H) -> Answering<E>
where
    E: PersonalEndpoint,
    H: Fn(Guest, E::Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply<E::Response>, Refusal>> + Send + 'static,
{
    let served = Served::<E, H> { handler, meter: Meter::of(E::NAME), endpoint: PhantomData };
    Answering(Box::new(served), PhantomData)
}

struct Served<E, H> {
    handler: H,
    meter: Meter,
    endpoint: PhantomData<fn() -> E>,
}

impl<E, H, F> Interface for Served<E, H>
where
    E: PersonalEndpoint,
    H: Fn(Guest, E::Request) -> F + Send + Sync,
    F: Future<Output = Result<Reply<E::Response>, Refusal>> + Send,
{
    fn answer<'a>(
        &'a self,
        gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a> {
        let visit = Visit::begin(gateway, &self.meter, peer, request.headers());
        let announced = announced(request.headers());
        let said_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let guest = Guest {
            gateway: gateway.clone(),
            client: visit.client,
            way: Way::of(gateway, peer, request.headers()),
            presented: Presented::of(gateway, peer, request.headers()),
            says_json: said_type
                .is_some_and(|said| said.split(';').next().map(str::trim) == Some("application/json")),
            now: gateway.clock.epoch(),
        };
        let (method, body) = (request.method().clone(), request.into_body());
        Box::pin(async move {
            let mut answered = Answered::default();
            let outcome = {
                let work = pin!(async {
                    require_method(&method, &[Method::POST])?;
                    let said = parameters(&read_body(Size::ordinary(gateway), announced, body).await?)?;
                    let key = format!("{}/{}", guest.client, E::NAME);
                    let now = gateway.clock.monotonic_micros();
                    let allowance = gateway.limiter.ask(key, gateway.limit(E::LIMIT), now).await?;
                    answered.allowance = Some(allowance);
                    if !allowance.admitted {
                        return Err(refused_by(allowance, "调用过于频繁 ¦ called too often"));
                    }
                    let reply = (self.handler)(guest, lenient::request(said)?).await?;
                    if let Some(user_id) = &reply.user_id {
                        answered.caller = Answered::of_user(user_id).caller;
                    }
                    answered.set_cookie = reply.set.map(Box::new);
                    Ok(reply.data)
                });
                bounded(gateway, patience(gateway), work).await
            };
            let outcome = outcome.map(|data| visit::encoded(data, complaint_list::SUCCESS));
            visit.answer(answered, outcome).map(Either::Left)
        })
    }
}
