//! Whatever comes, goes and shifts between answers: what was there all the while is given once, and the walk ends.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};

use super::*;

const NOW: i64 = 1_714_536_000;

fn row(id: u32, age: i64) -> Row {
    let time = BeijingTime::from_epoch(NOW - age);
    Row {
        channel_type: ChannelType::Shop,
        closed_at: None,
        complainant_phone: String::new(),
        complaint_from: ComplaintFrom::H5Shop,
        complaint_id: format!("c_{id}"),
        complaint_reason: String::new(),
        complaint_resource_id: String::new(),
        complaint_resource_type: 0,
        complaint_time: time,
        complaint_type: ComplaintType::Trade,
        current_step: CurrentStep::New,
        is_overtime: Overtime::InTime,
        operate_end_time: time,
        operate_time: time,
        state: State::Pending,
        time_limit: 72,
    }
}

/// What the server does wrong with one answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    DataNull,
    ListNull,
    TotalOff(i64),
    Short(usize),
}

/// How the server goes about it.
#[derive(Clone, Copy, Debug, Default)]
struct Manners {
    /// By number, not by time.
    another_order: bool,
    /// It never gives more rows at once.
    cap: Option<usize>,
    end_is_outside: bool,
    ignores_times: bool,
    tells_no_total: bool,
}

struct Server {
    rows: Vec<Row>,
    manners: Manners,
    next_id: u32,
}

impl Server {
    fn new(ages: &[i64], manners: Manners) -> Self {
        let rows = ages.iter().enumerate().map(|(id, age)| row(id as u32, *age)).collect();
        Server { rows, manners, next_id: ages.len() as u32 }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Comes(age) => {
                self.rows.push(row(self.next_id, age));
                self.next_id += 1;
            }
            Change::Goes(at) if !self.rows.is_empty() => {
                self.rows.swap_remove(at % self.rows.len());
            }
            Change::Goes(_) => {}
        }
    }

    fn answer(&mut self, request: &Request, fault: Option<Fault>) -> Received {
        let Manners { another_order, cap, end_is_outside, ignores_times, tells_no_total } = self.manners;
        let within = |row: &&Row| {
            ignores_times
                || request.end_time.is_none_or(|end| match end_is_outside {
                    true => row.complaint_time < end,
                    false => row.complaint_time <= end,
                })
        };
        let mut rows: Vec<Row> = self.rows.iter().filter(within).cloned().collect();
        match another_order {
            // A fixed order, but not that of time.
            true => rows.sort_by_key(|row| row.complaint_id.bytes().rev().collect::<Vec<_>>()),
            false => rows.sort_by(|one, other| {
                (other.complaint_time, &other.complaint_id).cmp(&(one.complaint_time, &one.complaint_id))
            }),
        }
        let total = rows.len() as i64;
        let (page, size) = (request.page.unwrap() as usize, request.page_size.unwrap() as usize);
        let mut rows: Vec<Item> = rows.into_iter().skip((page - 1) * size).take(size).map(Ok).collect();
        rows.truncate(cap.unwrap_or(usize::MAX));
        let mut total = Some(total).filter(|_| !tells_no_total);
        match fault {
            None => {}
            Some(Fault::DataNull) => (rows, total) = (Vec::new(), None),
            Some(Fault::ListNull) => rows = Vec::new(),
            Some(Fault::TotalOff(by)) => total = total.map(|total| (total + by).max(0)),
            Some(Fault::Short(by)) => rows.truncate(rows.len().saturating_sub(by)),
        }
        Received { rows, total }
    }

    fn ids(&self) -> BTreeSet<String> {
        self.rows.iter().map(|row| row.complaint_id.clone()).collect()
    }
}

#[derive(Clone, Copy, Debug)]
enum Change {
    /// A complaint appears; of that age, so that it may be among the old ones.
    Comes(i64),
    /// One goes, or is in another state than the one that is asked for.
    Goes(usize),
}

