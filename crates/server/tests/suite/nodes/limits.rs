//! Limits that two nodes share.

use std::time::{Duration, Instant};

use serde_json::json;
use tousu::clock::Clock;
use tousu_client::Credentials;
use tousu_wire::ReturnCode;

use super::redis::{prefix, redis_of_all_tests};
use super::two_nodes;
use crate::gate::demo::Demo;
use crate::gate::limits::assert_the_window_slides;
use crate::program::Program;
use crate::support::*;

const SECOND: i64 = 1_000_000;
const REACHED: i64 = ReturnCode::LimitReached as i64;

/// Two nodes that share their limits.
async fn sharing(database: &Database) -> [Server; 2] {
    let prefix = prefix();
    two_nodes(database, |settings| {
        settings.limits.redis = redis_of_all_tests();
        settings.limits.redis_prefix.clone_from(&prefix);
    })
    .await
}

#[test]
fn two_nodes_serve_five_hundred_and_not_one_more() {
    on_each_database(async |database| {
        let nodes = sharing(database).await.map(shared);
        let shop = nodes[0].shop("appNodes").await;
        let credentials = nodes[0].app(&shop).await;
        let token = nodes[0].token_for(&shop, &credentials, 7200).await;
        let neighbour = nodes[0].any_token().await;
        let callers: Vec<_> = (0..8)
            .map(|number| {
                let (node, token) = (nodes[number % 2].clone(), token.clone());
                tokio::spawn(async move {
                    let mut remaining: Vec<u32> = Vec::new();
                    loop {
                        let answer = node.list(&token, json!({})).await;
                        assert_eq!(answer.header("ratelimit-limit"), Some("500"));
                        assert_eq!(answer.header("ratelimit-reset"), Some("10"));
                        if answer.code() == REACHED {
                            assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
                            assert_eq!(answer.header("retry-after"), Some("10"));
                            return remaining;
                        }
                        answer.data();
                        remaining.push(answer.header("ratelimit-remaining").unwrap().parse().unwrap());
                    }
                })
            })
            .collect();
        let mut remaining = Vec::new();
        for caller in callers {
            remaining.extend(caller.await.unwrap());
        }
        // Each place was given once, and each caller was told the truth of it.
        remaining.sort_unstable();
        assert_eq!(remaining, (0..500).collect::<Vec<u32>>());
        for node in &nodes {
            assert_eq!(node.list(&token, json!({})).await.code(), REACHED);
        }
        assert_eq!(nodes[1].list(&neighbour, json!({})).await.header("ratelimit-remaining"), Some("499"));
        assert_eq!(nodes[0].list(&neighbour, json!({})).await.header("ratelimit-remaining"), Some("498"));
    });
}

#[test]
fn the_shared_window_slides() {
    on_sqlite(async |database| assert_the_window_slides(&sharing(database).await).await);
}

/// Redis' clock may be set back: then nobody gets a place too early, and nobody waits longer than a span.
#[test]
fn a_clock_that_is_set_back_lets_nobody_through() {
    on_sqlite(async |database| {
        let nodes = sharing(database).await;
        let clock = nodes[0].clock.clone();
        let token = nodes[0].any_token().await;
        let remaining = async |node: usize| {
            let answer = nodes[node].list(&token, json!({})).await;
            answer.header("ratelimit-remaining").unwrap().to_owned()
        };
        assert_eq!(remaining(0).await, "499");
        clock.advance_micros(3 * SECOND);
        assert_eq!(remaining(1).await, "498");
        clock.advance_micros(-3600 * SECOND);
        assert_eq!(remaining(0).await, "497");
        clock.advance_micros(7 * SECOND - 1);
        assert_eq!(remaining(1).await, "496");
        clock.advance_micros(1);
        assert_eq!(remaining(0).await, "496", "the first of the four is ten seconds old");
        clock.advance_micros(3 * SECOND);
        assert_eq!(remaining(1).await, "497", "so are the next two");
    });
}

