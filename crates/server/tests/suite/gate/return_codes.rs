//! Every row of the table of return codes, provoked.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tousu_client::Credentials;
use tousu_wire::app_usage::AppUsage;
use tousu_wire::complaint_export::ExportGet;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::member::MemberRemove;
use tousu_wire::subscription::SubscriptionGet;
use tousu_wire::{Endpoint, PermissionSet, ReturnCode};

use super::raw::Raw;
use crate::people::{Browser, PASSWORD, person};
use crate::support::*;

/// The codes that were seen.
#[derive(Default)]
struct Provoked(BTreeSet<i64>);

impl Provoked {
    fn by(&mut self, answer: Answer, code: ReturnCode) -> Answer {
        assert_eq!(answer.code(), code.number(), "{}", answer.text);
        if code != ReturnCode::Success {
            let meaning = code.label(tousu_wire::Lang::Zh);
            assert!(answer.msg().starts_with(&meaning), "{} does not begin with {meaning}", answer.msg());
        }
        self.0.insert(code.number());
        answer
    }
}

#[test]
fn every_code_can_be_provoked() {
    on_each_database(async |database| {
        let mut provoked = Provoked::default();
        let server = Server::start(database).await;
        let shop = server.shop("appCodes").await;
        let credentials = server.app(&shop).await;

        credentials_and_their_codes(&server, &credentials, &mut provoked).await;
        let answer = server.token(&parameters(&credentials)).await;
        let token =
            provoked.by(answer, ReturnCode::Success).data()["access_token"].as_str().unwrap().to_owned();
        calls_and_their_codes(&server, &token, &mut provoked).await;
        what_the_app_may_not(&server, &mut provoked).await;
        methods_and_paths(&server, &token, &mut provoked).await;
        handling(&server, &token, &mut provoked).await;
        people(&server, &mut provoked).await;
        too_often(&server, &token, &mut provoked).await;
        too_many_at_once(database, &mut provoked).await;

        database.ruin().await;
        server.clock.advance_micros(10_000_000);
        for answer in [server.list(&token, json!({})).await, server.token(&parameters(&credentials)).await] {
            let answer = provoked.by(answer, ReturnCode::Busy);
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert_eq!(answer.msg(), "系统繁忙，请稍后重试", "why is the operator's business");
        }

        let all: BTreeSet<i64> = ReturnCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(provoked.0, all);
    });
}

fn parameters(credentials: &Credentials) -> [(&str, &str); 4] {
    [
        ("app_id", &credentials.app_id),
        ("client_id", credentials.client_id.as_deref().unwrap_or_default()),
        ("secret_key", &credentials.secret_key),
        ("grant_type", "client_credential"),
    ]
}

async fn credentials_and_their_codes(server: &Server, right: &Credentials, provoked: &mut Provoked) {
    let missing = [
        ("app_id", ReturnCode::AppIdMissing),
        ("secret_key", ReturnCode::SecretKeyMissing),
        ("grant_type", ReturnCode::GrantTypeMissing),
        ("client_id", ReturnCode::ClientIdWrong),
    ];
    for (name, code) in missing {
        let without: Vec<_> = parameters(right).into_iter().filter(|parameter| parameter.0 != name).collect();
        provoked.by(server.token(&without).await, code);
        let empty = parameters(right).map(|(key, value)| if key == name { (key, " ") } else { (key, value) });
        provoked.by(server.token(&empty).await, code);
    }
    let wrong = [
        ("app_id", "appNobody", ReturnCode::AppIdWrong),
        ("app_id", "no/such id", ReturnCode::AppIdWrong),
        ("secret_key", "wrong", ReturnCode::SecretKeyWrong),
        ("grant_type", "client_credentials", ReturnCode::GrantTypeWrong),
        ("client_id", "xopNobody", ReturnCode::ClientIdWrong),
    ];
    for (name, value, code) in wrong {
        let one_wrong =
            parameters(right).map(|(key, old)| if key == name { (key, value) } else { (key, old) });
        let answer = provoked.by(server.token(&one_wrong).await, code);
        assert!(!answer.text.contains(&right.secret_key));
    }
}

