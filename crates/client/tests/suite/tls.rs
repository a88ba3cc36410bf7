//! Certificates and proxies.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tousu_client::wire::complaint_list::{ComplaintList, Request};
use tousu_client::{Clock, SetClock};

use super::fixture::*;

fn answers(seen: &Seen) -> Reply {
    if seen.is_token() { Reply::token(0) } else { Reply::data("[]") }
}

/// A server that speaks TLS under a certificate that nobody but whoever has it trusts.
async fn with_tls() -> (Server, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (Server::on(listener, answers, Some(TlsAcceptor::from(Arc::new(config)))).await, cert.pem())
}

#[test]
fn a_certificate_of_ones_own_is_trusted_when_it_is_given_and_only_then() {
    run(async {
        let (server, pem) = with_tls().await;
        let request = Request::default();
        let trusting = server.builder().ca_certificate(pem).build().unwrap();
        assert_eq!(trusting.call::<ComplaintList>(&request).await.unwrap().total, 0);

        let clock = SetClock::at(NOW);
        let wary = server.builder().clock(clock.clone()).build().unwrap();
        let error = wary.call::<ComplaintList>(&request).await.unwrap_err();
        assert_eq!(clock.epoch_millis(), NOW * 1000, "nobody waited");
        assert!(!error.is_retryable(), "no patience makes a certificate right: {error}");
        assert!(error.hint().unwrap().to_string().contains("ca_certificate"), "{error}");
    });
}

#[test]
fn calls_go_through_the_proxy_that_was_named() {
    run(async {
        let proxy = Server::answering(answers).await;
        let client =
            proxy.builder().base_url("http://api.example").proxy(proxy.url.replace("//", "//user:word@"));
        let answer = client.build().unwrap().call::<ComplaintList>(&Request::default()).await.unwrap();
        assert_eq!(answer.total, 0);
        let seen = proxy.seen();
        assert!(seen[0].path.starts_with("http://api.example/token?"), "{}", seen[0].path);
        assert!(seen[1].path.starts_with("http://api.example/xe."), "{}", seen[1].path);
        assert!(seen[1].head.contains("proxy-authorization: basic"));
    });
}
