//! What a shop decides, the windows that follow, and why they end when they do.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu_wire::BeijingTime;
use tousu_wire::complaint_batch::ComplaintBatch;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::complaint_get::ComplaintGet;
use tousu_wire::deadline_explain::DeadlineExplain;
use tousu_wire::shop_settings::{SettingsGet, SettingsSet};

use super::Desk;
use crate::support::*;

const HOUR: i64 = 3600;

impl Desk {
    /// A new complaint of that channel.
    async fn submitted_through(&self, channel: i64) -> String {
        let asked = json!({ "complaint_reason": "要退款", "channel_type": channel });
        let answer = self.call::<ComplaintCreate>(asked).await;
        answer.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned()
    }

    async fn standing(&self, id: &str) -> Value {
        let answer = self.call::<ComplaintGet>(json!({ "complaint_id": id })).await;
        answer.data()["standing"].clone()
    }

    async fn explained(&self, id: &str) -> Vec<Value> {
        let answer = self.call::<DeadlineExplain>(json!({ "complaint_id": id })).await;
        answer.data()["windows"].as_array().unwrap().clone()
    }

    async fn set(&self, change: Value) -> Value {
        self.call::<SettingsSet>(change).await.data().clone()
    }
}

fn time(epoch: i64) -> Value {
    json!(BeijingTime::from_epoch(epoch))
}

fn rule(version: i64, hours: i64) -> Value {
    json!({
        "id": "own.shop", "version": version, "channel": 1, "stage": "settlement",
        "kind": { "hours": hours }, "title": "店铺自己的",
    })
}

#[test]
fn a_first_reply_has_a_window_of_its_own() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        // 2024-05-01 12:00:00, through WeChat Pay.
        let id = desk.submitted_through(3).await;
        let (first, settled) = (json!("2024-05-03 00:00:00"), json!("2024-05-05 00:00:00"));
        let standing = desk.standing(&id).await;
        assert_eq!(standing["first_reply_end_time"], first);
        assert_eq!(standing["settlement_end_time"], settled);
        assert_eq!((&standing["operate_end_time"], &standing["time_limit"]), (&first, &json!(36)));
        let windows = desk.explained(&id).await;
        let stages: Vec<_> = windows.iter().map(|window| (&window["stage"], &window["counts"])).collect();
        assert_eq!(stages, [(&json!("first_reply"), &json!(1)), (&json!("settlement"), &json!(0))]);
        for window in &windows {
            let intervals = window["intervals"].as_array().unwrap();
            assert_eq!(intervals[0]["starts"], window["starts"]);
            assert_eq!(intervals[intervals.len() - 1]["ends"], window["ends"]);
            assert_eq!(window["note"], "");
        }
        // What the consumer adds does not lengthen the time for the first reply.
        desk.server.clock.advance_micros(10 * HOUR * 1_000_000);
        desk.act("consumer_reply", &id, json!({ "content": "快一点" })).await.data();
        let standing = desk.standing(&id).await;
        assert_eq!(standing["operate_end_time"], first);
        assert_eq!(standing["settlement_end_time"], settled);
        // Late for the first reply, and in time again with it: the settlement counts from then on.
        desk.server.clock.advance_micros(30 * HOUR * 1_000_000);
        assert_eq!(desk.standing(&id).await["is_overtime"], 2);
        let replied = desk.act("reply", &id, json!({ "content": "好的" })).await.data().clone();
        assert_eq!(replied["first_reply_end_time"], Value::Null);
        assert_eq!((&replied["operate_end_time"], &replied["is_overtime"]), (&settled, &json!(1)));
        assert_eq!(desk.explained(&id).await.len(), 1);
        let listed = desk.server.list(&desk.token, json!({ "complaint_id": id, "is_overtime": 1 })).await;
        assert_eq!(listed.data()["list"][0]["operate_end_time"], settled);
        // Reopened, there is no first reply to wait for.
        desk.act("close", &id, json!({ "by": "platform" })).await.data();
        let reopened = desk.act("reopen", &id, json!({ "by": "platform" })).await.data().clone();
        assert_eq!(reopened["first_reply_end_time"], Value::Null);
        assert_eq!(reopened["settlement_end_time"], json!("2024-05-07 00:00:00"));
    });
}

