//! One token per app, however many ask.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tousu_client::wire::complaint_list::{ComplaintList, Request};
use tousu_client::{Client, Error, Pace, Retry, SetClock};

use super::examples;
use super::fixture::*;

async fn call(client: &Client) -> Result<i64, Error> {
    client.call::<ComplaintList>(&Request::default()).await.map(|page| page.total)
}

/// A thousand calls at once: how many failed.
async fn crowd(client: &Client) -> usize {
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    let mut failed = 0;
    for caller in callers {
        failed += usize::from(caller.await.unwrap().is_err());
    }
    failed
}

#[test]
fn a_thousand_calls_at_expiry_make_one_fetch() {
    run(async {
        let server = Server::always(Reply::data("[]")).await;
        let clock = SetClock::at(NOW);
        let client = server.builder().clock(clock.clone()).pace(Pace::UNLIMITED).build().unwrap();
        assert_eq!((crowd(&client).await, server.counts().0), (0, 1), "none at first");
        clock.advance(Duration::from_secs(6900));
        assert_eq!((crowd(&client).await, server.counts().0), (0, 2), "in time before its end");
        clock.advance(Duration::from_secs(7200));
        assert_eq!((crowd(&client).await, server.counts().0), (0, 3), "at its end");
    });
}

#[test]
fn a_thousand_calls_share_a_failure_as_well() {
    run(async {
        let server = Server::answering(|_| Reply::refusal(2004)).await;
        let client = server.builder().pace(Pace::UNLIMITED).build().unwrap();
        assert_eq!(crowd(&client).await, 1000);
        // Those that begin after it has failed try for themselves; they are few.
        assert!(server.counts().0 < 20, "{:?}", server.counts());
        assert_eq!(server.counts().1, 0);
    });
}

#[test]
fn a_token_that_is_revoked_costs_one_failed_call() {
    run(async {
        let good = Arc::new(AtomicUsize::new(0));
        let wanted = good.clone();
        let server = Server::start(move |seen, _| {
            match seen.token() == format!("token-{}", wanted.load(Ordering::SeqCst)) {
                true => Reply::data(json!({ "list": [], "total": 7 })),
                false => Reply::refusal(2008),
            }
        })
        .await;
        let client = server.client();
        assert_eq!(call(&client).await.unwrap(), 7);
        good.store(1, Ordering::SeqCst);
        for _ in 0..10 {
            assert_eq!(call(&client).await.unwrap(), 7);
        }
        assert_eq!(server.counts(), (2, 12), "one fetch and one call more");
        good.store(2, Ordering::SeqCst);
        let client = server.builder().pace(Pace::UNLIMITED).build().unwrap();
        assert_eq!(crowd(&client).await, 0);
        assert_eq!(server.counts().0, 3);
    });
}

#[test]
fn a_token_that_dies_early_again_and_again_is_replaced_each_time() {
    run(async {
        // Each is good for three calls.
        let uses = Arc::new(AtomicUsize::new(0));
        let server = Server::start(move |seen, _| {
            let number: usize = seen.token().trim_start_matches("token-").parse().unwrap();
            match uses.fetch_add(1, Ordering::SeqCst) / 3 == number {
                true => Reply::data("[]"),
                false => {
                    uses.store((number + 1) * 3, Ordering::SeqCst);
                    Reply::refusal(2007)
                }
            }
        })
        .await;
        let client = server.client();
        for _ in 0..30 {
            call(&client).await.unwrap();
        }
        assert_eq!(server.counts().0, 10);
    });
}

#[test]
fn trouble_with_the_token_is_waited_out_and_told_if_it_lasts() {
    run(async {
        let fetches = AtomicUsize::new(0);
        let server = Server::answering(move |seen| match seen.is_token() {
            false => Reply::data("[]"),
            true => match fetches.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::refusal(1001),
                1 => Reply::of("502 Bad Gateway", "text/html", "<html>"),
                2 => Reply::refusal(2053),
                number => Reply::token(number),
            },
        })
        .await;
        let client = server.client();
        call(&client).await.unwrap();
        assert_eq!(server.counts(), (4, 1));
        assert_eq!(client.access_token().await.unwrap().reveal(), "token-3");
        assert_eq!(client.fetch_token().await.unwrap().access_token, "token-4");
        assert_eq!(
            client.access_token().await.unwrap().reveal(),
            "token-3",
            "what is fetched so is not kept"
        );

        for nothing in ["null", "{}", r#"{"access_token":"","expires_in":7200}"#] {
            let server = Server::answering(move |_| Reply::data(nothing)).await;
            let error = call(&server.client()).await.unwrap_err();
            assert!(matches!(error, Error::NoData), "{nothing} {error}");
        }
    });
}

