//! What becomes of limits when their Redis goes, hangs, and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;
use tousu::settings::WhenGone;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::{Endpoint, ReturnCode};

use super::redis::{Redis, readiness, until};
use super::two_nodes;
use crate::gate::demo::Demo;
use crate::support::*;

const SECOND: i64 = 1_000_000;
const REACHED: i64 = ReturnCode::LimitReached as i64;
const BUSY: i64 = ReturnCode::Busy as i64;
/// No call takes longer, whatever Redis does. What is allowed to Redis is an eighth of it.
const BOUND: Duration = Duration::from_secs(2);

/// Calls until refused and tells how many were served.
async fn served(node: &Server, token: &str) -> usize {
    for number in 0.. {
        let answer = node.list(token, json!({})).await;
        if answer.code() == REACHED {
            return number;
        }
        answer.data();
    }
    unreachable!()
}

/// So many calls at once on each node; the codes that they are answered with, each in time.
async fn at_once(nodes: &[Arc<Server>; 2], token: &str, calls: usize) -> Vec<i64> {
    let calling: Vec<_> = (0..2 * calls)
        .map(|number| {
            let (node, token) = (nodes[number % 2].clone(), token.to_owned());
            tokio::spawn(async move {
                let began = Instant::now();
                let code = node.list(&token, json!({})).await.code();
                assert!(began.elapsed() < BOUND, "a call took {:?}", began.elapsed());
                code
            })
        })
        .collect();
    let mut codes = Vec::new();
    for call in calling {
        codes.push(call.await.unwrap());
    }
    codes
}

#[test]
fn open_each_node_counts_for_itself_until_redis_is_back() {
    on_sqlite(async |database| {
        let mut redis = Redis::start();
        let nodes = two_nodes(database, |settings| redis.share(settings)).await.map(shared);
        let token = nodes[0].any_token().await;
        for _ in 0..300 {
            nodes[0].list(&token, json!({})).await.data();
        }
        assert_eq!(nodes[1].list(&token, json!({})).await.header("ratelimit-remaining"), Some("199"));
        assert_eq!(readiness(&nodes[0]).await, (200, "shared".into()));

        redis.go();
        assert_eq!(at_once(&nodes, &token, 10).await, [0; 20]);
        assert_eq!(readiness(&nodes[0]).await, (200, "redis_gone".into()));
        // 300 of the first node's and one of the other's were served before, and ten of each at once.
        assert_eq!((served(&nodes[0], &token).await, served(&nodes[1], &token).await), (190, 489));

        redis.come();
        for node in &nodes {
            until(node, 200, "shared").await;
            let refused = node.list(&token, json!({})).await;
            assert_eq!(refused.code(), REACHED, "Redis knows nothing, but the node knows what it served");
            assert_eq!(refused.header("retry-after"), Some("10"));
        }
        nodes[0].clock.advance_micros(10 * SECOND);
        let both = (served(&nodes[0], &token).await, served(&nodes[1], &token).await);
        assert_eq!(both, (500, 0), "from now on they share again");
    });
}

