//! Sessions: what goes with the cookie, how its secret is replaced, how they end.

use serde_json::json;
use tousu_wire::ReturnCode;

use super::*;
use crate::gate::demo::Demo;
use crate::gate::raw::Raw;
use crate::gate::secrecy::everything_in;
use crate::nodes::two_nodes;

const ENDED: i64 = ReturnCode::NotSignedIn.number();

#[test]
fn a_call_without_the_header_is_nobodys() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "administrator").await;
        person(&server, &shop, "wang", "administrator").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let own = browser.csrf_token.borrow().clone();
        let others = Browser::of(&server, "wang", &shop).await.csrf_token.borrow().clone();
        let wrong = ReturnCode::CsrfTokenWrong.number();
        for token in ["", "x", &others, &own[1..], &own.to_uppercase()] {
            browser.csrf_token.replace(token.to_owned());
            for name in
                ["tousu.member.names", "tousu.member.set", "tousu.session.close", "tousu.session.totp"]
            {
                assert_eq!(browser.call(name, json!({})).await.code(), wrong, "{token} {name}");
            }
        }
        browser.csrf_token.replace(own);
        assert_eq!(browser.code().await, 0);
        // The shop, too, must be named, and be one of the user's.
        for (shop, code) in [
            ("", ReturnCode::AppIdMissing),
            ("appNone", ReturnCode::AppIdWrong),
            ("no shop!", ReturnCode::AppIdWrong),
        ] {
            browser.shop.replace(shop.to_owned());
            assert_eq!(browser.code().await, code.number(), "{shop}");
        }
        // Without a cookie, or with what is none, there is nobody.
        browser.shop.replace(shop.to_string());
        let cookie = browser.cookie.borrow().clone().unwrap();
        let forged = other_end(&cookie);
        for none in ["", "nonsense", &forged, &cookie.replace('.', "")] {
            browser.cookie.replace(Some(none.to_owned()));
            assert_eq!(browser.code().await, ENDED, "{none}");
        }
        browser.cookie.replace(None);
        assert_eq!(browser.code().await, ReturnCode::AccessTokenMissing.number());
        assert_eq!(browser.call("tousu.session.get", json!({})).await.code(), ENDED);
        // Whoever only knows the id ends nobody's session.
        browser.cookie.replace(Some(cookie));
        assert_eq!(browser.code().await, 0);
    });
}

#[test]
fn the_secret_is_replaced_while_it_is_used() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "li", "agent").await;
        let browser = Browser::of(&one, "li", &shop).await;
        let first = browser.cookie.borrow().clone();
        pass(&one, 899);
        assert_eq!(browser.code().await, 0);
        assert_eq!(*browser.cookie.borrow(), first);
        pass(&one, 1);
        // An answer that gets lost signs nobody out; of several at once, one brings the new secret.
        let calls: Vec<_> = (0..4)
            .map(|at| {
                let server = if at % 2 == 0 { &one } else { &other };
                let request = browser.at(server).request("tousu.member.names", &json!({}));
                async move { Answer::of(request).await }
            })
            .collect();
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| answer.code() == 0));
        assert_eq!(answers.iter().filter(|answer| answer.header("set-cookie").is_some()).count(), 1);
        pass(&one, 3000);
        assert_eq!(browser.code().await, 0, "the first still works, since the second never came");
        let second = browser.cookie.borrow().clone();
        assert_ne!(second, first);
        // What goes with it stays the same. On its first use it takes the old one's place.
        let old = browser.at(&one);
        old.cookie.replace(first);
        assert_eq!(browser.at(&other).code().await, 0);
        assert_eq!(old.code().await, 0, "what was under way is answered");
        pass(&one, 59);
        assert_eq!(old.code().await, 0);
        pass(&one, 1);
        // Whoever comes with it now has a copy: that is the end for both.
        assert_eq!(old.code().await, ENDED);
        assert_eq!(browser.code().await, ENDED);
    });
}

