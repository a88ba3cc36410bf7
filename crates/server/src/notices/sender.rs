//! One attempt to tell a target something, and what came of it.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde_json::Value;
use tousu_wire::Text;
use url::Url;

use super::http::Http;
use super::target::{self, Kind, Target};
use crate::clock::Clock;
use crate::notify::bots::{Bot, Verdict};
use crate::notify::event::Event;
use crate::notify::message::Message;
use crate::notify::retry::{self, Outcome};
use crate::notify::sign::{self, Key};
use crate::notify::{mail, sign::CannotSign};
use crate::settings::Settings;
use crate::store::{Reserved, Result, ShopId, Store, Subscription, Try};

/// Sends to targets. Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Inner>);

struct Inner {
    http: Http,
    post_office: std::result::Result<PostOffice, Text>,
    console: Option<Url>,
    clock: Clock,
}

struct PostOffice {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The target has it.
    Delivered,
    /// To be tried again; the target may have asked for so many seconds.
    Retry(Option<i64>),
    /// The target is to be left alone for so many seconds; then it can be tried again.
    TooFast(i64),
    /// The target will never take this.
    MessageRefused,
    /// The target takes nothing until somebody changes the subscription.
    TargetRefused,
    /// The target wants nothing any more.
    Gone,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What is kept of it.
    pub tried: Try,
    /// What came of it.
    pub fate: Fate,
}

impl Attempt {
    fn failed(at: i64, fate: Fate, status: Option<u16>, why: Text) -> Self {
        Attempt { tried: Try { at, status, error: Some(why.to_string()) }, fate }
    }
}

