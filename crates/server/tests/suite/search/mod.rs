//! Searching: against a plain model, however far the index of words has come.

mod index;
mod interface;
mod model;
mod similar;

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::complaint::{Complaint, Phone};
use tousu::search::following::follow;
use tousu::store::{ShopId, Store};
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, CurrentStep, Overtime, State};
use tousu_wire::complaint_search::ComplaintSearch;
use tousu_wire::{BeijingTime, Endpoint};

use crate::support::*;

/// A complaint as the model has it.
#[derive(Clone, Debug)]
pub struct Known {
    complaint: Complaint,
    number: i64,
    assignee: String,
    tags: Vec<String>,
    changed_at: i64,
}

/// A server with one shop, what is known of its complaints, and a token.
pub struct Archive {
    server: Server,
    shop: ShopId,
    token: String,
    known: HashMap<String, Known>,
}

const REASONS: &[&str] = &[
    "要",
    "退款",
    "不给退",
    "Refund",
    "ab C",
    "。",
    " ",
    "质量",
    "a%_\"'",
    "*?()",
    "18812341474",
    "货",
    "款",
    "é",
];
const ASSIGNEES: &[&str] = &["小李", "小王", "A b", "a\"b"];
const TAGS: &[&str] = &["退款", "急", "VIP 1", "质量\"差\""];

impl Archive {
    pub async fn open(database: &Database) -> Self {
        Archive::open_as(database, "appArchive").await
    }

    pub async fn open_as(database: &Database, app_id: &str) -> Self {
        let server = Server::start_with(database, |settings| settings.limits.calls_factor = 10_000).await;
        let shop = server.shop(app_id).await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 1_000_000_000).await;
        Archive { server, shop, token, known: HashMap::new() }
    }

    /// Puts complaints into the shop, new or changed.
    pub async fn put(&mut self, complaints: Vec<Complaint>) {
        self.server.put(&self.shop, &complaints).await;
        for complaint in complaints {
            let id = complaint.complaint_id.clone();
            match self.known.get_mut(&id) {
                Some(known) if known.complaint == complaint => {}
                Some(known) => {
                    known.complaint = complaint;
                    known.changed_at = BY_TEST.at;
                }
                None => {
                    let (assignee, tags) = (String::new(), Vec::new());
                    let changed_at = BY_TEST.at;
                    let known = Known { complaint, number: 0, assignee, tags, changed_at };
                    self.known.insert(id, known);
                }
            }
        }
        const NUMBERS: &str = "select complaint_id, number from complaints where shop_id = $1";
        let mut tx = self.server.store.read().await.unwrap();
        let numbers = tx.query(&self.shop, NUMBERS, &[], |row| Ok((row.text(0)?.to_owned(), row.int(1)?)));
        for (id, number) in numbers.await.unwrap() {
            self.known.get_mut(&id).unwrap().number = number;
        }
    }

    /// Assigns a complaint or tags it.
    pub async fn act(&mut self, rng: &mut StdRng) {
        let mut ids: Vec<&String> = self.known.keys().collect();
        ids.sort_unstable();
        let id = (*ids.choose(rng).unwrap()).clone();
        let now = NOW + rng.random_range(0..50) * 60;
        self.server.clock.set(now);
        let (name, body) = match rng.random() {
            true => ("assign", json!({ "assignee": ASSIGNEES.choose(rng).unwrap() })),
            false => {
                ("tag", json!({ "add": [TAGS.choose(rng).unwrap()], "remove": [TAGS.choose(rng).unwrap()] }))
            }
        };
        let mut asked = body.clone();
        asked["access_token"] = json!(self.token);
        asked["complaint_id"] = json!(id);
        self.server.post(&format!("/tousu.complaint.{name}/1.0.0"), &asked).await.data();
        self.server.clock.set(NOW);
        let known = self.known.get_mut(&id).unwrap();
        known.changed_at = now;
        if let Some(assignee) = body["assignee"].as_str() {
            known.assignee = assignee.into();
            return;
        }
        let (add, remove) = (body["add"][0].as_str().unwrap(), body["remove"][0].as_str().unwrap());
        known.tags.retain(|tag| tag != remove);
        known.tags.push(add.into());
        known.tags.sort_unstable();
        known.tags.dedup();
    }

    /// Searches as a client does.
    pub async fn search(&self, mut asked: Value) -> Answer {
        asked["access_token"] = json!(self.token);
        self.server.post(&ComplaintSearch::path(), &asked).await
    }

    /// All pages of a search, which must agree on the total.
    pub async fn all_pages(&self, asked: &Value) -> (Vec<Value>, Value) {
        let (mut rows, mut asked, mut total) = (Vec::new(), asked.clone(), Value::Null);
        loop {
            let answer = self.search(asked.clone()).await;
            let page = answer.data()["list"].as_array().unwrap();
            let size = asked["page_size"].as_u64().unwrap_or(20) as usize;
            let next = answer.data()["next_cursor"].as_str().unwrap();
            assert!(page.len() == size || next.is_empty(), "{asked} {}", answer.text);
            rows.extend(page.iter().cloned());
            if rows.len() > page.len() {
                assert_eq!(answer.data()["total"], total, "{asked}");
            }
            total = answer.data()["total"].clone();
            if next.is_empty() {
                return (rows, total);
            }
            asked["cursor"] = json!(next);
        }
    }

    /// Brings the index of words up to date.
    pub async fn follow(&self) -> u64 {
        follow(&self.server.store, &self.server.clock, "me").await.unwrap()
    }

    /// What is wrong with the index of words.
    pub async fn differences(&self) -> Vec<String> {
        differences(&self.server.store, &self.shop).await
    }
}

