//! 钉钉: an ActionCard with a button, or Markdown where there is nowhere to go. Beyond 20 messages a minute a
//! bot is shut out for ten minutes, so it stays well below.

use serde_json::json;
use url::Url;

use super::super::budget::{Limits, Window};
use super::super::message::{GO, Line, Message};
use super::super::wording::one_line;
use super::markdown::inert;
use super::{Answer, Post, Verdict, hmac};
use crate::secrets::Secret;

/// 20 a minute and bot `[public]`. A quarter is left free `[ours]`: messages that are held up on their way
/// may arrive closer together than they left, and the price is ten minutes of silence.
pub const LIMITS: Limits =
    Limits { windows: &[Window { sends: 15, millis: 60_000 }], avoid_half_hours: false };

/// How long a bot that sent too fast is shut out, seconds `[public]`.
const SHUT_OUT: i64 = 600;

/// The longest text, in bytes `[ours]`. A body may have 20,000 `[public]`, but the same platform takes 5,000
/// characters elsewhere, and nobody reads more.
const LONGEST: usize = 5_000;

/// The post at `now`, epoch milliseconds: the signature stands in the address and holds for an hour.
pub(super) fn post(mut url: Url, secret: Option<&Secret>, message: &Message, now: i64) -> Post {
    if let Some(secret) = secret {
        let secret = secret.reveal();
        let sign = hmac(secret.as_bytes(), format!("{now}\n{secret}").as_bytes());
        url.query_pairs_mut().append_pair("timestamp", &now.to_string()).append_pair("sign", &sign);
    }
    // The title is shown in the list of chats, as plain text.
    let title = one_line(&message.title);
    let text = text(message);
    let body = match &message.link {
        Some(link) => json!({
            "msgtype": "actionCard",
            "actionCard": { "title": title, "text": text, "singleTitle": GO, "singleURL": link },
        }),
        None => json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } }),
    };
    Post { url: Secret::new(url), body }
}

pub(super) fn fits(message: &Message) -> bool {
    text(message).len() <= LONGEST
}

fn text(message: &Message) -> String {
    let mut lines = vec![format!("### {}", inert(&message.title))];
    for line in &message.lines {
        lines.push(match line {
            Line::Fact { label, value, tone: _ } => format!("**{label}：** {}", inert(value)),
            Line::Heading(text) => format!("**{}**", inert(text)),
            Line::Item(text) => format!("· {}", inert(text)),
        });
    }
    // A single line break is none in Markdown.
    lines.join("\n\n")
}

/// What the answer means. Numbers `[public]`.
pub(super) fn read(answer: &Answer) -> Verdict {
    match answer.code {
        Some(130101 | 410100) => Verdict::TooFast { silence: SHUT_OUT },
        // Keyword, signature or clock, caller's address: the sentence says which.
        Some(310000) => Verdict::BotRefused(
            answer.reason("机器人安全设置不符", "the bot's security settings do not match"),
        ),
        Some(300001 | 300005 | 400101 | 400102 | 400106) => Verdict::BotRefused(
            answer.reason("机器人不存在或已停用", "the bot does not exist or was switched off"),
        ),
        Some(40035 | 400105 | 430101..=430104 | 460101) => Verdict::MessageRefused(
            answer.reason("平台拒收这条消息", "the platform does not take this message"),
        ),
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
        samples::golden("dingtalk.json", &tests::cards(Platform::Dingtalk));
    }

    #[test]
    fn the_signature_stands_in_the_address() {
        let bot = Bot { secret: Some(Secret::new("SECtest")), ..tests::bot(Platform::Dingtalk) };
        let post = bot.post(&Message::of(&samples::created(), 0, None), 1_577_262_236_757).unwrap();
        assert_eq!(post.url.reveal(), SIGNED);
    }

    /// Made with Python: urllib.parse.quote_plus(base64.b64encode(hmac.new(b"SECtest",
    /// b"1577262236757\nSECtest", hashlib.sha256).digest())).
    const SIGNED: &str = "https://oapi.dingtalk.com/robot/send?access_token=TOKEN&timestamp=1577262236757\
                          &sign=Za%2Fne6w2koB8B4ROVlgTNd%2FX%2B%2FFbyDpZrXLz57xNZSA%3D";

    #[test]
    fn no_text_becomes_markup() {
        let text = text(&Message::of(&samples::hostile(), samples::NOW, Some(&samples::console())));
        assert!(!text.contains(['[', ']', '<', '>', '`', '@', '&']), "{text}");
        assert!(!text.contains("://"));
        assert_eq!(text.split("\n\n").count(), 1 + 8);
        assert_eq!(text.matches("**").count(), 2 * 8);
        assert_eq!(text.matches('#').count(), 3);
    }

    #[test]
    fn answers() {
        let read = |code: i64| {
            Platform::Dingtalk.read(200, json!({ "errcode": code, "errmsg": "x" }).to_string().as_bytes())
        };
        assert_eq!(read(130101), Verdict::TooFast { silence: 600 });
        assert!(matches!(read(310000), Verdict::BotRefused(_)));
        assert!(matches!(read(400102), Verdict::BotRefused(_)));
        assert!(matches!(read(460101), Verdict::MessageRefused(_)));
        // With what its gateway adds when it is cross.
        let cross =
            br#"{"status":1111,"wait":5,"punish":"deny","errcode": 130101,"errmsg": "send too fast"}"#;
        assert_eq!(Platform::Dingtalk.read(200, cross), Verdict::TooFast { silence: 600 });
    }

    proptest::proptest! {
        #[test]
        fn any_event_keeps_the_shape(event in samples::any_event()) {
            let text = text(&Message::of(&event, 0, Some(&samples::console())));
            proptest::prop_assert!(!text.contains(['[', ']', '(', '<', '`', '@']));
            let starts = ["### ", "**", "· "];
            let starts_well = |line: &str| starts.iter().any(|start| line.starts_with(start));
            let ours = |line: &str| starts_well(line) && !line.contains('\n');
            proptest::prop_assert!(text.split("\n\n").all(ours));
        }
    }
}
