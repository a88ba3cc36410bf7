//! The same rows again, other rows of the same complaints, one complaint twice.

use serde_json::json;
use tousu::complaint::Phone;
use tousu::import::Report;

use super::*;

/// Everything a change can be seen by.
async fn traces(server: &Server, shop: &ShopId) -> (i64, i64) {
    let mut tx = server.store.read().await.unwrap();
    const CHANGES: &str = "select count(*) from changes where shop_id = $1";
    let changes = tx.query(shop, CHANGES, &[], |row| row.int(0)).await.unwrap()[0];
    (version(server, shop).await, changes)
}

/// An answer of the list interface, taken in where the whole number is known, leaves it known.
#[test]
fn a_mask_does_not_wipe_out_the_number_behind_it() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appMask").await;
        let mut row = row("c_1");
        for (phone, whole, changed) in [
            ("18812341474", Some("18812341474"), 0),
            ("188****1474", Some("18812341474"), 0),
            ("18812341474", Some("18812341474"), 0),
            ("18899991474", Some("18899991474"), 1),
            ("131****9060", None, 1),
            ("131****9060", None, 0),
            ("13155559060", Some("13155559060"), 1),
        ] {
            row["complainant_phone"] = json!(phone);
            let taken = take_in_batches(&server, &shop, "rows.json", &json!([row]).to_string(), 10).await;
            assert_eq!(taken.report.changed, changed, "{phone}");
            let stored = server.store.read().await.unwrap().complaint(&shop, "c_1").await.unwrap().unwrap();
            let masked = Phone(phone.into()).masked();
            assert_eq!(stored.complaint.complainant_phone.whole(), masked);
            assert_eq!(server.whole_phone(&shop, "c_1").await.as_deref(), whole, "{phone}");
        }
    });
}

#[test]
fn the_same_file_twice_leaves_no_trace() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appTwice").await;
        let rows: Vec<Value> = (0..300).map(|at| row(&format!("c_{at:03}"))).collect();
        let file = json!(rows).to_string();
        let taken = take_in_batches(&server, &shop, "rows.json", &file, 100).await;
        assert_eq!(taken.report, Report { read: 300, added: 300, ..Report::default() });
        let before = traces(&server, &shop).await;
        assert_eq!(before, (4, 0), "a version for each batch and for the end, and no change");
        for batch in [100, 7, 10_000] {
            let taken = take_in_batches(&server, &shop, "rows.json", &file, batch).await;
            assert_eq!(taken.report, Report { read: 300, unchanged: 300, ..Report::default() });
            assert_eq!(traces(&server, &shop).await, before);
        }
    });
}

#[test]
fn only_what_differs_is_changed() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appChanges").await;
        let mut rows: Vec<Value> = (0..16).map(|at| row(&format!("c_{at:02}"))).collect();
        take_in(&server, &shop, "rows.json", json!(rows).to_string()).await;
        // Each row differs in another one of its fields; the last in nothing.
        let other = [
            ("channel_type", json!(2)),
            ("closed_at", json!("2024-05-01 00:00:00")),
            ("complainant_phone", json!("13912345678")),
            ("complaint_from", json!(102)),
            ("complaint_reason", json!("")),
            ("complaint_resource_id", json!("other")),
            ("complaint_resource_type", json!(1)),
            ("complaint_time", json!("2024-04-30 11:25:18")),
            ("complaint_type", json!(3)),
            ("current_step", json!(6)),
            ("operate_end_time", json!("2024-04-30 11:25:20")),
            ("operate_time", json!("2024-04-30 11:25:20")),
            ("state", json!(1)),
            ("time_limit", json!(71)),
            ("state", json!(2)),
        ];
        for (at, (name, value)) in other.iter().enumerate() {
            rows[at][*name] = value.clone();
        }
        rows.push(row("c_new"));
        let taken = take_in(&server, &shop, "rows.json", json!(rows).to_string()).await;
        let expected = Report { read: 17, added: 1, changed: 15, unchanged: 1, refused: 0 };
        assert_eq!(taken.report, expected);
        assert_eq!(listed(&server, &shop).await, shown(&rows));
        let again = take_in(&server, &shop, "rows.json", json!(rows).to_string()).await;
        assert_eq!(again.report, Report { read: 17, unchanged: 17, ..Report::default() });
    });
}

