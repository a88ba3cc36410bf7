//! The change feed: exactly the history, whoever writes meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::store::{Brought, Incoming};
use tousu_wire::complaint_changes::ComplaintChanges;
use tousu_wire::complaint_create::ComplaintCreate;

use super::Desk;
use crate::support::*;

/// What a page of the feed names: entry and complaint.
fn named(answer: &Answer) -> Vec<(i64, String)> {
    let each = |change: &Value| {
        (change["entry"].as_i64().unwrap(), change["complaint_id"].as_str().unwrap().to_owned())
    };
    answer.data()["list"].as_array().unwrap().iter().map(each).collect()
}

impl Desk {
    async fn changes(&self, cursor: Option<&str>, size: i64) -> Answer {
        self.call::<ComplaintChanges>(json!({ "cursor": cursor, "page_size": size })).await
    }

    /// Complaints that come in one batch.
    async fn bring(&self, ids: &[String], reason: &str) {
        let batch: Vec<Incoming> = ids
            .iter()
            .map(|id| {
                let complaint_reason = reason.to_owned();
                let complaint = tousu::complaint::Complaint { complaint_reason, ..complaint(id, NOW - 60) };
                Incoming { complaint, details: Default::default() }
            })
            .collect();
        let brought = Brought { by: "import", doer: None, at: NOW };
        self.server.store.take_in(&self.shop, brought, &batch).await.unwrap().unwrap();
    }
}

#[test]
fn imports_are_named_one_by_one() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let ids: Vec<String> = (0..250).map(|at| format!("c_{at:03}")).collect();
        let latest = desk.changes(Some("latest"), 10).await;
        assert_eq!((named(&latest).len(), &latest.data()["next_cursor"]), (0, &json!("0")));
        desk.bring(&ids, "要退款").await;
        let created = desk.submitted().await;
        // Some are there and changed, some are there as they were, some are new.
        let more: Vec<String> = (240..260).map(|at| format!("c_{at:03}")).collect();
        desk.bring(&more[..5], "要退货").await;
        desk.bring(&more, "要退货").await;
        let pages = async |size: i64| {
            let (mut cursor, mut seen, mut cursors) = (None, Vec::new(), Vec::new());
            loop {
                let page = desk.changes(cursor.as_deref(), size).await;
                seen.extend(named(&page));
                assert!(named(&page).len() <= size as usize);
                let next = page.data()["next_cursor"].as_str().unwrap().to_owned();
                cursors.push(next.clone());
                cursor = Some(next);
                if page.data()["has_more"] == 0 {
                    return (seen, cursors);
                }
            }
        };
        let (all, cursors) = pages(100).await;
        let mut expected: Vec<(i64, String)> = ids.iter().map(|id| (1, id.clone())).collect();
        expected.push((2, created));
        expected.extend(more[..5].iter().map(|id| (3, id.clone())));
        // Those that were added come before those that were changed.
        expected.extend(more[10..].iter().chain(&more[5..10]).map(|id| (4, id.clone())));
        assert_eq!(all, expected);
        assert_eq!(cursors, ["0.100", "0.200", "4"]);
        for size in [1, 7, 1000] {
            assert_eq!(pages(size).await.0, expected, "{size}");
        }
        let end = desk.changes(Some("4"), 10).await;
        assert_eq!((named(&end).len(), &end.data()["next_cursor"]), (0, &json!("4")));
        let first = &desk.changes(None, 1).await.data()["list"][0].clone();
        assert_eq!((&first["event"], &first["title"]), (&json!("imported_in_bulk"), &json!("批量导入")));
        assert_eq!(first["complaint"]["complainant_phone"], "188****1474");
        for cursor in ["5", "4.1", "x", "-1", "1.x"] {
            assert_eq!(desk.changes(Some(cursor), 10).await.code(), 3001, "{cursor}");
        }

        let (mut tx, version) = desk.server.store.write(&desk.shop).await.unwrap().unwrap();
        tx.remove_from(&desk.shop, version, Brought { by: "import", doer: None, at: NOW }).await.unwrap();
        tx.commit().await.unwrap();
        let gone = desk.changes(Some("4"), 1000).await;
        assert_eq!(named(&gone).len(), 260);
        assert!(gone.data()["list"].as_array().unwrap().iter().all(|change| change["complaint"].is_null()));
    });
}

