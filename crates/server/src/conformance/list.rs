//! The list: pages, filters, bounds, totals.

use serde_json::{Value, json};
use tousu_wire::codes::{ChannelType, CodeTable, Overtime, State};
use tousu_wire::complaint_list::{ComplaintList, SUCCESS};
use tousu_wire::{BeijingTime, ReturnCode};

use super::record::{kind, shown};
use super::rows::{self, moment, number};
use super::sender::{Reply, Unanswered, id_of};
use super::{Run, gateway};

/// Rows of a page to look at.
const SOME: usize = 100;
/// The largest page `[ours]`.
const LARGEST: i64 = 1000;

const NO_COMPLAINTS: &str = "没有投诉 ¦ there are no complaints";
const MOVED: &str = "期间有投诉变动 ¦ complaints changed meanwhile";

/// The total of what one filter leaves.
struct Part {
    filter: Value,
    total: Option<i64>,
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(id_of).collect()
}

impl Run {
    async fn listed(&mut self, parameters: Value) -> Reply {
        self.ask::<ComplaintList>(parameters).await
    }

    /// Compares everything about the list; gives its first rows.
    pub(super) async fn list(&mut self) -> Result<Vec<Value>, Unanswered> {
        let first = self.sender.call::<ComplaintList>(json!({ "page_size": SOME })).await?;
        gateway::every(&mut self.record, &first);
        let told =
            ["limit", "remaining", "reset"].map(|name| first.header(&format!("ratelimit-{name}")).is_some());
        self.record.note("gateway.limits", told == [true; 3], || "没有 ¦ there are none".to_owned());
        let msg = first.json.as_ref().and_then(|body| body.get("msg"));
        self.record.note("list.msg", msg.and_then(Value::as_str) == Some(SUCCESS), || shown(msg));
        let data = first.data();
        let is_so = data.and_then(Value::as_object).is_some_and(|data| {
            data.len() == 2
                && data.get("list").is_some_and(Value::is_array)
                && data.get("total").is_some_and(Value::is_i64)
        });
        self.record.note("list.data", is_so, || match data.and_then(Value::as_object) {
            Some(data) => data
                .iter()
                .map(|(key, value)| format!("{key}: {}", kind(Some(value))))
                .collect::<Vec<_>>()
                .join(", "),
            None => first.shown(),
        });
        self.see(&first);
        rows::note_order(&mut self.record, first.rows());
        let found = first.rows().to_vec();
        self.pages(&first).await;
        self.absence(&first).await;
        self.codes(&first).await;
        self.times(&found).await;
        self.bounds().await;
        Ok(found)
    }

    /// Looks at every row of an answer, by the server's clock if it tells it.
    fn see(&mut self, reply: &Reply) {
        let told = reply.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let now = told.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let now = now.map_or(reply.at, |since| since.as_secs() as i64);
        rows::note(&mut self.record, reply.rows(), now);
    }

    async fn pages(&mut self, first: &Reply) {
        let total = first.total().unwrap_or(0);
        let plain = self.listed(json!({})).await;
        let expected = usize::try_from(total.min(10)).unwrap_or(0);
        self.record.note("list.default_page_size", plain.rows().len() == expected, || {
            format!("{} 条 ¦ {0} rows", plain.rows().len())
        });
        let mut walked = Vec::new();
        for page in 1..=3 {
            let reply = self.listed(json!({ "page": page, "page_size": 3 })).await;
            walked.extend(ids(reply.rows()));
        }
        let whole = self.listed(json!({ "page_size": 9 })).await;
        let whole_ids = ids(whole.rows());
        if whole.total() == Some(total) && !walked.is_empty() {
            self.record.note("list.pages", walked == whole_ids, || format!("{walked:?} ≠ {whole_ids:?}"));
        } else {
            self.record.untested("list.pages", if total == 0 { NO_COMPLAINTS } else { MOVED });
        }
        let beyond = self.listed(json!({ "page": total / 10 + 2, "page_size": 10 })).await;
        let empty = beyond.code() == Some(0) && beyond.rows().is_empty();
        let same = beyond.total() == Some(total) || whole.total() != Some(total);
        self.record.note("list.past_the_end", empty && same, || {
            format!(
                "{}，{} 条，total {:?} ¦ {0}, {1} rows, total {2:?}",
                beyond.shown(),
                beyond.rows().len(),
                beyond.total()
            )
        });
        let large = self.listed(json!({ "page_size": LARGEST })).await;
        let full = large.rows().len() as i64;
        self.record.note(
            "list.page_size.1000",
            large.code() == Some(0) && full == large.total().unwrap_or(0).min(LARGEST),
            || format!("{}，{full} 条 ¦ {0}, {full} rows", large.shown()),
        );
        self.see(&large);
        rows::note_order(&mut self.record, large.rows());
    }