/// The last of several rows of one complaint is what stays, in one batch or over several, whether the
/// complaint is new or not.
#[test]
fn of_one_complaint_the_last_row_stays() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        for batch in [1, 3, 200, 10_000] {
            let shop = server.shop(&format!("appDuplicate{batch}")).await;
            let mut rows: Vec<Value> = (0..150).map(|at| row(&format!("c_{at:03}"))).collect();
            rows.insert(5, row_with("c_001", json!({ "state": 1 })));
            rows.insert(40, row_with("c_001", json!({ "state": 1 })));
            rows.insert(100, row_with("c_001", json!({ "state": 2 })));
            rows.push(row("c_001"));
            rows.push(row_with("c_149", json!({ "complaint_reason": "later" })));
            let file = json!(rows).to_string();
            let taken = take_in_batches(&server, &shop, "rows.json", &file, batch).await;
            let expected = Report { read: 155, added: 150, changed: 4, unchanged: 1, refused: 0 };
            assert_eq!(taken.report, expected, "{taken:?}");
            let mut last: Vec<Value> = (0..149).map(|at| row(&format!("c_{at:03}"))).collect();
            last.push(row_with("c_149", json!({ "complaint_reason": "later" })));
            assert_eq!(listed(&server, &shop).await, shown(&last), "{batch} a batch");
            assert_eq!(doctors_findings(&server).await, [] as [String; 0]);
        }
    });
}

/// A large batch that seems new, and is not quite.
#[test]
fn among_many_new_ones_one_is_known() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let many: Vec<Value> = (0..1000).map(|at| row(&format!("c_{at:04}"))).collect();
        for (name, known) in [("appNone", None), ("appEarly", Some(1)), ("appLate", Some(998))] {
            let shop = server.shop(name).await;
            let mut report = Report { read: 1000, added: 1000, ..Report::default() };
            if let Some(at) = known {
                let there = row_with(&format!("c_{at:04}"), json!({ "complaint_reason": "earlier" }));
                take_in(&server, &shop, "rows.json", json!([there]).to_string()).await;
                report = Report { added: 999, changed: 1, ..report };
            }
            let taken = take_in(&server, &shop, "rows.json", json!(many).to_string()).await;
            assert_eq!(taken.report, report, "{taken:?}");
            assert_eq!(listed(&server, &shop).await, shown(&many), "{name}");
            assert_eq!(doctors_findings(&server).await, [] as [String; 0]);
        }
    });
}

async fn doctors_findings(server: &Server) -> Vec<String> {
    let now = tousu::clock::Clock::system().epoch();
    let findings = server.store.examine(now).await.unwrap();
    findings.into_iter().filter(|finding| !finding.good).map(|finding| finding.what).collect()
}

/// What was written before the import was stopped, or before its caller failed, is what it reports.
#[test]
fn a_stopped_import_reports_what_it_did() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appStopped").await;
        let rows: Vec<Value> = (0..50).map(|at| row(&format!("c_{at:02}"))).collect();
        let text = json!(rows).to_string();
        let by_tens = import::Manner { batch: 10, ..Default::default() };
        let all = || Box::new(import::JsonRows::new(std::io::Cursor::new(text.clone().into_bytes())));
        let mut batches = 0;
        let fails = |_: &Report, _: &[Reject]| {
            batches += 1;
            if batches == 2 { anyhow_error() } else { Ok(()) }
        };
        let never = std::future::pending();
        let ended = import::import(&server.store, &shop, &server.clock, all(), by_tens, fails, never).await;
        assert_eq!(ended.report, Report { read: 20, added: 20, ..Report::default() });
        assert!(ended.cut_short.is_some());
        assert_eq!(listed(&server, &shop).await.len(), 20);
        let at_once = std::future::ready(());
        let ended =
            import::import(&server.store, &shop, &server.clock, all(), by_tens, |_, _| Ok(()), at_once).await;
        assert_eq!(ended.report, Report::default());
        assert!(ended.cut_short.unwrap().to_string().contains("interrupted"));
        // A shop that is not there is told, and a row that comes to nobody is not lost silently.
        let nobody = ShopId::parse("appNobody").unwrap();
        let never = std::future::pending();
        let ended =
            import::import(&server.store, &nobody, &server.clock, all(), by_tens, |_, _| Ok(()), never).await;
        assert!(ended.cut_short.unwrap().to_string().contains("appNobody"));
        assert_eq!(ended.report, Report::default());
    });
}

fn anyhow_error() -> Result<(), anyhow::Error> {
    Err(std::io::Error::other("the disk is full").into())
}