#[test]
fn how_a_token_is_asked_for() {
    run(async {
        let server = Server::always(Reply::data("[]")).await;
        call(&server.client()).await.unwrap();
        let asked = &server.seen()[0];
        assert_eq!(asked.method, "GET");
        for part in
            ["app_id=appFixture", "client_id=xopFixture", "secret_key=Secret", "grant_type=client_credential"]
        {
            assert!(asked.path.contains(part), "{part} is missing");
        }
        // A path before the API's own stays.
        let prefixed = server.builder().base_url(format!("{}/api/", server.url)).build().unwrap();
        call(&prefixed).await.unwrap();
        let paths: Vec<_> = server.seen().iter().skip(2).map(|seen| seen.path.clone()).collect();
        assert!(paths[0].starts_with("/api/token?") && paths[1].starts_with("/api/xe."), "{paths:?}");
    });
}

#[test]
fn clients_share_a_token_by_its_file_and_the_secret_is_asked_for_only_to_fetch() {
    run(async {
        let server = Server::always(Reply::data("[]")).await;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("tokens.json");
        call(&server.builder().token_cache(&cache).build().unwrap()).await.unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let other = server
            .builder()
            .token_cache(&cache)
            .secret_from(move || {
                count.fetch_add(1, Ordering::SeqCst);
                Err("钥匙串已锁 ¦ the keyring is locked".into())
            })
            .build()
            .unwrap();
        call(&other).await.unwrap();
        assert_eq!((server.counts(), asked.load(Ordering::SeqCst)), ((1, 2), 0));
        let text = std::fs::read_to_string(&cache).unwrap();
        assert!(text.contains("token-0") && !text.contains(SECRET));

        let apart = server
            .builder()
            .token_cache(&cache)
            .credentials(tousu_client::Credentials::new("app2", CLIENT, SECRET));
        call(&apart.build().unwrap()).await.unwrap();
        assert_eq!(server.counts().0, 2, "another app has a token of its own");

        std::fs::remove_file(&cache).unwrap();
        let locked = server
            .builder()
            .token_cache(&cache)
            .secret_from(|| Err("钥匙串已锁 ¦ the keyring is locked".into()));
        let error = call(&locked.build().unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("the keyring is locked"), "{error}");
    });
}

#[test]
fn a_token_that_one_found_stale_is_not_fetched_again_by_another() {
    run(async {
        let server = Server::start(|seen, _| match seen.token().as_str() {
            "token-0" => Reply::refusal(2008),
            _ => Reply::data("[]"),
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let clients: Vec<_> = (0..4)
            .map(|_| server.builder().token_cache(folder.path().join("tokens.json")).build().unwrap())
            .collect();
        for client in &clients {
            assert_eq!(client.access_token().await.unwrap().reveal(), "token-0");
        }
        for client in &clients {
            call(client).await.unwrap();
        }
        assert_eq!(server.counts(), (2, 8), "one fetch for all; each had one call refused");
    });
}

/// Runs four processes at once on one token file.
async fn four_processes(server: &Server, cache: &std::path::Path) {
    let program = examples::program("shared_token");
    let processes: Vec<_> = (0..4)
        .map(|_| {
            std::process::Command::new(&program)
                .arg(cache)
                .envs(examples::environment(server))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in processes {
        let done = tokio::task::spawn_blocking(|| process.wait_with_output()).await.unwrap().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8_lossy(&done.stdout).starts_with("7 complaints, token good until "));
    }
}

#[test]
fn four_processes_with_one_file_make_one_fetch() {
    run(async {
        let revoked = Arc::new(AtomicUsize::new(0));
        let least = revoked.clone();
        let server = Server::start(move |seen, _| {
            let number: usize = seen.token().trim_start_matches("token-").parse().unwrap();
            match number >= least.load(Ordering::SeqCst) {
                true => Reply::data(json!({ "list": [], "total": 7 })),
                false => Reply::refusal(2008),
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("tokens.json");
        four_processes(&server, &cache).await;
        assert_eq!(server.counts(), (1, 4));
        four_processes(&server, &cache).await;
        assert_eq!(server.counts(), (1, 8), "and so do those that come later");
        revoked.store(1, Ordering::SeqCst);
        four_processes(&server, &cache).await;
        assert_eq!(server.counts().0, 2, "and those that find it revoked");
    });
}

#[test]
fn a_file_that_cannot_be_used_is_told_when_the_client_is_made() {
    run(async {
        let server = Server::always(Reply::data("[]")).await;
        let error = server.builder().token_cache("/dev/null/tokens.json").build().unwrap_err();
        assert!(
            matches!(error, Error::Setup(_)) && error.to_string().contains("/dev/null/tokens.json"),
            "{error}"
        );
        let hasty = server.builder().token_cache("").retry(Retry::NEVER).build();
        assert!(hasty.is_err(), "no path is none");
    });
}