async fn calls_and_their_codes(server: &Server, token: &str, provoked: &mut Provoked) {
    for body in [json!({}), json!({ "access_token": null }), json!({ "access_token": " " })] {
        provoked.by(server.post(&ComplaintList::path(), &body).await, ReturnCode::AccessTokenMissing);
    }
    let forged = format!("{}x", &token[..token.len() - 1]);
    let long = format!("xe_appCodes_{}", "x".repeat(600));
    for unknown in
        [json!("nonsense"), json!("xe__"), json!(forged), json!(long), json!(1), json!({}), json!([])]
    {
        let body = json!({ "access_token": unknown });
        provoked.by(server.post(&ComplaintList::path(), &body).await, ReturnCode::AccessTokenExpired);
    }
    provoked.by(server.list(token, json!({})).await, ReturnCode::Success);
    for (name, value) in invalid_parameters() {
        let answer = server.list(token, json!({ name: value })).await;
        let answer = provoked.by(answer, ReturnCode::InvalidParameter);
        assert!(answer.msg().contains(name), "{} names {name}", answer.msg());
    }
    let path = ComplaintInfoGet::path();
    let none = json!({ "access_token": token });
    provoked.by(server.post(&path, &none).await, ReturnCode::InvalidParameter);
    for id in ["c_661a9d66b6733_qTRys2mU", "' or 1=1 --", "投诉"] {
        let body = json!({ "access_token": token, "complaint_id": id });
        provoked.by(server.post(&path, &body).await, ReturnCode::NoSuchComplaint);
    }
    // A text that PostgreSQL cannot hold.
    let nul = json!({ "access_token": token, "complaint_id": "a\0b" });
    provoked.by(server.post(&path, &nul).await, ReturnCode::InvalidParameter);
}

fn invalid_parameters() -> Vec<(&'static str, Value)> {
    vec![
        ("page", json!(0)),
        ("page", json!("two")),
        ("page_size", json!(1001)),
        ("page_size", json!([10])),
        ("channel_type", json!(5)),
        ("is_overtime", json!(-1)),
        ("state", json!(3)),
        ("start_time", json!("2024-02-30 00:00:00")),
        ("end_time", json!("yesterday")),
        ("complaint_id", json!("a\0b")),
    ]
}

/// An app without the permission set, and one that may not call from here.
async fn what_the_app_may_not(server: &Server, provoked: &mut Provoked) {
    let shop = server.shop("appMayNot").await;
    let ungranted = server.app_with(&shop, |_| {}, &[]).await;
    let token = server.token_for(&shop, &ungranted, 60).await;
    for path in [ComplaintList::path(), ComplaintInfoGet::path()] {
        let body = json!({ "access_token": token, "complaint_id": "c_1" });
        let answer = provoked.by(server.post(&path, &body).await, ReturnCode::NotPermitted);
        assert!(answer.msg().contains("投诉管理-查询"), "{}", answer.msg());
    }
    let elsewhere =
        server.app_with(&shop, |app| app.allow_ips = "192.0.2.1".into(), PermissionSet::ALL).await;
    let token = server.token_for(&shop, &elsewhere, 60).await;
    provoked.by(server.token(&parameters(&elsewhere)).await, ReturnCode::IpNotAllowed);
    provoked.by(server.list(&token, json!({})).await, ReturnCode::IpNotAllowed);
}

async fn methods_and_paths(server: &Server, token: &str, provoked: &mut Provoked) {
    let list = ComplaintList::path();
    let other_version = list.replace("1.0.0", "1.0.1");
    for path in ["/xe.no.such.interface/1.0.0", &other_version, "/Token", &format!("{list}/")] {
        let answer = server.post(path, &json!({ "access_token": token })).await;
        provoked.by(answer, ReturnCode::NoSuchInterface);
    }
    use reqwest::Method;
    let wrong = [
        (Method::GET, list.as_str()),
        (Method::PUT, &list),
        (Method::OPTIONS, &list),
        (Method::DELETE, "/token"),
        (Method::PATCH, "/token"),
    ];
    for (method, path) in wrong {
        let request = server.http.request(method.clone(), format!("{}{path}", server.url));
        let answer = provoked.by(Answer::of(request).await, ReturnCode::WrongMethod);
        assert!(answer.msg().contains(method.as_str()), "{}", answer.msg());
    }
}

