//! `tousu.session.…` and `tousu.console.get`: people sign in and out, and look after their passwords.

use std::net::IpAddr;

use tousu_wire::console;
use tousu_wire::session::{
    Credentials, Membership as ShownMembership, NewPassword, Session, Totp, TotpAction, TotpRequest,
};
use tousu_wire::shop_settings::Nothing;
use tousu_wire::token::Response as Token;
use tousu_wire::{BeijingTime, ReturnCode};

use super::Gateway;
use super::admit::{Call, Unanswered};
use super::guest::{Guest, Reply, SignedIn};
use super::interface::Data;
use super::refusal::Refusal;
use crate::privacy::Place;
use crate::roles::Role;
use crate::secrets::{self, Secret};
use crate::sessions::Cookie;
use crate::store::{Membership, Tries, Tx, User};
use crate::totp;

/// 获取控制台信息
pub(super) async fn console(guest: Guest, _: Nothing) -> Result<Reply<console::Response>, Refusal> {
    let gateway = &guest.gateway;
    let oidc = &gateway.settings.oidc;
    let provider = (!oidc.issuer.is_empty()).then(|| console::Provider { name: oidc.name.clone() });
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let data = console::Response { oidc: provider, demo: gateway.is_demo, version };
    Ok(Reply { data, set: None, user_id: None })
}

/// 登录
pub(super) async fn open(guest: Guest, said: Credentials) -> Result<Reply<Session>, Refusal> {
    // A form of another site could sign people in as somebody else; it cannot say that it is JSON.
    if !guest.says_json {
        let detail = "Content-Type 应为 application/json ¦ the Content-Type must be application/json";
        return Err(Refusal::because(ReturnCode::InvalidParameter, detail));
    }
    let gateway = guest.gateway.clone();
    let (login, password) = said.checked()?;
    let sessions = &gateway.settings.sessions;
    let (key, address) = (key("login", &login), key("address", &network_of(guest.client)));
    try_it(&gateway, &[(key.as_str(), sessions.of_login()), (address.as_str(), sessions.of_address())])
        .await?;
    let user = gateway.store.read().await?.user_of_login(&login).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let right = is_right(&gateway, password, hash.as_deref()).await?;
    // Whoever is not there, is disabled, or came with another password hears the same, after the same work.
    let user = user.filter(|user| right && user.disabled_at.is_none());
    let user = user.ok_or(Refusal::new(ReturnCode::SignInFailed))?;
    let step = match &user.totp_secret {
        None => None,
        Some(sealed) => {
            let code = said.otp.as_deref().ok_or(Refusal::new(ReturnCode::OtpNeeded))?;
            Some(step_of(&gateway, &user, sealed, code, guest.now)?)
        }
    };
    let mut tx = gateway.store.write_people().await?;
    // As it is now: since it was looked at, the person may have been disabled, or have another password.
    let now_there = tx.lock_user(&user.login).await?.filter(|there| {
        there.disabled_at.is_none()
            && (&there.password_hash, &there.totp_secret) == (&user.password_hash, &user.totp_secret)
    });
    now_there.ok_or(Refusal::new(ReturnCode::SignInFailed))?;
    if let Some(step) = step
        && !tx.take_totp(&user.user_id, step).await?
    {
        return Err(Refusal::new(ReturnCode::OtpWrong));
    }
    tx.forget_tries(&key).await?;
    begin(&guest, tx, &user).await
}

/// Opens a session for somebody who has proven to be that person.
async fn begin(guest: &Guest, mut tx: Tx, user: &User) -> Result<Reply<Session>, Refusal> {
    let cookie = Cookie::new();
    tx.open_session(cookie.id(), &cookie.hash(), &user.user_id, guest.now).await?;
    let shops = tx.shops_of(&user.user_id).await?;
    tx.commit().await?;
    let lasting = guest.gateway.settings.sessions.lasting();
    let data = shown(user, shops, &cookie, guest.now + lasting.whole);
    let set = Some(guest.way.set_session(&cookie, lasting.whole));
    Ok(Reply { data, set, user_id: Some(user.user_id.clone()) })
}

/// 获取登录状态
pub(super) async fn get(guest: Guest, _: Nothing) -> Result<Reply<Session>, Refusal> {
    // It is what tells the token that goes with the cookie; no other site can read the answer.
    let signed_in = guest.signed_in(false).await?;
    let mut tx = guest.gateway.store.read().await?;
    let user = user(&mut tx, &signed_in).await?;
    let shops = tx.shops_of(&user.user_id).await?;
    let last = signed_in.seen.kept.last(guest.gateway.settings.sessions.lasting());
    let session = shown(&user, shops, &signed_in.cookie, last);
    Ok(signed_in.reply(session))
}