    /// What stands for "all".
    async fn absence(&mut self, first: &Reply) {
        let expected = first.rows().iter().take(10).map(id_of).collect::<Vec<_>>();
        let as_page = json!({
            "complaint_id": "", "state": "", "channel_type": 0, "is_overtime": 0, "page": 1, "page_size": 10,
        });
        let nulls = json!({
            "complaint_id": null, "state": null, "channel_type": null, "is_overtime": null, "start_time": null,
            "end_time": null, "page": null, "page_size": 10,
        });
        for (id, parameters) in [("list.empty_is_absent", as_page), ("list.null_is_absent", nulls)] {
            let reply = self.listed(parameters).await;
            let same = reply.total() == first.total() && ids(reply.rows()) == expected;
            let moved =
                reply.code() == Some(0) && reply.total() != first.total() && self.has_moved(first).await;
            match moved {
                true => self.record.untested(id, MOVED),
                false => self.record.note(id, same, || {
                    format!("{}，total {:?} ¦ {0}, total {1:?}", reply.shown(), reply.total())
                }),
            }
        }
    }

    /// Whether there are more or fewer complaints than there were.
    async fn has_moved(&mut self, first: &Reply) -> bool {
        self.listed(json!({ "page_size": 1 })).await.total() != first.total()
    }

    /// Filters by codes, and whether their totals add up.
    async fn codes(&mut self, first: &Reply) {
        let channels = self.parts::<ChannelType>("list.channel_type", "channel_type").await;
        let overtimes = self.parts::<Overtime>("list.is_overtime", "is_overtime").await;
        let states = self.parts::<State>("list.state", "state").await;
        let moved = self.has_moved(first).await;
        for parts in [&overtimes, &states] {
            let sum: Option<i64> = parts.iter().map(|part| part.total).sum();
            match moved {
                true => self.record.untested("list.sums", MOVED),
                false => self
                    .record
                    .note("list.sums", sum == first.total(), || format!("{sum:?} ≠ {:?}", first.total())),
            }
        }
        let as_text = self.listed(json!({ "state": "0", "page": "1", "page_size": "5" })).await;
        let pending = states.first().and_then(|part| part.total);
        let is_so =
            as_text.code() == Some(0) && as_text.rows().len() <= 5 && (moved || as_text.total() == pending);
        self.record.note("list.numbers_as_strings", is_so, || as_text.shown());
        // One part of all that fits into one page.
        let all = channels.into_iter().chain(states).chain(overtimes);
        let small = all.filter(|part| part.total.is_some_and(|total| (1..=LARGEST).contains(&total)));
        let Some(Part { mut filter, .. }) = small.max_by_key(|part| part.total) else {
            return self
                .record
                .untested("list.total", "没有一种筛选恰在 1 到 1000 条 ¦ no filter leaves 1 to 1000");
        };
        filter["page_size"] = json!(LARGEST);
        let reply = self.listed(filter).await;
        let (rows, total) = (reply.rows().len() as i64, reply.total());
        self.record.note("list.total", Some(rows) == total, || {
            format!("total {total:?}，{rows} 条 ¦ total {total:?}, {rows} rows")
        });
    }

