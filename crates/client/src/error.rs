//! Why a call gave no answer, whether it may be tried again, and what to do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tousu_wire::complaint_list::UnreadableRow;
use tousu_wire::{BURST, Lang, PermissionSet, ReturnCode, Text, meaning};

use crate::hint;

/// Why a call gave no answer. Shown in both languages, `中文 ¦ English`; [`tousu_wire::Text`] takes them apart. No
/// secret, no token and no address with either is in it.
///
/// ```
/// use tousu_client::Error;
/// use tousu_client::wire::{Lang, Text};
///
/// fn explain(error: &Error) -> String {
///     let mut said = Text::from(error.to_string()).pick(Lang::En).to_owned();
///     if let Some(hint) = error.hint() {
///         said = format!("{said} ({})", hint.pick(Lang::En));
///     }
///     said
/// }
/// let error = Error::NotAnEnvelope { status: 404, media_type: None, start: String::new(), retry_after: None };
/// assert!(explain(&error).contains("base_url"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the client was given is not what it needs: the address, a proxy, a certificate, the secret.
    #[error("{0}")]
    Setup(Text),
    /// The server was not reached, or its answer did not arrive whole.
    #[error("{0}")]
    Transport(Transport),
    /// What arrived is no answer of the API: a page, nothing, or the first part of an answer. The status may well be 200.
    #[error("{}", not_an_envelope(.status, .media_type, .start))]
    NotAnEnvelope {
        /// The HTTP status.
        status: u16,
        /// The media type it came with.
        media_type: Option<String>,
        /// Its first characters, on one line.
        start: String,
        /// How long to wait, where it was said.
        retry_after: Option<Duration>,
    },
    /// The answer does not end, or is larger than [`crate::Builder::max_body`] allows.
    #[error("应答超过 {limit} 字节 ¦ the answer has more than {limit} bytes")]
    TooLarge {
        /// The bytes that were allowed.
        limit: usize,
    },
    /// The server says success, but what it says is not what the interface answers.
    #[error("{}", misunderstood(.problem))]
    Answer {
        /// What is wrong with it.
        problem: String,
    },
    /// The server says success and nothing else, where the interface owes something: of a complaint asked for by its
    /// number, mostly that there is none.
    #[error("应答没有内容 ¦ the answer is empty")]
    NoData,
    /// The server refused.
    #[error("{0}")]
    Refused(Arc<Refusal>),
    /// One row of the list that cannot be understood; the others are not affected.
    #[error("{0}")]
    Row(Arc<UnreadableRow>),
    /// The list goes on and on: see [`crate::Complaints::at_most`].
    #[error("列表已给出 {rows} 行仍未结束 ¦ the list does not end after {rows} rows")]
    Endless {
        /// How many rows came.
        rows: u64,
    },
}

/// What a server answered in the place of success.
///
/// ```
/// use tousu_client::{Error, wire::ReturnCode};
///
/// fn limit_is_reached(error: &Error) -> bool {
///     matches!(error, Error::Refused(refusal) if refusal.code == ReturnCode::LimitReached.number())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The return code; decides.
    pub code: i64,
    /// For people; says nothing that a program may rely on.
    pub msg: String,
    /// The interface that was called.
    pub interface: String,
    /// The permission set that the interface asks for, where it is known.
    pub needs: Option<PermissionSet>,
    /// How long to wait, where the server said so.
    pub retry_after: Option<Duration>,
    /// By which the server's log knows the call.
    pub request_id: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { code, msg, interface, .. } = self;
        let meaning = Text::from(meaning(*code).unwrap_or_default());
        // What the server says is one sentence in one language; if it says nothing, the code's meaning stands in.
        let said = |own: &str| match msg.as_str() {
            "" => own.to_owned(),
            said => said.replace('¦', "|"),
        };
        let (zh, en) = (said(meaning.pick(Lang::Zh)), said(meaning.pick(Lang::En)));
        write!(f, "{interface} 返回 {code}：{zh} ¦ {interface} refused with code {code}: {en}")
    }
}

/// What became of the connection.
#[derive(Clone, Debug)]
pub struct Transport {
    pub(crate) kind: Kind,
    /// The chain of causes, without the address: that of `/token` has the secret in its query.
    said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    NotConnected,
    Untrusted,
    TimedOut,
    BrokeOff,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (zh, en) = match self.kind {
            Kind::NotConnected => ("无法连接", "no connection"),
            Kind::Untrusted => ("证书不受信任", "the certificate is not trusted"),
            Kind::TimedOut => ("超时", "timed out"),
            Kind::BrokeOff => ("连接中断", "the connection broke off"),
        };
        write!(f, "{zh}：{said} ¦ {en}: {said}", said = self.said)
    }
}

