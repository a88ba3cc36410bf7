//! A PostgreSQL that goes away, comes back, follows another one, takes no writes, is slow, or wants TLS.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tousu::settings::Storage;
use tousu::store::{Incoming, ShopId, Store, StoreError};
use tousu_wire::ReturnCode;

use crate::cluster::{Cluster, done};
use crate::program::Program;
use crate::support::*;

const BUSY: i64 = 1001;
/// What a caller may wait at most, however the database is.
const PATIENCE: Duration = Duration::from_secs(12);

fn few_connections(settings: &mut Storage) {
    settings.connections = 4;
    settings.postgres_statement_seconds = 1;
}

async fn server_on(url: String) -> Server {
    Server::start_with(&Database::at(url), |settings| {
        settings.limits.calls_factor = 1_000_000;
        few_connections(&mut settings.storage);
    })
    .await
}

async fn open(url: &str) -> Result<Store, StoreError> {
    let mut settings = Storage::default();
    few_connections(&mut settings);
    Store::open(url, &settings).await
}

/// Why it cannot be opened.
async fn refused(url: &str) -> StoreError {
    open(url).await.err().unwrap_or_else(|| panic!("{url} can be opened"))
}

/// Takes in one complaint, as an importer does with its batches.
async fn write(store: &Store, shop: &ShopId, id: &str) -> Result<(), StoreError> {
    let batch = [Incoming { complaint: complaint(id, NOW), details: Default::default() }];
    let (mut tx, version) = store.write(shop).await?.expect("the shop");
    tx.take_in(shop, version, "test", &batch).await?;
    tx.commit().await
}

/// Status and state, as `/readyz` tells them.
async fn ready(server: &Server) -> (u16, String) {
    let response = server.http.get(format!("{}/readyz", server.url)).send().await.unwrap();
    let status = response.status().as_u16();
    let state: Value = response.json().await.unwrap();
    assert_eq!(state["kind"], "PostgreSQL");
    (status, state["database"].as_str().unwrap().to_owned())
}

/// What the server is going through. Between these, anything may happen.
const UP: usize = 1;
const DOWN: usize = 2;
const OVER: usize = 3;

/// What became of a call or a write that began and ended in the same phase, if it did.
struct Event {
    phase: Option<usize>,
    took: Duration,
    what: What,
}

enum What {
    /// A call of the list interface was answered with this code.
    Answered(i64),
    /// This complaint was acknowledged.
    Kept(String),
    NotKept,
}

/// Who calls or writes for as long as it is not over.
#[derive(Clone)]
struct Load {
    server: Arc<Server>,
    shop: ShopId,
    token: String,
    phase: Arc<AtomicUsize>,
    events: UnboundedSender<Event>,
}

