//! The commands, as a person types them.

use std::collections::HashSet;
use std::process::Stdio;

use serde_json::{Value, json};
use tousu::store::{ShopId, Store};

use crate::program::{Program, Ran, Running};
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

#[test]
fn settings_and_where_they_come_from() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let config = |program: &Program, arguments: &[&str]| program.json(&[&["config"], arguments].concat());
        assert_eq!(config(&program, &[])["server"]["max_requests"], 1024);
        program.write("tousu.toml", "lang = \"en\"\n[server]\nmax_requests = 7\n[log]\nlevel = \"debug\"\n");
        assert_eq!(config(&program, &[])["server"]["max_requests"], 7);
        let with_env = |arguments: &[&str]| {
            let mut command = program.command(&[&["config", "--json"], arguments].concat());
            command
                .env("TOUSU_SERVER__MAX_REQUESTS", "8")
                .env("TOUSU_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::1/128");
            let ran = Ran::of(command.output().unwrap());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            serde_json::from_str::<Value>(&ran.out).unwrap()
        };
        assert_eq!(with_env(&[])["server"]["max_requests"], 8, "the environment over the file");
        assert_eq!(with_env(&[])["server"]["trusted_proxies"], json!(["10.0.0.0/8", "::1/128"]));
        assert_eq!(with_env(&[])["log"]["level"], "debug", "what it does not name stays");
        let set = ["--set", "server.max_requests=9", "--set", "server.trusted_proxies=192.168.0.0/16"];
        assert_eq!(with_env(&set)["server"]["max_requests"], 9, "a flag over the environment");
        assert_eq!(with_env(&set)["server"]["trusted_proxies"], json!(["192.168.0.0/16"]));
        program.write("other.toml", "[server]\nmax_requests = 6\n");
        assert_eq!(config(&program, &["--config", "other.toml"])["server"]["max_requests"], 6);
        // Errors, too, are in the language of the settings.
        program.run(&["app", "list", "--shop", "appNone"]).failed_saying(&["error: "]);

        for url in [
            "postgres://me:pw:cr@et@db/x",
            "postgres://db/x?user=me&password=pw:cr@et",
            "postgres://me@db/x?password=pw:cr@et&sslmode=disable",
        ] {
            for form in [&["--json"][..], &[]] {
                let shown = program.run(&[&["config", "--database", url], form].concat());
                assert!(shown.code == Some(0) && shown.out.contains("db/x"), "{shown:?}");
                assert!(!shown.out.contains("cr@et") && !shown.out.contains("pw:"), "{}", shown.out);
            }
        }
        program.write("tousu.toml", "[server]\nmax_request = 7\n");
        program.run(&["config"]).failed_saying(&["max_request"]);
        program.write("tousu.toml", "[server\n");
        assert_eq!(program.run(&["config"]).code, Some(1));
        // What is printed is a settings file: read back, it is the same.
        program.write("tousu.toml", "");
        let printed = program.run(&["config"]).out;
        assert!(printed.contains("# 请求体上限（字节）") && !printed.contains('¦'), "{printed}");
        program.write("printed.toml", &printed);
        assert_eq!(config(&program, &["--config", "printed.toml"]), config(&program, &[]));
    });
}

#[test]
fn importing() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        program.write("rows.json", PAGE_EXAMPLE_ROWS);
        let import = |rest: &[&str]| program.run(&[&["import", "--shop", SHOP], rest].concat());
        let ran = import(&["rows.json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.out, "读取 2 行：新增 2，更新 0，未变 0，拒绝 0\n");
        assert_eq!(
            import(&["rows.json", "--lang", "en"]).out,
            "2 rows read: 0 added, 0 changed, 2 unchanged, 0 refused\n"
        );
        let version = || program.json(&["shop", "list"])[0]["version"].clone();
        let before = version();
        let line = |id: u32| format!("c_{id},2024-04-30 11:25:19,1,101,0\n");
        let bad: String = (0..12).map(|at| format!("c_bad{at},2024-04-30 11:25:19,1,101,\n")).collect();
        let head = "complaint_id,complaint_time,channel_type,complaint_from,state\n";
        program.write("rows.csv", format!("{head}{}{bad}{}", line(1), line(2)));
        let ran =
            import(&["rows.csv", "--json", "--progress", "--batch", "5", "--rejects", "refused.ndjson"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let progress = |read: u64, added: u64, refused: u64| json!({ "read": read, "added": added, "changed": 0, "unchanged": 0, "refused": refused });
        assert_eq!(lines[..3], [progress(5, 1, 4), progress(10, 1, 9), progress(14, 2, 12)]);
        let mut last = progress(14, 2, 12);
        (last["complete"], last["error"]) = (json!(true), Value::Null);
        assert_eq!(lines[3..], [last]);
        assert_eq!(ran.err.lines().count(), 11, "ten are told, the rest counted: {}", ran.err);
        assert!(ran.err.starts_with("第 3 行：state 缺失\n") && ran.err.ends_with("……另有 2 行被拒绝\n"));
        let kept = program.read("refused.ndjson");
        assert_eq!(kept.lines().count(), 12);
        let first: Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
        let row = json!({ "complaint_id": "c_bad0", "complaint_time": "2024-04-30 11:25:19", "channel_type": "1",
            "complaint_from": "101", "state": "" });
        assert_eq!(first, json!({ "line": 3, "reason": "state 缺失 ¦ state: missing", "row": row }));
        assert_eq!(
            version().as_i64().unwrap() - before.as_i64().unwrap(),
            3,
            "a batch that holds nothing new is none, the end is one"
        );

        // Cut off: what is in is told, and that it is not all.
        let cut = &PAGE_EXAMPLE_ROWS[..PAGE_EXAMPLE_ROWS.rfind(']').unwrap()];
        program.write("cut.json", cut);
        let ran = import(&["cut.json", "--json"]);
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &said["complete"], &said["unchanged"]), (Some(1), &json!(false), &json!(2)));
        assert!(
            said["error"].as_str().unwrap().contains("中断") && ran.err.contains("导入未完成"),
            "{ran:?}"
        );
        // From standard input.
        let mut command = program.command(&["import", "--shop", SHOP, "-", "--format", "csv", "--json"]);
        command.stdin(std::fs::File::open(program.path("rows.csv")).unwrap());
        let ran = Ran::of(command.output().unwrap());
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &said["unchanged"], &said["refused"]), (Some(2), &json!(2), &json!(12)));
    });
}

