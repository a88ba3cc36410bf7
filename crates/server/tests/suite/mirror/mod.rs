//! Complaints that are elsewhere, kept here too.

mod commands;
mod keeping;
mod soak;
mod watched;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tousu::clock::Clock;
use tousu::life::Actor;
use tousu::settings::Settings;
use tousu::source::{Fetching, Setup, Terms, Upstream};
use tousu::store::{Doer, ShopId};
use tousu_client::Credentials;
use tousu_wire::BeijingTime;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::mirror::{MirrorGet, Proof};

use crate::handling::Desk;
use crate::support::*;

/// Looks each minute, at everything each hour, a few rows at a time.
pub const TERMS: Terms =
    Terms { every: 60, pass_every: 3600, page_size: 20, overlap: 24 * 3600, most_gone: 50 };

/// A desk upstream, and a desk here that is its mirror; both by one clock.
pub struct Pair {
    pub up: Desk,
    pub here: Desk,
    pub clock: Clock,
    pub upstream: Upstream,
    pub elsewhere: Database,
}

impl Pair {
    pub async fn on(database: &Database) -> Self {
        Pair::with(database, |_| {}).await
    }

    /// The same, with other settings upstream.
    pub async fn with(database: &Database, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Clock::set_at(NOW);
        let other = Database::sqlite();
        let (up, credentials) = desk(&clock, &other, "appUp", |settings| {
            settings.limits.calls_factor = 1000;
            change(settings);
        })
        .await;
        let (here, _) = desk(&clock, database, "appHere", |settings| {
            settings.limits.calls_factor = 1000;
            crate::notices::near(settings);
        })
        .await;
        let upstream = Upstream { base_url: up.server.url.clone(), credentials };
        Pair { up, here, clock, upstream, elsewhere: other }
    }

    /// Keeps that here is the mirror, and begins to fetch, or goes on.
    pub async fn fetching(&self) -> Fetching {
        self.fetching_with(100, TERMS).await
    }

    pub async fn fetching_with(&self, share: i64, terms: Terms) -> Fetching {
        let Desk { server, shop, .. } = &self.here;
        let mirror = Setup { share, ..Setup::default() }.mirror(shop.clone(), &self.upstream);
        server.store.keep_mirror(&mirror, NOW).await.unwrap();
        Fetching::open(server.store.clone(), shop.clone(), &self.upstream, share, terms, self.clock.clone())
            .await
            .unwrap()
    }

    /// Moves the clock to the next round and does all that is due.
    pub async fn round(&self, fetching: &mut Fetching) {
        self.clock.set(self.clock.epoch() + TERMS.every);
        fetching.turn().await.unwrap().expect("nobody else fetches");
    }

    /// Both sides have the same, rows, details and replies.
    pub async fn assert_same(&self) {
        let (up, here) = (rows(&self.up).await, rows(&self.here).await);
        assert_eq!(up.len(), here.len());
        for (up, here) in up.iter().zip(&here) {
            assert_eq!(up, here);
            let id = up["complaint_id"].as_str().unwrap();
            assert_eq!(detail(&self.up, id).await, detail(&self.here, id).await, "{id}");
        }
    }

    /// What is told of the mirror.
    pub async fn standing(&self) -> Value {
        self.here.call::<MirrorGet>(json!({})).await.data()["mirror"].clone()
    }

    /// Removes complaints upstream, past the interfaces, which have no way to.
    pub async fn remove(&self, ids: &[&str]) {
        let doer = Doer {
            client_id: String::new(),
            operator: "test".into(),
            actor: Actor::Platform,
            call: None,
            now: self.clock.epoch(),
        };
        let Desk { server, shop, .. } = &self.up;
        assert_eq!(server.store.remove_gone(shop, &doer, ids).await.unwrap(), ids.len() as u64);
    }

    /// Puts so many complaints into the upstream, an hour apart.
    pub async fn put(&self, count: i64) {
        let rows: Vec<_> = (0..count).map(|at| complaint(&format!("c_{at:04}"), NOW - at * 3600)).collect();
        self.up.server.put(&self.up.shop, &rows).await;
    }
}

