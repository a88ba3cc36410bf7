//! How often: sliding windows over a clock that the test moves.

use serde_json::json;
use tousu::store::ShopId;
use tousu_client::Credentials;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, PermissionSet, ReturnCode};

use crate::support::*;

const SECOND: i64 = 1_000_000;
const REACHED: i64 = ReturnCode::LimitReached as i64;

fn limit_headers(answer: &Answer) -> [Option<&str>; 4] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"]
        .map(|name| answer.header(name))
}

async fn living_token(server: &Server, shop: &ShopId) -> String {
    let credentials = server.app(shop).await;
    server.token_for(shop, &credentials, 7200).await
}

#[test]
fn five_hundred_in_ten_seconds_and_not_one_more() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appBusy").await;
        let (token, neighbour) = (living_token(&server, &shop).await, living_token(&server, &shop).await);

        for served in 1..=500 {
            let answer = server.list(&token, json!({})).await;
            answer.data();
            let remaining = (500 - served).to_string();
            assert_eq!(limit_headers(&answer), [Some("500"), Some(&remaining), Some("10"), None]);
        }
        let refused = server.list(&token, json!({})).await;
        assert_eq!(refused.code(), REACHED);
        assert_eq!(limit_headers(&refused), [Some("500"), Some("0"), Some("10"), Some("10")]);

        // Nobody else is kept out by it: no other app of the shop, and not this app from the other interface.
        assert_eq!(server.list(&neighbour, json!({})).await.header("ratelimit-remaining"), Some("499"));
        let body = json!({ "access_token": token, "complaint_id": "c_1" });
        let other = server.post(&ComplaintInfoGet::path(), &body).await;
        assert_eq!(other.code(), ReturnCode::NoSuchComplaint.number());
        assert_eq!(other.header("ratelimit-remaining"), Some("499"));
    });
}

/// The window of an app is the app's: two of its tokens share it.
#[test]
fn a_second_token_is_no_second_window() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appTwice").await;
        let credentials = server.app(&shop).await;
        let first = server.token_for(&shop, &credentials, 7200).await;
        let second = server.token_for(&shop, &credentials, 7200).await;
        assert_eq!(server.list(&first, json!({})).await.header("ratelimit-remaining"), Some("499"));
        assert_eq!(server.list(&second, json!({})).await.header("ratelimit-remaining"), Some("498"));
    });
}

/// Two bursts, four seconds apart, from all nodes in turn: each place is free again the very microsecond that its
/// call is ten seconds old, and not one sooner. The nodes share clock and limits.
pub async fn assert_the_window_slides(nodes: &[Server]) {
    let clock = &nodes[0].clock;
    let token = nodes[0].any_token().await;
    let mut served: Vec<i64> = Vec::new();
    let mut call_until_refused = async || {
        let now = clock.monotonic_micros();
        let before = served.len();
        for number in 0..300 {
            let answer = nodes[number % nodes.len()].list(&token, json!({})).await;
            if answer.code() == REACHED {
                let after: i64 = answer.header("retry-after").unwrap().parse().unwrap();
                for node in nodes {
                    assert_eq!(node.list(&token, json!({})).await.code(), REACHED);
                }
                return (served.len() - before, Some(after));
            }
            answer.data();
            served.push(now);
            let span = served.iter().filter(|&&at| at > now - 10 * SECOND).count();
            assert!(span <= 500, "{span} calls were served within ten seconds");
        }
        (served.len() - before, None)
    };
    assert_eq!(call_until_refused().await, (300, None));
    clock.advance_micros(4 * SECOND);
    assert_eq!(call_until_refused().await, (200, Some(6)));
    clock.advance_micros(6 * SECOND - 1);
    assert_eq!(call_until_refused().await, (0, Some(1)));
    clock.advance_micros(1);
    assert_eq!(call_until_refused().await, (300, None));
    assert_eq!(call_until_refused().await, (0, Some(4)));
    clock.advance_micros(4 * SECOND - 1);
    assert_eq!(call_until_refused().await, (0, Some(1)));
    clock.advance_micros(1);
    assert_eq!(call_until_refused().await, (200, Some(6)));
}

#[test]
fn the_window_slides() {
    on_sqlite(async |database| assert_the_window_slides(&[Server::start(database).await]).await);
}

