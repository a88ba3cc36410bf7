//! What a call passes before a handler sees it: body → token → caller → address → permission → limit.
//!
//! A [`Call`] is what a handler must hold to touch a shop's data, and [`admit`], or [`super::signed_in`] for people with
//! a session, is the only way to get one.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, HttpBody as Body};
use axum::http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;
use tousu_wire::{Endpoint, Lang, PermissionSet, ReturnCode, Text, lenient};

use super::client_ip::allowed;
use super::limiter::Allowance;
use super::refusal::Refusal;
use super::signed_in::caller_of;
use super::{Answered, Gateway, in_time};
use crate::remembered::Moment;
use crate::secrets::{self, Secret};
use crate::store::{Caller, ShopId, Tx};

/// An admitted call: whose it is, and what it reads from.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    pub(super) shop: ShopId,
    pub(super) caller: Arc<Caller>,
    /// When it is, asked once, and the shop's version in the snapshot.
    pub(super) moment: Moment,
    /// The snapshot. Without one the call was admitted by what was known at the moment's version: before it is
    /// answered, the shop must be found to be at that version still.
    pub(super) tx: Option<Tx>,
    /// That of a call which brings a file: for as long as it is held, few others can bring one.
    pub(super) _place: Option<Arc<OwnedSemaphorePermit>>,
}

/// Why an admitted call was not answered.
pub(super) enum Unanswered {
    Refused(Refusal),
    /// What was known does not hold any more: it is to be admitted again, in a newer snapshot.
    Moved,
}

impl<R: Into<Refusal>> From<R> for Unanswered {
    fn from(refusal: R) -> Self {
        Unanswered::Refused(refusal.into())
    }
}

impl Call {
    /// A snapshot of the call's version.
    pub(super) async fn snapshot(&mut self) -> Result<&mut Tx, Unanswered> {
        if self.tx.is_none() {
            let mut tx = self.gateway.store.read().await?;
            if tx.version(&self.shop).await? != Some(self.moment.version) {
                return Err(Unanswered::Moved);
            }
            self.tx = Some(tx);
        }
        self.tx.as_mut().ok_or(Unanswered::Moved)
    }

    /// A snapshot of the call's version that is taken now: what takes no version may have changed since the call came.
    pub(super) async fn anew(&mut self) -> Result<&mut Tx, Unanswered> {
        self.tx = None;
        self.snapshot().await
    }

    /// The call as of now, for what writes: it is let in by a snapshot, and lets that go.
    pub(super) async fn for_writing(mut self) -> Result<Self, Unanswered> {
        self.snapshot().await?;
        self.tx = None;
        Ok(self)
    }
}

/// Who brings a call: its token's shop and hash.
pub(super) struct Bearer {
    shop: ShopId,
    token_hash: String,
    /// Whether it hangs on a person's session.
    of_session: bool,
}

/// Takes the token out of the parameters, if there is one.
pub(super) fn bearer(parameters: &mut Map<String, Value>) -> Result<Option<Bearer>, Refusal> {
    let token = match parameters.shift_remove("access_token") {
        Some(Value::String(token)) if !token.trim().is_empty() => Secret::new(token.trim()),
        None | Some(Value::Null | Value::String(_)) => return Ok(None),
        Some(_) => return Err(Refusal::new(ReturnCode::AccessTokenExpired)),
    };
    let shop = secrets::shop_of_token(token.reveal()).ok_or(Refusal::new(ReturnCode::AccessTokenExpired))?;
    let of_session = secrets::is_of_session(token.reveal());
    Ok(Some(Bearer { shop, token_hash: token.hash(), of_session }))
}

/// Lets a call to `E` in by what is known without asking the store; `None` if that does not do.
pub(super) async fn admit_by_memory<E: Endpoint>(
    gateway: &Arc<Gateway>,
    bearer: &Bearer,
    client: IpAddr,
    answered: &mut Answered,
) -> Option<Call> {
    let now = gateway.clock.epoch();
    answered.at = now;
    let (version, caller) = gateway.remembered.known_caller(&bearer.token_hash, now)?;
    // A refusal must be of this moment: it is made in a snapshot.
    judge::<E>(gateway, &bearer.shop, &caller, client, answered).await.ok()?;
    let moment = Moment { version, now };
    let (gateway, shop, place) = (gateway.clone(), bearer.shop.clone(), answered.place.clone());
    Some(Call { gateway, shop, caller, moment, tx: None, _place: place })
}

