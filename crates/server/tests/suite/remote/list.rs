//! `tousu list`: its forms, its filters, and how it ends.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};
use tousu_wire::BeijingTime;

use super::Desk;
use crate::program::Ran;
use crate::support::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Complaints of each kind; the ids tell which.
async fn some(desk: &Desk) {
    desk.put("c_new", HOUR, 71 * HOUR).await;
    desk.put_with(
        "c_wechat",
        2 * DAY,
        2 * HOUR,
        json!({ "channel_type": 3, "complaint_from": 201, "state": 1, "current_step": 2 }),
    )
    .await;
    desk.put_with(
        "c_late",
        10 * DAY,
        -7 * DAY,
        json!({ "complaint_from": 207, "complaint_reason": "黑猫：要退款\u{1b}[2J" }),
    )
    .await;
    let closed = BeijingTime::from_epoch(desk.now - 19 * DAY);
    desk.put_with(
        "c_done",
        20 * DAY,
        -17 * DAY,
        json!({ "state": 2, "current_step": 5, "closed_at": closed, "is_overtime": 1 }),
    )
    .await;
}

#[test]
fn each_form_has_the_same_complaints() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        some(&desk).await;
        let token = desk.server.client(&desk.credentials).fetch_token().await.unwrap().access_token;
        let rows = desk.server.list(&token, json!({})).await.data()["list"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 4);
        assert_eq!(desk.program.json(&["list"]), rows, "as the list has them");
        let lines = desk.out(&["list", "--ndjson"]);
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json!(lines), rows);

        let table = desk.program.run(&["list"]);
        let ids: Vec<&str> = table.out.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(ids, ["c_new", "c_wechat", "c_late", "c_done"]);
        assert!(!table.out.contains('\u{1b}'), "neither colours nor what a complaint says: {}", table.out);
        assert_eq!(table.err, "共 4 条\n");
        let coloured = desk.out(&["list", "--color", "always"]);
        assert!(
            coloured.contains("\u{1b}[31m\u{1b}[1m超 7天0时") && !coloured.contains("\u{1b}[2J"),
            "{coloured}"
        );
        let mut command = desk.program.command(&["list", "--color", "auto"]);
        assert!(!Ran::of(command.env("NO_COLOR", "1").output().unwrap()).out.contains('\u{1b}'));

        let csv = desk.out(&["list", "--csv"]);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.headers().unwrap().len(), 16);
        assert_eq!(reader.records().count(), 4);
        let chosen = desk.out(&["list", "--csv", "--columns", "id,left,state"]);
        let mut reader = csv::Reader::from_reader(chosen.as_bytes());
        assert_eq!(*reader.headers().unwrap(), vec!["投诉单号", "剩余秒数", "状态"]);
        let record = reader.records().nth(3).unwrap().unwrap();
        assert_eq!(record, vec!["c_done", "", "处理完成"]);
        let chosen = desk.program.json(&["list", "--columns", "left,complaint_id", "-n", "1"]);
        let left = chosen[0]["seconds_left"].as_i64().unwrap();
        assert!((71 * HOUR - 60..=71 * HOUR).contains(&left), "{chosen}");
        assert_eq!(chosen[0].as_object().unwrap().len(), 2);

        let few = desk.program.run(&["list", "-n", "2", "--lang", "en"]);
        assert_eq!(
            (few.out.lines().count(), few.err.as_str()),
            (3, "4 in all, shown 2; --all shows them all\n")
        );
    });
}

#[test]
fn filters_as_people_say_them() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        some(&desk).await;
        let day_ago = BeijingTime::from_epoch(desk.now - 10 * DAY).date();
        for (filters, ids) in [
            (&["--state", "open"][..], &["c_new", "c_wechat", "c_late"][..]),
            (&["--state", "待处理,处理完成"], &["c_new", "c_late", "c_done"]),
            (&["--channel", "微信"], &["c_wechat"]),
            (&["--channel", "wechat", "--state", "pending"], &[]),
            (&["--overdue"], &["c_late"]),
            (&["--in-time", "--state", "open"], &["c_new", "c_wechat"]),
            (&["--since", "3d"], &["c_new", "c_wechat"]),
            (&["--until", &day_ago], &["c_late", "c_done"]),
            (&["--due-within", "4h"], &["c_wechat"]),
            (&["--due-within", "4d"], &["c_new", "c_wechat"]),
            (&["--from", "黑猫"], &["c_late"]),
            (&["--text", "退款", "--state", "open"], &["c_new", "c_wechat", "c_late"]),
            (&["--id", "c_done"], &["c_done"]),
            (&["--id", "c_none"], &[]),
        ] {
            assert_eq!(desk.ids(filters), ids, "{filters:?}");
        }
        // What the list cannot filter is filtered here, which is said.
        let ran = desk.program.run(&["list", "--due-within", "4h"]);
        assert_eq!(ran.err, "--due-within 由客户端筛选：看了 3 条（已看完），显示 1 条\n");
        let ran = desk.program.run(&["list", "--state", "soon"]);
        assert!(ran.code == Some(2) && ran.err.contains("待处理"), "{ran:?}");
        let ran = desk.program.run(&["list", "--columns", "none", "--lang", "en"]);
        assert!(ran.code == Some(2) && ran.err.contains("resource-type"), "{ran:?}");
        let ran = desk.program.run(&["list", "--csv", "--json"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    });
}

/// More than a page, of several walks, each complaint once and newest first.
#[test]
fn all_of_many() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let complaints: Vec<_> = (0..2500)
            .map(|at| {
                let mut one = complaint(&format!("c_{at:04}"), desk.now - at * 60);
                one.state = (at % 2).into();
                one
            })
            .collect();
        desk.server.put(&desk.shop, &complaints).await;
        let ids = desk.ids(&["--state", "open"]);
        assert_eq!(ids.len(), 2500);
        assert!(ids.is_sorted(), "newest first");
    });
}

/// Whoever reads may leave.
#[test]
fn a_reader_that_leaves_is_no_error() {
    on_sqlite(async |database| {
        let desk = Desk::open(database).await;
        let complaints: Vec<_> = (0..2000).map(|at| complaint(&format!("c_{at}"), desk.now - at)).collect();
        desk.server.put(&desk.shop, &complaints).await;
        let mut child = desk.program.command(&["list", "--all", "--ndjson"]).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("c_0"), "{first}");
        // Its stdout is closed while it still has most of it to say.
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    });
}
