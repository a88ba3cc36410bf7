//! `tousu conformance`: no difference from our own server; each change of its answers is found.

use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu::conformance::BELIEFS;
use tousu::demo;
use tousu_client::Credentials;

use super::Desk;
use super::proxy::{Exchange, Proxy};
use crate::program::Program;
use crate::support::*;

/// The program, logged in to a server with the demo's complaints.
async fn demo_desk(database: &Database) -> Desk {
    // Its clock stands still, so that no window of the limit ever ends.
    let server = Server::start_with(database, |settings| settings.limits.calls_factor = 100).await;
    let now = Clock::system().epoch();
    server.clock.set(now);
    let made = demo::prepare(&server.store, now, true).await.unwrap();
    let credentials = Credentials {
        app_id: made.shop.to_string(),
        client_id: Some(made.client_id),
        secret_key: made.secret_key.reveal().to_owned(),
    };
    let program = Program::on(database);
    let desk = Desk { server, program, shop: made.shop, credentials, now };
    // Two of one second, so that there are ties.
    for id in ["c_661a9d66b6733_aaaaaaaa", "c_661a9d66b6733_bbbbbbbb"] {
        desk.put(id, 100, 3600 * 72 - 100).await;
    }
    let login = desk.login("main", &desk.server.url, &desk.credentials.secret_key);
    assert_eq!(login.code, Some(0), "{login:?}");
    desk
}

/// The report, and how the command ended.
fn compared(desk: &Desk, arguments: &[&str]) -> (Value, Option<i32>) {
    let ran = desk.program.run(&[&["conformance", "--json", "--per-second", "50"], arguments].concat());
    let report = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    (report, ran.code)
}

/// The beliefs of a verdict, with what was seen.
fn of(report: &Value, verdict: &str) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let one = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        (finding["verdict"] == verdict).then(|| (text("id"), text("seen")))
    };
    findings.filter_map(one).collect()
}

#[test]
fn our_own_server_is_as_believed() {
    on_each_database(async |database| {
        let desk = demo_desk(database).await;
        let (report, code) = compared(&desk, &["--strict"]);
        for verdict in ["differs", "learned", "untested"] {
            assert_eq!(of(&report, verdict), [], "{verdict}");
        }
        assert_eq!((of(&report, "agrees").len(), code), (BELIEFS.len(), Some(0)));
        let calls = report["calls"].as_u64().unwrap();
        assert!(calls < 100, "{calls}: within a fifth of what ten seconds allow");
        let text = desk.out(&["conformance", "--per-second", "50"]);
        assert!(text.starts_with("相符 ") && text.lines().count() == 1, "{text}");
    });
}

/// Changes each row of the list's answers.
fn each_row(mut change: impl FnMut(&mut Value) + Send + 'static) -> Box<dyn FnMut(Exchange<'_>) + Send> {
    Box::new(move |exchange| {
        let list = exchange.answer.pointer_mut("/data/list").and_then(Value::as_array_mut);
        for row in list.into_iter().flatten() {
            change(row);
        }
    })
}

/// Changes the list's answers.
fn listed(change: impl Fn(&Value, &mut Value) + Send + 'static) -> Box<dyn FnMut(Exchange<'_>) + Send> {
    Box::new(move |exchange| {
        if exchange.answer["data"]["list"].is_array() {
            change(exchange.asked, exchange.answer);
        }
    })
}

#[test]
fn what_a_server_does_otherwise_is_found() {
    on_sqlite(async |database| {
        let desk = demo_desk(database).await;
        let proxy = Proxy::before(&desk.server.url, |_| {}).await;
        let quirk = |change: Box<dyn FnMut(Exchange<'_>) + Send>| {
            proxy.turn(change);
            compared(&desk, &["--against", &proxy.url])
        };
        let (report, code) = quirk(Box::new(|_| {}));
        assert_eq!((of(&report, "differs"), code), (vec![], Some(0)), "the proxy itself changes nothing");

        for (changes, differs, learned) in [
            (each_row(|row| row["state"] = json!(row["state"].to_string())), &["row.state"][..], &[][..]),
            (each_row(|row| row["closed_at"] = json!("0000-00-00 00:00:00")), &["row.closed_at"], &[]),
            (each_row(|row| row["tenant"] = json!(1)), &["row.keys"], &[]),
            (
                listed(|_, answer| answer["data"]["list"].as_array_mut().unwrap().reverse()),
                &["list.pages"],
                &["list.order"],
            ),
            (
                listed(|_, answer| answer["data"]["total"] = json!(answer["data"]["total"].to_string())),
                &["list.data"],
                &[],
            ),
            (listed(|_, answer| answer["msg"] = json!("ok")), &["list.msg"], &[]),
            (listed(|_, answer| answer["code"] = json!("0")), &["gateway.envelope"], &[]),
            // A silent cap of the page's size.
            (
                listed(|_, answer| answer["data"]["list"].as_array_mut().unwrap().truncate(200)),
                &[],
                &["list.page_size.1000", "list.total"],
            ),
            // The end is exclusive.
            (
                listed(|asked, answer| {
                    let end = asked["end_time"].clone();
                    answer["data"]["list"].as_array_mut().unwrap().retain(|row| row["complaint_time"] != end);
                }),
                &[],
                &["list.end_time.inclusive"],
            ),
            // A filter that is not heard.
            (
                listed(|asked, answer| {
                    if asked["channel_type"] == json!(4) {
                        answer["data"]["list"][0]["channel_type"] = json!(1);
                    }
                }),
                &["list.channel_type"],
                &[],
            ),
            // Errors with other codes, and `[]` in the place of null.
            (
                Box::new(|exchange: Exchange<'_>| {
                    if exchange.answer["code"] == json!(3002) {
                        *exchange.answer = json!({ "code": 4004, "data": [], "msg": "not found" });
                    }
                }),
                &[],
                &["gateway.error_data", "detail.unknown"],
            ),
            (
                Box::new(|exchange: Exchange<'_>| {
                    if exchange.answer["data"]["reply_list"].is_array() {
                        exchange.answer["data"]["complaint_from"] = json!(101);
                    }
                }),
                &["detail.complaint_from"],
                &[],
            ),
        ] {
            let (report, code) = quirk(changes);
            let found =
                |verdict: &str| of(&report, verdict).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
            for (verdict, expected) in [("differs", differs), ("learned", learned)] {
                for id in expected {
                    assert!(found(verdict).iter().any(|found| found == id), "{id}: {report}");
                }
            }
            assert_eq!(
                code,
                Some(if differs.is_empty() { 0 } else { 10 }),
                "{differs:?} {:?}",
                of(&report, "differs")
            );
        }
        let ran =
            desk.program.run(&["conformance", "--against", &proxy.url, "--per-second", "50", "--lang", "en"]);
        assert!(
            ran.code == Some(10) && ran.out.contains("differs   public  detail.complaint_from"),
            "{}",
            ran.out
        );
    });
}
