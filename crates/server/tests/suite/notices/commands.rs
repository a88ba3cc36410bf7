//! `tousu subscription`, as a person types it.

use serde_json::{Value, json};

use super::receivers::Webhooks;
use crate::program::Program;
use crate::support::*;

const NEAR: [&str; 4] = ["--set", "notices.http=true", "--set", "notices.private_targets=true"];

#[test]
fn subscriptions() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let webhooks = Webhooks::start().await;
        program.json(&["shop", "add", "appOne", "--name", "测试店铺"]);
        let subscription = |arguments: &[&str]| {
            let all = [&["subscription", "--shop", "appOne"], arguments, &NEAR].concat();
            tokio::task::block_in_place(|| program.run(&all))
        };
        let json_of = |arguments: &[&str]| -> Value {
            let ran = subscription(&[arguments, &["--json"]].concat());
            assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
            serde_json::from_str(&ran.out).unwrap()
        };
        let (url, events) = (webhooks.url(), "complaint.created,complaint.closed");
        let made =
            json_of(&["add", "--kind", "webhook", "--target", &url, "--events", events, "--channels", "1"]);
        let id = made["subscription"]["subscription_id"].as_str().unwrap().to_owned();
        assert_eq!(made["subscription"]["events"], json!(["complaint.created", "complaint.closed"]));
        let secret = made["secret"].as_str().unwrap().to_owned();

        let listed = subscription(&["list"]).out;
        assert!(listed.contains(&id) && listed.contains("签名的 HTTP 回调"), "{listed}");
        assert!(!listed.contains("KEY") && !listed.contains("whsec_"), "{listed}");
        assert_eq!(json_of(&["show", &id])["waiting"], 0);

        let ran = subscription(&["test", &id]);
        assert_eq!((ran.code, ran.out.trim()), (Some(0), "已送达"), "{ran:?}");
        assert!(webhooks.taken()[0].verified_with(&secret), "by the public library, now");
        webhooks.next([super::receivers::Mood::Says(500)]);
        let ran = subscription(&["test", &id]);
        assert!(ran.code == Some(1) && ran.out.contains("500"), "{ran:?}");

        let changed = json_of(&["change", &id, "--events", "all", "--channels", "0", "--enabled", "0"]);
        assert_eq!((&changed["events"], &changed["channels"]), (&json!([]), &json!([])));
        assert_eq!(changed["enabled"], 0);
        let rotated = subscription(&["rotate-secret", &id]);
        assert!(rotated.out.contains("whsec_") && rotated.err.contains("请妥善保存"), "{rotated:?}");
        assert_eq!(json_of(&["deliveries", &id, "--state", "given_up"])["list"], json!([]));
        assert_eq!(subscription(&["replay", &id]).out.trim(), "重新投递 0 条");
        assert_eq!(json_of(&["delete", &id]), json!({ "subscription_id": id }));

        subscription(&["show", &id]).failed_saying(&["订阅不存在"]);
        subscription(&["deliveries", &id]).failed_saying(&["订阅不存在"]);
        subscription(&["deliveries", &id, "--state", "lost"]).failed_saying(&["state", "given_up"]);
        subscription(&["replay", &id, "17"]).failed_saying(&["delivery_ids", "17"]);
        subscription(&["add", "--kind", "webhook", "--target", "nowhere"]).failed_saying(&["target"]);
        let strange = program.run(&["subscription", "--shop", "appNone", "list"]);
        strange.failed_saying(&["appNone"]);
    });
}