#[test]
fn the_calendar_can_be_replaced() {
    on_sqlite(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("holidays.csv");
        let shipped = include_str!("../../../data/holidays.csv");
        let last = "2024-05-05,holiday,劳动节 ¦ Labour Day\n";
        assert!(shipped.contains(last));
        let ends = async |calendar: &str| {
            std::fs::write(&file, calendar).unwrap();
            let server =
                Server::start_with(database, |settings| settings.handling.calendar.clone_from(&file)).await;
            let shop = tousu::store::ShopId::parse("appCalendar").unwrap();
            let _ = server.store.add_shop(&shop, "测试店铺", NOW).await.unwrap();
            let app = server.app(&shop).await;
            let token = server.token_for(&shop, &app, 7200).await;
            let desk = Desk { server, shop, token };
            // 12315: seven working days from 1 May on.
            let asked = json!({ "by": "third_party", "complaint_from": 205, "complaint_reason": "要退款" });
            let answer = desk.call::<ComplaintCreate>(asked).await;
            answer.data()["complaint"]["first_reply_end_time"].as_str().unwrap().to_owned()
        };
        assert_eq!(ends(shipped).await, "2024-05-14 00:00:00");
        let longer = shipped.replace(last, &format!("{last}2024-05-06,holiday,店庆 ¦ anniversary\n"));
        assert_eq!(ends(&longer).await, "2024-05-15 00:00:00");
        for (wrong, calendar) in [(&file, "date,kind\n2024-05-01,maybe\n"), (&folder.path().join("none"), "")]
        {
            std::fs::write(&file, calendar).unwrap();
            let handling = tousu::settings::Handling { calendar: wrong.clone(), ..Default::default() };
            let error = tousu::handling::Deadlines::load(&handling).err().unwrap();
            assert!(error.to_string().contains(&wrong.display().to_string()), "{error:#}");
        }
    });
}

#[test]
fn what_the_source_said_is_not_explained_by_rules() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        desk.server.put(&desk.shop, &[complaint("c_1", NOW - HOUR)]).await;
        let windows = desk.explained("c_1").await;
        assert_eq!((windows.len(), &windows[0]["rule"]), (1, &json!("")));
        assert!(!windows[0]["note"].as_str().unwrap().is_empty());
        assert_eq!(windows[0]["ends"], time(NOW + 71 * HOUR));
        // A source that sets another deadline takes the place of the rules, whatever happens next.
        let id = desk.submitted().await;
        assert_eq!(desk.explained(&id).await[0]["rule"], "std.any");
        let theirs = complaint(&id, NOW - 10 * HOUR);
        desk.server.put(&desk.shop, std::slice::from_ref(&theirs)).await;
        assert_eq!(desk.explained(&id).await[0]["rule"], "");
        let replied = desk.act("reply", &id, json!({ "content": "好的" })).await.data().clone();
        assert_eq!(replied["operate_end_time"], time(theirs.operate_end_time));
        assert_eq!(replied["settlement_end_time"], Value::Null);
        let asked = json!({ "complaint_id": "c_none" });
        assert_eq!(desk.call::<DeadlineExplain>(asked).await.code(), 3002);
    });
}

#[test]
fn settings_hold_for_the_shop() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let defaults = json!({
            "merchant_closes": 1, "consumer_reopens_hours": 168, "remind_hours": [24, 4, 1], "deadline_rules": [],
            "templates": [], "tags": [],
        });
        let mut answer = desk.call::<SettingsGet>(json!({})).await.data().clone();
        let standard = answer.as_object_mut().unwrap().remove("standard_rules").unwrap();
        assert_eq!(answer, defaults);
        let standard = standard.as_array().unwrap();
        assert!(standard.iter().all(|rule| rule["id"].as_str().unwrap().starts_with("std.")), "{standard:?}");
        let any = json!({
            "id": "std.any", "version": 1, "stage": "settlement", "kind": { "hours": 72 },
            "title": "72 小时内处理完结 ¦ settled within 72 hours",
        });
        assert!(standard.contains(&any), "{standard:?}");
        let id = desk.submitted().await;
        let change = json!({ "merchant_closes": 0, "remind_hours": [2, 8, 2], "idempotency_key": "one" });
        let changed = desk.set(change.clone()).await;
        assert_eq!(changed["settings"]["remind_hours"], json!([8, 2]));
        assert_eq!(desk.set(change.clone()).await, changed, "the same call, the same answer");
        let other = json!({ "merchant_closes": 1, "idempotency_key": "one" });
        assert_eq!(desk.call::<SettingsSet>(other).await.code(), 3005);
        assert_eq!(desk.act("close", &id, json!({})).await.code(), 3003, "the shop decides, not the program");
        desk.set(json!({ "merchant_closes": 1 })).await;
        desk.act("close", &id, json!({})).await.data();
        assert_eq!(desk.call::<SettingsGet>(json!({})).await.data()["remind_hours"], json!([8, 2]));

        for (wrong, name) in [
            (json!({ "merchant_closes": 2 }), "merchant_closes"),
            (json!({ "consumer_reopens_hours": -1 }), "consumer_reopens_hours"),
            (json!({ "remind_hours": [0] }), "remind_hours"),
            (json!({ "remind_hours": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }), "remind_hours"),
            (json!({ "deadline_rules": [{ "id": "x" }] }), "deadline_rules"),
            (json!({ "deadline_rules": [rule(1, 0)] }), "deadline_rules"),
            (json!({ "deadline_rules": [rule(1, 24), rule(1, 48)] }), "deadline_rules"),
            (json!({ "dry_run": 3 }), "dry_run"),
        ] {
            let answer = desk.call::<SettingsSet>(wrong.clone()).await;
            assert_eq!(answer.code(), 3001, "{wrong}");
            assert!(answer.msg().contains(name), "{wrong}: {}", answer.msg());
        }
        // Three changes, and nothing of what was refused.
        let mut tx = desk.server.store.read().await.unwrap();
        let entries = tx.entries_after(&desk.shop, 0, 100).await.unwrap();
        let changes = entries.iter().filter(|kept| kept.entry.event == "settings_changed").count();
        assert_eq!(changes, 2);
        let app =
            desk.server.app_with(&desk.shop, |_| {}, &[tousu_wire::PermissionSet::ComplaintsHandle]).await;
        let token = desk.server.token_for(&desk.shop, &app, 7200).await;
        let denied = Desk { server: desk.server, shop: desk.shop, token };
        assert_eq!(denied.call::<SettingsSet>(json!({ "merchant_closes": 0 })).await.code(), 2017);
    });
}