/// A long upload comes with the secret of when it began, which may have been replaced before it is there.
#[test]
fn what_takes_long_to_arrive_came_when_it_began() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let headers = format!(
            "Cookie: tousu_session={}\r\nx-csrf-token: {}\r\nx-app-id: {shop}\r\n",
            browser.cookie.borrow().as_deref().unwrap(),
            browser.csrf_token.borrow()
        );
        let mut slow = Raw::begin_post_with(&server, "/tousu.member.names/1.0.0", 2, &headers);
        pass(&server, 900);
        // A new secret comes, and takes the old one's place.
        for _ in 0..2 {
            assert_eq!(browser.code().await, 0);
        }
        pass(&server, 61);
        slow.send("{}");
        assert_eq!(slow.received().code(), 0);
        assert_eq!(browser.code().await, 0, "nobody had a copy");
    });
}

#[test]
fn a_session_ends_by_itself() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let idle = Browser::of(&server, "li", &shop).await;
        let used = Browser::of(&server, "li", &shop).await;
        for _ in 0..27 {
            pass(&server, 6 * 3600);
            assert_eq!(used.code().await, 0);
        }
        assert_eq!(idle.code().await, ENDED, "after twelve hours without use");
        let cookie = used.cookie.borrow().clone().unwrap();
        let set = used.call("tousu.session.get", json!({})).await;
        assert_eq!(set.data()["expires_at"], "2024-05-08 12:00:00", "however much it is used");
        pass(&server, 6 * 3600 - 1);
        used.cookie.replace(Some(cookie));
        assert_eq!(used.code().await, 0);
        pass(&server, 1);
        assert_eq!(used.code().await, ENDED, "after seven days");
        let lasting = server.settings.sessions.lasting();
        let tidied = server.store.tidy_sessions(lasting, server.clock.epoch(), 1000).await.unwrap();
        assert_eq!(tidied, 3, "both, and the tries of an address");
    });
}

#[test]
fn what_is_taken_back_is_gone_at_the_next_call_on_every_node() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "boss", "administrator").await;
        let boss = Browser::of(&one, "boss", &shop).await;
        let lists = async |browser: &Browser| browser.call("tousu.member.list", json!({})).await.code();
        person(&one, &shop, "li", "administrator").await;
        let signed_in = async || Browser::of(&other, "li", &shop).await;

        let browser = signed_in().await;
        assert_eq!(lists(&browser).await, 0);
        // Another role.
        boss.call("tousu.member.set", json!({ "login": "li", "role": "viewer" })).await.data();
        assert_eq!(lists(&browser).await, ReturnCode::NotPermitted.number());
        assert_eq!(browser.code().await, 0);
        // None at all.
        boss.call("tousu.member.remove", json!({ "login": "li" })).await.data();
        assert_eq!(browser.code().await, ReturnCode::AppIdWrong.number());
        assert_eq!(browser.call("tousu.session.get", json!({})).await.data()["shops"], json!([]));
        // Somebody who may not sign in any more.
        person(&one, &shop, "li", "agent").await;
        assert_eq!(browser.code().await, 0);
        let disable = async |at| {
            let mut tx = one.store.write_people().await.unwrap();
            let li = tx.lock_user("li").await.unwrap().unwrap();
            tx.set_user_disabled(&li.user_id, at).await.unwrap();
            tx.commit().await.unwrap();
        };
        disable(Some(NOW)).await;
        assert_eq!(browser.code().await, ENDED);
        disable(None).await;
        assert_eq!(browser.code().await, ENDED, "what ended does not come back");
        // A new password ends all sessions but the one that set it.
        let (mine, elsewhere) = (signed_in().await, signed_in().await);
        let new = "another password of li";
        let set = json!({ "old": PASSWORD, "new": new });
        mine.call("tousu.session.set_password", set).await.data();
        assert_eq!((mine.code().await, elsewhere.code().await), (0, ENDED));
        let old = json!({ "login": "li", "password": PASSWORD });
        assert_eq!(elsewhere.sign_in(old).await.code(), ReturnCode::SignInFailed.number());
        elsewhere.sign_in(json!({ "login": "li", "password": new })).await.data();
        // Signing out, on another node.
        mine.at(&one).call("tousu.session.close", json!({})).await.data();
        assert_eq!((mine.code().await, elsewhere.code().await), (ENDED, 0));
    });
}

