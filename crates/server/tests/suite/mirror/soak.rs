//! A busy upstream that answers as the real one does at its worst, and a mirror that is killed again and again: at the end both have the same, and what the history says
//! could have happened.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tousu::gateway::Manner;
use tousu::gateway::quirks::{PRESETS, Rules};
use tousu::source::{Step, Terms};

use super::*;

/// How much of it.
struct Size {
    /// Complaints at the beginning.
    complaints: i64,
    /// For so many seconds of the set clock something happens upstream, five times each second.
    seconds: i64,
    /// How often the mirror is killed meanwhile.
    kills: i64,
    /// Whether no other test runs in this process, so that its memory tells of this one.
    alone: bool,
    terms: Terms,
}

/// `TOUSU_SOAK=whole` takes minutes.
fn size() -> Size {
    match std::env::var("TOUSU_SOAK").as_deref() {
        Ok("whole") => Size {
            complaints: 20_000,
            seconds: 600,
            kills: 20,
            alone: true,
            terms: Terms { page_size: 500, pass_every: 7200, ..TERMS },
        },
        _ => Size { complaints: 150, seconds: 90, kills: 4, alone: false, terms: TERMS },
    }
}

const CHANGES_A_SECOND: i64 = 5;

/// Lets something happen upstream.
async fn something_happens(pair: &Pair, ids: &mut Vec<String>, rng: &mut StdRng) {
    let id = ids.choose(rng).unwrap().clone();
    let (act, body) = match rng.random_range(0..12) {
        0..3 => return ids.push(pair.up.submitted().await),
        3..6 => ("reply", json!({ "content": format!("回复 {}", pair.clock.epoch_millis()) })),
        6..8 => ("consumer_reply", json!({ "content": "还没有收到" })),
        8 => ("check_failed", json!({ "content": "凭证不清" })),
        9 => ("close", json!({ "by": "platform" })),
        10 => ("reopen", json!({ "by": "platform" })),
        _ => {
            pair.remove(&[&id]).await;
            return ids.retain(|one| *one != id);
        }
    };
    // What is not allowed in that state does not happen.
    pair.up.act(act, &id, body).await;
}

/// Each entry goes on where the one before it ended, and no time goes back.
async fn assert_could_have_happened(desk: &Desk) {
    let entries =
        desk.server.store.read().await.unwrap().entries_after(&desk.shop, 0, 100_000).await.unwrap();
    let mut stands: HashMap<String, (Value, i64)> = HashMap::new();
    for kept in entries {
        let entry = kept.entry;
        if entry.complaint_id.is_empty() {
            continue;
        }
        let parsed = |text: &str| -> Value {
            let mut shown: Value = serde_json::from_str(text).unwrap();
            shown.as_object_mut().unwrap().shift_remove("upstream");
            shown
        };
        let (before, after) = (parsed(&entry.before), parsed(&entry.after));
        if let Some((stood, at)) = stands.get(&entry.complaint_id) {
            assert_eq!(*stood, before, "{}: {}", kept.number, entry.complaint_id);
            assert!(*at <= entry.happened_at);
        }
        stands.insert(entry.complaint_id, (after, entry.happened_at));
    }
    assert!(stands.len() > 50, "{} complaints have a history", stands.len());
}

/// All that can be wrong with answers. None is slow for long, since no clock runs meanwhile.
fn everything() -> Rules {
    let preset = PRESETS.iter().find(|preset| preset.name == "everything").unwrap();
    Rules::parse(&preset.text.replace("slow=200ms", "slow=1ms").replace("slow=1s", "slow=2ms")).unwrap()
}

/// What the process takes of memory, in KiB.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_busy_upstream_and_a_mirror_that_is_killed() {
    on_each_database(async |database| {
        let Size { complaints, seconds, kills, alone, terms } = size();
        let mut pair = Pair::on(database).await;
        pair.put(complaints).await;
        // The same upstream once more, through which the mirror sees it.
        let quirky = Server::start_in(
            pair.clock.clone(),
            &pair.elsewhere,
            |settings| settings.limits.calls_factor = 1000,
            async |_, _| Manner { quirks: Some(everything()), ..Manner::default() },
        )
        .await;
        let door = Door::to(&quirky.url, &pair.clock).await;
        pair.upstream.base_url.clone_from(&door.url);
        let mut rng = StdRng::seed_from_u64(6);
        let mut ids: Vec<String> = (0..complaints).map(|at| format!("c_{at:04}")).collect();
        let mut fetching = pair.fetching_with(20, terms).await;
        let (began, mut happened, mut killed) = (pair.clock.epoch(), 0, 0);
        while pair.clock.epoch() < began + seconds {
            let step = fetching.step().await.unwrap();
            if let Step::Rest(until) = step {
                let now = pair.clock.epoch();
                pair.clock.set(until.clamp(now, now + 1));
            }
            assert_ne!(step, Step::Others, "nobody else fetches");
            while happened < (pair.clock.epoch() - began) * CHANGES_A_SECOND {
                something_happens(&pair, &mut ids, &mut rng).await;
                happened += 1;
            }
            if killed < kills.min((pair.clock.epoch() - began) * (kills + 1) / seconds) {
                killed += 1;
                // What is under way is lost, and the lease runs out.
                drop(fetching);
                pair.clock.set(pair.clock.epoch() + 11);
                fetching = pair.fetching_with(20, terms).await;
            }
        }
        let settled = memory();
        // Quiet now, and honest: what is missing is asked for twice, and passes that begin now settle the rest, details included.
        door.target.lock().unwrap().clone_from(&pair.up.server.url);
        for _ in 0..3 {
            for _ in 0..3 {
                pair.round(&mut fetching).await;
            }
            pair.clock.set(pair.clock.epoch() + terms.pass_every);
            while let Some(until) = fetching.turn().await.unwrap() {
                if until > pair.clock.epoch() && pair.standing().await["details_due"] == json!(0) {
                    break;
                }
                pair.clock.set(until.max(pair.clock.epoch()));
            }
        }
        pair.assert_same().await;
        let proven = proof(&fetching).await;
        assert_eq!((proven.certain, proven.complaints), (1, ids.len() as i64), "{proven:?}");
        assert_eq!(killed, kills);
        let most = door.most_in_ten_seconds("/xe.");
        assert!(most <= 100, "{most} calls in ten seconds");
        let taken = memory();
        assert!(!alone || taken < settled * 3 / 2 + 100_000, "{taken} KiB at the end, {settled} KiB before");
        assert_could_have_happened(&pair.here).await;
        let Desk { server, shop, .. } = &pair.here;
        assert_eq!(server.store.read().await.unwrap().verify_history(shop).await.unwrap(), None);
        println!(
            "{complaints} complaints, {happened} changes in {seconds} s, {killed} kills: {} calls, {most} in ten seconds at most, {settled} then {taken} KiB",
            door.calls.lock().unwrap().len(),
        );
    });
}
