//! What the documents say is so: every command in the READMEs is run, the map is compared.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tousu::gateway::quirks::{KINDS, PRESETS, Rules};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The fenced blocks of that kind.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

const COMPLAINTS_CSV: &str = "投诉单号,投诉时间,渠道,投诉来源,处理状态\n\
    c_1,2024-04-19 11:25:19,店铺,H5店铺,待处理\n\
    ,2024-04-19 11:25:19,店铺,H5店铺,待处理\n";

#[test]
fn every_command_of_the_readmes_works() {
    let binary = Path::new(env!("CARGO_BIN_EXE_tousu"));
    for name in ["README.md", "README.zh-CN.md"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("complaints.csv"), COMPLAINTS_CSV).unwrap();
        let text = read(name);
        // What `make run` starts, and the sandbox that the text tells to start; on free ports.
        let (demo, address) = served(binary, &folder, &["--demo"]);
        let sandbox = text.split("`tousu serve --sandbox").nth(1).unwrap().split('`').next().unwrap();
        let flags = sandbox.replace("--listen 127.0.0.1:8081", "");
        let flags: Vec<&str> = ["--sandbox"].into_iter().chain(flags.split_whitespace()).collect();
        let (twin, twins_address) = served(binary, &folder, &flags);

        let text =
            text.replace("http://127.0.0.1:8080", &address).replace("http://127.0.0.1:8081", &twins_address);
        let (shell, answers) = (blocks(&text, "sh"), blocks(&text, "json"));
        assert_eq!(shell.len(), 6);
        let block = |mark: &str| {
            let mut found = shell.iter().filter(|block| block.contains(mark));
            let block = found.next().unwrap_or_else(|| panic!("{name} has no block with {mark}"));
            assert!(found.next().is_none(), "{name} has two blocks with {mark}");
            block
        };
        let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let run = |script: &str| {
            let done = Command::new("bash")
                .args(["-uc", script])
                .current_dir(&folder)
                .env("PATH", &path)
                .env_remove("TOUSU_DATABASE")
                .env("XDG_CONFIG_HOME", folder.path().join("config"))
                .env("XDG_CACHE_HOME", folder.path().join("cache"))
                .env_remove("DBUS_SESSION_BUS_ADDRESS")
                .output()
                .unwrap();
            (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap(), done.status)
        };
        let (listed, errors, status) = run(block("secret_key=DemoSecret"));
        assert!(status.success(), "{errors}");
        assert_eq!(listed.trim(), answers[0].trim(), "the answer that {name} prints");

        let (out, errors, status) = run(&format!(
            "set -e\n{}",
            block("tousu doctor").replace("refused.ndjson", "refused.ndjson || [ $? = 2 ]")
        ));
        assert!(status.success(), "{out}{errors}");
        assert!(out.contains("新增 1") && out.contains("拒绝 1"), "{out}");
        assert!(read_in(&folder, "refused.ndjson").contains("\"line\":3"));

        let (out, errors, status) = run(&format!("set -e\n{}", block("tousu audit verify")));
        assert!(status.success(), "{out}{errors}");
        for seen in [
            "消费者投诉",
            "商家回复",
            "核验不通过",
            "结单",
            "处理完成",
            "14 条：完好",
            "重新打开 168 小时内",
            "不分昼夜与节假日",
            "首次回复",
        ] {
            assert!(out.contains(seen), "{seen}: {out}");
        }
        let (out, errors, status) = run(&format!("set -e\n{}", block("tousu login")));
        assert!(status.success(), "{out}{errors}");
        for seen in
            ["c_661a9d66b6733_qTRys2mU", "回复 ", "投诉管理-查询", "\"reply_list\"", "时钟一致", "不符 0"]
        {
            assert!(out.contains(seen), "{seen}: {out}");
        }
        assert!(folder.path().join("open.xlsx").exists());
        let (out, errors, status) = run(&format!("set -e\n{}", block("tousu sync")));
        assert!(status.success(), "{out}{errors}");
        assert!(out.contains("appMirror") && out.contains("落后"), "{out}");
        // An answer a line, for which curl puts no end of line.
        let steered = block("X-Tousu-Fault").lines().map(|line| match line.starts_with("curl ") {
            true => format!("{line}; echo"),
            false => line.to_owned(),
        });
        let (out, errors, status) = run(&format!("set -e\n{}", steered.collect::<Vec<_>>().join("\n")));
        assert!(status.success(), "{out}{errors}");
        let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 6, "{out}");
        assert_eq!(answers[0]["code"], 2053);
        assert_eq!(answers[1]["data"]["total"], "28");
        assert!(answers[2..].iter().all(|answer| answer["code"] == 0), "{out}");
        assert_eq!(answers[2]["data"]["complaint_ids"].as_array().unwrap().len(), 3);
        assert_eq!(answers[5]["data"]["seed"], 7);

        assert!(blocks(&text, "console").iter().all(|block| makes_sense(block)), "{name}");
        for mut server in [demo, twin] {
            // By which the sandbox takes its folder away.
            let told = Command::new("kill").arg(server.id().to_string()).status().unwrap();
            assert!(told.success());
            server.wait().unwrap();
        }
    }
}

