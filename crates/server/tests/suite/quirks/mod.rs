//! `serve --quirks`: answers that are wrong on purpose.

mod body;
mod paging;
mod token;
mod walking;

use reqwest::Response;
use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu::gateway::Manner;
use tousu::gateway::quirks::Rules;
use tousu_wire::Endpoint;
use tousu_wire::complaint_list::ComplaintList;

use crate::support::*;

/// A server whose answers are wrong by these rules, with a shop of so many complaints `c_0`, `c_1` and so on, each a
/// minute older than the one before it.
pub struct Wrong {
    pub server: Server,
    pub token: String,
}

impl Wrong {
    pub async fn by(database: &Database, rules: &str, complaints: i64) -> Self {
        let quirks = Some(Rules::parse(rules).unwrap());
        let manner = async |_: &tousu::store::Store, _: &Clock| Manner { quirks, ..Manner::default() };
        let server = Server::start_in(Clock::set_at(NOW), database, |_| {}, manner).await;
        let shop = server.shop("appWrong").await;
        let rows: Vec<_> = (0..complaints).map(|at| complaint(&format!("c_{at}"), NOW - 60 * at)).collect();
        server.put(&shop, &rows).await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 7200).await;
        Wrong { server, token }
    }

    /// The answer of the list interface, whatever it is.
    pub async fn answer(&self, mut body: Value) -> Response {
        body["access_token"] = json!(self.token);
        let url = format!("{}{}", self.server.url, ComplaintList::path());
        self.server.http.post(url).body(body.to_string()).send().await.unwrap()
    }

    /// The same as JSON.
    pub async fn list(&self, body: Value) -> Value {
        self.answer(body).await.json().await.unwrap()
    }
}