/// What is refused before the limit is asked takes no place of it; what is served wrongly asked does.
#[test]
fn only_admitted_calls_count() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appCount").await;
        let ungranted = server.app_with(&shop, |_| {}, &[]).await;
        let token = server.token_for(&shop, &ungranted, 7200).await;
        let refused = server.list(&token, json!({})).await;
        assert_eq!(refused.code(), ReturnCode::NotPermitted.number());
        let (mut tx, _) = server.store.write(&shop).await.unwrap().unwrap();
        let client_id = ungranted.client_id.as_deref().unwrap();
        tx.grant(&shop, client_id, PermissionSet::ComplaintsQuery.name(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(server.list(&token, json!({})).await.header("ratelimit-remaining"), Some("499"));
        let invalid = server.list(&token, json!({ "page": 0 })).await;
        assert_eq!(invalid.code(), ReturnCode::InvalidParameter.number());
        assert_eq!(invalid.header("ratelimit-remaining"), Some("498"));
    });
}

async fn ask(server: &Server, credentials: &Credentials, from: &str) -> Answer {
    let body = json!({
        "app_id": credentials.app_id,
        "client_id": credentials.client_id,
        "secret_key": credentials.secret_key,
        "grant_type": "client_credential",
    });
    let request = server.http.post(format!("{}/token", server.url)).header("x-forwarded-for", from);
    Answer::of(request.body(body.to_string())).await
}

const HERE: &str = "203.0.113.1";
const THERE: &str = "203.0.113.2";

async fn behind_a_proxy(database: &Database) -> Server {
    Server::start_with(database, |settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

#[test]
fn a_hundred_tokens_in_ten_minutes() {
    on_sqlite(async |database| {
        let server = behind_a_proxy(database).await;
        let shop = server.shop("appTokens").await;
        let (app, other) = (server.app(&shop).await, server.app(&shop).await);
        for served in 1..=100 {
            // From wherever: it is the app that is limited.
            let answer = ask(&server, &app, if served % 2 == 0 { HERE } else { THERE }).await;
            answer.data();
            let remaining = (100 - served).to_string();
            assert_eq!(limit_headers(&answer), [Some("100"), Some(&remaining), Some("600"), None]);
        }
        let refused = ask(&server, &app, HERE).await;
        assert_eq!(refused.code(), REACHED);
        assert_eq!(limit_headers(&refused), [Some("100"), Some("0"), Some("600"), Some("600")]);
        ask(&server, &other, HERE).await.data();
        server.clock.advance_micros(600 * SECOND - 1);
        assert_eq!(ask(&server, &app, HERE).await.code(), REACHED);
        server.clock.advance_micros(1);
        ask(&server, &app, HERE).await.data();
    });
}

#[test]
fn whoever_fails_a_hundred_times_waits() {
    on_sqlite(async |database| {
        let server = behind_a_proxy(database).await;
        let shop = server.shop("appFails").await;
        let app = server.app(&shop).await;
        let token = ask(&server, &app, HERE).await.data()["access_token"].as_str().unwrap().to_owned();
        let guess = |number: usize| match number % 4 {
            0 => Credentials { app_id: format!("appGuess{number}"), ..app.clone() },
            1 => Credentials { client_id: Some(format!("xop{number}")), ..app.clone() },
            2 => Credentials { secret_key: String::new(), ..app.clone() },
            _ => Credentials { secret_key: format!("guess {number}"), ..app.clone() },
        };
        for number in 0..100 {
            let code = ask(&server, &guess(number), HERE).await.code();
            assert!((2001..=2020).contains(&code), "{code}");
        }
        for credentials in [guess(100), app.clone()] {
            let refused = ask(&server, &credentials, HERE).await;
            assert_eq!(refused.code(), REACHED, "from here nothing is tried any more, right or wrong");
            assert_eq!(limit_headers(&refused), [Some("100"), Some("0"), Some("600"), Some("600")]);
        }
        ask(&server, &app, THERE).await.data();
        server.list(&token, json!({})).await.data();
        server.clock.advance_micros(600 * SECOND - 1);
        assert_eq!(ask(&server, &app, HERE).await.code(), REACHED);
        server.clock.advance_micros(1);
        ask(&server, &app, HERE).await.data();
    });
}

/// For load tests every published limit can be multiplied.
#[test]
fn limits_scale() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| settings.limits.calls_factor = 20).await;
        let token = server.any_token().await;
        assert_eq!(server.list(&token, json!({})).await.header("ratelimit-limit"), Some("10000"));
        assert_eq!(ComplaintList::LIMIT.calls, 500);
    });
}
