//! Complaints of the same person, order or resource.

use tousu::complaint::Details;
use tousu::store::Incoming;
use tousu_wire::complaint_similar::ComplaintSimilar;

use super::*;

impl Archive {
    pub async fn similar(&self, complaint_id: &str) -> Answer {
        let asked = json!({ "access_token": self.token, "complaint_id": complaint_id });
        self.server.post(&ComplaintSimilar::path(), &asked).await
    }
}

/// A complaint of that person, by user id and phone, about that order.
pub fn of(id: &str, at: i64, user: &str, phone: &str, order: &str) -> Incoming {
    let mut complaint = complaint(id, NOW - at);
    complaint.complainant_phone = Phone(phone.into());
    complaint.complaint_resource_id = order.into();
    Incoming { complaint, details: Details { complainant_user_id: user.into(), ..Details::default() } }
}

fn seen(answer: &Answer, list: &str) -> Vec<(String, i64)> {
    let rows = answer.data()[list].as_array().unwrap();
    rows.iter()
        .map(|row| (row["complaint_id"].as_str().unwrap().into(), row["certain"].as_i64().unwrap_or(1)))
        .collect()
}

#[test]
fn the_same_person_and_the_same_order_are_found() {
    on_each_database(async |database| {
        let archive = Archive::open(database).await;
        let rows = [
            of("c_this", 100, "u_1", "18812341474", "E1"),
            of("c_user", 200, "u_1", "13900001475", "E2"),
            of("c_both", 300, "u_1", "18812341474", "E1"),
            // Another number that looks the same.
            of("c_mask", 50, "u_2", "18899991474", "E3"),
            of("c_masked", 400, "", "188****1474", ""),
            of("c_tail", 60, "u_3", "13912341474", "E4"),
            of("c_order", 10, "", "", "E1"),
            of("c_other", 20, "", "微信", "e1"),
        ];
        let theirs = archive.server.shop("appTheirs").await;
        for shop in [&archive.shop, &theirs] {
            archive.server.store.take_in(shop, BY_TEST, &rows).await.unwrap().unwrap();
        }
        for _ in 0..2 {
            let answer = archive.similar("c_this").await;
            let certain = |id: &str, certain| (id.to_owned(), certain);
            assert_eq!(
                seen(&answer, "by_user"),
                [certain("c_mask", 0), certain("c_user", 1), certain("c_both", 1), certain("c_masked", 0)]
            );
            assert_eq!(seen(&answer, "by_order"), [certain("c_order", 1), certain("c_both", 1)]);
            assert!(!answer.text.contains("18812341474"));
            let row = &answer.data()["by_order"][0];
            let found = archive.search(json!({ "complaint_resource_id": "E1", "page_size": 1 })).await;
            assert_eq!(row, &found.data()["list"][0]);
            // Without an order or a number there is nothing to go by.
            let answer = archive.similar("c_other").await;
            assert_eq!(answer.data(), &json!({ "by_user": [], "by_order": [] }));
            archive.follow().await;
        }
        assert_eq!(archive.similar("c_none").await.code(), 3002);
        assert_eq!(archive.similar("").await.code(), 3001);
    });
}

#[test]
fn of_many_the_latest_twenty_are_told() {
    on_each_database(async |database| {
        let archive = Archive::open(database).await;
        let rows: Vec<Incoming> = (0..700)
            .map(|at| of(&format!("c_{at:03}"), 700 - at, "u_1", "18812341474", "p_course"))
            .collect();
        archive.server.store.take_in(&archive.shop, BY_TEST, &rows).await.unwrap().unwrap();
        for _ in 0..2 {
            let answer = archive.similar("c_690").await;
            let latest: Vec<String> =
                (679..700).rev().filter(|at| *at != 690).map(|at| format!("c_{at:03}")).collect();
            for list in ["by_user", "by_order"] {
                let ids: Vec<String> = seen(&answer, list).into_iter().map(|one| one.0).collect();
                assert_eq!(ids, latest, "{list}");
            }
            archive.follow().await;
        }
    });
}
