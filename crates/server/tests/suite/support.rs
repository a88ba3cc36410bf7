//! What the tests speak in: databases, a running server with a set clock, shops, apps, rows.
#![allow(dead_code, reason = "a vocabulary, of which each test uses a part")]

use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tousu::clock::Clock;
use tousu::complaint::Complaint;
use tousu::gateway::{self, Gateway, Manner};
use tousu::privacy::{Place, keys};
use tousu::secrets;
use tousu::settings::{Keys, Settings};
use tousu::store::{App, Brought, Incoming, ShopId, Store, TokenRow};
use tousu_client::{Client, Credentials, Pace, Retry};
use tousu_wire::complaint_list::{ComplaintList, Row};
use tousu_wire::{BeijingTime, Endpoint, PermissionSet};

/// Where the tests' clock stands when they begin: 2024-05-01 12:00:00 in Beijing.
pub const NOW: i64 = 1_714_536_000;

/// Who puts complaints into shops past the interfaces.
pub const BY_TEST: Brought<'static> = Brought { by: "test", doer: None, at: NOW };

/// Under which the tests keep phone numbers.
pub const KEY: &str = "tests:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// An empty database of its own, removed at the end.
pub struct Database {
    pub url: String,
    _folder: Option<TempDir>,
    postgres: Option<(String, String)>,
}

impl Database {
    /// A SQLite file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("tousu.db").display());
        Database { url, _folder: Some(folder), postgres: None }
    }

    /// A new database on the PostgreSQL server that the tests were given.
    pub async fn postgres() -> Self {
        let server = std::env::var("TOUSU_TEST_POSTGRES").expect(
            "TOUSU_TEST_POSTGRES names no server: run `make test`, or `scripts/with-services cargo test`",
        );
        let name = format!("test_{}", secrets::random_text(16).to_lowercase());
        command(&server, &format!("create database {name}")).await;
        let url = format!("{}/{name}", server.rsplit_once('/').expect("…/postgres").0);
        Database { url, _folder: None, postgres: Some((server, name)) }
    }

    /// The database at that address, which stays as it is.
    pub fn at(url: String) -> Self {
        Database { url, _folder: None, postgres: None }
    }

    /// Runs SQL past the program.
    pub async fn run(&self, sql: &str) {
        match self.url.strip_prefix("sqlite:") {
            // What it takes away it leaves nowhere, as the program's own connections.
            Some(file) => rusqlite::Connection::open(file)
                .unwrap()
                .execute_batch(&format!("pragma secure_delete = on; {sql}"))
                .unwrap(),
            None => command(&self.url, sql).await,
        }
    }

    /// Makes it useless to whoever has it open: SQLite's tables go, PostgreSQL's database goes.
    pub async fn ruin(&self) {
        match &self.postgres {
            Some((server, name)) => command(server, &format!("drop database {name} with (force)")).await,
            None => self.run("drop table shops").await,
        }
    }
}

/// Runs SQL on a PostgreSQL server.
pub async fn command(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

/// Runs a test as the program runs: on several threads, which have the test's name.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).thread_name(name).enable_all().build().unwrap().block_on(test)
}

/// Runs a test on SQLite and on PostgreSQL. A missing database fails it.
pub fn on_each_database(test: impl AsyncFn(&Database)) {
    on_sqlite(&test);
    on_postgres(test);
}

/// Runs a test that is about PostgreSQL alone, or needs what only it can do.
pub fn on_postgres(test: impl AsyncFn(&Database)) {
    run(async {
        let postgres = Database::postgres().await;
        test(&postgres).await;
        if let Some((server, name)) = &postgres.postgres {
            command(server, &format!("drop database if exists {name} with (force)")).await;
        }
    });
}

/// Runs a test that is about the gateway alone, on SQLite.
pub fn on_sqlite(test: impl AsyncFn(&Database)) {
    run(test(&Database::sqlite()));
}

/// A running server.
pub struct Server {
    pub url: String,
    pub store: Store,
    pub clock: Clock,
    pub settings: Settings,
    /// Follows no redirects.
    pub http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// A server on `database` whose clock stands at [`NOW`].
    pub async fn start(database: &Database) -> Self {
        Server::start_with(database, |_| {}).await
    }