impl Load {
    async fn observe(&self, work: impl Future<Output = What>) {
        let (before, began) = (self.phase.load(Ordering::SeqCst), Instant::now());
        let what = work.await;
        let phase = Some(before).filter(|before| *before == self.phase.load(Ordering::SeqCst));
        let _ = self.events.send(Event { phase, took: began.elapsed(), what });
        // Leaves the two cores something for the others.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }

    fn is_over(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == OVER
    }

    async fn call(self, filter: Value) {
        while !self.is_over() {
            let answered =
                async { What::Answered(self.server.list(&self.token, filter.clone()).await.code()) };
            self.observe(answered).await;
        }
    }

    /// Brings one complaint after the other, each until it is acknowledged.
    async fn write(self, who: &str) {
        let mut number = 0;
        while !self.is_over() {
            let id = format!("{who}_{number:04}");
            let written = async {
                match write(&self.server.store, &self.shop, &id).await {
                    Ok(()) => {
                        number += 1;
                        What::Kept(id.clone())
                    }
                    Err(StoreError::Gone(_) | StoreError::Unknown(_)) => What::NotKept,
                    Err(error) => panic!("{error}"),
                }
            };
            self.observe(written).await;
        }
    }
}

/// What was heard of the load so far.
struct Heard {
    events: UnboundedReceiver<Event>,
    kept: HashSet<String>,
    /// How long calls took while PostgreSQL was stopped.
    refused: Vec<Duration>,
}

impl Heard {
    /// Listens until so many calls and writes of that phase ended as they must in it.
    async fn until(&mut self, phase: usize, calls: usize, writes: usize) {
        let (mut called, mut written) = (0, 0);
        let began = Instant::now();
        while called < calls || written < writes {
            let event =
                tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("nobody hangs").unwrap();
            assert!(began.elapsed() < PATIENCE, "{called} calls and {written} writes in phase {phase}");
            assert!(event.took < PATIENCE, "{:?}", event.took);
            let is_now = event.phase == Some(phase);
            match event.what {
                What::Answered(code) => {
                    assert!(code == 0 || code == BUSY, "{code}");
                    if is_now && phase == DOWN {
                        assert_eq!(code, BUSY, "answered without a database");
                        self.refused.push(event.took);
                    }
                    called += usize::from(is_now && (code == 0) == (phase == UP));
                }
                What::Kept(id) => {
                    assert!(!is_now || phase == UP, "{id} is kept nowhere");
                    written += usize::from(is_now);
                    assert!(self.kept.insert(id));
                }
                What::NotKept => written += usize::from(is_now && phase == DOWN),
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_ten_restarts_under_load() {
    run(async {
        let cluster = Cluster::new(&[]);
        let server = shared(server_on(cluster.url()).await);
        let shop = server.shop("appRestart").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        let base = server.store.read().await.unwrap().version(&shop).await.unwrap().unwrap();
        let phase = Arc::new(AtomicUsize::new(UP));
        let (events, received) = unbounded_channel();
        let mut heard = Heard { events: received, kept: HashSet::new(), refused: Vec::new() };
        let load = Load { server: server.clone(), shop: shop.clone(), token: token.clone(), phase, events };
        let mut tasks = Vec::new();
        for who in ["one", "two", "three"] {
            tasks.push(tokio::spawn(load.clone().write(who)));
        }
        for filter in
            [json!({}), json!({ "is_overtime": 1, "page_size": 5 }), json!({ "state": 0, "page": 2 })]
        {
            tasks.push(tokio::spawn(load.clone().call(filter)));
        }
        let enter = |phase: usize| load.phase.store(phase, Ordering::SeqCst);
        for round in 0..10 {
            heard.until(UP, 15, 15).await;
            enter(0);
            tokio::task::block_in_place(|| cluster.stop(["fast", "immediate"][round % 2]));
            enter(DOWN);
            heard.until(DOWN, 15, 5).await;
            assert_eq!(ready(&server).await, (503, "unreachable".into()));
            enter(0);
            tokio::task::block_in_place(|| cluster.start());
            enter(UP);
        }
        heard.until(UP, 30, 30).await;
        assert_eq!(ready(&server).await, (200, "ok".into()));
        enter(OVER);
        for task in tasks {
            task.await.unwrap();
        }
        drop(load);
        while let Some(event) = heard.events.recv().await {
            if let What::Kept(id) = event.what {
                assert!(heard.kept.insert(id));
            }
        }

        heard.refused.sort();
        let median = heard.refused[heard.refused.len() / 2];
        assert!(median < Duration::from_millis(250), "{median:?}");
        let (mut stored, mut total) = (HashSet::new(), 0);
        for page in 1.. {
            let answer = server.list(&token, json!({ "page": page, "page_size": 1000 })).await;
            total = answer.total() as usize;
            let ids = answer.ids();
            if ids.is_empty() {
                break;
            }
            for id in ids {
                assert!(stored.insert(id.clone()), "{id} is there twice");
            }
        }
        assert_eq!(stored.len(), total);
        let lost: Vec<_> = heard.kept.difference(&stored).collect();
        assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
        // Each writer may have stopped short of hearing of its last one.
        assert!(stored.len() <= heard.kept.len() + 3, "{} of {}", stored.len(), heard.kept.len());
        let version = server.store.read().await.unwrap().version(&shop).await.unwrap().unwrap();
        assert!(version - base >= heard.kept.len() as i64);
        assert_eq!(Program::on(&Database::at(cluster.url())).doctors_complaints(), [] as [Value; 0]);
    });
}

/// One thread, which is busy while the server restarts: nobody notices that the idle connections are stale.
#[test]
fn stale_connections_fail_no_call() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::new(&[]);
        let store = open(&cluster.url()).await.unwrap();
        let shop = ShopId::parse("appStale").unwrap();
        store.add_shop(&shop, "测试店铺", NOW).await.unwrap();
        for mode in ["fast", "immediate"] {
            let mut all = Vec::new();
            for _ in 0..4 {
                let mut tx = store.read().await.unwrap();
                tx.version(&shop).await.unwrap();
                all.push(tx);
            }
            for tx in all {
                tx.commit().await.unwrap();
            }
            cluster.stop(mode);
            cluster.start();
            assert_eq!(store.read().await.unwrap().version(&shop).await.unwrap(), Some(0));
        }
    });
}

/// All its processes stand still, so that not even the end of a connection is heard.
#[test]
fn a_frozen_server_holds_up_no_call() {
    run(async {
        let cluster = Cluster::new(&[]);
        let server = server_on(cluster.url()).await;
        let token = server.any_token().await;
        assert_eq!(server.list(&token, json!({})).await.code(), 0);
        let frozen = cluster.freeze().await;
        let began = Instant::now();
        let call = async || server.list(&token, json!({})).await.code();
        assert_eq!(tokio::join!(call(), call(), call()), (BUSY, BUSY, BUSY));
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        drop(frozen);
        assert_eq!(call().await, 0);
    });
}

#[test]
fn a_statement_is_cut_short_but_for_operators() {
    run(async {
        let cluster = Cluster::new(&[]);
        let store = open(&cluster.url()).await.unwrap();
        let operators = open(&cluster.url()).await.unwrap();
        operators.expect_bulk().await.unwrap();
        let shop = ShopId::parse("appSlow").unwrap();
        store.add_shop(&shop, "测试店铺", NOW).await.unwrap();

        let (held, _) = operators.write(&shop).await.unwrap().unwrap();
        let waiting = tokio::spawn({
            let shop = shop.clone();
            async move { write(&operators, &shop, "c_patient").await }
        });
        let mut idle = store.read().await.unwrap();
        idle.version(&shop).await.unwrap();
        let began = Instant::now();
        let Err(StoreError::Postgres(why)) = write(&store, &shop, "c_1").await else {
            panic!("not cut short")
        };
        assert!(why.contains("57014"), "{why}");
        let took = began.elapsed();
        assert!(took > Duration::from_millis(900) && took < Duration::from_secs(3), "{took:?}");
        // The operators' go on for longer than that, waiting or idle. That of a caller does not.
        write(&store, &shop, "c_2").await.unwrap_err();
        assert!(matches!(idle.version(&shop).await, Err(StoreError::Gone(_))));
        drop(held);
        waiting.await.unwrap().unwrap();
        write(&store, &shop, "c_3").await.unwrap();
    });
}

/// The commit is done, but nobody says so: it waits for a standby that does not exist, and is ended there.
#[test]
fn a_commit_of_unknown_outcome_is_no_success() {
    run(async {
        let cluster = Cluster::new(&["synchronous_standby_names = 'nobody'"]);
        let local = format!("{}?options=-c%20synchronous_commit%3Dlocal", cluster.url());
        let store = open(&local).await.unwrap();
        let shop = ShopId::parse("appUnknown").unwrap();
        store.add_shop(&shop, "测试店铺", NOW).await.unwrap();

        let writing = tokio::spawn({
            let (store, shop) = (open(&cluster.url()).await.unwrap(), shop.clone());
            async move { write(&store, &shop, "c_1").await }
        });
        const END: &str =
            "select min(pg_terminate_backend(pid)::text) from pg_stat_activity where wait_event = 'SyncRep'";
        while cluster.ask(END).await.is_none() {}
        let outcome = writing.await.unwrap();
        assert!(matches!(outcome, Err(StoreError::Unknown(_))), "{outcome:?}");
        assert!(store.read().await.unwrap().complaint(&shop, "c_1").await.unwrap().is_some());
        // Nor is a commit after a failed statement, of which PostgreSQL makes a silent rollback.
        let (mut tx, version) = store.write(&shop).await.unwrap().unwrap();
        let batch = [Incoming { complaint: complaint("c_2", NOW), details: Default::default() }];
        tx.take_in(&shop, version, "test", &batch).await.unwrap();
        tx.execute(&shop, "select 1 / 0 as shop_id where $1 <> ''", &[]).await.unwrap_err();
        tx.commit().await.unwrap_err();
        assert!(store.read().await.unwrap().complaint(&shop, "c_2").await.unwrap().is_none());
    });
}

/// A statement that was prepared for another form of its table fails once, not for ever.
#[test]
fn a_changed_table_is_got_over() {
    run(async {
        let cluster = Cluster::new(&[]);
        let store = open(&cluster.url()).await.unwrap();
        let shop = ShopId::parse("appChanged").unwrap();
        store.add_shop(&shop, "测试店铺", NOW).await.unwrap();
        // On each connection of the pool.
        let mut all = Vec::new();
        for _ in 0..4 {
            let mut tx = store.read().await.unwrap();
            assert_eq!(tx.shops().await.unwrap().len(), 1);
            all.push(tx);
        }
        for tx in all {
            tx.commit().await.unwrap();
        }
        command(&cluster.url(), "alter table shops alter column name type varchar(80)").await;
        let first = store.read().await.unwrap().shops().await;
        assert!(matches!(first, Err(StoreError::Stale(_))), "{first:?}");
        for _ in 0..4 {
            assert_eq!(store.read().await.unwrap().shops().await.unwrap().len(), 1);
        }
    });
}

#[test]
fn a_read_only_database_is_read() {
    run(async {
        let cluster = Cluster::new(&[]);
        let server = server_on(cluster.url()).await;
        let shop = server.shop("appRead").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        write(&server.store, &shop, "c_1").await.unwrap();
        let fetch = async || {
            let name = |name| ("app_id", name);
            let client_id = credentials.client_id.as_deref().unwrap();
            let with = [
                name(shop.as_str()),
                ("client_id", client_id),
                ("secret_key", &credentials.secret_key),
                ("grant_type", "client_credential"),
            ];
            server.token(&with).await.code()
        };

        cluster.ask("alter database postgres set default_transaction_read_only = on").await;
        cluster.hang_up().await;
        assert_eq!(server.list(&token, json!({})).await.ids(), ["c_1"]);
        assert_eq!(ready(&server).await, (200, "read_only".into()));
        let written = write(&server.store, &shop, "c_2").await;
        assert!(matches!(written, Err(StoreError::ReadOnly(_))), "{written:?}");
        assert_eq!(fetch().await, BUSY);
        assert_eq!(server.list(&token, json!({})).await.ids(), ["c_1"]);
        // A node starts on it, too.
        assert_eq!(server_on(cluster.url()).await.list(&token, json!({})).await.ids(), ["c_1"]);

        cluster.ask("alter database postgres set default_transaction_read_only = off").await;
        cluster.hang_up().await;
        assert_eq!(fetch().await, ReturnCode::Success.number());
        write(&server.store, &shop, "c_2").await.unwrap();
        assert_eq!(ready(&server).await, (200, "ok".into()));
    });
}

#[test]
fn only_the_primary_is_asked_and_its_successor_takes_over() {
    run(async {
        let first = Cluster::new(&["synchronous_standby_names = 'standby'", "wal_level = replica"]);
        let second = first.standby();
        let refused = refused(&second.url()).await;
        assert!(matches!(refused, StoreError::Standby), "{refused}");

        let both = format!("postgres://postgres@{},{}/postgres", second.address(), first.address());
        let server = server_on(both).await;
        // The same, written differently.
        let port = |cluster: &Cluster| cluster.address().split_once(':').unwrap().1.to_owned();
        let (one, other) = (port(&second), port(&first));
        let hosts = "user=postgres&host=127.0.0.1&hostaddr=127.0.0.1,127.0.0.1";
        open(&format!("postgres:///postgres?{hosts}&port={one},{other}")).await.unwrap();
        let shop = server.shop("appBoth").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        write(&server.store, &shop, "c_1").await.unwrap();
        assert_eq!(server.list(&token, json!({})).await.total(), 1);

        first.stop("immediate");
        assert_eq!(server.list(&token, json!({})).await.code(), BUSY);
        assert_eq!(ready(&server).await, (503, "standby".into()));
        second.promote();
        // It goes on looking for a standby of its own.
        second.set(&["synchronous_standby_names = ''"]).await;
        assert_eq!(server.list(&token, json!({})).await.ids(), ["c_1"]);
        write(&server.store, &shop, "c_2").await.unwrap();
        assert_eq!(ready(&server).await, (200, "ok".into()));
    });
}

/// A certificate and its key, made by openssl: signed by `signer`, or by itself.
fn certificate(folder: &Path, name: &str, kind: &str, signer: Option<&str>) {
    const KINDS: &str = "[req]\ndistinguished_name = name\n[name]\n\
         [authority]\nbasicConstraints = critical, CA:TRUE\n\
         [server]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n\
         [alone]\nbasicConstraints = critical, CA:TRUE\nsubjectAltName = DNS:localhost\n";
    std::fs::write(folder.join("kinds"), KINDS).unwrap();
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(["req", "-x509", "-config", "kinds", "-extensions", kind, "-nodes"]);
    command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"]);
    command.args(["-subj", &format!("/CN={name}")]);
    command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")]);
    if let Some(signer) = signer {
        command.args(["-CA", &format!("{signer}.crt"), "-CAkey", &format!("{signer}.key")]);
    }
    done(&mut command);
}

#[test]
fn tls_as_libpq_has_it() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for authority in ["root", "stranger"] {
            certificate(folder.path(), authority, "authority", None);
        }
        certificate(folder.path(), "server", "server", Some("root"));
        certificate(folder.path(), "alone", "alone", None);
        let root =
            |name: &str| format!("&sslrootcert={}", folder.path().join(name).display()).replace('/', "%2F");

