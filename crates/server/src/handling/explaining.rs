//! Why a complaint is due when it is.

use tousu_wire::deadline_explain::{Interval, Response, Window};
use tousu_wire::{BeijingTime, Lang, Text};

use super::Deadlines;
use crate::deadline::{self, Phase, Rule, Stage};
use crate::life::Ruled;
use crate::shop_settings::ShopSettings;
use crate::store::Handled;

/// Every window of a complaint, with what was counted and why, as of `now` (epoch seconds).
pub fn explain(
    handled: &Handled,
    settings: &ShopSettings,
    deadlines: &Deadlines,
    now: i64,
    lang: Lang,
) -> Response {
    let complaint = &handled.complaint;
    let windows = match &handled.windows {
        None => vec![Window {
            stage: "settlement".into(),
            counts: 1,
            rule: String::new(),
            rule_version: 0,
            title: String::new(),
            starts: BeijingTime::from_epoch(complaint.operate_time),
            ends: BeijingTime::from_epoch(complaint.operate_end_time),
            time_limit: complaint.time_limit,
            note: pick(
                "期限由来源给出，并非按规则计算 ¦ the source set this deadline; no rule was counted by",
                lang,
            ),
            intervals: Vec::new(),
        }],
        Some(windows) => {
            let counting = windows.counting();
            let first_reply = windows.first_reply.iter().map(|ruled| (Stage::FirstReply, ruled));
            let all = first_reply.chain([(Stage::Settlement, &windows.settlement)]);
            all.map(|(stage, ruled)| {
                let counts = std::ptr::eq(ruled, counting);
                explained(stage, ruled, counts, settings, deadlines, now, lang)
            })
            .collect()
        }
    };
    Response { complaint_id: complaint.complaint_id.clone(), windows }
}

fn explained(
    stage: Stage,
    ruled: &Ruled,
    counts: bool,
    settings: &ShopSettings,
    deadlines: &Deadlines,
    now: i64,
    lang: Lang,
) -> Window {
    let known = deadlines
        .rules(&settings.deadline_rules)
        .ok()
        .and_then(|rules| rules.find(&ruled.rule, ruled.version).cloned());
    let title = known.map_or_else(|| ruled.kind.label(), |rule| rule.title);
    // As it was when the window opened: the rule's text may have gone since, how it counts was kept.
    let rule = Rule {
        id: ruled.rule.clone(),
        version: ruled.version,
        holds_from: i64::MIN,
        scope: deadline::Scope::Any,
        stage,
        kind: ruled.kind,
        title: title.clone(),
    };
    let crate::life::Window { opened, hours, ends } = ruled.window;
    let window = deadline::Window { opens: opened, ends, time_limit: hours };
    let (intervals, note) = match deadline::explain(&rule, window, deadlines.calendar(), now) {
        Ok(intervals) => (intervals.iter().map(|interval| shown(interval, lang)).collect(), String::new()),
        Err(error) => (Vec::new(), pick(&error.to_string(), lang)),
    };
    Window {
        stage: if stage == Stage::FirstReply { "first_reply" } else { "settlement" }.into(),
        counts: counts.into(),
        rule: rule.id,
        rule_version: rule.version,
        title: title.pick(lang).to_owned(),
        starts: BeijingTime::from_epoch(opened),
        ends: BeijingTime::from_epoch(ends),
        time_limit: hours,
        note,
        intervals,
    }
}

fn shown(interval: &deadline::Interval, lang: Lang) -> Interval {
    Interval {
        starts: BeijingTime::from_epoch(interval.starts),
        ends: BeijingTime::from_epoch(interval.ends),
        counts: interval.counts,
        phase: match interval.phase {
            Phase::Past => "past",
            Phase::Running => "running",
            Phase::Ahead => "ahead",
        }
        .into(),
        why: interval.why.pick(lang).to_owned(),
    }
}

fn pick(text: &str, lang: Lang) -> String {
    Text::from(text).pick(lang).to_owned()
}