/// Whether that is TLS saying that the certificate is not one to trust. It comes wrapped as an error of the connection.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(io) = error.downcast_ref::<std::io::Error>() {
        return io.get_ref().is_some_and(|inner| is_certificate(inner));
    }
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// What a failure means for the next try; see [`crate::retry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Limit,
    NotSent,
    PerhapsDone,
    Final,
}

impl Error {
    /// The code of a refusal, as it came.
    pub fn code(&self) -> Option<i64> {
        match self {
            Error::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// The code of a refusal, if it is one of those that are known.
    pub fn return_code(&self) -> Option<ReturnCode> {
        ReturnCode::from_number(self.code()?)
    }

    /// Whether the server refused with that code.
    pub fn is_refused(&self, code: ReturnCode) -> bool {
        self.code() == Some(code.number())
    }

    /// Whether the answer did not come in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Transport(transport) if transport.kind == Kind::TimedOut)
    }

    /// Whether the same call may well succeed later: 1001, 2053, 2054, HTTP 408, 429 and 5xx, what is no answer at all with
    /// status 200 or less than the whole of one, answers without end, and broken connections. The client has already
    /// tried again as [`crate::Retry`] says, except calls that must not be done twice.
    pub fn is_retryable(&self) -> bool {
        self.failure() != Failure::Final
    }

    /// What to do about it, in words (`中文 ¦ English`), where that can be said.
    ///
    /// ```
    /// # async fn example(client: tousu_client::Client) {
    /// # use tousu_client::wire::complaint_list::{ComplaintList, Request};
    /// if let Err(error) = client.call::<ComplaintList>(&Request::default()).await {
    ///     // … refused with code 2017 …: this app lacks 投诉管理-查询: apply for it in the console
    ///     eprintln!("{error}");
    ///     error.hint().inspect(|hint| eprintln!("{hint}"));
    /// }
    /// # }
    /// ```
    pub fn hint(&self) -> Option<Text> {
        hint::of(self)
    }

    /// What became of a connection.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut said = Vec::new();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut untrusted = false;
        while let Some(at) = cause {
            untrusted |= is_certificate(at);
            let text = at.to_string();
            // Some repeat what is below them.
            if said.last() != Some(&text) {
                said.push(text);
            }
            cause = at.source();
        }
        let kind = match () {
            () if untrusted => Kind::Untrusted,
            () if error.is_connect() => Kind::NotConnected,
            () if error.is_timeout() => Kind::TimedOut,
            () => Kind::BrokeOff,
        };
        Error::Transport(Transport { kind, said: said.join(": ").replace('¦', "|") })
    }

    /// Nothing came for that long.
    pub(crate) fn timed_out(after: Duration) -> Self {
        Error::Transport(Transport { kind: Kind::TimedOut, said: format!("{after:?}") })
    }

    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused(refusal) => refusal.retry_after,
            Error::NotAnEnvelope { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn failure(&self) -> Failure {
        match self {
            Error::Refused(refusal) => match refusal.code {
                BURST => Failure::Limit,
                code if code == ReturnCode::LimitReached.number() => Failure::Limit,
                code if code == ReturnCode::Busy.number() => Failure::PerhapsDone,
                _ => Failure::Final,
            },
            Error::Transport(transport) => match transport.kind {
                Kind::NotConnected => Failure::NotSent,
                Kind::Untrusted => Failure::Final,
                Kind::TimedOut | Kind::BrokeOff => Failure::PerhapsDone,
            },
            Error::NotAnEnvelope { status: 429, .. } => Failure::Limit,
            Error::NotAnEnvelope { status: 200..=299 | 408 | 500.., .. } => Failure::PerhapsDone,
            Error::TooLarge { .. } => Failure::PerhapsDone,
            _ => Failure::Final,
        }
    }

    /// Whether the server wants another token.
    pub(crate) fn is_about_token(&self) -> bool {
        self.is_refused(ReturnCode::AccessTokenMissing) || self.is_refused(ReturnCode::AccessTokenExpired)
    }
}

fn not_an_envelope(status: &u16, media_type: &Option<String>, start: &str) -> String {
    let media_type = media_type.as_deref().unwrap_or("-");
    let start = start.replace('¦', "|");
    match start.as_str() {
        "" => format!("HTTP {status}，应答为空 ¦ HTTP {status} with an empty body"),
        start => format!(
            "HTTP {status}（{media_type}）不是接口的应答：{start} ¦ \
             HTTP {status} ({media_type}) is no answer of the API: {start}"
        ),
    }
}

fn misunderstood(problem: &str) -> String {
    let problem = Text::from(problem);
    let (zh, en) = (problem.pick(Lang::Zh), problem.pick(Lang::En));
    format!("应答无法理解：{zh} ¦ the answer cannot be understood: {en}")
}
