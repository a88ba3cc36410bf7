//! The walk as programs use it: what it is made of is tested where it stands.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use tousu_client::wire::BeijingTime;
use tousu_client::wire::codes::State;
use tousu_client::wire::complaint_list::{Filter, Request};
use tousu_client::{Error, Pace};

use super::fixture::*;

/// That many complaints, one a second, newest first, as a right server answers.
fn complaints(seen: &Seen, number: usize) -> Reply {
    let asked: Request = serde_json::from_value(seen.json()).unwrap();
    let end = asked.end_time.map_or(NOW, BeijingTime::epoch).min(NOW);
    let skipped = usize::try_from(NOW - end).unwrap();
    let total = number.saturating_sub(skipped);
    let (page, size) = (asked.page.unwrap_or(1) as usize, asked.page_size.unwrap_or(10) as usize);
    let list: Vec<_> = (skipped..number)
        .skip((page - 1) * size)
        .take(size)
        .map(|number| {
            row_of(&format!("c_{number}"), &BeijingTime::from_epoch(NOW - number as i64).to_string())
        })
        .collect();
    Reply::data(json!({ "list": list, "total": total }))
}

#[test]
fn it_is_a_stream() {
    run(async {
        let server = Server::start(|seen, _| complaints(seen, 2_500)).await;
        let all = server.client().complaints(Filter::default());
        let ids: BTreeSet<_> = all.map_ok(|row| row.complaint_id).try_collect().await.unwrap();
        assert_eq!((ids.len(), server.counts().1), (2_500, 3));
        // And it can be handed to another task.
        let few = tokio::spawn(server.client().complaints(Filter::default()).take(5).count());
        assert_eq!(few.await.unwrap(), 5);
    });
}

#[test]
fn what_is_asked_for_is_the_filter_and_no_more() {
    run(async {
        let server = Server::start(|seen, _| complaints(seen, 25)).await;
        let end = BeijingTime::from_epoch(NOW - 3);
        let filter = Filter { state: Some(State::Pending), end_time: Some(end), ..Filter::default() };
        let mut all = server.client().complaints(filter.clone()).page_size(10);
        assert_eq!((all.total(), all.given()), (None, 0));
        let pages = async {
            let mut sizes = Vec::new();
            while let Some(page) = all.next_page().await {
                sizes.push(page.unwrap().len());
            }
            (sizes, all.total(), all.given(), all.cursor().filter())
        };
        assert_eq!(pages.await, (vec![10, 9, 3], Some(22), 22, filter));
        let bodies: Vec<_> = server.seen().iter().skip(1).map(Seen::json).collect();
        let ends = [end.epoch(), end.epoch() - 9, end.epoch() - 18]
            .map(|at| BeijingTime::from_epoch(at).to_string());
        for (body, end) in bodies.iter().zip(ends) {
            let expected =
                json!({ "page_size": 10, "page": 1, "state": 0, "end_time": end, "access_token": "token-0" });
            assert_eq!(*body, expected);
        }
    });
}

#[test]
fn a_server_that_allows_only_small_pages_is_asked_for_those() {
    run(async {
        for code in [3001, 1002, 40_013] {
            let server = Server::start(move |seen, _| match seen.json()["page_size"].as_i64() {
                Some(..=50) => complaints(seen, 120),
                _ => Reply::refusal(code),
            })
            .await;
            let all: Vec<_> = server.client().complaints(Filter::default()).try_collect().await.unwrap();
            assert_eq!((all.len(), server.counts().1), (120, 5), "1000 and 100 are refused, then 50 at once");
        }
        let server = Server::always(Reply::refusal(3001)).await;
        let error = server.client().complaints(Filter::default()).try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!((error.code(), server.counts().1), (Some(3001), 5), "it may be about something else");
    });
}

#[test]
fn a_list_without_end_has_one() {
    run(async {
        // Rows forever, each page older than the one before.
        let server = Server::start(|seen, _| complaints(seen, usize::MAX >> 1)).await;
        let mut all = server.client().complaints(Filter::default()).page_size(100).at_most(1_000);
        let mut given = 0;
        let error = loop {
            match all.next().await.unwrap() {
                Ok(_) => given += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Endless { rows: 1_000 }), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(given, 1_000);
        assert!(all.next().await.is_none());
    });
}

#[test]
fn a_large_export_goes_at_the_pace_that_the_limit_allows_and_never_above() {
    run(async {
        let clock = tousu_client::SetClock::at(NOW);
        let server = Server::start(|seen, _| complaints(seen, 100_000)).await;
        // 2 % of 500 calls in 10 s are 10 calls; a page of 1000 rows begins with one that is known.
        let client = server.builder().clock(clock.clone()).pace(Pace::share(0.02)).build().unwrap();
        let begun = tousu_client::Clock::elapsed(&clock);
        let all: Vec<_> = client.complaints(Filter::default()).try_collect().await.unwrap();
        let took = (tousu_client::Clock::elapsed(&clock) - begun).as_secs();
        assert_eq!((all.len(), server.counts().1), (100_000, 101));
        assert_eq!(took, 100, "101 calls are ten full windows, and one call after them");
    });
}
