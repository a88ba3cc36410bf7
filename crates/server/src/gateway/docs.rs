//! The documentation and the online debugging tool: static files, and the document that they are drawn from.

use std::sync::{Arc, LazyLock};

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::routes::openapi_of_sandbox;
use super::visit::Peer;
use super::{Gateway, no_such_interface};

macro_rules! files {
    ($($name:literal: $kind:literal),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("docs/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = files! {
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "samples.js": "text/javascript; charset=utf-8",
    "session.js": "text/javascript; charset=utf-8",
    "spec.js": "text/javascript; charset=utf-8",
    "token.js": "text/javascript; charset=utf-8",
    "tool.js": "text/javascript; charset=utf-8",
    "ui.js": "text/javascript; charset=utf-8",
};

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) async fn page() -> Response {
    served("text/html; charset=utf-8", include_str!("docs/index.html"))
}

pub(super) async fn file(
    Path(name): Path<String>,
    State(gateway): State<Arc<Gateway>>,
    peer: Extension<Peer>,
    request: Request,
) -> Response {
    match FILES.iter().find(|file| file.0 == name) {
        Some((_, kind, text)) => served(kind, text),
        None => no_such_interface(State(gateway), peer, request).await,
    }
}

fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

/// Made when it is first asked for: most nodes never are, and making it takes several times its memory.
static DOCUMENT: LazyLock<String> = LazyLock::new(super::openapi);
static DOCUMENT_OF_SANDBOX: LazyLock<String> = LazyLock::new(openapi_of_sandbox);

pub(super) async fn openapi(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let document = if gateway.sandbox.is_some() { &DOCUMENT_OF_SANDBOX } else { &DOCUMENT };
    ([(header::CONTENT_TYPE, "application/json")], document.as_str())
}
