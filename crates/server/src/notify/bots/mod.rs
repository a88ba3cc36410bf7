//! Group bots: what is posted to each platform, and what its answer means.
//!
//! A bot's address holds its key, so it is kept as a [`Secret`] and must not be logged. Each platform's
//! rules are those of its own pages `[public]`: 企业微信
//! <https://developer.work.weixin.qq.com/document/path/91770>, 钉钉
//! <https://open.dingtalk.com/document/orgapp/custom-robot-access>, 飞书
//! <https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md>.

pub mod dingtalk;
pub mod feishu;
mod markdown;
pub mod wecom;

use serde_json::Value;
use tousu_wire::{Text, lenient};
use url::Url;

use super::budget::Limits;
use super::message::Message;
use crate::secrets::Secret;

/// Where a group bot lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// 企业微信.
    Wecom,
    /// 钉钉.
    Dingtalk,
    /// 飞书.
    Feishu,
}

/// A group bot as an operator set it up.
#[derive(Clone, Debug)]
pub struct Bot {
    /// Where it lives.
    pub platform: Platform,
    /// The address that its platform gave out, key included.
    pub address: Secret,
    /// What its posts are signed with, if that was chosen. 企业微信 knows no signing.
    pub secret: Option<Secret>,
}

/// What is to be posted, as `application/json`, at the moment it was made for: signatures expire.
#[derive(Clone, Debug)]
pub struct Post {
    /// The address, key included.
    pub url: Secret,
    /// The body.
    pub body: Value,
}

/// A bot's address that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("机器人的 Webhook 地址不是网址 ¦ the bot's webhook address is no URL")]
pub struct NotAnAddress;

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the group.
    Delivered,
    /// Too many; the bot must be silent for so many seconds, then the message may be tried again.
    TooFast {
        /// Seconds from the answer on.
        silence: i64,
    },
    /// This message is not taken, now or later. Others may be.
    MessageRefused(Text),
    /// Nothing from this bot is taken until somebody changes its settings; the messages are not to blame.
    BotRefused(Text),
    /// A passing fault, or an answer that says nothing: try again.
    Unclear(Text),
}

impl Bot {
    /// The post that carries `message` at `now` (epoch milliseconds).
    pub fn post(&self, message: &Message, now: i64) -> Result<Post, NotAnAddress> {
        let address = Url::parse(self.address.reveal().trim()).map_err(|_| NotAnAddress)?;
        Ok(match self.platform {
            Platform::Wecom => wecom::post(&address, message),
            Platform::Dingtalk => dingtalk::post(address, self.secret.as_ref(), message, now),
            Platform::Feishu => feishu::post(&address, self.secret.as_ref(), message, now),
        })
    }
}

impl Platform {
    /// Whether one post can carry `message`.
    pub fn fits(self, message: &Message) -> bool {
        match self {
            Platform::Wecom => wecom::fits(message),
            Platform::Dingtalk => dingtalk::fits(message),
            Platform::Feishu => feishu::fits(message),
        }
    }

    /// How often a bot may post.
    pub fn limits(self) -> &'static Limits {
        match self {
            Platform::Wecom => &wecom::LIMITS,
            Platform::Dingtalk => &dingtalk::LIMITS,
            Platform::Feishu => &feishu::LIMITS,
        }
    }

    /// What the platform's answer means: the HTTP status, and the start of the body, which need not be whole.
    pub fn read(self, status: u16, body: &[u8]) -> Verdict {
        let answer = Answer::read(status, body);
        match self {
            Platform::Wecom => wecom::read(&answer),
            Platform::Dingtalk => dingtalk::read(&answer),
            Platform::Feishu => feishu::read(&answer),
        }
    }
}

/// An answer as all three write it: a number and a sentence.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// Zero is success. None if the body is none of the platform's.
    code: Option<i64>,
    sentence: String,
}

impl Answer {
    fn read(status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = |name: &str| match &body[name] {
            Value::String(text) => text.trim().parse().ok(),
            number => number.as_i64(),
        };
        // 飞书 answers older bots with the last of them.
        let code = code("errcode").or_else(|| code("code")).or_else(|| code("StatusCode"));
        let sentence = ["errmsg", "msg", "StatusMessage"].iter().find_map(|name| body[*name].as_str());
        Answer { status, code, sentence: sentence.unwrap_or_default().into() }
    }

    /// What a number that a platform's file does not list means. Any of them may be a passing one, so it is
    /// tried again; only when attempts run out is the message given up.
    fn unlisted(&self) -> Verdict {
        match (self.code, self.status) {
            // Too many, says a gateway in front, whatever the body.
            (None, 429) => Verdict::TooFast { silence: 60 },
            (Some(0), 200..=299) => Verdict::Delivered,
            (Some(0) | None, status) => {
                let reason =
                    format!("HTTP {status}，应答无法识别 ¦ HTTP {status}, and the answer is not understood");
                Verdict::Unclear(reason.into())
            }
            (Some(_), _) => {
                Verdict::Unclear(self.reason("平台返回错误", "the platform answered with an error"))
            }
        }
    }

