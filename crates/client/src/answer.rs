//! An answer as it came, and what is in its envelope.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tousu_wire::Envelope;

use crate::{Error, Limits};

/// An answer as it came, whatever it is.
///
/// ```
/// # async fn example(client: tousu_client::Client) -> Result<(), tousu_client::Error> {
/// let answer = client.call_raw("xe.complaint.info.get", "1.0.0", &serde_json::json!({ "complaint_id": "c_1" })).await?;
/// println!("HTTP {} in {:?}: {}", answer.status, answer.elapsed, answer.text());
/// if answer.code() == Some(0) {
///     println!("{}", answer.json().unwrap_or_default()["data"]["complaint_reason"]);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, to the byte.
    pub body: Vec<u8>,
    /// The media type.
    pub media_type: Option<String>,
    /// What was told of the rate limit.
    pub limits: Option<Limits>,
    /// By which the server's log knows the call.
    pub request_id: Option<String>,
    /// The server's time, in seconds since 1970-01-01T00:00:00Z.
    pub server_time: Option<i64>,
    /// How long the last try took, without waits before it.
    pub elapsed: Duration,
    /// How often it was tried.
    pub attempts: u32,
}

impl Answer {
    /// The body as JSON, if it is that.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.unmarked()).ok()
    }

    /// The return code, if the body is an answer of the API.
    pub fn code(&self) -> Option<i64> {
        self.envelope().map(|envelope| envelope.code)
    }

    /// What the answer says to people, if the body is an answer of the API.
    pub fn msg(&self) -> Option<String> {
        self.envelope().map(|envelope| envelope.msg)
    }

    /// The body as text; what is none is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body without a byte order mark, which some put before their JSON.
    fn unmarked(&self) -> &[u8] {
        self.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.body)
    }

    fn envelope(&self) -> Option<Envelope<Option<Box<RawValue>>>> {
        serde_json::from_slice(self.unmarked()).ok()
    }

    /// What is in the envelope. The code decides, whatever the status; but success with the status of a failure is what
    /// something in front of the API makes up.
    pub(crate) fn opened(&self) -> Result<Envelope<Option<Box<RawValue>>>, Error> {
        match self.envelope() {
            Some(envelope) if envelope.code != 0 || (200..300).contains(&self.status) => Ok(envelope),
            _ => Err(Error::NotAnEnvelope {
                status: self.status,
                media_type: self.media_type.clone(),
                start: start(&self.text()),
                retry_after: self.limits.and_then(|limits| limits.retry_after),
            }),
        }
    }
}

/// The first characters, on one line.
fn start(text: &str) -> String {
    let mut words = text.split_whitespace().fold(String::new(), |mut line, word| {
        if line.len() < 400 {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
        line
    });
    if let Some((at, _)) = words.char_indices().nth(120) {
        words.truncate(at);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let (limits, request_id, server_time, media_type) = (None, None, None, None);
        let (elapsed, attempts) = (Duration::ZERO, 1);
        let body = body.as_bytes().to_vec();
        Answer { status, body, media_type, limits, request_id, server_time, elapsed, attempts }
    }

    #[test]
    fn the_code_decides_but_for_success_with_a_failures_status() {
        assert_eq!(answer(503, r#"{"code":"1001","data":null,"msg":null}"#).opened().unwrap().code, 1001);
        assert_eq!(answer(200, "\u{feff}{\"code\":0}").opened().unwrap().code, 0);
        for (status, body) in
            [(502, r#"{"code":0,"data":null,"msg":""}"#), (200, ""), (200, r#"{"code":null}"#)]
        {
            assert!(matches!(answer(status, body).opened(), Err(Error::NotAnEnvelope { .. })), "{body}");
        }
    }

    #[test]
    fn a_page_is_shown_by_its_first_words() {
        assert_eq!(start(" <html>\n\n <body>"), "<html> <body>");
        let long = start(&"投诉 ".repeat(1000));
        assert_eq!(long.chars().count(), 121);
        assert_eq!(start(&"x".repeat(100_000)).chars().count(), 121);
    }
}
