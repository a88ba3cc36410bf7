//! Settings, and where they come from.

use super::*;

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
