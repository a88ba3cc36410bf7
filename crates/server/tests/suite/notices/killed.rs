//! Webhooks while the server is killed, and the receiver with it: all arrive, in order per complaint.

use std::collections::{HashMap, HashSet};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tousu::clock::Clock;
use tousu_wire::subscription::SubscriptionGet;

use super::near;
use super::receivers::{Arrived, Listening, Reaction, answer};
use crate::handling::Desk;
use crate::program::{Program, Running};
use crate::support::*;

/// On each database.
const KILLS: usize = 30;

/// A receiver that takes each event at its second attempt at the latest, and has every kind of trouble with the first.
struct Moody {
    address: std::net::SocketAddr,
    listening: Option<Listening>,
    taken: Arc<Mutex<Vec<Arrived>>>,
    seen: Arc<Mutex<HashSet<String>>>,
    arrivals: UnboundedSender<()>,
}

impl Moody {
    async fn start() -> (Self, UnboundedReceiver<()>) {
        let (arrivals, arrived) = unbounded_channel();
        let mut moody = Moody {
            address: ([127, 0, 0, 1], 0).into(),
            listening: None,
            taken: Arc::default(),
            seen: Arc::default(),
            arrivals,
        };
        moody.listen(None).await;
        (moody, arrived)
    }

    async fn listen(&mut self, address: Option<std::net::SocketAddr>) {
        let (taken, seen, arrivals) = (self.taken.clone(), self.seen.clone(), self.arrivals.clone());
        let react = move |arrived: Arrived| {
            let _ = arrivals.send(());
            let id = arrived.header("webhook-id").to_owned();
            let is_first = seen.lock().unwrap().insert(id.clone());
            let mood = id.bytes().map(usize::from).sum::<usize>() % 9;
            let takes = !is_first || mood < 5;
            if takes {
                taken.lock().unwrap().push(arrived);
            }
            match mood {
                // It takes it, and nobody hears of that.
                4 if is_first => Reaction::Vanish,
                _ if takes => Reaction::Answer(answer(200, "ok")),
                5 => Reaction::Hang,
                6 => Reaction::Vanish,
                7 => Reaction::Answer(answer(500, "no")),
                _ => {
                    let mut later = answer(429, "later");
                    later.headers_mut().insert("retry-after", 1.into());
                    Reaction::Answer(later)
                }
            }
        };
        let listening = Listening::at(address, Arc::new(react)).await;
        self.address = listening.address;
        self.listening = Some(listening);
    }

    fn kill(&mut self) {
        self.listening = None;
    }

    async fn revive(&mut self) {
        self.kill();
        // What was aborted holds the port until it was polled once more.
        while std::net::TcpListener::bind(self.address).is_err() {
            tokio::task::yield_now().await;
        }
        self.listen(Some(self.address)).await;
    }
}

/// A desk by the machine's clock, which has no dispatcher.
async fn desk_of_now(database: &Database) -> Desk {
    let server = Server::start_by(Clock::system(), database, |settings| {
        settings.limits.calls_factor = 1000;
        near(settings);
    })
    .await;
    let shop = server.shop("appKilled").await;
    let app = server.app(&shop).await;
    let token = server.token_for(&shop, &app, 7000).await;
    Desk { server, shop, token }
}

/// A server process that sends.
pub fn sending(program: &Program) -> Running {
    let mut command = program.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    for set in [
        "log.level=off",
        "notices.http=true",
        "notices.private_targets=true",
        "notices.answer_seconds=1",
        "server.stop_seconds=1",
    ] {
        command.args(["--set", set]);
    }
    command.stderr(Stdio::null());
    let mut running = Running::start(command);
    tokio::task::block_in_place(|| running.line()).expect("a greeting");
    running
}

/// Lets a few things happen to one more complaint.
async fn something_happens(desk: &Desk, rng: &mut StdRng) {
    let id = desk.submitted().await;
    for _ in 0..rng.random_range(1..5) {
        let act = if rng.random_bool(0.5) { "reply" } else { "consumer_reply" };
        assert_eq!(desk.act(act, &id, json!({ "content": "好的" })).await.code(), 0);
    }
    if rng.random_bool(0.5) {
        let last = json!({ "content": "已退款", "finish": 1 });
        assert_eq!(desk.act("reply", &id, last).await.code(), 0);
    }
}

