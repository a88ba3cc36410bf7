//! The commands, as a person types them.

mod import;
mod looking_after;
mod settings;

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::program::{Program, Ran};
use crate::support::*;

const SHOP: &str = "appShop";

/// Every command that there is.
const COMMANDS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["shop"],
    &["shop", "add"],
    &["shop", "list"],
    &["app"],
    &["app", "add"],
    &["app", "list"],
    &["app", "usage"],
    &["app", "grant"],
    &["app", "revoke"],
    &["app", "rotate"],
    &["app", "disable"],
    &["app", "enable"],
    &["user"],
    &["user", "add"],
    &["user", "list"],
    &["user", "role"],
    &["user", "reset"],
    &["user", "disable"],
    &["user", "enable"],
    &["token"],
    &["complaint"],
    &["complaint", "create"],
    &["complaint", "reply"],
    &["complaint", "consumer-reply"],
    &["complaint", "check-failed"],
    &["complaint", "close"],
    &["complaint", "reopen"],
    &["complaint", "note"],
    &["complaint", "assign"],
    &["complaint", "tag"],
    &["complaint", "show"],
    &["complaint", "history"],
    &["complaint", "bundle"],
    &["bundle"],
    &["bundle", "verify"],
    &["complaint", "search"],
    &["complaint", "reveal"],
    &["complaint", "erase"],
    &["key"],
    &["key", "new"],
    &["key", "rotate"],
    &["complaint", "batch"],
    &["complaint", "changes"],
    &["deadline"],
    &["deadline", "explain"],
    &["deadline", "rules"],
    &["settings"],
    &["audit"],
    &["audit", "verify"],
    &["login"],
    &["logout"],
    &["list"],
    &["show"],
    &["call"],
    &["whoami"],
    &["ping"],
    &["conformance"],
    &["stats"],
    &["subscription"],
    &["subscription", "list"],
    &["subscription", "show"],
    &["subscription", "add"],
    &["subscription", "change"],
    &["subscription", "rotate-secret"],
    &["subscription", "delete"],
    &["subscription", "test"],
    &["subscription", "deliveries"],
    &["subscription", "replay"],
    &["sync"],
    &["sync", "add"],
    &["sync", "remove"],
    &["sync", "status"],
    &["export"],
    &["import"],
    &["bench-data"],
    &["migrate"],
    &["doctor"],
    &["openapi"],
    &["config"],
    &["completions"],
    &["man"],
];

fn is_chinese(text: &str) -> bool {
    text.contains(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

#[test]
fn help_is_in_one_language() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let help = |arguments: &[&str], lang: Option<&str>| {
            let mut command = program.command(arguments);
            if let Some(lang) = lang {
                command.env("TOUSU_LANG", lang);
            }
            let ran = Ran::of(command.output().unwrap());
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
            assert!(!ran.out.contains('¦'), "{arguments:?}: {}", ran.out);
            ran.out
        };
        for command in COMMANDS {
            for flag in ["--help", "-h"] {
                let arguments = [*command, &[flag]].concat();
                let chinese = help(&arguments, None);
                assert!(is_chinese(&chinese), "{arguments:?}");
                for word in ["Usage", "Options:", "Print", "Commands:"] {
                    assert!(!chinese.contains(word), "{arguments:?}: {chinese}");
                }
                assert_eq!(help(&arguments, None), help(&arguments, Some("zh")));
                let english = help(&arguments, Some("en"));
                assert!(!is_chinese(&english), "{arguments:?}: {english}");
                assert_eq!(english, help(&[&arguments[..], &["--lang", "en"]].concat(), None));
            }
        }
        // Every command is tried here, and every command has its help line.
        let top = help(&["--help"], Some("en"));
        let listed = top.lines().skip_while(|line| *line != "Commands:").skip(1);
        let listed = listed.map_while(|line| line.split_whitespace().next());
        let known: HashSet<&str> = COMMANDS.iter().filter_map(|command| command.first().copied()).collect();
        assert_eq!(listed.collect::<HashSet<_>>(), known);
        for (lang, chinese) in [("zh", true), ("en", false)] {
            let page = help(&["man"], Some(lang));
            assert!(page.contains(".SH NAME") && is_chinese(&page) == chinese);
            for shell in ["bash", "zsh", "fish"] {
                let script = help(&["completions", shell], Some(lang));
                assert!(script.contains("tousu") && script.contains("revoke"), "{shell}");
            }
        }
    });
}

