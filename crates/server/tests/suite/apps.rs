//! The programs that may call for a shop: made, changed, given another secret, and how often they call.

use serde_json::{Value, json};
use tousu_wire::app::{AppCreate, AppList, AppRotateSecret, AppUpdate};
use tousu_wire::app_usage::AppUsage;
use tousu_wire::complaint_changes::ComplaintChanges;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, PermissionSet};

use crate::handling::Desk;
use crate::program::Program;
use crate::support::*;

const DAY: i64 = 24 * 3600;

impl Desk {
    /// What `tousu.app.list` says of an app.
    async fn app(&self, client_id: &Value) -> Value {
        let answer = self.call::<AppList>(json!({})).await;
        let list = answer.data()["list"].as_array().unwrap();
        list.iter().find(|app| app["client_id"] == *client_id).unwrap().clone()
    }

    async fn token_of(&self, client_id: &Value, secret: &Value) -> Answer {
        let (client_id, secret) = (client_id.as_str().unwrap(), secret.as_str().unwrap());
        let all = [
            ("app_id", "appDesk"),
            ("client_id", client_id),
            ("secret_key", secret),
            ("grant_type", "client_credential"),
        ];
        self.server.token(&all).await
    }
}

#[test]
fn an_app_is_made_changed_and_given_another_secret() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let made = desk
            .call::<AppCreate>(json!({
                "name": "客服系统", "grants": ["投诉管理-查询", "投诉管理-处理", "投诉管理-查询"],
                "allow_ips": ["127.0.0.0/8", " ::1 "], "operator": "小李",
            }))
            .await;
        let (id, secret) = (&made.data()["app"]["client_id"], &made.data()["client_secret"]);
        assert_eq!(made.data()["app"], desk.app(id).await);
        assert_eq!(
            desk.app(id).await,
            json!({
                "client_id": id, "name": "客服系统", "grants": ["投诉管理-查询", "投诉管理-处理"],
                "allow_ips": ["127.0.0.0/8", "::1"], "legacy": 0, "disabled": 0,
                "created_at": "2024-05-01 12:00:00", "last_used_at": null, "calls_7d": 0, "refused_7d": 0,
            })
        );
        let token = desk.token_of(id, secret).await.data()["access_token"].as_str().unwrap().to_owned();
        let code = async || desk.server.list(&token, json!({})).await.code();
        assert_eq!(code().await, 0);
        // What is absent stays; each takes effect on the very next call.
        let update = async |mut change: Value| {
            change["client_id"] = id.clone();
            desk.call::<AppUpdate>(change).await
        };
        let changed = update(json!({ "allow_ips": ["192.0.2.0/24"] })).await;
        assert_eq!((&changed.data()["name"], code().await), (&json!("客服系统"), 2051));
        update(json!({ "allow_ips": [] })).await.data();
        assert_eq!(code().await, 0);
        update(json!({ "grants": ["投诉管理-处理"], "name": "订单系统" })).await.data();
        assert_eq!((code().await, &desk.app(id).await["name"]), (2017, &json!("订单系统")));
        update(json!({ "grants": ["投诉管理-查询"] })).await.data();
        assert_eq!(code().await, 0);
        assert_eq!(update(json!({ "disabled": 1 })).await.data()["disabled"], 1);
        assert_eq!((code().await, desk.token_of(id, secret).await.code()), (2008, 2020));
        assert_eq!(update(json!({ "disabled": 0 })).await.data()["disabled"], 0);
        let rotated = desk.call::<AppRotateSecret>(json!({ "client_id": id })).await;
        assert_eq!(desk.token_of(id, secret).await.code(), 2004);
        let second = &rotated.data()["client_secret"];
        assert_eq!(desk.token_of(id, second).await.code(), 0);
        // The history knows it all, and no secret.
        let mut tx = desk.server.store.read().await.unwrap();
        let kept = tx.history(&desk.shop, "").await.unwrap();
        let events: Vec<&str> = kept.iter().map(|one| one.entry.event.as_str()).collect();
        assert_eq!(events[0], "app_created");
        assert_eq!(events.iter().filter(|event| **event == "app_changed").count(), 6);
        assert_eq!(events.last(), Some(&"app_secret_rotated"));
        assert_eq!(kept[0].entry.operator, "小李");
        let all = format!("{kept:?}");
        for secret in [secret, second] {
            let secret = secret.as_str().unwrap();
            assert!(!all.contains(secret) && !all.contains(&tousu::secrets::Secret::new(secret).hash()));
        }
        assert_eq!(tx.verify_history(&desk.shop).await.unwrap(), None);
        drop(tx);
        // Whoever follows the changes of complaints has nothing to do with it.
        let changes = desk.call::<ComplaintChanges>(json!({})).await;
        assert_eq!(changes.data()["list"], json!([]));
        let audited = Program::on(database).run(&["audit", "verify"]);
        assert_eq!(audited.code, Some(0), "{audited:?}");
    });
}

