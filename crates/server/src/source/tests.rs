//! A thousand schedules of inserts, changes and removals while pages are being read: once nothing changes any more, the
//! mirror has what the upstream has.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{RngExt, SeedableRng};
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use tousu_wire::complaint_list::Request;

use super::plan::{Absence, Next, Plan, Progress, Terms};
use super::proof::mark;
use super::slice::Mark;
use crate::complaint::{Complaint, Phone};
use crate::reconcile::{Shown, change};

const NOW: i64 = 1_714_536_000;

fn complaint(id: String, at: i64) -> Complaint {
    Complaint {
        complaint_id: id,
        channel_type: ChannelType::Shop,
        complaint_from: ComplaintFrom::H5Shop,
        complaint_type: ComplaintType::Trade,
        complaint_resource_type: 0,
        complaint_resource_id: "E1".into(),
        complaint_reason: "要退款".into(),
        complainant_phone: Phone("188****1474".into()),
        complaint_time: at,
        state: State::Pending,
        current_step: CurrentStep::New,
        operate_time: at,
        time_limit: 72,
        operate_end_time: at + 72 * 3600,
        closed_at: None,
        closed_overtime: None,
    }
}

/// The upstream: what it has, and how it misbehaves.
struct Server {
    rng: StdRng,
    complaints: BTreeMap<String, Complaint>,
    made: usize,
    now: i64,
    /// Whether it still changes, and still misbehaves.
    lively: bool,
    most: i64,
}

impl Server {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let most = *[2, 3, 5, 20].iter().choose(&mut rng).unwrap();
        let mut server = Server { rng, complaints: BTreeMap::new(), made: 0, now: NOW, lively: true, most };
        for _ in 0..server.rng.random_range(0..40) {
            server.add();
        }
        server
    }

    fn add(&mut self) {
        self.made += 1;
        // Some are entered late, and some in one second with others.
        let back = match self.rng.random_range(0..4) {
            0 => self.rng.random_range(0..400_000),
            1 => 1000,
            _ => 0,
        };
        let id = format!("c_{:04}", self.rng.random_range(0..10_000) * 100 + self.made % 100);
        self.complaints.entry(id.clone()).or_insert_with(|| complaint(id, self.now - back));
    }

    fn something_happens(&mut self) {
        let Some(id) = self.complaints.keys().choose(&mut self.rng).cloned() else { return self.add() };
        let now = self.now;
        let what = self.rng.random_range(0..12);
        let Some(one) = self.complaints.get_mut(&id) else { return };
        match what {
            0..3 => self.add(),
            3..6 => {
                (one.state, one.current_step) = (State::InProgress, CurrentStep::MerchantReplied);
                (one.closed_at, one.closed_overtime) = (None, None);
                one.operate_time = now;
            }
            6..9 => {
                (one.state, one.current_step) = (State::Done, CurrentStep::ClosedByPlatform);
                (one.closed_at, one.closed_overtime) = (Some(now), Some(Overtime::InTime));
            }
            9 => one.complaint_reason = format!("改于 {now}"),
            10 => {
                self.complaints.remove(&id);
            }
            _ => one.complaint_time -= 50_000,
        }
    }

    fn listed(&mut self, asked: &Request) -> Option<(Vec<Complaint>, Option<i64>)> {
        let (from, to) = (asked.start_time.map(BeijingTime::epoch), asked.end_time.map(BeijingTime::epoch));
        let matches = |one: &&Complaint| {
            from.is_none_or(|from| from <= one.complaint_time)
                && to.is_none_or(|to| one.complaint_time <= to)
                && asked.state.is_none_or(|state| state == one.state)
                && asked.complaint_id.as_ref().is_none_or(|id| *id == one.complaint_id)
        };
        let mut rows: Vec<Complaint> = self.complaints.values().filter(matches).cloned().collect();
        rows.sort_by(|a, b| (b.complaint_time, &b.complaint_id).cmp(&(a.complaint_time, &a.complaint_id)));
        let mut total = Some(rows.len() as i64);
        let size = asked.page_size.unwrap_or(10).min(self.most) as usize;
        let skipped = (asked.page.unwrap_or(1) as usize - 1) * size;
        let mut rows: Vec<Complaint> = rows.into_iter().skip(skipped).take(size).collect();
        if self.lively {
            match self.rng.random_range(0..20) {
                0 => return None,
                1 => total = total.map(|total| total + 7),
                2 => total = None,
                3 => rows.truncate(rows.len() / 2),
                4 => {
                    let missed = self.rng.random_range(0..=rows.len());
                    rows.drain(..missed);
                }
                _ => {}
            }
        }
        Some((rows, total))
    }

    fn time_passes(&mut self) {
        self.now += self.rng.random_range(0..3);
        while self.lively && self.rng.random_bool(0.4) {
            self.something_happens();
        }
    }
}

/// The mirror: what it has, and every change in the order in which it saw them.
struct Mirror {
    plan: Plan,
    complaints: BTreeMap<String, Complaint>,
}

