//! Which alarms are due: so many hours before a deadline, and when it has passed.

use std::collections::{BTreeMap, HashMap};

use crate::store::{
    Ahead, Alarm, DUE_SOON, Handled, OVERDUE, Result, ShopId, Store, Tx, Watching, alarm_clock,
};

/// Seconds that are looked back beyond what was looked at before: a write may take so long until others see it.
const SLACK: i64 = 60;
/// Seconds between two notes of how far it was looked: after a start, what lies between is looked at once more.
const MARK_EVERY: i64 = 300;
/// Complaints that one statement reads.
const CHUNK: i64 = 1000;
/// Alarms of one transaction.
const BATCH: usize = 200;

/// Since when (epoch seconds) somebody in the shop wants to be told of deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    due_soon: Option<i64>,
    overdue: Option<i64>,
    remind_hours: Vec<i64>,
}

/// What is remembered between two looks. Nothing of it could be lost: the history says what was told.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    /// Up to when was looked, by hours.
    looked: BTreeMap<i64, i64>,
    marked_at: i64,
    /// When each alarm that was examined of late was due.
    examined: HashMap<(ShopId, Alarm), i64>,
}

/// When it is said (epoch seconds). A deadline has passed in the second after it.
fn moment(hours: i64, operate_end_time: i64) -> i64 {
    if hours == 0 {
        operate_end_time.saturating_add(1)
    } else {
        operate_end_time.saturating_sub(hours.saturating_mul(3600))
    }
}

/// Whether an alarm is to be said at `now` of a window that opened at `opened`: its moment has come within the window, and
/// no nearer alarm has, after which it would be old news `[ours]`.
fn is_due(hours: i64, remind_hours: &[i64], opened: i64, ends: i64, now: i64) -> bool {
    let at = moment(hours, ends);
    let nearer = remind_hours.iter().filter(|other| **other < hours).map(|other| moment(*other, ends));
    let nearest = nearer.chain((hours > 0).then(|| moment(0, ends))).min();
    at <= now && at > opened && nearest.is_none_or(|nearest| nearest > now)
}

impl Wanted {
    fn since(&self, hours: i64) -> Option<i64> {
        if hours == 0 {
            return self.overdue;
        }
        self.due_soon.filter(|_| self.remind_hours.contains(&hours))
    }
}

fn wanted(watching: &[Watching]) -> HashMap<ShopId, Wanted> {
    let mut shops: HashMap<ShopId, Wanted> = HashMap::new();
    for one in watching {
        let wants = |event: &str| {
            one.events.is_empty() || one.events.iter().any(|wanted| wanted.ends_with(&format!(".{event}")))
        };
        let shop = shops.entry(one.shop.clone()).or_default();
        shop.remind_hours.clone_from(&one.settings.remind_hours);
        let earlier = |was: Option<i64>| Some(was.map_or(one.since, |was| was.min(one.since)));
        if wants(DUE_SOON) {
            shop.due_soon = earlier(shop.due_soon);
        }
        if wants(OVERDUE) {
            shop.overdue = earlier(shop.overdue);
        }
    }
    shops
}