#[test]
fn shops_and_apps() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let credentials = program.shop_and_app(SHOP);
        let shops = program.json(&["shop", "list"]);
        assert_eq!((&shops[0]["app_id"], &shops[0]["name"]), (&json!(SHOP), &json!("测试店铺")));
        let table = program.run(&["shop", "list"]);
        assert!(table.out.contains("店铺") && table.out.contains(SHOP) && !table.out.contains('¦'));

        let app = credentials["client_id"].as_str().unwrap();
        let this = ["--shop", SHOP, "--client-id", app];
        let with =
            |command: &str, sets: &[&str]| program.json(&[&["app", command], &this[..], sets].concat());
        let listed = || program.json(&["app", "list", "--shop", SHOP])[0].clone();
        assert_eq!(listed()["grants"], json!(["投诉管理-查询"]));
        assert!(!listed().to_string().contains("secret"));
        let server = Server::start(database).await;
        server.clock.set(tousu::clock::Clock::system().epoch());
        let token = program.json(&[&["token"], &this[..]].concat());
        assert_eq!(token["expires_in"], 7200);
        let token = token["access_token"].as_str().unwrap();
        let code = async || server.list(token, json!({})).await.code();
        assert_eq!(code().await, 0);

        // Each takes effect at once, on a token that is alive.
        assert_eq!(with("revoke", &["投诉管理-查询"])["grants"], json!([]));
        assert_eq!((code().await, listed()["grants"].clone()), (2017, json!([])));
        assert_eq!(with("grant", &["投诉管理-查询"])["grants"], json!(["投诉管理-查询"]));
        assert_eq!(with("grant", &["投诉管理-查询"]), listed(), "granting twice is granting");
        assert_eq!(code().await, 0);
        assert_eq!(with("disable", &[])["disabled"], 1);
        assert_ne!(code().await, 0);
        program.run(&[&["token"], &this[..]].concat()).failed_saying(&[app, "已停用"]);
        assert_eq!(with("enable", &[])["disabled"], 0);
        let rotated = with("rotate", &[]);
        assert_ne!(rotated["secret_key"], credentials["secret_key"]);
        assert_eq!(code().await, 2008, "a new secret ends all tokens");
        let fetched = async |secret: &Value| {
            let secret = secret.as_str().unwrap();
            let all = [
                ("app_id", SHOP),
                ("client_id", app),
                ("secret_key", secret),
                ("grant_type", "client_credential"),
            ];
            server.token(&all).await.code()
        };
        assert_eq!(fetched(&credentials["secret_key"]).await, 2004);
        assert_eq!(fetched(&rotated["secret_key"]).await, 0);

        let limited = [
            "app",
            "add",
            "--shop",
            SHOP,
            "--name",
            "b",
            "--allow-ip",
            "10.0.0.0/8",
            "--allow-ip",
            "::1",
            "--legacy",
        ];
        let limited = program.json(&limited)["client_id"].clone();
        let apps = program.json(&["app", "list", "--shop", SHOP]);
        let limited = apps.as_array().unwrap().iter().find(|app| app["client_id"] == limited).unwrap();
        assert_eq!(limited["allow_ips"], json!(["10.0.0.0/8", "::1"]));
        assert_eq!((&limited["legacy"], &limited["grants"]), (&json!(1), &json!([])));
        let table = program.run(&["app", "list", "--shop", SHOP, "--lang", "en"]);
        assert!(table.out.contains("PERMISSION SETS") && table.out.contains("in use"), "{}", table.out);
        let usage = program.json(&[&["app", "usage"], &this[..], &["--days", "2"]].concat());
        assert_eq!(usage["by_day"].as_array().unwrap().len(), 2);
        program.run(&[&["app", "usage"], &this[..], &["--days", "91"]].concat()).failed_saying(&["days"]);
        let none = ["app", "usage", "--shop", SHOP, "--client-id", "xopNone"];
        program.run(&none).failed_saying(&["xopNone", "没有应用"]);
        // The secret is shown once, with a word about it that is no data.
        let ran = program.run(&["app", "add", "--shop", SHOP, "--name", "c"]);
        assert!(ran.out.contains("secret_key") && ran.err.contains("妥善保存"));
    });
}

