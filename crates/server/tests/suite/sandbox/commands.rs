//! `tousu serve --sandbox` and `--quirks`, as a person types them.

use std::path::Path;

use serde_json::{Value, json};
use tousu_wire::SandboxEndpoint;
use tousu_wire::sandbox::SandboxGet;

use crate::program::{Program, Ran, Running};
use crate::support::*;

const QUIET: [&str; 4] = ["--listen", "127.0.0.1:0", "--set", "log.level=off"];

/// The program as somebody runs it who named no database.
fn without_database(program: &Program, arguments: &[&str]) -> std::process::Command {
    let mut command = program.command(&[&["serve"], arguments, &QUIET[..]].concat());
    command.env_remove("TOUSU_DATABASE").env("TMPDIR", program.path(""));
    command
}

fn told(running: &mut Running) -> Value {
    serde_json::from_str(&running.line().expect("how to call it")).unwrap()
}

async fn post(url: &str, body: Value) -> Value {
    let answer = reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap();
    answer.json().await.unwrap()
}

#[test]
fn a_sandbox_leaves_nothing_behind() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let folder = program.path("temporary");
        std::fs::create_dir(&folder).unwrap();
        let mut command = without_database(&program, &["--sandbox", "--seed", "7", "--frozen", "--json"]);
        command.env("TMPDIR", &folder);
        let mut running = Running::start(command);
        let told = told(&mut running);
        let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
        let told_of = ["app_id", "client_id", "secret_key", "access_token", "login", "password", "sandbox"];
        assert_eq!(keys, [&["address"], &told_of[..]].concat());
        assert_eq!(
            told["sandbox"]["clock"],
            json!({ "now": "2024-05-01 12:00:00", "epoch": NOW, "runs": 0 })
        );
        let url = told["address"].as_str().unwrap();
        let list = format!("{url}/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0");
        let listed = post(&list, json!({ "access_token": told["access_token"] })).await;
        assert_eq!(listed["data"]["total"], 28);
        let shown = post(&format!("{url}{}", SandboxGet::path()), json!({})).await;
        assert_eq!(shown["data"], told["sandbox"]);
        let count = || std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(count(), 1);
        running.signal("TERM");
        assert_eq!(running.end().0, Some(0));
        assert_eq!(count(), 0);
        assert!(!Path::new(&program.path("tousu.db")).exists());
    });
}

/// By the flags, whatever they are called in the interfaces.
#[test]
fn the_flags_say_what_it_is_made_from() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let flags = ["--sandbox", "--complaints", "3", "--at", "2026-01-05 09:00:00", "--json"];
        let mut running = Running::start(program.command(&[&["serve"], &flags[..], &QUIET[..]].concat()));
        let told = told(&mut running);
        let sandbox = &told["sandbox"];
        assert_eq!((&sandbox["seed"], &sandbox["complaints"]), (&json!(0), &json!(3)));
        assert_eq!(sandbox["clock"]["runs"], 1);
        assert!(sandbox["clock"]["now"].as_str().unwrap().starts_with("2026-01-05 09:0"), "{sandbox}");
        running.signal("TERM");
        assert_eq!(running.end().0, Some(0));
        let shops = program.json(&["shop", "list"]);
        assert_eq!(shops.as_array().unwrap().len(), 2, "in the database that was named");
    });
}

#[test]
fn a_database_of_somebody_is_never_emptied() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app("appMine");
        program
            .run(&["serve", "--sandbox", "--lang", "en"])
            .failed_saying(&["no sandbox's", "name an empty one"]);
        assert_eq!(program.json(&["shop", "list"]).as_array().unwrap().len(), 1);
    });
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        for (flags, said) in [
            (&["--sandbox", "--demo"][..], "--demo"),
            (&["--complaints", "3"], "--complaints"),
            (&["--at", "2026-01-05 09:00:00"], "--at"),
            (&["--frozen"], "--frozen"),
            (&["--seed", "3"], "--seed"),
            (&["--quirks", "nonsense"], "transport"),
        ] {
            program.run(&[&["serve"], flags].concat()).failed_saying(&[said]);
        }
        program.write("bad.toml", "[[quirk]]\nfault = \"slow\"\n");
        let ran = program.run(&["serve", "--quirks", "bad.toml", "--lang", "en"]);
        ran.failed_saying(&["bad.toml", "quirk 1", "slow=3s"]);
    });
}

#[test]
fn presets_and_faults_are_listed() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let listed = program.json(&["serve", "--quirks", "list"]);
        let names = |of: &str| -> Vec<String> {
            let names = listed[of].as_array().unwrap().iter();
            names.map(|line| line["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            names("presets"),
            ["everything", "types", "transport", "limits", "paging", "tokens", "codes"]
        );
        let Ran { code, out, .. } = program.run(&["serve", "--quirks", "list"]);
        assert_eq!(code, Some(0));
        assert!(names("faults").iter().chain(&names("presets")).all(|name| out.contains(name)), "{out}");
        assert!(!out.contains('¦'), "{out}");
        // What is listed can be kept, changed and used.
        for preset in listed["presets"].as_array().unwrap() {
            let name = preset["name"].as_str().unwrap();
            program.write(&format!("{name}.toml"), preset["file"].as_str().unwrap());
            let mut running = Running::start(without_database(
                &program,
                &["--sandbox", "--quirks", &format!("{name}.toml"), "--json"],
            ));
            assert_eq!(told(&mut running)["quirks"]["from"], format!("{name}.toml"));
        }
    });
}

#[test]
fn whoever_serves_wrong_answers_is_told() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        program.shop_and_app("appMine");
        let serve = [&["serve", "--quirks", "types", "--seed", "9"], &QUIET[..]].concat();
        let mut running = Running::start(program.command(&[&serve[..], &["--json"]].concat()));
        assert_eq!(told(&mut running)["quirks"], json!({ "from": "types", "seed": 9, "shops": ["appMine"] }));
        drop(running);
        let mut running = Running::start(program.command(&serve));
        let mut said = String::new();
        while !said.contains("appMine") {
            said += &running.line().expect("a warning that names the shop");
        }
        assert!(said.contains("故意答错") && !said.contains('¦'), "{said}");
    });
}