struct Course {
    given: Vec<String>,
    doubts: Vec<Doubt>,
    answers: usize,
    throughout: BTreeSet<String>,
}

/// Walks to the end. Between answers comes what `changes` says; each `resumed`-th row, the walk is put down and taken up
/// by its cursor.
fn walked(
    server: &mut Server,
    size: i64,
    changes: &[Vec<Change>],
    faults: &[Option<Fault>],
    resumed: Option<u64>,
) -> Course {
    let begin = |at: Position| {
        let mut walk = Walk::from(at);
        walk.set_page_size(size);
        walk
    };
    let mut cursor = Position::before(Filter::default());
    let mut walk = begin(cursor.clone());
    let (mut given, mut answers, mut throughout) = (Vec::new(), 0, server.ids());
    let mut doubts = Vec::new();
    while !walk.ended {
        let request = walk.request();
        let received = server.answer(&request, faults.get(answers).copied().flatten());
        for item in walk.take(received) {
            let Position { newest_first, end_is_outside, total, largest, .. } = walk.at;
            cursor = Position { newest_first, end_is_outside, total, largest, ..cursor };
            cursor.give(&item);
            given.push(key(&item));
            if resumed.is_some_and(|every| cursor.given.is_multiple_of(every)) {
                let kept = serde_json::to_string(&cursor).unwrap();
                doubts.append(&mut walk.doubts);
                walk = begin(serde_json::from_str(&kept).unwrap());
                break;
            }
        }
        for change in changes.get(answers).into_iter().flatten() {
            server.change(*change);
        }
        throughout = throughout.intersection(&server.ids()).cloned().collect();
        answers += 1;
        assert!(answers < 20_000, "no end is in sight");
    }
    doubts.append(&mut walk.doubts);
    Course { given, doubts, answers, throughout }
}

impl Course {
    fn gave_each_once(&self) -> Result<(), TestCaseError> {
        let set: BTreeSet<_> = self.given.iter().cloned().collect();
        prop_assert_eq!(set.len(), self.given.len(), "something came twice: {:?}", &self.given);
        let missing: Vec<_> = self.throughout.difference(&set).collect();
        prop_assert!(missing.is_empty(), "missing: {:?}; doubts: {:?}", missing, self.doubts);
        Ok(())
    }
}

/// Ages with many of the same second.
fn ages(most: usize, seconds: i64) -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(0..seconds, 0..most)
}

fn changes(seconds: i64) -> impl Strategy<Value = Vec<Vec<Change>>> {
    let change = prop_oneof![
        2 => any::<usize>().prop_map(Change::Goes),
        // Most are new, some are brought in later.
        1 => (-5i64..0).prop_map(Change::Comes),
        1 => (0..seconds).prop_map(Change::Comes),
    ];
    proptest::collection::vec(proptest::collection::vec(change, 0..8), 0..40)
}