/// 退出登录
pub(super) async fn close(guest: Guest, _: Nothing) -> Result<Reply<Nothing>, Refusal> {
    let mut signed_in = guest.signed_in(true).await?;
    guest.gateway.store.end_session(signed_in.cookie.id()).await?;
    signed_in.set = Some(guest.way.unset_session());
    Ok(signed_in.reply(Nothing {}))
}

/// 修改密码
pub(super) async fn set_password(guest: Guest, said: NewPassword) -> Result<Reply<Nothing>, Refusal> {
    let signed_in = guest.signed_in(true).await?;
    let (old, new) = said.checked()?;
    let gateway = &guest.gateway;
    let key = key("login", &signed_in.seen.login);
    try_it(gateway, &[(key.as_str(), gateway.settings.sessions.of_login())]).await?;
    let user = user(&mut gateway.store.read().await?, &signed_in).await?;
    if !is_right(gateway, old, user.password_hash.as_deref()).await? {
        return Err(Refusal::new(ReturnCode::SignInFailed));
    }
    let hash = gateway.hasher.hash(&Secret::new(new)).await.map_err(failed)?;
    let mut tx = gateway.store.write_people().await?;
    let there = tx.lock_user(&user.login).await?;
    if there.is_none_or(|there| there.password_hash != user.password_hash) {
        return Err(Refusal::new(ReturnCode::SignInFailed));
    }
    tx.set_password(&user.user_id, Some(&hash), Some(signed_in.cookie.id())).await?;
    tx.forget_tries(&key).await?;
    tx.commit().await?;
    Ok(signed_in.reply(Nothing {}))
}

/// 启用或停用动态口令
pub(super) async fn totp(guest: Guest, said: TotpRequest) -> Result<Reply<Totp>, Refusal> {
    let signed_in = guest.signed_in(true).await?;
    let action = said.checked()?;
    let gateway = &guest.gateway;
    // Whoever tries codes is slowed down as whoever tries passwords.
    let key = key("totp", &signed_in.seen.user_id);
    try_it(gateway, &[(key.as_str(), gateway.settings.sessions.of_login())]).await?;
    let mut tx = gateway.store.write_people().await?;
    let user = tx.lock_user(&signed_in.seen.login).await?.ok_or(Refusal::new(ReturnCode::NotSignedIn))?;
    let mut answer = Totp { totp_enabled: user.totp_secret.is_some(), otpauth_uri: None, secret: None };
    match action {
        TotpAction::Begin => {
            if answer.totp_enabled {
                let detail = "已启用，须先停用 ¦ they are on: take them off first";
                return Err(Refusal::because(ReturnCode::NotAllowed, detail));
            }
            let secret = totp::new_secret();
            let sealed = seal(gateway, &user, &secret)?;
            tx.offer_totp(&user.user_id, &sealed).await?;
            answer.otpauth_uri = Some(totp::uri(&secret, &user.login));
            answer.secret = Some(secret.to_string());
        }
        TotpAction::Confirm(code) => {
            let none = || Refusal::because(ReturnCode::NotAllowed, "须先 begin ¦ begin comes first");
            let offered = user.totp_offered.as_ref().ok_or_else(none)?;
            let step = step_of(gateway, &user, offered, &code, guest.now)?;
            if !tx.take_totp(&user.user_id, step).await? {
                return Err(Refusal::new(ReturnCode::OtpWrong));
            }
            tx.set_totp(&user.user_id, Some(offered)).await?;
            // Sessions that were opened with a password alone end, but for this one.
            tx.end_sessions(&user.user_id, Some(signed_in.cookie.id())).await?;
            answer.totp_enabled = true;
        }
        TotpAction::Remove(code) => {
            let none = || Refusal::because(ReturnCode::NotAllowed, "尚未启用 ¦ they are off");
            let sealed = user.totp_secret.as_ref().ok_or_else(none)?;
            let step = step_of(gateway, &user, sealed, &code, guest.now)?;
            if !tx.take_totp(&user.user_id, step).await? {
                return Err(Refusal::new(ReturnCode::OtpWrong));
            }
            tx.set_totp(&user.user_id, None).await?;
            answer.totp_enabled = false;
        }
    }
    tx.forget_tries(&key).await?;
    tx.commit().await?;
    Ok(signed_in.reply(answer))
}