#[test]
fn a_new_rule_moves_what_runs_only_when_asked() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let mut rng = StdRng::seed_from_u64(7);
        let mut open = Vec::new();
        for at in 0..12 {
            let id = desk.submitted_through(1 + at % 3).await;
            desk.server.clock.advance_micros(rng.random_range(0..HOUR) * 1_000_000);
            if at % 4 == 3 {
                desk.act("close", &id, json!({ "by": "platform" })).await.data();
            }
            open.push((id, at % 3 == 0 && at % 4 != 3));
        }
        desk.server.put(&desk.shop, &[complaint("c_source", NOW - HOUR)]).await;
        let standings = async || {
            let mut all = Vec::new();
            for (id, _) in &open {
                all.push(desk.standing(id).await);
            }
            all
        };
        let before = standings().await;
        for edit in 0..8 {
            desk.set(json!({ "deadline_rules": [rule(edit + 1, rng.random_range(1..500))] })).await;
            assert_eq!(standings().await, before, "an edited rule moves nothing");
        }
        let change = json!({ "deadline_rules": [rule(20, 24)], "move_running": 1, "dry_run": 1 });
        let tried = desk.set(change.clone()).await;
        assert_eq!(standings().await, before, "nor does a dry run");
        let named = |answer: &Value| -> Vec<String> {
            let moved = answer["moved"].as_array().unwrap();
            moved.iter().map(|moved| moved["complaint_id"].as_str().unwrap().to_owned()).collect()
        };
        let expected: Vec<String> =
            open.iter().filter(|(_, moves)| *moves).map(|(id, _)| id.clone()).collect();
        assert_eq!(named(&tried), expected);
        let mut change = change;
        change["dry_run"] = json!(0);
        let moved = desk.set(change).await;
        assert_eq!(moved["moved"], tried["moved"], "what was announced was done");
        for ((id, moves), before) in open.iter().zip(&before) {
            let after = desk.standing(id).await;
            if *moves {
                let opened = before["operate_time"].as_str().unwrap();
                let opened: BeijingTime = opened.parse().unwrap();
                assert_eq!(after["operate_end_time"], time(opened.epoch() + 24 * HOUR));
                assert_eq!(desk.explained(id).await[0]["rule"], "own.shop");
                let history = desk.history(id).await;
                assert_eq!(history[history.len() - 1]["event"], "deadline_moved");
            } else {
                assert_eq!(after, *before);
            }
        }
        let new = desk.submitted().await;
        assert_eq!(desk.standing(&new).await["time_limit"], 24);
        // A rule that is gone is still explained by what was kept of it.
        desk.set(json!({ "deadline_rules": [] })).await;
        let window = &desk.explained(&new).await[0];
        assert_eq!((&window["rule_version"], &window["note"]), (&json!(20), &json!("")));
        assert_eq!(window["intervals"].as_array().unwrap().last().unwrap()["ends"], window["ends"]);
    });
}