        let cluster = Cluster::new(&[]);
        cluster.ask("create role teller superuser login password 'pass:word'").await;
        let port = cluster.address().rsplit_once(':').unwrap().1.to_owned();
        let url =
            |host: &str, rest: &str| format!("postgres://postgres@{host}:{port}/postgres?sslmode={rest}");
        // Without TLS.
        open(&url("localhost", "prefer")).await.unwrap();
        let why = refused(&url("localhost", "require")).await.to_string();
        assert!(why.contains("server does not support TLS"), "{why}");

        let serve = async |name: &str, settings: &[&str]| {
            cluster.write("data/server.crt", &read(&format!("{name}.crt")));
            cluster.write("data/server.key", &read(&format!("{name}.key")));
            cluster.set(settings).await;
        };
        const ENCRYPTED_ONLY: &str = "host template1 postgres 127.0.0.1/32 trust\n\
             hostssl all teller 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n";
        cluster.write("data/pg_hba.conf", ENCRYPTED_ONLY);
        serve("server", &["ssl = on"]).await;
        let (right, wrong) = (root("root.crt"), root("stranger.crt"));
        let cases = [
            ("localhost", "disable".into(), Some("28000")),
            ("localhost", "prefer".into(), None),
            ("localhost", "require".into(), None),
            ("127.0.0.1", "require".into(), None),
            ("127.0.0.1", format!("require{right}"), None),
            ("localhost", format!("require{wrong}"), Some("UnknownIssuer")),
            ("127.0.0.1", format!("verify-ca{right}"), None),
            ("localhost", format!("verify-ca{wrong}"), Some("UnknownIssuer")),
            ("localhost", "verify-ca".into(), Some("sslrootcert")),
            ("localhost", format!("verify-full{right}"), None),
            ("127.0.0.1", format!("verify-full{right}"), Some("not valid for name")),
            ("localhost", format!("verify-full{wrong}"), Some("UnknownIssuer")),
            ("localhost", "verify-full".into(), Some("UnknownIssuer")),
            ("localhost", format!("verify-full{}", root("none.crt")), Some("none.crt")),
            ("localhost", "allow".into(), Some("verify-full")),
        ];
        for (host, rest, problem) in cases {
            let opened = open(&url(host, &rest)).await.err().map(|error| error.to_string());
            match (&opened, problem) {
                (None, None) => {}
                (Some(why), Some(problem)) if why.contains(problem) => {}
                _ => panic!("{host} {rest}: {opened:?}, not {problem:?}"),
            }
        }
        // A password, bound to this very connection.
        let teller = |password: &str| {
            let rest = "sslmode=require&channel_binding=require";
            format!("postgres://teller:{password}@localhost:{port}/postgres?{rest}")
        };
        open(&teller("pass%3Aword")).await.unwrap();
        let why = refused(&teller("drowssap")).await.to_string();
        assert!(why.contains("28P01") && !why.contains("drowssap"), "{why}");

        // A certificate that is its own authority, as PostgreSQL's manual makes it.
        serve("alone", &[]).await;
        open(&url("localhost", &format!("verify-full{}", root("alone.crt")))).await.unwrap();
        let why = refused(&url("127.0.0.1", &format!("verify-full{}", root("alone.crt")))).await.to_string();
        assert!(why.contains("not valid for name"), "{why}");
        refused(&url("localhost", &format!("verify-full{right}"))).await;
        // A TLS that is too old: preferred is what works.
        cluster.write("data/pg_hba.conf", "host all all 127.0.0.1/32 trust\n");
        serve("server", &["ssl_min_protocol_version = 'TLSv1'", "ssl_max_protocol_version = 'TLSv1.1'"])
            .await;
        open(&url("localhost", "prefer")).await.unwrap();
        refused(&url("localhost", "require")).await;
    });
}