#[test]
fn nothing_is_left_out_and_nothing_comes_twice() {
    on_each_database(async |database| {
        let desk = Arc::new(Desk::open(database).await);
        let done = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..4u64)
            .map(|writer| {
                let desk = desk.clone();
                tokio::spawn(async move {
                    let mut rng = StdRng::seed_from_u64(writer);
                    let mut own = Vec::new();
                    for at in 0..60 {
                        match rng.random_range(0..4) {
                            0 => own.push(desk.submitted().await),
                            1 => {
                                let ids: Vec<String> = (0..rng.random_range(1..80))
                                    .map(|of| format!("w{writer}_{at}_{of}"))
                                    .collect();
                                desk.bring(&ids, "要退款").await;
                                own.extend(ids);
                            }
                            2 => {
                                let again: Vec<String> = own.iter().rev().take(70).cloned().collect();
                                if !again.is_empty() {
                                    desk.bring(&again, &format!("改 {at}")).await;
                                }
                            }
                            _ => {
                                if let Some(id) = own.get(rng.random_range(0..own.len().max(1))) {
                                    let body = json!({ "content": "好的" });
                                    desk.act("note", id, body).await.data();
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        let reader = {
            let (desk, done) = (desk.clone(), done.clone());
            tokio::spawn(async move {
                let mut rng = StdRng::seed_from_u64(99);
                let (mut cursor, mut seen): (Option<String>, Vec<(i64, String)>) = (None, Vec::new());
                loop {
                    let was_done = done.load(Ordering::SeqCst);
                    let page = desk.changes(cursor.as_deref(), rng.random_range(1..120)).await;
                    // Killed before it could note how far it came: it goes on from where it was.
                    if rng.random_range(0..4) == 0 {
                        continue;
                    }
                    seen.extend(named(&page));
                    cursor = Some(page.data()["next_cursor"].as_str().unwrap().to_owned());
                    if was_done && page.data()["has_more"] == 0 {
                        return seen;
                    }
                }
            })
        };
        for writer in writers {
            writer.await.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        let seen = reader.await.unwrap();

        // The history, and what each version changed, read past the feed.
        let mut tx = desk.server.store.read().await.unwrap();
        let entries = tx.entries_after(&desk.shop, 0, 1_000_000).await.unwrap();
        assert!(entries.len() > 150);
        let mut expected = Vec::new();
        for kept in &entries {
            match kept.entry.complaint_id.as_str() {
                "" => {
                    let said: Value = serde_json::from_str(&kept.entry.said).unwrap();
                    let count = said["added"].as_i64().unwrap() as usize;
                    let changed = said["changed"].as_array().unwrap().len();
                    expected.extend(vec![(kept.number, None); count + changed]);
                }
                id => expected.push((kept.number, Some(id.to_owned()))),
            }
        }
        assert_eq!(seen.len(), expected.len());
        for ((entry, id), (number, expected)) in seen.iter().zip(&expected) {
            assert_eq!(entry, number);
            assert!(expected.as_ref().is_none_or(|expected| expected == id), "{entry} {id}");
        }
        let mut once: Vec<_> = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "nothing twice");
        // Each complaint's last entry is known to whoever read the feed.
        let all = desk.server.list(&desk.token, json!({ "page_size": 1 })).await.total();
        let mut ids: Vec<&String> = seen.iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as i64, all);
        assert_eq!(tx.verify_history(&desk.shop).await.unwrap(), None);
    });
}

#[test]
fn a_new_complaint_is_one_entry() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let answer = desk.call::<ComplaintCreate>(json!({ "complaint_reason": "要退款" })).await;
        answer.data();
        assert_eq!(named(&desk.changes(None, 10).await).len(), 1);
    });
}
