//! Tokens: how long each works, and what ends it.

use std::sync::Arc;

use serde_json::{Value, json};
use tousu::secrets;
use tousu::store::{ShopId, Tx};
use tousu_client::Credentials;
use tousu_wire::token::Response;
use tousu_wire::{PermissionSet, ReturnCode};

use crate::support::*;

async fn fetch(server: &Server, credentials: &Credentials) -> Response {
    server.client(credentials).fetch_token().await.unwrap()
}

/// The code of a call with that token.
async fn call(server: &Server, token: &Response) -> i64 {
    server.list(&token.access_token, json!({})).await.code()
}

const EXPIRED: i64 = ReturnCode::AccessTokenExpired as i64;

/// Changes something of the shop in a transaction.
async fn change(server: &Server, shop: &ShopId, act: impl AsyncFnOnce(&mut Tx)) {
    let (mut tx, _) = server.store.write(shop).await.unwrap().unwrap();
    act(&mut tx).await;
    tx.commit().await.unwrap();
}

#[test]
fn the_same_token_while_half_an_hour_is_left_then_a_new_one() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let credentials = server.app(&server.shop("appReuse").await).await;
        let first = fetch(&server, &credentials).await;
        assert_eq!(first.expires_in, 7200);
        assert!(first.access_token.len() <= 512);
        for (later, left) in [(0, 7200), (1, 7199), (5399, 1801)] {
            server.clock.set(NOW + later);
            let again = fetch(&server, &credentials).await;
            assert_eq!((&again.access_token, again.expires_in), (&first.access_token, left));
        }
        server.clock.set(NOW + 5400);
        let second = fetch(&server, &credentials).await;
        assert_ne!(second.access_token, first.access_token);
        assert_eq!(second.expires_in, 7200);
        assert_eq!(fetch(&server, &credentials).await, second, "from now on it is the new one");

        // The old one goes on for five minutes, to the second.
        server.clock.set(NOW + 5400 + 299);
        assert_eq!((call(&server, &first).await, call(&server, &second).await), (0, 0));
        server.clock.set(NOW + 5400 + 300);
        assert_eq!((call(&server, &first).await, call(&server, &second).await), (EXPIRED, 0));
        // The new one ends when it said it would.
        server.clock.set(NOW + 5400 + 7199);
        assert_eq!(call(&server, &second).await, 0);
        server.clock.set(NOW + 5400 + 7200);
        assert_eq!(call(&server, &second).await, EXPIRED);
    });
}

/// The overlap shortens a token's life and never lengthens it.
#[test]
fn an_old_token_is_not_kept_alive() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let credentials = server.app(&server.shop("appOverlap").await).await;
        let first = fetch(&server, &credentials).await;
        server.clock.set(NOW + 7100);
        let second = fetch(&server, &credentials).await;
        server.clock.set(NOW + 7199);
        assert_eq!((call(&server, &first).await, call(&server, &second).await), (0, 0));
        server.clock.set(NOW + 7200);
        assert_eq!((call(&server, &first).await, call(&server, &second).await), (EXPIRED, 0));
    });
}

/// The vendor's earlier rule.
#[test]
fn every_call_a_new_token_if_so_set() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| {
            settings.token.reuse_above_seconds = settings.token.lifetime_seconds;
            settings.token.overlap_seconds = 60;
        })
        .await;
        let credentials = server.app(&server.shop("appAnew").await).await;
        let first = fetch(&server, &credentials).await;
        let second = fetch(&server, &credentials).await;
        server.clock.set(NOW + 30);
        let third = fetch(&server, &credentials).await;
        assert!(first.access_token != second.access_token && second.access_token != third.access_token);
        assert_eq!([first.expires_in, second.expires_in, third.expires_in], [7200; 3]);
        server.clock.set(NOW + 59);
        for token in [&first, &second, &third] {
            assert_eq!(call(&server, token).await, 0);
        }
        server.clock.set(NOW + 60);
        assert_eq!(call(&server, &first).await, EXPIRED, "not given half a minute more by the third");
        server.clock.set(NOW + 90);
        assert_eq!((call(&server, &second).await, call(&server, &third).await), (EXPIRED, 0));
    });
}

#[test]
fn those_who_ask_at_once_get_the_same() {
    on_each_database(async |database| {
        let server = shared(Server::start(database).await);
        let credentials = server.app(&server.shop("appAtOnce").await).await;
        let asked: Vec<_> = (0..16)
            .map(|_| {
                let (server, credentials) = (server.clone(), credentials.clone());
                tokio::spawn(async move { fetch(&server, &credentials).await })
            })
            .collect();
        let mut tokens = Vec::new();
        for task in asked {
            tokens.push(task.await.unwrap());
        }
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(call(&server, &tokens[0]).await, 0);
    });
}

#[test]
fn a_new_secret_ends_the_old_one_and_all_tokens() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appRotate").await;
        let (credentials, neighbour) = (server.app(&shop).await, server.app(&shop).await);
        let client_id = credentials.client_id.clone().unwrap();
        let (token, neighbours) = (fetch(&server, &credentials).await, fetch(&server, &neighbour).await);
        let from_command = server.token_for(&shop, &credentials, 7200).await;

        let secret_key = secrets::new_secret_key();
        change(&server, &shop, async |tx| {
            tx.set_secret(&shop, &client_id, &secret_key.hash()).await.unwrap();
        })
        .await;
        assert_eq!(call(&server, &token).await, EXPIRED);
        assert_eq!(server.list(&from_command, json!({})).await.code(), EXPIRED);
        assert_eq!(call(&server, &neighbours).await, 0);
        let refused = server.client(&credentials).fetch_token().await.unwrap_err();
        assert_eq!(refused.return_code(), Some(ReturnCode::SecretKeyWrong));
        let renewed = Credentials { secret_key: secret_key.reveal().to_owned(), ..credentials };
        let token = fetch(&server, &renewed).await;
        assert_eq!((call(&server, &token).await, token.expires_in), (0, 7200));
    });
}

