//! The index of words: what it holds, how it follows, and that it is used.

use tousu::store::citus::statements_seen;
use tousu_client::Credentials;

use super::*;

/// How many complaints the index has, in all shops.
async fn indexed(database: &Database, store: &Store) -> i64 {
    let table = if database.url.starts_with("sqlite:") { "complaint_words_fts" } else { "complaint_words" };
    let sql = format!("select count(*) from {table} where $1 <> '' /* shop_id */");
    let shop = ShopId::parse("appAny").unwrap();
    let mut tx = store.read().await.unwrap();
    tx.query(&shop, &sql, &[], |row| row.int(0)).await.unwrap().pop().unwrap()
}

async fn found(archive: &Archive, text: &str) -> Vec<String> {
    let (rows, _) = archive.all_pages(&json!({ "text": text, "phone_tail": "1474" })).await;
    ids(&rows)
}

fn about(id: usize, reason: &str) -> Complaint {
    let mut row = complaint(&format!("c_{id}"), NOW - 1000 - id as i64);
    row.complaint_reason = reason.into();
    row
}

/// Parts of two characters and more, before the index has them, when it has them, and after they changed.
#[test]
fn chinese_texts_are_found_by_two_characters() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        archive
            .put(vec![about(1, "要求退款不给退"), about(2, "Refund PLEASE，谢谢"), about(3, "退而求其次")])
            .await;
        for step in ["before", "after"] {
            for (text, expected) in [
                ("退款", vec!["c_1"]),
                ("求退", vec!["c_1"]),
                ("求其", vec!["c_3"]),
                ("款不给", vec!["c_1"]),
                ("退不", vec![]),
                ("d p", vec!["c_2"]),
                ("refund please", vec!["c_2"]),
                ("E，", vec!["c_2"]),
                ("，谢", vec!["c_2"]),
            ] {
                assert_eq!(found(&archive, text).await, expected, "{text}, {step}");
            }
            archive.follow().await;
        }
        assert_eq!(indexed(database, &archive.server.store).await, 3);
        archive.put(vec![about(1, "已解决"), about(4, "退款")]).await;
        for _ in 0..2 {
            assert_eq!(found(&archive, "退款").await, ["c_4"]);
            assert_eq!(found(&archive, "解决").await, ["c_1"]);
            archive.follow().await;
            assert_eq!(archive.differences().await, [""; 0]);
        }
        // What is masked cannot be found out.
        archive.put(vec![about(5, "电话 18812341474 退款")]).await;
        for _ in 0..2 {
            assert_eq!(found(&archive, "188****1474").await, ["c_5"]);
            assert_eq!(found(&archive, "1234").await, [""; 0]);
            archive.follow().await;
        }
    });
}

#[test]
fn what_is_removed_leaves_the_index() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        archive.put((0..700).map(|id| about(id, "退款")).collect()).await;
        archive.follow().await;
        assert_eq!(indexed(database, &archive.server.store).await, 700);
        let store = &archive.server.store;
        let (mut tx, version) = store.write(&archive.shop).await.unwrap().unwrap();
        tx.remove_from(&archive.shop, version, BY_TEST).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(&archive, "退款").await, [""; 0]);
        archive.follow().await;
        assert_eq!(indexed(database, store).await, 0);
        assert_eq!(archive.differences().await, [""; 0]);
    });
}

/// The log was trimmed past where the index is: it is built anew, and what is gone leaves it, too.
#[test]
fn an_index_without_a_log_is_built_anew() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        archive.put((0..1200).map(|id| about(id, "退款")).collect()).await;
        archive.follow().await;
        archive.put((0..100).map(|id| about(id, "换货")).collect()).await;
        database.run("delete from complaints where complaint_id = 'c_500'").await;
        archive.known.remove("c_500");
        database.run("delete from changes").await;
        database.run("update shops set changes_after = version").await;
        let asked = json!({ "text": "退款", "page_size": 100 });
        for step in 0.. {
            let (rows, _) = archive.all_pages(&asked).await;
            assert_eq!(ids(&rows), expected(&archive.known, &asked, NOW), "after {step} steps");
            if !archive.server.store.follow_words(&archive.shop, 300).await.unwrap() {
                assert!(step >= 3);
                break;
            }
        }
        assert_eq!(indexed(database, &archive.server.store).await, 1199);
        assert_eq!(archive.differences().await, [""; 0]);
        // And doctor would see it if it were wrong.
        let table =
            if database.url.starts_with("sqlite:") { "complaint_words_fts" } else { "complaint_words" };
        let row = if database.url.starts_with("sqlite:") { "rowid % 256" } else { "number" };
        database.run(&format!("delete from {table} where {row} = 77")).await;
        assert!(!archive.differences().await.is_empty());
    });
}

