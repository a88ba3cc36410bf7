//! Where a subscription's notices go, with what is secret about it opened.

use std::str::FromStr;

use lettre::message::{Mailbox, Mailboxes};
use tousu_wire::Text;

use crate::notify::bots::{Bot, Platform};
use crate::notify::budget::{Limits, Window};
use crate::notify::sign::{Key, SigningSecret};
use crate::privacy::{Place, Vault};
use crate::secrets::Secret;
use crate::store::{ShopId, Subscription};

/// What kind of target a subscription has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program, which gets each event by itself, signed.
    Webhook,
    /// A group bot.
    Bot(Platform),
    /// People's mailboxes.
    Email,
}

/// Mails that go out for one subscription `[ours]`.
static MAIL_LIMITS: Limits =
    Limits { windows: &[Window { sends: 20, millis: 60_000 }], avoid_half_hours: false };

/// Mailboxes of one subscription at most `[ours]`.
pub const MOST_RECIPIENTS: usize = 10;

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [
        Kind::Webhook,
        Kind::Bot(Platform::Wecom),
        Kind::Bot(Platform::Dingtalk),
        Kind::Bot(Platform::Feishu),
        Kind::Email,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Bot(Platform::Wecom) => "wecom",
            Kind::Bot(Platform::Dingtalk) => "dingtalk",
            Kind::Bot(Platform::Feishu) => "feishu",
            Kind::Email => "email",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How often one target may be posted to; `None` where each event goes by itself and the target says when it is too
    /// much.
    pub fn limits(self) -> Option<&'static Limits> {
        match self {
            Kind::Webhook => None,
            Kind::Bot(platform) => Some(platform.limits()),
            Kind::Email => Some(&MAIL_LIMITS),
        }
    }
}

/// A target that can be called.
#[derive(Debug)]
pub enum Target {
    /// A program: its address, and what is signed with.
    Webhook(Secret, Vec<Key>),
    /// A group bot.
    Bot(Bot),
    /// People's mailboxes.
    Email(Vec<Mailbox>),
}

/// For what place a subscription's address (`target`) or its secrets (`secret`) are sealed.
pub fn place(subscription_id: &str, what: &str) -> String {
    format!("subscription/{subscription_id}/{what}")
}

/// The mailboxes that a text lists, with commas between.
pub fn recipients(text: &str) -> Result<Vec<Mailbox>, Text> {
    let wrong = || {
        Text::from(format!(
            "邮箱地址应以逗号分隔，1 到 {MOST_RECIPIENTS} 个 ¦ mail addresses stand with commas between, 1 to {MOST_RECIPIENTS} of them"
        ))
    };
    let boxes: Vec<Mailbox> = Mailboxes::from_str(text).map_err(|_| wrong())?.into();
    if (1..=MOST_RECIPIENTS).contains(&boxes.len()) { Ok(boxes) } else { Err(wrong()) }
}

/// The subscription's target, or why it cannot be called (`中文 ¦ English`).
pub fn open(vault: Option<&Vault>, shop: &ShopId, subscription: &Subscription) -> Result<Target, Text> {
    let vault =
        vault.ok_or("未设置密钥，无法打开通知地址 ¦ no key is set, and the target cannot be opened")?;
    let opened = |what: &str, sealed: &str| {
        let place = place(&subscription.subscription_id, what);
        let place = Place { shop_id: shop.as_str(), owner: &place };
        let opened = vault.open(place, sealed).map_err(|error| Text::from(error.to_string()))?;
        Ok::<_, Text>(Secret::new(opened.reveal()))
    };
    let address = opened("target", &subscription.target)?;
    let secret = subscription.secret.as_deref().map(|sealed| opened("secret", sealed)).transpose()?;
    let kind = Kind::named(&subscription.kind);
    Ok(match kind.ok_or("未知的通知方式 ¦ an unknown kind of subscription")? {
        Kind::Webhook => {
            let key = |secret: Secret, until| {
                let secret: SigningSecret =
                    secret.reveal().parse().map_err(|_| "签名密钥无效 ¦ no signing secret")?;
                Ok::<_, Text>(Key { secret, until })
            };
            let mut keys = Vec::with_capacity(2);
            keys.extend(secret.map(|secret| key(secret, None)).transpose()?);
            if let (Some(old), Some(until)) = (&subscription.old_secret, subscription.old_secret_until) {
                keys.push(key(opened("secret", old)?, Some(until))?);
            }
            Target::Webhook(address, keys)
        }
        Kind::Bot(platform) => Target::Bot(Bot { platform, address, secret }),
        Kind::Email => Target::Email(recipients(address.reveal())?),
    })
}
