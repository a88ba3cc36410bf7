//! Rows that shift while pages are read.

use std::collections::HashMap;

use serde_json::json;

use super::Wrong;
use crate::support::*;

/// The ids in the order in which a walk over all pages sees them, and the totals.
async fn walk(wrong: &Wrong, size: i64) -> (Vec<String>, Vec<i64>) {
    let (mut ids, mut totals) = (Vec::new(), Vec::new());
    for page in 1.. {
        let answer = wrong.list(json!({ "page": page, "page_size": size })).await;
        let rows = answer["data"]["list"].as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        ids.extend(rows.iter().map(|row| row["complaint_id"].as_str().unwrap().to_owned()));
        totals.push(answer["data"]["total"].as_i64().unwrap());
    }
    (ids, totals)
}

fn all(count: i64) -> Vec<String> {
    (0..count).map(|at| format!("c_{at}")).collect()
}

/// As if a complaint arrived before each page: its last row is the next one's first.
#[test]
fn arrivals_repeat_rows_and_hide_none() {
    on_each_database(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 'rows-shift=1'", 9).await;
        let (ids, totals) = walk(&wrong, 4).await;
        assert_eq!(totals, [9, 10, 11]);
        let mut times: HashMap<&str, usize> = HashMap::new();
        ids.iter().for_each(|id| *times.entry(id).or_default() += 1);
        assert_eq!(times.len(), 9);
        assert_eq!((times["c_3"], times["c_6"], times["c_4"]), (2, 2, 1));
    });
}

/// As if one vanished before each page: the row that moves up is never seen.
#[test]
fn removals_hide_rows() {
    on_each_database(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 'rows-shift=-1'", 9).await;
        let (ids, totals) = walk(&wrong, 4).await;
        let hidden: Vec<String> = all(9).into_iter().filter(|id| !ids.contains(id)).collect();
        assert_eq!((hidden, totals), (vec!["c_4".to_owned()], vec![9, 8]));
    });
}

#[test]
fn without_a_shift_pages_are_what_they_are() {
    on_sqlite(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 'rows-shift=1'\ncalls = 999", 9).await;
        assert_eq!(walk(&wrong, 4).await, (all(9), vec![9, 9, 9]));
    });
}