/// 获取本人的调试令牌
pub(super) async fn token(call: Call, _: Nothing) -> Result<Data<Token>, Unanswered> {
    let call = call.for_writing().await?;
    let person = call.caller.person.as_ref();
    let Some(session_id) = person.and_then(|person| person.session_id.clone()) else {
        return Err(for_people_only().into());
    };
    let token = secrets::session_token(&call.shop);
    let life = call.gateway.settings.token.lifetime_seconds;
    let mut tx = call.gateway.store.write_people().await?;
    tx.add_session_token(&call.shop, &session_id, &token.hash(), call.moment.now + life).await?;
    tx.commit().await?;
    Ok(Data::Value(Token { access_token: token.reveal().to_owned(), expires_in: life }))
}

/// The refusal of an app that calls what only people who are signed in can.
pub(super) fn for_people_only() -> Refusal {
    let detail = "仅供登录的用户调用 ¦ only people who are signed in can call it";
    Refusal::because(ReturnCode::NotAllowed, detail)
}

/// Whose session it is, as of now.
async fn user(tx: &mut Tx, signed_in: &SignedIn) -> Result<User, Refusal> {
    let user = tx.user(&signed_in.seen.user_id).await?;
    user.ok_or(Refusal::new(ReturnCode::NotSignedIn))
}

fn shown(user: &User, shops: Vec<Membership>, cookie: &Cookie, last: i64) -> Session {
    let shop = |place: Membership| {
        // A role of a newer program's may nothing here.
        let sets = Role::of_name(&place.role).map(Role::sets).unwrap_or_default();
        ShownMembership {
            app_id: place.shop_id,
            name: place.shop_name,
            role: place.role,
            permission_sets: sets.iter().map(|set| set.name().to_owned()).collect(),
        }
    };
    Session {
        user: user.shown(),
        shops: shops.into_iter().map(shop).collect(),
        csrf_token: cookie.csrf_token(),
        expires_at: BeijingTime::from_epoch(last),
        totp_enabled: user.totp_secret.is_some(),
    }
}

/// Whose an address is: of IPv6 everybody has many, all with one beginning.
fn network_of(client: IpAddr) -> String {
    match client {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{:x}::/64", ip.to_bits() >> 64),
    }
}

/// By what tries are counted. A hash: what people type where a login belongs may be a password.
pub(super) fn key(what: &str, of: &str) -> String {
    Secret::new(format!("{what} {of}")).hash()
}

/// Takes a try for each, or says when there is one again.
pub(super) async fn try_it(gateway: &Gateway, keys: &[(&str, Tries)]) -> Result<(), Refusal> {
    let Some(wait) = gateway.store.take_tries(keys, gateway.clock.epoch_millis()).await? else {
        return Ok(());
    };
    let seconds = (wait + 999) / 1000;
    let detail = format!("尝试过多，请 {seconds} 秒后再试 ¦ too many attempts: try again in {seconds} s");
    let mut refusal = Refusal::because(ReturnCode::LimitReached, detail);
    refusal.retry_after = Some(seconds);
    Err(refusal)
}

async fn is_right(gateway: &Gateway, password: &str, hash: Option<&str>) -> Result<bool, Refusal> {
    gateway.hasher.is_right(&Secret::new(password), hash).await.map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::busy(error.to_string())
}

/// The step of a one-time password, if it is right and was not taken.
fn step_of(gateway: &Gateway, user: &User, sealed: &str, code: &str, now: i64) -> Result<i64, Refusal> {
    let secret = opened(gateway, user, sealed)?;
    let step = totp::step_of(secret.reveal(), code, now, user.totp_step);
    step.ok_or(Refusal::new(ReturnCode::OtpWrong))
}

fn opened(gateway: &Gateway, user: &User, sealed: &str) -> Result<Secret, Refusal> {
    let owner = User::totp_place(&user.user_id);
    let vault = gateway
        .store
        .vault()
        .ok_or_else(|| Refusal::busy("a one-time secret is sealed, and no key is set"))?;
    let opened = vault.open(Place { shop_id: "", owner: &owner }, sealed).map_err(failed)?;
    Ok(Secret::new(opened.reveal()))
}

fn seal(gateway: &Gateway, user: &User, secret: &str) -> Result<String, Refusal> {
    let owner = User::totp_place(&user.user_id);
    let none = || {
        let detail = "须先设置加密密钥（privacy.keys） ¦ a key has to be set first (privacy.keys)";
        Refusal::because(ReturnCode::NotAllowed, detail)
    };
    Ok(gateway.store.vault().ok_or_else(none)?.seal(Place { shop_id: "", owner: &owner }, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_counts_as_its_network() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
    }
}
