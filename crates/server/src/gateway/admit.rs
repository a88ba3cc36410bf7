//! What a call passes before a handler sees it: body → token → caller → address → permission → limit.
//!
//! A [`Call`] is what a handler must hold to touch a shop's data, and [`admit`] is the only way to get one.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tousu_wire::{Endpoint, PermissionSet, ReturnCode, lenient};

use super::client_ip::allowed;
use super::refusal::Refusal;
use super::{Answered, Gateway};
use crate::remembered::Moment;
use crate::secrets::{self, Secret};
use crate::store::{ShopId, Tx};

/// An admitted call: whose it is, and the snapshot that it reads from.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    pub(super) shop: ShopId,
    /// When it is, asked once, and the shop's version in the snapshot.
    pub(super) moment: Moment,
    pub(super) tx: Tx,
}

/// Lets a call to `E` in, or says why not. What was learnt of it on the way goes to `answered`.
pub(super) async fn admit<E: Endpoint>(
    gateway: &Arc<Gateway>,
    mut parameters: Map<String, Value>,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<(Call, E::Request), Refusal> {
    let token = match parameters.shift_remove("access_token") {
        Some(Value::String(token)) if !token.trim().is_empty() => Secret::new(token.trim()),
        None | Some(Value::Null | Value::String(_)) => {
            return Err(Refusal::new(ReturnCode::AccessTokenMissing));
        }
        Some(_) => return Err(Refusal::new(ReturnCode::AccessTokenExpired)),
    };
    let unknown = || Refusal::new(ReturnCode::AccessTokenExpired);
    let shop = secrets::shop_of_token(token.reveal()).ok_or_else(unknown)?;
    let now = gateway.clock.epoch();
    let mut tx = gateway.store.read().await?;
    let version = tx.version(&shop).await?.ok_or_else(unknown)?;
    let moment = Moment { version, now };
    let caller =
        gateway.remembered.caller(&mut tx, &shop, moment, token.hash()).await?.ok_or_else(unknown)?;
    answered.caller = Some((shop.clone(), caller.client_id.clone()));
    if !allowed(&caller.allow_ips, client) {
        let detail = format!("{client} 不在其中 ¦ {client} is not on it");
        return Err(Refusal::because(ReturnCode::IpNotAllowed, detail));
    }
    if !caller.grants.split(',').any(|set| PermissionSet::from_name(set) == Some(E::PERMISSION_SET)) {
        let set = E::PERMISSION_SET;
        let detail = format!("请为应用授予「{set}」 ¦ grant the app “{set}”");
        return Err(Refusal::because(ReturnCode::NotPermitted, detail));
    }
    let key = format!("{shop}/{}/{}", caller.client_id, E::NAME);
    let limit = gateway.limit(E::LIMIT);
    let allowance = gateway.limiter.ask(key, limit, gateway.clock.monotonic_micros()).await?;
    answered.allowance = Some(allowance);
    if !allowance.admitted {
        let detail = format!(
            "{} 秒内最多 {} 次 ¦ at most {} calls in {} s",
            limit.seconds, limit.calls, limit.calls, limit.seconds
        );
        let mut refusal = Refusal::because(ReturnCode::LimitReached, detail);
        refusal.retry_after = Some(allowance.reset_seconds);
        return Err(refusal);
    }
    let request = lenient::request(parameters)?;
    Ok((Call { gateway: gateway.clone(), shop, moment, tx }, request))
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
    body: Body,
) -> Result<Map<String, Value>, Refusal> {
    let body = read_body(gateway, headers, body).await?;
    lenient::parameters(&body).map_err(|why| Refusal::because(ReturnCode::InvalidParameter, why))
}

async fn read_body(gateway: &Gateway, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let limit = gateway.settings.server.max_body_bytes;
    let announced: Option<usize> =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let patience = Duration::from_secs(gateway.settings.server.receive_seconds);
    let read = tokio::time::timeout(patience, collect(body, limit)).await;
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
async fn collect(mut body: Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    const TAKEN_OFF_THE_WIRE: usize = 1 << 20;
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen += data.len();
        if seen <= limit {
            kept.extend_from_slice(&data);
        } else if seen > limit + TAKEN_OFF_THE_WIRE {
            break;
        }
    }
    Ok((seen <= limit).then(|| kept.into()))
}
