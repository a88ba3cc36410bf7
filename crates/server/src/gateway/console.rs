//! The console: what its build left, compiled in, or a page that says how to build it.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};
use tousu_wire::Lang;

use crate::secrets::hex;

/// A file of the console.
struct File {
    /// From the root, for example `assets/index-Bq3x.js`.
    path: &'static str,
    bytes: &'static [u8],
    /// Compressed with brotli, if it was.
    br: Option<&'static [u8]>,
    /// Compressed with gzip, if it was.
    gz: Option<&'static [u8]>,
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The page that every place in the console begins with.
const PAGE: &str = "index.html";
/// Whatever lies there has a hash of its content in its name.
const HASHED: &str = "assets/";

/// Nothing from elsewhere but pictures, and no script that is not a file of ours. Styles are made by the console's
/// components as they are shown.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: https:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The files by path, and each one's tag.
static BY_PATH: LazyLock<HashMap<&'static str, (&'static File, HeaderValue)>> = LazyLock::new(|| {
    let tagged = |file: &'static File| {
        let tag = format!("\"{}\"", &hex(&Sha256::digest(file.bytes))[..32]);
        let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
        (file.path, (file, tag))
    };
    FILES.iter().map(tagged).collect()
});

/// A place in the console, whichever: the page finds out by itself.
pub(super) fn page(headers: &HeaderMap, lang: Lang) -> Response<Body> {
    match BY_PATH.get(PAGE) {
        Some((file, tag)) => served(file, tag, headers),
        None => unbuilt(lang),
    }
}

/// A file of the console, if there is one of that path (from the root, without a slash at its beginning).
pub(super) fn file(path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let (file, tag) = BY_PATH.get(path).filter(|_| path != PAGE)?;
    Some(served(file, tag, headers))
}

/// That there is no such file.
pub(super) fn missing() -> Response<Body> {
    let mut response = answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found\n".as_bytes());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn served(file: &File, tag: &HeaderValue, asked: &HeaderMap) -> Response<Body> {
    let has = |name: &HeaderName, token: &str| {
        let values = asked.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| {
            let mut part = part.trim().split(';');
            let is_it = part.next().is_some_and(|name| name.trim() == token);
            is_it && !part.any(|weight| matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    let accepts = |encoding| has(&header::ACCEPT_ENCODING, encoding);
    let known = tag.to_str().is_ok_and(|tag| {
        has(&header::IF_NONE_MATCH, tag) || has(&header::IF_NONE_MATCH, &format!("W/{tag}"))
    });
    let (encoding, bytes) = match (file.br, file.gz) {
        (Some(br), _) if accepts("br") => (Some("br"), br),
        (_, Some(gz)) if accepts("gzip") => (Some("gzip"), gz),
        _ => (None, file.bytes),
    };
    let mut response = match known {
        true => answer(StatusCode::NOT_MODIFIED, kind(file.path), b""),
        false => answer(StatusCode::OK, kind(file.path), bytes),
    };
    let caching = match file.path.starts_with(HASHED) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Weak, since one tag stands for every encoding.
    if let Ok(tag) = HeaderValue::try_from(format!("W/{}", tag.to_str().unwrap_or_default())) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding.filter(|_| !known) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn answer(status: StatusCode, kind: &'static str, bytes: &'static [u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// What is there without a console.
fn unbuilt(lang: Lang) -> Response<Body> {
    let page = match lang {
        Lang::Zh => concat!("<!doctype html>\n<html lang=\"zh-CN\">\n", include_str!("console/unbuilt.html")),
        Lang::En => concat!("<!doctype html>\n<html lang=\"en\">\n", include_str!("console/unbuilt.html")),
    };
    let mut response = answer(StatusCode::OK, "text/html; charset=utf-8", page.as_bytes());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: File =
        File { path: "assets/a-1.js", bytes: b"plain", br: Some(b"brotli"), gz: Some(b"gzip") };
    const ICON: File = File { path: "favicon.svg", bytes: b"<svg/>", br: None, gz: None };

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_smallest_form_that_is_understood_is_served() {
        let tag = HeaderValue::from_static("\"t\"");
        let encoding = |accepted: &str| {
            let response = served(&SCRIPT, &tag, &asked(&[(header::ACCEPT_ENCODING, accepted)]));
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
            let encoding = response.headers().get(header::CONTENT_ENCODING);
            encoding.map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(encoding("gzip, deflate, br").as_deref(), Some("br"));
        assert_eq!(encoding("gzip, br;q=0").as_deref(), Some("gzip"));
        assert_eq!(encoding("deflate"), None);
        assert!(
            !served(&ICON, &tag, &asked(&[(header::ACCEPT_ENCODING, "br")]))
                .headers()
                .contains_key(header::CONTENT_ENCODING)
        );
    }

    #[test]
    fn what_has_a_hash_in_its_name_is_kept_for_ever_and_the_rest_asked_for_again() {
        let tag = HeaderValue::from_static("\"t\"");
        let hashed = served(&SCRIPT, &tag, &HeaderMap::new());
        assert_eq!(hashed.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let plain = served(&ICON, &tag, &HeaderMap::new());
        assert_eq!(
            (plain.status(), &plain.headers()[header::CACHE_CONTROL]),
            (StatusCode::OK, &"no-cache".parse().unwrap())
        );
        assert_eq!(plain.headers()[header::ETAG], "W/\"t\"");
        let again = served(&ICON, &tag, &asked(&[(header::IF_NONE_MATCH, "W/\"t\"")]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = served(&ICON, &tag, &asked(&[(header::IF_NONE_MATCH, "W/\"u\"")]));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn every_page_comes_under_the_policy() {
        for response in [
            served(&SCRIPT, &HeaderValue::from_static("\"t\""), &HeaderMap::new()),
            unbuilt(Lang::Zh),
            missing(),
        ] {
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
                "{policy}"
            );
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }
}
