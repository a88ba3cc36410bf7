//! The demo server as a process of its own, for what only that can show: its log, and metrics that nobody
//! shares.

use std::fs::File;

use serde_json::Value;

use crate::program::{Program, Running};
use crate::support::*;

/// `tousu serve --demo` on a database, ended when dropped.
pub struct Demo {
    program: Program,
    running: Running,
    pub http: reqwest::Client,
    pub url: String,
    pub app_id: String,
    pub client_id: String,
    pub secret_key: String,
    /// The one that it told at its start.
    pub access_token: String,
    /// Everybody's who signs in, where they were made at this start.
    pub password: String,
}

const LOG: &str = "log";

impl Demo {
    /// Starts it with the most talkative log and waits until it has told how to call it.
    pub fn serve(database: &Database) -> Self {
        Demo::serve_with(database, &[])
    }

    /// The same with further arguments.
    pub fn serve_with(database: &Database, arguments: &[&str]) -> Self {
        let program = Program::on(database);
        let mut command = program.command(&["serve", "--demo", "--json", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        command.args(["--set", "log.level=trace", "--set", "log.format=json"]);
        command.stderr(File::create(program.path(LOG)).unwrap());
        let mut running = Running::start(command);
        let told: Value = serde_json::from_str(&running.line().unwrap()).expect("how to call it");
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Demo {
            program,
            running,
            http: reqwest::Client::new(),
            url: text("address"),
            app_id: text("app_id"),
            client_id: text("client_id"),
            secret_key: text("secret_key"),
            access_token: text("access_token"),
            password: told["password"].as_str().unwrap_or_default().to_owned(),
        }
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.http.post(format!("{}{path}", self.url)).body(body.to_string())).await
    }

    /// GETs `/token` with these parameters, and `grant_type`.
    pub async fn token(&self, app_id: &str, client_id: &str, secret_key: &str) -> Answer {
        let parameters = [
            ("app_id", app_id),
            ("client_id", client_id),
            ("secret_key", secret_key),
            ("grant_type", "client_credential"),
        ];
        Answer::of(self.http.get(format!("{}/token", self.url)).query(&parameters)).await
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        self.http.get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// What it has logged up to now.
    pub fn log(&self) -> String {
        self.program.read(LOG)
    }

    /// Stops it and gives its log.
    pub fn end(self) -> String {
        let Demo { program, mut running, .. } = self;
        running.signal("TERM");
        running.end();
        program.read(LOG)
    }
}
