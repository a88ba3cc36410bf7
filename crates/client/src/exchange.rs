//! One call, from the token to the answer that counts.

use std::sync::Arc;
use std::time::Instant;

use reqwest::header::HeaderMap;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tousu_wire::{Endpoint, Envelope, PermissionSet, RateLimit, token};
use tracing::Instrument;

use crate::client::Inner;
use crate::error::{Failure, Refusal};
use crate::retry::{Patience, harmless_twice};
use crate::tokens::{AccessToken, Need};
use crate::{Answer, Error, Limits, Retry, limits};

/// What is to be known of an interface to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interface<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) limit: RateLimit,
    pub(crate) needs: Option<PermissionSet>,
    /// The media types of the answer, where it is a file.
    pub(crate) files: &'static [&'static str],
}

impl Interface<'_> {
    pub(crate) fn of<E: Endpoint>(files: &'static [&'static str]) -> Interface<'static> {
        let needs = Some(E::PERMISSION_SET);
        Interface { name: E::NAME, version: E::VERSION, limit: E::LIMIT, needs, files }
    }
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Arrived {
    Answer(Answer),
    /// A file, of which only the head was read.
    File(reqwest::Response),
}

/// What is in the envelope of a success; none around a file.
pub(crate) type Opened = Option<Envelope<Option<Box<RawValue>>>>;

/// How a call ended: what arrived last, if anything did, and what that means.
pub(crate) struct Ended {
    pub(crate) arrived: Option<Arrived>,
    pub(crate) verdict: Result<Opened, Error>,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Ended { arrived: None, verdict: Err(error) }
    }
}

impl Inner {
    /// Calls an interface until it succeeds, or shall not be tried again.
    pub(crate) async fn exchange(&self, interface: Interface<'_>, request: Value) -> Ended {
        let span = tracing::info_span!("tousu.call", interface = interface.name, app_id = self.app_id());
        self.exchanged(interface, request).instrument(span).await
    }

    async fn exchanged(&self, interface: Interface<'_>, request: Value) -> Ended {
        let Some(mut body) = parameters(request) else {
            let problem = "请求参数应为 JSON 对象 ¦ the parameters must be a JSON object";
            return Error::Setup(problem.into()).into();
        };
        let mut patience = Patience::new(self.retry, harmless_twice(interface.name, &body));
        let mut replayed = false;
        let mut token = match self.token(None).await {
            Ok(token) => token,
            Err(error) => return error.into(),
        };
        loop {
            body["access_token"] = json!(token.reveal());
            let place = self.pacer.place(interface.name, interface.limit).await;
            let attempt = patience.failures() + 1;
            let (arrived, told) = self.attempt(interface, &body, attempt).await;
            if let Some(told) = told {
                place.learn(&told);
                self.remember(interface.name, told);
            }
            let verdict = match &arrived {
                Ok(Arrived::File(_)) => Ok(None),
                Ok(Arrived::Answer(answer)) => opened(answer, interface).map(Some),
                Err(error) => Err(error.clone()),
            };
            let verdict = verdict.map_err(|error| without_secret(error, token.reveal()));
            let Err(error) = &verdict else { return Ended { arrived: arrived.ok(), verdict } };
            if error.is_about_token() && !replayed {
                replayed = true;
                drop(place);
                tracing::debug!(%error, "the token is replaced");
                token = match self.token(Some(&token)).await {
                    Ok(token) => token,
                    Err(error) => return error.into(),
                };
                continue;
            }
            let Some(wait) = patience.after(error, (self.random)()) else {
                return Ended { arrived: arrived.ok(), verdict };
            };
            if error.failure() == Failure::Limit {
                place.close_for(wait);
            }
            drop(place);
            tracing::warn!(%error, attempt, wait_ms = millis(wait), "the call is tried again");
            self.clock.sleep(wait).await;
        }
    }

    /// One try: what arrived, and what its head told of limits.
    async fn attempt(
        &self,
        interface: Interface<'_>,
        body: &Value,
        attempt: u32,
    ) -> (Result<Arrived, Error>, Option<Limits>) {
        let http = match &self.http {
            Ok(http) => http,
            Err(error) => return (Err(error.clone()), None),
        };
        let url = format!("{}/{}/{}", self.base_url, interface.name, interface.version);
        let request =
            http.post(url).header(reqwest::header::CONTENT_TYPE, "application/json").body(body.to_string());
        let started = Instant::now();
        let response = match self.head(request).await {
            Ok(response) => response,
            Err(error) => return (Err(error), None),
        };
        let head = Head::of(&response);
        let told = head.limits;
        let is_file =
            head.media_type.as_deref().is_some_and(|given| interface.files.contains(&essence(given)));
        let arrived = match is_file {
            true => Ok(Arrived::File(response)),
            false => self.whole(response, head, started, attempt).await.map(Arrived::Answer),
        };
        (arrived, told)
    }

