//! Migrations: several nodes at once, newer and older programs side by side, nothing lost.

use serde_json::{Value, json};
use tousu::complaint::Reply;
use tousu::settings::Storage;
use tousu::store::{ShopId, Store, StoreError};
use tousu_wire::codes::{CodeTable, Overtime};

use crate::program::Program;
use crate::support::*;

#[test]
fn nodes_that_start_at_once_migrate_once() {
    let start = async |database: &Database| {
        let nodes: Vec<_> = (0..4)
            .map(|_| {
                let url = database.url.clone();
                tokio::spawn(async move { Store::open(&url, &Storage::default()).await })
            })
            .collect();
        for node in nodes {
            let store = node.await.unwrap().unwrap();
            let shop = ShopId::parse("appStart").unwrap();
            store.add_shop(&shop, "测试店铺", NOW).await.unwrap();
        }
    };
    on_each_database(async |database| {
        start(database).await;
        assert_eq!(Program::on(database).doctors_complaints(), [] as [Value; 0]);
    });
    // In a new file they get into each other's way seldom.
    run(async {
        for _ in 0..40 {
            start(&Database::sqlite()).await;
        }
    });
}

/// A migration as a later version may bring it: it only adds.
const ADDITION: &str = "
    create table ratings (shop_id text not null, rating bigint not null, primary key (shop_id));
    create index complaints_by_resource on complaints (shop_id, complaint_resource_id);
    alter table complaints add column rating bigint;
    insert into schema_migrations (version, name, oldest)
        select max(version) + 1, 'made up', max(version) from schema_migrations;";

#[test]
fn a_newer_database_is_served_if_it_was_only_added_to() {
    on_each_database(async |database| {
        let running = Server::start(database).await;
        let shop = running.shop("appOld").await;
        let credentials = running.app(&shop).await;
        let token = running.token_for(&shop, &credentials, 7200).await;
        let mut rows = 0;
        let mut works = async |server: &Server| {
            rows += 1;
            server.put(&shop, &[complaint(&format!("c_{rows}"), NOW - rows)]).await;
            assert_eq!(server.list(&token, json!({ "is_overtime": 1 })).await.total(), rows);
            let page = server.list(&token, json!({ "page": rows, "page_size": 1 })).await;
            assert_eq!(page.ids(), [format!("c_{rows}")]);
        };
        works(&running).await;
        database.run(ADDITION).await;
        works(&running).await;
        let started = Server::start(database).await;
        works(&started).await;
        works(&running).await;
        assert_eq!(Program::on(database).doctors_complaints(), [] as [Value; 0]);

        database.run("update schema_migrations set oldest = version where name = 'made up'").await;
        let refused = Store::open(&database.url, &Storage::default()).await;
        assert!(matches!(refused, Err(StoreError::TooNew(_))));
        let said = Program::on(database).run(&["shop", "list"]);
        said.failed_saying(&["更新的版本"]);
    });
}

/// A database of the first version, whose complaints were not in the order of their numbers.
fn first_version(database: &Database) -> String {
    let dialect = if database.url.starts_with("sqlite:") { "/*sqlite " } else { "/*postgres " };
    let mut parts = include_str!("../../migrations/0001_first.sql").split(dialect);
    let mut sql = parts.next().unwrap().to_owned();
    sql.extend(parts.map(|part| part.replacen("*/", "", 1)));
    sql.push_str(
        "create table schema_migrations (version bigint not null primary key, name text not null);
         insert into schema_migrations values (1, 'first');
         insert into shops values ('appA', '甲', 9, 40, 1714500000), ('appB', '乙', 3, 2, 1714500000);
         insert into apps values ('appA', 'xopA', '程序', 'hash', 0, '10.0.0.0/8', 1714500000, null);
         insert into grants values ('appA', 'xopA', '投诉管理-查询', 1714500000);
         insert into tokens values ('appA', 'token hash', 'xopA', null, 1714536000, 1714540000);
         insert into changes values ('appA', 8, 'c_05', 2, 1714400005, 1, 0, null, 1714659205);
         insert into replies values ('appA', 'c_05', 1, 'merchant', '您好', '[]', 1714530000);
         insert into replies values ('appA', 'c_05', 2, 'consumer', '谢谢', '[\"http://x/1.png\"]', 1714530001);",
    );
    for (shop, rows) in [("appA", 40), ("appB", 2)] {
        for row in 1..=rows {
            let (number, made) = (rows + 1 - row, 1_714_400_000 + row);
            let closed = row % 3 == 0;
            let (state, closed_at, late) = if closed {
                (2, "1714536001", (row % 2 + 1).to_string())
            } else {
                (0, "null", "null".into())
            };
            sql.push_str(&format!(
                "insert into complaints values ('{shop}', 'c_{row:02}', {number}, 1, 101, 1, 0, 'E{row}', '理由',
                 '18812341474', 'u_{row}', {made}, {state}, 1, {made}, 72, {made} + 259200, {closed_at}, {late},
                 '内容', '[{{\"text\":\"内容\"}}]', '[]', {}, 'import', 1, {});\n",
                if row == 1 { "'1900000109'" } else { "null" },
                if row == 5 { 8 } else { 1 },
            ));
        }
    }
    sql
}