pub async fn differences(store: &Store, shop: &ShopId) -> Vec<String> {
    store.read().await.unwrap().differences_in_words(shop, 10_000).await.unwrap()
}

/// Some complaint of that number.
pub fn some(rng: &mut StdRng, id: usize) -> Complaint {
    let mut row = complaint(&format!("c_{id:05}"), NOW - 300_000 + rng.random_range(0..200) * 60);
    row.channel_type = ChannelType::from(rng.random_range(1..=5));
    row.complaint_from = ComplaintFrom::from(*[101, 201, 203, 999].choose(rng).unwrap());
    row.state = State::from(*[0, 1, 2, 2, 2, 3].choose(rng).unwrap());
    row.current_step = CurrentStep::from(rng.random_range(1..=7));
    row.operate_end_time = NOW + rng.random_range(-30..30) * 60;
    row.complaint_reason =
        (0..rng.random_range(0..4)).map(|_| *REASONS.choose(rng).unwrap()).collect::<String>();
    row.complaint_resource_id = ["E1", "e1", "E 2", "", "o\"3"].choose(rng).unwrap().to_string();
    let phones = ["18812341474", "188****1474", "13900001475", "62****78", "微信", "", "+86 188-1234-1476"];
    row.complainant_phone = Phone(phones.choose(rng).unwrap().to_string());
    if row.state == State::Done {
        row.closed_at = Some(NOW);
        row.closed_overtime = Some(Overtime::from(rng.random_range(1..=2)));
    }
    row
}

/// New versions of some of the first complaints.
pub fn some_of(rng: &mut StdRng, count: usize, ids: usize) -> Vec<Complaint> {
    let ids: Vec<usize> = (0..count).map(|_| rng.random_range(0..ids)).collect();
    ids.into_iter().map(|id| some(rng, id)).collect()
}

/// Some search.
pub fn asked(rng: &mut StdRng) -> Value {
    fn several<T: Clone + Into<Value>>(rng: &mut StdRng, values: &[T]) -> Value {
        let many = rng.random_range(1..=2);
        values.sample(rng, many).cloned().map(Into::into).collect()
    }
    let mut asked = json!({ "page_size": *[3, 20, 100].choose(rng).unwrap(), "with_total": 1 });
    let moment = |rng: &mut StdRng, from: i64, to: i64| {
        BeijingTime::from_epoch(rng.random_range(from..to) * 60 + NOW).to_string()
    };
    for _ in 0..rng.random_range(0..=3) {
        match rng.random_range(0..17) {
            0 => asked["channel_type"] = several(rng, &[1, 2, 3, 4]),
            1 => asked["state"] = several(rng, &[0, 1, 2]),
            2 => asked["is_overtime"] = json!(rng.random_range(1..=2)),
            3 => asked["complaint_from"] = several(rng, &[101, 201, 203, 999]),
            4 => asked["current_step"] = several(rng, &[1, 2, 3, 4, 7]),
            5 => asked["assignee"] = several(rng, ASSIGNEES),
            6 => asked["tag"] = several(rng, TAGS),
            7 => asked["start_time"] = json!(moment(rng, -5000, -4900)),
            8 => asked["end_time"] = json!(moment(rng, -4900, -4800)),
            9 => asked["due_after"] = json!(moment(rng, -30, 0)),
            10 => asked["due_before"] = json!(moment(rng, 0, 30)),
            11 => asked["changed_since"] = json!(moment(rng, 0, 50)),
            12 => asked["complaint_resource_id"] = json!(*["E1", "E 2", "o\"3", "E9"].choose(rng).unwrap()),
            13 => asked["unassigned"] = json!(1),
            14 => asked["hour"] = several(rng, &[0, 1, 2, 3, 23]),
            15 => asked["phone_tail"] = json!(*["1474", "1475", "1476", "0078", "9999"].choose(rng).unwrap()),
            _ => {
                let texts = [
                    "退款",
                    "给退",
                    "要退",
                    "refund",
                    "REF",
                    "b c",
                    "B C要",
                    "%_",
                    "_\"",
                    "*?",
                    "()",
                    "1474",
                    "3414",
                    "88****",
                    "é",
                    "款é",
                    "没有",
                    "退款要",
                    "f不",
                ];
                asked["text"] = json!(*texts.choose(rng).unwrap());
                if asked["text"] == "é" {
                    asked["text"] = json!("éé");
                }
            }
        }
    }
    match rng.random_range(0..4) {
        0 => asked["sort"] = json!("deadline"),
        1 => asked["sort"] = json!("changed"),
        _ => {}
    }
    asked
}

