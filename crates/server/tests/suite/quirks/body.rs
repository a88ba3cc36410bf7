//! What is wrong with single answers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tousu::gateway::quirks::Rules;
use tousu_wire::ReturnCode;

use super::Wrong;
use crate::sandbox::{MAIN, PLAN, Twin};
use crate::support::*;

/// Calls the list with faults by header.
async fn asking(twin: &Twin, token: &str, faults: &str, path: &str) -> reqwest::Response {
    let body = json!({ "access_token": token, "page_size": 5 }).to_string();
    let url = format!("{}{path}", twin.server.url);
    twin.server.http.post(url).header("X-Tousu-Fault", faults).body(body).send().await.unwrap()
}

const LIST: &str = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0";

#[test]
fn a_caller_of_a_sandbox_asks_for_faults_by_header() {
    on_each_database(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let said =
            async |faults: &str| -> Value { asking(&twin, &token, faults, LIST).await.json().await.unwrap() };
        let right = twin.server.list(&token, json!({ "page_size": 5 })).await.json;

        let refused = asking(&twin, &token, "2053", LIST).await;
        assert_eq!(refused.headers()["x-tousu-quirk"], "2053");
        assert!(refused.headers().contains_key("x-request-id"));
        let refused: Value = refused.json().await.unwrap();
        assert_eq!((&refused["code"], &refused["data"]), (&json!(2053), &Value::Null));
        assert_eq!(refused["msg"], ReturnCode::LimitReached.label(tousu_wire::Lang::Zh));
        assert_eq!(said("code=4711").await["code"], 4711);
        assert_eq!(said("data-null").await, json!({ "code": 0, "data": null, "msg": right["msg"] }));
        let both = said("numbers-as-strings, code-as-string, total=+2").await;
        assert_eq!((&both["code"], &both["data"]["total"]), (&json!("0"), &json!("30")));
        assert_eq!(said(" , ").await, right, "nothing is asked for");

        let late = asking(&twin, &token, "code-as-string, 2054, slow=1ms, 2053", LIST).await;
        assert_eq!(late.headers()["x-tousu-quirk"], "2054, code-as-string, slow=1ms", "one code is told");
        assert_eq!(late.json::<Value>().await.unwrap()["code"], "2054");

        let wrong = said("data-nil").await;
        assert_eq!(wrong["code"], ReturnCode::InvalidParameter.number());
        assert!(wrong["msg"].as_str().unwrap().contains("data-null"), "it names what there is: {wrong}");
    });
}

#[test]
fn on_the_way_out() {
    on_sqlite(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let ask = async |faults: &str| asking(&twin, &token, faults, LIST).await;

        let page = ask("html-502").await;
        assert_eq!(
            (page.status().as_u16(), &page.headers()["content-type"]),
            (502, &"text/html".parse().unwrap())
        );
        assert_eq!(page.headers()["x-tousu-quirk"], "html-502");
        assert!(page.text().await.unwrap().starts_with("<html>"));
        let page = ask("html-200").await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("<html>"));
        let empty = ask("empty-body").await;
        assert_eq!((empty.status().as_u16(), empty.content_length()), (200, Some(0)));

        let cut = ask("cut-body").await;
        let whole = cut.content_length().unwrap();
        assert!(whole > 1000 && cut.status() == 200);
        assert!(cut.bytes().await.is_err(), "the connection ends before the body does");

        let mut endless = ask("endless-body").await;
        let mut read = Vec::new();
        while read.len() < 3 << 20 {
            read.extend_from_slice(&endless.chunk().await.unwrap().expect("more"));
        }
        assert!(read.starts_with(br#"{"code":0,"data":{"list":[{"#));
        drop(endless);
        // An answer is lost in one way, the first that is asked for.
        let endless = ask("endless-body, cut-body").await;
        assert_eq!(
            (&endless.headers()["x-tousu-quirk"], endless.content_length()),
            (&"endless-body".parse().unwrap(), None)
        );
        drop(endless);

        let began = Instant::now();
        assert_eq!(ask("slow=60ms").await.json::<Value>().await.unwrap()["code"], 0);
        assert!(began.elapsed() >= Duration::from_millis(60));
    });
}

