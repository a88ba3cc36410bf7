//! `serve --demo`: what it shows, and that it is the same each time.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use serde_json::{Value, json};
use tousu::complaint::{Complaint, Phone};
use tousu::demo;
use tousu_wire::codes::{CodeTable, ComplaintFrom, Overtime, State};

use crate::program::{Program, Running};
use crate::support::*;

#[test]
fn a_demo_server_is_served_called_and_stopped() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let serve = ["serve", "--demo", "--listen", "127.0.0.1:0", "--set", "log.level=off"];
        let mut running = Running::start(program.command(&[&serve[..], &["--json"]].concat()));
        let told: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
        let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["address", "app_id", "client_id", "secret_key", "access_token", "login", "password"]
        );
        running.signal("TERM");
        let (code, said) = running.end();
        assert_eq!((code, said.as_str(), running.line()), (Some(0), "", None));

        let mut running = Running::start(program.command(&serve));
        let mut greeting = String::new();
        let pasted = loop {
            let line = running.line().expect("a line to paste");
            if line.starts_with("curl ") {
                break line;
            }
            greeting += &line;
        };
        assert!(greeting.contains("服务已启动") && !greeting.contains('¦'), "{greeting}");
        let secret = told["secret_key"].as_str().unwrap();
        assert!(greeting.contains(secret), "on this machine alone the secret stays the same");
        let output = Command::new("bash").args(["-c", &pasted]).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).expect("curl gets an answer");
        assert_eq!((&answer["code"], &answer["data"]["total"]), (&json!(0), &json!(demo::COMPLAINTS)));
        assert_eq!(answer["data"]["list"].as_array().unwrap().len(), 3);
        running.signal("INT");
        assert_eq!(running.end().0, Some(0));
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}

fn complaints(now: i64) -> Vec<Complaint> {
    demo::complaints(now).into_iter().map(|incoming| incoming.complaint).collect()
}

#[test]
fn the_demo_shows_everything_that_there_is() {
    let all = complaints(NOW);
    assert_eq!(all.len(), 2000);
    assert_eq!(all.iter().map(|row| &row.complaint_id).collect::<HashSet<_>>().len(), 2000);
    let codes = |of: fn(&Complaint) -> i64| all.iter().map(of).collect::<HashSet<i64>>();
    assert_eq!(codes(|row| row.channel_type.number()), (1..=4).collect());
    let sources = ComplaintFrom::LISTED.iter().map(|listed| listed.0).filter(|number| *number != 210);
    assert_eq!(codes(|row| row.complaint_from.number()), sources.collect());
    assert_eq!(codes(|row| row.current_step.number()), (1..=6).collect());
    assert_eq!(codes(|row| row.state.number()), (0..=2).collect());
    assert_eq!(codes(|row| row.complaint_type.number()), [1, 3].into());
    let is_open = |row: &&Complaint| row.state != State::Done;
    assert!(all.iter().filter(is_open).any(|row| row.overtime(NOW) == Overtime::Late));
    let soon = all.iter().filter(is_open).filter(|row| (0..=3600).contains(&(row.operate_end_time - NOW)));
    assert!(soon.count() >= 3);
    let mut of_course: HashMap<&str, usize> = HashMap::new();
    for row in all.iter().filter(|row| row.complaint_resource_id.starts_with("p_")) {
        *of_course.entry(&row.complaint_resource_id).or_default() += 1;
    }
    let mut counts: Vec<usize> = of_course.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    assert!(counts.len() == 10 && counts[0] > 2 * counts[1], "one course stands out: {counts:?}");
    for row in &all {
        assert!(row.complaint_time <= NOW && row.closed_at.is_none_or(|closed| closed <= NOW), "{row:?}");
        assert_eq!(row.state == State::Done, row.closed_at.is_some(), "{row:?}");
        assert_eq!(row.closed_overtime.is_some(), row.closed_at.is_some(), "{row:?}");
        let id = row.complaint_id.strip_prefix("c_").and_then(|id| id.split_once('_')).unwrap();
        assert!(id.0.len() == 13 && id.0.bytes().all(|byte| byte.is_ascii_hexdigit()), "{row:?}");
        assert!(id.1.len() == 8 && id.1.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{row:?}");
    }
    let page: Vec<Value> = serde_json::from_str(PAGE_EXAMPLE_ROWS).unwrap();
    for example in page {
        let row = all.iter().find(|row| example["complaint_id"] == row.complaint_id).expect("the page's row");
        assert_eq!(serde_json::to_value(row.clone().to_row(NOW)).unwrap(), example);
    }
}

#[test]
fn the_demo_is_the_same_relative_to_now() {
    const LATER: i64 = 1_234_567;
    let (now, later) = (complaints(NOW), complaints(NOW + LATER));
    assert_eq!(now[..2], later[..2], "the page's rows are what they are");
    for (now, later) in now.into_iter().zip(later).skip(2) {
        assert_ne!(now.complaint_id, later.complaint_id);
        let moved = Complaint {
            complaint_time: now.complaint_time + LATER,
            operate_time: now.operate_time + LATER,
            operate_end_time: now.operate_end_time + LATER,
            closed_at: now.closed_at.map(|closed| closed + LATER),
            complaint_id: later.complaint_id.clone(),
            complaint_resource_id: later.complaint_resource_id.clone(),
            ..now
        };
        assert_eq!(moved, later);
    }
}

/// Also in the second, and also one of the page's rows, whose ids are the same at every start.
#[test]
fn a_demo_row_that_was_changed_stays_changed() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let demo = demo::prepare(&server.store, NOW, true).await.unwrap();
        let shop = &demo.shop;
        let mut changed = complaints(NOW);
        changed.truncate(4);
        for row in &mut changed {
            row.complaint_reason = "已由商家修改".into();
        }
        server.put(shop, &changed).await;
        let kept = async || {
            let mut tx = server.store.read().await.unwrap();
            for row in &changed {
                let stored = tx.complaint(shop, &row.complaint_id).await.unwrap().unwrap();
                // Its whole number lies elsewhere.
                let shown = Phone(row.complainant_phone.masked());
                assert_eq!(stored.complaint, Complaint { complainant_phone: shown, ..row.clone() });
            }
            tx.count(shop, &Default::default(), NOW).await.unwrap()
        };
        assert_eq!(kept().await, 2000);
        demo::prepare(&server.store, NOW, true).await.unwrap();
        assert_eq!(kept().await, 2000);
        demo::prepare(&server.store, NOW + 100, true).await.unwrap();
        assert_eq!(kept().await, 2002, "the two others are no longer among the demo's");
        let now = tousu::clock::Clock::system().epoch();
        assert!(server.store.examine(now).await.unwrap().iter().all(|finding| finding.good));
    });
}