    /// A server with other settings than the defaults.
    pub async fn start_with(database: &Database, change: impl FnOnce(&mut Settings)) -> Self {
        Server::start_by(Clock::set_at(NOW), database, change).await
    }

    /// A server that goes by this clock, which may be another server's, too.
    pub async fn start_by(clock: Clock, database: &Database, change: impl FnOnce(&mut Settings)) -> Self {
        Server::start_in(clock, database, change, async |_, _| Manner::default()).await
    }

    /// A server in another manner than usual, which may need a store and a clock.
    pub async fn start_in(
        clock: Clock,
        database: &Database,
        change: impl FnOnce(&mut Settings),
        manner: impl AsyncFnOnce(&Store, &Clock) -> Manner,
    ) -> Self {
        let mut settings = Settings::default();
        settings.database.0.clone_from(&database.url);
        settings.privacy.keys = Keys(vec![KEY.to_owned()]);
        change(&mut settings);
        let store = Store::open(&database.url, &settings.storage).await.unwrap();
        let store = store.with_vault(keys::vault(&settings).unwrap());
        let manner = manner(&store, &clock).await;
        let metrics = gateway::record_metrics();
        let gateway =
            Gateway::in_manner(store.clone(), settings.clone(), clock.clone(), metrics, manner).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(gateway::serve(gateway, listener, async {
            let _ = stopped.await;
        }));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Server { url, store, clock, settings, http, stop: Some(stop), served: Some(served) }
    }

    /// Tells the server to stop.
    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Tells the server to stop and waits until it has.
    pub async fn stop(&mut self) {
        self.tell_to_stop();
        self.served.take().unwrap().await.unwrap();
    }

    /// Adds a shop.
    pub async fn shop(&self, app_id: &str) -> ShopId {
        let shop = ShopId::parse(app_id).unwrap();
        assert!(self.store.add_shop(&shop, "测试店铺", self.clock.epoch()).await.unwrap());
        shop
    }

    /// Adds an app that is granted everything.
    pub async fn app(&self, shop: &ShopId) -> Credentials {
        self.app_with(shop, |_| {}, PermissionSet::ALL).await
    }

    /// Adds an app as `change` makes it, with these grants.
    pub async fn app_with(
        &self,
        shop: &ShopId,
        change: impl FnOnce(&mut App),
        grants: &[PermissionSet],
    ) -> Credentials {
        let secret_key = secrets::new_secret_key();
        let mut app = App {
            client_id: secrets::new_client_id(),
            name: "测试应用".into(),
            secret_hash: secret_key.hash(),
            legacy: false,
            allow_ips: String::new(),
            created_at: self.clock.epoch(),
            disabled_at: None,
            grants: String::new(),
        };
        change(&mut app);
        let (mut tx, _) = self.store.write(shop).await.unwrap().unwrap();
        assert!(tx.add_app(shop, &app).await.unwrap());
        for set in grants {
            tx.grant(shop, &app.client_id, set.name(), self.clock.epoch()).await.unwrap();
        }
        tx.commit().await.unwrap();
        Credentials {
            app_id: shop.to_string(),
            client_id: Some(app.client_id),
            secret_key: secret_key.reveal().to_owned(),
        }
    }

    /// A client of that app.
    pub fn client(&self, credentials: &Credentials) -> Client {
        // Each refusal is told at once, and nothing is held back: what the server does is to be seen.
        let client = Client::builder().base_url(&self.url).credentials(credentials.clone());
        client.retry(Retry::NEVER).pace(Pace::UNLIMITED).build().unwrap()
    }

    /// A token of an app that is granted everything, in a shop of its own: for tests that need just any.
    pub async fn any_token(&self) -> String {
        let shop = self.shop("appAny").await;
        let credentials = self.app(&shop).await;
        self.client(&credentials).fetch_token().await.unwrap().access_token
    }

    /// A token made as `tousu token` makes it, alive for `life` seconds.
    pub async fn token_for(&self, shop: &ShopId, credentials: &Credentials, life: i64) -> String {
        let token = secrets::random_token(shop);
        let now = self.clock.epoch();
        let row = TokenRow { token_hash: token.hash(), nonce: None, issued_at: now, expires_at: now + life };
        let client_id = credentials.client_id.as_deref().unwrap();
        let (mut tx, _) = self.store.write(shop).await.unwrap().unwrap();
        tx.add_token(shop, client_id, &row, now).await.unwrap();
        tx.commit().await.unwrap();
        token.reveal().to_owned()
    }