/// The token's own interface is the router's, and other kinds of answers are wrapped, too.
#[test]
fn every_interface_can_answer_wrong() {
    on_sqlite(async |database| {
        let twin = Twin::open(database).await;
        let token = twin.token(MAIN).await;
        let account = twin.account(MAIN).await;
        let credentials = [
            ("app_id", account.app_id.as_str()),
            ("client_id", MAIN),
            ("secret_key", &account.secret_key),
            ("grant_type", "client_credential"),
        ];
        let url = format!("{}/token", twin.server.url);
        let asked =
            twin.server.http.get(url).query(&credentials).header("x-tousu-fault", "numbers-as-strings");
        let given: Value = asked.send().await.unwrap().json().await.unwrap();
        assert_eq!(given["data"]["expires_in"], "7200");
        let path = "/tousu.queue.get/1.0.0";
        let queue: Value = asking(&twin, &token, "data-list", path).await.json().await.unwrap();
        assert_eq!(queue["data"], json!([]));
        // Steering is never wrong.
        let body = asking(&twin, &token, "2053", "/tousu.sandbox.clock.get/1.0.0").await;
        assert!(!body.headers().contains_key("x-tousu-quirk"));
        assert_eq!(body.json::<Value>().await.unwrap()["code"], 0);
    });
}

#[test]
fn by_the_number_of_the_call() {
    on_sqlite(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 1001\ncalls = [2, '4-5']", 3).await;
        let mut codes = Vec::new();
        for _ in 0..6 {
            codes.push(wrong.list(json!({})).await["code"].as_i64().unwrap());
        }
        assert_eq!(codes, [0, 1001, 0, 1001, 1001, 0]);
    });
}

/// To see what is so, beside a client that is told otherwise.
#[test]
fn a_call_that_is_to_have_no_fault_has_none_and_does_not_count() {
    on_sqlite(async |database| {
        let rules = Rules::parse("[[quirk]]\nfault = 2053\ncalls = [2]").unwrap();
        let twin = Twin::with(database, PLAN, Some(rules)).await;
        let token = twin.token(MAIN).await;
        let mut codes = Vec::new();
        for faults in ["", "none", "", " none ", ""] {
            let answer: Value = asking(&twin, &token, faults, LIST).await.json().await.unwrap();
            codes.push(answer["code"].as_i64().unwrap());
        }
        assert_eq!(codes, [0, 0, 2053, 0, 0]);
        let mixed: Value = asking(&twin, &token, "none, 2053", LIST).await.json().await.unwrap();
        assert_eq!(mixed["code"], ReturnCode::InvalidParameter.number());
    });
}

#[test]
fn the_same_seed_makes_the_same_calls_wrong() {
    const EVERYTHING: &str = "[[quirk]]\nfault = ['2053', 'data-null', 'html-502', 'total=+1']\nrate = 0.4";
    on_sqlite(async |database| {
        let quirks = Rules::parse(EVERYTHING).unwrap();
        let twin = Twin::with(database, PLAN, Some(quirks)).await;
        let calls = async || {
            let token = twin.token(MAIN).await;
            let mut seen = Vec::new();
            for _ in 0..60 {
                let body = json!({ "access_token": token }).to_string();
                let answer =
                    twin.server.http.post(format!("{}{LIST}", twin.server.url)).body(body).send().await;
                let quirk = answer.unwrap().headers().get("x-tousu-quirk").cloned();
                seen.push(quirk.map(|named| named.to_str().unwrap().to_owned()));
            }
            seen
        };
        let first = calls().await;
        let hit = first.iter().flatten().count();
        assert!((12..36).contains(&hit), "{first:?}");
        assert_ne!(calls().await, first, "these are other calls");
        twin.steer("reset", json!({})).await.data();
        assert_eq!(calls().await, first, "and these the first again");
    });
}

#[test]
fn one_complaint_alone() {
    on_sqlite(async |database| {
        let rules = "[[quirk]]\nfault = 'numbers-as-strings'\ncomplaint = 'c_1'\n\
             [[quirk]]\nfault = '1001'\ncomplaint = 'c_2'";
        let wrong = Wrong::by(database, rules, 3).await;
        let two = wrong.list(json!({ "page_size": 2 })).await;
        let state = |at: usize| two["data"]["list"][at]["state"].clone();
        assert_eq!((state(0), state(1), &two["data"]["total"]), (json!(0), json!("0"), &json!(3)));
        assert_eq!(wrong.list(json!({})).await["code"], 1001, "c_2 is on that page");
        assert_eq!(wrong.list(json!({ "complaint_id": "c_0" })).await["data"]["list"][0]["state"], 0);
    });
}

#[test]
fn nothing_is_written_in_several_ways() {
    on_sqlite(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 'data-null'\nempty = true", 3).await;
        assert_eq!(wrong.list(json!({})).await["data"]["total"], 3);
        assert_eq!(wrong.list(json!({ "page": 9 })).await["data"], Value::Null);
    });
}