#[test]
fn a_database_of_the_first_version_is_converted_whole() {
    on_each_database(async |database| {
        database.run(&first_version(database)).await;
        let store = Store::open(&database.url, &Storage::default()).await.unwrap();
        let mut tx = store.read().await.unwrap();
        for (app_id, version, rows) in [("appA", 9, 40), ("appB", 3, 2)] {
            let shop = ShopId::parse(app_id).unwrap();
            assert_eq!(tx.version(&shop).await.unwrap(), Some(version));
            let all = Default::default();
            assert_eq!(tx.count(&shop, &all, NOW).await.unwrap(), rows);
            for row in 1..=rows {
                let stored = tx.complaint(&shop, &format!("c_{row:02}")).await.unwrap().unwrap();
                let made = 1_714_400_000 + row;
                assert_eq!(stored.number, rows + 1 - row);
                let complaint = stored.complaint;
                assert_eq!(complaint.complaint_resource_id, format!("E{row}"));
                assert_eq!(complaint.complainant_phone.whole(), "18812341474");
                assert_eq!((complaint.complaint_time, complaint.operate_end_time), (made, made + 259_200));
                let late = (row % 3 == 0).then(|| Overtime::from(row % 2 + 1));
                assert_eq!(complaint.closed_overtime, late);
                assert_eq!(complaint.state.number(), if row % 3 == 0 { 2 } else { 0 });
                assert_eq!(complaint.closed_at, (row % 3 == 0).then_some(1_714_536_001));
                let details = stored.details;
                assert_eq!(details.complainant_user_id, format!("u_{row}"));
                assert_eq!(details.content_object, [json!({ "text": "内容" })]);
                assert_eq!(details.sub_mch_id.as_deref(), (row == 1).then_some("1900000109"));
                let reply = |from: &str, content: &str, images: &[&str], replied_at: i64| Reply {
                    reply_from: from.into(),
                    content: content.into(),
                    images: images.iter().map(ToString::to_string).collect(),
                    replied_at,
                };
                let replies = [
                    reply("merchant", "您好", &[], 1_714_530_000),
                    reply("consumer", "谢谢", &["http://x/1.png"], 1_714_530_001),
                ];
                let has_replies = app_id == "appA" && row == 5;
                assert_eq!(details.replies, if has_replies { &replies[..] } else { &[] });
            }
        }
        // Sealed by whoever starts with a key; until then it is shown masked, as it was.
        let shop = ShopId::parse("appA").unwrap();
        let caller = tx.caller(&shop, "token hash", NOW).await.unwrap().unwrap();
        assert_eq!(
            (&*caller.client_id, &*caller.grants, &*caller.allow_ips),
            ("xopA", "投诉管理-查询", "10.0.0.0/8")
        );
        drop(tx);

        let server = Server::start(database).await;
        server.put(&shop, &[complaint("c_new", NOW)]).await;
        let stored = store.read().await.unwrap().complaint(&shop, "c_new").await.unwrap().unwrap();
        assert_eq!(stored.number, 41);
        assert_eq!(Program::on(database).doctors_complaints(), [] as [Value; 0]);
    });
}
