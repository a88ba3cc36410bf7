//! The list against a plain model of it: a vector, filtered and sorted as the contract says.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tousu::complaint::Complaint;
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, Overtime, State};
use tousu_wire::complaint_list::{ComplaintList, Request};
use tousu_wire::{Endpoint, lenient};

use crate::support::*;

/// The same cases at every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Complaints close together in time, so that ties are common, with deadlines around [`NOW`].
fn complaints() -> impl Strategy<Value = Vec<Complaint>> {
    let one = (
        0i64..50,
        1i64..=5,
        0i64..=3,
        select(vec![1i64, 2, 3]),
        select(vec![-2i64, -1, 0, 1, 2, 3600, -3600]),
    );
    vec(one, 0..60).prop_map(|rows| {
        let built = rows.into_iter().enumerate().map(|(at, (back, channel, state, fact, from_deadline))| {
            let mut row = complaint(&format!("c_{:02}", at * 7 % 60), NOW - 300_000 - back * 10);
            row.channel_type = ChannelType::from(channel);
            // 3 is a state that the page does not list: kept, and open as long as it is not 2.
            row.state = State::from(state);
            row.operate_end_time = NOW + from_deadline;
            if row.state == State::Done {
                row.closed_at = Some(NOW - 10);
                row.closed_overtime = Some(Overtime::from(fact));
            }
            row
        });
        built.collect()
    })
}

#[derive(Clone, Debug)]
struct Query {
    channel: Option<i64>,
    overtime: Option<i64>,
    state: Option<i64>,
    start: Option<i64>,
    end: Option<i64>,
    id: Option<Index>,
    page: i64,
    size: i64,
}

fn queries() -> impl Strategy<Value = Query> {
    use proptest::option::{of, weighted};
    let moment = || of((-1i64..51).prop_map(|back| NOW - 300_000 - back * 10));
    (
        of(1i64..=4),
        of(1i64..=2),
        of(0i64..=2),
        moment(),
        moment(),
        weighted(0.15, any::<Index>()),
        1i64..5,
        select(vec![1i64, 2, 3, 7, 10, 1000]),
    )
        .prop_map(|(channel, overtime, state, a, b, id, page, size)| {
            let (start, end) = match (a, b) {
                (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
                other => other,
            };
            Query { channel, overtime, state, start, end, id, page, size }
        })
}

/// The contract, said once more in the plainest way.
fn expected(all: &[Complaint], query: &Query, now: i64) -> (Vec<String>, i64) {
    let overtime = |row: &Complaint| match row.state.number() {
        2 => row.closed_overtime.map(CodeTable::number),
        _ if now > row.operate_end_time => Some(2),
        _ => Some(1),
    };
    let id = query.id.filter(|_| !all.is_empty()).map(|id| &id.get(all).complaint_id);
    let mut found: Vec<&Complaint> = all
        .iter()
        .filter(|row| query.channel.is_none_or(|code| row.channel_type.number() == code))
        .filter(|row| query.state.is_none_or(|code| row.state.number() == code))
        .filter(|row| query.overtime.is_none_or(|code| overtime(row) == Some(code)))
        .filter(|row| query.start.is_none_or(|start| row.complaint_time >= start))
        .filter(|row| query.end.is_none_or(|end| row.complaint_time <= end))
        .filter(|row| id.is_none_or(|id| row.complaint_id == *id))
        .collect();
    found.sort_by(|a, b| (b.complaint_time, &b.complaint_id).cmp(&(a.complaint_time, &a.complaint_id)));
    let page = found.iter().skip(((query.page - 1) * query.size) as usize).take(query.size as usize);
    (page.map(|row| row.complaint_id.clone()).collect(), found.len() as i64)
}

fn body(query: &Query, all: &[Complaint]) -> Value {
    let time = |epoch: Option<i64>| epoch.map(|epoch| BeijingTime::from_epoch(epoch).to_string());
    json!({
        "channel_type": query.channel.unwrap_or(0),
        "is_overtime": query.overtime.unwrap_or(0),
        "state": query.state.map_or(json!(""), |state| json!(state)),
        "start_time": time(query.start),
        "end_time": time(query.end),
        "complaint_id": query.id.filter(|_| !all.is_empty()).map(|id| id.get(all).complaint_id.clone()),
        "page": query.page,
        "page_size": query.size,
    })
}

#[test]
fn every_filter_agrees_with_the_model_around_every_deadline() {
    on_each_database(async |database| {
        let server = Server::start_with(database, |settings| settings.limits.calls_factor = 1000).await;
        let mut runner = runner(25);
        for case in 0..25 {
            let shop = server.shop(&format!("appModel{case}")).await;
            let credentials = server.app(&shop).await;
            let token = server.token_for(&shop, &credentials, 7200).await;
            let mut all = drawn(&mut runner, complaints());
            // Ids are unique: of two with one id the first is kept, as the store would compare the second.
            let mut seen = std::collections::HashSet::new();
            all.retain(|row| seen.insert(row.complaint_id.clone()));
            server.put(&shop, &all).await;
            for query in drawn(&mut runner, vec(queries(), 12)) {
                for moment in [NOW - 1, NOW, NOW + 1] {
                    server.clock.set(moment);
                    let answer = server.list(&token, body(&query, &all)).await;
                    let (ids, total) = expected(&all, &query, moment);
                    assert_eq!((answer.ids(), answer.total()), (ids, total), "{query:?} at {}", moment - NOW);
                    for row in answer.data()["list"].as_array().unwrap() {
                        let kept = all.iter().find(|kept| row["complaint_id"] == kept.complaint_id).unwrap();
                        let shown = serde_json::to_value(kept.clone().to_row(moment)).unwrap();
                        assert_eq!(*row, shown);
                    }
                }
            }
            server.clock.set(NOW);
        }
    });
}

fn drawn<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// One complaint, watched through its deadline: filter, total and field change in the same second.
#[test]
fn overtime_is_right_to_the_second() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appDeadline").await;
        let open = complaint("c_open", NOW - 72 * 3600);
        assert_eq!(open.operate_end_time, NOW);
        let mut in_time = complaint("c_in_time", NOW - 80 * 3600);
        (in_time.state, in_time.closed_overtime) = (State::Done, Some(Overtime::InTime));
        let mut late = complaint("c_late", NOW - 90 * 3600);
        (late.state, late.closed_overtime) = (State::Done, Some(Overtime::Late));
        server.put(&shop, &[open, in_time, late]).await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        // Twice over, forth and back: what is remembered must not outlive its moment.
        for (moment, late) in [(-1, 1), (0, 1), (1, 2), (0, 1), (1, 2), (-1, 1)] {
            server.clock.set(NOW + moment);
            let with = async |code: i64| server.list(&token, json!({ "is_overtime": code })).await.total();
            assert_eq!((with(2).await, with(1).await), (late, 3 - late), "{moment} s after the deadline");
            let row =
                server.list(&token, json!({ "complaint_id": "c_open" })).await.data()["list"][0].clone();
            assert_eq!(row["is_overtime"], if moment > 0 { 2 } else { 1 });
        }
    });
}