/// Ctrl-C ends an import that waits for its input, with a report.
#[test]
fn an_import_can_be_interrupted() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        let mut command =
            program.command(&["import", "--shop", SHOP, "-", "--json", "--progress", "--batch", "1"]);
        command.stdin(Stdio::piped());
        let mut running = Running::start(command);
        let mut input = running.child.stdin.take().unwrap();
        let rows: Vec<Value> = serde_json::from_str(PAGE_EXAMPLE_ROWS).unwrap();
        std::io::Write::write_all(&mut input, format!("{}\n", rows[0]).as_bytes()).unwrap();
        assert!(running.line().unwrap().contains("\"added\":1"));
        running.signal("INT");
        let said: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
        assert_eq!((&said["complete"], &said["added"]), (&json!(false), &json!(1)));
        let (code, said) = running.end();
        assert!(code == Some(1) && said.contains("已被中断"), "{code:?} {said}");
        drop(input);
    });
}

#[test]
fn migrate_makes_the_tables_and_says_how_far_they_are() {
    on_each_database(async |database| {
        let program = Program::on(database);
        for _ in 0..2 {
            let told = program.json(&["migrate"]);
            assert_eq!((&told["migration"], &told["citus"]), (&json!(10), &json!(false)));
        }
        assert!(program.run(&["migrate"]).out.contains("已是最新（迁移 10）"));
        program.shop_and_app(SHOP);
    });
}

#[test]
fn the_doctor_finds_what_is_broken() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        program.write("rows.json", PAGE_EXAMPLE_ROWS);
        program.json(&["import", "--shop", SHOP, "rows.json"]);
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
        let text = program.run(&["doctor"]);
        assert!(text.out.lines().all(|line| line.starts_with('✓') && !line.contains('¦')), "{}", text.out);
        assert!(!is_chinese(&program.run(&["doctor", "--lang", "en"]).out));
        let bad = Ran::of(program.command(&["doctor", "--set", "storage.connections=1"]).output().unwrap());
        assert!(bad.code == Some(1) && bad.out.contains("✗ 设置: storage.connections"), "{bad:?}");

        let shop = ShopId::parse(SHOP).unwrap();
        let store = Store::open_existing(&database.url, &Default::default()).await.unwrap();
        // Each damage by itself, undone before the next.
        let write = async |sql: &str| {
            let (mut tx, _) = store.write(&shop).await.unwrap().unwrap();
            tx.execute(&shop, sql, &[]).await.unwrap();
            tx.commit().await.unwrap();
        };
        for (damage, undone, found) in [
            (
                "update complaints set closed_overtime = 1 where shop_id = $1 and state <> 2",
                "update complaints set closed_overtime = null where shop_id = $1 and state <> 2",
                "结单与超时事实一致",
            ),
            (
                "update complaints set closed_overtime = null where shop_id = $1",
                "update complaints set closed_overtime = 2 where shop_id = $1 and state = 2",
                "结单与超时事实一致",
            ),
            (
                "update complaints set version = version + 90 where shop_id = $1",
                "update complaints set version = version - 90 where shop_id = $1",
                "投诉版本不超过店铺版本",
            ),
            (
                "update complaints set version = created_version + 1 where shop_id = $1",
                "update complaints set version = created_version where shop_id = $1",
                "每次变更都记入日志",
            ),
            (
                "insert into changes
                     select shop_id, version + 90, last_number, 2, 0, 0 from shops where shop_id = $1",
                "delete from changes where shop_id = $1",
                "变更日志不超过店铺版本",
            ),
            (
                "insert into changes
                     select shop_id, version, last_number + 1, 2, 0, 0 from shops where shop_id = $1",
                "delete from changes where shop_id = $1",
                "变更日志不超过店铺版本",
            ),
            ("delete from shops where shop_id = $1", "", "每条投诉都有店铺"),
        ] {
            write(damage).await;
            let bad = program.doctors_complaints();
            let is_found = |finding: &Value| finding["what"].as_str().unwrap().starts_with(found);
            assert!(bad.iter().any(is_found), "{damage}: {bad:?}");
            assert!(program.run(&["doctor"]).out.contains(&format!("✗ {found}: ")));
            if !undone.is_empty() {
                write(undone).await;
                assert_eq!(program.doctors_complaints(), [] as [Value; 0], "{damage} is undone");
            }
        }
    });
}
