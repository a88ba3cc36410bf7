//! The real binary, run as a person would run it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::*;

/// The program in a folder of its own, with a database.
pub struct Program {
    folder: TempDir,
    database: String,
}

/// What one run of it left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Program {
    pub fn on(database: &Database) -> Self {
        Program { folder: tempfile::tempdir().unwrap(), database: database.url.clone() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder in which the program runs.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program with these arguments, without settings from outside.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tousu"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOUSU_")) {
            command.env_remove(name);
        }
        command.env("TOUSU_PRIVACY__KEYS", KEY);
        // Profiles and tokens of its own, and no keyring.
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_CACHE_HOME", self.path("cache"));
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("NO_COLOR");
        command.env("TOUSU_DATABASE", &self.database).current_dir(&self.folder).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs it with this on its standard input.
    pub fn typing(&self, arguments: &[&str], typed: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses at once may be gone before it is told anything.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Runs it with `--json`, which must go well, and gives what it printed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Adds a shop and an app that is granted everything; gives the app's credentials.
    pub fn shop_and_app(&self, shop: &str) -> Value {
        self.json(&["shop", "add", shop, "--name", "测试店铺"]);
        self.json(&["app", "add", "--shop", shop, "--name", "测试应用", "--grant", "投诉管理-查询"])
    }

    /// What `tousu doctor` finds wrong.
    pub fn doctors_complaints(&self) -> Vec<Value> {
        let ran = self.run(&["doctor", "--json"]);
        let findings: Vec<Value> = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        assert!(findings.len() > 5, "{findings:?}");
        let bad: Vec<Value> = findings.into_iter().filter(|finding| finding["good"] != true).collect();
        assert_eq!(ran.code, Some(if bad.is_empty() { 0 } else { 1 }), "{bad:?}");
        bad
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It must have failed with exit code 1, nothing on stdout, and one line that says all of this.
    pub fn failed_saying(&self, said: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.out.is_empty(), "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        for said in said {
            assert!(self.err.contains(said), "{said} in {}", self.err);
        }
        assert!(!self.err.contains('¦'), "{}", self.err);
    }
}

/// A run that goes on; killed when dropped.
pub struct Running {
    pub child: Child,
    pub out: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// The next line that it prints, if it prints another.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.out.read_line(&mut line).unwrap() > 0).then_some(line)
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end; gives its exit code and what it said on stderr.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        if let Some(mut err) = self.child.stderr.take() {
            err.read_to_string(&mut said).unwrap();
        }
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