#[test]
fn what_goes_wrong_is_said() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let app = program.shop_and_app(SHOP)["client_id"].as_str().unwrap().to_owned();
        program.write("rows.json", "[]");
        program.write("rows.txt", "[]");
        let cases: &[(&[&str], &[&str])] = &[
            (&["shop", "add", SHOP, "--name", "again"], &[SHOP, "已存在"]),
            (&["shop", "add", "a b", "--name", "x"], &["a b", "1 到 64"]),
            (&["app", "list", "--shop", "appNone"], &["appNone", "不存在", "tousu shop add"]),
            (&["app", "add", "--shop", "appNone", "--name", "x"], &["appNone", "不存在"]),
            (&["import", "--shop", "appNone", "rows.json"], &["appNone", "不存在"]),
            (&["token", "--shop", SHOP, "--client-id", "xopNone"], &["xopNone", "没有应用"]),
            (&["app", "rotate", "--shop", SHOP, "--client-id", "xopNone"], &["xopNone"]),
            (
                &["app", "grant", "--shop", SHOP, "--client-id", &app, "投诉"],
                &["没有权限集 \"投诉\"", "投诉管理-查询"],
            ),
            (&["app", "revoke", "--shop", SHOP, "--client-id", &app, "投诉"], &["没有权限集 \"投诉\""]),
            (&["app", "add", "--shop", SHOP, "--name", "x", "--allow-ip", "10.0.0.0/33"], &["10.0.0.0/33"]),
            (&["import", "--shop", SHOP, "none.json"], &["none.json", "无法读取"]),
            (&["import", "--shop", SHOP, "none.xlsx"], &["none.xlsx", "无法读取"]),
            (&["import", "--shop", SHOP, "rows.txt"], &["--format"]),
            (&["import", "--shop", SHOP, "--format", "xlsx", "-"], &["标准输入"]),
            (&["import", "--shop", SHOP, "rows.json", "--rejects", "rows.json"], &["--rejects"]),
            (&["serve", "--listen", "nowhere:x"], &["nowhere:x", "无法监听"]),
            (&["serve", "--set", "token.lifetime_seconds=0"], &["token.lifetime_seconds", "1 到 7200"]),
            (&["doctor", "--database", "mysql://me:secret@db/x"], &["mysql://me:***@db/x"]),
            (&["shop", "list", "--database", "sqlite:none/tousu.db"], &["sqlite:none/tousu.db"]),
            (&["doctor", "--database", "sqlite:none.db"], &["sqlite:none.db"]),
            (
                &["shop", "list", "--database", "postgres://me:secret@127.0.0.1:1/x"],
                &["postgres://me:***@127.0.0.1:1/x"],
            ),
            (&["config", "--set", "server.nothing=1"], &["nothing"]),
            (&["config", "--set", "nothing"], &["KEY=VALUE"]),
            (&["config", "--config", "none.toml"], &["none.toml"]),
            (&["config", "--lang", "fr"], &["fr"]),
        ];
        for (arguments, said) in cases {
            let ran = program.run(arguments);
            ran.failed_saying(said);
            assert!(is_chinese(&ran.err), "{}", ran.err);
            assert!(!ran.err.contains("secret"), "{}", ran.err);
        }
        assert_eq!(program.read("rows.json"), "[]", "what was to be imported is not overwritten");
        assert!(!program.path("none.db").exists(), "nothing is created by a look");
        let english = program.run(&["app", "list", "--shop", "appNone", "--lang", "en"]);
        english.failed_saying(&["there is no shop appNone"]);
        assert!(!is_chinese(&english.err));
        // A command that is not understood is clap's to refuse, with its own exit code.
        assert_eq!(program.run(&["shops"]).code, Some(2));
    });
}