/// A server with these flags, and its address.
fn served(binary: &Path, folder: &tempfile::TempDir, flags: &[&str]) -> (std::process::Child, String) {
    let mut server = Command::new(binary)
        .args([&["serve", "--json", "--listen", "127.0.0.1:0"], flags].concat())
        .current_dir(folder)
        .env_remove("TOUSU_DATABASE")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let told: Value = serde_json::from_str(&first).unwrap();
    (server, told["address"].as_str().unwrap().to_owned())
}

/// The rules that the page about quirks shows are rules, and its tables have every fault.
#[test]
fn the_page_about_quirks_is_right() {
    let page = read("docs/sandbox.md");
    for rules in blocks(&page, "toml") {
        assert!(!Rules::parse(&rules).unwrap().is_empty());
    }
    for kind in &KINDS {
        assert!(
            kind.name == "code" || page.contains(&format!("`{}", kind.name)),
            "{} is not on it",
            kind.name
        );
    }
    for preset in &PRESETS {
        assert!(
            page.contains(&format!("`{}`", preset.name)) || preset.name == "everything",
            "{}",
            preset.name
        );
    }
}

fn read_in(folder: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// `make` targets are run by hand and by CI; here they must at least exist.
fn makes_sense(block: &str) -> bool {
    block.lines().all(|line| {
        Command::new("make")
            .arg("-n")
            .args(line.strip_prefix("make ").map(str::split_whitespace).into_iter().flatten())
            .current_dir(root())
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    })
}

/// Every path on the map exists, and every folder and file of the sources is on it.
#[test]
fn the_map_is_the_territory() {
    let map = blocks(&read("ARCHITECTURE.md"), "")[0].clone();
    let (mut parent, mut listed) = (String::new(), Vec::new());
    for line in map.lines() {
        let path = line.split_whitespace().next().unwrap();
        let path = if line.starts_with(' ') {
            format!("{parent}{path}")
        } else {
            parent = path.to_owned();
            path.to_owned()
        };
        assert!(root().join(&path).exists(), "{path} is on the map only");
        listed.push(path);
    }
    for folder in ["crates/wire/src", "crates/client/src", "crates/server/src"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path =
                format!("{folder}/{name}{}", if entry.file_type().unwrap().is_dir() { "/" } else { "" });
            assert!(
                listed.contains(&path) || ["lib.rs", "main.rs"].contains(&name.as_str()),
                "{path} is not on the map"
            );
        }
    }
}

/// What the example of several nodes sets can be set.
#[test]
fn the_example_sets_what_there_is() {
    let compose = read("deploy/compose.yaml");
    let pairs = compose.lines().filter_map(|line| line.trim().split_once(": "));
    let set: Vec<(&str, &str)> = pairs.filter(|(name, _)| name.starts_with("TOUSU_")).collect();
    assert!(set.len() >= 4, "{set:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tousu"));
    let shown = command.arg("config").current_dir(&folder).envs(set.iter().copied()).output().unwrap();
    let (out, errors) = (String::from_utf8(shown.stdout).unwrap(), String::from_utf8(shown.stderr).unwrap());
    assert!(shown.status.success(), "{errors}");
    for (name, value) in set {
        // The password is neither here nor there.
        let value = value.rsplit('@').next().unwrap();
        assert!(out.contains(value), "{name} sets nothing to {value}: {out}");
    }
}

/// The two READMEs show the same commands.
#[test]
fn the_readmes_agree() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    for kind in ["sh", "json", "console"] {
        assert_eq!(blocks(&english, kind), blocks(&chinese, kind));
    }
}

/// The table of exit codes is the one that `--help` shows.
#[test]
fn the_exit_codes_are_those_of_the_help() {
    let page = read("docs/commands.md");
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (code, meaning) = (cells.next()?, cells.next()?);
        code.parse::<u8>().ok().map(|code| format!("{code} {meaning}"))
    };
    let documented: Vec<String> = page.lines().filter_map(row).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut help = Command::new(env!("CARGO_BIN_EXE_tousu"));
    let shown = help.args(["list", "--help", "--lang", "en"]).current_dir(&folder).output().unwrap();
    let help = String::from_utf8(shown.stdout).unwrap();
    let listed = help.split("Exit codes:\n").nth(1).unwrap().lines();
    let listed: Vec<String> = listed
        .filter_map(|line| line.trim().split_once("  ").map(|(code, meaning)| format!("{code} {meaning}")))
        .collect();
    assert!(listed.len() > 10 && documented == listed, "{documented:?}\n{listed:?}");
}
