//! Signing in: who may, how often, and what is said to whoever may not.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tousu_wire::ReturnCode;

use super::*;
use crate::gate::demo::Demo;
use crate::nodes::two_nodes;
use crate::program::Program;

#[test]
fn who_signs_in_learns_who_and_where_that_is() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let [one, other] = [server.shop("appOne").await, server.shop("appOther").await];
        server.shop("appStrangers").await;
        person(&server, &one, "li", "agent").await;
        person(&server, &other, "li", "viewer").await;
        let browser = Browser::new(&server);
        let answer = browser.sign_in(json!({ "login": "LI", "password": PASSWORD })).await;
        let session = answer.data();
        assert_eq!((&session["user"]["login"], &session["user"]["name"]), (&json!("li"), &json!("姓名li")));
        assert_eq!(
            session["shops"],
            json!([
                { "app_id": "appOne", "name": "测试店铺", "role": "agent",
                  "permission_sets": ["投诉管理-查询", "投诉管理-处理"] },
                { "app_id": "appOther", "name": "测试店铺", "role": "viewer",
                  "permission_sets": ["投诉管理-查询"] },
            ])
        );
        assert_eq!(session["totp_enabled"], false);
        assert_eq!(session["expires_at"], "2024-05-08 12:00:00");
        // The same again for a page that is loaded anew, which has no token for the header yet.
        browser.csrf_token.replace(String::new());
        assert_eq!(browser.call("tousu.session.get", json!({})).await.data(), session);
        let members = server.store.read().await.unwrap().members(&one).await.unwrap();
        assert_eq!(members[0].user.last_seen_at, Some(NOW));
    });
}

#[test]
fn the_cookie_is_for_this_site_and_no_script() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| {
            settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::new(&server);
        let body = json!({ "login": "li", "password": PASSWORD });
        let answer = Answer::of(browser.request("tousu.session.open", &body)).await;
        let set = answer.header("set-cookie").unwrap();
        let (value, rest) = set.split_once(';').unwrap();
        assert_eq!(rest, " Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(
            value.starts_with("tousu_session=") && !answer.text.contains(&value["tousu_session=".len()..])
        );
        // By https it never goes over anything else.
        let by_https = browser.request("tousu.session.open", &body).header("x-forwarded-proto", "https");
        assert!(Answer::of(by_https).await.header("set-cookie").unwrap().ends_with("; Secure"));
        browser.sign_in(body).await.data();
        let closed = browser.call("tousu.session.close", json!({})).await;
        assert!(closed.header("set-cookie").unwrap().starts_with("tousu_session=; Path=/; Max-Age=0;"));
        assert!(browser.cookie.borrow().is_none());
    });
    // What a stranger says of the way counts for nothing.
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let body = json!({ "login": "li", "password": PASSWORD });
        let request = Browser::new(&server).request("tousu.session.open", &body);
        let answer = Answer::of(request.header("x-forwarded-proto", "https")).await;
        assert!(!answer.header("set-cookie").unwrap().contains("Secure"));
    });
}

