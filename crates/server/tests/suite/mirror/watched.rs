//! What operators and people see of a mirror.

use serde_json::{Value, json};
use tousu_wire::mirror::MirrorGet;

use super::*;

#[test]
fn how_far_it_is_is_told_everywhere() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        assert_eq!(*pair.here.call::<MirrorGet>(json!({})).await.data(), json!({ "mirror": null }));
        pair.put(7).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        let began = pair.clock.epoch();
        pair.round(&mut fetching).await;
        pair.clock.set(pair.clock.epoch() + 30);
        let standing = pair.standing().await;
        let fresh = wire_time(began + TERMS.every);
        assert_eq!((&standing["fresh_as_of"], &standing["lag_seconds"]), (&fresh, &json!(30)), "{standing}");
        assert_eq!((&standing["complaints"], &standing["details_due"]), (&json!(7), &json!(0)));
        assert_eq!(standing["proof"]["certain"], 1);
        let counted = |field: &str| -> i64 {
            standing["days"].as_array().unwrap().iter().map(|day| day[field].as_i64().unwrap()).sum()
        };
        assert_eq!((counted("here"), counted("there")), (7, 7));
        let Server { url, http, .. } = &pair.here.server;
        let page =
            async |path: &str| http.get(format!("{url}{path}")).send().await.unwrap().text().await.unwrap();
        let ready: Value = serde_json::from_str(&page("/readyz").await).unwrap();
        assert_eq!(
            ready["mirrors"],
            json!([{ "app_id": "appHere", "lag_seconds": 30, "last_success": standing["succeeded_at"], "ok": true }])
        );
    });
}

/// A row changed past the program is a difference, which a pass finds and mends; a day is certain only after that.
#[test]
fn a_pass_finds_what_is_not_the_same() {
    on_each_database(async |database| {
        let pair = Pair::on(database).await;
        pair.put(30).await;
        let mut fetching = pair.fetching().await;
        fetching.turn().await.unwrap();
        database.run("update complaints set time_limit = 1 where complaint_id = 'c_0029'").await;
        pair.clock.set(pair.clock.epoch() + TERMS.pass_every);
        fetching.turn().await.unwrap();
        pair.assert_same().await;
        assert_eq!((fetching.counted().added, fetching.counted().changed), (30, 1));
        assert_eq!(proof(&fetching).await.certain, 1);
    });
}
