//! `/token`: an access token for an app's credentials.

use std::net::IpAddr;

use serde_json::{Map, Value};
use tousu_wire::token::{GRANT_TYPE, LIMIT, Request, Response};
use tousu_wire::{RateLimit, ReturnCode, lenient};

use super::admit::refused_by;
use super::client_ip::allowed;
use super::refusal::Refusal;
use super::{Answered, Gateway};
use crate::secrets::{self, Secret};
use crate::settings;
use crate::store::{App, ShopId, Store, TokenRow, Tx};

/// Answers a call of `/token`. `client` is the caller's address.
pub(super) async fn token(
    gateway: &Gateway,
    parameters: Map<String, Value>,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<Response, Refusal> {
    answered.at = gateway.clock.epoch();
    let now = gateway.clock.monotonic_micros();
    let failures = RateLimit { calls: gateway.settings.limits.token_failures, seconds: LIMIT.seconds };
    let failures_of_client = || format!("token failures/{client}");
    let left = gateway.limiter.peek(failures_of_client(), failures, now).await?;
    if !left.admitted {
        answered.allowance = Some(left);
        let detail = "该 IP 失败次数过多 ¦ too many failures from this IP";
        return Err(refused_by(left, detail));
    }
    let given = issue(gateway, parameters, client, answered).await;
    if let Err(refusal) = &given
        && !matches!(refusal.code, ReturnCode::Busy | ReturnCode::LimitReached)
    {
        // If this cannot be counted, the next call is not let this far.
        let _ = gateway.limiter.ask(failures_of_client(), failures, now).await;
    }
    given
}

async fn issue(
    gateway: &Gateway,
    parameters: Map<String, Value>,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<Response, Refusal> {
    let request: Request = lenient::request(parameters)?;
    let app_id = request.app_id.ok_or(Refusal::new(ReturnCode::AppIdMissing))?;
    let secret_key = Secret::new(request.secret_key.ok_or(Refusal::new(ReturnCode::SecretKeyMissing))?);
    match request.grant_type.as_deref() {
        Some(GRANT_TYPE) => {}
        None => return Err(Refusal::new(ReturnCode::GrantTypeMissing)),
        Some(other) => {
            let shown = lenient::quoted(other);
            let detail =
                format!("收到 {shown}，应为 {GRANT_TYPE} ¦ received {shown}, it must be {GRANT_TYPE}");
            return Err(Refusal::because(ReturnCode::GrantTypeWrong, detail));
        }
    }
    // An id that cannot be one is looked for like any other, so that it costs the same time.
    let shop = ShopId::parse(&app_id);
    let known_shop = shop.is_some();
    let shop = shop.unwrap_or_else(ShopId::nobody);
    let (app, shop_exists) = {
        let mut tx = gateway.store.read().await?;
        let apps = tx.apps(&shop).await?;
        let exists = tx.version(&shop).await?.is_some();
        (choose(apps, request.client_id.as_deref(), &secret_key), exists && known_shop)
    };
    if !shop_exists {
        return Err(Refusal::new(ReturnCode::AppIdWrong));
    }
    let app = app?;
    answered.caller = Some((shop.clone(), app.client_id.clone()));
    if !allowed(&app.allow_ips, client) {
        let detail = format!("{client} 不在其中 ¦ {client} is not on it");
        return Err(Refusal::because(ReturnCode::IpNotAllowed, detail));
    }
    let key = format!("{shop}/{}/token", app.client_id);
    let now = gateway.clock.monotonic_micros();
    let allowance = gateway.limiter.ask(key, gateway.limit(LIMIT), now).await?;
    answered.allowance = Some(allowance);
    if !allowance.admitted {
        return Err(refused_by(allowance, "获取令牌过于频繁 ¦ tokens are asked for too often"));
    }
    let (token, expires_in) =
        give(&gateway.store, &gateway.settings.token, &shop, &app.client_id, &secret_key, answered.at)
            .await?;
    Ok(Response { access_token: token.reveal().to_owned(), expires_in })
}

/// The app that the credentials belong to. One comparison at least is made, whatever is wrong.
fn choose(apps: Vec<App>, client_id: Option<&str>, secret_key: &Secret) -> Result<App, Refusal> {
    let named = |app: &App| match client_id {
        Some(client_id) => app.client_id == client_id,
        None => app.legacy,
    };
    let candidates: Vec<App> =
        apps.into_iter().filter(|app| named(app) && app.disabled_at.is_none()).collect();
    if candidates.is_empty() {
        let _ = secret_key.matches(NO_HASH);
        return Err(Refusal::new(ReturnCode::ClientIdWrong));
    }
    let right = candidates.into_iter().find(|app| secret_key.matches(&app.secret_hash));
    right.ok_or(Refusal::new(ReturnCode::SecretKeyWrong))
}

/// Of a hash's length, and no text's hash.
const NO_HASH: &str = "----------------------------------------------------------------";

/// The app's token as the rules have it: the living one while more than `reuse_above` is left, otherwise a
/// new one, which the old one outlives by no more than `overlap`. With the seconds that are left.
async fn give(
    store: &Store,
    rules: &settings::Token,
    shop: &ShopId,
    client_id: &str,
    secret_key: &Secret,
    now: i64,
) -> Result<(Secret, i64), Refusal> {
    if let Some(reused) = living(&mut store.read().await?, rules, shop, client_id, secret_key, now).await? {
        return Ok(reused);
    }
    let (mut tx, _) = store.write(shop).await?.ok_or(Refusal::new(ReturnCode::AppIdWrong))?;
    // The secret may have been replaced, or the app disabled, since the caller proved itself.
    choose(tx.apps(shop).await?, Some(client_id), secret_key)?;
    // Another caller may have been first: of two at once both get the same token.
    if let Some(reused) = living(&mut tx, rules, shop, client_id, secret_key, now).await? {
        return Ok(reused);
    }
    let nonce = secrets::random_text(32);
    let token = secrets::derived_token(shop, secret_key, &nonce);
    let row = TokenRow {
        token_hash: token.hash(),
        nonce: Some(nonce),
        issued_at: now,
        expires_at: now + rules.lifetime_seconds,
    };
    tx.add_token(shop, client_id, &row, now + rules.overlap_seconds).await?;
    tx.commit().await?;
    Ok((token, rules.lifetime_seconds))
}

async fn living(
    tx: &mut Tx,
    rules: &settings::Token,
    shop: &ShopId,
    client_id: &str,
    secret_key: &Secret,
    now: i64,
) -> Result<Option<(Secret, i64)>, Refusal> {
    let Some(newest) = tx.newest_token(shop, client_id, now).await? else { return Ok(None) };
    let (left, Some(nonce)) = (newest.expires_at - now, newest.nonce) else { return Ok(None) };
    let token = secrets::derived_token(shop, secret_key, &nonce);
    Ok((left > rules.reuse_above_seconds && token.matches(&newest.token_hash)).then_some((token, left)))
}
