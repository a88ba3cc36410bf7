//! Killed at any moment, with others writing: what was acknowledged is there once, and nothing is torn.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tousu::index::Indexes;
use tousu::remembered::Moment;
use tousu::store::ShopId;

use crate::program::Program;
use crate::support::*;

const SHOP: &str = "appCrash";
const BATCH: usize = 20;
/// Kills on each database.
const ROUNDS: u64 = 20;

/// The rows that one importer brings: the even ones are its own, the odd ones the other brings, too.
fn ids(who: &str) -> Vec<usize> {
    match who {
        "one" => (0..1000).collect(),
        _ => (0..1000).rev().filter(|id| id % 2 == 1).chain(1000..1200).collect(),
    }
}

/// A row as `who` brings it in that round; a torn one would be of two versions at once.
fn row(id: usize, version: &str) -> Value {
    json!({
        "complaint_id": format!("c_{id:04}"),
        "complaint_time": "2024-04-30 11:25:19",
        "channel_type": 1,
        "complaint_from": 101,
        "state": 0,
        "complaint_reason": version,
        "complaint_resource_id": version,
    })
}

/// A token as an operator makes it.
fn a_token(program: &Program, credentials: &Value) -> String {
    let client_id = credentials["client_id"].as_str().unwrap();
    let made = program.json(&["token", "--shop", SHOP, "--client-id", client_id]);
    made["access_token"].as_str().unwrap().to_owned()
}

#[derive(Debug)]
enum Event {
    /// The importer acknowledged so many rows.
    Taken(&'static str, u64),
    /// The server gave this token.
    Token(String),
}

/// An importer whose acknowledgements are events.
fn importer(program: &Program, who: &'static str, round: u64, events: UnboundedSender<Event>) -> Child {
    let file = format!("{who}.ndjson");
    let rows = ids(who).into_iter().map(|id| format!("{}\n", row(id, &format!("{who} {round}"))));
    program.write(&file, rows.collect::<String>());
    let batch = BATCH.to_string();
    let mut command = program.command(&["import", "--shop", SHOP, "--progress", "--batch", &batch, &file]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in out.lines() {
            // The last line of a run that was not killed is its summary.
            let Ok(report) = serde_json::from_str::<Value>(&line.unwrap()) else { continue };
            assert_eq!(report["refused"], 0);
            let _ = events.send(Event::Taken(who, report["read"].as_u64().unwrap()));
        }
    });
    child
}

