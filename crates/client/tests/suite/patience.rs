//! How long a client waits, and for what it does not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tousu_client::wire::complaint_act::{Act, Reply as ReplyTo};
use tousu_client::wire::complaint_list::{ComplaintList, Request};
use tousu_client::wire::{BURST, ReturnCode};
use tousu_client::{Clock, Error, Pace, Retry, SetClock, Sleep};

use super::fixture::*;

/// A set clock that remembers how long it was waited for.
#[derive(Clone)]
struct Waits {
    clock: SetClock,
    spans: Arc<Mutex<Vec<Duration>>>,
}

impl Waits {
    fn new() -> Self {
        Waits { clock: SetClock::at(NOW), spans: Arc::default() }
    }

    fn taken(&self) -> Vec<Duration> {
        std::mem::take(&mut self.spans.lock().unwrap())
    }
}

impl Clock for Waits {
    fn epoch_millis(&self) -> i64 {
        self.clock.epoch_millis()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep<'_> {
        self.spans.lock().unwrap().push(span);
        self.clock.sleep(span)
    }
}

fn millis(spans: &[Duration]) -> Vec<u128> {
    spans.iter().map(Duration::as_millis).collect()
}

#[test]
fn waits_double_within_bounds_and_by_chance() {
    run(async {
        for (chance, expected) in [(0.0, [250, 500, 1000, 2000, 4000]), (0.5, [375, 750, 1500, 3000, 6000])] {
            let server = Server::always(Reply::refusal(1001)).await;
            let waits = Waits::new();
            let client = server.builder().clock(waits.clone()).random(move || chance).build().unwrap();
            client.call::<ComplaintList>(&Request::default()).await.unwrap_err();
            assert_eq!(millis(&waits.taken()), expected);
        }
    });
}

