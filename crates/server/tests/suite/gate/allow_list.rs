//! From where an app may be used, behind proxies that are trusted and without.

use serde_json::json;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, PermissionSet, ReturnCode};

use crate::support::*;

const ALLOWED: &str = "203.0.113.0/24 2001:db8::7";

/// What `X-Forwarded-For` says and whether the call is let in, with the test's own address trusted or not.
const CASES: &[(&str, Option<&str>, bool)] = &[
    ("127.0.0.1/32", Some("203.0.113.9"), true),
    ("127.0.0.1/32", Some("2001:db8::7"), true),
    ("127.0.0.1/32", Some("::ffff:203.0.113.9"), true),
    ("127.0.0.1/32", Some("198.51.100.1"), false),
    ("127.0.0.1/32", Some("203.0.113.9, 198.51.100.1"), false), // the first was written by a stranger
    ("127.0.0.1/32", Some("198.51.100.1, 203.0.113.9"), true),
    ("127.0.0.0/8", Some("203.0.113.9, 127.0.0.7"), true), // through two trusted proxies
    ("127.0.0.1/32", Some("nonsense"), false),
    ("127.0.0.1/32", None, false),
    ("192.0.2.1/32", Some("203.0.113.9"), false), // said by nobody who is trusted
];

#[test]
fn an_allow_list_holds_for_tokens_and_calls() {
    on_each_database(async |database| {
        for (number, (trusted, forwarded, let_in)) in CASES.iter().enumerate() {
            let server = Server::start_with(database, |settings| {
                settings.server.trusted_proxies = vec![trusted.parse().unwrap()];
            })
            .await;
            let shop = server.shop(&format!("appAllow{number}")).await;
            let app = server.app_with(&shop, |app| app.allow_ips = ALLOWED.into(), PermissionSet::ALL).await;
            let access_token = server.token_for(&shop, &app, 60).await;
            let credentials = json!({
                "app_id": app.app_id,
                "client_id": app.client_id,
                "secret_key": app.secret_key,
                "grant_type": "client_credential",
            });
            let call = json!({ "access_token": access_token, "complaint_id": "c_1" });
            let calls = [
                ("/token".into(), credentials, ReturnCode::Success),
                (ComplaintList::path(), call.clone(), ReturnCode::Success),
                (ComplaintInfoGet::path(), call, ReturnCode::NoSuchComplaint),
            ];
            for (path, body, code) in calls {
                let mut request = server.http.post(format!("{}{path}", server.url)).body(body.to_string());
                if let Some(forwarded) = forwarded {
                    request = request.header("x-forwarded-for", *forwarded);
                }
                let answer = Answer::of(request).await;
                let expected = if *let_in { code } else { ReturnCode::IpNotAllowed };
                assert_eq!(
                    answer.code(),
                    expected.number(),
                    "{path} {trusted} {forwarded:?} {}",
                    answer.text
                );
            }
        }
    });
}

/// With a list that has the caller's own address on it, no proxy is needed.
#[test]
fn an_allow_list_without_a_proxy() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appDirect").await;
        let allowed = |app: &mut tousu::store::App| app.allow_ips = "192.0.2.1 127.0.0.1".into();
        let app = server.app_with(&shop, allowed, PermissionSet::ALL).await;
        let token = server.client(&app).fetch_token().await.unwrap().access_token;
        server.list(&token, json!({})).await.data();
    });
}
