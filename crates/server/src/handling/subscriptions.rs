//! Who is to be told of what happens: subscriptions made, changed and ended. How that goes is read elsewhere
//! ([`super::notified`]).

use serde_json::json;
use sha2::{Digest, Sha256};
use tousu_wire::codes::CodeTable;
use tousu_wire::subscription::{
    DEFAULT_OVERLAP_HOURS, Deleted, KINDS, Request, Subscription as Shown, WithSecret,
};
use tousu_wire::subscription_change::{Change, OFF};
use tousu_wire::subscription_deliveries::{Again, Replay as Asked, Replayed};
use tousu_wire::{BeijingTime, InvalidParameter, Lang, Text};
use url::Url;

use super::{Caller, Refused, answered, doer, hash};
use crate::life::Actor;
use crate::notices::{self, Kind};
use crate::notify::bots::Platform;
use crate::notify::daily::ReportTime;
use crate::notify::quiet::QuietHours;
use crate::notify::sign::SigningSecret;
use crate::notify::target::{self, Allowed};
use crate::privacy::{Place, Vault, masked_text};
use crate::secrets;
use crate::store::{Done, Replay, Result, ShopId, Store, Subscription, SubscriptionState};

/// Subscriptions of one shop, at most `[ours]`.
pub const MOST_SUBSCRIPTIONS: i64 = 50;

type Answer<T> = Result<std::result::Result<T, Refused>>;

