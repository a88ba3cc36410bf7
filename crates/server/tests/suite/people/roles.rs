//! What each role may: every interface, tried.

use std::collections::BTreeMap;

use serde_json::json;
use tousu::gateway::openapi;
use tousu_wire::ReturnCode;

use super::*;

/// Every interface that asks for a permission set, and that set.
fn interfaces() -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let asked = paths.filter_map(|(path, item)| {
        let set = item["post"]["x-permission-set"].as_str()?;
        let name = path.strip_prefix('/')?.strip_suffix("/1.0.0")?;
        Some((name.to_owned(), set.to_owned()))
    });
    asked.collect()
}

/// What a role may, said here once more.
fn may(role: &str, interface: &str, set: &str) -> bool {
    let sets: &[&str] = match role {
        "viewer" => &["投诉管理-查询"],
        "agent" => &["投诉管理-查询", "投诉管理-处理"],
        "supervisor" => &["投诉管理-查询", "投诉管理-处理", "投诉管理-敏感信息", "投诉管理-平台"],
        _ => &["投诉管理-查询", "投诉管理-处理", "投诉管理-敏感信息", "投诉管理-平台", "应用管理"],
    };
    sets.contains(&set) || (role, interface) == ("agent", "tousu.complaint.reveal")
}

#[test]
fn each_role_may_what_it_may_and_nothing_else() {
    let interfaces = interfaces();
    assert!(interfaces.len() > 35, "{interfaces:?}");
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        for role in ["viewer", "agent", "supervisor", "administrator"] {
            person(&server, &shop, role, role).await;
            let browser = Browser::of(&server, role, &shop).await;
            let token = browser.call("tousu.session.token", json!({})).await;
            let token = token.data()["access_token"].clone();
            for (name, set) in &interfaces {
                // With what is no format, no file is made either.
                let answer = browser.call(name, json!({ "format": "nothing" })).await;
                let refused = answer.code() == ReturnCode::NotPermitted.number();
                assert_eq!(!refused, may(role, name, set), "{role} {name}: {}", answer.text);
                if refused {
                    assert!(answer.msg().contains(set), "{}", answer.text);
                }
                // A token that acts as the person may the same.
                let body = json!({ "access_token": token, "format": "nothing" });
                let by_token = server.post(&format!("/{name}/1.0.0"), &body).await;
                let refused = by_token.code() == ReturnCode::NotPermitted.number();
                assert_eq!(!refused, may(role, name, set), "{role} {name} by token: {}", by_token.text);
            }
        }
    });
}

#[test]
fn a_viewer_writes_nothing() {
    // What is one's own is no write to the shop.
    const OWN: [&str; 2] = ["tousu.preference.set", "tousu.session.token"];
    const READS: [&str; 9] =
        ["list", "get", "names", "search", "similar", "history", "changes", "explain", "export"];
    for (name, set) in interfaces() {
        let last = name.rsplit('.').next().unwrap();
        let reads = READS.contains(&last) || last == "bundle";
        if may("viewer", &name, &set) {
            assert!(reads || OWN.contains(&name.as_str()), "{name} is a viewer's");
        }
    }
}

#[test]
fn nobody_sees_another_shop() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let [mine, theirs] = [server.shop("appMine").await, server.shop("appTheirs").await];
        server.put(&mine, &[complaint("c_mine", NOW - 60)]).await;
        server.put(&theirs, &[complaint("c_theirs", NOW - 60)]).await;
        person(&server, &mine, "li", "administrator").await;
        person(&server, &theirs, "wang", "administrator").await;
        let browser = Browser::of(&server, "li", &mine).await;
        let ids = async || browser.call("tousu.complaint.search", json!({})).await.ids();
        assert_eq!(ids().await, ["c_mine"]);
        let get = async |id: &str| browser.call("tousu.complaint.get", json!({ "complaint_id": id })).await;
        assert_eq!(get("c_theirs").await.code(), ReturnCode::NoSuchComplaint.number());
        let members = browser.call("tousu.member.list", json!({})).await;
        assert_eq!(members.data()["list"].as_array().unwrap().len(), 1);
        let there = Browser::of(&server, "wang", &theirs).await;
        there.call("tousu.preference.set", json!({ "key": "views", "value": ["theirs"] })).await.data();
        // By the header alone nobody gets there, for any interface.
        browser.shop.replace(theirs.to_string());
        for name in interfaces().keys() {
            let answer = browser.call(name, json!({ "format": "nothing", "complaint_id": "c_theirs" })).await;
            assert_eq!(answer.code(), ReturnCode::AppIdWrong.number(), "{name}");
        }
        let stream = browser.get("/events?app_id=appTheirs");
        assert_eq!(Answer::of(stream).await.code(), ReturnCode::AppIdWrong.number());
        // Somebody who is in both sees each by itself.
        person(&server, &theirs, "li", "viewer").await;
        assert_eq!(ids().await, ["c_theirs"]);
        let kept = browser.call("tousu.preference.get", json!({ "key": "views" })).await;
        assert_eq!(kept.data()["value"], Value::Null, "what another likes is the other's");
    });
}

