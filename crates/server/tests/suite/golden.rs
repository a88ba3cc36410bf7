//! What is published, to the letter.

use serde_json::{Value, json};
use tousu::import::{self, Report};
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, complaint_info_get::ComplaintInfoGet, openapi::OpenApi};

use crate::support::*;

const REQUEST: &str = include_str!("../golden/page_example_request.json");
const ANSWER: &str = include_str!("../golden/page_example_answer.json");

/// The page's rows imported, the page's request sent as printed, trailing comma included: the page's answer,
/// in the page's key order.
#[test]
fn the_pages_example() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appPage").await;
        let rows = Box::new(import::JsonRows::new(PAGE_EXAMPLE_ROWS.as_bytes()));
        let stop = std::future::pending();
        let ended = import::import(
            &server.store,
            &shop,
            &server.clock,
            rows,
            import::Manner::default(),
            |_, _| Ok(()),
            stop,
        )
        .await;
        assert!(ended.cut_short.is_none());
        assert_eq!(ended.report, Report { read: 2, added: 2, ..Report::default() });

        let credentials = server.app(&shop).await;
        let token = server.client(&credentials).fetch_token().await.unwrap().access_token;
        assert!(serde_json::from_str::<Value>(REQUEST).is_err(), "the page's example is no valid JSON");
        let answer = server.post_raw(&ComplaintList::path(), REQUEST.replace("xxxxx", &token)).await;
        // Compared as text: values, types and the order of keys.
        let expected: Value = serde_json::from_str(ANSWER).unwrap();
        assert_eq!(answer.text, expected.to_string());
    });
}

/// The keys of the detail interface, in its page's order, and its own types.
#[test]
fn the_details_keys_and_types() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appDetail").await;
        server.put(&shop, &[complaint("c_661a9d66b6733_qTRys2mU", NOW - 60)]).await;
        let credentials = server.app(&shop).await;
        let token = server.client(&credentials).fetch_token().await.unwrap().access_token;
        let body = json!({ "access_token": token, "complaint_id": "c_661a9d66b6733_qTRys2mU" });
        let answer = server.post(&ComplaintInfoGet::path(), &body).await;
        assert_eq!(
            answer.text,
            "{\"code\":0,\"data\":{\"id\":1,\"complaint_id\":\"c_661a9d66b6733_qTRys2mU\",\"app_id\":\"appDetail\",\
             \"state\":0,\"complainant_user_id\":\"\",\"complainant_phone\":\"188****1474\",\
             \"complaint_from\":\"101\",\"complaint_type\":1,\
             \"complaint_resource_id\":\"E20240417180801783546V2\",\"complaint_content_msg\":\"\",\
             \"complaint_content_object\":[],\"complaint_reason\":\"要退款\",\
             \"complaint_time\":\"2024-05-01 11:59:00\",\"uploaded_images\":[],\"time_limit\":72,\
             \"operate_time\":\"2024-05-01 11:59:00\",\"current_step\":1,\
             \"operate_end_time\":\"2024-05-04 11:59:00\",\"reply_list\":[]},\"msg\":\"操作成功\"}"
        );
    });
}

/// The published document changes only when someone means it to. To accept a change: run with
/// `TOUSU_ACCEPT=1`.
#[test]
fn the_openapi_document() {
    let document = OpenApi::default().token().endpoint::<ComplaintList>().endpoint::<ComplaintInfoGet>();
    let document = format!("{:#}\n", document.build("0.0.0"));
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
    if std::env::var_os("TOUSU_ACCEPT").is_some() {
        std::fs::write(golden, &document).unwrap();
    }
    assert!(std::fs::read_to_string(golden).unwrap_or_default() == document, "openapi.json has changed");
}

/// The console's types are made from the whole document, which is kept beside it. To accept a change: as above.
#[test]
fn the_document_that_the_console_is_made_from() {
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_tousu")).arg("openapi").output().unwrap();
    let document = String::from_utf8(shown.stdout).unwrap();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/openapi.json");
    if std::env::var_os("TOUSU_ACCEPT").is_some() {
        std::fs::write(kept, &document).unwrap();
    }
    assert!(
        std::fs::read_to_string(kept).unwrap_or_default() == document,
        "console/openapi.json has changed"
    );
}
