//! What goes wrong on an answer's way out.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Either, Full};

use super::super::interface::Answer;
use super::fault::Fault;

const HTML: HeaderValue = HeaderValue::from_static("text/html");
const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
const SOME_PAGE: &str = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>访问验证</title></head><body>请稍候…</body></html>\n";
const ENDLESS_BEGIN: &str = r#"{"code":0,"data":{"list":["#;
const ENDLESS_ROW: &str =
    r#"{"channel_type":1,"complaint_id":"c_661a9d66b6733_qTRys2mU","complaint_reason":"……"},"#;

/// The answer as it leaves.
pub(super) async fn lose(answer: Response<Answer>, fault: &Fault) -> Response<Answer> {
    match fault {
        Fault::Html502 => page(answer.headers(), StatusCode::BAD_GATEWAY, BAD_GATEWAY),
        Fault::Html200 => page(answer.headers(), StatusCode::OK, SOME_PAGE),
        Fault::EmptyBody => answer.map(|_| Either::Left(Full::default())),
        Fault::CutBody => cut(answer).await,
        Fault::EndlessBody => {
            let rows = Bytes::from(ENDLESS_ROW.repeat(100));
            let chunks =
                std::iter::once(Bytes::from_static(ENDLESS_BEGIN.as_bytes())).chain(std::iter::repeat(rows));
            answer
                .map(|_| Either::Right(Body::from_stream(stream::iter(chunks.map(Ok::<_, std::io::Error>)))))
        }
        _ => answer,
    }
}

/// A page that no program asked for; whoever is in front of the interfaces knows nothing of what they say.
fn page(of: &HeaderMap, status: StatusCode, text: &'static str) -> Response<Answer> {
    let mut page = Response::new(Either::Left(Full::from(text)));
    *page.status_mut() = status;
    page.headers_mut().insert(header::CONTENT_TYPE, HTML);
    let quirk = super::QUIRK;
    if let Some(named) = of.get(&quirk) {
        page.headers_mut().insert(quirk, named.clone());
    }
    page
}

/// Half of the body under the length of all of it, and then nothing.
async fn cut(answer: Response<Answer>) -> Response<Answer> {
    let (mut head, body) = answer.into_parts();
    // What cannot be read to its end is cut by itself.
    let whole = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    let gone = stream::once(async {
        // What was written before is on its way by then.
        tokio::task::yield_now().await;
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let parts = stream::iter([Ok::<_, std::io::Error>(half)]).chain(gone);
    Response::from_parts(head, Either::Right(Body::from_stream(parts)))
}
