//! No window of any server sees more calls than it allows, whenever it counts them.

use proptest::prelude::*;

use super::*;
use crate::SystemClock;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn windows(pace: Pace) -> Vec<(u32, Duration)> {
    pace.windows(USUAL).iter().map(|window| (window.calls, window.span)).collect()
}

#[test]
fn a_share_is_a_part_of_the_interfaces_limit() {
    assert_eq!(windows(Pace::FULL), [(500, seconds(10)), (100, seconds(1))]);
    assert_eq!(windows(Pace::share(0.2)), [(100, seconds(10)), (20, seconds(1))]);
    assert_eq!(windows(Pace::share(0.01)), [(5, seconds(10))]);
    assert_eq!(
        windows(Pace::share(0.001)),
        [(1, seconds(20))],
        "less than one call in 10 s is one in longer"
    );
    for outside in [1.5, f64::NAN, f64::INFINITY] {
        assert_eq!(windows(Pace::share(outside)), windows(Pace::FULL));
    }
    assert!(windows(Pace::share(-1.0))[0].1 > seconds(86_400 / 10), "nothing is next to nothing");
    assert_eq!(windows(Pace::at_most(0, seconds(1))), [(1, seconds(1))]);
    assert_eq!(windows(Pace::UNLIMITED), []);
}

/// Calls as a server may count them: at the start, at the answer, or anywhere between.
#[derive(Clone, Copy, Debug)]
struct Call {
    counted: Duration,
}

/// Runs `lags` as calls of several tasks at once on a paused clock.
fn counted(pace: Pace, limit: RateLimit, tasks: usize, lags: &[(u64, f64, u64)]) -> Vec<Call> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let clock = Arc::new(SystemClock::default());
        let pacer = Arc::new(Pacer::new(pace, clock.clone()));
        let work: Vec<Vec<_>> =
            (0..tasks).map(|task| lags.iter().skip(task).step_by(tasks).copied().collect()).collect();
        let tasks: Vec<_> = work
            .into_iter()
            .map(|lags| {
                let (pacer, clock) = (pacer.clone(), clock.clone());
                tokio::spawn(async move {
                    let mut calls = Vec::new();
                    for (lag, part, idle) in lags {
                        let place = pacer.place("interface", limit).await;
                        let lag = Duration::from_millis(lag);
                        let counted = clock.elapsed() + lag.mul_f64(part);
                        clock.sleep(lag).await;
                        drop(place);
                        calls.push(Call { counted });
                        clock.sleep(Duration::from_millis(idle)).await;
                    }
                    calls
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all
    })
}

/// The most calls that any span of that length, open at its end, has.
fn most_in_any(span: Duration, calls: &[Call]) -> usize {
    let mut moments: Vec<_> = calls.iter().map(|call| call.counted).collect();
    moments.sort();
    let ends = moments.iter().map(|start| moments.partition_point(|moment| *moment < *start + span));
    ends.enumerate().map(|(start, end)| end - start).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn never_above_the_limit_in_any_window(
        calls in 1u32..30, seconds in 1u32..12, part in 0.05..1.0f64, tasks in 1usize..40,
        lags in proptest::collection::vec((0u64..4_000, 0.0..=1.0f64, prop_oneof![Just(0u64), 0u64..3_000]), 1..250),
    ) {
        let limit = RateLimit { calls, seconds };
        let done = counted(Pace::share(part), limit, tasks, &lags);
        prop_assert_eq!(done.len(), lags.len(), "everybody came to their turn");
        let span = Duration::from_secs(seconds.into());
        let allowed = (f64::from(calls) * part).max(1.0) as usize;
        prop_assert!(most_in_any(span, &done) <= allowed);
        // What counts in windows that begin at fixed moments is covered by that; said here all the same.
        let fixed = |call: &Call| call.counted.as_nanos() / span.as_nanos();
        for window in done.iter().map(fixed) {
            prop_assert!(done.iter().filter(|call| fixed(call) == window).count() <= allowed);
        }
    }
}

#[test]
fn what_the_limit_allows_is_used() {
    let calls = vec![(20, 0.5, 0); 3_000];
    let done = counted(Pace::FULL, USUAL, 50, &calls);
    let (last, most) = (done.iter().map(|call| call.counted).max().unwrap(), most_in_any(seconds(10), &done));
    assert_eq!(most, 500, "never more, and no less");
    assert!(
        last < seconds(55),
        "3,000 calls are 5 full windows, and the 5 s that the last 500 take: {last:?}"
    );
    assert!(most_in_any(seconds(1), &done) <= 100, "nothing sudden");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_is_heard() {
    let clock = Arc::new(SystemClock::default());
    let pacer = Pacer::new(Pace::share(0.5), clock.clone());
    let exhausted =
        Limits { remaining: Some(0), reset: Some(seconds(7)), limit: Some(4), ..Limits::default() };
    let place = pacer.place("interface", USUAL).await;
    place.learn(&exhausted);
    drop(place);
    drop(pacer.place("another", USUAL).await);
    assert_eq!(clock.elapsed(), Duration::ZERO, "other interfaces are not concerned");
    drop(pacer.place("interface", USUAL).await);
    assert_eq!(clock.elapsed(), seconds(7), "nobody calls before there is something left");
    // Half of 4 in 10 s; the one at 0 s is over at 10 s.
    drop(pacer.place("interface", USUAL).await);
    assert_eq!(clock.elapsed(), seconds(10));

    let place = pacer.place("interface", USUAL).await;
    place.close_for(seconds(60));
    drop(place);
    let closed_at = clock.elapsed();
    drop(pacer.place("interface", USUAL).await);
    assert_eq!(clock.elapsed(), closed_at + seconds(60), "who was refused keeps the others from trying");
}

#[tokio::test(start_paused = true)]
async fn interfaces_are_counted_apart_or_together() {
    let clock = Arc::new(SystemClock::default());
    for (pace, took) in [(Pace::share(0.004), 0), (Pace::share(0.004).together(), 10)] {
        let (pacer, begun) = (Pacer::new(pace, clock.clone()), clock.elapsed());
        for interface in ["one", "another", "one", "another"] {
            drop(pacer.place(interface, USUAL).await);
        }
        assert_eq!(clock.elapsed() - begun, seconds(took));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_given_up_leaves_the_queue() {
    let clock = Arc::new(SystemClock::default());
    let pacer = Arc::new(Pacer::new(Pace::at_most(1, seconds(10)), clock.clone()));
    let place = pacer.place("interface", USUAL).await;
    let waits = tokio::time::timeout(seconds(1), pacer.place("interface", USUAL)).await;
    assert!(waits.is_err());
    drop(place);
    drop(pacer.place("interface", USUAL).await);
    assert_eq!(clock.elapsed(), seconds(11));
}