/// With Redis coming and going, however much is under way just then.
#[test]
fn no_node_serves_too_much_by_itself() {
    on_sqlite(async |database| {
        let mut redis = Redis::start();
        let [node, _] = two_nodes(database, |settings| redis.share(settings)).await.map(shared);
        let token = node.any_token().await;
        // So many calls may be made; they are made as fast as eight callers can.
        let (allowed, served) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (node, token) = (node.clone(), token.clone());
                let (allowed, served) = (allowed.clone(), served.clone());
                tokio::spawn(async move {
                    loop {
                        allowed.acquire().await.unwrap().forget();
                        if node.list(&token, json!({})).await.code() != 0 {
                            break;
                        }
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for _ in 0..5 {
            let before = served.load(Ordering::SeqCst);
            allowed.add_permits(60);
            while served.load(Ordering::SeqCst) < before + 20 {
                tokio::task::yield_now().await;
            }
            redis.go();
            while served.load(Ordering::SeqCst) < before + 60 {
                tokio::task::yield_now().await;
            }
            redis.come();
            until(&node, 200, "shared").await;
        }
        // From 460 on, Redis goes once more.
        allowed.add_permits(160);
        while served.load(Ordering::SeqCst) < 460 {
            tokio::task::yield_now().await;
        }
        redis.go();
        allowed.add_permits(1000);
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(served.load(Ordering::SeqCst), 500);
    });
}

#[test]
fn closed_nothing_is_served_until_redis_is_back() {
    on_sqlite(async |database| {
        let mut redis = Redis::start();
        let nodes = two_nodes(database, |settings| {
            redis.share(settings);
            settings.limits.redis_gone = WhenGone::Closed;
        })
        .await
        .map(shared);
        let shop = nodes[0].shop("appClosed").await;
        let credentials = nodes[0].app(&shop).await;
        let token = nodes[0].token_for(&shop, &credentials, 7200).await;
        for _ in 0..300 {
            nodes[0].list(&token, json!({})).await.data();
        }
        redis.go();
        assert_eq!(at_once(&nodes, &token, 10).await, [BUSY; 20]);
        let refused = nodes[0].list(&token, json!({})).await;
        assert_eq!((refused.code(), refused.header("retry-after")), (BUSY, Some("1")));
        assert_eq!(refused.header("ratelimit-remaining"), None, "nobody can tell");
        let no_token = nodes[1].client(&credentials).fetch_token().await.unwrap_err();
        assert_eq!(no_token.return_code(), Some(ReturnCode::Busy));
        assert_eq!(readiness(&nodes[0]).await, (503, "redis_gone".into()));

        redis.come();
        for node in &nodes {
            until(node, 200, "shared").await;
        }
        nodes[1].client(&credentials).fetch_token().await.unwrap();
        // The first node tells what it knows better than Redis.
        assert_eq!(nodes[0].list(&token, json!({})).await.header("ratelimit-remaining"), Some("199"));
        assert_eq!(nodes[1].list(&token, json!({})).await.header("ratelimit-remaining"), Some("498"));
        assert_eq!((served(&nodes[0], &token).await, served(&nodes[1], &token).await), (199, 299));
    });
}

/// One that hangs is worse than one that is gone: every call would wait.
#[test]
fn a_redis_that_hangs_holds_up_a_few_calls_only() {
    on_sqlite(async |database| {
        let redis = Redis::start();
        let nodes = two_nodes(database, |settings| redis.share(settings)).await.map(shared);
        let token = nodes[0].any_token().await;
        nodes[1].list(&token, json!({})).await.data();

        redis.signal("STOP");
        assert_eq!(at_once(&nodes, &token, 20).await, [0; 40]);
        let began = Instant::now();
        for number in 0..200 {
            nodes[number % 2].list(&token, json!({})).await.data();
        }
        assert!(began.elapsed() < 5 * BOUND, "200 calls took {:?}: they waited", began.elapsed());
        assert_eq!(readiness(&nodes[1]).await, (200, "redis_gone".into()));

        redis.signal("CONT");
        for node in &nodes {
            until(node, 200, "shared").await;
        }
        nodes[0].clock.advance_micros(10 * SECOND);
        assert_eq!((served(&nodes[0], &token).await, served(&nodes[1], &token).await), (500, 0));
    });
}

#[test]
fn a_server_starts_without_redis_and_finds_it_later() {
    on_sqlite(async |database| {
        let mut redis = Redis::absent();
        let began = Instant::now();
        let nodes = two_nodes(database, |settings| redis.share(settings)).await;
        let token = nodes[0].any_token().await;
        for node in &nodes {
            assert_eq!(node.list(&token, json!({})).await.header("ratelimit-remaining"), Some("499"));
            assert_eq!(readiness(node).await, (200, "redis_gone".into()));
        }
        assert!(began.elapsed() < 2 * BOUND);
        redis.come();
        for node in &nodes {
            until(node, 200, "shared").await;
        }
        nodes[0].clock.advance_micros(10 * SECOND);
        for (node, remaining) in nodes.iter().zip(["499", "498"]) {
            assert_eq!(node.list(&token, json!({})).await.header("ratelimit-remaining"), Some(remaining));
        }
    });
}

/// A Redis that was restarted or told to forget its scripts is given them again.
#[test]
fn the_script_is_brought_again() {
    on_sqlite(async |database| {
        let redis = Redis::start();
        let nodes = two_nodes(database, |settings| redis.share(settings)).await;
        let token = nodes[0].any_token().await;
        let client = redis::Client::open(redis.url()).unwrap();
        let mut direct = client.get_multiplexed_async_connection().await.unwrap();
        for (node, remaining) in nodes.iter().zip(["499", "498"]) {
            redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut direct).await.unwrap();
            assert_eq!(node.list(&token, json!({})).await.header("ratelimit-remaining"), Some(remaining));
        }
        // One that may not write is as good as gone, however well it answers.
        let read_only = redis::cmd("REPLICAOF").arg("127.0.0.1").arg("1").exec_async(&mut direct).await;
        read_only.unwrap();
        assert_eq!(nodes[1].list(&token, json!({})).await.header("ratelimit-remaining"), Some("498"));
        let looked_at = Instant::now();
        while looked_at.elapsed() < Duration::from_millis(500) {
            assert_eq!(readiness(&nodes[1]).await, (200, "redis_gone".into()));
        }
    });
}

#[test]
fn operators_see_it_go_and_come() {
    on_sqlite(async |database| {
        let mut redis = Redis::start();
        let demo = Demo::serve_with(database, &["--set", &format!("limits.redis={}", redis.url())]);
        let metric = async |value: &str| {
            let text = demo.metrics().await;
            assert!(text.contains(&format!("\ntousu_limiter_redis_up {value}\n")), "{text}");
        };
        let body = json!({ "access_token": demo.access_token });
        let path = ComplaintList::path();
        // At once, so that many find out at once.
        let call = async || {
            for answer in join_all((0..20).map(|_| demo.post(&path, &body))).await {
                answer.data();
            }
        };
        let readyz = async || {
            demo.http.get(format!("{}/readyz", demo.url)).send().await.unwrap().text().await.unwrap()
        };
        for hangs in [true, false] {
            call().await;
            metric("1").await;
            if hangs {
                redis.signal("STOP")
            } else {
                redis.go()
            }
            call().await;
            metric("0").await;
            if hangs {
                redis.signal("CONT")
            } else {
                redis.come()
            }
            let back = async { while !readyz().await.contains("shared") {} };
            tokio::time::timeout(Duration::from_secs(20), back).await.expect("Redis is seen again");
        }
        metric("1").await;
        let log = demo.end();
        let said = |what: &str| log.matches(what).count();
        assert_eq!(
            (said("Redis of the limits is gone"), said("Redis of the limits is back")),
            (2, 2),
            "{log}"
        );
    });
}
