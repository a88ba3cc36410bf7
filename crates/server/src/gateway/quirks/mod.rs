//! Answers that are wrong on purpose, as the official server's are now and then: for whoever writes a client.
//!
//! Which fault is for which call is decided by rules ([`Rules`]) that know nothing but the interface and the number of
//! the call. Interfaces are wrapped when the gateway is built; where there are no quirks, nothing stands between a call
//! and its interface.

mod fault;
mod presets;
mod rules;
mod said;
mod shift;
mod way;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, InvalidParameter, Text, meaning, sandbox, token};

pub use self::fault::{Fault, KINDS, Kind, Named};
pub use self::presets::{PRESETS, Preset};
pub use self::rules::{BadRules, Rules};

use self::fault::Stage;
use self::rules::{Picked, TOKEN};
use super::interface::{Answer, Answering, Interface, OnItsWay};
use super::refusal::Refusal;
use super::routes::{ByPath, routed};
use super::visit::{self, Meter, Peer, REQUEST_ID, Visit};
use super::{Answered, Gateway};
use crate::secrets::{Secret, shop_of_token};

const QUIRK: HeaderName = HeaderName::from_static(sandbox::QUIRK_HEADER);

/// The rules, and how often each interface was called.
pub(super) struct Quirks {
    rules: Rules,
    calls: Mutex<HashMap<String, u64>>,
    /// Whether callers may ask for faults themselves.
    by_header: bool,
}

impl Quirks {
    pub(super) fn new(rules: Rules, by_header: bool) -> Self {
        Quirks { rules, calls: Mutex::default(), by_header }
    }

    /// The next call of each interface is its first again.
    pub(super) fn begin_anew(&self) {
        self.calls.lock().clear();
    }

    /// The number of this call, and what it is to have. One that is to have nothing is not counted.
    fn pick(&self, interface: &str, headers: &HeaderMap) -> Result<(u64, Vec<Picked>), InvalidParameter> {
        let Some(asked) = self.asked(headers)? else { return Ok((0, Vec::new())) };
        let call = {
            let mut calls = self.calls.lock();
            let count = calls.entry(interface.to_owned()).or_default();
            *count += 1;
            *count
        };
        let mut picked = self.rules.pick(interface, call);
        picked.extend(asked);
        picked.sort_by_key(Picked::stage);
        Ok((call, picked))
    }

    /// What the caller asks for; `None` for an answer without any fault.
    fn asked(&self, headers: &HeaderMap) -> Result<Option<Vec<Picked>>, InvalidParameter> {
        let mut asked = Vec::new();
        for value in headers.get_all(sandbox::FAULT_HEADER).iter().filter(|_| self.by_header) {
            let bad = |problem: Text| InvalidParameter::new(sandbox::FAULT_HEADER, problem);
            let said = value.to_str().map_err(|_| bad("应为 ASCII 文本 ¦ must be ASCII text".into()))?;
            if said.trim() == sandbox::NO_FAULT {
                return Ok(None);
            }
            for said in said.split(',').filter(|said| !said.trim().is_empty()) {
                asked.push(Picked::asked(Named::parse(said).map_err(bad)?));
            }
        }
        Ok(Some(asked))
    }
}

/// The interfaces with quirks around them, `/token` with them.
pub(super) fn around(mut interfaces: ByPath, others: &Router) -> ByPath {
    let (token, Answering(list, _)) = (Routed(others.clone()), shift::list());
    interfaces.insert(token::PATH.to_owned(), Box::new(token));
    interfaces.insert(ComplaintList::path(), list);
    let wrapped = interfaces.into_iter().map(|(path, inner)| {
        let name = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        let quirky: Box<dyn Interface> = Box::new(Quirky { meter: Meter::of("quirk"), name, inner });
        (path, quirky)
    });
    wrapped.collect()
}

/// What the router answers.
struct Routed(Router);

impl Interface for Routed {
    fn answer<'a>(
        &'a self,
        _gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a> {
        Box::pin(routed(&self.0, peer, request))
    }
}

/// An interface whose answers may be wrong.
struct Quirky {
    /// Of calls whose header names no fault.
    meter: Meter,
    name: String,
    inner: Box<dyn Interface>,
}

impl Interface for Quirky {
    fn answer<'a>(
        &'a self,
        gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a> {
        Box::pin(async move {
            let Some(quirks) = &gateway.quirks else {
                return self.inner.answer(gateway, peer, request).await;
            };
            let (call, picked) = match quirks.pick(&self.name, request.headers()) {
                Ok((_, picked)) if picked.is_empty() => {
                    return self.inner.answer(gateway, peer, request).await;
                }
                Ok(picked) => picked,
                Err(invalid) => {
                    let visit = Visit::begin(gateway, &self.meter, peer, request.headers());
                    let refused = visit.answer(Answered::default(), Err(Refusal::from(invalid)));
                    return refused.map(Either::Left);
                }
            };
            let answer = match picked.iter().find_map(Picked::code_whatever_comes) {
                Some(code) => unserved(visit::request_id(request.headers()), &refused(gateway, code)),
                None => {
                    let shift: i64 = picked.iter().map(|picked| picked.rows_shift()).sum();
                    shift::SHIFT.scope(shift, self.inner.answer(gateway, peer, request)).await
                }
            };
            self.wrong(gateway, call, answer, picked).await
        })
    }
}