/// A change that one call made is in the next call's page and total.
#[test]
fn what_is_remembered_never_outlives_a_change() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appChange").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        for count in 1..20 {
            server.put(&shop, &[complaint(&format!("c_{count}"), NOW - count)]).await;
            let answer = server.list(&token, json!({ "page_size": 100 })).await;
            assert_eq!((answer.total(), answer.ids().len() as i64), (count, count));
            assert_eq!(server.list(&token, json!({ "state": 2 })).await.total(), 0);
        }
    });
}

#[test]
fn walking_all_pages_gives_every_row_once() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appWalk").await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        // Three moments only: the ids decide the order within each.
        let all: Vec<_> =
            (0..1234).map(|at| complaint(&format!("c_{:04}", at * 613 % 1234), NOW - at % 3)).collect();
        server.put(&shop, &all).await;
        for size in [7, 100, 1000] {
            let mut seen = Vec::new();
            for page in 1.. {
                let answer = server.list(&token, json!({ "page": page, "page_size": size })).await;
                assert_eq!(answer.total(), 1234);
                let ids = answer.ids();
                if ids.is_empty() {
                    assert_eq!(page, 1234 / size + 2, "an empty page only past the end");
                    break;
                }
                seen.extend(ids);
            }
            let everything = Query {
                channel: None,
                overtime: None,
                state: None,
                start: None,
                end: None,
                id: None,
                page: 1,
                size: 5000,
            };
            assert_eq!(seen, expected(&all, &everything, NOW).0);
        }
        assert!(server.list(&token, json!({ "page": i64::MAX, "page_size": 1000 })).await.ids().is_empty());
    });
}

/// Every way in which the wire may write "no filter" and "this number".
fn absent() -> impl Strategy<Value = Option<Value>> {
    select(vec![None, Some(Value::Null), Some(json!("")), Some(json!("  "))])
}

fn number(value: i64) -> impl Strategy<Value = Option<Value>> {
    let forms = [
        json!(value),
        json!(value.to_string()),
        json!(value as f64),
        json!(format!(" {value} ")),
        json!(format!("{value}.0")),
    ];
    select(forms.to_vec()).prop_map(Some)
}

