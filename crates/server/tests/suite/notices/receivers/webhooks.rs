//! A receiver of webhooks in whatever mood.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::sync::watch;

use super::{Arrived, Listening, Reaction, answer};

/// How a receiver feels about what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// 204.
    Takes,
    /// No answer, ever.
    Hangs,
    /// The connection ends without one.
    Fails,
    /// That status.
    Says(u16),
    /// 429, and a `Retry-After` of so many seconds.
    Later(u32),
    /// It takes it, and nobody hears of that.
    TakesAndFails,
    /// 307, to another place of its own.
    LeadsAway,
}

/// A receiver of webhooks.
pub struct Webhooks {
    address: SocketAddr,
    listening: Option<Listening>,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    moods: VecDeque<Mood>,
    otherwise: Mood,
    arrived: Vec<Arrived>,
    taken: Vec<Arrived>,
    /// How many were taken.
    count: watch::Sender<usize>,
}

impl Webhooks {
    /// One that takes everything.
    pub async fn start() -> Self {
        let kept = Kept {
            moods: VecDeque::new(),
            otherwise: Mood::Takes,
            arrived: Vec::new(),
            taken: Vec::new(),
            count: watch::Sender::new(0),
        };
        let kept = Arc::new(Mutex::new(kept));
        let listening = listening(None, &kept).await;
        Webhooks { address: listening.address, listening: Some(listening), kept }
    }

    /// Where it is to be called.
    pub fn url(&self) -> String {
        format!("http://{}/hooks/KEY", self.address)
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.listening = None;
    }

    /// Starts it again where it was.
    pub async fn revive(&mut self) {
        self.kill();
        // What was aborted holds the port until it was polled once more.
        for _ in 0..1000 {
            if std::net::TcpListener::bind(self.address).is_ok() {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.listening = Some(listening(Some(self.address), &self.kept).await);
    }

    /// How it will feel about the next ones.
    pub fn next(&self, moods: impl IntoIterator<Item = Mood>) {
        self.kept.lock().unwrap().moods.extend(moods);
    }

    /// How it feels about all for which nothing else was said.
    pub fn otherwise(&self, mood: Mood) {
        self.kept.lock().unwrap().otherwise = mood;
    }

    /// All that ever arrived.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.kept.lock().unwrap().arrived.clone()
    }

    /// What it took.
    pub fn taken(&self) -> Vec<Arrived> {
        self.kept.lock().unwrap().taken.clone()
    }

    /// Ready once what it took is enough.
    pub async fn until(&self, enough: impl Fn(&[Arrived]) -> bool) {
        let mut count = self.kept.lock().unwrap().count.subscribe();
        while !enough(&self.taken()) {
            count.changed().await.unwrap();
        }
    }
}

async fn listening(address: Option<SocketAddr>, kept: &Arc<Mutex<Kept>>) -> Listening {
    let kept = kept.clone();
    let react = move |arrived: Arrived| {
        let mut kept = kept.lock().unwrap();
        kept.arrived.push(arrived.clone());
        let mood = kept.moods.pop_front().unwrap_or(kept.otherwise);
        let takes = match mood {
            Mood::Takes | Mood::TakesAndFails => true,
            Mood::Says(status) => (200..300).contains(&status),
            _ => false,
        };
        if takes {
            kept.taken.push(arrived);
            kept.count.send_modify(|count| *count += 1);
        }
        match mood {
            Mood::Takes => Reaction::Answer(answer(204, "")),
            Mood::Hangs => Reaction::Hang,
            Mood::Fails | Mood::TakesAndFails => Reaction::Vanish,
            Mood::Says(status) => Reaction::Answer(answer(status, "no")),
            Mood::LeadsAway => {
                let mut answer = answer(307, "");
                answer.headers_mut().insert("location", "/elsewhere".parse().unwrap());
                Reaction::Answer(answer)
            }
            Mood::Later(seconds) => {
                let mut answer = answer(429, "later");
                answer.headers_mut().insert("retry-after", seconds.into());
                Reaction::Answer(answer)
            }
        }
    };
    Listening::at(address, Arc::new(react)).await
}

impl Arrived {
    /// The body of a webhook.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// Whether the public library would have accepted it when it was sent; by what its `verify` does, which asks
    /// the machine's clock, and cannot be told of another.
    pub fn signed_with(&self, secret: &str) -> bool {
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let right = Webhook::new(secret).unwrap().sign(id, at.parse().unwrap(), &self.body).unwrap();
        self.header("webhook-signature").split(' ').any(|one| one == right)
    }

    /// Whether the public library accepts it now.
    pub fn verified_with(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(&self.body, &self.headers).is_ok()
    }
}
