//! One-time passwords: put in force, asked for, taken once, taken off.

use serde_json::json;
use tousu::totp;
use tousu_wire::ReturnCode;

use super::*;
use crate::gate::secrecy::everything_in;
use crate::nodes::two_nodes;
use crate::program::Program;

#[test]
fn a_one_time_password_is_asked_for_and_taken_once() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "li", "agent").await;
        let browser = Browser::of(&one, "li", &shop).await;
        let elsewhere = Browser::of(&one, "li", &shop).await;
        let totp = async |body: Value| browser.call("tousu.session.totp", body).await;
        let code = || one.clock.epoch();
        for (body, refused) in [
            (json!({}), ReturnCode::InvalidParameter),
            (json!({ "action": "else" }), ReturnCode::InvalidParameter),
            (json!({ "action": "confirm" }), ReturnCode::InvalidParameter),
            (json!({ "action": "confirm", "code": "123456" }), ReturnCode::NotAllowed),
            (json!({ "action": "remove", "code": "123456" }), ReturnCode::NotAllowed),
        ] {
            assert_eq!(totp(body.clone()).await.code(), refused.number(), "{body}");
        }
        let begun = totp(json!({ "action": "begin" })).await;
        let secret = begun.data()["secret"].as_str().unwrap().to_owned();
        assert_eq!(
            begun.data()["otpauth_uri"],
            format!("otpauth://totp/tousu:li?secret={secret}&issuer=tousu")
        );
        // Not in force before it is confirmed.
        let credentials = |otp: Option<String>| match otp {
            Some(otp) => json!({ "login": "li", "password": PASSWORD, "otp": otp }),
            None => json!({ "login": "li", "password": PASSWORD }),
        };
        Browser::new(&one).sign_in(credentials(None)).await.data();
        let at = |seconds: i64| totp::code_at(&secret, code() + seconds).unwrap();
        let wrong = at(300);
        assert_eq!(
            totp(json!({ "action": "confirm", "code": wrong })).await.code(),
            ReturnCode::OtpWrong.number()
        );
        let confirmed = totp(json!({ "action": "confirm", "code": at(0) })).await;
        assert_eq!(confirmed.data()["totp_enabled"], true);
        assert_eq!(elsewhere.code().await, ReturnCode::NotSignedIn.number(), "opened without one");
        assert_eq!(browser.code().await, 0);
        assert_eq!(totp(json!({ "action": "begin" })).await.code(), ReturnCode::NotAllowed.number());

        let door = Browser::new(&other);
        let refused = async |otp: Option<String>| door.sign_in(credentials(otp)).await.code();
        assert_eq!(refused(None).await, ReturnCode::OtpNeeded.number());
        assert_eq!(refused(Some(at(0))).await, ReturnCode::OtpWrong.number(), "it confirmed already");
        let mut unknown = credentials(Some(at(30)));
        unknown["password"] = json!("another password");
        assert_eq!(
            door.sign_in(unknown).await.code(),
            ReturnCode::SignInFailed.number(),
            "the password first"
        );
        pass(&one, 60);
        assert_eq!(refused(Some(wrong)).await, ReturnCode::OtpWrong.number());
        // Of two at once, on two nodes, one.
        let mine = Browser::new(&one);
        let (first, second) =
            tokio::join!(mine.sign_in(credentials(Some(at(0)))), door.sign_in(credentials(Some(at(0)))));
        let codes = [first.code(), second.code()];
        assert!(codes.contains(&0) && codes.contains(&ReturnCode::OtpWrong.number()), "{codes:?}");
        assert_eq!(refused(Some(at(-30))).await, ReturnCode::OtpWrong.number(), "nor one from before");

        let kept = everything_in(database).await;
        assert!(!kept.windows(secret.len()).any(|window| window == secret.as_bytes()), "it is sealed");
        pass(&one, 60);
        let remove = json!({ "action": "remove", "code": at(0) });
        assert_eq!(totp(remove).await.data()["totp_enabled"], false);
        Browser::new(&one).sign_in(credentials(None)).await.data();
    });
}

#[test]
fn who_tries_codes_is_slowed_down() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        browser.call("tousu.session.totp", json!({ "action": "begin" })).await.data();
        let mut codes = Vec::new();
        for at in 0..12 {
            let body = json!({ "action": "confirm", "code": format!("{at:06}") });
            codes.push(browser.call("tousu.session.totp", body).await.code());
        }
        assert!(codes[..9].iter().all(|code| *code == ReturnCode::OtpWrong.number()), "{codes:?}");
        assert_eq!(codes[11], ReturnCode::LimitReached.number());
    });
}

#[test]
fn without_a_key_there_are_none() {
    on_postgres(async |database| {
        let server = Server::start_with(database, |settings| settings.privacy.keys.0.clear()).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let refused = browser.call("tousu.session.totp", json!({ "action": "begin" })).await;
        assert_eq!(refused.code(), ReturnCode::NotAllowed.number());
        assert!(refused.msg().contains("privacy.keys"));
    });
}

/// A new key in front: what was sealed under the old one is sealed anew, and the old one can go.
#[test]
fn secrets_come_under_a_new_key() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let begun = browser.call("tousu.session.totp", json!({ "action": "begin" })).await;
        let secret = begun.data()["secret"].as_str().unwrap().to_owned();
        let code =
            |server: &Server, seconds: i64| totp::code_at(&secret, server.clock.epoch() + seconds).unwrap();
        let confirm = json!({ "action": "confirm", "code": code(&server, 0) });
        browser.call("tousu.session.totp", confirm).await.data();
        let new_key = "new:1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
        let program = Program::on(database);
        let both = format!("{new_key},{KEY}");
        let rotate = |keys: &str| {
            let mut command = program.command(&["key", "rotate", "--json"]);
            command.env("TOUSU_PRIVACY__KEYS", keys);
            let ran = crate::program::Ran::of(command.output().unwrap());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            serde_json::from_str::<Value>(&ran.out).unwrap()
        };
        assert_eq!(rotate(&both)["resealed"], 1);
        let server = Server::start_with(database, |settings| {
            settings.privacy.keys.0 = vec![new_key.into()];
        })
        .await;
        pass(&server, 60);
        let otp = code(&server, 0);
        let credentials = json!({ "login": "li", "password": PASSWORD, "otp": otp });
        Browser::new(&server).sign_in(credentials).await.data();
    });
}