    /// `meaning`, together with what the platform said.
    fn reason(&self, zh: &str, en: &str) -> Text {
        let code = self.code.unwrap_or_default();
        let said = lenient::quoted(&super::wording::one_line(&self.sentence));
        format!("{zh}（{code} {said}） ¦ {en} ({code} {said})").into()
    }
}

/// HMAC-SHA256 in base64.
fn hmac(key: &[u8], message: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(super::sign::hmac(key, message))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::notify::samples;

    pub(super) const ALL: [Platform; 3] = [Platform::Wecom, Platform::Dingtalk, Platform::Feishu];

    pub(super) fn bot(platform: Platform) -> Bot {
        let address = match platform {
            Platform::Wecom => "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY",
            Platform::Dingtalk => "https://oapi.dingtalk.com/robot/send?access_token=TOKEN",
            Platform::Feishu => "https://open.feishu.cn/open-apis/bot/v2/hook/TOKEN",
        };
        Bot { platform, address: Secret::new(address), secret: None }
    }

    /// The body of every message, by the message's name.
    pub(super) fn cards(platform: Platform) -> Value {
        let body = |message: &Message| bot(platform).post(message, 0).unwrap().body;
        samples::messages()
            .iter()
            .map(|(name, message)| json!({ "of": name, "body": body(message) }))
            .collect()
    }

    #[test]
    fn the_key_is_not_shown() {
        for platform in ALL {
            let bot = Bot { secret: Some(Secret::new("SECRET")), ..bot(platform) };
            let post = bot.post(&Message::of(&samples::created(), 0, None), 0).unwrap();
            let shown = format!("{bot:?} {post:?}");
            assert!(
                !shown.contains("KEY") && !shown.contains("TOKEN") && !shown.contains("SECRET"),
                "{shown}"
            );
        }
        let nowhere = Bot { address: Secret::new("oapi.dingtalk.com"), ..bot(Platform::Dingtalk) };
        assert_eq!(nowhere.post(&Message::of(&samples::created(), 0, None), 0).unwrap_err(), NotAnAddress);
    }

    #[test]
    fn what_says_nothing_is_tried_again() {
        for platform in ALL {
            for (status, body) in [
                (200, ""),
                (200, "<html>502</html>"),
                (200, "{\"errcode\":0"),
                (200, "[]"),
                (200, "null"),
                (200, "{}"),
                (302, ""),
                (502, "{\"errcode\":0}"),
                (500, "\u{0}"),
                (200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}"),
                (200, "{\"code\":987654,\"msg\":\"?\"}"),
            ] {
                let verdict = platform.read(status, body.as_bytes());
                assert!(matches!(verdict, Verdict::Unclear(_)), "{platform:?} {status} {body}: {verdict:?}");
            }
            assert_eq!(platform.read(429, b"slow down"), Verdict::TooFast { silence: 60 });
        }
    }

    #[test]
    fn success_is_zero_in_any_form() {
        assert_eq!(Platform::Wecom.read(200, br#"{"errcode":0,"errmsg":"ok"}"#), Verdict::Delivered);
        assert_eq!(Platform::Dingtalk.read(200, br#"{"errcode":"0","errmsg":"ok"}"#), Verdict::Delivered);
        assert_eq!(
            Platform::Feishu.read(200, br#"{"code":0,"msg":"success","data":{}}"#),
            Verdict::Delivered
        );
        let older = br#"{"Extra":null,"StatusCode":0,"StatusMessage":"success"}"#;
        assert_eq!(Platform::Feishu.read(200, older), Verdict::Delivered);
    }

    #[test]
    fn reasons_repeat_what_was_said() {
        let said = br#"{"errcode":93000,"errmsg":"invalid webhook url\n\u00a6"}"#;
        let Verdict::BotRefused(reason) = Platform::Wecom.read(200, said) else { panic!("refused") };
        assert_eq!(
            reason.pick(tousu_wire::Lang::Zh),
            "机器人地址无效或机器人已被移除（93000 \"invalid webhook url |\"）"
        );
    }

    proptest::proptest! {
        /// Whatever an event says, one message of it fits every platform.
        #[test]
        fn one_event_always_fits(event in samples::any_event()) {
            let message = Message::of(&event, 0, Some(&samples::console()));
            for platform in ALL {
                proptest::prop_assert!(platform.fits(&message), "{platform:?}");
            }
        }

        #[test]
        fn no_answer_is_too_odd(status in 0u16..1000, body in proptest::collection::vec(0u8.., 0..60)) {
            for platform in ALL {
                platform.read(status, &body);
            }
        }
    }
}