async fn desk(
    clock: &Clock,
    database: &Database,
    app_id: &str,
    change: impl FnOnce(&mut Settings),
) -> (Desk, Credentials) {
    let server = Server::start_by(clock.clone(), database, |settings| {
        settings.handling.merchant_closes = true;
        change(settings);
    })
    .await;
    let shop: ShopId = server.shop(app_id).await;
    let app = server.app(&shop).await;
    let token = server.token_for(&shop, &app, 1_000_000_000).await;
    (Desk { server, shop, token }, app)
}

/// All rows of the list, newest first.
pub async fn rows(desk: &Desk) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = desk.server.list(&desk.token, json!({ "page": page, "page_size": 1000 })).await;
        let rows = answer.data()["list"].as_array().unwrap().clone();
        if rows.is_empty() {
            assert_eq!(answer.total(), all.len() as i64);
            return all;
        }
        all.extend(rows);
    }
    unreachable!()
}

/// A complaint's detail, without what is each side's own.
pub async fn detail(desk: &Desk, complaint_id: &str) -> Value {
    let answer = desk.call::<ComplaintInfoGet>(json!({ "complaint_id": complaint_id })).await;
    let mut detail = answer.data().clone();
    let fields = detail.as_object_mut().unwrap();
    assert!(fields.shift_remove("id").is_some() && fields.shift_remove("app_id").is_some());
    detail
}

/// The proof of the last pass.
pub async fn proof(fetching: &Fetching) -> Proof {
    fetching.proof().await.unwrap().expect("a pass has ended")
}

/// What the history has of what happened upstream to a complaint.
pub async fn happened(desk: &Desk, complaint_id: &str) -> Vec<(String, Value)> {
    let told =
        |entry: &Value| (entry["event"].as_str().unwrap().to_owned(), entry["after"]["upstream"].clone());
    desk.history(complaint_id).await.iter().map(told).collect()
}

/// A door through which an upstream is called: it notes when, and lets nobody in while it is shut.
pub struct Door {
    pub url: String,
    /// Path and time (epoch milliseconds) of each call.
    pub calls: Arc<Mutex<Vec<(String, i64)>>>,
    /// What is answered in the place of the upstream, if anything.
    pub shut: Arc<Mutex<Option<&'static str>>>,
    /// Where it leads to.
    pub target: Arc<Mutex<String>>,
    task: AbortHandle,
}

impl Door {
    pub async fn to(target: &str, clock: &Clock) -> Self {
        let calls: Arc<Mutex<Vec<(String, i64)>>> = Arc::default();
        let shut: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (http, clock) = (reqwest::Client::new(), clock.clone());
        let target = Arc::new(Mutex::new(target.to_owned()));
        let (noted, closed, leads_to) = (calls.clone(), shut.clone(), target.clone());
        let pass = move |request: Request| {
            let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            noted.lock().unwrap().push((path.clone(), clock.epoch_millis()));
            let instead = *closed.lock().unwrap();
            let (http, url) = (http.clone(), format!("{}{path}", leads_to.lock().unwrap()));
            async move {
                if let Some(page) = instead {
                    return Response::new(Body::from(page));
                }
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                // As it comes: some answers are cut, and some have no end.
                match http.request(parts.method, url).body(body).send().await {
                    Ok(answer) => {
                        let status = answer.status();
                        let mut passed = Response::new(Body::from_stream(answer.bytes_stream()));
                        *passed.status_mut() = status;
                        passed
                    }
                    Err(_) => Response::builder().status(502).body(Body::empty()).unwrap(),
                }
            }
        };
        let app = axum::Router::new().fallback(pass);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Door { url, calls, shut, target, task: task.abort_handle() }
    }

    /// The most calls of an interface in any ten seconds.
    pub fn most_in_ten_seconds(&self, interface: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        let times: Vec<i64> =
            calls.iter().filter(|call| call.0.contains(interface)).map(|call| call.1).collect();
        let within = |from: &i64| times.iter().filter(|at| (0..10_000).contains(&(**at - from))).count();
        times.iter().map(within).max().unwrap_or(0)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A time as the wire has it.
pub fn wire_time(epoch: i64) -> Value {
    json!(BeijingTime::from_epoch(epoch))
}