/// The ids that a search must find, in order: what the interface says, once more in the plainest way.
pub fn expected(known: &HashMap<String, Known>, asked: &Value, now: i64) -> Vec<String> {
    let among = |name: &str, code: i64| {
        asked[name].as_array().is_none_or(|values| values.iter().any(|value| value.as_i64() == Some(code)))
    };
    let named = |name: &str, has: &[String]| {
        asked[name]
            .as_array()
            .is_none_or(|values| values.iter().any(|value| has.iter().any(|has| value.as_str() == Some(has))))
    };
    let moment = |name: &str| asked[name].as_str().map(|text| text.parse::<BeijingTime>().unwrap().epoch());
    let by_deadline = asked["sort"] == "deadline";
    let mut found: Vec<&Known> = known
        .values()
        .filter(|known| {
            let row = &known.complaint;
            let shown = row.to_row(now);
            let open = row.state.number() != 2;
            let due = |name: &str| moment(name).is_none_or(|_| open);
            let digits: String = row.complainant_phone.whole().chars().rev().take(4).collect();
            let digits: String = digits.chars().rev().collect();
            among("channel_type", row.channel_type.number())
                && among("state", row.state.number())
                && asked["is_overtime"].as_i64().is_none_or(|code| shown.is_overtime.number() == code)
                && among("complaint_from", row.complaint_from.number())
                && among("current_step", row.current_step.number())
                && match (asked["unassigned"] == 1, &*known.assignee) {
                    (true, "") => true,
                    (true, _) => {
                        !asked["assignee"].is_null()
                            && named("assignee", std::slice::from_ref(&known.assignee))
                    }
                    (false, _) => named("assignee", std::slice::from_ref(&known.assignee)),
                }
                && among("hour", shown.complaint_time.to_string()[11..13].parse().unwrap())
                && named("tag", &known.tags)
                && moment("start_time").is_none_or(|start| row.complaint_time >= start)
                && moment("end_time").is_none_or(|end| row.complaint_time <= end)
                && due("due_after")
                && due("due_before")
                && moment("due_after").is_none_or(|after| row.operate_end_time >= after)
                && moment("due_before").is_none_or(|before| row.operate_end_time <= before)
                && (!by_deadline || open)
                && moment("changed_since").is_none_or(|since| known.changed_at >= since)
                && asked["complaint_resource_id"].as_str().is_none_or(|id| row.complaint_resource_id == id)
                && asked["phone_tail"].as_str().is_none_or(|tail| digits == tail)
                && asked["text"].as_str().is_none_or(|text| {
                    shown.complaint_reason.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
                })
        })
        .collect();
    let row = |known: &Known| known.complaint.clone();
    match asked["sort"].as_str() {
        Some("deadline") => {
            found.sort_by_key(|known| (row(known).operate_end_time, row(known).complaint_time, known.number))
        }
        Some("changed") => found.sort_by_key(|known| std::cmp::Reverse((known.changed_at, known.number))),
        _ => {
            found.sort_by_key(|known| std::cmp::Reverse((row(known).complaint_time, row(known).complaint_id)))
        }
    }
    found.iter().map(|known| known.complaint.complaint_id.clone()).collect()
}

/// The complaint ids of rows.
pub fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["complaint_id"].as_str().unwrap().to_owned()).collect()
}

pub fn chance(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}
