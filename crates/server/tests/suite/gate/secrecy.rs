//! Secrets and tokens are found nowhere, and no whole phone number is in a log.

use serde_json::json;
use tousu::secrets::Secret;
use tousu::store::TokenRow;
use tousu_client::{Credentials, Error};
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::token::{Request, Response};
use tousu_wire::{Endpoint, ReturnCode};

use super::demo::Demo;
use crate::support::*;

const PHONE: &str = "18812341474";
const WRONG_SECRET: &str = "wrongSecretWrongSecretWrongSecret";

#[test]
fn neither_the_log_nor_the_database_knows_them() {
    on_each_database(async |database| {
        let demo = Demo::serve(database);
        let answer = demo.token(&demo.app_id, &demo.client_id, &demo.secret_key).await;
        let fetched = answer.data()["access_token"].as_str().unwrap().to_owned();
        let secret_key = demo.secret_key.clone();
        let tokens = [demo.access_token.clone(), fetched.clone()];
        everything_wrong_that_a_caller_can_do(&demo, &tokens[1]).await;

        let (client_id, log) = (demo.client_id.clone(), demo.end());
        for sign in ["answered", "\"code\":0", "\"code\":2004", &client_id] {
            assert!(log.contains(sign), "this is no log of it all: {sign} is missing");
        }
        let kept = everything_in(database).await;
        for sign in [&client_id, &Secret::new(&secret_key).hash(), &Secret::new(&fetched).hash()] {
            assert!(contains(&kept, sign), "this is not the whole database: {sign} is missing");
        }
        let random_parts = tokens.iter().map(|token| token.rsplit_once('_').unwrap().1.to_owned());
        for secret in random_parts.chain([secret_key, WRONG_SECRET.to_owned()]) {
            if let Some(line) = log.lines().find(|line| line.contains(&secret)) {
                panic!("in the log: {line}");
            }
            assert!(!contains(&kept, &secret), "{secret} is in the database");
        }
        if let Some(line) = log.lines().find(|line| line.contains(PHONE) || has_mobile_number(line)) {
            panic!("a phone number is in the log: {line}");
        }
    });
}

/// Right and wrong credentials where they belong and where they do not.
async fn everything_wrong_that_a_caller_can_do(demo: &Demo, token: &str) {
    let Demo { app_id, client_id, secret_key, .. } = demo;
    let refused = demo.token(app_id, client_id, WRONG_SECRET).await;
    assert_eq!(refused.code(), ReturnCode::SecretKeyWrong.number());
    for confused in [secret_key, &token.to_owned(), &PHONE.to_owned()] {
        let answers = [
            demo.token(confused, client_id, secret_key).await,
            demo.token(app_id, confused, secret_key).await,
            demo.token(app_id, client_id, confused).await,
            demo.post("/token", &json!({ "app_id": app_id, "secret_key": 1, "grant_type": confused })).await,
            demo.post("/token", &json!({ "app_id": [confused], "secret_key": { "x": confused } })).await,
            demo.post("/token", &json!([confused])).await,
            demo.post(&format!("/{confused}/1.0.0"), &json!({ "access_token": token })).await,
            Answer::of(demo.http.get(format!("{}/docs/{confused}", demo.url))).await,
            demo.post(&format!("{}?access_token={confused}", ComplaintList::path()), &json!({})).await,
        ];
        for answer in answers {
            // With the secret in its place there is nothing to refuse.
            assert!(answer.code() > 0 || confused == secret_key, "{}", answer.text);
        }
        for name in
            ["access_token", "complaint_id", "page", "page_size", "state", "start_time", "channel_type"]
        {
            let mut body = json!({ "access_token": token });
            body[name] = json!(confused);
            for path in [ComplaintList::path(), ComplaintInfoGet::path()] {
                demo.post(&path, &body).await;
            }
        }
    }
    let page = json!({ "access_token": token, "page_size": 1000 });
    let page = demo.post(&ComplaintList::path(), &page).await;
    for row in page.data()["list"].as_array().unwrap() {
        assert!(row["complainant_phone"].as_str().unwrap().contains("****"));
    }
    for id in page.ids().iter().take(20) {
        let body = json!({ "access_token": token, "complaint_id": id });
        demo.post(&ComplaintInfoGet::path(), &body).await.data();
    }
}

/// Eleven digits that stand alone and begin as mobile numbers do.
fn has_mobile_number(line: &str) -> bool {
    let runs = line.split(|character: char| !character.is_ascii_digit());
    runs.into_iter().any(|run| run.len() == 11 && run.starts_with('1') && run.as_bytes()[1] >= b'3')
}

/// All that is kept: SQLite's files as they lie there, PostgreSQL's rows as text.
pub async fn everything_in(database: &Database) -> Vec<u8> {
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        let mut bytes = std::fs::read(file).unwrap();
        bytes.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
        return bytes;
    }
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let tables = "select quote_ident(tablename) from pg_tables where schemaname = 'public'";
    let mut text = String::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        for row in client.query(&format!("select t::text from {table} t"), &[]).await.unwrap() {
            text.push_str(row.get(0));
            text.push('\n');
        }
    }
    drop(client);
    connection.await.unwrap().unwrap();
    text.into_bytes()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn debug_output_and_errors_do_not_show_them() {
    on_sqlite(async |database| {
        let mut server = Server::start(database).await;
        let shop = server.shop("appDebug").await;
        let credentials = server.app(&shop).await;
        let client = server.client(&credentials);
        // The client keeps its token from here on.
        client.call::<ComplaintList>(&Default::default()).await.unwrap();
        let token = client.fetch_token().await.unwrap();
        let Credentials { app_id, client_id, secret_key } = credentials.clone();
        let request = Request {
            app_id: Some(app_id),
            client_id,
            secret_key: Some(secret_key.clone()),
            grant_type: None,
        };
        let row = TokenRow {
            token_hash: Secret::new(&token.access_token).hash(),
            nonce: None,
            issued_at: NOW,
            expires_at: NOW,
        };
        server.stop().await;
        let unreachable: Error = client.fetch_token().await.unwrap_err();
        let response = Response { access_token: token.access_token.clone(), expires_in: 1 };
        let shown = [
            format!("{:?}", Secret::new(&secret_key)),
            format!("{credentials:?}"),
            format!("{request:?}"),
            format!("{response:?}"),
            format!("{row:?}"),
            format!("{client:?}"),
            format!("{unreachable} {unreachable:?}"),
            format!("{:?}", complaint("c_1", NOW)),
        ];
        for text in shown {
            for secret in [secret_key.as_str(), &token.access_token, PHONE] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    });
}
