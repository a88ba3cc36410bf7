//! `tousu.queue.get/1.0.0`: how many complaints wait for what `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::shop_settings::Nothing;
use crate::{BeijingTime, Endpoint, Example, PermissionSet, RateLimit};

/// The endpoint.
#[derive(Clone, Copy, Debug)]
pub enum QueueGet {}

impl Endpoint for QueueGet {
    const NAME: &'static str = "tousu.queue.get";
    const TITLE: &'static str = "获取待办数 ¦ Get how many complaints wait";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = RateLimit { calls: 500, seconds: 10 };
    type Request = Nothing;
    type Response = Response;

    fn example() -> Example {
        Example {
            request: json!({ "access_token": "xxxxx" }),
            response: json!({
                "version": 41,
                "as_of": "2024-05-01 12:00:00",
                "pending": 3,
                "processing": 5,
                "due_soon": 2,
                "overdue": 1,
                "done": 25,
                "due_soon_hours": 4,
            }),
        }
    }
}

/// How many complaints wait for what: all of it in one snapshot, and by the clock at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Queue")]
pub struct Response {
    /// Rises with every change of the shop.
    #[schemars(title = "店铺版本，有变更即增")]
    pub version: i64,
    /// At which moment what is open was overdue or due soon.
    #[schemars(title = "统计时刻")]
    pub as_of: BeijingTime,
    /// In state 0.
    #[schemars(title = "待处理")]
    pub pending: i64,
    /// In state 1.
    #[schemars(title = "处理中")]
    pub processing: i64,
    /// Open, and due within `due_soon_hours`, now included.
    #[schemars(title = "即将超时：未完成且在 due_soon_hours 小时内到期")]
    pub due_soon: i64,
    /// Open, and past the deadline.
    #[schemars(title = "已超时：未完成且已过时限")]
    pub overdue: i64,
    /// In state 2.
    #[schemars(title = "处理完成")]
    pub done: i64,
    /// The largest of the shop's reminders that is 4 hours or less, else 4.
    #[schemars(title = "即将超时的小时数：店铺提醒小时数中不超过 4 的最大者，没有则为 4")]
    pub due_soon_hours: i64,
}
