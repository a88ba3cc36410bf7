//! What a client must survive from the official server, and what stands between: refusals, pages, bodies that are cut or do
//! not end, silence.

use std::time::Duration;

use serde_json::json;
use tousu_client::wire::complaint_list::{ComplaintList, Request, Response};
use tousu_client::wire::{Endpoint, Lang, ReturnCode};
use tousu_client::{Client, Error, Retry};

use super::fixture::*;

async fn list(client: &Client) -> Result<Response, Error> {
    client.call::<ComplaintList>(&Request::default()).await
}

/// What stands in front of the API now and then.
fn pages() -> Vec<(&'static str, Reply)> {
    let html = "<html>\n<head><title>502 Bad Gateway</title></head></html>";
    vec![
        ("HTML with 502", Reply::of("502 Bad Gateway", "text/html", html)),
        ("HTML with 200", Reply::of("200 OK", "text/html; charset=utf-8", html)),
        ("an empty body", Reply::of("200 OK", "application/json", "")),
        ("no JSON", Reply::json("null")),
        (
            "a cut body with its length",
            Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"code\":0,".to_vec()),
        ),
        (
            "a cut body without a length",
            Reply::Cut(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"code\":0,".to_vec()),
        ),
        ("a cut head", Reply::Cut(b"HTTP/1.1 200".to_vec())),
        ("a closed connection", Reply::Cut(Vec::new())),
        ("a body without end", Reply::Endless(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n ".to_vec())),
        ("a body that is too long", Reply::json(" ".repeat(2 << 20))),
        ("1001", Reply::refusal(1001)),
        ("2053", Reply::refusal(2053)),
        ("2054", Reply::refusal(2054)),
        ("429", Reply::of("429 Too Many Requests", "text/plain", "slow down")),
    ]
}

#[test]
fn html_with_200_and_502_empty_and_cut_bodies_and_bodies_without_end_are_tried_again() {
    run(async {
        for (name, page) in pages() {
            let server = Server::script(vec![page.clone(), page.clone(), Reply::data(json!([row()]))]).await;
            let client = server.builder().max_body(1 << 20).build().unwrap();
            let answer = list(&client).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((answer.list.len(), server.counts()), (1, (1, 3)), "{name}");

            // And it has an end.
            let server = Server::always(page).await;
            let client = server.builder().max_body(1 << 20).build().unwrap();
            let error = list(&client).await.unwrap_err();
            assert!(error.is_retryable(), "{name}: {error}");
            assert!(error.hint().is_some(), "{name}: {error}");
            assert_eq!(server.counts().1, 6, "{name}");
        }
    });
}

#[test]
fn a_body_without_end_takes_no_more_memory_than_was_allowed() {
    run(async {
        let endless = Reply::Endless(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{".to_vec());
        let server = Server::always(endless).await;
        let client = server.builder().max_body(100_000).retry(Retry::NEVER).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 100_000 }), "{error}");
        // What says how long it is, is not even begun.
        let long = Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n".to_vec());
        let client =
            Server::always(long).await.builder().max_body(100_000).retry(Retry::NEVER).build().unwrap();
        assert!(matches!(list(&client).await.unwrap_err(), Error::TooLarge { .. }));
    });
}

#[test]
fn silence_ends_in_a_time_out_that_is_tried_again() {
    run(async {
        let slow = Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"code\":0,".to_vec());
        for silent in [Reply::Silence, slow] {
            let server = Server::script(vec![silent, Reply::data(json!([row()]))]).await;
            let client = server.builder().timeout(Duration::from_secs(2)).build().unwrap();
            assert_eq!(list(&client).await.unwrap().total, 1);
            assert_eq!(server.counts().1, 2);
        }
        let server = Server::always(Reply::Silence).await;
        let client =
            server.builder().timeout(Duration::from_millis(100)).retry(Retry::NEVER).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert!(error.is_timeout() && error.is_retryable(), "{error}");
    });
}

#[test]
fn code_2007_and_2008_cost_one_refresh_and_one_replay() {
    run(async {
        for code in [2007, 2008] {
            let server = Server::start(move |seen, _| match seen.token().as_str() {
                "token-0" => Reply::refusal(code),
                _ => Reply::data(json!([row()])),
            })
            .await;
            let client = server.client();
            assert_eq!(list(&client).await.unwrap().total, 1);
            assert_eq!(server.counts(), (2, 2));
            list(&client).await.unwrap();
            assert_eq!(server.counts(), (2, 3), "the new token is kept");

            let server = Server::always(Reply::refusal(code)).await;
            let error = list(&server.client()).await.unwrap_err();
            assert_eq!(
                (error.code(), server.counts()),
                (Some(code), (2, 2)),
                "one refresh and one replay, not more"
            );
            assert!(error.hint().unwrap().pick(Lang::En).contains("token_cache"));
        }
    });
}

#[test]
fn all_else_is_a_typed_error_at_once_with_a_hint() {
    run(async {
        for code in [2001, 2002, 2003, 2004, 2017, 2020, 2051, 2052, 2055, 1002, 3002] {
            let server = Server::always(Reply::refusal(code)).await;
            let error = list(&server.client()).await.unwrap_err();
            assert_eq!((error.code(), server.counts().1), (Some(code), 1));
            assert!(!error.is_retryable(), "{error}");
            let hint = error.hint().unwrap_or_else(|| panic!("{code} has no hint"));
            assert_ne!(hint.pick(Lang::Zh), hint.pick(Lang::En));
            let Error::Refused(refusal) = error else { panic!("{error}") };
            assert_eq!(refusal.interface, ComplaintList::NAME);
        }
        let lacks = list(&Server::always(Reply::refusal(2017)).await.client()).await.unwrap_err();
        let hint = lacks.hint().unwrap();
        assert_eq!(hint.pick(Lang::En), "this app lacks 投诉管理-查询: apply for it in the console");

        for status in ["301 Moved", "400 Bad Request", "403 Forbidden", "404 Not Found", "407 Proxy"] {
            let server = Server::always(Reply::of(status, "text/html", "<html>")).await;
            let error = list(&server.client()).await.unwrap_err();
            assert!(!error.is_retryable() && error.hint().is_some(), "{status} {error}");
            assert_eq!(server.counts().1, 1, "{status}");
        }
        for shape in [r#"{"list":"gone","total":1}"#, "7", r#"{"list":[7],"total":1}"#] {
            let server = Server::always(Reply::data(shape)).await;
            let error = list(&server.client()).await.unwrap_err();
            assert!(matches!(error, Error::Answer { .. }), "{shape} {error}");
            assert_eq!(server.counts().1, 1, "{shape}");
        }
        // A wrong secret is told by whatever call comes first.
        let server = Server::answering(|_| Reply::refusal(2004)).await;
        let error = list(&server.client()).await.unwrap_err();
        assert!(error.is_refused(ReturnCode::SecretKeyWrong) && error.hint().is_some());
        assert_eq!(server.counts(), (1, 0));
    });
}
