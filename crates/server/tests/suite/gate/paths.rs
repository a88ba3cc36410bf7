//! Where the interfaces are found, in which clothes a body may come, and the id that every answer carries.

use serde_json::json;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, ReturnCode};

use crate::support::*;

#[test]
fn doubled_slashes_and_api_lead_to_the_same() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let body = json!({ "access_token": token, "complaint_id": "c_1" });
        let no_such_complaint = ReturnCode::NoSuchComplaint.number();
        let found = [
            (ComplaintList::path(), 0),
            (ComplaintInfoGet::path(), no_such_complaint),
            ("/token".into(), ReturnCode::AppIdMissing.number()),
        ];
        for (path, code) in found {
            let bare = path.trim_start_matches('/');
            for prefix in ["/", "//", "///", "/api/", "/api//", "//api/", "//api//"] {
                let path = format!("{prefix}{bare}");
                assert_eq!(server.post(&path, &body).await.code(), code, "{path}");
            }
            for prefix in ["/apis/", "/api/v1/", "/API/", "/api/api/"] {
                let path = format!("{prefix}{bare}");
                assert_eq!(
                    server.post(&path, &body).await.code(),
                    ReturnCode::NoSuchInterface.number(),
                    "{path}"
                );
            }
        }
        // The query comes along.
        let query = "app_id=appAny&secret_key=x&grant_type=y";
        assert_eq!(server.get(&format!("//token?{query}")).await.code(), ReturnCode::GrantTypeWrong.number());
        assert_eq!(
            server.get(&format!("/api/token?{query}")).await.code(),
            ReturnCode::GrantTypeWrong.number()
        );
    });
}

#[test]
fn a_body_is_read_whatever_it_says_it_is() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appBody").await;
        server.put(&shop, &[complaint("c_1", NOW - 60), complaint("c_2", NOW - 30)]).await;
        let token = server.token_for(&shop, &server.app(&shop).await, 60).await;
        let url = format!("{}{}", server.url, ComplaintList::path());
        let json = format!(r#"{{"access_token":"{token}","complaint_id":"c_2","page":"1","state":"",}}"#);
        let form = format!("access_token={token}&complaint_id=c%5F2&page=1&state=&channel_type=0");
        let marked = format!("\u{feff}\n{json}\n");
        for body in [&json, &form, &marked] {
            let types = [
                None,
                Some("application/json"),
                Some("application/json; charset=utf-8"),
                Some("application/x-www-form-urlencoded"),
                Some("text/plain"),
                Some("no type at all"),
            ];
            for content_type in types {
                let mut request = server.http.post(&url).body(body.clone());
                if let Some(content_type) = content_type {
                    request = request.header("content-type", content_type);
                }
                let answer = Answer::of(request).await;
                assert_eq!((answer.ids(), answer.total()), (vec!["c_2".to_owned()], 1), "{content_type:?}");
            }
        }
    });
}

#[test]
fn every_answer_carries_a_request_id() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let list = ComplaintList::path();
        let good = json!({ "access_token": token }).to_string();
        let calls = [("/token", "{}"), (&list, &good), (&list, "[]"), ("/xe.no.such/1.0.0", "")];
        let mut given = std::collections::HashSet::new();
        for (path, body) in calls {
            let call = |id: Option<&str>| {
                let request = server.http.post(format!("{}{path}", server.url)).body(body.to_owned());
                match id {
                    Some(id) => request.header("x-request-id", id),
                    None => request,
                }
            };
            for sane in ["a", "01HV4Q-8_2.x:7", &"z".repeat(64)] {
                assert_eq!(Answer::of(call(Some(sane))).await.header("x-request-id"), Some(sane));
            }
            // A forged log line, a header too long to keep, one that is no ASCII, none.
            for insane in [Some("a b"), Some("a\"}"), Some(&*"z".repeat(65)), Some("投诉"), Some(""), None]
            {
                let answer = Answer::of(call(insane)).await;
                let id = answer.header("x-request-id").expect("an id").to_owned();
                assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
                assert!(given.insert(id), "a new one for every call");
            }
        }
    });
}
