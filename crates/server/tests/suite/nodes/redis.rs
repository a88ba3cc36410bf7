//! A Redis of the test's own, which it may kill.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tousu::secrets;
use tousu::settings::Settings;

use crate::support::*;

/// The Redis that the tests were given, for what does not disturb anybody else there.
pub fn redis_of_all_tests() -> String {
    std::env::var("TOUSU_TEST_REDIS")
        .expect("TOUSU_TEST_REDIS names no server: run `make test`, or `scripts/with-services cargo test`")
}

/// A prefix that no other test has.
pub fn prefix() -> String {
    format!("test:{}:", secrets::random_text(16))
}

/// A server of its own on a port of its own; killed when dropped.
pub struct Redis {
    pub port: u16,
    folder: TempDir,
    running: Option<Child>,
}

impl Redis {
    pub fn start() -> Self {
        let mut redis = Redis::absent();
        redis.come();
        redis
    }

    /// One that is not there yet.
    pub fn absent() -> Self {
        Redis { port: quiet_port(), folder: tempfile::tempdir().unwrap(), running: None }
    }

    /// Starts it, without a memory of what was, and waits until it answers.
    pub fn come(&mut self) {
        let mut child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server; scripts/install-tools installs it");
        let out = BufReader::new(child.stdout.take().unwrap());
        self.running = Some(child);
        let ready = |line: &String| line.contains("Ready to accept connections");
        assert!(out.lines().map_while(Result::ok).any(|line| ready(&line)), "redis-server did not start");
    }

    /// Kills it.
    pub fn go(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Holds it, so that it neither answers nor closes, or lets it go on.
    pub fn signal(&self, name: &str) {
        let process = self.running.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sets limits that are shared through it.
    pub fn share(&self, settings: &mut Settings) {
        settings.limits.redis = self.url();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.go();
    }
}

/// A free port that the system gives to nobody who does not ask for it: while a server is away, no
/// connection of another test sits on it.
pub fn quiet_port() -> u16 {
    let from = rand::random_range(10_000..30_000);
    (from..32_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// Status of `/readyz`, and what it says of the limits.
pub async fn readiness(server: &Server) -> (u16, String) {
    let response = server.http.get(format!("{}/readyz", server.url)).send().await.unwrap();
    let status = response.status().as_u16();
    let found: Value = response.json().await.unwrap();
    (status, found["limits"].as_str().unwrap().to_owned())
}

/// Waits until a server sees of its limits what it should.
pub async fn until(server: &Server, status: u16, limits: &str) {
    let seen = async { while readiness(server).await != (status, limits.to_owned()) {} };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), seen).await;
    assert!(waited.is_ok(), "limits do not become {limits}");
}
