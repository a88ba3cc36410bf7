//! Random complaints, acts, filters and orders, against the model.

use super::*;

/// Some searches to their last page, and their totals.
async fn assert_right(archive: &Archive, rng: &mut StdRng, searches: usize) {
    for _ in 0..searches {
        let asked = asked(rng);
        let (rows, total) = archive.all_pages(&asked).await;
        let expected = expected(&archive.known, &asked, NOW);
        assert_eq!(ids(&rows), expected, "{asked}");
        assert_eq!(total, expected.len(), "{asked}");
        // A page by its number, the one behind the last among them.
        let size = asked["page_size"].as_u64().unwrap() as usize;
        let page = rng.random_range(0..=expected.len() / size + 1);
        let mut jump = asked.clone();
        jump["page_index"] = json!(page + 1);
        let answer = archive.search(jump.clone()).await;
        let of_page: Vec<String> = expected.iter().skip(page * size).take(size).cloned().collect();
        assert_eq!((answer.ids(), answer.total()), (of_page, expected.len() as i64), "{jump}");
        // And on from there.
        let next = answer.data()["next_cursor"].clone();
        assert_eq!(next == "", (page + 1) * size >= expected.len(), "{jump}");
        if next != "" {
            let mut on = asked.clone();
            on["cursor"] = next;
            let of_next: Vec<String> = expected.iter().skip((page + 1) * size).take(size).cloned().collect();
            assert_eq!(archive.search(on).await.ids(), of_next, "{jump}");
        }
        for row in rows {
            let known = &archive.known[row["complaint_id"].as_str().unwrap()];
            let mut listed = row.clone();
            for more in ["assignee", "tags", "detail_step", "version", "changed_at"] {
                assert!(listed.as_object_mut().unwrap().shift_remove(more).is_some(), "{more}");
            }
            assert_eq!(listed.to_string(), json!(known.complaint.to_row(NOW)).to_string());
            let changed_at = BeijingTime::from_epoch(known.changed_at);
            let rest = (json!(known.assignee), json!(known.tags), json!(changed_at));
            assert_eq!((row["assignee"].clone(), row["tags"].clone(), row["changed_at"].clone()), rest);
        }
    }
}

/// More complaints than a walk begins with, so that each way of finding is gone.
#[test]
fn every_search_agrees_with_the_model_however_far_the_index_is() {
    on_each_database(async |database| {
        let mut rng = chance(11);
        let mut archive = Archive::open(database).await;
        let ids = 600;
        for first in (0..ids).step_by(200) {
            archive.put((first..first + 200).map(|id| some(&mut rng, id)).collect()).await;
        }
        for _ in 0..80 {
            archive.act(&mut rng).await;
        }
        assert_right(&archive, &mut rng, 25).await;
        // Under way: step by step, with changes in between.
        for step in 0..4 {
            assert!(archive.server.store.follow_words(&archive.shop, 100).await.unwrap());
            assert_right(&archive, &mut rng, 6).await;
            archive.put(some_of(&mut rng, 20, ids)).await;
            archive.put((0..20).map(|id| some(&mut rng, 1000 + step * 20 + id)).collect()).await;
            archive.act(&mut rng).await;
        }
        assert!(archive.follow().await > 0);
        assert_eq!(archive.follow().await, 0, "nothing is left to do");
        assert_eq!(archive.differences().await, [""; 0]);
        assert_right(&archive, &mut rng, 30).await;
        // A little behind.
        for _ in 0..15 {
            archive.act(&mut rng).await;
        }
        archive.put(some_of(&mut rng, 30, ids)).await;
        assert_right(&archive, &mut rng, 30).await;
        assert_eq!(archive.differences().await, [""; 0]);
        archive.follow().await;
        assert_right(&archive, &mut rng, 20).await;
        assert_eq!(archive.differences().await, [""; 0]);
    });
}

