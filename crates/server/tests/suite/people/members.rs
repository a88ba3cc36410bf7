//! Who works in a shop: added, changed, removed by its administrators, whose say ends at their shop's door.

use serde_json::json;
use tousu_wire::PermissionSet::{Apps, ComplaintsHandle, ComplaintsQuery};
use tousu_wire::member::MemberSet;
use tousu_wire::{Endpoint, ReturnCode};

use super::*;

const NOT_ALLOWED: i64 = ReturnCode::NotAllowed.number();

#[test]
fn an_administrator_says_who_works_in_the_shop() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "boss", "administrator").await;
        let boss = Browser::of(&server, "boss", &shop).await;
        let set = async |body: Value| boss.call("tousu.member.set", body).await;
        let added = set(json!({ "login": "Xiao.Li", "role": "agent", "name": "小李" })).await;
        let password = added.data()["password"].as_str().unwrap().to_owned();
        assert_eq!((added.data()["created"].as_bool(), password.len()), (Some(true), 20));
        let member = json!({ "login": "xiao.li", "name": "小李", "role": "agent", "disabled": false, "last_seen_at": null });
        for (name, value) in member.as_object().unwrap() {
            assert_eq!(added.data()["member"][name], *value, "{name}");
        }
        let li = Browser::new(&server);
        li.sign_in(json!({ "login": "xiao.li", "password": password })).await.data();
        li.shop.replace(shop.to_string());
        assert_eq!(li.code().await, 0);
        // Again: another role, the same password, which is not shown.
        let changed = set(json!({ "login": "xiao.li", "role": "supervisor" })).await;
        assert_eq!((&changed.data()["created"], &changed.data()["password"]), (&json!(false), &Value::Null));
        assert_eq!(changed.data()["member"]["name"], "小李");
        assert_eq!(li.code().await, 0);
        // A new password ends the sessions.
        set(json!({ "login": "xiao.li", "role": "agent", "password": "one that boss knows" })).await.data();
        assert_eq!(li.code().await, ReturnCode::NotSignedIn.number());
        let list = boss.call("tousu.member.list", json!({})).await;
        let list = list.data()["list"].as_array().unwrap().clone();
        let logins: Vec<_> = list.iter().map(|member| member["login"].as_str().unwrap()).collect();
        assert_eq!(logins, ["boss", "xiao.li"]);
        assert_eq!(list[1]["last_seen_at"], "2024-05-01 12:00:00");
        // Viewers handle nothing, so that nothing is assigned to them.
        set(json!({ "login": "looker", "role": "viewer" })).await.data();
        let names = boss.call("tousu.member.names", json!({})).await;
        assert_eq!(
            names.data()["list"],
            json!([{ "login": "boss", "name": "姓名boss" }, { "login": "xiao.li", "name": "小李" }])
        );
        boss.call("tousu.member.remove", json!({ "login": "xiao.li" })).await.data();
        let again = boss.call("tousu.member.remove", json!({ "login": "xiao.li" })).await;
        assert_eq!(again.code(), ReturnCode::NoSuchMember.number());
        let nobody = boss.call("tousu.member.remove", json!({ "login": "nobody" })).await;
        assert_eq!(nobody.code(), ReturnCode::NoSuchMember.number());
        let invalid = ReturnCode::InvalidParameter.number();
        for body in [
            json!({ "role": "agent" }),
            json!({ "login": "li" }),
            json!({ "login": "li", "role": "king" }),
            json!({ "login": "a b", "role": "agent" }),
            json!({ "login": "18812341474", "role": "agent" }),
            json!({ "login": "li", "role": "agent", "password": "short" }),
            json!({ "login": "li", "role": "agent", "name": "x".repeat(41) }),
        ] {
            assert_eq!(set(body.clone()).await.code(), invalid, "{body}");
        }
        // Who was made what by whom stays.
        let sql = "select operator, before, after from history where shop_id = $1 and event = 'member_changed' order by entry";
        let mut tx = server.store.read().await.unwrap();
        let read = |row: &tousu::store::Row<'_>| {
            Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(2)?.to_owned()))
        };
        let entries = tx.query(&shop, sql, &[], read).await.unwrap();
        let boss = "姓名boss (boss)".to_owned();
        let entry = |was: Option<&str>, is: Option<&str>| {
            let side = |role: Option<&str>| json!({ "login": "xiao.li", "role": role }).to_string();
            (boss.clone(), side(was), side(is))
        };
        assert_eq!(entries[0], entry(None, Some("agent")));
        assert_eq!(entries[1], entry(Some("agent"), Some("supervisor")));
        assert_eq!(entries[4], entry(Some("agent"), None));
        assert_eq!(entries.len(), 5);
    });
}

