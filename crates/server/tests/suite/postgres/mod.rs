//! A PostgreSQL that goes away, comes back, follows another one, takes no writes, is slow, or wants TLS.

mod restarts;
mod tls;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tousu::settings::Storage;
use tousu::store::{Incoming, ShopId, Store, StoreError};
use tousu_wire::ReturnCode;

use crate::cluster::Cluster;
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
    store.take_in(shop, BY_TEST, &batch).await?.expect("the shop");
    Ok(())
}

/// Status and state, as `/readyz` tells them.
async fn ready(server: &Server) -> (u16, String) {
    let response = server.http.get(format!("{}/readyz", server.url)).send().await.unwrap();
    let status = response.status().as_u16();
    let state: Value = response.json().await.unwrap();
    assert_eq!(state["kind"], "PostgreSQL");
    (status, state["database"].as_str().unwrap().to_owned())
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
        tx.take_in(&shop, version, BY_TEST, &batch).await.unwrap();
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