#[test]
fn a_limit_that_is_reached_is_waited_for_and_what_the_server_asks_for() {
    run(async {
        let waits = Waits::new();
        for (reply, least) in [
            (Reply::refusal(2053), 500),
            (Reply::refusal(BURST), 500),
            (Reply::with("200 OK", "retry-after: 7", r#"{"code":2053,"data":null,"msg":""}"#), 7000),
            (Reply::with("429 Too Many Requests", "retry-after: 7", "slow down"), 7000),
            (Reply::with("503 Service Unavailable", "retry-after: 7", "later"), 7000),
        ] {
            let server = Server::script(vec![reply, Reply::data("[]")]).await;
            let client = server.builder().clock(waits.clone()).pace(Pace::UNLIMITED).build().unwrap();
            client.call::<ComplaintList>(&Request::default()).await.unwrap();
            let [wait] = waits.taken()[..] else { panic!("one wait") };
            assert!(wait.as_millis() >= least && wait.as_millis() < 2 * least + 500, "{wait:?}");
        }
        // Ten minutes are more than a call may take: the caller decides.
        let long = Reply::with("200 OK", "retry-after: 600", r#"{"code":2053,"data":null,"msg":""}"#);
        let server = Server::always(long).await;
        let error = server.client().call::<ComplaintList>(&Request::default()).await.unwrap_err();
        let Error::Refused(refusal) = &error else { panic!("{error}") };
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(600)));
        assert_eq!(server.counts().1, 1);
    });
}

#[test]
fn what_may_have_been_done_is_not_done_twice() {
    run(async {
        let reply = |key: Option<&str>| Act {
            complaint_id: Some("c_1".into()),
            content: Some("您好".into()),
            idempotency_key: key.map(str::to_owned),
            ..Act::default()
        };
        let broken = || {
            [
                Reply::refusal(1001),
                Reply::of("502 Bad Gateway", "text/html", "<html>"),
                Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            ]
        };
        for trouble in broken() {
            for (key, calls) in [(None, 1), (Some(""), 1), (Some("reply-1"), 6)] {
                let server = Server::always(trouble.clone()).await;
                server.client().call::<ReplyTo>(&reply(key)).await.unwrap_err();
                assert_eq!(server.counts().1, calls, "{trouble:?} {key:?}");
            }
        }
        // What was not done for sure is.
        for refused in [2053, BURST] {
            let server = Server::always(Reply::refusal(refused)).await;
            server.client().call::<ReplyTo>(&reply(None)).await.unwrap_err();
            assert_eq!(server.counts().1, 6);
        }
        let server = Server::start(|seen, _| match seen.token().as_str() {
            "token-0" => Reply::refusal(2008),
            _ => Reply::refusal(3002),
        })
        .await;
        let error = server.client().call::<ReplyTo>(&reply(None)).await.unwrap_err();
        assert!(error.is_refused(ReturnCode::NoSuchComplaint));
        assert_eq!(server.counts(), (2, 2));
    });
}

#[test]
fn a_server_that_is_not_there_is_tried_again() {
    run(async {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let waits = Waits::new();
        let nobody = Server::always(Reply::Silence).await;
        let client =
            nobody.builder().base_url(format!("http://{address}")).clock(waits.clone()).build().unwrap();
        let error = client.call::<ComplaintList>(&Request::default()).await.unwrap_err();
        assert!(error.is_retryable() && !error.is_timeout() && error.hint().is_some(), "{error}");
        assert_eq!(waits.taken().len(), 5);
    });
}

#[test]
fn the_pace_holds_for_tries_and_for_all_callers_and_headers_are_heard() {
    run(async {
        let counted: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let clock = SetClock::at(NOW);
        let (at, now) = (counted.clone(), clock.clone());
        let server = Server::start(move |_, number| {
            let mut counted = at.lock().unwrap();
            counted.push(now.elapsed());
            match number % 7 {
                3 => Reply::refusal(1001),
                5 => Reply::with(
                    "200 OK",
                    "ratelimit-limit: 20\r\nratelimit-remaining: 0\r\nratelimit-reset: 3",
                    r#"{"code":0,"data":[],"msg":""}"#,
                ),
                _ => Reply::data("[]"),
            }
        })
        .await;
        let client = server.builder().clock(clock.clone()).pace(Pace::share(0.02)).build().unwrap();
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move {
                    for _ in 0..5 {
                        client.call::<ComplaintList>(&Request::default()).await.unwrap();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        // 2 % of 500 are 10, of the 20 that the server told not even one.
        let mut counted = counted.lock().unwrap().clone();
        counted.sort();
        assert!(counted.len() > 40, "tries again count, too");
        let in_any = |span: Duration, calls: &[Duration]| {
            calls
                .iter()
                .map(|start| calls.iter().filter(|at| **at >= *start && **at < *start + span).count())
                .max()
        };
        assert!(in_any(Duration::from_secs(10), &counted) <= Some(10), "{counted:?}");
        let limits = client.last_limits();
        let told = limits.values().next().unwrap();
        assert_eq!(
            (told.limit, told.remaining, told.reset),
            (Some(20), Some(0), Some(Duration::from_secs(3)))
        );
    });
}

#[test]
fn any_interface_is_called_by_name_and_answers_as_it_came() {
    run(async {
        let page = Reply::of("404 Not Found", "text/html", "<html>\u{1f600}");
        let server = Server::script(vec![
            Reply::with(
                "200 OK",
                "content-type: application/json\r\nx-request-id: r-1\r\nratelimit-limit: 20\r\nratelimit-remaining: 19\r\n\
                 date: Wed, 01 May 2024 04:00:00 GMT",
                r#"{"code":2017, "data":null, "msg":"不行"}"#,
            ),
            page,
            Reply::of("502 Bad Gateway", "text/html", "<html>"),
            Reply::json("{\"code\":0,\"data\":{\"a\":1},\"msg\":\"\"}"),
        ])
        .await;
        let client = server.client();
        let call =
            async || client.call_raw("xe.user.batch.get", "2.0.0", &json!({ "page_size": 1 })).await.unwrap();
        let refused = call().await;
        assert_eq!(
            (refused.status, refused.code(), refused.msg().as_deref()),
            (200, Some(2017), Some("不行"))
        );
        assert_eq!(refused.text(), r#"{"code":2017, "data":null, "msg":"不行"}"#, "to the byte");
        assert_eq!((refused.request_id.as_deref(), refused.server_time), (Some("r-1"), Some(NOW)));
        assert_eq!(refused.limits.unwrap().remaining, Some(19));
        let page = call().await;
        assert_eq!((page.status, page.code(), page.text().as_ref()), (404, None, "<html>\u{1f600}"));
        let answer = call().await;
        assert_eq!((answer.attempts, answer.json().unwrap()["data"]["a"].as_i64()), (2, Some(1)));

        let seen = server.seen();
        assert!(seen[1].path.ends_with("/xe.user.batch.get/2.0.0") && seen[1].method == "POST");
        assert_eq!(seen[1].json(), json!({ "page_size": 1, "access_token": "token-0" }));
        assert!(seen[1].head.contains("user-agent: tousu-client/"));
        for (name, version) in [("", "1"), ("a/b", "1"), ("a", "1?x=y"), ("a b", "1"), ("名", "1")] {
            let error = client.call_raw(name, version, &json!({})).await.unwrap_err();
            assert!(matches!(error, Error::Setup(_)), "{name} {version}");
        }
        assert!(matches!(client.call_raw("a", "1", &json!([1])).await.unwrap_err(), Error::Setup(_)));
    });
}

#[test]
fn the_last_page_that_arrived_is_shown_when_patience_is_over() {
    run(async {
        let server = Server::always(Reply::of("502 Bad Gateway", "text/html", "<html>")).await;
        let client = server.builder().retry(Retry { attempts: 3, ..Retry::default() }).build().unwrap();
        let answer = client.call_raw("xe.complaint.info.get", "1.0.0", &json!({})).await.unwrap();
        assert_eq!((answer.status, answer.attempts, server.counts().1), (502, 3, 3));
    });
}
