//! What the seed decides.

use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu::sandbox::Plan;
use tousu_client::Credentials;
use tousu_wire::ReturnCode;

use super::{MAIN, PLAN, Twin};
use crate::support::*;

#[test]
fn there_are_28_and_the_pages_two_among_them() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let rows = twin.rows(&token).await;
        assert_eq!(rows.len(), 28);
        let page: Vec<Value> = serde_json::from_str(PAGE_EXAMPLE_ROWS).unwrap();
        for example in page {
            assert!(rows.contains(&example), "{example}");
        }
        for state in 0..=2 {
            assert!(rows.iter().any(|row| row["state"] == state), "in state {state}");
        }
    });
}

#[test]
fn reset_leads_back_to_where_the_seed_began() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let shown = twin.steer("get", json!({})).await;
        let began = twin.rows(&token).await;
        let details = async |token: &str| {
            let mut details = Vec::new();
            for row in twin.rows(token).await {
                let asked = json!({ "access_token": token, "complaint_id": row["complaint_id"] });
                details.push(twin.server.post("/xe.complaint.info.get/1.0.0", &asked).await.data().clone());
            }
            details
        };
        let details_then = details(&token).await;

        let changed = async || {
            let added = twin.steer("complaint.add", json!({ "count": 3 })).await.data().clone();
            let moved = twin.steer("complaint.move", json!({ "count": 5, "state": 2 })).await.data().clone();
            let removed = twin.steer("complaint.remove", json!({ "count": 4 })).await.data().clone();
            (added, moved, removed)
        };
        let first = changed().await;
        twin.steer("clock.advance", json!({ "seconds": 100_000 })).await.data();
        assert_eq!(twin.server.list(&token, json!({})).await.code(), ReturnCode::AccessTokenExpired.number());
        let token = twin.token(MAIN).await;
        let after = twin.rows(&token).await;
        assert_ne!(after, began);

        // Twice, since what is remembered of one life must not be taken for the other.
        for _ in 0..2 {
            assert_eq!(twin.steer("reset", json!({})).await.data(), shown.data());
            assert_eq!(
                twin.server.list(&token, json!({})).await.code(),
                ReturnCode::AccessTokenExpired.number(),
                "tokens are gone, too"
            );
            let token = twin.token(MAIN).await;
            assert_eq!(twin.rows(&token).await, began);
            assert_eq!(details(&token).await, details_then);
            assert_eq!(changed().await, first, "and changes by chance are the same again");
        }
        let findings = twin.server.store.examine(Clock::system().epoch()).await.unwrap();
        assert!(findings.iter().all(|finding| finding.good), "{findings:?}");
    });
}

#[test]
fn another_seed_makes_another_sandbox() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let (seven, rows) = (twin.account(MAIN).await, twin.rows(&twin.token(MAIN).await).await);
        twin.steer("reset", json!({ "seed": 8, "complaints": 3 })).await.data();
        let (eight, fewer) = (twin.account(MAIN).await, twin.rows(&twin.token(MAIN).await).await);
        assert_ne!(seven.secret_key, eight.secret_key);
        assert_eq!(fewer.len(), 3);
        assert!(fewer.iter().filter(|row| rows.contains(row)).count() == 2, "the page's own are in each");
        twin.steer("reset", json!({ "seed": 7, "complaints": 28 })).await.data();
        assert_eq!(twin.rows(&twin.token(MAIN).await).await, rows);
    });
}

/// What a job noted by a clock that was ahead holds up nobody when it is set back.
#[test]
fn reset_forgets_what_has_yet_to_come() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let Server { store, clock, .. } = &twin.server;
        let marks = async || store.read().await.unwrap().alarm_marks().await.unwrap();
        twin.steer("clock.advance", json!({ "seconds": 86_400 })).await.data();
        assert!(store.claim("job", "one", clock.epoch(), 60).await.unwrap());
        store.mark_alarms(&[(24, clock.epoch())]).await.unwrap();
        twin.steer("clock.set", json!({ "now": "2024-05-01 12:00:00" })).await.data();
        assert!(!store.claim("job", "other", clock.epoch(), 60).await.unwrap());
        assert_eq!(marks().await.len(), 1);
        twin.steer("reset", json!({})).await.data();
        assert!(store.claim("job", "other", clock.epoch(), 60).await.unwrap());
        assert_eq!(marks().await, []);
    });
}

/// The same again on the same database, as after a restart.
#[test]
fn a_sandbox_may_be_begun_in_a_sandboxs_database() {
    on_each_database(async |database| {
        let mut twin = Twin::open(database).await;
        let rows = twin.rows(&twin.token(MAIN).await).await;
        twin.steer("complaint.remove", json!({ "count": 9 })).await.data();
        twin.server.stop().await;
        assert!(tousu::sandbox::may_be_made_in(&twin.server.store).await.unwrap());
        let again = Twin::open(database).await;
        assert_eq!(again.rows(&again.token(MAIN).await).await, rows);
        again.server.shop("appOwn").await;
        assert!(!tousu::sandbox::may_be_made_in(&again.server.store).await.unwrap());
    });
}

/// More than the index reads at once.
#[test]
fn a_large_sandbox_is_reset_as_well() {
    on_sqlite(async |database| {
        let twin = Twin::with(database, Plan { complaints: 20_500, ..PLAN }, None).await;
        let token = twin.token(MAIN).await;
        let totals = async |token: &str| {
            let mut totals = Vec::new();
            for filter in
                [json!({}), json!({ "state": 0 }), json!({ "is_overtime": 2 }), json!({ "channel_type": 3 })]
            {
                totals.push(twin.server.list(token, filter).await.total());
            }
            totals
        };
        let began = totals(&token).await;
        assert_eq!(began[0], 20_500);
        twin.steer("complaint.add", json!({ "count": 2 })).await.data();
        twin.steer("reset", json!({ "complaints": 5 })).await.data();
        assert_eq!(totals(&twin.token(MAIN).await).await[0], 5);
        twin.steer("reset", json!({ "complaints": 20_500 })).await.data();
        assert_eq!(totals(&twin.token(MAIN).await).await, began);
    });
}

#[test]
fn each_account_is_what_its_title_says() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let code = async |client_id: &str, named: bool| {
            let account = twin.account(client_id).await;
            let client_id = account.client_id.clone().filter(|_| named);
            let given = twin.server.client(&Credentials { client_id, ..account }).fetch_token().await;
            match given {
                Ok(token) => twin.server.list(&token.access_token, json!({})).await.code(),
                Err(error) => error.return_code().unwrap().number(),
            }
        };
        assert_eq!(code(MAIN, true).await, 0);
        assert_eq!(code("xopSandboxRead1", true).await, 0);
        assert_eq!(code("xopSandboxNone1", true).await, ReturnCode::NotPermitted.number());
        assert_eq!(code("xopSandboxOlder", false).await, 0);
        assert_eq!(code("xopSandboxAway1", true).await, ReturnCode::IpNotAllowed.number());
        assert_eq!(code("xopSandboxGone1", true).await, ReturnCode::ClientIdWrong.number());
        let token = twin.token("xopSandboxEmpty").await;
        assert_eq!(twin.server.list(&token, json!({})).await.total(), 0);
    });
}