impl Quirky {
    /// The answer with what is to be wrong with it.
    async fn wrong(
        &self,
        gateway: &Gateway,
        call: u64,
        answer: Response<Answer>,
        mut picked: Vec<Picked>,
    ) -> Response<Answer> {
        let (head, body) = answer.into_parts();
        let is_json = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        let (body, mut said) = if is_json { whole(body).await } else { (body, None) };
        picked.retain(|picked| match &said {
            Some(said) => picked.holds(said),
            None => picked.complaint.is_none() && !picked.empty,
        });
        for alone in [Stage::Instead, Stage::Way] {
            let mut is_there = false;
            picked.retain(|picked| picked.stage() != alone || !std::mem::replace(&mut is_there, true));
        }
        let mut answer = Response::from_parts(head, body);
        // Whatever is sent, its length is told anew.
        answer.headers_mut().remove(header::CONTENT_LENGTH);
        if picked.is_empty() {
            return answer;
        }
        let names: Vec<&str> = picked.iter().map(|picked| picked.named.said.as_str()).collect();
        self.name_it(&mut answer, call, &names.join(", "));
        if let Some(said) = &mut said {
            for Picked { named, complaint, .. } in &picked {
                match &named.fault {
                    Fault::Code(code) => *said = refused(gateway, *code),
                    Fault::TokenDies(seconds) if self.name == TOKEN => {
                        shorten(gateway, &said["data"]["access_token"], *seconds).await;
                    }
                    fault => said::distort(said, fault, complaint.as_deref()),
                }
            }
            *answer.body_mut() = Either::Left(Full::from(said.to_string()));
        }
        for Picked { named, .. } in &picked {
            match named.fault {
                // The caller's time, whatever clock the complaints go by.
                Fault::Slow(more) => tokio::time::sleep(more).await,
                ref fault => answer = way::lose(answer, fault).await,
            }
        }
        answer
    }

    fn name_it(&self, answer: &mut Response<Answer>, call: u64, quirks: &str) {
        tracing::info!(interface = self.name.as_str(), call, quirks, "answered wrong on purpose");
        if let Ok(named) = HeaderValue::try_from(quirks) {
            answer.headers_mut().insert(QUIRK, named);
        }
    }
}

/// What is said in the place of an answer.
fn refused(gateway: &Gateway, code: i64) -> Value {
    let meaning = meaning(code).map_or_else(|| format!("返回码 {code} ¦ return code {code}"), str::to_owned);
    let msg = Text::from(meaning).pick(gateway.settings.lang).to_owned();
    json!({ "code": code, "data": null, "msg": msg })
}

/// An answer to a call that nobody served.
fn unserved(id: HeaderValue, said: &Value) -> Response<Answer> {
    let mut answer = Response::new(Either::Left(Full::from(said.to_string())));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(REQUEST_ID, id);
    answer
}

/// The body in one piece, and what it says.
async fn whole(body: Answer) -> (Answer, Option<Value>) {
    let bytes: Bytes = match body {
        Either::Left(whole) => whole.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default(),
        Either::Right(parts) => parts.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default(),
    };
    let said = serde_json::from_slice(&bytes).ok();
    (Either::Left(Full::from(bytes)), said)
}

/// Has a token that was just given die earlier than it says.
async fn shorten(gateway: &Gateway, token: &Value, seconds: i64) {
    let Some(token) = token.as_str() else { return };
    let Some(shop) = shop_of_token(token) else { return };
    let until = gateway.clock.epoch().saturating_add(seconds);
    if let Err(error) = gateway.store.shorten_token(&shop, &Secret::new(token).hash(), until).await {
        tracing::warn!(%error, "a token lives on");
    }
}

impl Picked {
    fn stage(&self) -> Stage {
        self.named.fault.stage()
    }

    /// What is said in the place of the answer.
    fn code(&self) -> Option<i64> {
        match self.named.fault {
            Fault::Code(code) => Some(code),
            _ => None,
        }
    }

    /// The same, if it is whatever the answer would be, so that the call need not be served.
    fn code_whatever_comes(&self) -> Option<i64> {
        self.code().filter(|_| self.complaint.is_none() && !self.empty)
    }

    fn rows_shift(&self) -> i64 {
        match self.named.fault {
            Fault::RowsShift(rows) => rows,
            _ => 0,
        }
    }

    /// Whether the answer is one that is meant.
    fn holds(&self, answer: &Value) -> bool {
        self.complaint.as_deref().is_none_or(|id| said::shows(answer, id))
            && (!self.empty || said::is_empty_page(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Manner, record_metrics};
    use super::*;
    use crate::clock::Clock;
    use crate::settings::{Settings, Storage};
    use crate::store::Store;

    /// Only what wraps the interfaces puts `/token` among them.
    #[tokio::test(flavor = "multi_thread")]
    async fn without_quirks_nothing_is_wrapped() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("tousu.db").display());
        let store = Store::open(&url, &Storage::default()).await.unwrap();
        let is_wrapped = |quirks: Option<Rules>| {
            let manner = Manner { quirks, ..Manner::default() };
            let (settings, clock) = (Settings::default(), Clock::set_at(0));
            let gateway =
                Gateway::in_manner(store.clone(), settings, clock, record_metrics(), manner).unwrap();
            gateway.routes().has(token::PATH)
        };
        assert!(!is_wrapped(None));
        assert!(is_wrapped(Some(Rules::default())));
    }
}
