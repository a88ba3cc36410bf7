//! SQL about deadlines that come near or pass: found by an index over all shops, and written into the history once each.

use serde_json::Value as Json;

use super::acting::Written;
use super::complaints::{from_json, to_json};
use super::dispatch::LOOKS;
use super::history::{Kept, NOTHING_SAID, kept_by};
use super::{Doer, Handled, Result, Row, ShopId, Store, StoreError, Tx};
use crate::shop_settings::ShopSettings;

/// An open complaint and its deadline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ahead {
    /// The shop.
    pub shop: ShopId,
    /// The complaint's place in the shop.
    pub number: i64,
    /// Its number.
    pub complaint_id: String,
    /// When its deadline is (epoch seconds).
    pub operate_end_time: i64,
}

/// An alarm that may be due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alarm {
    /// The complaint.
    pub complaint_id: String,
    /// The deadline that it is about (epoch seconds).
    pub operate_end_time: i64,
    /// So many hours before it; 0 once it has passed.
    pub hours: i64,
}

/// The event of a deadline that comes near.
pub const DUE_SOON: &str = "due_soon";
/// The event of a deadline that has passed.
pub const OVERDUE: &str = "overdue";
/// Who writes them.
const BY: &str = "tousu";

impl Alarm {
    fn event(&self) -> &'static str {
        if self.hours == 0 { OVERDUE } else { DUE_SOON }
    }

    /// Whether that entry of the complaint's history says it already.
    fn is_said_by(&self, kept: &Kept) -> bool {
        if kept.entry.event != self.event() {
            return false;
        }
        let after: Json = serde_json::from_str(&kept.entry.after).unwrap_or_default();
        let is_of_deadline = after["operate_end_time"].as_i64() == Some(self.operate_end_time);
        is_of_deadline && (self.hours == 0 || after["hours_left"].as_i64() == Some(self.hours))
    }
}

impl Tx {
    /// Open complaints of all shops whose deadlines lie behind `from` and not behind `until` (epoch seconds), in order, behind
    /// the one that was seen last, at most `limit`.
    pub async fn ahead(
        &mut self,
        from: i64,
        until: i64,
        seen: Option<&Ahead>,
        limit: i64,
    ) -> Result<Vec<Ahead>> {
        // Behind the whole second `from`: no id of a shop is above this.
        let (from, shop, number) =
            seen.map_or((from, "\u{7f}", 0), |seen| (seen.operate_end_time, seen.shop.as_str(), seen.number));
        let values = [from.into(), shop.into(), number.into(), until.into(), limit.into()];
        self.query_all_shops(LOOKS[3], &values, |row| {
            Ok(Ahead {
                shop: ShopId(row.text(0)?.to_owned()),
                number: row.int(1)?,
                complaint_id: row.text(2)?.to_owned(),
                operate_end_time: row.int(3)?,
            })
        })
        .await
    }

    /// Up to when deadlines so many hours ahead were looked for, by whichever node (epoch seconds).
    pub async fn alarm_marks(&mut self) -> Result<Vec<(i64, i64)>> {
        const MARKS: &str = "select hours, mark from alarm_marks";
        self.query_all_shops(MARKS, &[], |row: &Row<'_>| Ok((row.int(0)?, row.int(1)?))).await
    }
}

impl Store {
    /// Notes up to when deadlines so many hours ahead were looked for.
    pub async fn mark_alarms(&self, marks: &[(i64, i64)]) -> Result<()> {
        const MARK: &str = "insert into alarm_marks (hours, mark) values ($1, $2)
             on conflict (hours) do update set mark = excluded.mark where alarm_marks.mark < excluded.mark";
        let mut tx = self.begin_write().await?;
        for (hours, mark) in marks {
            tx.query_all_shops(MARK, &[(*hours).into(), (*mark).into()], |_| Ok(())).await?;
        }
        tx.commit().await
    }

    /// Writes those of the alarms into a shop's history that are due by `is_due` (told how the complaint stands now) and are
    /// not in it yet; how many. Whoever else does it at the same time takes turns here, so that none is written twice.
    pub async fn raise_alarms(
        &self,
        shop: &ShopId,
        alarms: &[Alarm],
        doer: &Doer,
        is_due: impl Fn(&Alarm, &Handled, &ShopSettings) -> bool,
    ) -> Result<usize> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(0) };
        let mut chain = taken.chain;
        let mut raised = 0;
        for alarm in alarms {
            let Some(before) = tx.handled(shop, &alarm.complaint_id).await? else { continue };
            let is_same = before.complaint.operate_end_time == alarm.operate_end_time;
            if !is_same || !is_due(alarm, &before, &taken.settings) {
                continue;
            }
            let history = tx.history(shop, &alarm.complaint_id).await?;
            if history.iter().any(|kept| alarm.is_said_by(kept)) {
                continue;
            }
            let mut written = Written::of(&before, &before, taken.version)?;
            if alarm.hours > 0 {
                written.after = with_hours(&written.after, alarm.hours)?;
            }
            let kept = chain.add(shop, written.entry(alarm.event(), NOTHING_SAID, doer));
            tx.execute_all(shop, &kept_by(&kept, &chain)).await?;
            raised += 1;
        }
        if raised > 0 {
            tx.commit().await?;
        }
        Ok(raised)
    }
}

fn with_hours(after: &str, hours: i64) -> Result<String> {
    let mut after: Json = from_json(after)?;
    let object = after.as_object_mut().ok_or_else(|| StoreError::Value("no object".into()))?;
    object.insert("hours_left".into(), hours.into());
    to_json(&after)
}

/// Who writes alarms into histories, at `now` (epoch seconds).
pub fn alarm_clock(now: i64) -> Doer {
    Doer {
        client_id: String::new(),
        operator: BY.into(),
        actor: crate::life::Actor::Platform,
        call: None,
        now,
    }
}
