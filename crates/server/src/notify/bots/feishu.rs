//! 飞书: an interactive card with a coloured header, in a body of at most 20 kB. Every text is `plain_text`, in
//! which the platform gives no character a meaning, so there is nothing to escape.

use serde_json::{Value, json};
use url::Url;

use super::super::budget::{Limits, Window};
use super::super::message::{GO, Line, Message, Tone};
use super::super::wording::one_line;
use super::{Answer, Post, Verdict, hmac};
use crate::secrets::Secret;

/// 100 a minute and 5 a second; around the full and the half hour the platform is busy and refuses
/// `[public]`.
pub const LIMITS: Limits = Limits {
    windows: &[Window { sends: 100, millis: 60_000 }, Window { sends: 5, millis: 1_000 }],
    avoid_half_hours: true,
};

/// The longest body, in bytes `[public]`, read as thousands.
const LONGEST: usize = 20_000;
/// More than what a signature adds to a body.
const SIGNATURE: usize = 100;

/// A value as short as this shares its line with another.
const SHORT: usize = 16;

/// The post at `now`, epoch milliseconds: the signature stands in the body and holds for an hour.
pub(super) fn post(url: &Url, secret: Option<&Secret>, message: &Message, now: i64) -> Post {
    let mut body = body(message);
    if let Some(secret) = secret {
        let seconds = now.div_euclid(1000);
        // The other way round than at 钉钉: what is signed is the key, and the message is empty.
        let sign = hmac(format!("{seconds}\n{}", secret.reveal()).as_bytes(), b"");
        body["timestamp"] = seconds.to_string().into();
        body["sign"] = sign.into();
    }
    Post { url: Secret::new(url.as_str()), body }
}

pub(super) fn fits(message: &Message) -> bool {
    body(message).to_string().len() + SIGNATURE <= LONGEST
}

fn body(message: &Message) -> Value {
    let template = match message.tone {
        Tone::Plain => "grey",
        Tone::Good => "green",
        Tone::Info => "blue",
        Tone::Warning => "orange",
        Tone::Alarm => "red",
    };
    let mut elements = elements(&message.lines);
    if let Some(link) = &message.link {
        let button = json!({ "tag": "button", "text": plain(GO), "type": "primary", "url": link });
        elements.push(json!({ "tag": "action", "actions": [button] }));
    }
    json!({
        "msg_type": "interactive",
        "card": {
            "config": { "wide_screen_mode": true },
            "header": { "template": template, "title": plain(&one_line(&message.title)) },
            "elements": elements,
        },
    })
}

fn plain(text: &str) -> Value {
    json!({ "tag": "plain_text", "content": text })
}

/// Facts that follow each other are the fields of one element, items the lines of one text: a card may have
/// only so many elements.
fn elements(lines: &[Line]) -> Vec<Value> {
    let mut elements = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let same = |line: &&Line| std::mem::discriminant(*line) == std::mem::discriminant(first);
        let (run, after) = rest.split_at(rest.iter().take_while(same).count());
        rest = after;
        let mut fields = Vec::new();
        let mut texts = Vec::new();
        for line in run {
            match line {
                Line::Fact { label, value, tone: _ } => {
                    let value = one_line(value);
                    let is_short = value.chars().count() <= SHORT;
                    fields.push(json!({ "is_short": is_short, "text": plain(&format!("{label}：{value}")) }));
                }
                Line::Heading(text) => texts.push(one_line(text)),
                Line::Item(text) => texts.push(format!("· {}", one_line(text))),
            }
        }
        elements.push(if fields.is_empty() {
            json!({ "tag": "div", "text": plain(&texts.join("\n")) })
        } else {
            json!({ "tag": "div", "fields": fields })
        });
    }
    elements
}