/// What is not allowed now, what somebody else was faster at, and a key that is another call's.
async fn handling(server: &Server, token: &str, provoked: &mut Provoked) {
    let act = async |name: &str, mut body: serde_json::Value| {
        body["access_token"] = json!(token);
        server.post(&format!("/tousu.complaint.{name}/1.0.0"), &body).await
    };
    let created = act("create", json!({ "complaint_reason": "要退款" })).await;
    let id = created.data()["complaint"]["complaint_id"].clone();
    let reopen = json!({ "complaint_id": id, "by": "platform" });
    provoked.by(act("reopen", reopen).await, ReturnCode::NotAllowed);
    let stale = json!({ "complaint_id": id, "content": "甲", "version": 0 });
    provoked.by(act("note", stale).await, ReturnCode::ChangedMeanwhile);
    let keyed = |content: &str| json!({ "complaint_id": id, "content": content, "idempotency_key": "one" });
    act("note", keyed("甲")).await.data();
    provoked.by(act("note", keyed("乙")).await, ReturnCode::KeyTaken);
    let reveal = json!({ "complaint_id": id, "reason": "联系" });
    provoked.by(act("reveal", reveal).await, ReturnCode::PhoneNotKept);
    let none = json!({ "access_token": token, "subscription_id": "sub_none" });
    provoked.by(server.post(&SubscriptionGet::path(), &none).await, ReturnCode::NoSuchSubscription);
    let none = json!({ "access_token": token, "client_id": "xopNobody" });
    provoked.by(server.post(&AppUsage::path(), &none).await, ReturnCode::NoSuchApp);
    let none = json!({ "access_token": token, "export_id": 999 });
    provoked.by(server.post(&ExportGet::path(), &none).await, ReturnCode::NoSuchExport);
    let none = json!({ "access_token": token, "login": "nobody" });
    provoked.by(server.post(&MemberRemove::path(), &none).await, ReturnCode::NoSuchMember);
}

/// Whoever does not sign in, or not any more.
async fn people(server: &Server, provoked: &mut Provoked) {
    let shop = server.shop("appPeople").await;
    person(server, &shop, "li", "agent").await;
    let browser = Browser::new(server);
    let session_get = browser.call("tousu.session.get", json!({})).await;
    provoked.by(session_get, ReturnCode::NotSignedIn);
    let mut credentials = json!({ "login": "li", "password": "another" });
    provoked.by(browser.sign_in(credentials.clone()).await, ReturnCode::SignInFailed);
    credentials["password"] = json!(PASSWORD);
    provoked.by(browser.sign_in(credentials.clone()).await, ReturnCode::Success);
    let begun = browser.call("tousu.session.totp", json!({ "action": "begin" })).await;
    let secret = begun.data()["secret"].as_str().unwrap().to_owned();
    let code = tousu::totp::code_at(&secret, server.clock.epoch()).unwrap();
    let confirm = json!({ "action": "confirm", "code": code });
    browser.call("tousu.session.totp", confirm).await.data();
    provoked.by(browser.sign_in(credentials.clone()).await, ReturnCode::OtpNeeded);
    credentials["otp"] = json!(code);
    provoked.by(browser.sign_in(credentials).await, ReturnCode::OtpWrong);
    browser.csrf_token.replace(String::new());
    let close = browser.call("tousu.session.close", json!({})).await;
    provoked.by(close, ReturnCode::CsrfTokenWrong);
}

async fn too_often(server: &Server, token: &str, provoked: &mut Provoked) {
    server.clock.advance_micros(10_000_000);
    for _ in 0..ComplaintInfoGet::LIMIT.calls {
        let body = json!({ "access_token": token, "complaint_id": "c_1" });
        let answer = server.post(&ComplaintInfoGet::path(), &body).await;
        assert_eq!(answer.code(), ReturnCode::NoSuchComplaint.number());
    }
    let body = json!({ "access_token": token, "complaint_id": "c_1" });
    provoked.by(server.post(&ComplaintInfoGet::path(), &body).await, ReturnCode::LimitReached);
}

/// One call may be served at a time, and one is being sent.
async fn too_many_at_once(database: &Database, provoked: &mut Provoked) {
    let server = Server::start_with(database, |settings| settings.server.max_requests = 1).await;
    let mut first = Raw::begin_post(&server, "/token", 2);
    for path in [ComplaintList::path(), ComplaintInfoGet::path(), "/token".into()] {
        let answer = provoked.by(server.post(&path, &json!({})).await, ReturnCode::Busy);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    first.send("{}");
    assert_eq!(first.received().code(), ReturnCode::AppIdMissing.number());
    assert_eq!(server.post("/token", &json!({})).await.code(), ReturnCode::AppIdMissing.number());
}
