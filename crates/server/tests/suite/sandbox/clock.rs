//! The sandbox's clock.

use serde_json::json;
use tousu_wire::ReturnCode;
use tousu_wire::sandbox::{SandboxGet, SandboxReset};
use tousu_wire::{Endpoint, SandboxEndpoint};

use super::{MAIN, Twin};
use crate::support::*;

#[test]
fn deadlines_pass_with_the_clock() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let overdue = async || {
            let token = twin.token(MAIN).await;
            let rows = twin.rows(&token).await;
            let late = rows.iter().filter(|row| row["is_overtime"] == 2).count() as i64;
            assert_eq!(twin.server.list(&token, json!({ "is_overtime": 2 })).await.total(), late);
            let open_in_time = rows.iter().filter(|row| row["state"] != 2 && row["is_overtime"] == 1).count();
            (late, open_in_time)
        };
        let (late, open_in_time) = overdue().await;
        assert!(open_in_time > 3);
        let moved = twin.steer("clock.advance", json!({ "seconds": 72 * 3600 })).await;
        assert_eq!(moved.data()["now"], "2024-05-04 12:00:00");
        assert_eq!(overdue().await, (late + open_in_time as i64, 0));
        let set = twin.steer("clock.set", json!({ "now": "2024-05-01 12:00:00" })).await;
        assert_eq!(set.data(), twin.steer("clock.get", json!({})).await.data());
        assert_eq!(set.data()["epoch"], NOW);
        assert_eq!(overdue().await, (late, open_in_time));
    });
}

#[test]
fn tokens_and_limits_go_by_the_clock() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let code = async |token: &str| twin.server.list(token, json!({ "page_size": 1 })).await.code();
        for _ in 0..500 {
            assert_eq!(code(&token).await, 0);
        }
        assert_eq!(code(&token).await, ReturnCode::LimitReached.number());
        // The past makes no room, and keeps none.
        twin.steer("clock.set", json!({ "now": "2024-05-01 11:00:00" })).await.data();
        assert_eq!(code(&token).await, ReturnCode::LimitReached.number());
        twin.steer("clock.advance", json!({ "seconds": 10 })).await.data();
        assert_eq!(code(&token).await, 0);
        twin.steer("clock.set", json!({ "now": "2024-05-01 14:00:01" })).await.data();
        assert_eq!(code(&token).await, ReturnCode::AccessTokenExpired.number());
    });
}

#[test]
fn the_clock_runs_and_stands_still() {
    on_sqlite(async |database| {
        let twin = Twin::open(database).await;
        assert_eq!(twin.steer("clock.get", json!({})).await.data()["runs"], 0);
        assert_eq!(twin.steer("clock.set", json!({ "runs": 1 })).await.data()["runs"], 1);
        assert!(twin.server.clock.runs());
        twin.steer("clock.set", json!({ "runs": "0", "now": "2026-01-01 00:00:00" })).await.data();
        assert_eq!(twin.steer("clock.get", json!({})).await.data()["now"], "2026-01-01 00:00:00");
        let refused = ReturnCode::InvalidParameter.number();
        for wrong in [json!({ "runs": 2 }), json!({ "now": "yesterday" })] {
            assert_eq!(twin.steer("clock.set", wrong).await.code(), refused);
        }
        for wrong in [json!({}), json!({ "seconds": -1 }), json!({ "seconds": 1_000_000_000_000_i64 })] {
            assert_eq!(twin.steer("clock.advance", wrong).await.code(), refused);
        }
    });
}

#[test]
fn elsewhere_there_is_nothing_to_steer() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let document = server.http.get(format!("{}/openapi.json", server.url)).send().await.unwrap();
        assert!(!document.text().await.unwrap().contains("tousu.sandbox."));
        for path in [SandboxGet::path(), SandboxReset::path(), "/tousu.sandbox.clock.set/1.0.0".into()] {
            assert_eq!(server.post(&path, &json!({})).await.code(), ReturnCode::NoSuchInterface.number());
        }
        // Nor to ask for: a header that means nothing here.
        let token = server.any_token().await;
        let list = format!("{}{}", server.url, tousu_wire::complaint_list::ComplaintList::path());
        let asked = server
            .http
            .post(list)
            .header("X-Tousu-Fault", "2053")
            .body(json!({ "access_token": token }).to_string());
        let answer = Answer::of(asked).await;
        assert_eq!((answer.code(), answer.header("x-tousu-quirk")), (0, None));
    });
}

#[test]
fn a_sandbox_documents_how_it_is_steered() {
    on_sqlite(async |database| {
        let twin = Twin::open(database).await;
        let url = format!("{}/openapi.json", twin.server.url);
        let document: serde_json::Value =
            twin.server.http.get(url).send().await.unwrap().json().await.unwrap();
        for path in [SandboxGet::path(), SandboxReset::path(), "/tousu.sandbox.complaint.move/1.0.0".into()] {
            let post = &document["paths"][&path]["post"];
            assert!(post["summary"].is_string() && post["x-rate-limit"].is_null(), "{path}");
        }
        let get = format!("{}{}", twin.server.url, SandboxGet::path());
        assert_eq!(Answer::of(twin.server.http.get(get)).await.code(), ReturnCode::WrongMethod.number());
    });
}