#[test]
fn what_is_wrong_is_named() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        // What it does not take it does not know.
        let made = desk.call::<AppCreate>(json!({ "name": "甲", "disabled": 1 })).await;
        let id = made.data()["app"]["client_id"].clone();
        assert_eq!((&made.data()["app"]["grants"], &made.data()["app"]["disabled"]), (&json!([]), &json!(0)));
        assert_eq!(desk.app(&id).await, made.data()["app"]);
        for (name, body) in [
            ("name", json!({})),
            ("name", json!({ "name": "" })),
            ("name", json!({ "name": "甲".repeat(65) })),
            ("grants", json!({ "name": "甲", "grants": ["投诉"] })),
            ("grants", json!({ "name": "甲", "grants": "投诉管理-查询" })),
            ("allow_ips", json!({ "name": "甲", "allow_ips": ["10.0.0.0/33"] })),
            ("allow_ips", json!({ "name": "甲", "allow_ips": vec!["10.0.0.1"; 101] })),
        ] {
            let answer = desk.call::<AppCreate>(body.clone()).await;
            assert_eq!(answer.code(), 3001, "{body}");
            assert!(answer.msg().contains(name), "{}", answer.msg());
        }
        let answer = desk.call::<AppUpdate>(json!({ "client_id": id, "disabled": 2 })).await;
        assert!(answer.code() == 3001 && answer.msg().contains("disabled"));
        for answer in [
            desk.call::<AppUpdate>(json!({ "client_id": "xopNobody", "name": "甲" })).await,
            desk.call::<AppRotateSecret>(json!({ "client_id": "xopNobody" })).await,
            desk.call::<AppUsage>(json!({ "client_id": "xopNobody" })).await,
        ] {
            assert_eq!(answer.code(), 3020);
        }
        for days in [0, 91] {
            let answer = desk.call::<AppUsage>(json!({ "client_id": id, "days": days })).await;
            assert!(answer.code() == 3001 && answer.msg().contains("days"));
        }
        // What an app of another shop is called tells nothing about it.
        let theirs = desk.server.shop("appTheirs").await;
        let other = desk.server.app(&theirs).await.client_id.unwrap();
        assert_eq!(desk.call::<AppUpdate>(json!({ "client_id": other, "disabled": 1 })).await.code(), 3020);
        // No more than a shop can look after.
        let left = tousu::handling::MOST_APPS - 2;
        for _ in 0..left {
            desk.server.app(&desk.shop).await;
        }
        assert_eq!(desk.call::<AppCreate>(json!({ "name": "甲" })).await.code(), 3003);
    });
}

/// Whoever looks after apps cannot make himself one that may do more than he.
#[test]
fn nobody_gives_what_he_has_not() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let some = [PermissionSet::Apps, PermissionSet::ComplaintsQuery];
        let (limited, rich) = (
            desk.server.app_with(&desk.shop, |_| {}, &some).await,
            desk.server.app(&desk.shop).await.client_id.unwrap(),
        );
        let token = desk.server.token_for(&desk.shop, &limited, 1_000_000).await;
        let me = limited.client_id.unwrap();
        let call = async |path: String, mut body: Value| {
            body["access_token"] = json!(token);
            desk.server.post(&path, &body).await
        };
        let create = json!({ "name": "甲", "grants": ["投诉管理-查询", "投诉管理-敏感信息"] });
        let refused = call(AppCreate::path(), create).await;
        assert_eq!(refused.code(), 3003);
        assert!(refused.msg().contains("投诉管理-敏感信息") && !refused.msg().contains("查询"));
        let grow = json!({ "client_id": me, "grants": ["应用管理", "投诉管理-查询", "投诉管理-平台"] });
        assert_eq!(call(AppUpdate::path(), grow).await.code(), 3003);
        assert_eq!(call(AppRotateSecret::path(), json!({ "client_id": rich })).await.code(), 3003);
        // What takes something away, or gives nothing, is allowed.
        call(AppCreate::path(), json!({ "name": "甲", "grants": ["投诉管理-查询"] })).await.data();
        let less = json!({ "client_id": rich, "grants": ["投诉管理-查询", "投诉管理-平台"] });
        call(AppUpdate::path(), less).await.data();
        call(AppUpdate::path(), json!({ "client_id": rich, "disabled": 1 })).await.data();
        call(AppRotateSecret::path(), json!({ "client_id": me })).await.data();
    });
}

