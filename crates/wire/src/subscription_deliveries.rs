//! `tousu.subscription.deliveries|replay/1.0.0`: what became of notices, and sending them again `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{check_text, flag, within};
use crate::complaint_changes::{DEFAULT_PAGE_SIZE, PAGE_SIZES};
use crate::complaint_reveal::check_names;
use crate::subscription::{LIMIT, which};
use crate::subscription_change::one_of;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// What a delivery can be, with what people call it (`中文 ¦ English`).
pub const STATES: [(&str, &str); 5] = [
    ("waiting", "待送达 ¦ waits to be sent"),
    ("behind", "排队中，待同一投诉单的前一条 ¦ waits for an earlier one of its complaint"),
    ("delivered", "已送达 ¦ delivered"),
    ("given_up", "已放弃 ¦ given up"),
    ("no_news", "无需再送 ¦ no news any more"),
];
/// Deliveries that one call can send again by their ids.
pub const MOST_REPLAYED: usize = 1000;

/// 查询投递记录
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionDeliveries {}

impl Endpoint for SubscriptionDeliveries {
    const NAME: &'static str = "tousu.subscription.deliveries";
    const TITLE: &'static str = "查询投递记录 ¦ Look up deliveries";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    type Request = Request;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx", "subscription_id": "sub_Kq3bLwXyz0aB", "state": "given_up" }),
            response: json!({
                "list": [{
                    "delivery_id": "17.0",
                    "entry": 17,
                    "event": "complaint.created",
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "state": "given_up",
                    "attempts": 1,
                    "tries": [{ "at": "2024-04-13 22:57:43", "status": 415, "problem": "HTTP 415" }],
                    "created_at": "2024-04-13 22:57:42",
                    "next_at": null,
                    "done_at": "2024-04-13 22:57:43",
                }],
                "next_cursor": "",
            }),
        }
    }
}

/// Which deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "DeliveriesRequest")]
pub struct Request {
    /// The subscription's id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "订阅 id")]
    pub subscription_id: Option<String>,
    /// `waiting`, `behind`, `delivered`, `given_up` or `no_news`; absent: all.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "状态：waiting 待送达，behind 排队中，delivered 已送达，given_up 已放弃，no_news 无需再送；不填为全部"
    )]
    pub state: Option<String>,
    /// Of this complaint alone.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "投诉单号")]
    pub complaint_id: Option<String>,
    /// `next_cursor` of the page before, with the same conditions.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "游标：上一页的 next_cursor，其余条件须相同")]
    pub cursor: Option<String>,
    /// How many at most, 1 to 1000; default 100.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "每页条数：1-1000，默认 100")]
    pub page_size: Option<i64>,
}

/// A delivery by the history's entry and which of that entry's events it is. Written `17.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The entry; below 0 for the report of a day.
    pub entry: i64,
    /// Which of its events.
    pub part: i64,
}

impl std::fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.entry, self.part)
    }
}

impl DeliveryId {
    /// The id that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        let (entry, part) = text.split_once('.')?;
        let id = DeliveryId { entry: entry.parse().ok()?, part: part.parse().ok()? };
        (id.to_string() == text).then_some(id)
    }
}

/// Which deliveries are asked for, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Of which subscription.
    pub subscription_id: String,
    /// One of [`STATES`].
    pub state: Option<String>,
    /// Of this complaint alone.
    pub complaint_id: Option<String>,
    /// Older than that one.
    pub before: Option<DeliveryId>,
    /// How many at most.
    pub size: usize,
}

impl Request {
    /// The request, if no part of it is out of bounds.
    pub fn query(&self) -> Result<Query, InvalidParameter> {
        let size = within("page_size", self.page_size.unwrap_or(DEFAULT_PAGE_SIZE), PAGE_SIZES)?;
        if let Some(state) = &self.state {
            one_of("state", state, &STATES)?;
        }
        let before = self.cursor.as_deref().map(|text| read_id("cursor", text)).transpose()?;
        let complaint_id = self.complaint_id.clone().map(|id| lenient::id("complaint_id", id)).transpose()?;
        Ok(Query {
            subscription_id: which(self.subscription_id.as_ref())?,
            state: self.state.clone(),
            complaint_id,
            before,
            size: usize::try_from(size).unwrap_or_default(),
        })
    }
}