/// A server, and a caller who fetches one new token after the other for as long as it lives.
fn server(program: &Program, credentials: &Value, events: UnboundedSender<Event>) -> Child {
    let mut command = program.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.args(["--set", "log.level=off", "--set", "limits.calls_factor=10000"]);
    command.args(["--set", "token.reuse_above_seconds=7200"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut body = credentials.clone();
    body["grant_type"] = json!("client_credential");
    tokio::spawn(async move {
        let mut line = String::new();
        tokio::task::block_in_place(|| out.read_line(&mut line)).unwrap();
        // Killed before it listened.
        let Ok(told) = serde_json::from_str::<Value>(&line) else { return };
        let url = format!("{}/token", told["address"].as_str().unwrap());
        let http = reqwest::Client::new();
        while let Ok(answer) = http.post(&url).body(body.to_string()).send().await {
            let Ok(text) = answer.text().await else { break };
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(answer["code"], 0, "{answer}");
            let _ = events.send(Event::Token(answer["data"]["access_token"].as_str().unwrap().to_owned()));
        }
    });
    child
}

/// The version of each row, by its number, as the list interface gives them.
async fn stored(server: &Server, token: &str) -> HashMap<usize, String> {
    let mut versions = HashMap::new();
    let mut total = 0;
    for page in 1.. {
        let answer = server.list(token, json!({ "page": page, "page_size": 1000 })).await;
        total = answer.total();
        let rows = answer.data()["list"].as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            assert_eq!(text("complaint_reason"), text("complaint_resource_id"), "torn: {row}");
            let id = text("complaint_id")[2..].parse().unwrap();
            assert_eq!(versions.insert(id, text("complaint_reason")), None, "twice: {row}");
        }
    }
    assert_eq!(versions.len() as i64, total);
    versions
}

#[test]
fn what_was_acknowledged_survives_twenty_kills() {
    on_each_database(async |database| {
        let program = Program::on(database);
        let credentials = program.shop_and_app(SHOP);
        let mut rng = StdRng::seed_from_u64(20_240_419);
        let mut interrupted = 0;
        // A node that lives through it all, and follows.
        let survivor = Server::start(database).await;
        let indexes = Indexes::new(survivor.store.clone(), 64 << 20);
        for round in 0..ROUNDS {
            let (events, mut heard) = unbounded_channel();
            let mut running = [
                server(&program, &credentials, events.clone()),
                importer(&program, "one", round, events.clone()),
                importer(&program, "other", round, events),
            ];
            // Killed by what one of the three just said, while the others are anywhere.
            let (whose, at) = (rng.random_range(0..3), rng.random_range(1..20));
            let mut said = 0;
            let (mut one, mut other, mut tokens) = (0, 0, Vec::new());
            let mut note = |event: Event| match event {
                Event::Taken("one", read) => one = read,
                Event::Taken(_, read) => other = read,
                Event::Token(token) => tokens.push(token),
            };
            while let Some(event) = heard.recv().await {
                said += i32::from(match &event {
                    Event::Taken("one", read) => whose == 0 || *read > 800,
                    Event::Taken(..) => whose == 1,
                    Event::Token(_) => whose == 2,
                });
                note(event);
                if said >= at {
                    break;
                }
            }
            for child in &mut running {
                child.kill().unwrap();
            }
            for child in &mut running {
                child.wait().unwrap();
            }
            // What they said before the end counts, too.
            while let Some(event) = heard.recv().await {
                note(event);
            }

            assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
            let mut tx = survivor.store.read().await.unwrap();
            let shop = ShopId::parse(SHOP).unwrap();
            let version = tx.version(&shop).await.unwrap().unwrap();
            let moment = Moment { version, now: NOW };
            assert_eq!(indexes.differences(&mut tx, &shop, moment, false).await.unwrap(), [] as [String; 0]);
            drop(tx);
            let reader = Server::start_with(database, |settings| settings.limits.calls_factor = 10_000).await;
            let token = a_token(&program, &credentials);
            let stored = stored(&reader, &token).await;
            let mine = [format!("one {round}"), format!("other {round}")];
            for (who, read) in [("one", one), ("other", other)] {
                for id in &ids(who)[..read as usize] {
                    let version =
                        stored.get(id).unwrap_or_else(|| panic!("{id} was acknowledged, and is gone"));
                    assert!(mine.contains(version), "{id} was acknowledged, and is {version}");
                }
            }
            // The batch under way is there as a whole or not at all; nothing beyond it is.
            let even = |count: usize| ids("one")[..count].iter().filter(|id| *id % 2 == 0).count();
            let there = stored.iter().filter(|(id, version)| *id % 2 == 0 && **version == mine[0]).count();
            let one = one as usize;
            let next = (one + BATCH).min(1000);
            assert!(there == even(one) || there == even(next), "{there} rows of {one} acknowledged");
            interrupted += i32::from(one > 0 && one < 1000);
            for token in tokens {
                let answer = reader.list(&token, json!({ "page_size": 1 })).await;
                assert_eq!(answer.code(), 0, "a token that was given is unknown");
            }
        }
        assert!(interrupted > 5, "only {interrupted} kills came in the middle of the first import");

        for who in ["other", "one"] {
            let said = program.json(&["import", "--shop", SHOP, &format!("{who}.ndjson")]);
            assert_eq!(said["complete"], true);
        }
        let reader = Server::start(database).await;
        let token = a_token(&program, &credentials);
        let last = ROUNDS - 1;
        let expected: HashMap<usize, String> = (0..1200)
            .map(|id| (id, if id < 1000 { format!("one {last}") } else { format!("other {last}") }))
            .collect();
        assert_eq!(stored(&reader, &token).await, expected);
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}
