//! Every statement is one shop's, and so one shard's, work. Seen on any database by its text and by the keys; where
//! PostgreSQL has Citus, by its plans, too.

use serde_json::json;
use tousu::store::citus::{COPIED, SPREAD, statements_seen};
use tousu_wire::Endpoint;
use tousu_wire::complaint_info_get::ComplaintInfoGet;

use crate::support::*;

/// Calls and changes of every kind.
async fn work(server: &Server) {
    let shop = server.shop("appShards").await;
    let credentials = server.app(&shop).await;
    let token = server.client(&credentials).fetch_token().await.unwrap().access_token;
    for change in 0..2 {
        let rows: Vec<_> = (0..200)
            .map(|id| {
                let mut row = complaint(&format!("c_{id}"), NOW - id * 13);
                row.operate_end_time = NOW + 10 * id - 500;
                row.time_limit += change;
                row
            })
            .collect();
        server.put(&shop, &rows).await;
        for filter in [json!({}), json!({ "is_overtime": 2, "page": 3 }), json!({ "complaint_id": "c_7" })] {
            assert_eq!(server.list(&token, filter).await.code(), 0);
        }
        server.clock.set(server.clock.epoch() + 60);
    }
    let info = json!({ "access_token": token, "complaint_id": "c_7", "app_id": "appShards" });
    server.post(&ComplaintInfoGet::path(), &info).await;
}

/// Each primary and unique key: its table and its first column.
async fn keys(url: &str) -> Vec<(String, String)> {
    if let Some(file) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(file).unwrap();
        const KEYS: &str = "select m.name, c.name from sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
             where m.type = 'table' and i.\"unique\" = 1 and c.seqno = 0";
        let mut statement = connection.prepare(KEYS).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        return rows.map(Result::unwrap).collect();
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    const KEYS: &str = "select cast(i.indrelid::regclass as text), a.attname::text from pg_index i
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
         join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
         where i.indisunique and n.nspname = 'public'";
    client.query(KEYS, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[test]
fn every_key_of_a_shops_table_leads_with_the_shop() {
    on_each_database(async |database| {
        Server::start(database).await;
        let keys = keys(&database.url).await;
        // SQLite's index of words keeps tables of its own.
        let is_of_index = |table: &str| table.starts_with("complaint_words_fts");
        for (table, first) in keys.iter().filter(|key| !is_of_index(&key.0)) {
            let known = SPREAD.contains(&&**table) || COPIED.contains(&&**table);
            assert!(known, "{table} must be spread by shop or copied to every machine");
            assert_eq!(first == "shop_id", SPREAD.contains(&&**table), "{table}: {first}");
        }
        let is_sqlite = database.url.starts_with("sqlite:");
        for table in SPREAD.iter().chain(COPIED).filter(|table| !is_sqlite || **table != "complaint_words") {
            assert!(keys.iter().any(|key| key.0 == *table), "{table} has no key");
        }
    });
}

/// The text of each is checked where it is run; here each must have run.
#[test]
fn every_statement_names_its_shop() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        work(&server).await;
        let seen = statements_seen();
        assert!(seen.len() > 20, "{seen:#?}");
        for part in ["from complaints", "from changes", "from tokens", "into complaints", "update shops"] {
            assert!(seen.iter().any(|sql| sql.contains(part)), "nothing was seen {part}");
        }
    });
}

/// Runs wherever the server that the tests were given has Citus.
#[test]
fn every_statement_is_one_shards_work() {
    run(async {
        let database = Database::postgres().await;
        let (client, connection) =
            tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let server = Server::start(&database).await;
        if client.batch_execute("create extension citus").await.is_err() {
            // An ordinary PostgreSQL: nothing is spread, and that is said.
            assert_eq!(server.store.spread().await.unwrap(), None);
            return;
        }
        let spread = server.store.spread().await.unwrap().unwrap();
        assert_eq!(spread.len(), SPREAD.len() + COPIED.len());
        assert_eq!(server.store.spread().await.unwrap().unwrap(), [] as [&str; 0]);
        work(&server).await;
        for sql in statements_seen() {
            let most = (1..2000).take_while(|at| sql.contains(&format!("${at}"))).count();
            let values = vec!["null"; most.saturating_sub(1)].join(", ");
            let values = if most > 1 { format!("'appShards', {values}") } else { "'appShards'".into() };
            client.batch_execute(&format!("prepare one as {sql}")).await.unwrap();
            let plan = client.simple_query(&format!("explain execute one({values})")).await.unwrap();
            let plan: String = plan
                .iter()
                .filter_map(|line| match line {
                    tokio_postgres::SimpleQueryMessage::Row(row) => {
                        row.get(0).map(|line| format!("{line}\n"))
                    }
                    _ => None,
                })
                .collect();
            assert!(plan.contains("Task Count: 1\n"), "{sql}\n{plan}");
            client.batch_execute("deallocate one").await.unwrap();
        }
    });
}