    /// The whole number that is kept of a complaint.
    pub async fn whole_phone(&self, shop: &ShopId, complaint_id: &str) -> Option<String> {
        let sealed = self.store.read().await.unwrap().sealed_phone(shop, complaint_id).await.unwrap()?;
        let place = Place { shop_id: shop.as_str(), owner: complaint_id };
        Some(self.store.vault()?.open(place, &sealed).unwrap().reveal().to_owned())
    }

    /// Puts complaints into a shop.
    pub async fn put(&self, shop: &ShopId, complaints: &[Complaint]) {
        let batch: Vec<Incoming> = complaints
            .iter()
            .map(|complaint| Incoming { complaint: complaint.clone(), details: Default::default() })
            .collect();
        self.store.take_in(shop, BY_TEST, &batch).await.unwrap().unwrap();
    }

    /// POSTs a body as it stands, without a content type, and gives the answer as it came.
    pub async fn post_raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(self.http.post(format!("{}{path}", self.url)).body(body)).await
    }

    /// POSTs JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_raw(path, body.to_string()).await
    }

    /// Calls the list interface.
    pub async fn list(&self, token: &str, filter: Value) -> Answer {
        let mut body = filter;
        body["access_token"] = json!(token);
        self.post(&ComplaintList::path(), &body).await
    }

    /// GETs a path, query included.
    pub async fn get(&self, path_and_query: &str) -> Answer {
        Answer::of(self.http.get(format!("{}{path_and_query}", self.url))).await
    }

    /// GETs `/token` with these parameters.
    pub async fn token(&self, parameters: &[(&str, &str)]) -> Answer {
        Answer::of(self.http.get(format!("{}/token", self.url)).query(parameters)).await
    }
}

/// An answer as it came, of which the status is always 200 and the body always an envelope.
#[derive(Debug)]
pub struct Answer {
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let keys: Vec<&String> = json.as_object().expect("an envelope").keys().collect();
        assert_eq!(keys, ["code", "data", "msg"]);
        if json["code"] != 0 {
            assert!(json["data"].is_null(), "data is null on an error: {text}");
            assert!(json["msg"].as_str().is_some_and(|msg| !msg.is_empty()));
        }
        Answer { headers, text, json }
    }

    pub fn code(&self) -> i64 {
        self.json["code"].as_i64().unwrap()
    }

    pub fn msg(&self) -> &str {
        self.json["msg"].as_str().unwrap()
    }

    pub fn data(&self) -> &Value {
        assert_eq!(self.code(), 0, "{}", self.text);
        &self.json["data"]
    }

    pub fn total(&self) -> i64 {
        self.data()["total"].as_i64().unwrap()
    }

    /// The complaint ids of the page.
    pub fn ids(&self) -> Vec<String> {
        let rows = self.data()["list"].as_array().unwrap();
        rows.iter().map(|row| row["complaint_id"].as_str().unwrap().to_owned()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The page's two example rows, as the list interface writes them.
pub const PAGE_EXAMPLE_ROWS: &str = include_str!("../golden/page_example_rows.json");

/// An ordinary open complaint, made at `time`, with the page's 72 hours.
pub fn complaint(id: &str, time: i64) -> Complaint {
    let row: Row = serde_json::from_value(json!({
        "channel_type": 1,
        "complainant_phone": "18812341474",
        "complaint_from": 101,
        "complaint_id": id,
        "complaint_reason": "要退款",
        "complaint_resource_id": "E20240417180801783546V2",
        "complaint_resource_type": 0,
        "complaint_time": BeijingTime::from_epoch(time),
        "complaint_type": 1,
        "current_step": 1,
        "is_overtime": 1,
        "operate_end_time": BeijingTime::from_epoch(time + 72 * 3600),
        "operate_time": BeijingTime::from_epoch(time),
        "state": 0,
        "time_limit": 72,
    }))
    .unwrap();
    Complaint::from_row(row)
}

/// Shares a server between tasks.
pub fn shared(server: Server) -> Arc<Server> {
    Arc::new(server)
}
