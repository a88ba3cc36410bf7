//! SQL that counts complaints. Each part is counted by the database, in the caller's snapshot.

use std::collections::BTreeMap;

use tousu_wire::BeijingTime;
use tousu_wire::codes::CodeTable;
use tousu_wire::stats::{
    Counted, Due, Durations, OfAssignee, OfChannel, OfDay, OfHour, OfResource, OfSource, OfState, Query,
    Response,
};

use super::complaints::{BEIJING_HOURS, Where};
use super::search_sql::one_of;
use super::{Result, ShopId, Tx, Value};
use crate::privacy::{masked_id, masked_text};

/// Resources and orders that are told, at most.
const MOST_RESOURCES: i64 = 20;

/// From a complaint to the first reply of the merchant; null without one.
const TO_FIRST_REPLY: &str = "(select min(replied_at) from replies where replies.shop_id = $1
     and replies.complaint_id = complaints.complaint_id and reply_from = 'merchant') - complaint_time";

/// From a complaint to its closing; null while it is open.
const TO_CLOSING: &str = "case when state = 2 then closed_at - complaint_time end";

impl Tx {
    /// Everything that is counted of the complaints that match, as of `now`.
    pub async fn stats(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<Response> {
        let mut all = Counted::default();
        let [mut by_channel, mut by_source, mut by_state] = [(); 3].map(|()| BTreeMap::<i64, Counted>::new());
        for ([channel, source, state], counted) in self.by_codes(shop, query, now).await? {
            all += counted;
            for (by, code) in [(&mut by_channel, channel), (&mut by_source, source), (&mut by_state, state)] {
                *by.entry(code).or_default() += counted;
            }
        }
        let by_hour = self.by_hour(shop, query, now).await?;
        Ok(Response {
            as_of: BeijingTime::from_epoch(now),
            total: all.total,
            overtime: all.overtime,
            overtime_rate: rate(all),
            by_channel: of_each(by_channel, |channel_type, counted| OfChannel { channel_type, counted }),
            by_source: of_each(by_source, |complaint_from, counted| OfSource { complaint_from, counted }),
            by_state: of_each(by_state, |state, counted| OfState { state, counted }),
            by_day: by_hour.days(),
            new_today: by_hour.of_day(BeijingTime::from_epoch(now).day()),
            by_hour: by_hour.hours(),
            by_resource: self.by_resource(shop, query, now).await?,
            first_reply: self.durations(shop, query, TO_FIRST_REPLY).await?,
            closing: self.durations(shop, query, TO_CLOSING).await?,
            due: self.due(shop, query, now).await?,
            by_assignee: self.by_assignee(shop, query, now).await?,
        })
    }

    /// By channel, source and state together, of which there are few.
    async fn by_codes(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<Vec<([i64; 3], Counted)>> {
        let mut clauses = matching(query);
        let overtime = overtime(&mut clauses, now);
        let sql = format!(
            "select channel_type, complaint_from, state, count(*), {overtime} from complaints where {}
             group by channel_type, complaint_from, state",
            clauses.sql
        );
        self.query_slowly(shop, &sql, &clauses.parameters, |row| {
            let counted = Counted { total: row.int(3)?, overtime: row.int(4)? };
            Ok(([row.int(0)?, row.int(1)?, row.int(2)?], counted))
        })
        .await
    }

    /// By the hours since 1970, from which days and hours of the day are both added up.
    async fn by_hour(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<ByHour> {
        let mut clauses = matching(query);
        let overtime = overtime(&mut clauses, now);
        let sql = format!(
            "select {BEIJING_HOURS} - 24000000, count(*), {overtime} from complaints where {} group by 1",
            clauses.sql
        );
        let counted = self.query_slowly(shop, &sql, &clauses.parameters, |row| {
            Ok((row.int(0)?, Counted { total: row.int(1)?, overtime: row.int(2)? }))
        });
        Ok(ByHour(counted.await?))
    }

    /// Those with the most complaints; of equal ones, those that were complained of first.
    async fn by_resource(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<Vec<OfResource>> {
        let mut clauses = matching(query);
        let overtime = overtime(&mut clauses, now);
        let most = clauses.bind(MOST_RESOURCES.into());
        let sql = format!(
            "select complaint_resource_id, count(*), {overtime}, count(case when state <> 2 then 1 end)
             from complaints where {} and complaint_resource_id <> ''
             group by complaint_resource_id order by count(*) desc, min(number) limit {most}",
            clauses.sql
        );
        self.query_slowly(shop, &sql, &clauses.parameters, |row| {
            Ok(OfResource {
                complaint_resource_id: masked_id(row.text(0)?).into_owned(),
                counted: Counted { total: row.int(1)?, overtime: row.int(2)? },
                open: row.int(3)?,
            })
        })
        .await
    }

    /// How long `seconds` is where it is not null.
    async fn durations(&mut self, shop: &ShopId, query: &Query, seconds: &str) -> Result<Durations> {
        let mut clauses = matching(query);
        let timed = format!("from (select {seconds} as seconds from complaints where {}) timed", clauses.sql);
        let sql = format!("select count(seconds) {timed}");
        let counted = self.query_slowly(shop, &sql, &clauses.parameters, |row| row.int(0)).await?;
        let count = counted.into_iter().next().unwrap_or_default();
        let offset = clauses.bind(Value::Null);
        let sql = format!(
            "select seconds {timed} where seconds is not null order by seconds limit 1 offset {offset}"
        );
        let mut ranked = [None; 2];
        for (percent, seconds) in [50, 90].into_iter().zip(&mut ranked).take_while(|_| count > 0) {
            let mut parameters = clauses.parameters.clone();
            parameters.pop();
            parameters.push(nearest_rank(count, percent).into());
            *seconds = self.query_slowly(shop, &sql, &parameters, |row| row.int(0)).await?.pop();
        }
        let [median_seconds, p90_seconds] = ranked;
        Ok(Durations { count, median_seconds, p90_seconds })
    }

    async fn due(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<Due> {
        let mut clauses = matching(query);
        let start = clauses.bind(now.into());
        let end_of_day = BeijingTime::of_day(BeijingTime::from_epoch(now).day() + 1).epoch();
        let within = [now + 3600, now + 4 * 3600, now + 24 * 3600, end_of_day].map(|end| {
            let end = clauses.bind(end.into());
            format!("count(case when operate_end_time >= {start} and operate_end_time <= {end} then 1 end)")
        });
        let sql = format!(
            "select count(case when operate_end_time < {start} then 1 end), {} from complaints
             where {} and state <> 2",
            within.join(", "),
            clauses.sql
        );
        let due = self.query_slowly(shop, &sql, &clauses.parameters, |row| {
            Ok(Due {
                overdue: row.int(0)?,
                within_1_hour: row.int(1)?,
                within_4_hours: row.int(2)?,
                within_24_hours: row.int(3)?,
                today: row.int(4)?,
            })
        });
        Ok(due.await?.pop().unwrap_or_default())
    }

    async fn by_assignee(&mut self, shop: &ShopId, query: &Query, now: i64) -> Result<Vec<OfAssignee>> {
        let mut clauses = matching(query);
        let now = clauses.bind(now.into());
        let sql = format!(
            "select coalesce(assignee, ''), count(case when state <> 2 then 1 end),
                 count(case when state <> 2 and operate_end_time < {now} then 1 end),
                 count(case when state = 2 then 1 end)
             from complaints where {} group by 1",
            clauses.sql
        );
        let found = self.query_slowly(shop, &sql, &clauses.parameters, |row| {
            // Programs of before kept them as they came.
            let assignee = masked_text(row.text(0)?).into_owned();
            Ok(OfAssignee { assignee, open: row.int(1)?, overdue: row.int(2)?, closed: row.int(3)? })
        });
        let mut found = found.await?;
        found.sort_by(|one, other| other.open.cmp(&one.open).then_with(|| one.assignee.cmp(&other.assignee)));
        Ok(found)
    }
}

/// Complaints by the hours since 1970 in Beijing in which they were made.
struct ByHour(Vec<(i64, Counted)>);

impl ByHour {
    /// Those of each day that has some, oldest first.
    fn days(&self) -> Vec<OfDay> {
        let mut days: BTreeMap<i64, Counted> = BTreeMap::new();
        for (hour, counted) in &self.0 {
            *days.entry(hour.div_euclid(24)).or_default() += *counted;
        }
        let day = |(day, counted): (i64, Counted)| OfDay { day: BeijingTime::of_day(day).date(), counted };
        days.into_iter().map(day).collect()
    }

    /// Those of each hour of the day, all 24.
    fn hours(&self) -> Vec<OfHour> {
        let mut hours = [Counted::default(); 24];
        for (hour, counted) in &self.0 {
            hours[hour.rem_euclid(24) as usize] += *counted;
        }
        (0..).zip(hours).map(|(hour, counted)| OfHour { hour, counted }).collect()
    }

    /// How many were made on that day.
    fn of_day(&self, day: i64) -> i64 {
        self.0.iter().filter(|(hour, _)| hour.div_euclid(24) == day).map(|(_, counted)| counted.total).sum()
    }
}

/// What was counted of each code, in the order of their numbers.
fn of_each<C: From<i64>, T>(counted: BTreeMap<i64, Counted>, of: impl Fn(C, Counted) -> T) -> Vec<T> {
    counted.into_iter().map(|(code, counted)| of(code.into(), counted)).collect()
}

fn matching(query: &Query) -> Where<'_> {
    let Query { start_time, end_time, channel_type, complaint_from } = query;
    let mut clauses = Where::of_shop();
    clauses.and("complaint_time >= ?", start_time.map(|time| time.epoch().into()));
    clauses.and("complaint_time <= ?", end_time.map(|time| time.epoch().into()));
    one_of(&mut clauses, "channel_type", channel_type.iter().map(|code| code.number()));
    one_of(&mut clauses, "complaint_from", complaint_from.iter().map(|code| code.number()));
    clauses
}

/// How many are overtime by the rule of `Complaint::overtime`.
fn overtime(clauses: &mut Where<'_>, now: i64) -> String {
    let now = clauses.bind(now.into());
    format!(
        "count(case when state <> 2 and operate_end_time < {now} then 1
             when state = 2 and closed_overtime = 2 then 1
             when state = 2 and closed_overtime is null and coalesce(closed_at, {now}) > operate_end_time then 1
         end)"
    )
}

/// How many come before the value that at least `percent` of `count` do not exceed.
fn nearest_rank(count: i64, percent: i64) -> i64 {
    (count.saturating_mul(percent) + 99) / 100 - 1
}

/// With four digits, so that both databases and all machines say the same.
fn rate(counted: Counted) -> f64 {
    if counted.total == 0 {
        return 0.0;
    }
    (counted.overtime as f64 * 10_000.0 / counted.total as f64).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn the_nearest_rank_is_that_of_a_textbook() {
        let ranks = [(1, 0, 0), (2, 0, 1), (3, 1, 2), (10, 4, 8), (11, 5, 9), (20, 9, 17), (21, 10, 18)];
        for (count, median, p90) in ranks {
            assert_eq!((nearest_rank(count, 50), nearest_rank(count, 90)), (median, p90), "{count}");
        }
    }
}