#[test]
fn each_of_many_has_its_own_result() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(desk.submitted().await);
        }
        desk.act("close", &ids[1], json!({ "by": "platform" })).await.data();
        let mut named = ids.clone();
        named.push("c_none".into());
        let asked = json!({
            "action": "reply", "complaint_ids": named, "content": "好的", "idempotency_key": "many",
        });
        let first = desk.call::<ComplaintBatch>(asked.clone()).await.data().clone();
        let codes: Vec<_> =
            first["list"].as_array().unwrap().iter().map(|one| one["code"].as_i64()).collect();
        assert_eq!(codes, [0, 3003, 0, 0, 0, 3002].map(Some));
        assert_eq!(first["done"], 4);
        assert_eq!(first["list"][0]["standing"]["current_step"], 2);
        assert!(first["list"][1]["standing"].is_null() && first["list"][1]["msg"] != "");
        assert_eq!(*desk.call::<ComplaintBatch>(asked).await.data(), first, "no second effect");
        assert_eq!(desk.history(&ids[0]).await.len(), 2);

        let wrong = |change: Value| {
            let mut asked = json!({ "action": "note", "complaint_ids": [ids[0]], "content": "好" });
            for (name, value) in change.as_object().unwrap() {
                asked[name] = value.clone();
            }
            asked
        };
        let many: Vec<String> = (0..1001).map(|at| format!("c_{at}")).collect();
        for (change, name) in [
            (json!({ "action": "sell" }), "action"),
            (json!({ "action": "" }), "action"),
            (json!({ "complaint_ids": [] }), "complaint_ids"),
            (json!({ "complaint_ids": ["a", "a"] }), "complaint_ids"),
            (json!({ "complaint_ids": many }), "complaint_ids"),
            (json!({ "version": 3 }), "version"),
        ] {
            let answer = desk.call::<ComplaintBatch>(wrong(change.clone())).await;
            assert_eq!(answer.code(), 3001, "{change}");
            assert!(answer.msg().contains(name), "{}", answer.msg());
        }
    });
}

#[test]
fn templates_and_tags_are_the_shops_own() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let settings = async || desk.call::<SettingsGet>(json!({})).await.data().clone();
        let nothing = settings().await;
        assert_eq!((&nothing["templates"], &nothing["tags"]), (&json!([]), &json!([])));
        let templates = json!([
            { "name": "已退款", "text": "您好，{{order}} 的款项已退回。\n{{ assignee }}，热线 400-800-1234" },
            { "name": "核实中", "text": "正在核实，{{deadline}} 前答复。" },
        ]);
        let tags = json!(["退款", "课程质量"]);
        desk.set(json!({ "templates": templates, "operator": "小李" })).await;
        desk.set(json!({ "tags": tags })).await;
        let now = settings().await;
        assert_eq!((&now["templates"], &now["tags"]), (&templates, &tags));
        // What is absent stays, and nothing of it touches a deadline.
        let changed = desk.set(json!({ "remind_hours": [2], "dry_run": 1 })).await;
        assert_eq!((&changed["settings"]["templates"], &changed["moved"]), (&templates, &json!([])));
        for (name, change) in [
            ("templates", json!({ "templates": [{ "name": "甲", "text": "{{phone}}" }] })),
            ("templates", json!({ "templates": [{ "name": "甲", "text": "请打 18812341474" }] })),
            ("templates", json!({ "templates": [{ "name": "18812341474", "text": "好" }] })),
            ("tags", json!({ "tags": ["18812341474"] })),
            ("tags", json!({ "tags": [""] })),
        ] {
            let answer = desk.call::<SettingsSet>(change).await;
            assert_eq!(answer.code(), 3001);
            assert!(answer.msg().contains(name) && !answer.text.contains("18812341474"), "{}", answer.msg());
        }
        assert_eq!(settings().await["templates"], templates);
        // A tag that is not offered can be used all the same.
        let id = desk.submitted().await;
        desk.act("tag", &id, json!({ "add": ["其他"] })).await.data();
        desk.set(json!({ "templates": [], "tags": [] })).await;
        assert_eq!(settings().await, nothing);

        let program = crate::program::Program::on(database);
        program.write("replies.toml", "[[templates]]\nname = \"甲\"\ntext = \"好，{{shop}}\"\n");
        let set = ["settings", "--shop", "appDesk", "--templates", "replies.toml", "--tags", "退款,急"];
        let told = program.json(&set);
        assert_eq!(told["settings"]["templates"], json!([{ "name": "甲", "text": "好，{{shop}}" }]));
        assert_eq!(settings().await["tags"], json!(["退款", "急"]));
    });
}