impl Alarms {
    /// Alarms that may be due at `now` for whoever is watching, by shop; and up to when was looked once they are raised.
    pub(super) async fn look(
        &mut self,
        tx: &mut Tx,
        watching: &[Watching],
        now: i64,
    ) -> Result<BTreeMap<String, (ShopId, Vec<Alarm>)>> {
        let wanted = wanted(watching);
        let mut all_hours: Vec<i64> = vec![0];
        all_hours.extend(wanted.values().flat_map(|shop| shop.remind_hours.iter().copied()));
        all_hours.sort_unstable();
        all_hours.dedup();
        // Another node may be further.
        let marks = tx.alarm_marks().await?;
        self.examined.retain(|_, at| *at > now - 2 * SLACK);
        let mut due: BTreeMap<String, (ShopId, Vec<Alarm>)> = BTreeMap::new();
        for hours in all_hours {
            let Some(earliest) = wanted.values().filter_map(|shop| shop.since(hours)).min() else { continue };
            let mark = marks.iter().find(|mark| mark.0 == hours).map(|mark| mark.1);
            // A clock that was set back looks again.
            let looked = self.looked.get(&hours).copied().max(mark).unwrap_or(earliest).min(now);
            let ends = |at: i64| moment(hours, 0).saturating_neg().saturating_add(at);
            let (from, until) = (ends(looked.saturating_sub(SLACK)), ends(now));
            let mut seen: Option<Ahead> = None;
            loop {
                let ahead = tx.ahead(from, until, seen.as_ref(), CHUNK).await?;
                let is_last = i64::try_from(ahead.len()).is_ok_and(|count| count < CHUNK);
                seen = ahead.last().cloned();
                for Ahead { shop, complaint_id, operate_end_time, .. } in ahead {
                    let since = wanted.get(&shop).and_then(|wanted| wanted.since(hours));
                    let at = moment(hours, operate_end_time);
                    let alarm = Alarm { complaint_id, operate_end_time, hours };
                    let key = (shop.clone(), alarm.clone());
                    if since.is_none_or(|since| at < since) || self.examined.contains_key(&key) {
                        continue;
                    }
                    due.entry(shop.to_string()).or_insert_with(|| (shop, Vec::new())).1.push(alarm);
                }
                if is_last {
                    break;
                }
            }
            self.looked.entry(hours).or_insert(looked);
        }
        Ok(due)
    }

    /// Writes what [`Alarms::look`] found into the histories; how many alarms that were.
    pub(super) async fn raise(
        &mut self,
        store: &Store,
        due: BTreeMap<String, (ShopId, Vec<Alarm>)>,
        now: i64,
    ) -> Result<usize> {
        let mut raised = 0;
        for (shop, alarms) in due.into_values() {
            for batch in alarms.chunks(BATCH) {
                let is_due =
                    |alarm: &Alarm, handled: &Handled, settings: &crate::shop_settings::ShopSettings| {
                        let complaint = &handled.complaint;
                        complaint.state != tousu_wire::codes::State::Done
                            && is_due(
                                alarm.hours,
                                &settings.remind_hours,
                                complaint.operate_time,
                                complaint.operate_end_time,
                                now,
                            )
                    };
                raised += store.raise_alarms(&shop, batch, &alarm_clock(now), is_due).await?;
                for alarm in batch {
                    let at = moment(alarm.hours, alarm.operate_end_time);
                    self.examined.insert((shop.clone(), alarm.clone()), at);
                }
            }
        }
        self.looked.values_mut().for_each(|looked| *looked = now);
        Ok(raised)
    }

    /// Whether it is time to note how far was looked.
    pub(super) fn to_mark(&self, now: i64) -> Option<Vec<(i64, i64)>> {
        let is_time = now >= self.marked_at + MARK_EVERY || now < self.marked_at;
        (is_time && !self.looked.is_empty())
            .then(|| self.looked.iter().map(|(hours, mark)| (*hours, *mark)).collect())
    }

    /// It was noted at `now`.
    pub(super) fn marked(&mut self, now: i64) {
        self.marked_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn an_alarm_is_due_from_its_moment_until_a_nearer_one_is() {
        let remind = [24, 4, 1];
        let due = |hours, now| is_due(hours, &remind, 0, 72 * HOUR, now);
        for (hours, from, until) in [
            (24, 48 * HOUR, 68 * HOUR),
            (4, 68 * HOUR, 71 * HOUR),
            (1, 71 * HOUR, 72 * HOUR + 1),
            (0, 72 * HOUR + 1, i64::MAX),
        ] {
            assert!(!due(hours, from - 1), "{hours}");
            assert!(due(hours, from) && due(hours, until - 1), "{hours}");
            assert!(until == i64::MAX || !due(hours, until), "{hours}");
        }
    }

    #[test]
    fn no_alarm_is_due_before_its_window_opens() {
        // A window of four hours knows one alarm before its end.
        let due = |hours| is_due(hours, &[24, 4, 1], 0, 4 * HOUR, 0);
        assert!(!due(24) && !due(4) && !due(1) && !due(0));
        assert!(is_due(1, &[24, 4, 1], 0, 4 * HOUR, 3 * HOUR));
    }
}