/// So many that what is common is walked for, and what is rare is found by the index.
#[test]
fn a_large_shop_is_searched_rightly() {
    on_each_database(async |database| {
        let mut rng = chance(12);
        let mut archive = Archive::open(database).await;
        for first in (0..6000).step_by(1000) {
            archive.put((first..first + 1000).map(|id| some(&mut rng, id)).collect()).await;
        }
        archive.follow().await;
        for asked in [
            json!({ "text": "没有", "with_total": 1 }),
            json!({ "text": "退款", "state": [0], "with_total": 1, "page_size": 100 }),
            json!({ "complaint_from": [101, 201, 203], "channel_type": [4], "is_overtime": 1, "sort": "changed" }),
            json!({ "channel_type": [1, 2, 3, 4], "state": [0, 1], "with_total": 1, "page_size": 100 }),
            json!({ "state": [2], "text": "质量", "is_overtime": 1, "page_size": 100 }),
            json!({ "phone_tail": "1474", "page_size": 100 }),
            json!({ "due_after": "2024-04-01 00:00:00", "page_size": 100, "with_total": 1 }),
            json!({ "due_after": "2024-04-01 00:00:00", "complaint_from": [101, 201], "text": "退款", "page_size": 100 }),
        ] {
            let (rows, total) = archive.all_pages(&asked).await;
            let expected = expected(&archive.known, &asked, NOW);
            assert_eq!(ids(&rows), expected, "{asked}");
            assert!(total.is_null() || total == expected.len(), "{asked}: {total}");
        }
    });
}

/// Pages far behind, of what is found in each of the ways there are.
#[test]
fn every_page_can_be_jumped_to() {
    on_each_database(async |database| {
        let mut rng = chance(14);
        let mut archive = Archive::open(database).await;
        for first in (0..6000).step_by(1000) {
            archive.put((first..first + 1000).map(|id| some(&mut rng, id)).collect()).await;
        }
        archive.follow().await;
        for asked in [
            json!({}),
            json!({ "sort": "changed" }),
            json!({ "sort": "deadline" }),
            json!({ "state": [2] }),
            json!({ "state": [0, 1], "sort": "deadline", "channel_type": [1, 2] }),
            json!({ "complaint_from": [101, 201], "is_overtime": 1 }),
            json!({ "text": "退款" }),
            json!({ "text": "退款", "sort": "deadline" }),
            json!({ "unassigned": 1, "hour": [1, 2, 23] }),
            json!({ "due_after": "2024-05-01 12:00:00" }),
            json!({ "due_after": "2024-04-01 00:00:00", "text": "质量" }),
            json!({ "complaint_resource_id": "E1" }),
        ] {
            let expected = expected(&archive.known, &asked, NOW);
            assert!(expected.len() > 100, "{asked}");
            for page in [2, expected.len() / 200, expected.len() / 100, expected.len() / 100 + 1] {
                let mut jump = asked.clone();
                (jump["page_index"], jump["page_size"]) = (json!(page.max(1)), json!(100));
                let at = (page.max(1) - 1) * 100;
                let of_page: Vec<String> = expected.iter().skip(at).take(100).cloned().collect();
                assert_eq!(archive.search(jump.clone()).await.ids(), of_page, "{jump}");
            }
        }
        let deep = archive.search(json!({ "page_index": 101, "page_size": 100 })).await;
        assert_eq!(deep.code(), 3001);
        assert!(deep.msg().contains("page_index") && deep.msg().contains("10000"), "{}", deep.msg());
        assert_eq!(archive.search(json!({ "page_index": 100, "page_size": 100 })).await.ids(), [""; 0]);
    });
}

/// What does not change is on one page, exactly, whatever changes beside it.
#[test]
fn pages_lose_and_repeat_nothing_while_others_write() {
    on_each_database(async |database| {
        let mut rng = chance(13);
        let mut archive = Archive::open(database).await;
        archive.put((0..600).map(|id| some(&mut rng, id)).collect()).await;
        for sort in ["complaint_time", "deadline", "changed"] {
            for text in [json!(null), json!("退")] {
                let mut asked = json!({ "sort": sort, "page_size": 20 });
                if !text.is_null() {
                    asked["text"] = json!("退款");
                }
                let before = expected(&archive.known, &asked, NOW);
                let mut changed = std::collections::HashSet::new();
                let mut rows = Vec::new();
                loop {
                    let answer = archive.search(asked.clone()).await;
                    rows.extend(answer.data()["list"].as_array().unwrap().iter().cloned());
                    let next = answer.data()["next_cursor"].as_str().unwrap();
                    if next.is_empty() {
                        break;
                    }
                    asked["cursor"] = json!(next);
                    let ids: Vec<usize> = (0..6).map(|_| rng.random_range(0..650)).collect();
                    changed.extend(ids.iter().map(|id| format!("c_{id:05}")));
                    archive.put(ids.iter().map(|id| some(&mut rng, *id)).collect()).await;
                    if rng.random() {
                        archive.follow().await;
                    }
                }
                let still =
                    |ids: Vec<String>| ids.into_iter().filter(|id| !changed.contains(id)).collect::<Vec<_>>();
                assert!(changed.len() >= 6);
                assert_eq!(still(ids(&rows)), still(before), "{asked}");
            }
        }
    });
}