/// The ids of all that happened since that entry.
async fn expected(desk: &Desk, after: i64) -> HashSet<String> {
    let entries =
        desk.server.store.read().await.unwrap().entries_after(&desk.shop, after, 10_000).await.unwrap();
    let mut ids = HashSet::new();
    for kept in entries {
        let kinds: &[&str] = match kept.entry.event.as_str() {
            "submitted" => &["created"],
            "merchant_replied" | "consumer_replied" => &["replied"],
            "merchant_finished" => &["replied", "closed"],
            other => panic!("{other}"),
        };
        ids.extend(kinds.iter().map(|kind| format!("evt_{}_{}_{kind}", desk.shop, kept.number)));
    }
    ids
}

#[test]
fn all_arrives_from_sqlite_though_everything_is_killed() {
    on_sqlite(all_arrives);
}

#[test]
fn all_arrives_from_postgres_though_everything_is_killed() {
    on_postgres(all_arrives);
}

async fn all_arrives(database: &Database) {
    let program = Program::on(database);
    let desk = desk_of_now(database).await;
    let (mut receiver, mut arrivals) = Moody::start().await;
    let target = format!("http://{}/hook", receiver.address);
    let (id, secret) = desk.subscribed(json!({ "kind": "webhook", "target": target })).await;
    let secret = secret.unwrap();
    let begun = desk.server.store.read().await.unwrap().chain(&desk.shop).await.unwrap().unwrap().entries;
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..KILLS {
        let mut running = sending(&program);
        something_happens(&desk, &mut rng).await;
        something_happens(&desk, &mut rng).await;
        // Killed by what arrives, at any moment after it.
        for _ in 0..rng.random_range(0..6) {
            let _ = tokio::time::timeout(Duration::from_secs(5), arrivals.recv()).await;
        }
        if rng.random_bool(0.2) {
            receiver.kill();
            something_happens(&desk, &mut rng).await;
            receiver.revive().await;
        }
        // Some milliseconds later, by what a few calls take.
        for _ in 0..rng.random_range(0..6) {
            desk.about::<SubscriptionGet>(&id, json!({})).await.data();
        }
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        while arrivals.try_recv().is_ok() {}
    }
    let expected = expected(&desk, begun).await;
    assert!(expected.len() > 3 * KILLS, "{}", expected.len());
    let running = sending(&program);
    let taken = || receiver.taken.lock().unwrap().clone();
    let ids = |taken: &[Arrived]| -> HashSet<String> {
        taken.iter().map(|arrived| arrived.header("webhook-id").to_owned()).collect()
    };
    let all = async {
        while ids(&taken()) != expected {
            // Whatever comes, or a moment.
            let _ = tokio::time::timeout(Duration::from_secs(1), arrivals.recv()).await;
        }
        // Until it is kept that all was taken.
        while desk.about::<SubscriptionGet>(&id, json!({})).await.data()["waiting"] != json!(0) {
            let _ = tokio::time::timeout(Duration::from_millis(200), arrivals.recv()).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(200), all).await;
    assert!(in_time.is_ok(), "missing: {:?}", expected.difference(&ids(&taken())).collect::<Vec<_>>());
    drop(running);

    let taken = taken();
    let mut last: HashMap<String, (i64, usize)> = HashMap::new();
    for arrived in &taken {
        assert!(arrived.verified_with(&secret), "the public library refuses it");
        let body: Value = arrived.json();
        let complaint = body["data"]["complaint_id"].as_str().unwrap().to_owned();
        // A last reply is a reply before it is a closing.
        let part = usize::from(body["type"] == "complaint.closed");
        let at = (body["data"]["sequence"].as_i64().unwrap(), part);
        let before = last.insert(complaint, at);
        assert!(before.is_none_or(|before| before <= at), "{at:?} after {before:?}");
    }
    let shown = desk.about::<SubscriptionGet>(&id, json!({})).await.data().clone();
    assert_eq!((&shown["waiting"], &shown["given_up"]), (&json!(0), &json!(0)), "{shown}");
    assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
}