/// One of two nodes does it; a node that wrote nothing follows nothing.
#[test]
fn one_node_follows_and_the_other_need_not() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        let other = Server::start_by(archive.server.clock.clone(), database, |_| {}).await;
        archive.put((0..1300).map(|id| about(id, "退款")).collect()).await;
        let (store, clock) = (archive.server.store.clone(), archive.server.clock.clone());
        let (store, clock) = (&store, &clock);
        assert!(store.claim("search", "other", NOW, 60).await.unwrap());
        assert_eq!(follow(store, clock, "me").await.unwrap(), 0, "another is at it");
        assert!(follow(&other.store, clock, "other").await.unwrap() >= 3);
        clock.set(NOW + 61);
        assert_eq!(follow(store, clock, "me").await.unwrap(), 0, "nothing is left");
        // A token is a version without a complaint: no reason to write.
        archive.server.app(&archive.shop).await;
        assert_eq!(follow(store, clock, "me").await.unwrap(), 0);
        clock.set(NOW);
        archive.put(vec![about(3, "换货")]).await;
        clock.set(NOW + 61);
        assert_eq!(follow(&archive.server.store, &archive.server.clock, "me").await.unwrap(), 1);
    });
}

#[test]
fn following_beside_writers_misses_nothing() {
    on_each_database(async |database| {
        let mut rng = chance(21);
        let mut archive = Archive::open(database).await;
        let other = Store::open(&database.url, &archive.server.settings.storage).await.unwrap();
        let clock = archive.server.clock.clone();
        for _ in 0..12 {
            let rows = some_of(&mut rng, 100, 800);
            let (_, done) = tokio::join!(archive.put(rows), follow(&other, &clock, "other"));
            done.unwrap();
            archive.act(&mut rng).await;
        }
        let asked = json!({ "text": "退款", "page_size": 100 });
        for _ in 0..2 {
            let (rows, _) = archive.all_pages(&asked).await;
            assert_eq!(ids(&rows), expected(&archive.known, &asked, NOW));
            follow(&other, &clock, "other").await.unwrap();
            assert_eq!(archive.differences().await, [""; 0]);
        }
    });
}

/// Two shops with the same complaints: each finds its own, and neither's cursor leads anywhere in the other.
#[test]
fn shops_do_not_see_each_other() {
    on_each_database(async |database| {
        let mut archive = Archive::open(database).await;
        let theirs = archive.server.shop("appTheirs").await;
        let credentials: Credentials = archive.server.app(&theirs).await;
        let token = archive.server.token_for(&theirs, &credentials, 1_000_000).await;
        archive.put((0..400).map(|id| about(id, "退款")).collect()).await;
        archive.server.put(&theirs, &[about(7, "退款"), about(8, "换货"), about(9000, "退款")]).await;
        let asked = json!({ "text": "退款", "phone_tail": "1474", "page_size": 1, "with_total": 1 });
        for _ in 0..2 {
            let mine = archive.search(asked.clone()).await;
            let mut from = asked.clone();
            from["access_token"] = json!(token);
            let other = archive.server.post(&ComplaintSearch::path(), &from).await;
            assert_eq!((mine.total(), other.total()), (400, 2));
            assert_eq!(other.ids(), ["c_7"]);
            from["cursor"] = mine.data()["next_cursor"].clone();
            assert_eq!(archive.server.post(&ComplaintSearch::path(), &from).await.code(), 3001);
            from["cursor"] = other.data()["next_cursor"].clone();
            let next = archive.server.post(&ComplaintSearch::path(), &from).await;
            assert_eq!(next.ids(), ["c_9000"]);
            archive.follow().await;
        }
        assert_eq!(indexed(database, &archive.server.store).await, 403);
    });
}

