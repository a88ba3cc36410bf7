//! `tousu show`, `call`, `whoami` and `ping`.

use serde_json::{Value, json};
use tousu_wire::PermissionSet;

use super::Desk;
use super::proxy::Proxy;
use crate::support::*;

#[test]
fn one_complaint_as_a_page() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let program = &desk.program;
        let made = program.json(&[
            "complaint",
            "--shop",
            "appShop",
            "create",
            "课程打不开，要退款",
            "--phone",
            "18812341474",
        ]);
        let id = made["complaint"]["complaint_id"].as_str().unwrap();
        program.json(&["complaint", "--shop", "appShop", "reply", id, "您好，已为您提交退款。"]);
        let page = desk.out(&["show", id]);
        for seen in [
            id,
            "处理中",
            "剩 ",
            "188****1474",
            "课程打不开，要退款",
            "回复 1 条",
            "商家",
            "您好，已为您提交退款。",
        ] {
            assert!(page.contains(seen), "{seen}: {page}");
        }
        let english = desk.out(&["show", id, "--lang", "en"]);
        assert!(english.contains("Replies: 1") && english.contains("merchant"), "{english}");
        let value = program.json(&["show", id]);
        assert_eq!(
            (&value["row"]["complaint_id"], &value["detail"]["complaint_id"]),
            (&json!(id), &json!(id))
        );
        let none = program.run(&["show", "c_none"]);
        assert!(none.code == Some(6) && none.err.contains("c_none"), "{none:?}");

        // Where there is no detail, the list's row is better than nothing.
        let proxy = Proxy::before(&desk.server.url, |exchange| {
            if exchange.path.contains("info.get") {
                *exchange.answer = json!({ "code": 2017, "data": null, "msg": "没有权限" });
            }
        })
        .await;
        desk.login("bare", &proxy.url, &desk.credentials.secret_key);
        let ran = program.run(&["show", id, "--profile", "bare"]);
        assert!(ran.code == Some(0) && ran.out.contains("课程打不开") && ran.err.contains("2017"), "{ran:?}");
    });
}

#[test]
fn any_interface_as_it_answers() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        desk.put("c_1", 60, 3600).await;
        let name = "xe.pay_through.complaint_record.xe.b_complaints.list";
        let called = |parameters: &[&str]| desk.program.run(&[&["call", name], parameters].concat());
        let ran = called(&["page_size=1", "state="]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&answer["code"], &answer["data"]["list"][0]["complaint_id"]), (&json!(0), &json!("c_1")));
        let told = called(&["-v"]);
        assert!(told.err.starts_with("HTTP 200  ") && told.err.contains("/500"), "{told:?}");
        // Refusals come as they are, too; the exit code tells.
        let refused = called(&["page_size=0"]);
        assert!(refused.code == Some(9) && refused.out.contains("\"code\":3001"), "{refused:?}");
        let nowhere = desk.program.run(&["call", "xe.nowhere/2.0.0"]);
        assert!(nowhere.code == Some(6) && nowhere.out.contains("2052"), "{nowhere:?}");
        let forbidden = desk.program.run(&["call", "tousu.app.list"]);
        assert!(forbidden.code == Some(5) && forbidden.out.contains("2017"), "{forbidden:?}");
        let typed =
            desk.program.typing(&["call", &format!("/{name}/1.0.0"), "-"], "{\"complaint_id\":\"c_none\",}");
        assert!(typed.code == Some(0) && typed.out.contains("\"total\":0"), "{typed:?}");
        for (arguments, typed) in
            [(&["call", name, "page"][..], ""), (&["call", name, "-"], "[]"), (&["call", name, "a:=["], "")]
        {
            let ran = desk.program.typing(arguments, typed);
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        }
    });
}

#[test]
fn what_an_app_may_do() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        desk.put("c_1", 60, 3600).await;
        let may = |value: &Value| -> Vec<(String, Value)> {
            let one =
                |tried: &Value| (tried["name"].as_str().unwrap().to_owned(), tried["permitted"].clone());
            value["interfaces"].as_array().unwrap().iter().map(one).collect()
        };
        let told = desk.program.json(&["whoami"]);
        assert_eq!(
            (&told["profile"], &told["app_id"], &told["ours"]),
            (&json!("main"), &json!("appShop"), &json!(true))
        );
        let permitted = may(&told);
        assert_eq!(permitted.iter().filter(|(_, may)| *may == json!(true)).count(), 2, "{permitted:?}");
        assert_eq!(permitted.iter().filter(|(_, may)| *may == json!(false)).count(), 4, "{permitted:?}");
        assert_eq!(told["interfaces"][0]["limit"], 500);

        let all = desk.server.app_with(&desk.shop, |_| {}, PermissionSet::ALL).await;
        let flags = [
            "login",
            "all",
            "--url",
            &desk.server.url,
            "--app-id",
            "appShop",
            "--client-id",
            all.client_id.as_deref().unwrap(),
            "--secret-stdin",
        ];
        desk.program.typing(&flags, &all.secret_key);
        let before = desk.program.json(&["complaint", "--shop", "appShop", "changes"]);
        let told = desk.program.json(&["whoami", "--profile", "all"]);
        assert!(may(&told).iter().all(|(_, may)| *may == json!(true)), "{told}");
        assert_eq!(
            desk.program.json(&["complaint", "--shop", "appShop", "changes"]),
            before,
            "nothing was done"
        );
        let text = desk.out(&["whoami"]);
        assert!(
            text.contains("没有权限集") && text.contains("获取交易投诉单详情") && !text.contains('¦'),
            "{text}"
        );

        // A server that has only what is published.
        let proxy = Proxy::before(&desk.server.url, |exchange| {
            if exchange.path.contains("tousu.") {
                *exchange.answer = json!({ "code": 2052, "data": null, "msg": "没有提供该API" });
            }
        })
        .await;
        desk.login("official", &proxy.url, &desk.credentials.secret_key);
        let told = desk.program.json(&["whoami", "--profile", "official"]);
        assert_eq!((&told["ours"], may(&told).len()), (&json!(false), 2));
    });
}

#[test]
fn how_a_server_answers() {
    on_each_database(async |database| {
        let mut desk = Desk::open(database).await;
        let told = desk.program.json(&["ping", "-n", "3"]);
        assert_eq!((&told["tries"], &told["code"]), (&json!(3), &json!(0)));
        assert!(told["median_ms"].as_f64().unwrap() > 0.0);
        assert!(told["clock_ahead_ms"].as_i64().unwrap().abs() < 60_000, "{told}");
        let text = desk.out(&["ping", "-n", "1"]);
        assert!(text.contains("返回码 0") && text.contains(&desk.server.url), "{text}");
        desk.server.stop().await;
        let gone = desk.program.run(&["ping", "-n", "1"]);
        assert!(gone.code == Some(8) && !gone.err.is_empty(), "{gone:?}");
    });
}
