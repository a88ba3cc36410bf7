//! `GET /events`: what an open console is told.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};
use tousu_wire::ReturnCode;

use super::*;
use crate::nodes::two_nodes;

/// A stream that is open.
struct Stream(reqwest::Response);

impl Stream {
    async fn open(browser: &Browser, shop: &ShopId) -> Self {
        let response = browser.get(&format!("/events?app_id={shop}")).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Stream(response)
    }

    /// The next version that is told; `None` at the end.
    async fn version(&mut self) -> Option<i64> {
        let told = timeout(Duration::from_secs(20), self.0.chunk()).await.expect("nothing arrives");
        let text = String::from_utf8(told.ok()??.to_vec()).unwrap();
        let version = text.strip_prefix("event: version\ndata: {\"version\":").unwrap();
        Some(version.strip_suffix("}\n\n").unwrap().parse().unwrap())
    }
}

#[test]
fn a_change_is_told_on_every_node_soon() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let [shop, elsewhere] = [one.shop("appOne").await, one.shop("appOther").await];
        person(&one, &shop, "li", "viewer").await;
        let browser = Browser::of(&one, "li", &shop).await;
        let mut streams =
            [Stream::open(&browser, &shop).await, Stream::open(&browser.at(&other), &shop).await];
        let version = async || one.store.version(&shop).await.unwrap().unwrap();
        for stream in &mut streams {
            assert_eq!(stream.version().await, Some(version().await), "at once, as it is");
        }
        for round in 0..3 {
            // What happens elsewhere is none of its business.
            one.put(&elsewhere, &[complaint(&format!("c_{round}"), NOW)]).await;
            let began = Instant::now();
            one.put(&shop, &[complaint(&format!("c_{round}"), NOW)]).await;
            for stream in &mut streams {
                assert_eq!(stream.version().await, Some(version().await));
            }
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
    });
}

#[test]
fn a_stream_ends_with_the_session_or_the_server() {
    on_each_database(async |database| {
        let [mut one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "boss", "administrator").await;
        person(&one, &shop, "li", "viewer").await;
        let boss = Browser::of(&one, "boss", &shop).await;
        let li = Browser::of(&one, "li", &shop).await;
        let mut of_li = Stream::open(&li, &shop).await;
        let mut of_boss = Stream::open(&boss, &shop).await;
        of_li.version().await.unwrap();
        of_boss.version().await.unwrap();
        boss.at(&other).call("tousu.member.remove", json!({ "login": "li" })).await.data();
        assert_eq!(of_li.version().await, None);
        of_boss.version().await.unwrap();
        one.stop().await;
        assert_eq!(of_boss.version().await, None, "whoever listens finds another node");
    });
}

#[test]
fn streams_are_for_members_and_bounded() {
    on_sqlite(async |database| {
        let server = Server::start_with(database, |settings| settings.sessions.max_streams = 1).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "viewer").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let refused = async |browser: &Browser, path: &str| Answer::of(browser.get(path)).await.code();
        let stranger = Browser::new(&server);
        assert_eq!(refused(&stranger, "/events?app_id=appOne").await, ReturnCode::NotSignedIn.number());
        assert_eq!(refused(&browser, "/events").await, ReturnCode::AppIdMissing.number());
        assert_eq!(refused(&browser, "/events?app_id=appNone").await, ReturnCode::AppIdWrong.number());
        let mut first = Stream::open(&browser, &shop).await;
        first.version().await.unwrap();
        assert_eq!(refused(&browser, "/events?app_id=appOne").await, ReturnCode::Busy.number());
        // A place that is given up is free again.
        drop(first);
        let mut again = loop {
            let response = browser.get("/events?app_id=appOne").send().await.unwrap();
            if response.headers()["content-type"] == "text/event-stream" {
                break Stream(response);
            }
        };
        again.version().await.unwrap();
        let posted = server.post("/events?app_id=appOne", &json!({})).await;
        assert_eq!(posted.code(), ReturnCode::NoSuchInterface.number());
    });
}