#[test]
fn failures_are_counted_over_all_nodes() {
    on_sqlite(async |database| {
        let nodes = sharing(database).await;
        let shop = nodes[0].shop("appFailures").await;
        let app = nodes[0].app(&shop).await;
        let wrong = Credentials { secret_key: "wrong".into(), ..app.clone() };
        for number in 0..100 {
            let refused = nodes[number % 2].client(&wrong).fetch_token().await.unwrap_err();
            assert_eq!(refused.return_code(), Some(ReturnCode::SecretKeyWrong));
        }
        for node in &nodes {
            let refused = node.client(&app).fetch_token().await.unwrap_err();
            assert_eq!(refused.return_code(), Some(ReturnCode::LimitReached));
        }
        nodes[0].clock.advance_micros(600 * SECOND);
        for (node, remaining) in nodes.iter().zip(["99", "98"]) {
            let credentials = [
                ("app_id", app.app_id.as_str()),
                ("client_id", app.client_id.as_deref().unwrap()),
                ("secret_key", &app.secret_key),
                ("grant_type", "client_credential"),
            ];
            let answer = node.token(&credentials).await;
            assert_eq!(answer.header("ratelimit-remaining"), Some(remaining), "{}", answer.text);
        }
    });
}

/// Without a clock of the test's: Redis' own decides, whatever those of the nodes say, and what it keeps is
/// small and goes by itself.
#[test]
fn redis_has_the_time_and_forgets_in_time() {
    on_sqlite(async |database| {
        let prefix = prefix();
        let share = |settings: &mut tousu::settings::Settings| {
            settings.limits.redis = redis_of_all_tests();
            settings.limits.redis_prefix.clone_from(&prefix);
        };
        let nodes = [
            Server::start_by(Clock::system(), database, share).await,
            Server::start_by(Clock::system(), database, share).await,
        ];
        let token = nodes[0].any_token().await;
        let began = Instant::now();
        for number in 0..500 {
            let answer = nodes[number % 2].list(&token, json!({})).await;
            answer.data();
            let remaining = (499 - number).to_string();
            assert_eq!(answer.header("ratelimit-remaining"), Some(remaining.as_str()));
        }
        let refused = nodes[0].list(&token, json!({})).await;
        assert!(began.elapsed() < Duration::from_secs(10), "too slow to tell");
        assert_eq!(refused.code(), REACHED);

        let client = redis::Client::open(redis_of_all_tests()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut redis).await.unwrap();
        assert!(keys.iter().any(|key| key.starts_with(&format!("{prefix}limit:appAny/xop"))), "{keys:?}");
        for key in keys {
            let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
            assert!((1..=600_001).contains(&left) || left == -2, "{key} goes after {left} ms");
            let memory: Option<i64> =
                redis::cmd("MEMORY").arg("USAGE").arg(&key).query_async(&mut redis).await.unwrap();
            assert!(memory.is_none_or(|bytes| bytes < 8 << 10), "{key} takes {memory:?} bytes");
        }
    });
}

#[test]
fn settings_of_redis() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        for form in [&["--json"][..], &[]] {
            let set = "limits.redis=rediss://me:pw:cr@et@redis/1";
            let shown = program.run(&[&["config", "--set", set], form].concat());
            assert!(shown.code == Some(0) && shown.out.contains("rediss://me:***@redis/1"), "{shown:?}");
        }
        for wrong in ["http://redis", "redis", "redis://"] {
            let set = format!("limits.redis={wrong}");
            let ran = program.run(&["serve", "--listen", "127.0.0.1:0", "--set", &set]);
            ran.failed_saying(&["limits.redis"]);
        }
        program.run(&["config", "--set", "limits.redis_gone=ajar"]).failed_saying(&["ajar"]);
    });
}

/// Whoever has PostgreSQL may have several nodes, and is told that they do not share their limits.
#[test]
fn limits_that_are_not_shared_are_said_not_to_be() {
    on_each_database(async |database| {
        let demo = Demo::serve(database);
        demo.metrics().await;
        let said = demo.end().contains("limits are counted per node");
        assert_eq!(said, !database.url.starts_with("sqlite:"));
    });
}