fn read_id(name: &str, text: &str) -> Result<DeliveryId, InvalidParameter> {
    DeliveryId::parse(text).ok_or_else(|| {
        let shown = lenient::quoted(text);
        let problem =
            format!("收到 {shown}，应如 17.0，由 deliveries 给出 ¦ received {shown}, expected one that deliveries gave, like 17.0");
        InvalidParameter::new(name, problem)
    })
}

/// A page of deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Deliveries")]
pub struct Response {
    /// The newest first.
    #[schemars(title = "投递记录，新的在前")]
    pub list: Vec<Delivery>,
    /// Where the next page begins; empty at the end.
    #[schemars(title = "下一页的游标；没有下一页时为空")]
    pub next_cursor: String,
}

/// A notice and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// By which it can be sent again.
    #[schemars(title = "投递 id")]
    pub delivery_id: String,
    /// The entry of the shop's history that is told of; below 0 for the report of a day.
    #[schemars(title = "历史序号；日报为负数")]
    pub entry: i64,
    /// The event; `report` for the report of a day.
    #[schemars(title = "事件；日报为 report")]
    pub event: String,
    /// The complaint; empty where it is about several.
    #[schemars(title = "投诉单号；涉及多件时为空")]
    pub complaint_id: String,
    /// `waiting`, `behind`, `delivered`, `given_up` or `no_news`.
    #[schemars(
        title = "状态：waiting 待送达，behind 排队中，delivered 已送达，given_up 已放弃，no_news 无需再送"
    )]
    pub state: String,
    /// How often it was tried, since it was last sent again.
    #[schemars(title = "尝试次数")]
    pub attempts: i64,
    /// The last attempts, the oldest first.
    #[schemars(title = "最近的尝试，旧的在前")]
    pub tries: Vec<Try>,
    /// When it was put down to be sent.
    #[schemars(title = "登记时间")]
    pub created_at: BeijingTime,
    /// When it is tried next; null if it is not.
    #[schemars(title = "下次尝试时间；不再尝试为 null", with = "Option<String>")]
    pub next_at: Option<BeijingTime>,
    /// When that was over; null while it waits.
    #[schemars(title = "结束时间；未结束为 null", with = "Option<String>")]
    pub done_at: Option<BeijingTime>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeliveryTry")]
pub struct Try {
    /// When.
    #[schemars(title = "时间")]
    pub at: BeijingTime,
    /// The HTTP status of the answer; null if there was none.
    #[schemars(title = "应答的 HTTP 状态；没有应答为 null")]
    pub status: Option<i64>,
    /// What went wrong; empty if nothing did.
    #[schemars(title = "失败原因")]
    pub problem: String,
}

/// 重新投递
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionReplay {}

impl Endpoint for SubscriptionReplay {
    const NAME: &'static str = "tousu.subscription.replay";
    const TITLE: &'static str = "重新投递 ¦ Send notices again";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    type Request = Replay;
    type Response = Replayed;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "subscription_id": "sub_Kq3bLwXyz0aB",
                "start_time": "2024-04-13 00:00:00",
                "end_time": "2024-04-13 23:59:59",
                "delivered": 1,
            }),
            response: json!({ "replayed": 12 }),
        }
    }
}

/// What is to be sent again: named deliveries, or those of a time; of nothing that was named, all that was given up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "ReplayRequest")]
pub struct Replay {
    /// The subscription's id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "订阅 id")]
    pub subscription_id: Option<String>,
    /// These deliveries, whatever became of them, up to 1000.
    #[serde(deserialize_with = "lenient::array", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "投递 id，不论状态，不超过 1000 个")]
    pub delivery_ids: Vec<String>,
    /// Those put down since then.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "登记时间起", with = "Option<String>")]
    pub start_time: Option<BeijingTime>,
    /// Those put down until then, included.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "登记时间止，含", with = "Option<String>")]
    pub end_time: Option<BeijingTime>,
    /// 1: of the time also those that were delivered; otherwise those that were given up.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否包括已送达的：0=否，仅已放弃的(默认),1=是")]
    pub delivered: Option<i64>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

/// What is to be sent again, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// These.
    Named(Vec<DeliveryId>),
    /// Those put down in that time (epoch seconds, both included).
    Of {
        /// Since then.
        from: Option<i64>,
        /// Until then.
        until: Option<i64>,
        /// Also those that were delivered.
        delivered: bool,
    },
}

