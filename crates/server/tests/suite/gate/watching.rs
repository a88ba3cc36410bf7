//! What operators watch, and the documentation.

use std::path::Path;

use serde_json::{Value, json};
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, ReturnCode};

use super::demo::Demo;
use crate::support::*;

/// Status and body of a plain page.
async fn page(server: &Server, path: &str) -> (u16, String) {
    let response = server.http.get(format!("{}{path}", server.url)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[test]
fn ready_as_long_as_the_database_answers() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        assert_eq!(page(&server, "/healthz").await, (200, "ok\n".into()));
        let (status, body) = page(&server, "/readyz").await;
        assert_eq!(status, 200);
        let kind = server.store.kind();
        let found = |database: &str| {
            json!({ "database": database, "kind": kind, "limits": "per_node", "stopping": false }).to_string()
        };
        assert_eq!(body, found("ok"));

        database.ruin().await;
        let (status, body) = page(&server, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(body, found("unreachable"));
        assert_eq!(page(&server, "/healthz").await.0, 200, "the process itself is well");
    });
}

/// The value of a line of `/metrics`; 0 if it is not there.
fn metric(text: &str, line: &str) -> u64 {
    let value = text.lines().find_map(|candidate| candidate.strip_prefix(line)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn calls_are_counted() {
    on_each_database(async |database| {
        let demo = Demo::serve(database);
        let (list, info) = (ComplaintList::NAME, ComplaintInfoGet::NAME);
        for _ in 0..3 {
            let body = json!({ "access_token": demo.access_token });
            demo.post(&ComplaintList::path(), &body).await.data();
        }
        demo.post(&ComplaintInfoGet::path(), &json!({})).await;
        demo.token(&demo.app_id, &demo.client_id, "wrong").await;
        demo.post("/xe.no.such/1.0.0", &json!({})).await;
        for _ in 0..101 {
            demo.token(&demo.app_id, &demo.client_id, &demo.secret_key).await;
        }
        let text = demo.metrics().await;
        let requests = |interface: &str, code: ReturnCode| {
            let line =
                format!("tousu_requests_total{{interface=\"{interface}\",code=\"{}\"}}", code.number());
            metric(&text, &line)
        };
        assert_eq!(requests(list, ReturnCode::Success), 3, "{text}");
        assert_eq!(requests(info, ReturnCode::AccessTokenMissing), 1);
        assert_eq!(requests("token", ReturnCode::SecretKeyWrong), 1);
        assert_eq!(requests("token", ReturnCode::Success), 100);
        assert_eq!(requests("token", ReturnCode::LimitReached), 1);
        assert_eq!(requests("unknown", ReturnCode::NoSuchInterface), 1);
        assert_eq!(metric(&text, "tousu_limiter_refusals_total{interface=\"token\"}"), 1);
        assert_eq!(metric(&text, &format!("tousu_request_seconds_count{{interface=\"{list}\"}}")), 3);
        assert!(metric(&text, "tousu_database_seconds_count") > 0);
        assert!(metric(&text, "tousu_database_connections_max") >= 2);
        assert!(text.lines().any(|line| line.starts_with("tousu_database_connections ")));
    });
}

/// What the time of an answer could tell is decided by what is done for it: an unknown app costs the same
/// transactions and the same statements as a wrong secret. (Statements are logged by PostgreSQL's driver;
/// on SQLite they are the same.)
#[test]
fn an_unknown_app_costs_what_a_wrong_secret_costs() {
    on_each_database(async |database| {
        let demo = Demo::serve_with(database, &["--set", "storage.search_follow_seconds=0"]);
        let work = async || {
            let transactions = metric(&demo.metrics().await, "tousu_database_seconds_count");
            (transactions, demo.log().matches("executing statement s").count())
        };
        let Demo { app_id, client_id, secret_key, .. } = &demo;
        let tries = [
            (app_id.as_str(), client_id.as_str(), "wrong", ReturnCode::SecretKeyWrong),
            (app_id, "xopNobody", secret_key, ReturnCode::ClientIdWrong),
            ("appNobody", client_id, secret_key, ReturnCode::AppIdWrong),
            ("can be no id", client_id, secret_key, ReturnCode::AppIdWrong),
        ];
        let mut costs = vec![(u64::MAX, usize::MAX); tries.len()];
        // What goes on in the background is no part of an answer: the least that one took counts.
        for _ in 0..5 {
            for ((app_id, client_id, secret_key, code), least) in tries.iter().zip(&mut costs) {
                let before = work().await;
                assert_eq!(demo.token(app_id, client_id, secret_key).await.code(), code.number());
                let after = work().await;
                *least = (*least).min((after.0 - before.0, after.1 - before.1));
            }
        }
        let logged = if database.url.starts_with("sqlite:") { 0 } else { 2 };
        assert_eq!(costs, vec![(1, logged); tries.len()]);
    });
}

#[test]
fn the_documentation_is_served_and_loads_nothing_from_elsewhere() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let get = async |path: &str| server.http.get(format!("{}{path}", server.url)).send().await.unwrap();

        let (status, document) = page(&server, "/openapi.json").await;
        let document: Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(status, 200);
        let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths[..3], ["/token", &ComplaintList::path(), &ComplaintInfoGet::path()]);
        let (pages, ours): (Vec<&String>, Vec<&String>) =
            paths[3..].iter().partition(|path| document["paths"][path.as_str()]["get"]["x-page"] == true);
        assert!(ours.iter().all(|path| path.starts_with("/tousu.")), "{ours:?}");
        assert_eq!(pages, ["/events", "/oidc/start", "/oidc/callback"]);

        // People call some for themselves.
        let by_people = ["/tousu.session.", "/tousu.console."];
        let is_theirs = |path: &str| {
            by_people.iter().any(|prefix| path.starts_with(prefix))
                && !path.starts_with("/tousu.session.token")
        };
        for path in paths[1..3].iter().chain(&ours).filter(|path| !is_theirs(path)) {
            let schema =
                &document["paths"][path.as_str()]["post"]["requestBody"]["content"]["application/json"];
            assert!(schema["schema"]["properties"]["access_token"].is_object(), "{path}: {schema}");
        }

        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gateway/docs");
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let path = if name == "index.html" { "/docs".into() } else { format!("/docs/{name}") };
            let response = get(&path).await;
            assert_eq!(response.status(), 200, "{path}");
            let kind = match name.rsplit_once('.').unwrap().1 {
                "css" => "text/css; charset=utf-8",
                "js" => "text/javascript; charset=utf-8",
                _ => "text/html; charset=utf-8",
            };
            assert_eq!(response.headers()["content-type"], kind);
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
            assert!(!policy.contains("unsafe-"), "{policy}");
            assert_eq!(response.bytes().await.unwrap(), std::fs::read(file.path()).unwrap(), "{path}");
        }
        assert_eq!(server.get("/docs/index.html").await.code(), ReturnCode::NoSuchInterface.number());
        assert_eq!(server.get("/docs/..%2Fmod.rs").await.code(), ReturnCode::NoSuchInterface.number());
    });
}