/// Now and then something is wrong, but never three times in a row.
fn faults() -> impl Strategy<Value = Vec<Option<Fault>>> {
    let fault = prop_oneof![
        Just(Fault::DataNull),
        Just(Fault::ListNull),
        (-50i64..50).prop_map(Fault::TotalOff),
        (1usize..5).prop_map(Fault::Short),
    ];
    let twice = prop_oneof![Just(vec![None]), fault.prop_map(|fault| vec![Some(fault), None, None])];
    proptest::collection::vec(twice, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_shifts_each_row_comes_once(
        ages in ages(150, 40), changes in changes(40), size in 12i64..40, outside: bool,
        cap in proptest::option::of(12usize..20), resumed in proptest::option::of(1u64..30),
    ) {
        let manners = Manners { end_is_outside: outside, cap, ..Manners::default() };
        let course = walked(&mut Server::new(&ages, manners), size, &changes, &[], resumed);
        course.gave_each_once()?;
        prop_assert!(course.doubts.is_empty(), "{:?}", course.doubts);
    }

    #[test]
    fn nor_does_it_matter_what_is_wrong_with_some_answers(
        ages in ages(150, 60), changes in changes(60), faults in faults(), size in 12i64..40,
    ) {
        walked(&mut Server::new(&ages, Manners::default()), size, &changes, &faults, None).gave_each_once()?;
    }

    #[test]
    fn nor_in_which_order_the_list_is(
        ages in ages(60, 40), changes in changes(40), size in 20i64..40, resumed in proptest::option::of(1u64..30),
    ) {
        let manners = Manners { another_order: true, ..Manners::default() };
        walked(&mut Server::new(&ages, manners), size, &changes[..changes.len().min(5)], &[], resumed).gave_each_once()?;
    }

    #[test]
    fn nor_whether_the_server_knows_of_times_or_totals(
        ages in ages(60, 40), size in 20i64..40, ignores_times: bool, cap in proptest::option::of(12usize..20),
    ) {
        let manners = Manners { ignores_times, tells_no_total: !ignores_times, cap, ..Manners::default() };
        let course = walked(&mut Server::new(&ages, manners), size, &[], &[], None);
        course.gave_each_once()?;
    }

    /// Pages of rows from nowhere, with totals from nowhere.
    #[test]
    fn it_ends_even_if_the_server_makes_everything_up(
        answers in proptest::collection::vec(
            (proptest::collection::vec(0u32..200, 0..30), proptest::option::of(0i64..1000)), 1..60),
        size in 1i64..40,
    ) {
        let mut walk = Walk::from(Position::before(Filter::default()));
        walk.set_page_size(size);
        let (mut given, mut made_up) = (BTreeSet::new(), answers.iter().cycle());
        let mut number = 0;
        while !walk.ended {
            let (rows, total) = made_up.next().unwrap();
            // The time that a complaint bears does not change.
            let rows = rows.iter().map(|id| Ok(row(*id, i64::from(id % 50)))).collect();
            for item in walk.take(Received { rows, total: *total }) {
                prop_assert!(given.insert(key(&item)), "{} came twice", key(&item));
            }
            number += 1;
            prop_assert!(number < 5_000, "no end is in sight");
        }
    }
}

#[test]
fn a_small_shop_costs_one_call_and_a_large_one_a_call_a_page() {
    let walk = |rows: i64, size| {
        let ages: Vec<i64> = (0..rows).collect();
        let course = walked(&mut Server::new(&ages, Manners::default()), size, &[], &[], None);
        assert_eq!((course.given.len() as i64, course.doubts), (rows, Vec::new()));
        course.answers
    };
    assert_eq!((walk(0, 1000), walk(28, 1000), walk(999, 1000)), (1, 1, 1));
    // Each page begins with the last row of the one before.
    assert_eq!((walk(1000, 1000), walk(1999, 1000), walk(9_500, 1000)), (2, 3, 10));
}

#[test]
fn the_server_that_gives_the_same_page_forever_is_left() {
    let mut walk = Walk::from(Position::before(Filter::default()));
    walk.set_page_size(10);
    let mut answers = 0;
    let mut given = 0;
    while !walk.ended {
        let rows = (0..10).map(|id| Ok(row(id, 7))).collect();
        given += walk.take(Received { rows, total: Some(1_000_000) }).len();
        answers += 1;
    }
    assert_eq!(given, 10);
    assert!(answers < 20, "{answers}");
    assert!(!walk.doubts.is_empty());
}

#[test]
fn smaller_pages_are_tried_only_before_the_first_answer() {
    let mut walk = Walk::from(Position::before(Filter::default()));
    let mut sizes = vec![walk.request().page_size.unwrap()];
    while walk.shrink() {
        sizes.push(walk.request().page_size.unwrap());
    }
    assert_eq!(sizes, [1000, 100, 50, 20, 10]);
    let mut walk = Walk::from(Position::before(Filter::default()));
    walk.take(Received { rows: vec![Ok(row(1, 1))], total: Some(5) });
    assert!(!walk.shrink());
}
