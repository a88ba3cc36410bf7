//! A complaint's life against a second reading of the rules.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu_wire::BeijingTime;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::complaint_get::ComplaintGet;

use super::{Desk, acts};
use crate::support::*;

const HOUR: i64 = 3600;
const WINDOW: i64 = 72 * HOUR;

/// What is expected of a complaint.
#[derive(Clone, Debug)]
struct Expected {
    state: i64,
    step: i64,
    detail_step: i64,
    step_before_closing: i64,
    opened: i64,
    closed_at: Option<i64>,
    closed_late: bool,
    assignee: String,
    tags: Vec<String>,
    entries: usize,
    replies: usize,
}

impl Expected {
    fn submitted(now: i64) -> Self {
        Expected {
            state: 0,
            step: 1,
            detail_step: 1,
            step_before_closing: 1,
            opened: now,
            closed_at: None,
            closed_late: false,
            assignee: String::new(),
            tags: Vec::new(),
            entries: 1,
            replies: 0,
        }
    }

    fn late(&self, now: i64) -> bool {
        if self.state == 2 { self.closed_late } else { now > self.opened + WINDOW }
    }

    fn detail_of(step: i64) -> i64 {
        match step {
            1 => 1,
            2 | 4 => 2,
            3 => 4,
            5 => 6,
            other => other,
        }
    }

    fn step_to(&mut self, step: i64) {
        (self.step, self.detail_step) = (step, Self::detail_of(step));
    }

    fn close(&mut self, now: i64, step: i64) {
        self.closed_late = now > self.opened + WINDOW;
        self.step_before_closing = self.step;
        (self.state, self.closed_at) = (2, Some(now));
        self.step_to(step);
    }

    /// Whether it may happen, after which it has.
    fn happens(&mut self, name: &str, body: &Value, role: &str, now: i64) -> bool {
        let open = self.state != 2;
        match name {
            "reply" if open && body["finish"] == 1 => self.close(now, 2),
            "reply" if open => {
                self.state = 1;
                self.step_to(2);
            }
            "consumer_reply" if open => (self.state, self.detail_step, self.opened) = (1, 3, now),
            "check_failed" if self.state == 1 => {
                self.step_to(4);
                self.opened = now;
            }
            "close" if open => self.close(now, 5),
            "reopen" if !open && (role == "platform" || now <= self.closed_at.unwrap() + 168 * HOUR) => {
                (self.state, self.closed_at, self.opened) = (1, None, now);
                self.step_to(self.step_before_closing);
            }
            "assign" => self.assignee = "小李".into(),
            "tag" => self.tags = vec!["退款".into()],
            "note" => {}
            _ => return false,
        }
        self.entries += 1;
        self.replies += usize::from(body.get("content").is_some() && name != "note");
        true
    }

    fn check(&self, standing: &Value, now: i64) {
        let time = |epoch: i64| json!(BeijingTime::from_epoch(epoch));
        assert_eq!(standing["state"], self.state, "{self:?} {standing}");
        assert_eq!(standing["current_step"], self.step, "{self:?} {standing}");
        assert_eq!(standing["detail_step"], self.detail_step, "{self:?} {standing}");
        assert_eq!(standing["is_overtime"], if self.late(now) { 2 } else { 1 }, "{self:?} {standing}");
        assert_eq!(standing["operate_time"], time(self.opened));
        assert_eq!(standing["operate_end_time"], time(self.opened + WINDOW));
        assert_eq!(standing["time_limit"], 72);
        let closed_at = self.closed_at.map_or(json!("1970-01-02 00:00:00"), time);
        assert_eq!(standing["closed_at"], closed_at);
        assert_eq!(standing["assignee"], json!(self.assignee));
        assert_eq!(standing["tags"], json!(self.tags));
    }
}

/// Everything that can be asked about a complaint says the same.
async fn agrees(desk: &Desk, id: &str, expected: &Expected) {
    let now = desk.server.clock.epoch();
    let got = desk.call::<ComplaintGet>(json!({ "complaint_id": id })).await;
    expected.check(&got.data()["standing"], now);
    let info = &got.data()["info"];
    assert_eq!(info["current_step"], expected.detail_step);
    assert_eq!(info["reply_list"].as_array().unwrap().len(), expected.replies);
    let listed = desk.server.list(&desk.token, json!({ "complaint_id": id })).await;
    let row = &listed.data()["list"][0];
    for same in ["state", "current_step", "is_overtime", "operate_time", "operate_end_time", "closed_at"] {
        assert_eq!(row[same], got.data()["standing"][same], "{same}");
    }
    let late = if expected.late(now) { 2 } else { 1 };
    let filter = json!({ "state": expected.state, "is_overtime": late, "page_size": 1000 });
    assert!(desk.server.list(&desk.token, filter).await.ids().contains(&id.to_owned()));
    let history = desk.history(id).await;
    assert_eq!(history.len(), expected.entries);
    for (one, next) in history.iter().zip(&history[1..]) {
        assert_eq!(one["after"], next["before"]);
    }
    assert_eq!(history[history.len() - 1]["after"]["state"], expected.state);
}