    /// The head of the answer, within the time that one try has.
    async fn head(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Error> {
        match tokio::time::timeout(self.timeout, request.send()).await {
            Ok(response) => response.map_err(Error::transport),
            Err(_) => Err(Error::timed_out(self.timeout)),
        }
    }

    /// The rest of it, as far as it may be long and late.
    async fn whole(
        &self,
        mut response: reqwest::Response,
        head: Head,
        started: Instant,
        attempts: u32,
    ) -> Result<Answer, Error> {
        let limit = self.max_body;
        let read = async {
            let mut body = Vec::new();
            if response.content_length().is_some_and(|length| length > limit as u64) {
                return Err(Error::TooLarge { limit });
            }
            while let Some(piece) = response.chunk().await.map_err(Error::transport)? {
                if body.len() + piece.len() > limit {
                    return Err(Error::TooLarge { limit });
                }
                body.extend_from_slice(&piece);
            }
            Ok(body)
        };
        let left = self.timeout.saturating_sub(started.elapsed());
        let body =
            tokio::time::timeout(left, read).await.unwrap_or_else(|_| Err(Error::timed_out(self.timeout)))?;
        let Head { status, media_type, limits, request_id, server_time } = head;
        let elapsed = started.elapsed();
        let answer = Answer { status, body, media_type, limits, request_id, server_time, elapsed, attempts };
        tracing::debug!(
            status,
            code = answer.code(),
            bytes = answer.body.len(),
            elapsed_ms = millis(elapsed),
            request_id = answer.request_id.as_deref(),
            attempt = attempts,
            "answered"
        );
        Ok(answer)
    }

    /// The token to call with: a kept one, or a new one.
    pub(crate) async fn token(&self, stale: Option<&AccessToken>) -> Result<AccessToken, Error> {
        let fetch = |need| async move {
            let retry = match need {
                Need::Now => self.retry,
                Need::Soon => Retry::NEVER,
            };
            let asked_at = self.clock.epoch_millis() / 1000;
            let token::Response { access_token, expires_in } = self.fetch(retry).await?;
            Ok(AccessToken::new(access_token, expires_in, asked_at))
        };
        self.tokens.get(stale, fetch).await
    }

    /// Asks the server for a token, whatever is kept.
    pub(crate) async fn fetch(&self, retry: Retry) -> Result<token::Response, Error> {
        let span = tracing::info_span!("tousu.token", app_id = self.app_id());
        async {
            // Asking twice for a token gives the same one, or two that are good.
            let mut patience = Patience::new(retry, true);
            loop {
                let error = match self.fetched(patience.failures() + 1).await {
                    Ok(token) => return Ok(token),
                    Err(error) => error,
                };
                let Some(wait) = patience.after(&error, (self.random)()) else { return Err(error) };
                tracing::warn!(%error, wait_ms = millis(wait), "the token is asked for again");
                self.clock.sleep(wait).await;
            }
        }
        .instrument(span)
        .await
    }

    async fn fetched(&self, attempt: u32) -> Result<token::Response, Error> {
        let http = self.http.as_ref().map_err(Error::clone)?;
        let secret = self.secret.of(&self.credentials)?;
        let request = token::Request {
            app_id: Some(self.credentials.app_id.clone()),
            client_id: self.credentials.client_id.clone(),
            secret_key: Some(secret.clone()),
            grant_type: Some(token::GRANT_TYPE.to_owned()),
        };
        let started = Instant::now();
        let request = http.get(format!("{}{}", self.base_url, token::PATH)).query(&request);
        let response = self.head(request).await?;
        let head = Head::of(&response);
        let answer = self.whole(response, head, started, attempt).await?;
        let interface =
            Interface { name: token::PATH, version: "", limit: token::LIMIT, needs: None, files: &[] };
        let envelope = opened(&answer, interface).map_err(|error| without_secret(error, &secret))?;
        let read = |data: &RawValue| serde_json::from_str::<token::Response>(data.get());
        contents(envelope.data, read).and_then(|token| match token.access_token.is_empty() {
            true => Err(Error::NoData),
            false => Ok(token),
        })
    }
}

/// An error in which the secret, or the token, does not stand, although a page that shows what was asked for may have it.
fn without_secret(error: Error, secret: &str) -> Error {
    // What is shorter is no secret, but would be found everywhere.
    if secret.len() < 4 {
        return error;
    }
    match error {
        Error::NotAnEnvelope { status, media_type, start, retry_after } => {
            Error::NotAnEnvelope { status, media_type, start: start.replace(secret, "…"), retry_after }
        }
        Error::Refused(refusal) => {
            let msg = refusal.msg.replace(secret, "…");
            Error::Refused(Arc::new(Refusal { msg, ..(*refusal).clone() }))
        }
        other => other,
    }
}

/// The parameters as an object; none at all are an empty one.
fn parameters(request: Value) -> Option<Value> {
    match request {
        Value::Object(_) => Some(request),
        Value::Null => Some(json!({})),
        _ => None,
    }
}

/// What the head of an answer says.
struct Head {
    status: u16,
    media_type: Option<String>,
    limits: Option<Limits>,
    request_id: Option<String>,
    server_time: Option<i64>,
}

impl Head {
    fn of(response: &reqwest::Response) -> Self {
        let headers: &HeaderMap = response.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let server_time = text("date").and_then(|date| limits::epoch(&date));
        Head {
            status: response.status().as_u16(),
            media_type: text("content-type"),
            limits: Limits::of(headers, server_time),
            request_id: text("x-request-id"),
            server_time,
        }
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// The envelope of a success.
fn opened(answer: &Answer, interface: Interface<'_>) -> Result<Envelope<Option<Box<RawValue>>>, Error> {
    let envelope = answer.opened()?;
    match envelope.code {
        0 => Ok(envelope),
        code => Err(Error::Refused(Arc::new(Refusal {
            code,
            msg: envelope.msg,
            interface: interface.name.to_owned(),
            needs: interface.needs,
            retry_after: answer.limits.and_then(|limits| limits.retry_after),
            request_id: answer.request_id.clone(),
        }))),
    }
}

/// What `data` holds, read by `read`.
pub(crate) fn contents<T>(
    data: Option<Box<RawValue>>,
    read: impl FnOnce(&RawValue) -> Result<T, serde_json::Error>,
) -> Result<T, Error> {
    let data = data.as_deref().unwrap_or(RawValue::NULL);
    let nothing = ["null", "[]", "{}", "\"\""].contains(&data.get());
    read(data).map_err(|error| match nothing {
        true => Error::NoData,
        false => Error::Answer { problem: error.to_string() },
    })
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