/// Lets a call to `E` in, or says why not. What was learnt of it on the way goes to `answered`.
pub(super) async fn admit<E: Endpoint>(
    gateway: &Arc<Gateway>,
    bearer: &Bearer,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<Call, Refusal> {
    let unknown = || Refusal::new(ReturnCode::AccessTokenExpired);
    let shop = &bearer.shop;
    let now = gateway.clock.epoch();
    answered.at = now;
    let mut tx = gateway.store.read().await?;
    let version = tx.version(shop).await?.ok_or_else(unknown)?;
    let moment = Moment { version, now };
    let caller = if bearer.of_session {
        // Nothing of people is remembered.
        let seen = tx.session_of_token(shop, &bearer.token_hash, now).await?;
        let (seen, expires_at) = seen.ok_or_else(unknown)?;
        let ends = seen.kept.ends(gateway.settings.sessions.lasting());
        if seen.disabled_at.is_some() || now >= ends {
            return Err(unknown());
        }
        Arc::new(caller_of(seen, false, expires_at).map_err(|_| unknown())?)
    } else {
        gateway.remembered.caller(&mut tx, shop, moment, &bearer.token_hash).await?.ok_or_else(unknown)?
    };
    judge::<E>(gateway, shop, &caller, client, answered).await?;
    let (gateway, shop, place) = (gateway.clone(), shop.clone(), answered.place.clone());
    Ok(Call { gateway, shop, caller, moment, tx: Some(tx), _place: place })
}

/// Whether that caller may call `E` from there, now. The limit is asked once per call.
pub(super) async fn judge<E: Endpoint>(
    gateway: &Gateway,
    shop: &ShopId,
    caller: &Caller,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<(), Refusal> {
    answered.caller.get_or_insert_with(|| (shop.clone(), caller.client_id.clone()));
    if !allowed(&caller.allow_ips, client) {
        let detail = format!("{client} 不在其中 ¦ {client} is not on it");
        return Err(Refusal::because(ReturnCode::IpNotAllowed, detail));
    }
    match &caller.person {
        Some(person) if person.role.may_call(E::NAME, E::PERMISSION_SET) => {}
        _ => require_grant(caller, E::PERMISSION_SET)?,
    }
    let limit = gateway.limit(E::LIMIT);
    let allowance = match answered.allowance {
        Some(allowance) => allowance,
        None => {
            let key = [shop.as_str(), &caller.client_id, E::NAME].join("/");
            gateway.limiter.ask(key, limit, gateway.clock.monotonic_micros()).await?
        }
    };
    answered.allowance = Some(allowance);
    if !allowance.admitted {
        let detail = format!(
            "{} 秒内最多 {} 次 ¦ at most {} calls in {} s",
            limit.seconds, limit.calls, limit.calls, limit.seconds
        );
        return Err(refused_by(allowance, detail));
    }
    Ok(())
}

/// The refusal of a call for which there is no place.
pub(super) fn refused_by(allowance: Allowance, detail: impl Into<Text>) -> Refusal {
    let mut refusal = Refusal::because(ReturnCode::LimitReached, detail);
    refusal.retry_after = Some(allowance.reset_seconds);
    refusal
}

/// Refuses a caller who was not granted that set.
pub(super) fn require_grant(caller: &Caller, set: PermissionSet) -> Result<(), Refusal> {
    if caller.grants.split(',').any(|granted| PermissionSet::from_name(granted) == Some(set)) {
        return Ok(());
    }
    let detail = match &caller.person {
        Some(person) => {
            let role = Text::from(person.role.title());
            let (zh, en) = (role.pick(Lang::Zh), role.pick(Lang::En));
            format!("角色「{zh}」没有「{set}」 ¦ the role “{en}” lacks “{set}”")
        }
        None => format!("请为应用授予「{set}」 ¦ grant the app “{set}”"),
    };
    Err(Refusal::because(ReturnCode::NotPermitted, detail))
}

/// Refuses every other method than those.
pub(super) fn require_method(method: &Method, allowed: &[Method]) -> Result<(), Refusal> {
    if allowed.contains(method) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let names = names.join("/");
    let detail = format!("收到 {method}，应为 {names} ¦ received {method}, it must be {names}");
    Err(Refusal::because(ReturnCode::WrongMethod, detail))
}

/// The body as parameters.
pub(super) async fn read_parameters(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: impl Body<Data = Bytes>,
) -> Result<Map<String, Value>, Refusal> {
    parameters(&read_body(Size::ordinary(gateway), announced(headers), body).await?)
}

/// What a body has of parameters.
pub(super) fn parameters(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    lenient::parameters(body).map_err(|why| Refusal::because(ReturnCode::InvalidParameter, why))
}

/// How long a body is, if its headers tell.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// How large a body may be, and how long it may take to arrive.
#[derive(Clone, Copy)]
pub(super) struct Size {
    limit: usize,
    pub(super) patience: Duration,
}

impl Size {
    /// That of most bodies.
    pub(super) fn ordinary(gateway: &Gateway) -> Self {
        let server = &gateway.settings.server;
        Size { limit: server.max_body_bytes, patience: Duration::from_secs(server.receive_seconds) }
    }

    /// That of one with a file in it, which a slow line takes its time over.
    pub(super) fn with_file(gateway: &Gateway) -> Self {
        /// 2 Mbit/s.
        const BYTES_A_SECOND: usize = 250_000;
        let Size { limit, patience } = Size::ordinary(gateway);
        // As base64 writes it.
        let file = gateway.settings.server.max_import_bytes.div_ceil(3) * 4;
        let longer = Duration::from_secs((file / BYTES_A_SECOND) as u64);
        Size { limit: limit + file, patience: patience + longer }
    }
}

/// The whole body, if it arrives in time and is not too large.
pub(super) async fn read_body(
    Size { limit, patience }: Size,
    announced: Option<usize>,
    body: impl Body<Data = Bytes>,
) -> Result<Bytes, Refusal> {
    let read = in_time(patience, pin!(collect(body, limit))).await;
    let refuse = |detail: String| Err(Refusal::because(ReturnCode::InvalidParameter, detail));
    match read {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => {
            let (zh, en) = announced.map_or_else(
                || (String::new(), "is ".into()),
                |size| (format!("为 {size} 字节，"), format!("of {size} bytes is ")),
            );
            refuse(format!(
                "请求体{zh}超出 {limit} 字节的上限 ¦ the body {en}over the limit of {limit} bytes"
            ))
        }
        Ok(Err(_)) => refuse("请求体不完整 ¦ the body is incomplete".into()),
        Err(_) => refuse(format!(
            "请求体未在 {} 秒内收完 ¦ the body did not arrive within {} s",
            patience.as_secs(),
            patience.as_secs()
        )),
    }
}

/// The whole body, or `None` if it is larger than `limit`. What is over is still taken from the wire up to a
/// bound: a caller that is cut off while sending never reads the answer.
async fn collect<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Option<Bytes>, B::Error> {
    const TAKEN_OFF_THE_WIRE: usize = 1 << 20;
    let mut body = pin!(body);
    let (mut kept, mut more, mut seen) = (Bytes::new(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen += data.len();
        if seen > limit + TAKEN_OFF_THE_WIRE {
            break;
        }
        match seen == data.len() {
            // Most bodies come in one piece.
            true => kept = data,
            false if seen <= limit => {
                if more.is_empty() {
                    more.extend_from_slice(&kept);
                }
                more.extend_from_slice(&data);
            }
            false => {}
        }
    }
    let whole = if more.is_empty() { kept } else { more.into() };
    Ok((seen <= limit).then_some(whole))
}