#[test]
fn whoever_may_not_hears_the_same() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        person(&server, &shop, "gone", "agent").await;
        let mut tx = server.store.write_people().await.unwrap();
        let gone = tx.lock_user("gone").await.unwrap().unwrap();
        tx.set_user_disabled(&gone.user_id, Some(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        let browser = Browser::new(&server);
        let mut said = Vec::new();
        for (login, password) in
            [("li", "another password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("no login!", "x")]
        {
            let answer = browser.sign_in(json!({ "login": login, "password": password })).await;
            assert_eq!(answer.code(), ReturnCode::SignInFailed.number(), "{}", answer.text);
            assert!(answer.header("set-cookie").is_none());
            said.push(answer.text);
        }
        assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
        for (missing, body) in [("login", json!({ "password": "x" })), ("password", json!({ "login": "li" }))]
        {
            let answer = browser.sign_in(body).await;
            assert_eq!(answer.code(), ReturnCode::InvalidParameter.number());
            assert!(answer.msg().contains(missing));
        }
        // A form of another site cannot say that it is JSON.
        let form = server.http.post(format!("{}/tousu.session.open/1.0.0", server.url));
        let form = form.header(CONTENT_TYPE, "text/plain");
        let body = json!({ "login": "li", "password": PASSWORD }).to_string();
        let answer = Answer::of(form.body(body)).await;
        assert_eq!(answer.code(), ReturnCode::InvalidParameter.number());
    });
}

/// What the time of an answer could tell is decided by what is done for it.
#[test]
fn whoever_may_not_costs_the_same() {
    on_each_database(async |database| {
        let demo = Demo::serve_with(database, &["--set", "storage.search_follow_seconds=0"]);
        let program = Program::on(database);
        program.json(&["user", "disable", "viewer"]);
        let transactions = async || {
            let text = demo.metrics().await;
            let line = text.lines().find_map(|line| line.strip_prefix("tousu_database_seconds_count "));
            line.unwrap().parse::<u64>().unwrap()
        };
        let mut costs = Vec::new();
        for login in ["admin", "nobody", "viewer"] {
            let mut cost = u64::MAX;
            // What goes on in the background adds to some of them.
            for _ in 0..4 {
                let before = transactions().await;
                let request = demo.http.post(format!("{}/tousu.session.open/1.0.0", demo.url));
                let body = json!({ "login": login, "password": "another password" }).to_string();
                let answer = Answer::of(request.header(CONTENT_TYPE, "application/json").body(body)).await;
                assert_eq!(answer.code(), ReturnCode::SignInFailed.number());
                cost = cost.min(transactions().await - before);
            }
            costs.push(cost);
        }
        assert_eq!(costs, [2, 2, 2]);
    });
}

#[test]
fn attempts_run_out_and_come_back() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |settings| settings.sessions.tries_per_address = 1000).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "li", "agent").await;
        person(&one, &shop, "wang", "agent").await;
        let browsers = [Browser::new(&one), Browser::new(&other)];
        let wrong = json!({ "login": "li", "password": "another password" });
        // All at once, on both nodes: not one more than is allowed.
        let tries = (0..30).map(|at| browsers[at % 2].sign_in(wrong.clone()));
        let answers = futures_util::future::join_all(tries).await;
        let looked_at = answers.iter().filter(|answer| answer.code() == ReturnCode::SignInFailed.number());
        assert_eq!(looked_at.count(), 10);
        let refused: Vec<_> =
            answers.iter().filter(|answer| answer.code() == ReturnCode::LimitReached.number()).collect();
        assert_eq!(refused.len(), 20);
        assert!(refused.iter().all(|answer| answer.header("retry-after") == Some("60")));
        // Not even the right password is looked at, and no other login suffers.
        let right = json!({ "login": "Li", "password": PASSWORD });
        assert_eq!(browsers[0].sign_in(right.clone()).await.code(), ReturnCode::LimitReached.number());
        browsers[0].sign_in(json!({ "login": "wang", "password": PASSWORD })).await.data();
        pass(&one, 59);
        assert_eq!(browsers[1].sign_in(right.clone()).await.code(), ReturnCode::LimitReached.number());
        pass(&one, 1);
        browsers[1].sign_in(right.clone()).await.data();
        // A success gives all of them back.
        for _ in 0..10 {
            let answer = browsers[0].sign_in(wrong.clone()).await;
            assert_eq!(answer.code(), ReturnCode::SignInFailed.number());
        }
        assert_eq!(browsers[0].sign_in(wrong).await.code(), ReturnCode::LimitReached.number());
    });
}

#[test]
fn an_address_has_its_own_bound() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.sessions.tries_per_address = 3).await;
        let browser = Browser::new(&server);
        for at in 0..4 {
            let wrong = json!({ "login": format!("nobody{at}"), "password": "x" });
            let expected = if at < 3 { ReturnCode::SignInFailed } else { ReturnCode::LimitReached };
            assert_eq!(browser.sign_in(wrong).await.code(), expected.number(), "{at}");
        }
        pass(&server, 6);
        let again = json!({ "login": "nobody", "password": "x" });
        assert_eq!(browser.sign_in(again).await.code(), ReturnCode::SignInFailed.number());
        // What is over is tidied away.
        pass(&server, 3600);
        let lasting = server.settings.sessions.lasting();
        let over = server.store.tidy_sessions(lasting, server.clock.epoch(), 1000).await.unwrap();
        assert_eq!(over, 5, "four logins and an address");
    });
}
