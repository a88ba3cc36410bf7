//! Whether a server, the official one above all, does what this project believes of it: one corpus of calls that only
//! read, few and slow, compared field by field.
//!
//! Knowledge of the official server comes from public pages. Whoever has access can correct it: `tousu conformance`.

mod beliefs;
mod detail;
mod gateway;
mod list;
mod record;
mod rows;
mod sender;

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use tousu_wire::Endpoint;

pub use self::beliefs::{BELIEFS, Belief, Source};
pub use self::record::{Finding, Verdict};
pub use self::sender::{Sender, Unanswered};

use self::record::Record;
use self::sender::Reply;

/// Whose credentials are used, without the secret: it is sent nowhere but by the client that fetched the token.
#[derive(Clone, Debug)]
pub struct App {
    /// The shop's id.
    pub app_id: String,
    /// The app's id.
    pub client_id: Option<String>,
}

/// What came of it all.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Every belief, in the order of the table.
    pub findings: Vec<Finding>,
    /// How many calls it took.
    pub calls: u64,
}

impl Report {
    /// How many findings there are of each verdict.
    pub fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.verdict).or_default() += 1;
        }
        counts
    }
}

/// Calls the server and compares. Fails only where the first call has no answer.
pub async fn run(sender: Sender, app: &App) -> Result<Report, Unanswered> {
    let mut run = Run { sender, record: Record::default() };
    let listed = run.list().await?;
    run.gateway(app).await;
    run.detail(&listed).await;
    Ok(Report { findings: run.record.findings(), calls: run.sender.calls })
}

/// A comparison under way.
struct Run {
    sender: Sender,
    record: Record,
}

impl Run {
    /// Calls an interface; what holds for every answer is seen by it, too.
    async fn ask<E: Endpoint>(&mut self, parameters: Value) -> Reply {
        let answered = self.sender.call::<E>(parameters).await;
        self.taken(answered)
    }

    /// The answer, or one that says why there is none.
    fn taken(&mut self, answered: Result<Reply, Unanswered>) -> Reply {
        let reply = answered.unwrap_or_else(|why| Reply {
            status: 0,
            headers: HeaderMap::new(),
            text: why.to_string(),
            json: None,
            at: 0,
        });
        gateway::every(&mut self.record, &reply);
        reply
    }

    /// Notes whether the answer has that code.
    fn note_code(&mut self, id: &'static str, reply: &Reply, code: i64) {
        self.record.note(id, reply.code() == Some(code), || reply.shown());
    }
}