#[test]
fn every_act_in_every_state() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let ways: [&[usize]; 3] = [&[], &[0], &[0, 4]];
        for way in ways {
            for (name, body, role) in acts() {
                let id = desk.submitted().await;
                let now = desk.server.clock.epoch();
                let mut expected = Expected::submitted(now);
                for &before in way {
                    let (name, body, role) = &acts()[before];
                    assert!(expected.happens(name, body, role, now));
                    desk.act(name, &id, body.clone()).await.data();
                }
                let was = expected.clone();
                let allowed = expected.happens(name, &body, role, now);
                let answer = desk.act(name, &id, body.clone()).await;
                match allowed {
                    true => expected.check(answer.data(), now),
                    false => {
                        assert_eq!(answer.code(), 3003, "{name} {was:?}: {}", answer.text);
                        let state = ["待处理", "处理中", "处理完成"][was.state as usize];
                        assert!(answer.msg().contains(state), "{}", answer.msg());
                    }
                }
                agrees(&desk, &id, &expected).await;
            }
        }
    });
}

#[test]
fn random_lives() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let mut rng = StdRng::seed_from_u64(4);
        let mut lives: Vec<(String, Expected)> = Vec::new();
        for step in 0..400 {
            // From a second to a few days, and now and then exactly to a deadline or past it.
            let now = desk.server.clock.epoch();
            let deadline = lives.choose(&mut rng).map(|life| life.1.opened + WINDOW + rng.random_range(0..2));
            match deadline {
                Some(deadline) if deadline > now && rng.random_range(0..3) == 0 => {
                    desk.server.clock.set(deadline)
                }
                _ => desk.server.clock.advance_micros(rng.random_range(1..40 * HOUR) * 1_000_000),
            }
            let now = desk.server.clock.epoch();
            if lives.len() < 12 {
                lives.push((desk.submitted().await, Expected::submitted(now)));
                continue;
            }
            let (name, body, role) = acts().choose(&mut rng).cloned().unwrap();
            let (id, expected) = &mut lives[rng.random_range(0..12)];
            let allowed = expected.happens(name, &body, role, now);
            let answer = desk.act(name, id, body).await;
            assert_eq!(answer.code() == 0, allowed, "{step} {name} {expected:?} {}", answer.text);
            agrees(&desk, id, expected).await;
        }
        let mut tx = desk.server.store.read().await.unwrap();
        assert_eq!(tx.verify_history(&desk.shop).await.unwrap(), None);
    });
}

#[test]
fn who_begins_a_complaint_shows_in_its_step() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        // Where there is a rule for the first reply, its window counts first.
        let cases = [
            (101, "2024-03-20 14:00:00", "2024-03-23 14:00:00", 72, None),
            (201, "2024-03-20 14:00:00", "2024-03-22 00:00:00", 34, Some("2024-03-24 00:00:00")),
            (102, "2024-03-24 23:59:59", "2024-03-27 23:59:59", 72, None),
            (102, "2024-03-25 00:00:00", "2024-03-27 00:00:00", 48, None),
            // 45 working days: Qingming and Labour Day in between, with the Sundays and Saturdays that make up for them.
            (205, "2024-03-20 14:00:00", "2024-03-30 00:00:00", 226, Some("2024-05-25 00:00:00")),
        ];
        for (source, opens, ends, hours, settled) in cases {
            let body = json!({
                "by": "third_party", "complaint_from": source, "complaint_time": opens, "complaint_reason": "要退款",
            });
            let answer = desk.call::<ComplaintCreate>(body).await;
            let complaint = &answer.data()["complaint"];
            let seen = ["operate_time", "operate_end_time", "time_limit"].map(|key| complaint[key].clone());
            assert_eq!(seen, [json!(opens), json!(ends), json!(hours)], "{source} {opens}");
            assert_eq!(complaint["settlement_end_time"], json!(settled.unwrap_or(ends)));
            assert_eq!(complaint["first_reply_end_time"], json!(settled.map(|_| ends)));
        }
    });
}