impl Replay {
    /// The subscription and what is to be sent again, if no part of the request is out of bounds.
    pub fn checked(&self) -> Result<(String, Again), InvalidParameter> {
        check_names(None, self.idempotency_key.as_deref())?;
        let id = which(self.subscription_id.as_ref())?;
        let refused = |name: &str, problem: String| Err(InvalidParameter::new(name, problem));
        flag("delivered", self.delivered)?;
        let (start, end) = (self.start_time, self.end_time);
        if !self.delivery_ids.is_empty() {
            if start.is_some() || end.is_some() || self.delivered.is_some() {
                let problem = "不能与 start_time、end_time、delivered 同时给出 ¦ cannot be given together with start_time, end_time or delivered";
                return refused("delivery_ids", problem.into());
            }
            let received = self.delivery_ids.len();
            if received > MOST_REPLAYED {
                let problem = format!(
                    "收到 {received} 个，最多 {MOST_REPLAYED} 个 ¦ received {received}, at most {MOST_REPLAYED}"
                );
                return refused("delivery_ids", problem);
            }
            let read = |text: &String| {
                check_text("delivery_ids", text, 64)?;
                read_id("delivery_ids", text)
            };
            let ids = self.delivery_ids.iter().map(read).collect::<Result<_, _>>()?;
            return Ok((id, Again::Named(ids)));
        }
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            let problem = format!("晚于 end_time {end} ¦ is after end_time {end}");
            return refused("start_time", problem);
        }
        let (from, until) = (start.map(BeijingTime::epoch), end.map(BeijingTime::epoch));
        // All that ever was is not sent again by a slip.
        if self.delivered == Some(1) && start.is_none() {
            return refused("start_time", "delivered 为 1 时必填 ¦ is needed where delivered is 1".into());
        }
        Ok((id, Again::Of { from, until, delivered: self.delivered == Some(1) }))
    }
}

/// How much is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    /// How many notices.
    #[schemars(title = "重新投递的条数")]
    pub replayed: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        for id in [DeliveryId { entry: 17, part: 1 }, DeliveryId { entry: -19_829, part: 0 }] {
            assert_eq!(DeliveryId::parse(&id.to_string()), Some(id));
        }
        for text in ["", "17", "17.", ".0", "+17.0", "017.0", "17.0.0", "a.b", "17,0"] {
            assert_eq!(DeliveryId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let asked = Request { subscription_id: Some("sub_1".into()), ..Request::default() };
        assert_eq!(asked.query().unwrap().size, 100);
        let refused = |change: &dyn Fn(&mut Request)| {
            let mut request = asked.clone();
            change(&mut request);
            request.query().unwrap_err().name
        };
        assert_eq!(refused(&|request| request.subscription_id = None), "subscription_id");
        assert_eq!(refused(&|request| request.state = Some("lost".into())), "state");
        assert_eq!(refused(&|request| request.cursor = Some("x".into())), "cursor");
        assert_eq!(refused(&|request| request.page_size = Some(0)), "page_size");
    }

    #[test]
    fn what_is_sent_again_is_named_or_of_a_time() {
        let time = |text: &str| text.parse::<BeijingTime>().ok();
        let asked = Replay { subscription_id: Some("sub_1".into()), ..Replay::default() };
        let all = Again::Of { from: None, until: None, delivered: false };
        assert_eq!(asked.checked().unwrap().1, all);
        let named = Replay { delivery_ids: vec!["17.0".into(), "18.1".into()], ..asked.clone() };
        let ids = [(17, 0), (18, 1)].map(|(entry, part)| DeliveryId { entry, part });
        assert_eq!(named.checked().unwrap().1, Again::Named(ids.into()));
        let refused = |change: &dyn Fn(&mut Replay)| {
            let mut request = asked.clone();
            change(&mut request);
            request.checked().unwrap_err().name
        };
        assert_eq!(refused(&|request| request.subscription_id = None), "subscription_id");
        assert_eq!(refused(&|request| request.delivery_ids = vec!["17".into()]), "delivery_ids");
        assert_eq!(refused(&|request| request.delivery_ids = vec!["1.0".into(); 1001]), "delivery_ids");
        assert_eq!(refused(&|request| request.delivered = Some(1)), "start_time");
        assert_eq!(refused(&|request| request.delivered = Some(2)), "delivered");
        assert_eq!(
            refused(&|request| {
                request.start_time = time("2024-04-14 00:00:00");
                request.end_time = time("2024-04-13 00:00:00");
            }),
            "start_time"
        );
        assert_eq!(
            refused(&|request| {
                request.delivery_ids = vec!["17.0".into()];
                request.delivered = Some(0);
            }),
            "delivery_ids"
        );
    }
}
