//! One call from arrival to answer: its id, its log line, its metrics, its envelope.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::Full;
use metrics::{Counter, Histogram};
use serde::Serialize;
use tousu_wire::{Envelope, ReturnCode};

use super::client_ip::client_ip;
use super::interface::Streamed;
use super::refusal::Refusal;
use super::{Answered, Gateway};
use crate::privacy::masked_id;
use crate::secrets;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The peer's address, noted where the connection is accepted.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(super) SocketAddr);

/// A call under way.
pub(super) struct Visit<'a> {
    gateway: &'a Gateway,
    meter: &'a Meter,
    started: Instant,
    request_id: HeaderValue,
    /// The caller's address.
    pub(super) client: IpAddr,
}

/// Where the calls of an interface are counted; what every call needs is looked up once.
pub(super) struct Meter {
    interface: &'static str,
    answered: Counter,
    seconds: Histogram,
}

impl Meter {
    pub(super) fn of(interface: &'static str) -> Self {
        let seconds = metrics::histogram!("tousu_request_seconds", "interface" => interface);
        Meter { interface, answered: counter(interface, ReturnCode::Success), seconds }
    }
}

fn counter(interface: &'static str, code: ReturnCode) -> Counter {
    metrics::counter!("tousu_requests_total", "interface" => interface, "code" => code.number().to_string())
}

impl<'a> Visit<'a> {
    pub(super) fn begin(gateway: &'a Gateway, meter: &'a Meter, peer: Peer, headers: &HeaderMap) -> Self {
        Visit {
            gateway,
            meter,
            started: Instant::now(),
            request_id: request_id(headers),
            client: client_ip(peer.0.ip(), headers, &gateway.settings.server.trusted_proxies),
        }
    }

    /// The answer, or the refusal in its envelope: HTTP status 200, whatever the code.
    pub(super) fn answer(self, answered: Answered, outcome: Result<Bytes, Refusal>) -> Response<Full<Bytes>> {
        let (body, refusal) = match outcome {
            Ok(body) => (body, None),
            Err(refusal) => {
                let msg = refusal.message(self.gateway.settings.lang);
                (written(&Envelope { code: refusal.code.number(), data: (), msg }), Some(refusal))
            }
        };
        let code = refusal.as_ref().map_or(ReturnCode::Success, |refusal| refusal.code);
        self.record(code, &answered, refusal.as_ref().and_then(|refusal| refusal.cause.as_deref()));

        let mut response = Response::new(Full::new(body));
        let headers = response.headers_mut();
        self.head(&answered, headers);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = refusal.and_then(|refusal| refusal.retry_after) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// A file, which begins to leave.
    pub(super) fn stream(self, answered: Answered, file: Streamed) -> Response<Body> {
        self.record(ReturnCode::Success, &answered, None);
        let mut response = Response::new(file.body);
        let headers = response.headers_mut();
        self.head(&answered, headers);
        headers.extend(file.headers);
        response
    }

    /// A success whose answer is made elsewhere.
    pub(super) fn note(self, answered: &Answered) {
        self.record(ReturnCode::Success, answered, None);
    }

    /// What is said at the head of every answer.
    fn head(self, answered: &Answered, headers: &mut HeaderMap) {
        // Those of here, and what is added on the way out.
        headers.reserve(8);
        headers.insert(REQUEST_ID, self.request_id);
        if let Some(cookie) = &answered.set_cookie {
            headers.insert(header::SET_COOKIE, (**cookie).clone());
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(allowance) = &answered.allowance {
            headers.insert(RATE_LIMIT, allowance.limit.into());
            headers.insert(RATE_REMAINING, allowance.remaining.into());
            headers.insert(RATE_RESET, allowance.reset_seconds.into());
        }
    }

    fn record(&self, code: ReturnCode, answered: &Answered, cause: Option<&str>) {
        let took = self.started.elapsed();
        if let Some(app) = &answered.caller {
            self.gateway.usage.count(app, answered.at, code != ReturnCode::Success);
        }
        let (interface, number) = (self.meter.interface, code.number());
        match code {
            ReturnCode::Success => self.meter.answered.increment(1),
            _ => counter(interface, code).increment(1),
        }
        self.meter.seconds.record(took);
        if code == ReturnCode::LimitReached {
            metrics::counter!("tousu_limiter_refusals_total", "interface" => interface).increment(1);
        }
        let (shop, app) = match &answered.caller {
            Some((shop, app)) => (shop.as_str(), app.as_str()),
            None => ("", ""),
        };
        let request_id = self.request_id.to_str().unwrap_or_default();
        let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        match cause {
            Some(cause) => {
                tracing::error!(request_id, shop, app, interface, code = number, ms, cause, "refused")
            }
            None => tracing::info!(request_id, shop, app, interface, code = number, ms, "answered"),
        }
    }
}

/// A success in its envelope.
pub(super) fn encoded<T: Serialize>(data: T, success: &str) -> Bytes {
    written(&Envelope { code: 0, data, msg: success.to_owned() })
}

fn written<T: Serialize>(envelope: &Envelope<T>) -> Bytes {
    let written = serde_json::to_vec(envelope).map(Bytes::from);
    written.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        Bytes::from_static(br#"{"code":1001,"data":null,"msg":"system busy"}"#)
    })
}

/// The caller's own id, if it is a sane one and no person's number; otherwise a new one.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        let is_number = || value.to_str().is_ok_and(|id| masked_id(id) != id);
        (1..=64).contains(&bytes.len()) && bytes.iter().all(plain) && !is_number()
    };
    headers.get(REQUEST_ID).filter(sane).cloned().unwrap_or_else(|| {
        HeaderValue::try_from(secrets::random_text(16)).unwrap_or(HeaderValue::from_static("none"))
    })
}
