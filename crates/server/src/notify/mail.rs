//! A message as a mail: subject, plain text and HTML. Sending is another matter.

use super::message::{GO, Line, Message, Tone};
use super::wording::one_line;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line, whatever the message's texts hold; the transport encodes it.
    pub subject: String,
    /// For those who read plain text.
    pub text: String,
    /// The same in HTML, with nothing loaded from anywhere.
    pub html: String,
}

/// The mail that says what `message` says.
pub fn mail(message: &Message) -> Mail {
    let title = one_line(&message.title);
    // With the number, or a mail program would take all that is overdue for one conversation.
    let number = message.lines.iter().find_map(|line| match line {
        Line::Fact { label: "投诉单号", value, tone: _ } => Some(one_line(value)),
        _ => None,
    });
    let subject = number.map_or_else(|| title.clone(), |number| format!("{title} {number}"));
    Mail { subject, text: text(&title, message), html: html(&title, message) }
}

fn text(title: &str, message: &Message) -> String {
    let mut text = format!("{title}\n\n");
    for line in &message.lines {
        text += &match line {
            Line::Fact { label, value, tone: _ } => format!("{label}：{}\n", one_line(value)),
            Line::Heading(heading) => format!("\n{}\n", one_line(heading)),
            Line::Item(item) => format!("· {}\n", one_line(item)),
        };
    }
    if let Some(link) = &message.link {
        text += &format!("\n{GO}：{link}\n");
    }
    text
}

fn html(title: &str, message: &Message) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"></head><body>\n\
         <h3 style=\"color:{}\">{}</h3>\n",
        colour(message.tone),
        escaped(title)
    );
    for line in &message.lines {
        html += &match line {
            Line::Fact { label, value, tone } => {
                format!(
                    "<div>{label}：<span style=\"color:{}\">{}</span></div>\n",
                    colour(*tone),
                    escaped(&one_line(value))
                )
            }
            Line::Heading(heading) => format!("<h4>{}</h4>\n", escaped(&one_line(heading))),
            Line::Item(item) => format!("<div>· {}</div>\n", escaped(&one_line(item))),
        };
    }
    if let Some(link) = &message.link {
        html += &format!("<p><a href=\"{}\">{GO}</a></p>\n", escaped(link));
    }
    html + "</body></html>\n"
}

/// Readable on white.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "#333333",
        Tone::Good => "#389e0d",
        Tone::Info => "#0958d9",
        Tone::Warning => "#d46b08",
        Tone::Alarm => "#cf1322",
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify::samples;

    #[test]
    fn mails_are_as_agreed() {
        let written = |(name, message): (String, Message)| {
            let Mail { subject, text, html } = mail(&message);
            let lines = |text: &str| text.lines().map(Value::from).collect::<Value>();
            json!({ "of": name, "subject": subject, "text": lines(&text), "html": lines(&html) })
        };
        let mails: Value = samples::messages().into_iter().map(written).collect();
        samples::golden("mail.json", &mails);
    }

    #[test]
    fn no_text_becomes_markup() {
        let Mail { subject, text, html } = mail(&Message::of(&samples::hostile(), 0, None));
        assert!(!subject.contains(char::is_control));
        assert_eq!(text.lines().count(), 2 + 8);
        assert!(!html.contains("<script") && !html.contains("<at") && !html.contains("<@"), "{html}");
        assert!(!html.contains("://"));
    }

    #[test]
    fn links_end_where_they_end() {
        let link = Some("https://a.cn/?x=\"><b>'&y=1".into());
        let html = mail(&Message { link, ..Message::of(&samples::created(), 0, None) }).html;
        assert!(html.contains("<a href=\"https://a.cn/?x=&quot;&gt;&lt;b&gt;&#39;&amp;y=1\">"), "{html}");
    }

    proptest::proptest! {
        #[test]
        fn any_event_keeps_the_shape(event in samples::any_event()) {
            let message = Message::of(&event, 0, Some(&samples::console()));
            let Mail { subject, text, html } = mail(&message);
            proptest::prop_assert!(!subject.contains(char::is_control));
            proptest::prop_assert_eq!(text.lines().count(), message.lines.len() + 4);
            proptest::prop_assert_eq!(html.lines().count(), message.lines.len() + 5);
            proptest::prop_assert_eq!(html.matches("<div>").count(), message.lines.len());
            proptest::prop_assert_eq!(html.matches("://").count(), 1);
        }
    }
}