impl Mirror {
    fn write(&mut self, rows: Vec<Complaint>) -> Vec<Mark> {
        let marks = rows.iter().map(mark).collect();
        for row in rows {
            let known = self.complaints.get(&row.complaint_id);
            let differs = known.is_none_or(|known| {
                let shown = |complaint| Shown { complaint, details: None };
                change(shown(known), shown(&row)).is_some()
            });
            assert_eq!(differs, known != Some(&row), "what differs is a change, and nothing else is");
            self.complaints.insert(row.complaint_id.clone(), row);
        }
        marks
    }

    /// Does one thing. Whether there was something to do.
    fn step(&mut self, server: &mut Server) -> bool {
        match self.plan.next(server.now) {
            Next::List(asked) => {
                let request = asked.slice.request(asked.page_size);
                let Some((rows, total)) = server.listed(&request) else {
                    self.plan.failed(asked, server.now);
                    return true;
                };
                let marks = self.write(rows);
                let state = asked.slice.state;
                let judged = self.plan.heard(asked, marks, total, server.now);
                if let Some((span, there)) = judged.settled {
                    let here = self.complaints.values().filter(|one| {
                        span.has(one.complaint_time)
                            && state.is_none_or(|state| state == one.state.number())
                            && !there.iter().any(|mark| mark.id == one.complaint_id)
                    });
                    for id in here.map(|one| one.complaint_id.clone()).collect::<Vec<_>>() {
                        self.plan.suspect(id);
                    }
                }
            }
            Next::One(id) => {
                let request = Request { complaint_id: Some(id.clone()), ..Request::default() };
                match server.listed(&request) {
                    None => {
                        self.plan.unclear(id, server.now);
                        self.plan.wait(server.now);
                    }
                    Some((rows, _)) if !rows.is_empty() => {
                        self.write(rows);
                        self.plan.found(&id);
                    }
                    // Both interfaces must say so, and both of them lie at times.
                    Some((_, total)) if total.unwrap_or(0) == 0 && !server.complaints.contains_key(&id) => {
                        let kept = self.complaints.len() as i64;
                        if self.plan.absent(id.clone(), server.now, kept) == Absence::Gone {
                            self.complaints.remove(&id);
                            self.plan.found(&id);
                        }
                    }
                    Some(_) => self.plan.unclear(id, server.now),
                }
            }
            Next::PassEnded => {
                self.plan.pass_told(server.now);
            }
            Next::Rest(until) => {
                assert!(until > server.now, "there is nothing to do, and no time at which there is");
                server.now = until;
                return false;
            }
        }
        true
    }

    /// Killed, and begun anew from what was kept.
    fn kill(&mut self, terms: Terms) {
        let kept = serde_json::to_string(self.plan.progress()).unwrap();
        let progress: Progress = serde_json::from_str(&kept).unwrap();
        self.plan = Plan::new(terms, progress);
    }
}

#[test]
fn a_thousand_schedules_end_with_both_sides_the_same() {
    let terms = Terms { every: 60, pass_every: 1800, page_size: 5, overlap: 600, most_gone: 50 };
    let (mut doubtful, mut removed) = (0, 0);
    for seed in 0..1000 {
        let mut server = Server::new(seed);
        let mut mirror = Mirror { plan: Plan::new(terms, Progress::default()), complaints: BTreeMap::new() };
        for _ in 0..200 {
            mirror.step(&mut server);
            server.time_passes();
            if server.rng.random_bool(0.02) {
                mirror.kill(terms);
            }
        }
        // Nothing changes any more: a pass that began after that settles all, what is missing is asked for twice.
        server.lively = false;
        let quiet_since = server.now;
        let mut steps = 0;
        let is_done = |mirror: &Mirror| {
            let progress = mirror.plan.progress();
            let whole = progress
                .last_pass
                .as_ref()
                .is_some_and(|pass| pass.began >= quiet_since && pass.doubtful.is_empty());
            whole
                && progress.pass.is_none()
                && progress.missing.is_empty()
                && progress.fresh_as_of.is_some_and(|at| at >= quiet_since)
        };
        while !is_done(&mirror) {
            steps += 1;
            assert!(steps < 3000, "schedule {seed} comes to no end: {:#?}", mirror.plan.progress());
            mirror.step(&mut server);
        }
        assert_eq!(mirror.complaints, server.complaints, "schedule {seed}");
        doubtful += usize::from(mirror.plan.progress().passes > 2);
        removed += server.made.saturating_sub(server.complaints.len());
    }
    assert!(doubtful > 10 && removed > 1000, "the schedules are too tame: {doubtful}, {removed}");
}

#[test]
fn much_that_is_missing_at_once_is_not_believed() {
    let terms = Terms { most_gone: 3, ..Terms::default() };
    let gone = |believe_all: bool| {
        let mut plan = Plan::new(terms, Progress::default());
        plan.believe_all = believe_all;
        let ids: Vec<String> = (0..20).map(|at| format!("c_{at}")).collect();
        for id in &ids {
            assert_eq!(plan.absent(id.clone(), NOW, 60), Absence::NotYet);
        }
        assert_eq!(plan.absent("c_0".into(), NOW + 59, 60), Absence::NotYet, "not yet long enough");
        ids.into_iter().map(|id| plan.absent(id, NOW + 60, 60)).collect::<Vec<_>>()
    };
    assert!(gone(false).iter().all(|absence| *absence == Absence::TooMany));
    assert!(gone(true).iter().all(|absence| *absence == Absence::Gone));
}