#[test]
fn a_shop_keeps_an_administrator() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        for (login, role) in [("boss", "administrator"), ("other", "administrator"), ("li", "agent")] {
            person(&server, &shop, login, role).await;
        }
        let boss = Browser::of(&server, "boss", &shop).await;
        let set = async |login: &str, role: &str| {
            boss.call("tousu.member.set", json!({ "login": login, "role": role })).await.code()
        };
        assert_eq!(set("other", "agent").await, 0);
        assert_eq!(set("boss", "supervisor").await, NOT_ALLOWED);
        assert_eq!(boss.call("tousu.member.remove", json!({ "login": "boss" })).await.code(), NOT_ALLOWED);
        assert_eq!(set("boss", "administrator").await, 0);
        // One that may not sign in is none.
        assert_eq!(set("other", "administrator").await, 0);
        let mut tx = server.store.write_people().await.unwrap();
        let other = tx.lock_user("other").await.unwrap().unwrap();
        tx.set_user_disabled(&other.user_id, Some(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(set("boss", "agent").await, NOT_ALLOWED);
        assert_eq!(set("li", "administrator").await, 0);
        // Two who remove each other at once: one stays.
        let li = Browser::of(&server, "li", &shop).await;
        let (one, two) = tokio::join!(
            boss.call("tousu.member.remove", json!({ "login": "li" })),
            li.call("tousu.member.remove", json!({ "login": "boss" })),
        );
        let members = server.store.read().await.unwrap().members(&shop).await.unwrap();
        let administrators =
            members.iter().filter(|m| m.role == "administrator" && m.user.disabled_at.is_none());
        assert_eq!(administrators.count(), 1, "{} {}", one.text, two.text);
    });
}

/// Otherwise an administrator could add a member of another shop, set a password, and sign in there.
#[test]
fn nobody_gets_into_another_shop_by_its_members() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let [mine, theirs] = [server.shop("appMine").await, server.shop("appTheirs").await];
        person(&server, &mine, "boss", "administrator").await;
        person(&server, &theirs, "wang", "administrator").await;
        let boss = Browser::of(&server, "boss", &mine).await;
        let set = async |body: Value| boss.call("tousu.member.set", body).await;
        let password = "one that boss knows";
        for body in [
            json!({ "login": "wang", "role": "agent", "password": password }),
            json!({ "login": "wang", "role": "agent", "name": "别名" }),
        ] {
            assert_eq!(set(body).await.code(), NOT_ALLOWED);
        }
        set(json!({ "login": "wang", "role": "agent" })).await.data();
        let body = json!({ "login": "wang", "role": "agent", "password": password });
        assert_eq!(set(body.clone()).await.code(), NOT_ALLOWED, "still of both");
        let wang = Browser::of(&server, "wang", &theirs).await;
        assert_eq!(wang.code().await, 0);
        // Who belongs to this shop alone is this shop's.
        wang.call("tousu.member.set", json!({ "login": "zhao", "role": "administrator" })).await.data();
        wang.call("tousu.member.remove", json!({ "login": "wang" })).await.data();
        assert_eq!(set(body).await.code(), 0);
    });
}

/// Otherwise an app that looks after members could make itself a person who may do anything.
#[test]
fn nobody_makes_somebody_who_may_more() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "boss", "administrator").await;
        let password = "one that the app knows";
        for (grants, cases) in [
            (
                vec![Apps, ComplaintsQuery],
                vec![
                    (json!({ "login": "li", "role": "agent" }), NOT_ALLOWED),
                    (json!({ "login": "li", "role": "administrator" }), NOT_ALLOWED),
                    (json!({ "login": "boss", "role": "administrator", "password": password }), NOT_ALLOWED),
                    // What gives nothing is allowed, as is what one has.
                    (json!({ "login": "boss", "role": "administrator", "name": "老板" }), 0),
                    (json!({ "login": "li", "role": "viewer" }), 0),
                    (json!({ "login": "li", "role": "viewer", "password": password }), 0),
                ],
            ),
            // Agents reveal numbers, too.
            (
                vec![Apps, ComplaintsQuery, ComplaintsHandle],
                vec![(json!({ "login": "li", "role": "agent" }), NOT_ALLOWED)],
            ),
        ] {
            let app = server.app_with(&shop, |_| {}, &grants).await;
            let token = server.token_for(&shop, &app, 7200).await;
            for (mut body, code) in cases {
                body["access_token"] = json!(token);
                let answer = server.post(&MemberSet::path(), &body).await;
                assert_eq!(answer.code(), code, "{body} {}", answer.text);
            }
        }
        assert_eq!(Browser::of(&server, "boss", &shop).await.code().await, 0, "the password is what it was");
    });
}
