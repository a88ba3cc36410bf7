//! The history is evidence: whatever of it is changed by hand is found.

use serde_json::json;
use tousu::store::Broken;

use super::{Desk, acts};
use crate::support::*;

#[test]
fn what_is_changed_by_hand_is_named() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = desk.submitted().await;
        for (name, body, _) in acts() {
            desk.act(name, &id, body).await;
        }
        let entries = desk.history(&id).await.len() as i64;
        assert!(entries > 6);
        let verify =
            async || desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap();
        assert_eq!(verify().await, None);

        let texts = [
            "complaint_id",
            "event",
            "actor",
            "operator",
            "client_id",
            "before",
            "after",
            "said",
            "said_salt",
            "said_hash",
            "hash",
        ];
        for column in texts {
            database.run(&format!("update history set {column} = {column} || ' ' where entry = 3")).await;
            assert_eq!(verify().await, Some(Broken::Changed(3)), "{column}");
            let length = format!(
                "update history set {column} = substr({column}, 1, length({column}) - 1) where entry = 3"
            );
            database.run(&length).await;
            assert_eq!(verify().await, None, "{column}");
        }
        for column in ["version", "happened_at"] {
            database.run(&format!("update history set {column} = {column} + 1 where entry = 4")).await;
            assert_eq!(verify().await, Some(Broken::Changed(4)), "{column}");
            database.run(&format!("update history set {column} = {column} - 1 where entry = 4")).await;
        }
        database.run(&format!("update history set entry = {} where entry = {entries}", entries + 5)).await;
        assert_eq!(verify().await, Some(Broken::Missing(entries)));
        database.run(&format!("update history set entry = {entries} where entry = {}", entries + 5)).await;
        assert_eq!(verify().await, None);
        database.run(&format!("update shops set history_entries = {}", entries - 1)).await;
        assert_eq!(verify().await, Some(Broken::Added(entries)));
        database.run(&format!("update shops set history_entries = {entries}")).await;
        database.run(&format!("delete from history where entry = {entries}")).await;
        assert_eq!(verify().await, Some(Broken::Missing(entries)));
        database.run("delete from history where entry = 2").await;
        assert_eq!(verify().await, Some(Broken::Missing(2)));
        assert_eq!(desk.act("note", "c_other", json!({ "content": "x" })).await.code(), 3002);
    });
}