/// What the answer means. Numbers `[public]`.
pub(super) fn read(answer: &Answer) -> Verdict {
    let too_many = answer.sentence.to_ascii_lowercase().contains("too many");
    match answer.code {
        // Until the minute in which everybody sends is over.
        Some(11232) => Verdict::TooFast { silence: 60 },
        // One number for two things.
        Some(9499) if too_many => Verdict::TooFast { silence: 60 },
        Some(9499 | 19002 | 19036) => Verdict::MessageRefused(
            answer.reason("平台拒收这条消息", "the platform does not take this message"),
        ),
        Some(19001) => {
            Verdict::BotRefused(answer.reason(
                "机器人地址无效或机器人已被移除",
                "the bot's address is invalid or the bot was removed",
            ))
        }
        Some(19021) => Verdict::BotRefused(answer.reason(
            "签名不符，或服务器时钟偏差超过一小时",
            "the signature does not match, or the clock is off by an hour",
        )),
        Some(19022) => Verdict::BotRefused(
            answer.reason("本机 IP 不在机器人的白名单中", "this machine's IP is not on the bot's allow list"),
        ),
        Some(19024) => {
            Verdict::BotRefused(answer.reason(
                "消息不含机器人要求的关键词，请改为“投诉”",
                "the bot asks for a keyword; make it 投诉",
            ))
        }
        _ => answer.unlisted(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bot, Platform, tests};
    use super::*;
    use crate::notify::samples;

    #[test]
    fn cards_are_as_agreed() {
        samples::golden("feishu.json", &tests::cards(Platform::Feishu));
    }

    #[test]
    fn the_signature_stands_in_the_body() {
        let bot = Bot { secret: Some(Secret::new("SECtest")), ..tests::bot(Platform::Feishu) };
        let post = bot.post(&Message::of(&samples::created(), 0, None), 1_599_360_473_999).unwrap();
        assert_eq!(post.body["timestamp"], "1599360473");
        // Made with Python: base64.b64encode(hmac.new(b"1599360473\nSECtest", b"", hashlib.sha256).digest()).
        assert_eq!(post.body["sign"], "bMjxHlJJlXMW0yjKHZsmMvrFnAOfMlmWpRUsH3qMAek=");
        assert_eq!(post.url.reveal(), "https://open.feishu.cn/open-apis/bot/v2/hook/TOKEN");
    }

    /// Every tag and every text of a card.
    fn walk(value: &Value, tags: &mut Vec<String>, texts: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                tags.extend(map.get("tag").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| walk(value, tags, texts));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, tags, texts)),
            Value::String(text) => texts.push(text.clone()),
            _ => (),
        }
    }

    #[test]
    fn no_text_becomes_markup() {
        let body = body(&Message::of(&samples::hostile(), samples::NOW, Some(&samples::console())));
        let (mut tags, mut texts) = (Vec::new(), Vec::new());
        walk(&body, &mut tags, &mut texts);
        tags.sort();
        tags.dedup();
        assert_eq!(tags, ["action", "button", "div", "plain_text"]);
        assert!(
            texts.iter().all(|text| !text.contains(char::is_control) && !text.contains("://evil")),
            "{texts:?}"
        );
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["msg_type", "card"]);
    }

    #[test]
    fn answers() {
        let read = |code: i64, msg: &str| {
            Platform::Feishu.read(200, json!({ "code": code, "msg": msg }).to_string().as_bytes())
        };
        assert_eq!(read(11232, "frequency limited"), Verdict::TooFast { silence: 60 });
        assert_eq!(read(9499, "Too Many Request"), Verdict::TooFast { silence: 60 });
        assert!(matches!(read(9499, "Bad Request"), Verdict::MessageRefused(_)));
        for code in [19001, 19021, 19022, 19024] {
            assert!(matches!(read(code, ""), Verdict::BotRefused(_)), "{code}");
        }
        // The body counts, not the status that comes with it.
        assert!(matches!(
            Platform::Feishu.read(400, br#"{"code":19024,"msg":"Key Words Not Found"}"#),
            Verdict::BotRefused(_)
        ));
    }

    proptest::proptest! {
        #[test]
        fn any_event_keeps_the_shape(event in samples::any_event()) {
            let (mut tags, mut texts) = (Vec::new(), Vec::new());
            let body = body(&Message::of(&event, 0, Some(&samples::console())));
            walk(&body, &mut tags, &mut texts);
            let ours = ["action", "button", "div", "plain_text"];
            proptest::prop_assert!(tags.iter().all(|tag| ours.contains(&tag.as_str())));
            proptest::prop_assert!(!texts.iter().any(|text| text.contains(char::is_control)));
        }
    }
}
