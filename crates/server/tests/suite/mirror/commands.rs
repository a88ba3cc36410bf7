//! `tousu sync`, as a person types it.

use std::process::Stdio;

use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu_client::Credentials;

use crate::program::{Program, Ran, Running};
use crate::support::*;

/// An upstream by the machine's clock.
struct Elsewhere {
    server: Server,
    app: Credentials,
    _database: Database,
}

impl Elsewhere {
    async fn with(count: i64) -> Self {
        let database = Database::sqlite();
        let server = Server::start_by(Clock::system(), &database, |_| {}).await;
        let shop = server.shop("appUp").await;
        let app = server.app(&shop).await;
        let now = server.clock.epoch();
        let rows: Vec<_> =
            (0..count).map(|at| complaint(&format!("c_{at:02}"), now - 60 - at * 3600)).collect();
        server.put(&shop, &rows).await;
        Elsewhere { server, app, _database: database }
    }

    /// How it is named on the command line.
    fn named(&self) -> [&str; 6] {
        let client_id = self.app.client_id.as_deref().unwrap();
        ["--url", &self.server.url, "--app-id", "appUp", "--client-id", client_id]
    }
}

fn sync(program: &Program, secret: &str, arguments: &[&str]) -> Ran {
    let mut command = program.command(&[&["sync"], arguments].concat());
    Ran::of(command.env("TOUSU_UPSTREAM_SECRET", secret).output().unwrap())
}

#[test]
fn one_run_ends_with_a_proof() {
    on_each_database(async |database| {
        let up = Elsewhere::with(12).await;
        let program = Program::on(database);
        program.json(&["shop", "add", "appHere", "--name", "测试店铺"]);
        let here = ["--shop", "appHere"];
        let run =
            |secret: &str, more: &[&str]| sync(&program, secret, &[&here[..], &up.named(), more].concat());
        run("wrong", &[]).failed_saying(&["2004"]);
        let done = run(&up.app.secret_key, &["--json"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let done: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&done["counted"]["added"], &done["proof"]["certain"]), (&json!(12), &json!(1)), "{done}");
        let again = run(&up.app.secret_key, &[]);
        assert_eq!(again.code, Some(0), "{again:?}");
        for said in ["新增 0", "12 条投诉", "确定一致", "校验和"] {
            assert!(again.out.contains(said), "{said}: {}", again.out);
        }
        let status = program.json(&["sync", "status"]);
        assert_eq!(
            (&status[0]["app_id"], &status[0]["mirror"]["complaints"]),
            (&json!("appHere"), &json!(12))
        );
        let proven = &status[0]["mirror"]["proof"];
        assert_eq!(proven["certain"], 1, "what came after the pass is known by now: {proven}");
        let table = program.run(&["sync", "status"]);
        assert!(table.out.contains("落后") && table.out.contains("appHere"), "{table:?}");
        let full = program.run(&["sync", "status", "--shop", "appHere"]);
        assert!(
            full.out.contains("校验和")
                && full.out.contains(&up.server.url)
                && full.out.contains('✓')
                && !full.out.contains('¦'),
            "{full:?}"
        );
        assert!(!full.out.contains(&up.app.secret_key));

        // One shop is the mirror of one upstream.
        let named = ["--url", "http://127.0.0.1:1", "--app-id", "appUp"];
        sync(&program, "any", &[&here[..], &named].concat()).failed_saying(&["tousu sync remove"]);
        program.run(&["sync", "--shop", "appHere"]).failed_saying(&["--from"]);
        program.run(&["sync", "--shop", "appNone"]).failed_saying(&["appNone"]);
        program.json(&["sync", "remove", "--shop", "appHere"]);
        program.run(&["sync", "remove", "--shop", "appHere"]).failed_saying(&["appHere"]);
        assert_eq!(program.json(&["sync", "status"]), json!([]));
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}

#[test]
fn a_server_fetches_what_it_was_told_to() {
    on_each_database(async |database| {
        let up = Elsewhere::with(5).await;
        let program = Program::on(database);
        program.json(&["shop", "add", "appHere", "--name", "测试店铺"]);
        let arguments =
            [&["add", "--shop", "appHere", "--every", "1s"], &up.named()[..], &["--json"]].concat();
        let added = sync(&program, &up.app.secret_key, &arguments);
        assert_eq!(added.code, Some(0), "{added:?}");
        // The secret lies there sealed, and is found by whoever looks after keys.
        let kept = crate::privacy::everything_in(database).await;
        assert!(!crate::privacy::contains(&kept, &up.app.secret_key));
        let mut command = program.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(["--set", "log.level=off"]).stderr(Stdio::null());
        let mut running = Running::start(command);
        let told: Value = serde_json::from_str(&running.line().expect("a greeting")).unwrap();
        let fresh = |standing: &Value| {
            let mirror = &standing[0]["mirror"];
            mirror["complaints"] == json!(5)
                && mirror["details_due"] == json!(0)
                && mirror["fresh_as_of"].is_string()
        };
        let seen = (0..200).map(|_| program.json(&["sync", "status"])).find(fresh);
        let seen = seen.unwrap_or_else(|| panic!("{}", program.json(&["sync", "status"])));
        assert_eq!((&seen[0]["mirror"]["enabled"], &seen[0]["mirror"]["problem"]), (&json!(1), &Value::Null));
        let metrics = format!("{}/metrics", told["address"].as_str().unwrap());
        let mut measured = String::new();
        for _ in 0..200 {
            measured = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
            if measured.contains("tousu_mirror_lag_seconds{app_id=\"appHere\"}") {
                break;
            }
            // A look, which takes its time.
            program.json(&["sync", "status"]);
        }
        assert!(measured.contains("tousu_mirror_last_success_seconds{app_id=\"appHere\"}"), "{measured}");
        running.signal("TERM");
        assert_eq!(running.end().0, Some(0));
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}