/// The statements of searches, and the index that each must go by.
fn must_use(sql: &str, is_sqlite: bool) -> Option<&'static str> {
    if !sql.starts_with("select") {
        return None;
    }
    // Nobody has work in this shop: what is asked for by assignee is best looked for by that.
    if sql.contains("assignee in (") || sql.contains("assignee is null") {
        return None;
    }
    if sql.contains("complaint_words_fts match") {
        return is_sqlite.then_some("VIRTUAL TABLE INDEX");
    }
    if sql.contains("string_to_array(words") {
        return (!is_sqlite).then_some("complaint_words_by_word");
    }
    let jumps = [
        ("select complaint_time, complaint_id from complaints", "complaints_by_time"),
        ("select operate_end_time, complaint_time, number from complaints", "complaints_open_by_deadline"),
        ("select coalesce(changed_at, complaint_time), number from complaints", "complaints_by_change"),
    ];
    if let Some((_, index)) = jumps.iter().find(|(begins, _)| sql.starts_with(begins)) {
        return Some(index);
    }
    let is_due = sql.ends_with("state <> 2 and operate_end_time >= $2 and operate_end_time <= $3");
    if is_due && sql.starts_with("select count(*) from complaints") {
        let covering = "COVERING INDEX complaints_open_by_deadline";
        // Of one shop alone another index has the deadlines, too.
        return Some(if is_sqlite { covering } else { "Index" });
    }
    if sql.contains("complainant_user_id = $2") {
        return Some("complaints_by_user");
    }
    let finds_numbers = ["select number from complaints", "select complaint_time, number from complaints"];
    if !sql.contains("phone_tail") && !finds_numbers.iter().any(|begins| sql.starts_with(begins)) {
        return None;
    }
    match sql {
        _ if sql.contains("order by complaint_time desc, complaint_id desc limit") => {
            Some("complaints_by_time")
        }
        _ if sql.starts_with("select complaint_time, number") && is_sqlite => {
            Some("COVERING INDEX complaints_open_by_deadline")
        }
        // Of one shop alone another index has the deadlines, too, and is smaller.
        _ if sql.starts_with("select complaint_time, number") => Some("Index"),
        _ if sql.contains("order by operate_end_time") => Some("complaints_open_by_deadline"),
        _ if sql.contains("order by coalesce") => Some("complaints_by_change"),
        _ => None,
    }
}

#[test]
fn every_search_goes_by_an_index() {
    on_each_database(async |database| {
        let mut rng = chance(31);
        let mut archive = Archive::open(database).await;
        for first in (0..6000).step_by(1000) {
            archive.put((first..first + 1000).map(|id| some(&mut rng, id)).collect()).await;
        }
        let somebody = similar::of("c_somebody", 0, "u_1", "18812341474", "E1");
        archive.server.store.take_in(&archive.shop, BY_TEST, &[somebody]).await.unwrap().unwrap();
        archive.follow().await;
        let is_sqlite = database.url.starts_with("sqlite:");
        database.run("analyze").await;
        for sort in ["complaint_time", "deadline", "changed"] {
            for mut asked in [
                json!({ "text": "没有" }),
                json!({ "assignee": ["小李", "小王"], "tag": "急" }),
                json!({ "complaint_from": [101], "text": "退款" }),
                json!({ "phone_tail": "9999" }),
                json!({ "due_after": "2024-05-02 00:00:00" }),
                json!({ "changed_since": "2024-05-02 00:00:00" }),
                json!({ "start_time": "2024-05-02 00:00:00" }),
            ] {
                asked["sort"] = json!(sort);
                let first = archive.search(asked.clone()).await;
                let mut jump = asked.clone();
                jump["page_index"] = json!(20);
                archive.search(jump).await.data();
                asked["cursor"] = first.data()["next_cursor"].clone();
                archive.search(asked).await.data();
            }
        }
        archive.similar("c_somebody").await.data();
        let asked = json!({ "access_token": archive.token });
        archive.server.post(&tousu_wire::queue::QueueGet::path(), &asked).await.data();
        let mut seen = std::collections::BTreeSet::new();
        for sql in statements_seen() {
            let Some(index) = must_use(&sql, is_sqlite) else { continue };
            let plan = plan(database, &sql).await;
            assert!(plan.contains(index), "{sql}\n{plan}");
            // What is due is put into the order of its time.
            let sorts = sql.contains("order by complaint_time + 0");
            assert!(sorts || !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
            assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
            seen.insert(index);
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    });
}

async fn plan(database: &Database, sql: &str) -> String {
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(file).unwrap();
        let sql = format!("explain query plan {}", sql.replace('$', "?"));
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3)).map(Result::unwrap);
        return rows.collect::<Vec<_>>().join("\n");
    }
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let most = (1..2000).take_while(|at| sql.contains(&format!("${at}"))).count();
    let nulls = vec!["null"; most - 1].join(", ");
    // As it is planned once for all values.
    client.batch_execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    client.batch_execute(&format!("prepare one as {sql}")).await.unwrap();
    let rows = client.simple_query(&format!("explain execute one('appArchive', {nulls})")).await.unwrap();
    let line = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}