impl Sender {
    /// A sender by these settings.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let patience = Duration::from_secs(settings.notices.answer_seconds);
        Sender(Arc::new(Inner {
            http: Http::new(settings.notices.allowed(), patience),
            post_office: post_office(&settings.mail, patience),
            console: settings.notices.console(),
            clock,
        }))
    }

    /// The console's address, which messages link to.
    pub fn console(&self) -> Option<&Url> {
        self.0.console.as_ref()
    }

    /// Tells an event now, past whatever waits, within the target's limit, and says what came of it. Nothing is kept of it
    /// but that there was a post.
    pub async fn send_once(
        &self,
        store: &Store,
        shop: &ShopId,
        subscription: &Subscription,
        event: &Event,
    ) -> Result<Attempt> {
        let now = self.0.clock.epoch();
        let limits = Kind::named(&subscription.kind).and_then(Kind::limits);
        if let Some(limits) = limits {
            let millis = self.0.clock.epoch_millis();
            let id = &subscription.subscription_id;
            let reserved = store.reserve_post(shop, id, None, limits, millis, &[]).await?;
            if let Reserved::WaitUntil(until) = reserved {
                let seconds = (until - millis).div_euclid(1000) + 1;
                let why = format!(
                    "已达平台频率上限，{seconds} 秒后可再试 ¦ the platform's limit is reached; try again in {seconds} seconds"
                );
                return Ok(Attempt::failed(now, Fate::TooFast(seconds), None, why.into()));
            }
        }
        Ok(match target::open(store.vault(), shop, subscription) {
            Ok(Target::Webhook(address, keys)) => self.webhook(address.reveal(), &keys, event).await,
            Ok(target) => self.tell(&target, &Message::of(event, now, self.console())).await,
            Err(why) => Attempt::failed(now, Fate::TargetRefused, None, why),
        })
    }

    /// Sends an event to a program.
    pub(super) async fn webhook(&self, address: &str, keys: &[Key], event: &Event) -> Attempt {
        let at = self.0.clock.epoch();
        let body = event.body().to_string().into_bytes();
        let headers = match sign::headers(&event.id(), at, &body, keys) {
            Ok(headers) => headers,
            Err(why @ CannotSign::Id) => {
                return Attempt::failed(at, Fate::MessageRefused, None, why.to_string().into());
            }
            Err(why @ CannotSign::NoSecret) => {
                return Attempt::failed(at, Fate::TargetRefused, None, why.to_string().into());
            }
        };
        let answer = match self.0.http.post(address, &headers, body).await {
            Ok(answer) => answer,
            Err(why) => return Attempt::failed(at, Fate::Retry(None), None, why),
        };
        let status = answer.status;
        let asked = answer.retry_after.as_deref().and_then(|header| retry::retry_after(header, at));
        let fate = match retry::outcome(Some(status)) {
            Outcome::Delivered => Fate::Delivered,
            Outcome::Retry if status == 429 || status == 503 => {
                asked.map_or(Fate::Retry(None), Fate::TooFast)
            }
            Outcome::Retry => Fate::Retry(asked),
            Outcome::Final => Fate::MessageRefused,
            Outcome::Gone => Fate::Gone,
        };
        let error = (fate != Fate::Delivered)
            .then(|| format!("接收方应答 HTTP {status} ¦ the receiver answered HTTP {status}"));
        Attempt { tried: Try { at, status: Some(status), error }, fate }
    }

    /// Tells people.
    pub(super) async fn tell(&self, target: &Target, message: &Message) -> Attempt {
        match target {
            Target::Bot(bot) => self.post(bot, message).await,
            Target::Email(recipients) => self.mail(recipients, message).await,
            Target::Webhook(..) => {
                let why = "程序不读消息 ¦ programs read no messages";
                Attempt::failed(self.0.clock.epoch(), Fate::MessageRefused, None, why.into())
            }
        }
    }

    async fn post(&self, bot: &Bot, message: &Message) -> Attempt {
        let at = self.0.clock.epoch();
        let post = match bot.post(message, self.0.clock.epoch_millis()) {
            Ok(post) => post,
            Err(why) => return Attempt::failed(at, Fate::TargetRefused, None, why.to_string().into()),
        };
        let body = Value::to_string(&post.body).into_bytes();
        let answer = match self.0.http.post(post.url.reveal(), &[], body).await {
            Ok(answer) => answer,
            Err(why) => return Attempt::failed(at, Fate::Retry(None), None, why),
        };
        let status = Some(answer.status);
        match bot.platform.read(answer.status, &answer.body) {
            Verdict::Delivered => Attempt { tried: Try { at, status, error: None }, fate: Fate::Delivered },
            Verdict::TooFast { silence } => {
                let why = "平台限制频率 ¦ the platform says that it is too much";
                Attempt::failed(at, Fate::TooFast(silence), status, why.into())
            }
            Verdict::MessageRefused(why) => Attempt::failed(at, Fate::MessageRefused, status, why),
            Verdict::BotRefused(why) => Attempt::failed(at, Fate::TargetRefused, status, why),
            Verdict::Unclear(why) => Attempt::failed(at, Fate::Retry(None), status, why),
        }
    }

    async fn mail(&self, recipients: &[Mailbox], message: &Message) -> Attempt {
        let at = self.0.clock.epoch();
        let office = match &self.0.post_office {
            Ok(office) => office,
            Err(why) => return Attempt::failed(at, Fate::TargetRefused, None, why.clone()),
        };
        let mail::Mail { subject, text, html } = mail::mail(message);
        let mut builder = lettre::Message::builder()
            .from(office.from.clone())
            .subject(subject)
            .date(UNIX_EPOCH + Duration::from_secs(at.unsigned_abs()))
            .message_id(Some(format!("<{}@tousu>", crate::secrets::random_text(24))));
        for recipient in recipients {
            builder = builder.to(recipient.clone());
        }
        let letter = match builder.multipart(MultiPart::alternative_plain_html(text, html)) {
            Ok(letter) => letter,
            Err(_) => {
                let why = "邮件无法写成 ¦ the mail cannot be written";
                return Attempt::failed(at, Fate::MessageRefused, None, why.into());
            }
        };
        match office.transport.send(letter).await {
            Ok(_) => Attempt { tried: Try { at, status: Some(250), error: None }, fate: Fate::Delivered },
            Err(error) => {
                let status = error.status().map(u16::from);
                let why = match status {
                    Some(code) => format!("邮件服务器应答 {code} ¦ the mail server answered {code}"),
                    None if error.is_timeout() => {
                        "邮件服务器未在时限内应答 ¦ the mail server did not answer in time".into()
                    }
                    None => "无法与邮件服务器通话 ¦ the mail server could not be talked to".into(),
                };
                tracing::debug!(%error, "a mail was not sent");
                // 4yz passes, 5yz does not [public: RFC 5321, 4.2.1]; refused credentials are nobody's mail's fault.
                let fate = match status {
                    Some(530..=539) => Fate::TargetRefused,
                    Some(500..=599) => Fate::MessageRefused,
                    _ => Fate::Retry(None),
                };
                Attempt::failed(at, fate, status, why.into())
            }
        }
    }
}

fn post_office(
    settings: &crate::settings::Mail,
    patience: Duration,
) -> std::result::Result<PostOffice, Text> {
    if settings.smtp.is_empty() {
        return Err("未设置 mail.smtp，不能发邮件 ¦ mail.smtp is not set, and no mail can be sent".into());
    }
    let from: Mailbox = settings
        .from
        .parse()
        .map_err(|_| Text::from("mail.from 不是邮箱地址 ¦ mail.from is no mail address"))?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.smtp)
        .map_err(|_: smtp::Error| Text::from("mail.smtp 无法识别 ¦ mail.smtp is not understood"))?;
    Ok(PostOffice { transport: transport.timeout(Some(patience)).build(), from })
}
