//! Bodies that are too large, too slow, cut, or no parameters at all: each is answered, or its connection
//! closed, and the server goes on.

use serde_json::json;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, ReturnCode};

use super::raw::{Raw, head};
use crate::support::*;

const INVALID: i64 = ReturnCode::InvalidParameter as i64;

fn paths() -> [String; 2] {
    [ComplaintList::path(), "/token".into()]
}

/// A body of that length, which would be served if it were not too large.
fn padded(token: &str, length: usize) -> String {
    let body = json!({ "access_token": token }).to_string();
    format!("{body}{}", " ".repeat(length - body.len()))
}

#[test]
fn a_body_may_have_64_kib() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let limit = server.settings.server.max_body_bytes;
        assert_eq!(limit, 64 * 1024);
        let chunked = |body: &str| {
            let (first, rest) = body.split_at(10);
            format!("A\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len())
        };
        for (length, code) in [(limit, 0), (limit + 1, INVALID), (limit * 16, INVALID)] {
            let body = padded(&token, length);
            let mut announced = Raw::connect(&server);
            announced.send(head(&ComplaintList::path(), &format!("Content-Length: {length}\r\n")));
            announced.send(&body);
            assert_eq!(announced.received().code(), code, "{length} bytes, announced");
            let mut counted = Raw::connect(&server);
            counted.send(head(&ComplaintList::path(), "Transfer-Encoding: chunked\r\n"));
            counted.send(chunked(&body));
            assert_eq!(counted.received().code(), code, "{length} bytes in chunks");
        }
        // More than the server takes off the wire, and no end to it: closed.
        for path in paths() {
            let mut endless = Raw::connect(&server);
            endless.send(head(&path, "Transfer-Encoding: chunked\r\n"));
            for _ in 0..2048 {
                endless.send(format!("1000\r\n{}\r\n", "x".repeat(4096)));
            }
            endless.received();
        }
        server.list(&token, json!({})).await.data();
    });
}

#[test]
fn what_is_no_object_of_parameters_is_refused() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let deep = |open: &str, close: &str| {
            format!("{{\"access_token\":\"{token}\",\"x\":{}{}}}", open.repeat(10_000), close.repeat(10_000))
        };
        let bodies: [&[u8]; 14] = [
            b"[]",
            b"[1, 2]",
            br#"[{"access_token":"x"}]"#,
            br#""text""#,
            b"null",
            b"12",
            b"{",
            br#"{"access_token":"#,
            br#"{"access_token":"x"} {}"#,
            b"<xml/>",
            b"\xff\xfe{\x00}\x00",
            b"{\"access_token\":\"\xff\"}",
            deep("[", "]").leak().as_bytes(),
            deep("{\"x\":[", "]}").leak().as_bytes(),
        ];
        for path in paths() {
            for body in bodies {
                let answer = server.post_raw(&path, body.to_vec()).await;
                assert_eq!(
                    answer.code(),
                    INVALID,
                    "{path} {}",
                    String::from_utf8_lossy(&body[..body.len().min(60)])
                );
                assert!(answer.text.len() < 500, "an error is short: {}", answer.text);
            }
        }
        assert_eq!(
            server.post_raw(&ComplaintList::path(), "").await.code(),
            ReturnCode::AccessTokenMissing.number()
        );
        server.list(&token, json!({})).await.data();
    });
}

#[test]
fn a_body_that_is_cut_off_is_not_waited_for() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let whole = json!({ "access_token": token }).to_string();
        for path in paths() {
            // What came is a body that could be served: only the announced length tells that it is cut.
            let mut cut = Raw::begin_post(&server, &path, whole.len() + 10);
            cut.send(&whole);
            cut.end();
            let received = cut.received();
            assert!(received.is_nothing() || received.code() == INVALID, "{received:?}");
            let mut chunk_missing = Raw::connect(&server);
            chunk_missing.send(head(&path, "Transfer-Encoding: chunked\r\n"));
            chunk_missing.send(format!("{:x}\r\n{whole}\r\n", whole.len()));
            chunk_missing.end();
            let received = chunk_missing.received();
            assert!(received.is_nothing() || received.code() == INVALID, "{received:?}");
            drop(Raw::begin_post(&server, &path, 100));
        }
        server.list(&token, json!({})).await.data();
    });
}

/// The one setting that runs on the real clock: a slow sender is one whatever the tests' clock says.
#[test]
fn slow_senders_are_not_waited_for() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| settings.server.receive_seconds = 1).await;
        let token = server.any_token().await;
        let started = std::time::Instant::now();
        // All at the same time, so that they take one second together.
        std::thread::scope(|threads| {
            let mut slow = Vec::new();
            for path in paths() {
                let body = Raw::begin_post(&server, &path, 1000);
                slow.push(threads.spawn(move || assert_eq!(body.dribble(" ").code(), INVALID)));
                let silent = Raw::begin_post(&server, &path, 1000);
                slow.push(threads.spawn(move || assert_eq!(silent.received().code(), INVALID)));
            }
            let mut headers = Raw::connect(&server);
            headers.send("POST /token HTTP/1.1\r\nHost: test\r\n");
            slow.push(threads.spawn(move || assert!(headers.dribble("X-More: x\r\n").is_nothing())));
            let word = Raw::connect(&server);
            slow.push(threads.spawn(move || assert!(word.received().is_nothing())));
            for thread in slow {
                thread.join().unwrap();
            }
        });
        assert!(started.elapsed().as_secs() < 8, "far less than the ten seconds of the default");
        server.list(&token, json!({})).await.data();
    });
}