#[test]
fn calls_are_counted_by_app_and_day_over_all_nodes() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let (one, quiet) = (desk.server.app(&desk.shop).await, desk.server.app(&desk.shop).await);
        let (id, quiet) = (one.client_id.clone().unwrap(), quiet.client_id.unwrap());
        let token = desk.server.token_for(&desk.shop, &one, 100 * DAY).await;
        let other = Server::start_by(desk.server.clock.clone(), database, |_| {}).await;
        let call = async |server: &Server, at: i64, good: usize, bad: usize| {
            server.clock.set(at);
            for _ in 0..good {
                assert_eq!(server.list(&token, json!({})).await.code(), 0);
            }
            for _ in 0..bad {
                assert_eq!(server.list(&token, json!({ "page": 0 })).await.code(), 3001);
            }
        };
        // 12:00, the last second of that day and the first of the next.
        call(&desk.server, NOW, 3, 1).await;
        call(&desk.server, NOW + DAY / 2 - 1, 1, 0).await;
        call(&desk.server, NOW + DAY / 2, 0, 2).await;
        // A token that was fetched is a call, and what a forged one brings is nobody's.
        desk.server.client(&one).fetch_token().await.unwrap();
        assert_eq!(desk.server.list(&format!("{token}x"), json!({})).await.code(), 2008);
        let usage = async |client_id: &str, days: i64| {
            let asked = json!({ "client_id": client_id, "days": days });
            desk.call::<AppUsage>(asked).await.data()["by_day"].clone()
        };
        let of =
            |day: &str, calls: i64, refused: i64| json!({ "day": day, "calls": calls, "refused": refused });
        let first_two = json!([of("2024-05-01", 5, 1), of("2024-05-02", 3, 2)]);
        assert_eq!(usage(&id, 2).await, first_two);
        assert_eq!(usage(&quiet, 2).await, json!([of("2024-05-01", 0, 0), of("2024-05-02", 0, 0)]));
        let listed = desk.app(&json!(id)).await;
        assert_eq!(
            (&listed["last_used_at"], &listed["calls_7d"], &listed["refused_7d"]),
            (&json!("2024-05-02 00:00:00"), &json!(8), &json!(3))
        );
        assert_eq!(desk.app(&json!(quiet)).await["last_used_at"], json!(null));
        // What another node counted is there at the latest when it stops.
        call(&other, NOW + DAY / 2 + 60, 4, 0).await;
        let mut other = other;
        other.stop().await;
        assert_eq!(usage(&id, 1).await, json!([of("2024-05-02", 7, 2)]));
        // A week later the first day is none of the seven.
        desk.server.clock.set(NOW + 7 * DAY);
        let listed = desk.app(&json!(id)).await;
        assert_eq!((&listed["calls_7d"], &listed["refused_7d"]), (&json!(7), &json!(2)));
        let eight = usage(&id, 8).await;
        assert_eq!(eight.as_array().unwrap().len(), 8);
        assert_eq!((&eight[0], &eight[1]), (&first_two[0], &of("2024-05-02", 7, 2)));
        let told = Program::on(database).json(&["app", "list", "--shop", "appDesk"]);
        let told = told.as_array().unwrap().iter().find(|app| app["client_id"] == json!(id)).unwrap().clone();
        assert_eq!(told["last_used_at"], "2024-05-02 00:01:00");
    });
}

/// A database that is away for a while costs no count.
#[test]
fn what_cannot_be_written_is_written_later() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let credentials = desk.server.app(&desk.shop).await;
        let token = desk.server.token_for(&desk.shop, &credentials, 100 * DAY).await;
        let body = json!({ "access_token": token });
        database.run("alter table app_usage rename to elsewhere").await;
        for _ in 0..3 {
            desk.server.post(&ComplaintList::path(), &body).await.data();
        }
        assert_eq!(desk.call::<AppList>(json!({})).await.code(), 1001);
        database.run("alter table elsewhere rename to app_usage").await;
        let listed = desk.app(&json!(credentials.client_id)).await;
        assert_eq!((&listed["calls_7d"], &listed["refused_7d"]), (&json!(3), &json!(0)));
    });
}