#[test]
fn the_history_says_which_person_it_was() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.handling.merchant_closes = true).await;
        let shop = server.shop("appOne").await;
        server.put(&shop, &[complaint("c_1", NOW - 60)]).await;
        person(&server, &shop, "li", "agent").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let note = json!({ "complaint_id": "c_1", "content": "已联系", "operator": "老板" });
        browser.call("tousu.complaint.note", note.clone()).await.data();
        let token = browser.call("tousu.session.token", json!({})).await;
        let mut by_token = note;
        by_token["access_token"] = token.data()["access_token"].clone();
        server.post("/tousu.complaint.note/1.0.0", &by_token).await.data();
        // And for whom: an agent is the merchant's, and only whoever may acts for the platform.
        let close = json!({ "complaint_id": "c_1", "by": "platform" });
        let refused = browser.call("tousu.complaint.close", close.clone()).await;
        assert_eq!(refused.code(), ReturnCode::NotPermitted.number());
        browser.call("tousu.complaint.close", json!({ "complaint_id": "c_1" })).await.data();
        person(&server, &shop, "wang", "supervisor").await;
        let supervisor = Browser::of(&server, "wang", &shop).await;
        supervisor.call("tousu.complaint.reopen", close.clone()).await.data();
        supervisor.call("tousu.complaint.close", json!({ "complaint_id": "c_1" })).await.data();
        let history = browser.call("tousu.complaint.history", json!({ "complaint_id": "c_1" })).await;
        let by: Vec<_> = history.data()["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                [&entry["event"], &entry["actor"], &entry["operator"]].map(|text| text.as_str().unwrap())
            })
            .collect();
        let (li, wang) = ("姓名li (li)", "姓名wang (wang)");
        assert_eq!(
            by[by.len() - 5..],
            [
                ["noted", "merchant", li],
                ["noted", "merchant", li],
                ["closed", "merchant", li],
                ["reopened", "platform", wang],
                ["closed", "merchant", wang],
            ],
            "{}",
            history.text
        );
    });
}

#[test]
fn preferences_are_kept() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.limits.calls_factor = 100).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li", "viewer").await;
        let browser = Browser::of(&server, "li", &shop).await;
        let version = async || server.store.version(&shop).await.unwrap();
        let before = version().await;
        let set = async |key: &str, value: Value| {
            browser.call("tousu.preference.set", json!({ "key": key, "value": value })).await
        };
        let get = async |key: &str| {
            browser.call("tousu.preference.get", json!({ "key": key })).await.data()["value"].clone()
        };
        assert_eq!(get("views").await, Value::Null);
        let views = json!([{ "name": "我的", "filter": { "state": [0, 1] } }]);
        assert_eq!(set("views", views.clone()).await.data()["value"], views);
        assert_eq!(get("views").await, views);
        set("views", json!("other")).await.data();
        assert_eq!(get("views").await, "other");
        set("views", Value::Null).await.data();
        assert_eq!(get("views").await, Value::Null);
        assert_eq!(version().await, before, "nobody else's page changes for that");
        let invalid = ReturnCode::InvalidParameter.number();
        assert_eq!(set("views", json!("x".repeat(16 * 1024 - 2))).await.code(), 0);
        assert_eq!(set("views", json!("x".repeat(16 * 1024 - 1))).await.code(), invalid);
        assert_eq!(set("a key!", json!(1)).await.code(), invalid);
        assert_eq!(set("views", json!("a\0b")).await.code(), invalid);
        for at in 0..49 {
            set(&format!("key{at}"), json!(at)).await.data();
        }
        assert_eq!(set("one.more", json!(1)).await.code(), ReturnCode::NotAllowed.number());
        set("key7", json!("again")).await.data();
        // An app is nobody who likes something.
        let token = server.client(&server.app(&shop).await).fetch_token().await.unwrap().access_token;
        let body = json!({ "access_token": token, "key": "views" });
        let answer = server.post("/tousu.preference.get/1.0.0", &body).await;
        assert_eq!(answer.code(), ReturnCode::NotAllowed.number());
    });
}
