//! Secrets and tokens are in no error, no `Debug` output and no span, whatever happens.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tousu_client::wire::complaint_list::{ComplaintList, Filter, Request};
use tousu_client::{Client, Credentials, Error};
use tracing_subscriber::fmt::format::FmtSpan;

use super::fixture::*;

/// All that is logged, down to the last detail.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A page that repeats what was asked, as some gateways' do.
fn echo(seen: &Seen) -> Reply {
    Reply::of("403 Forbidden", "text/html", format!("<html>{} {}</html>", seen.path, seen.body))
}

#[test]
fn they_are_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // On this thread alone: other tests log as they like.
    let _logged = tracing::subscriber::set_default(subscriber);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let shown = runtime.block_on(all_that_is_shown());

    let log = log.text();
    for sign in ["tousu.call", "tousu.token", APP, "2008", "answered", "tried again"] {
        assert!(log.contains(sign), "this is not the whole log: {sign} is missing in\n{log}");
    }
    for secret in [SECRET, "token-0", "token-1"] {
        for text in shown.iter().map(String::as_str).chain(log.lines()) {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

async fn all_that_is_shown() -> Vec<String> {
    let mut shown = Vec::new();
    let mut show = |error: Error| shown.extend([error.to_string(), format!("{error:?} {:?}", error.hint())]);
    let call = async |client: &Client| {
        client.call::<ComplaintList>(&Request::default()).await.map(|page| page.total)
    };

    show(call(&Server::answering(echo).await.client()).await.unwrap_err());
    show(call(&Server::start(|seen, _| echo(seen)).await.client()).await.unwrap_err());
    let telling = Server::start(|seen, _| {
        Reply::json(
            json!({ "code": 2017, "data": null, "msg": format!("{} 不行", seen.token()) }).to_string(),
        )
    });
    show(call(&telling.await.client()).await.unwrap_err());
    show(call(&Server::always(Reply::refusal(2008)).await.client()).await.unwrap_err());
    show(call(&Server::always(Reply::refusal(1001)).await.client()).await.unwrap_err());
    show(call(&Server::always(Reply::Cut(Vec::new())).await.hasty()).await.unwrap_err());
    show(call(&Server::answering(|_| Reply::Cut(Vec::new())).await.hasty()).await.unwrap_err());
    let told = Server::answering(|seen| {
        Reply::json(json!({ "code": 2004, "data": null, "msg": seen.path.clone() }).to_string())
    })
    .await;
    show(call(&told.client()).await.unwrap_err());
    let asked =
        told.builder().credentials(Credentials::new(APP, CLIENT, "")).secret_from(|| Ok(SECRET.into()));
    show(call(&asked.build().unwrap()).await.unwrap_err());

    let server = Server::always(Reply::data("[]")).await;
    let folder = tempfile::tempdir().unwrap();
    let builder = server
        .builder()
        .token_cache(folder.path().join("tokens.json"))
        .proxy(format!("http://u:{SECRET}@127.0.0.1:1"));
    shown.push(format!("{builder:?} {:?}", Credentials::new(APP, CLIENT, SECRET)));
    let proxied = builder.retry(tousu_client::Retry::NEVER).build().unwrap();
    let error = call(&proxied).await.unwrap_err();
    shown.extend([error.to_string(), format!("{error:?} {proxied:?}")]);
    for odd in [format!("http://u:{SECRET}@127.0.0.1"), format!("nonsense {SECRET}")] {
        let error = server.builder().base_url(&odd).build().unwrap_err();
        let client = Client::new(odd, Credentials::new(APP, CLIENT, SECRET));
        shown.extend([
            error.to_string(),
            format!("{error:?} {client:?} {}", call(&client).await.unwrap_err()),
        ]);
    }
    let client = server.client();
    call(&client).await.unwrap();
    let token = client.access_token().await.unwrap();
    shown.push(format!(
        "{client:?} {token:?} {:?} {:?}",
        client.fetch_token().await.unwrap(),
        client.complaints(Filter::default())
    ));
    shown
}

#[test]
fn an_address_that_cannot_be_one_is_told() {
    run(async {
        for odd in [
            "",
            "127.0.0.1:8080",
            "ftp://host",
            "http://",
            "http://u:p@host",
            "http://u@host",
            "http://host?x=1",
            "http://host#x",
            "mailto:a@b",
        ] {
            let build =
                Client::builder().base_url(odd).credentials(Credentials::new(APP, CLIENT, SECRET)).build();
            assert!(matches!(build, Err(Error::Setup(_))), "{odd}");
            let called = Client::new(odd, Credentials::new(APP, CLIENT, SECRET)).fetch_token().await;
            assert!(matches!(called, Err(Error::Setup(_))), "{odd}");
        }
        for right in ["http://host", "https://host:8443/a/b/", " https://host "] {
            Client::builder().base_url(right).build().unwrap();
        }
        for wrong in ["no pem at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(
                matches!(Client::builder().ca_certificate(wrong).build(), Err(Error::Setup(_))),
                "{wrong}"
            );
        }
        assert!(matches!(Client::builder().proxy("http://").build(), Err(Error::Setup(_))));
        assert!(matches!(Client::builder().user_agent("a\nb").build(), Err(Error::Setup(_))));
    });
}