    /// What each code of a table leaves.
    async fn parts<T: CodeTable>(&mut self, belief: &'static str, field: &'static str) -> Vec<Part> {
        let mut parts = Vec::new();
        for (code, ..) in T::LISTED {
            let filter = json!({ field: code });
            let mut asked = filter.clone();
            asked["page_size"] = json!(SOME);
            let reply = self.listed(asked).await;
            for row in reply.rows() {
                let value = row.get(field);
                self.record
                    .note(belief, number(value) == Some(*code), || format!("{field}={code}: {}", id_of(row)));
            }
            if reply.code() != Some(0) {
                self.record.note(belief, false, || format!("{field}={code}: {}", reply.shown()));
            }
            self.see(&reply);
            parts.push(Part { filter, total: reply.total() });
        }
        parts
    }

    /// Filters by time and by number.
    async fn times(&mut self, found: &[Value]) {
        let Some(row) = found.get(found.len().min(10) / 2) else {
            for id in [
                "list.complaint_id",
                "list.start_time",
                "list.start_time.inclusive",
                "list.end_time",
                "list.end_time.inclusive",
            ] {
                self.record.untested(id, NO_COMPLAINTS);
            }
            return;
        };
        let id = id_of(row);
        let one = self.listed(json!({ "complaint_id": id })).await;
        self.record.note(
            "list.complaint_id",
            ids(one.rows()) == [id.as_str()] && one.total() == Some(1),
            || format!("{:?}，total {:?} ¦ {0:?}, total {1:?}", ids(one.rows()), one.total()),
        );
        let none = self.listed(json!({ "complaint_id": "c_0000000000000_00000000" })).await;
        self.record.note(
            "list.complaint_id.unknown",
            none.code() == Some(0) && none.rows().is_empty(),
            || none.shown(),
        );
        let Some(time) = moment(row.get("complaint_time")) else { return };
        type Bound = fn(BeijingTime, BeijingTime) -> bool;
        let bounds: [(&str, &'static str, &'static str, Bound); 2] = [
            ("start_time", "list.start_time", "list.start_time.inclusive", |seen, time| seen >= time),
            ("end_time", "list.end_time", "list.end_time.inclusive", |seen, time| seen <= time),
        ];
        for (field, belief, inclusive, fits) in bounds {
            let reply = self.listed(json!({ field: time, "page_size": SOME })).await;
            let out = reply
                .rows()
                .iter()
                .find(|row| !moment(row.get("complaint_time")).is_some_and(|seen| fits(seen, time)));
            let is_so = reply.code() == Some(0) && out.is_none();
            self.record.note(belief, is_so, || {
                out.map_or_else(|| reply.shown(), |row| format!("{time}: {}", id_of(row)))
            });
            let has_it = ids(reply.rows()).contains(&id);
            self.record.note(inclusive, has_it, || format!("{time}: 没有 {id} ¦ {time}: without {id}"));
        }
    }

    /// What is refused.
    async fn bounds(&mut self) {
        for (id, parameters) in [
            ("list.page_size.1001", json!({ "page_size": LARGEST + 1 })),
            ("list.page_size.0", json!({ "page_size": 0 })),
            ("list.page.0", json!({ "page": 0 })),
            ("list.state.unlisted", json!({ "state": 9 })),
            ("list.channel_type.unlisted", json!({ "channel_type": 9 })),
            ("list.is_overtime.unlisted", json!({ "is_overtime": 9 })),
            ("list.start_time.malformed", json!({ "start_time": "2024-02-30 00:00:00" })),
            (
                "list.start_after_end",
                json!({ "start_time": "2024-02-02 00:00:00", "end_time": "2024-02-01 00:00:00" }),
            ),
        ] {
            let reply = self.listed(parameters).await;
            let what = format!("{}，{} 条，total {:?}", reply.shown(), reply.rows().len(), reply.total());
            let is_so = reply.code() == Some(ReturnCode::InvalidParameter.number());
            self.record.note(id, is_so, || {
                format!("{what} ¦ {}, {} rows, total {:?}", reply.shown(), reply.rows().len(), reply.total())
            });
        }
    }
}
