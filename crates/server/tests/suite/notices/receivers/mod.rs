//! What notices are sent to: receivers that take them, fail, hang, refuse as the platforms do, or are killed.

mod bots;
mod mail;
mod webhooks;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

pub use self::bots::{Bots, Posted};
pub use self::mail::Mailbox;
pub use self::webhooks::{Mood, Webhooks};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Query included.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What becomes of it.
pub enum Reaction {
    Answer(Response<Full<Bytes>>),
    /// No answer, and the connection stays.
    Hang,
    /// No answer, and the connection ends.
    Vanish,
}

type React = Arc<dyn Fn(Arrived) -> Reaction + Send + Sync>;

/// A server that is gone, connections and all, when this is dropped.
pub struct Listening {
    pub address: SocketAddr,
    task: AbortHandle,
}

impl Listening {
    /// At that address, or at a free one.
    pub async fn at(address: Option<SocketAddr>, react: React) -> Self {
        let address = address.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let react = react.clone();
                let serve = service_fn(move |request| answered(react.clone(), request));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
                while connections.try_join_next().is_some() {}
            }
        });
        Listening { address, task: task.abort_handle() }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answered(react: React, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Vanished> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Vanished)?.to_bytes();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    match react(Arrived { path, headers: parts.headers, body }) {
        Reaction::Answer(response) => Ok(response),
        Reaction::Hang => Ok(std::future::pending::<Result<_, Infallible>>().await.unwrap()),
        Reaction::Vanish => Err(Vanished),
    }
}

/// An answer with that status and body.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::new(body.into())).unwrap()
}

#[derive(Debug, thiserror::Error)]
#[error("the receiver ends the connection")]
struct Vanished;