/// Makes a subscription. What signs its webhooks is in the answer, and in no other.
pub async fn create_subscription(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    allowed: Allowed,
    request: Change,
) -> Answer<WithSecret> {
    let asked = hash("Subscribe", &Change { idempotency_key: None, ..request.clone() });
    let id = format!("sub_{}", secrets::random_text(12));
    let desk = Desk { store, shop, allowed, id: &id };
    let made = request.checked().map_err(Refused::from).and_then(|request| {
        let (kind, secret) = desk.begun(&request)?;
        let mut new = desk.blank(kind, caller.now);
        desk.apply(&request, &mut new)?;
        if let Some(secret) = &secret {
            new.secret = Some(desk.sealed("secret", &secret.reveal())?);
        }
        Ok((new, secret, request))
    });
    let (new, secret, request) = match made {
        Ok(made) => made,
        Err(why) => return Ok(Err(why)),
    };
    let doer =
        doer(caller, Actor::Merchant, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let decide = |_: Option<&Subscription>, count: i64| {
        if count >= MOST_SUBSCRIPTIONS {
            let why = format!(
                "每个店铺最多 {MOST_SUBSCRIPTIONS} 个订阅 ¦ a shop has at most {MOST_SUBSCRIPTIONS} subscriptions"
            );
            return Err(Refused::Impossible(why.into()));
        }
        let subscription = shown(&new);
        let after = json!(subscription).to_string();
        let answer = desk.answer(subscription, secret.as_ref())?;
        Ok((Some(new), ["{}".into(), after, "{}".into()], answer))
    };
    let done = store.change_subscription(shop, &id, &doer, "subscription_created", decide).await?;
    with_secret(store, shop, done)
}

/// Changes a subscription.
pub async fn change_subscription(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    allowed: Allowed,
    request: Change,
) -> Answer<Shown> {
    let asked = hash("Resubscribe", &Change { idempotency_key: None, ..request.clone() });
    let checked = request.checked().and_then(|request| Ok((request.subscription_id()?, request)));
    let (id, request) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let desk = Desk { store, shop, allowed, id: &id };
    let doer =
        doer(caller, Actor::Merchant, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let decide = |before: Option<&Subscription>, _: i64| {
        let before = before.ok_or(Refused::NoSubscription)?;
        if request.kind.as_ref().is_some_and(|kind| *kind != before.kind) {
            let problem = "建立后不能更改 ¦ cannot be changed once it is made";
            return Err(InvalidParameter::new("kind", problem).into());
        }
        let mut after = before.clone();
        desk.apply(&request, &mut after)?;
        let (was, is) = (json!(shown(before)).to_string(), shown(&after));
        // What of them is not shown has changed, too.
        let hidden = [("target", request.target.is_some()), ("secret", request.secret.is_some())];
        let hidden: Vec<&str> = hidden.into_iter().filter(|part| part.1).map(|part| part.0).collect();
        let said = json!({ "changed": hidden }).to_string();
        let answer = json!(is).to_string();
        Ok((Some(after), [was, answer.clone(), said], answer))
    };
    done(store.change_subscription(shop, &id, &doer, "subscription_changed", decide).await?)
}

/// Makes a new secret for a webhook. The old one goes on signing beside it for a while.
pub async fn rotate_subscription_secret(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: Request,
) -> Answer<WithSecret> {
    let asked = hash("RotateSecret", &Request { idempotency_key: None, ..request.clone() });
    let id = match request.checked() {
        Ok(id) => id,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let desk = Desk { store, shop, allowed: Allowed::default(), id: &id };
    let doer =
        doer(caller, Actor::Merchant, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let overlap = request.overlap_hours.unwrap_or(DEFAULT_OVERLAP_HOURS) * 3600;
    let decide = |before: Option<&Subscription>, _: i64| {
        let before = before.ok_or(Refused::NoSubscription)?;
        if before.kind != Kind::Webhook.name() {
            let why = "只有 webhook 的密钥由本服务生成；机器人的请用 update 更改 ¦ only a webhook's secret is made here; change a bot's with update";
            return Err(Refused::Impossible(why.into()));
        }
        let secret = new_secret();
        let mut after = before.clone();
        after.secret = Some(desk.sealed("secret", &secret.reveal())?);
        (after.old_secret, after.old_secret_until) = match overlap {
            0 => (None, None),
            seconds => (before.secret.clone(), Some(caller.now + seconds)),
        };
        let (was, subscription) = (json!(shown(before)).to_string(), shown(&after));
        let is = json!(subscription).to_string();
        let answer = desk.answer(subscription, Some(&secret))?;
        Ok((Some(after), [was, is, json!({ "changed": ["secret"] }).to_string()], answer))
    };
    let done = store.change_subscription(shop, &id, &doer, "subscription_secret_rotated", decide).await?;
    with_secret(store, shop, done)
}

/// Ends a subscription, and takes away what is kept of its deliveries.
pub async fn delete_subscription(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: Request,
) -> Answer<Deleted> {
    let asked = hash("Unsubscribe", &Request { idempotency_key: None, ..request.clone() });
    let id = match request.checked() {
        Ok(id) => id,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let doer =
        doer(caller, Actor::Merchant, request.operator.as_deref(), request.idempotency_key.as_deref(), asked);
    let decide = |before: Option<&Subscription>, _: i64| {
        let before = before.ok_or(Refused::NoSubscription)?;
        let answer = json!(Deleted { subscription_id: before.subscription_id.clone() }).to_string();
        Ok((None, [json!(shown(before)).to_string(), "{}".into(), "{}".into()], answer))
    };
    done(store.change_subscription(shop, &id, &doer, "subscription_deleted", decide).await?)
}

/// Has deliveries sent once more.
pub async fn replay_deliveries(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: Asked,
) -> Answer<Replayed> {
    let asked = hash("Replay", &Asked { idempotency_key: None, ..request.clone() });
    let (id, again) = match request.checked() {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let which = match again {
        Again::Named(ids) => Replay::Deliveries(ids.iter().map(|id| (id.entry, id.part)).collect()),
        Again::Of { from: None, until: None, delivered: false } => Replay::DeadLetters,
        Again::Of { from, until, delivered } => {
            Replay::From { from: from.unwrap_or(i64::MIN), until, all: delivered }
        }
    };
    let doer = doer(caller, Actor::Merchant, None, request.idempotency_key.as_deref(), asked);
    let answer = |replayed| json!(Replayed { replayed }).to_string();
    done(store.replay::<Refused>(shop, &id, &doer, &which, answer).await?)
}

/// What became of a change, if it was done.
fn done<T: serde::de::DeserializeOwned>(done: Option<Done<Refused>>) -> Answer<T> {
    match done {
        None => Ok(Err(Refused::NoShop)),
        Some(Done::Unknown) => Ok(Err(Refused::NoSubscription)),
        Some(done) => answered(done),
    }
}

/// As [`done`], with the secret in the answer opened.
fn with_secret(store: &Store, shop: &ShopId, change: Option<Done<Refused>>) -> Answer<WithSecret> {
    let answer: std::result::Result<WithSecret, Refused> = done(change)?;
    Ok(answer.map(|WithSecret { subscription, secret }| {
        let place = notices::place(&subscription.subscription_id, "answer");
        let place = Place { shop_id: shop.as_str(), owner: &place };
        let secret = secret.and_then(|sealed| {
            // Of a call that is known again its key may be gone; then so is the secret.
            Some(store.vault()?.open(place, &sealed).ok()?.reveal().to_owned())
        });
        WithSecret { subscription, secret }
    }))
}

fn new_secret() -> SigningSecret {
    SigningSecret::new(rand::random())
}

/// A subscription as it may be shown.
pub(super) fn shown(kept: &Subscription) -> Shown {
    Shown {
        subscription_id: kept.subscription_id.clone(),
        kind: kept.kind.clone(),
        name: kept.name.clone(),
        target: kept.shown_target.clone(),
        signed: kept.secret.is_some().into(),
        old_secret_until: kept.old_secret_until.map(BeijingTime::from_epoch),
        events: kept.events.clone(),
        channels: kept.channels.iter().map(|channel| (*channel).into()).collect(),
        quiet_hours: kept.quiet_hours.clone().unwrap_or_default(),
        digest_time: kept.digest_time.clone().unwrap_or_default(),
        enabled: kept.enabled.into(),
        created_at: BeijingTime::from_epoch(kept.created_at),
    }
}

/// What is at hand while a subscription is made or changed.
struct Desk<'a> {
    store: &'a Store,
    shop: &'a ShopId,
    allowed: Allowed,
    id: &'a str,
}

impl Desk<'_> {
    /// The kind of a new one and, for a webhook, what is made for it to sign with.
    fn begun(&self, request: &Change) -> std::result::Result<(Kind, Option<SigningSecret>), Refused> {
        let (kind, _) = request.new_one()?;
        let unknown = || InvalidParameter::new("kind", "未知 ¦ is not known");
        let kind = Kind::named(kind).ok_or_else(unknown)?;
        let makes = kind == Kind::Webhook && request.secret.is_none();
        Ok((kind, makes.then(new_secret)))
    }

    fn blank(&self, kind: Kind, now: i64) -> Subscription {
        let name = KINDS.iter().find(|known| known.0 == kind.name()).map_or("", |known| known.1);
        Subscription {
            subscription_id: self.id.to_owned(),
            kind: kind.name().to_owned(),
            name: Text::from(name).pick(Lang::Zh).to_owned(),
            target: String::new(),
            shown_target: String::new(),
            target_hash: String::new(),
            secret: None,
            old_secret: None,
            old_secret_until: None,
            events: Vec::new(),
            channels: Vec::new(),
            quiet_hours: None,
            digest_time: None,
            enabled: true,
            since: now,
            created_at: now,
            state: SubscriptionState::default(),
        }
    }

    /// Makes of `kept` what is asked for.
    fn apply(&self, request: &Change, kept: &mut Subscription) -> std::result::Result<(), Refused> {
        let Change {
            subscription_id: _,
            kind: _,
            name,
            target,
            secret,
            events,
            channels,
            quiet_hours,
            digest_time,
            enabled,
            operator: _,
            idempotency_key: _,
        } = request;
        let unknown = || InvalidParameter::new("kind", "未知 ¦ is not known");
        let kind = Kind::named(&kept.kind).ok_or_else(unknown)?;
        if let Some(name) = name {
            // As what operators say: it stays in the history.
            kept.name = masked_text(name).into_owned();
        }
        if let Some(target) = target {
            kept.shown_target = shown_target(kind, target, self.allowed)?;
            kept.target = self.sealed("target", target)?;
            let is_bot = matches!(kind, Kind::Bot(_));
            kept.target_hash =
                if is_bot { secrets::hex(&Sha256::digest(target.as_bytes())) } else { String::new() };
        }
        if let Some(secret) = secret {
            kept.secret = match own_secret(kind, secret)? {
                Some(secret) => Some(self.sealed("secret", secret)?),
                None => None,
            };
        }
        if let Some(events) = events {
            kept.events.clone_from(events);
        }
        if let Some(channels) = channels {
            kept.channels = channels.iter().map(|channel| channel.number()).collect();
        }
        if let Some(hours) = quiet_hours {
            kept.quiet_hours = times::<QuietHours>(kind, "quiet_hours", hours)?;
        }
        if let Some(time) = digest_time {
            kept.digest_time = times::<ReportTime>(kind, "digest_time", time)?;
        }
        kept.enabled = enabled.map_or(kept.enabled, |flag| flag == 1);
        Ok(())
    }

    fn vault(&self) -> std::result::Result<&Vault, Refused> {
        self.store.vault().ok_or_else(|| {
            let why = "没有加密密钥，地址无法保存；请设置 privacy.keys ¦ there is no key to keep the address under; set privacy.keys";
            Refused::Impossible(why.into())
        })
    }

    fn sealed(&self, what: &str, text: &str) -> std::result::Result<String, Refused> {
        let place = notices::place(self.id, what);
        let place = Place { shop_id: self.shop.as_str(), owner: &place };
        Ok(self.vault()?.seal(place, text))
    }

    /// The answer as it is kept for whoever makes the same call again: with the secret sealed.
    fn answer(
        &self,
        subscription: Shown,
        secret: Option<&SigningSecret>,
    ) -> std::result::Result<String, Refused> {
        let secret = secret.map(|secret| self.sealed("answer", &secret.reveal())).transpose()?;
        Ok(json!(WithSecret { subscription, secret }).to_string())
    }
}

/// What of an address may be shown, if notices may go there.
fn shown_target(
    kind: Kind,
    address: &str,
    allowed: Allowed,
) -> std::result::Result<String, InvalidParameter> {
    let wrong = |why: Text| InvalidParameter::new("target", why);
    let shown = match kind {
        Kind::Email => {
            let boxes = notices::recipients(address).map_err(wrong)?;
            let hidden: Vec<String> = boxes.iter().map(|one| format!("***@{}", one.email.domain())).collect();
            hidden.join(", ")
        }
        Kind::Webhook | Kind::Bot(_) => {
            let url: Url = target::parse(address, allowed).map_err(|why| wrong(why.to_string().into()))?;
            format!("{}/***", url.origin().ascii_serialization())
        }
    };
    Ok(masked_text(&shown).into_owned())
}

/// A secret that somebody brings, if that kind takes one; `None` takes it away.
fn own_secret(kind: Kind, secret: &str) -> std::result::Result<Option<&str>, InvalidParameter> {
    let refused = |why: &str| Err(InvalidParameter::new("secret", why));
    match (kind, secret) {
        (Kind::Webhook, OFF) => refused("webhook 总是签名 ¦ webhooks are always signed"),
        (Kind::Webhook, secret) => match secret.parse::<SigningSecret>() {
            Ok(_) => Ok(Some(secret)),
            Err(why) => refused(&why.to_string()),
        },
        (_, OFF) => Ok(None),
        (Kind::Bot(Platform::Wecom), _) => refused("企业微信机器人没有签名 ¦ WeCom's bots do not sign"),
        (Kind::Email, _) => refused("邮件没有签名 ¦ mail is not signed"),
        (Kind::Bot(_), secret) => Ok(Some(secret)),
    }
}

/// Hours or a minute of the day, if that kind has any; `None` takes them away.
fn times<T: std::str::FromStr<Err: std::fmt::Display>>(
    kind: Kind,
    name: &str,
    text: &str,
) -> std::result::Result<Option<String>, InvalidParameter> {
    if text == OFF {
        return Ok(None);
    }
    if kind == Kind::Webhook {
        let why = "仅机器人与邮件可设 ¦ is for bots and mail only";
        return Err(InvalidParameter::new(name, why));
    }
    match text.parse::<T>() {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(why) => Err(InvalidParameter::new(name, why.to_string())),
    }
}