#[test]
fn a_new_password_takes_the_old_one() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "viewer").await;
        let browser = Browser::of(&server, "li", &shop).await;
        for (body, code) in [
            (json!({ "old": "another", "new": "a long new password" }), ReturnCode::SignInFailed),
            (json!({ "old": PASSWORD, "new": "too short" }), ReturnCode::InvalidParameter),
            (json!({ "old": PASSWORD, "new": "x".repeat(257) }), ReturnCode::InvalidParameter),
            (json!({ "new": "a long new password" }), ReturnCode::InvalidParameter),
        ] {
            assert_eq!(browser.call("tousu.session.set_password", body).await.code(), code.number());
        }
        // Whoever tries passwords here is slowed down as at the door.
        let tries = (0..10).map(|_| {
            browser
                .call("tousu.session.set_password", json!({ "old": "another", "new": "a long new password" }))
        });
        let answers = futures_util::future::join_all(tries).await;
        assert!(answers.iter().any(|answer| answer.code() == ReturnCode::LimitReached.number()));
        assert_eq!(browser.code().await, 0, "who is signed in stays so");
    });
}

#[test]
fn neither_the_log_nor_the_database_knows_a_session() {
    on_each_database(async |database| {
        let demo = Demo::serve(database);
        let call = async |name: &str, cookie: Option<&str>, csrf: &str, body: serde_json::Value| {
            let mut request = demo.http.post(format!("{}/{name}/1.0.0", demo.url));
            if let Some(cookie) = cookie {
                request = request.header("cookie", format!("tousu_session={cookie}"));
            }
            let request = request.header("x-csrf-token", csrf).header("x-app-id", &demo.app_id);
            Answer::of(request.header("content-type", "application/json").body(body.to_string())).await
        };
        let wrong = "a wrong password that is in no log";
        call("tousu.session.open", None, "", json!({ "login": wrong, "password": wrong })).await;
        call("tousu.session.open", None, "", json!({ "login": "admin", "password": wrong })).await;
        let credentials = json!({ "login": "admin", "password": demo.password });
        let opened = call("tousu.session.open", None, "", credentials).await;
        let set = opened.header("set-cookie").unwrap();
        let cookie = set["tousu_session=".len()..].split(';').next().unwrap().to_owned();
        let csrf = opened.data()["csrf_token"].as_str().unwrap().to_owned();
        let token = call("tousu.session.token", Some(&cookie), &csrf, json!({})).await;
        let token = token.data()["access_token"].as_str().unwrap().to_owned();
        let mut body = json!({ "access_token": token });
        demo.post("/tousu.member.list/1.0.0", &body).await.data();
        body["access_token"] = json!(cookie);
        demo.post("/tousu.member.list/1.0.0", &body).await;
        let password = demo.password.clone();
        let log = demo.end();
        let kept = everything_in(database).await;
        let parts = cookie.split('.').skip(1).map(str::to_owned);
        let token = token.rsplit_once('_').unwrap().1.to_owned();
        for secret in parts.chain([csrf, token, password, wrong.to_owned()]) {
            assert!(!log.contains(&secret), "in the log: {secret}");
            let is_kept = kept.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_kept, "{secret} is in the database");
        }
        assert!(log.contains("user:u_"), "who called is in the log");
    });
}

/// Otherwise a password that is replaced while its owner calls would fail, or the call would.
#[test]
fn who_calls_and_who_ends_the_session_do_not_wait_for_each_other() {
    on_postgres(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        for seconds in [300, 900] {
            let browser = Browser::of(&server, "li", &shop).await;
            // Its use is to be noted, or a new secret offered.
            pass(&server, seconds);
            let mut tx = server.store.write_people().await.unwrap();
            let user = tx.lock_user("li").await.unwrap().unwrap();
            let ending = async {
                until_somebody_waits(database).await;
                tx.set_password(&user.user_id, user.password_hash.as_deref(), None).await.unwrap();
                tx.commit().await.unwrap();
            };
            let (code, ()) = tokio::join!(browser.code(), ending);
            assert_eq!(code, ENDED);
        }
        assert_eq!(browser.code().await, ENDED);
    });
}

/// Until a statement waits for the locks of another.
async fn until_somebody_waits(database: &Database) {
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let waiting = "select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'";
    while client.query(waiting, &[]).await.unwrap().is_empty() {}
    drop(client);
    connection.await.unwrap().unwrap();
}
