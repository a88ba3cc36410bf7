//! 企业微信: Markdown of at most 4096 bytes, with three colours. The key in the address is all that protects it.

use serde_json::json;
use url::Url;

use super::super::budget::{Limits, Window};
use super::super::message::{GO, Line, Message, Tone};
use super::markdown::{address, inert};
use super::{Answer, Post, Verdict};
use crate::secrets::Secret;

/// 20 a minute and bot `[public]`.
pub const LIMITS: Limits =
    Limits { windows: &[Window { sends: 20, millis: 60_000 }], avoid_half_hours: false };

/// The longest content, in bytes `[public]`.
const LONGEST: usize = 4096;

pub(super) fn post(url: &Url, message: &Message) -> Post {
    let body = json!({ "msgtype": "markdown", "markdown": { "content": content(message) } });
    Post { url: Secret::new(url.as_str()), body }
}

pub(super) fn fits(message: &Message) -> bool {
    content(message).len() <= LONGEST
}

fn content(message: &Message) -> String {
    let mut lines = vec![format!("### {}", coloured(&message.title, message.tone))];
    for line in &message.lines {
        lines.push(match line {
            Line::Fact { label, value, tone } => format!("> {label}：{}", coloured(value, *tone)),
            // The empty line ends the quotation before it.
            Line::Heading(text) => format!("\n**{}**", inert(text)),
            Line::Item(text) => format!("> · {}", inert(text)),
        });
    }
    if let Some(link) = &message.link {
        lines.push(format!("\n[{GO}]({})", address(link)));
    }
    lines.join("\n")
}

fn coloured(text: &str, tone: Tone) -> String {
    let colour = match tone {
        Tone::Plain => "comment",
        Tone::Good | Tone::Info => "info",
        Tone::Warning | Tone::Alarm => "warning",
    };
    format!("<font color=\"{colour}\">{}</font>", inert(text))
}

/// What the answer means. Numbers `[public]`.
pub(super) fn read(answer: &Answer) -> Verdict {
    match answer.code {
        // The limit is one of minutes.
        Some(45009 | 45033) => Verdict::TooFast { silence: 60 },
        Some(93000) => {
            Verdict::BotRefused(answer.reason(
                "机器人地址无效或机器人已被移除",
                "the bot's address is invalid or the bot was removed",
            ))
        }
        Some(40008 | 40058 | 44004 | 45002) => Verdict::MessageRefused(
            answer.reason("平台拒收这条消息", "the platform does not take this message"),
        ),
        _ => answer.unlisted(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Platform, tests};
    use super::*;
    use crate::notify::samples;

    #[test]
    fn cards_are_as_agreed() {
        samples::golden("wecom.json", &tests::cards(Platform::Wecom));
    }

    #[test]
    fn no_text_becomes_markup() {
        let content = content(&Message::of(&samples::hostile(), samples::NOW, Some(&samples::console())));
        // What is left is ours: one link, one heading, and the fonts.
        assert_eq!(content.matches("](").count(), 1, "{content}");
        let link = "[去处理](https://tousu.example.com/?app_id=appDemo12345678\
                    &complaint_id=c_1%0A%23+%60%3Cat+id%3Dall%3E%3C%2Fat%3E%60)";
        assert!(content.ends_with(link), "{content}");
        assert_eq!(content.matches('<').count(), 2 * content.matches("</font>").count());
        assert!(!content.contains("<@") && !content.contains('`') && !content.contains("://evil"));
        let lines: Vec<&str> = content.lines().collect();
        assert_eq!(lines.len(), 1 + 8 + 2);
        assert!(lines[1..9].iter().all(|line| line.starts_with("> ")));
    }

    #[test]
    fn answers() {
        let read = |code: i64| {
            Platform::Wecom.read(200, json!({ "errcode": code, "errmsg": "x" }).to_string().as_bytes())
        };
        assert_eq!(read(45009), Verdict::TooFast { silence: 60 });
        assert!(matches!(read(93000), Verdict::BotRefused(_)));
        assert!(matches!(read(40058), Verdict::MessageRefused(_)));
    }

    proptest::proptest! {
        #[test]
        fn any_event_keeps_the_shape(event in samples::any_event()) {
            let content = content(&Message::of(&event, 0, Some(&samples::console())));
            proptest::prop_assert_eq!(content.matches('<').count(), 2 * content.matches("</font>").count());
            proptest::prop_assert_eq!(content.matches('[').count(), 1);
            let starts = ["### ", "> ", "[去处理]"];
            let ours = |line: &str| line.is_empty() || starts.iter().any(|start| line.starts_with(start));
            proptest::prop_assert!(content.lines().all(ours));
        }
    }
}