proptest! {
    /// Any mix of the tolerated forms is one and the same filter, in JSON (with trailing commas, too) and
    /// as a form.
    #[test]
    fn every_tolerated_form_is_the_same_request(
        channel in 0i64..=4,
        overtime in 0i64..=2,
        state in proptest::option::of(0i64..=2),
        page in proptest::option::of(1i64..9),
        written in vec(any::<Index>(), 6),
        commas in any::<bool>(),
    ) {
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let mut form = |value: Option<i64>, pick: &Index| {
            for _ in 0..pick.index(7) {
                let _ = drawn(&mut runner, any::<u64>());
            }
            match value {
                Some(value) => drawn(&mut runner, number(value)),
                None => drawn(&mut runner, absent()),
            }
        };
        let fields = [
            ("channel_type", form(Some(channel), &written[0])),
            ("is_overtime", form(Some(overtime), &written[1])),
            ("state", form(state, &written[2])),
            ("page", form(page, &written[3])),
            ("page_size", form(None, &written[4])),
            ("complaint_id", form(None, &written[5])),
            ("unknown", Some(json!({ "x": [1, 2] }))),
        ];
        let members: Vec<String> = fields.iter()
            .filter_map(|(name, value)| Some(format!("{}: {}", json!(name), value.as_ref()?)))
            .collect();
        let text = format!("{{ {}{} }}", members.join(" , "), if commas && !members.is_empty() { " ,\n" } else { "" });
        let as_form: String = fields.iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .map(|(name, value)| {
                let text = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.replace(' ', "+"),
                    other => other.to_string().replace(' ', ""),
                };
                format!("{name}={text}")
            })
            .collect::<Vec<_>>()
            .join("&");
        let expected = Request {
            channel_type: Some(ChannelType::from(channel)),
            is_overtime: Some(Overtime::from(overtime)),
            state: state.map(State::from),
            page,
            ..Request::default()
        };
        for body in [text, as_form] {
            let parameters = lenient::parameters(body.as_bytes()).map_err(TestCaseError::fail)?;
            let decoded: Request = lenient::request(parameters).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
            prop_assert_eq!(decoded.clone().query(), expected.clone().query(), "{}", body);
        }
    }
}

/// `0` is a state and no state is no filter: over the wire, in every form.
#[test]
fn zero_is_a_filter_where_empty_is_none() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appZero").await;
        let mut done = complaint("c_done", NOW - 1);
        (done.state, done.closed_overtime) = (State::Done, Some(Overtime::InTime));
        server.put(&shop, &[complaint("c_pending", NOW - 2), done]).await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        for pending in [json!(0), json!("0"), json!(0.0)] {
            assert_eq!(server.list(&token, json!({ "state": pending })).await.total(), 1);
        }
        for all in [json!(""), Value::Null, json!(" ")] {
            assert_eq!(server.list(&token, json!({ "state": all })).await.total(), 2);
        }
        let form = format!("access_token={token}&state=0&page_size=5&channel_type=");
        assert_eq!(server.post_raw(&ComplaintList::path(), form).await.total(), 1);
    });
}

/// What is out of bounds is refused with 3001 and a message that says what and why.
#[test]
fn out_of_bounds_is_said() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let token = server.any_token().await;
        let cases = [
            (json!({ "page": 0 }), "page", "0"),
            (json!({ "page": -1 }), "page", "-1"),
            (json!({ "page": "x" }), "page", "\"x\""),
            (json!({ "page": 1.5 }), "page", "1.5"),
            (json!({ "page": [1] }), "page", "数组"),
            (json!({ "page": true }), "page", "true"),
            (json!({ "page_size": 0 }), "page_size", "1 到 1000"),
            (json!({ "page_size": 1001 }), "page_size", "1 到 1000"),
            (json!({ "channel_type": 5 }), "channel_type", "0, 1, 2, 3, 4"),
            (json!({ "is_overtime": 3 }), "is_overtime", "0, 1, 2"),
            (json!({ "state": 3 }), "state", "0, 1, 2"),
            (json!({ "state": {} }), "state", "对象"),
            (json!({ "start_time": "2024-04-19" }), "start_time", "yyyy-MM-dd HH:mm:ss"),
            (json!({ "end_time": "2024-02-30 00:00:00" }), "end_time", "2024-02-30 00:00:00"),
            (json!({ "end_time": "2024-04-19T11:25:19" }), "end_time", "yyyy-MM-dd HH:mm:ss"),
            (json!({ "start_time": 1_713_497_119 }), "start_time", "yyyy-MM-dd HH:mm:ss"),
            (
                json!({ "start_time": "2024-04-19 00:00:01", "end_time": "2024-04-19 00:00:00" }),
                "start_time",
                "2024-04-19 00:00:01",
            ),
        ];
        for (filter, name, said) in cases {
            let answer = server.list(&token, filter.clone()).await;
            assert_eq!(answer.code(), 3001, "{filter}");
            assert!(answer.msg().contains(name) && answer.msg().contains(said), "{filter}: {}", answer.msg());
            assert!(!answer.msg().contains('¦'), "{}", answer.msg());
        }
    });
}
