//! Complaints that arrive, move and vanish while a client looks on.

use serde_json::json;
use tousu::clock::Clock;
use tousu_wire::ReturnCode;

use super::{MAIN, Twin};
use crate::support::*;

fn ids(answer: &Answer) -> Vec<String> {
    let ids = answer.data()["complaint_ids"].as_array().unwrap();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn complaints_arrive() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        assert_eq!(twin.rows(&token).await.len(), 28);
        twin.steer("clock.advance", json!({ "seconds": 60 })).await.data();
        let mut added = ids(&twin.steer("complaint.add", json!({ "count": 3 })).await);
        let page = twin.server.list(&token, json!({ "page_size": 3 })).await;
        assert_eq!(page.total(), 31);
        let mut newest = page.ids();
        added.sort();
        newest.sort();
        assert_eq!(newest, added);
        for row in page.data()["list"].as_array().unwrap() {
            assert_eq!((&row["state"], &row["is_overtime"]), (&json!(0), &json!(1)));
            assert_eq!(row["complaint_time"], "2024-05-01 12:01:00");
        }
        assert_eq!(ids(&twin.steer("complaint.add", json!({ "app_id": "appSandbox00002" })).await).len(), 1);
        let token = twin.token("xopSandboxEmpty").await;
        assert_eq!(twin.server.list(&token, json!({})).await.total(), 1);
    });
}

#[test]
fn complaints_move() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let row = async |id: &str| {
            twin.server.list(&token, json!({ "complaint_id": id })).await.data()["list"][0].clone()
        };
        let id = ids(&twin.steer("complaint.add", json!({})).await).remove(0);
        let moved = async |state: i64| {
            twin.steer("complaint.move", json!({ "complaint_id": id, "state": state })).await
        };

        assert_eq!(ids(&moved(1).await), std::slice::from_ref(&id));
        assert_eq!((&row(&id).await["state"], &row(&id).await["current_step"]), (&json!(1), &json!(2)));
        let asked = json!({ "access_token": token, "complaint_id": id });
        let detail = twin.server.post("/xe.complaint.info.get/1.0.0", &asked).await;
        assert_eq!(detail.data()["reply_list"].as_array().unwrap().len(), 1);
        moved(2).await.data();
        assert_eq!(row(&id).await["closed_at"], "2024-05-01 12:00:00");
        assert_eq!(moved(2).await.code(), ReturnCode::NotAllowed.number(), "it is done already");
        moved(1).await.data();
        assert_eq!(row(&id).await["closed_at"], "1970-01-02 00:00:00");

        // By chance, as long as there are any.
        let open = async || {
            let pending = twin.server.list(&token, json!({ "state": 0 })).await.total();
            (pending, twin.server.list(&token, json!({ "state": 1 })).await.total())
        };
        let (pending, _) = open().await;
        assert_eq!(
            ids(&twin.steer("complaint.move", json!({ "count": pending, "state": 1 })).await).len() as i64,
            pending
        );
        assert_eq!(open().await.0, 0);
        let rest = open().await.1;
        assert_eq!(
            ids(&twin.steer("complaint.move", json!({ "count": 1000, "state": 2 })).await).len() as i64,
            rest
        );
        assert_eq!(open().await, (0, 0));
    });
}

#[test]
fn complaints_vanish() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let before = twin.server.list(&token, json!({ "page_size": 100 })).await.ids();
        let named = before[3].clone();
        let gone = twin.steer("complaint.remove", json!({ "complaint_id": named })).await;
        assert_eq!(ids(&gone), std::slice::from_ref(&named));
        let by_chance = ids(&twin.steer("complaint.remove", json!({ "count": 5 })).await);
        assert_eq!(by_chance.len(), 5);
        let kept: Vec<String> =
            before.into_iter().filter(|id| *id != named && !by_chance.contains(id)).collect();
        assert_eq!(twin.server.list(&token, json!({ "page_size": 100 })).await.ids(), kept);
        let asked = json!({ "access_token": token, "complaint_id": named });
        let detail = twin.server.post("/xe.complaint.info.get/1.0.0", &asked).await;
        assert_eq!(detail.code(), ReturnCode::NoSuchComplaint.number());
        assert_eq!(ids(&twin.steer("complaint.remove", json!({ "count": 1000 })).await).len(), 22);
        assert_eq!(twin.server.list(&token, json!({})).await.total(), 0);
        let findings = twin.server.store.examine(Clock::system().epoch()).await.unwrap();
        assert!(findings.iter().all(|finding| finding.good), "{findings:?}");
    });
}

#[test]
fn what_cannot_be_is_refused() {
    on_sqlite(async |database| {
        let twin = Twin::open(database).await;
        let (parameter, unknown) =
            (ReturnCode::InvalidParameter.number(), ReturnCode::NoSuchComplaint.number());
        for (name, body, code) in [
            ("complaint.add", json!({ "count": 0 }), parameter),
            ("complaint.add", json!({ "app_id": "appDesk" }), parameter),
            ("complaint.move", json!({ "count": 1 }), parameter),
            ("complaint.move", json!({ "state": 0 }), parameter),
            ("complaint.move", json!({ "state": 2, "complaint_id": "c_none" }), unknown),
            ("complaint.remove", json!({ "complaint_id": "c_none" }), unknown),
            ("complaint.remove", json!({ "complaint_id": "c\u{0}" }), parameter),
            ("reset", json!({ "complaints": -1 }), parameter),
            ("reset", json!([]), parameter),
        ] {
            let answer = twin.steer(name, body.clone()).await;
            assert_eq!(answer.code(), code, "{name} {body}: {}", answer.text);
        }
        assert_eq!(twin.rows(&twin.token(MAIN).await).await.len(), 28);
    });
}
