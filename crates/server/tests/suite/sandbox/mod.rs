//! `serve --sandbox`: a twin of the official server that can be steered.

mod changes;
mod clock;
mod commands;
mod seed;

use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu::gateway::Manner;
use tousu::gateway::quirks::Rules;
use tousu::sandbox::{self, Plan, Sandbox};
use tousu_client::Credentials;

use crate::support::*;

/// What the tests' sandboxes are made from, unless they say otherwise.
pub const PLAN: Plan = Plan { seed: 7, complaints: 28, begins: sandbox::BEGINS };

/// A sandbox that is served, its clock standing still.
pub struct Twin {
    pub server: Server,
}

impl Twin {
    pub async fn open(database: &Database) -> Self {
        Twin::with(database, PLAN, None).await
    }

    pub async fn with(database: &Database, plan: Plan, quirks: Option<Rules>) -> Self {
        let manner = async |store: &tousu::store::Store, clock: &Clock| {
            let sandbox = Sandbox::make(store, clock, plan).await.unwrap();
            Manner { sandbox: Some(sandbox), quirks, ..Manner::default() }
        };
        Twin { server: Server::start_in(Clock::set_at(plan.begins), database, |_| {}, manner).await }
    }

    /// Calls `tousu.sandbox.NAME`.
    pub async fn steer(&self, name: &str, body: Value) -> Answer {
        self.server.post(&format!("/tousu.sandbox.{name}/1.0.0"), &body).await
    }

    /// The account of that app.
    pub async fn account(&self, client_id: &str) -> Credentials {
        let shown = self.steer("get", json!({})).await;
        let accounts = shown.data()["accounts"].as_array().unwrap().clone();
        let account = accounts.iter().find(|account| account["client_id"] == client_id).expect("an account");
        Credentials {
            app_id: account["app_id"].as_str().unwrap().into(),
            client_id: Some(client_id.into()),
            secret_key: account["secret_key"].as_str().unwrap().into(),
        }
    }

    /// A token of that app.
    pub async fn token(&self, client_id: &str) -> String {
        let account = self.account(client_id).await;
        self.server.client(&account).fetch_token().await.unwrap().access_token
    }

    /// All rows of the first shop, as they came.
    pub async fn rows(&self, token: &str) -> Vec<Value> {
        let page = self.server.list(token, json!({ "page_size": 1000 })).await;
        let rows = page.data()["list"].as_array().unwrap().clone();
        assert_eq!(rows.len() as i64, page.total());
        rows
    }
}

/// The app that may do everything.
pub const MAIN: &str = "xopSandboxMain1";
