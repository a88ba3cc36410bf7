//! `tousu user`, as a person types it.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::*;
use crate::program::{Program, Ran, Running};

const SHOP: &str = "appShop";

#[test]
fn users_by_command() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        let added = program.json(&[
            "user",
            "add",
            "Boss",
            "--shop",
            SHOP,
            "--role",
            "administrator",
            "--name",
            "老板",
        ]);
        let password = added["password"].as_str().unwrap().to_owned();
        assert_eq!((&added["login"], &added["role"]), (&json!("boss"), &json!("administrator")));
        let server = Server::start(database).await;
        server.clock.set(tousu::clock::Clock::system().epoch());
        let browser = Browser::new(&server);
        browser.shop.replace(SHOP.into());
        browser.sign_in(json!({ "login": "boss", "password": password })).await.data();
        let administers = async || browser.call("tousu.member.list", json!({})).await.code();
        assert_eq!(administers().await, 0);

        // Each takes effect at once, on a session that is open.
        let ran = program.run(&["user", "role", "boss", "--shop", SHOP, "--role", "viewer"]);
        ran.failed_saying(&["至少一位管理员"]);
        let second = ["user", "add", "second", "--shop", SHOP, "--role", "administrator"];
        let ran = program.run(&second);
        assert!(ran.out.contains("password") && ran.err.contains("妥善保存"), "{ran:?}");
        program.json(&["user", "role", "boss", "--shop", SHOP, "--role", "viewer"]);
        assert_eq!(administers().await, 2017);
        program.json(&["user", "role", "boss", "--shop", SHOP, "--role", "none"]);
        assert_eq!(administers().await, 2002);
        program.json(&["user", "role", "boss", "--shop", SHOP, "--role", "administrator"]);
        assert_eq!(administers().await, 0);
        assert_eq!(program.json(&["user", "disable", "BOSS"])["disabled"], true);
        assert_eq!(administers().await, 3013);
        assert_eq!(program.json(&["user", "enable", "boss"])["disabled"], false);
        assert_eq!(administers().await, 3013);
        let reset = program.json(&["user", "reset", "boss"]);
        assert_ne!(reset["password"], json!(password));
        assert_eq!(browser.sign_in(json!({ "login": "boss", "password": password })).await.code(), 3010);
        browser.sign_in(json!({ "login": "boss", "password": reset["password"] })).await.data();
        assert_eq!(administers().await, 0);
        // A password of one's own is not shown.
        let mut command = program.command(&["user", "reset", "boss", "--password-stdin", "--json"]);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"one from standard input\n").unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.out.trim()), (Some(0), "{\"login\":\"boss\"}"), "{ran:?}");
        browser.sign_in(json!({ "login": "boss", "password": "one from standard input" })).await.data();

        let listed = program.json(&["user", "list"]);
        assert_eq!(listed[0]["shops"], json!([{ "app_id": SHOP, "role": "administrator" }]));
        assert!(!listed.to_string().contains("argon2"));
        let table = program.run(&["user", "list"]);
        assert!(table.out.contains("老板") && table.out.contains("appShop 管理员"), "{}", table.out);
        assert!(program.run(&["user", "list", "--lang", "en"]).out.contains("SHOPS AND ROLES"));
        for (arguments, said) in [
            (&["user", "add", "boss", "--shop", SHOP, "--role", "agent"][..], &["boss", "已存在"][..]),
            (&["user", "add", "a b", "--shop", SHOP, "--role", "agent"], &["login", "a b"]),
            (&["user", "add", "li", "--shop", SHOP, "--role", "king"], &["role", "king", "viewer"]),
            (&["user", "add", "li", "--shop", "appNone", "--role", "agent"], &["appNone", "不存在"]),
            (&["user", "role", "nobody", "--shop", SHOP, "--role", "agent"], &["nobody", "user add"]),
            (&["user", "reset", "nobody"], &["nobody"]),
            (&["user", "disable", "nobody"], &["nobody"]),
        ] {
            program.run(arguments).failed_saying(said);
        }
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}

#[test]
fn the_first_start_says_how_to_add_an_administrator() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let serve = ["serve", "--listen", "127.0.0.1:0", "--set", "log.level=off"];
        let greeting = || {
            let mut running = Running::start(program.command(&serve));
            let mut greeting = String::new();
            while !greeting.contains("/docs") {
                greeting += &running.line().unwrap();
            }
            running.signal("TERM");
            while let Some(line) = running.line() {
                greeting += &line;
            }
            running.end();
            greeting
        };
        assert!(greeting().contains("tousu user add LOGIN --shop APP_ID --role administrator"));
        program.shop_and_app(SHOP);
        program.json(&["user", "add", "boss", "--shop", SHOP, "--role", "administrator"]);
        let after = greeting();
        assert!(!after.contains("user add") && after.contains("控制台"), "{after}");
    });
}

#[test]
fn the_demo_has_people() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let serve = ["serve", "--demo", "--listen", "127.0.0.1:0", "--set", "log.level=off", "--json"];
        let mut running = Running::start(program.command(&serve));
        let told: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
        assert_eq!(told["login"], "admin");
        let server = Server::start(database).await;
        server.clock.set(tousu::clock::Clock::system().epoch());
        for (login, role) in [
            ("admin", "administrator"),
            ("supervisor", "supervisor"),
            ("agent", "agent"),
            ("viewer", "viewer"),
        ] {
            let browser = Browser::new(&server);
            let session = browser.sign_in(json!({ "login": login, "password": told["password"] })).await;
            assert_eq!(session.data()["shops"][0]["role"], role);
        }
        running.signal("TERM");
        running.end();
        // At the next start they are there, with the password that they have.
        let mut running = Running::start(program.command(&serve));
        let again: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
        assert_eq!((&again["login"], &again["password"]), (&json!("admin"), &Value::Null));
        running.signal("TERM");
        running.end();
    });
}
