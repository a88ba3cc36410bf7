//! Stands before a server, and changes what it answers.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What was asked, by path and parameters, and the answer that may be changed.
pub struct Exchange<'a> {
    pub path: &'a str,
    pub asked: &'a Value,
    pub answer: &'a mut Value,
}

type Change = Box<dyn FnMut(Exchange<'_>) + Send>;

/// A proxy, until it is dropped.
pub struct Proxy {
    pub url: String,
    change: Arc<Mutex<Change>>,
    served: JoinHandle<()>,
}

#[derive(Clone)]
struct Before {
    upstream: String,
    http: reqwest::Client,
    change: Arc<Mutex<Change>>,
}

impl Proxy {
    /// Stands before the server at `upstream`, and lets `change` at what it answers.
    pub async fn before(upstream: &str, change: impl FnMut(Exchange<'_>) + Send + 'static) -> Self {
        let change: Arc<Mutex<Change>> = Arc::new(Mutex::new(Box::new(change)));
        let state = Before {
            upstream: upstream.to_owned(),
            http: reqwest::Client::new(),
            change: Arc::clone(&change),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(passed_on).with_state(state);
        let served = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Proxy { url, change, served }
    }

    /// Changes answers otherwise from now on.
    pub fn turn(&self, change: impl FnMut(Exchange<'_>) + Send + 'static) {
        *self.change.lock() = Box::new(change);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn passed_on(State(before): State<Before>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str();
    let mut passed =
        before.http.request(parts.method, format!("{}{path}", before.upstream)).body(asked.clone());
    if let Some(media_type) = parts.headers.get("content-type") {
        passed = passed.header("content-type", media_type);
    }
    let answered = passed.send().await.unwrap();
    let (status, mut headers) = (answered.status(), answered.headers().clone());
    for name in ["content-length", "transfer-encoding"] {
        headers.remove(name);
    }
    let body = answered.bytes().await.unwrap();
    let asked = serde_json::from_slice(&asked).unwrap_or(Value::Null);
    let changed = match serde_json::from_slice::<Value>(&body) {
        Ok(mut answer) => {
            (before.change.lock())(Exchange { path: parts.uri.path(), asked: &asked, answer: &mut answer });
            Bytes::from(answer.to_string())
        }
        Err(_) => body,
    };
    (status, headers, changed).into_response()
}