/// A call that proved itself with the old secret and then has to wait for the rotation to be over gets no
/// token by it.
#[test]
fn a_rotation_overtakes_whoever_is_about_to_get_a_token() {
    on_each_database(async |database| {
        let server = Arc::new(Server::start(database).await);
        let shop = server.shop("appRace").await;
        let credentials = server.app(&shop).await;
        let other = server.any_token().await;
        let (mut tx, _) = server.store.write(&shop).await.unwrap().unwrap();
        let hash = secrets::new_secret_key().hash();
        tx.set_secret(&shop, credentials.client_id.as_deref().unwrap(), &hash).await.unwrap();
        let asked = tokio::spawn({
            let (server, credentials) = (server.clone(), credentials.clone());
            async move { server.client(&credentials).fetch_token().await }
        });
        // Long enough for the other call to get as far as it can.
        for _ in 0..50 {
            server.list(&other, json!({})).await.data();
        }
        tx.commit().await.unwrap();
        let refused = asked.await.unwrap().unwrap_err();
        assert_eq!(refused.return_code(), Some(ReturnCode::SecretKeyWrong));
    });
}

#[test]
fn a_disabled_app_is_out_at_once() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appDisabled").await;
        let credentials = server.app(&shop).await;
        let client_id = credentials.client_id.as_deref().unwrap();
        let token = fetch(&server, &credentials).await;
        change(&server, &shop, async |tx| tx.set_disabled(&shop, client_id, Some(NOW)).await.unwrap()).await;
        assert_eq!(call(&server, &token).await, EXPIRED);
        let refused = server.client(&credentials).fetch_token().await.unwrap_err();
        assert_eq!(refused.return_code(), Some(ReturnCode::ClientIdWrong));
        // A token that a command made before does not get it in either.
        let from_command = server.token_for(&shop, &credentials, 7200).await;
        assert_eq!(server.list(&from_command, json!({})).await.code(), EXPIRED);

        change(&server, &shop, async |tx| tx.set_disabled(&shop, client_id, None).await.unwrap()).await;
        assert_eq!(call(&server, &token).await, EXPIRED, "what was ended stays ended");
        assert_eq!(call(&server, &fetch(&server, &credentials).await).await, 0);
    });
}

#[test]
fn grants_work_on_living_tokens() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appGrants").await;
        let credentials = server.app_with(&shop, |_| {}, &[]).await;
        let client_id = credentials.client_id.as_deref().unwrap();
        let token = fetch(&server, &credentials).await;
        let set = PermissionSet::ComplaintsQuery.name();
        for _ in 0..2 {
            assert_eq!(call(&server, &token).await, ReturnCode::NotPermitted.number());
            change(&server, &shop, async |tx| tx.grant(&shop, client_id, set, NOW).await.unwrap()).await;
            assert_eq!(call(&server, &token).await, 0);
            change(&server, &shop, async |tx| assert!(tx.revoke(&shop, client_id, set).await.unwrap())).await;
        }
    });
}

#[test]
fn every_way_to_ask_for_a_token() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appWays").await;
        let app = server.app(&shop).await;
        let legacy = server.app_with(&shop, |app| app.legacy = true, PermissionSet::ALL).await;
        let url = format!("{}/token", server.url);
        let (get, post) = (|| server.http.get(&url), || server.http.post(&url));

        // `null` and "" name no app: only a legacy one may do that. Neither can be written in all forms.
        let ids = [json!(app.client_id), json!(legacy.client_id), json!(null), json!("")];
        for (client_id, credentials) in ids.iter().zip([&app, &legacy, &legacy, &legacy]) {
            let body = json!({
                "app_id": "appWays",
                "client_id": client_id,
                "secret_key": credentials.secret_key,
                "grant_type": "client_credential",
            });
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let form: Vec<(String, String)> =
                body.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
            let (first, rest) = form.split_at(2);
            let ways = [
                ("GET with a query", get().query(&form)),
                ("GET with a JSON body", get().json(&body)),
                ("POST with a JSON body", post().json(&body)),
                ("POST with a JSON body and a charset", {
                    post().header("content-type", "application/json; charset=utf-8").body(body.to_string())
                }),
                ("POST without a content type", post().body(body.to_string())),
                ("POST with a form", {
                    let type_of_forms = "application/x-www-form-urlencoded";
                    let query = get().query(&form).build().unwrap().url().query().unwrap().to_owned();
                    post().header("content-type", type_of_forms).body(query)
                }),
                ("POST with a query", post().query(&form)),
                ("a query and a body", post().query(first).body(json_of(rest))),
            ];
            let mut tokens = Vec::new();
            for (way, request) in ways {
                let answer = Answer::of(request).await;
                assert_eq!((answer.code(), answer.msg()), (0, "success"), "{way}: {}", answer.text);
                tokens.push(answer.data().clone());
            }
            let expires_in = |token: &Value| token["expires_in"].as_i64();
            assert!(tokens.iter().all(|token| token == &tokens[0] && expires_in(token) == Some(7200)));
        }
    });
}

fn json_of(form: &[(String, String)]) -> String {
    Value::Object(form.iter().map(|(name, value)| (name.clone(), json!(value))).collect()).to_string()
}
