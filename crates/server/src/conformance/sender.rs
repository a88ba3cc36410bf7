//! Calls as they stand, and answers as they come. The forgiving client would hide what is looked for here.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tousu_wire::Endpoint;

use super::record::kind;
use crate::clock::Clock;

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) json: Option<Value>,
    /// When it came, in epoch seconds by this machine's clock.
    pub(super) at: i64,
}

/// A server that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Not reached, or the answer broke off.
    #[error("没有答复：{0} ¦ no answer: {0}")]
    Transport(reqwest::Error),
    /// More than is read.
    #[error("答复超过 {0} 字节 ¦ the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// How calls go out.
pub struct Sender {
    http: reqwest::Client,
    base_url: String,
    token: String,
    between: Duration,
    clock: Clock,
    /// How many went out.
    pub(super) calls: u64,
}

/// Bytes of an answer that are read: a page of 1000 rows has a fifth of them.
const MOST_BYTES: usize = 8 << 20;
/// Seconds for a call.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries of a call that a server refuses for its own state, and what lies between them.
const TRIES: u32 = 4;
const BACK_OFF: Duration = Duration::from_secs(2);
/// Codes that tell nothing of the call: busy, at the limit, a burst.
const TRANSIENT: [i64; 3] = [1001, 2053, 2054];

impl Sender {
    /// Calls `base_url` with that token, with at least that much time between two calls.
    pub fn new(
        base_url: &str,
        token: String,
        between: Duration,
        clock: Clock,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Sender { http, base_url, token, between, clock, calls: 0 })
    }

    /// Calls an interface with these parameters.
    pub(super) async fn call<E: Endpoint>(&mut self, parameters: Value) -> Result<Reply, Unanswered> {
        let body = self.with_token(parameters).to_string();
        self.post(&E::path(), body, Some("application/json")).await
    }

    /// The parameters, and the token.
    pub(super) fn with_token(&self, mut parameters: Value) -> Value {
        parameters["access_token"] = json!(self.token);
        parameters
    }

    pub(super) async fn post(
        &mut self,
        path: &str,
        body: String,
        media_type: Option<&str>,
    ) -> Result<Reply, Unanswered> {
        self.send(Method::POST, path, &[], body, media_type).await
    }

    pub(super) async fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Reply, Unanswered> {
        self.send(Method::GET, path, query, String::new(), None).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: String,
        media_type: Option<&str>,
    ) -> Result<Reply, Unanswered> {
        let url = format!("{}{path}", self.base_url);
        let mut tried = 0;
        loop {
            tried += 1;
            if self.calls > 0 {
                tokio::time::sleep(self.between).await;
            }
            self.calls += 1;
            let mut request = self.http.request(method.clone(), &url).query(query).body(body.clone());
            if let Some(media_type) = media_type {
                request = request.header(CONTENT_TYPE, media_type);
            }
            let answered = match request.send().await {
                Ok(response) => self.read(response).await,
                Err(error) => Err(Unanswered::Transport(error.without_url())),
            };
            let again = match &answered {
                Ok(reply) => {
                    reply.status >= 500 || reply.code().is_some_and(|code| TRANSIENT.contains(&code))
                }
                Err(Unanswered::Transport(_)) => true,
                Err(Unanswered::TooLarge(_)) => false,
            };
            if !again || tried == TRIES {
                return answered;
            }
            tokio::time::sleep(BACK_OFF * tried).await;
        }
    }

    async fn read(&self, mut response: Response) -> Result<Reply, Unanswered> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) =
            response.chunk().await.map_err(|error| Unanswered::Transport(error.without_url()))?
        {
            if body.len() + piece.len() > MOST_BYTES {
                return Err(Unanswered::TooLarge(MOST_BYTES));
            }
            body.extend_from_slice(&piece);
        }
        let json = serde_json::from_slice(&body).ok();
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(Reply { status, headers, text, json, at: self.clock.epoch() })
    }
}

impl Reply {
    /// The code, as a number.
    pub(super) fn code(&self) -> Option<i64> {
        let code = self.json.as_ref()?.get("code")?;
        code.as_i64().or_else(|| code.as_str()?.parse().ok())
    }

    pub(super) fn data(&self) -> Option<&Value> {
        self.json.as_ref()?.get("data")
    }

    /// The rows of a page.
    pub(super) fn rows(&self) -> &[Value] {
        self.data().and_then(|data| data.get("list")?.as_array()).map_or(&[], Vec::as_slice)
    }

    /// The total of a page, however it is written.
    pub(super) fn total(&self) -> Option<i64> {
        let total = self.data()?.get("total")?;
        total.as_i64().or_else(|| total.as_str()?.parse().ok())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer as a report shows it: its code and words, or else how it begins, unless that may be of a complaint.
    pub(super) fn shown(&self) -> String {
        match (self.code(), &self.json) {
            (Some(code), Some(json)) => {
                format!("{code} {}", short(json.get("msg").and_then(Value::as_str).unwrap_or_default()))
            }
            (None, Some(json)) => format!("HTTP {} JSON {}", self.status, kind(Some(json))),
            (_, None) => format!("HTTP {} {}", self.status, short(&self.text)),
        }
    }
}

/// The beginning of a text, on one line, without what tells languages apart in reports.
fn short(text: &str) -> String {
    text.chars()
        .take(60)
        .map(|character| if character.is_control() || character == '¦' { ' ' } else { character })
        .collect()
}

/// The complaint's number in a row, however it is written.
pub(super) fn id_of(row: &Value) -> String {
    match row.get("complaint_id") {
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
