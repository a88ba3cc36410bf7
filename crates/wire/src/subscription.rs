//! `tousu.subscription.list|get|rotate_secret|delete|test/1.0.0`: who is told of what happens `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::missing;
use crate::codes::ChannelType;
use crate::complaint_reveal::check_names;
use crate::shop_settings::Nothing;
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

pub(crate) const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
/// Hours for which an old secret may go on signing beside a new one, at most.
pub const MOST_OVERLAP_HOURS: i64 = 168;
/// The same, if nothing is said.
pub const DEFAULT_OVERLAP_HOURS: i64 = 24;

/// What can be subscribed to, with what people call it (`中文 ¦ English`).
pub const EVENTS: [(&str, &str); 7] = [
    ("complaint.created", "新投诉 ¦ a new complaint"),
    ("complaint.replied", "有新回复 ¦ somebody replied"),
    ("complaint.due_soon", "即将到期 ¦ the deadline is near"),
    ("complaint.overdue", "已超时 ¦ the deadline has passed"),
    ("complaint.closed", "已结单 ¦ closed"),
    ("complaint.reopened", "重新打开 ¦ reopened"),
    ("complaint.imported", "批量导入 ¦ imported from a file"),
];

/// What people or programs can be told through, with what it is called (`中文 ¦ English`).
pub const KINDS: [(&str, &str); 5] = [
    ("webhook", "签名的 HTTP 回调 ¦ a signed webhook"),
    ("wecom", "企业微信群机器人 ¦ a WeCom group bot"),
    ("dingtalk", "钉钉群机器人 ¦ a DingTalk group bot"),
    ("feishu", "飞书群机器人 ¦ a Feishu group bot"),
    ("email", "邮件 ¦ mail"),
];

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Its id.
    #[schemars(title = "订阅 id")]
    pub subscription_id: String,
    /// `webhook`, `wecom`, `dingtalk`, `feishu` or `email`.
    #[schemars(title = "方式：webhook、wecom 企业微信、dingtalk 钉钉、feishu 飞书、email 邮件")]
    pub kind: String,
    /// What people call it.
    #[schemars(title = "名称")]
    pub name: String,
    /// Where notices go, as far as it may be shown.
    #[schemars(title = "地址，隐去密钥部分")]
    pub target: String,
    /// 1: what is sent is signed.
    #[schemars(title = "是否签名：0=否,1=是")]
    pub signed: i64,
    /// Until when the secret before this one goes on signing, too; null if there is none.
    #[schemars(title = "旧密钥同时签名至；没有为 null", with = "Option<String>")]
    pub old_secret_until: Option<BeijingTime>,
    /// Of which events; empty: of all.
    #[schemars(title = "事件；空为全部")]
    pub events: Vec<String>,
    /// Of which channels; empty: of all.
    #[schemars(title = "渠道；空为全部")]
    pub channels: Vec<ChannelType>,
    /// Hours of the day in which only what is overdue is told, for example `22:00-08:00`; empty: none.
    #[schemars(title = "免打扰时段，仅已超时的照常通知；空为不设")]
    pub quiet_hours: String,
    /// At which minute of the day the day's report is sent, for example `09:05`; empty: never.
    #[schemars(title = "日报时间；空为不发")]
    pub digest_time: String,
    /// 0: nothing is sent, and nothing waits for that.
    #[schemars(title = "是否启用：0=否,1=是")]
    pub enabled: i64,
    /// When it was made.
    #[schemars(title = "建立时间")]
    pub created_at: BeijingTime,
}

/// A subscription, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubscriptionRow")]
pub struct Row {
    /// What was asked for.
    #[serde(flatten)]
    pub subscription: Subscription,
    /// Notices that wait to be sent, those behind others included.
    #[schemars(title = "待送达条数")]
    pub waiting: i64,
    /// Notices that were given up and can be sent again with `replay`.
    #[schemars(title = "放弃条数，可重新投递")]
    pub given_up: i64,
    /// How many attempts in a row failed.
    #[schemars(title = "连续失败次数")]
    pub failures: i64,
    /// Why the last attempt failed; empty after one that did not.
    #[schemars(title = "最近一次失败的原因")]
    pub problem: String,
    /// Before then nothing is sent, as the target asked or since it failed; null: nothing is in the way.
    #[schemars(title = "暂停至；未暂停为 null", with = "Option<String>")]
    pub paused_until: Option<BeijingTime>,
}

pub(crate) fn example_subscription() -> Value {
    json!({
        "subscription_id": "sub_Kq3bLwXyz0aB",
        "kind": "webhook",
        "name": "客服系统",
        "target": "https://kefu.example.com/***",
        "signed": 1,
        "old_secret_until": null,
        "events": ["complaint.created", "complaint.overdue"],
        "channels": [1, 2],
        "quiet_hours": "",
        "digest_time": "",
        "enabled": 1,
        "created_at": "2024-04-13 22:57:42",
    })
}

fn example_row() -> Value {
    let mut row = example_subscription();
    for (name, value) in [
        ("waiting", json!(2)),
        ("given_up", json!(0)),
        ("failures", json!(3)),
        ("problem", json!("HTTP 503")),
    ] {
        row[name] = value;
    }
    row["paused_until"] = json!("2024-04-13 23:08:12");
    row
}

/// Which subscription is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SubscriptionRequest")]
pub struct Request {
    /// The subscription's id.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "订阅 id")]
    pub subscription_id: Option<String>,
    /// For how many hours the old secret goes on signing beside the new one, 0 to 168; default 24.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "旧密钥同时签名的小时数：0-168，默认 24")]
    pub overlap_hours: Option<i64>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

impl Request {
    /// The subscription that is meant, if no part of the request is out of bounds.
    pub fn checked(&self) -> Result<String, InvalidParameter> {
        let overlap = self.overlap_hours.unwrap_or(DEFAULT_OVERLAP_HOURS);
        if !(0..=MOST_OVERLAP_HOURS).contains(&overlap) {
            let problem = format!(
                "收到 {overlap}，应为 0 到 {MOST_OVERLAP_HOURS} ¦ received {overlap}, expected 0 to {MOST_OVERLAP_HOURS}"
            );
            return Err(InvalidParameter::new("overlap_hours", problem));
        }
        check_names(self.operator.as_deref(), self.idempotency_key.as_deref())?;
        which(self.subscription_id.as_ref())
    }
}

/// The subscription that a request names.
pub(crate) fn which(id: Option<&String>) -> Result<String, InvalidParameter> {
    lenient::id("subscription_id", id.cloned().ok_or_else(|| missing("subscription_id"))?)
}

/// Which parameters those take that need no more than the subscription.
const WHICH: Option<&[&str]> = Some(&["subscription_id"]);
/// The same, of those that change something.
const WHOSE_DOING: Option<&[&str]> = Some(&["subscription_id", "operator", "idempotency_key"]);

fn example_request(more: Value) -> Value {
    let mut request = json!({ "access_token": "xxxxx", "subscription_id": "sub_Kq3bLwXyz0aB" });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

/// 列出订阅
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionList {}

impl Endpoint for SubscriptionList {
    const NAME: &'static str = "tousu.subscription.list";
    const TITLE: &'static str = "列出订阅 ¦ List subscriptions";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    type Request = Nothing;
    type Response = Listed;

    fn example() -> Example {
        Example { request: json!({ "access_token": "xxxxx" }), response: json!({ "list": [example_row()] }) }
    }
}

/// Every subscription of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Subscriptions")]
pub struct Listed {
    /// In the order of their ids.
    #[schemars(title = "订阅，按 id 排序")]
    pub list: Vec<Row>,
}

/// 获取订阅
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionGet {}

impl Endpoint for SubscriptionGet {
    const NAME: &'static str = "tousu.subscription.get";
    const TITLE: &'static str = "获取订阅 ¦ Get a subscription";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    const TAKES: Option<&'static [&'static str]> = WHICH;
    type Request = Request;
    type Response = Row;

    fn example() -> Example {
        Example { request: example_request(json!({})), response: example_row() }
    }
}

/// 更换签名密钥
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionRotateSecret {}

impl Endpoint for SubscriptionRotateSecret {
    const NAME: &'static str = "tousu.subscription.rotate_secret";
    const TITLE: &'static str = "更换签名密钥，新密钥只显示这一次 ¦ Rotate a webhook's secret";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    type Request = Request;
    type Response = WithSecret;

    fn example() -> Example {
        let mut subscription = example_subscription();
        subscription["old_secret_until"] = json!("2024-04-14 22:57:42");
        Example {
            request: example_request(json!({ "overlap_hours": 24 })),
            response: json!({ "subscription": subscription, "secret": EXAMPLE_SECRET }),
        }
    }
}

pub(crate) const EXAMPLE_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A subscription and its new secret. The Debug output does not show that.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubscriptionWithSecret")]
pub struct WithSecret {
    /// The subscription.
    #[schemars(title = "订阅")]
    pub subscription: Subscription,
    /// What webhooks are signed with from now on; it is shown in no other answer. Null where nothing was made.
    #[schemars(title = "签名密钥，之后无法再次查看；未生成为 null")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for WithSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithSecret").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}

/// 删除订阅
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionDelete {}

impl Endpoint for SubscriptionDelete {
    const NAME: &'static str = "tousu.subscription.delete";
    const TITLE: &'static str = "删除订阅及其投递记录 ¦ Delete a subscription";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    const TAKES: Option<&'static [&'static str]> = WHOSE_DOING;
    type Request = Request;
    type Response = Deleted;

    fn example() -> Example {
        Example {
            request: example_request(json!({})),
            response: json!({ "subscription_id": "sub_Kq3bLwXyz0aB" }),
        }
    }
}

/// What is there no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubscriptionDeleted")]
pub struct Deleted {
    /// Its id.
    #[schemars(title = "订阅 id")]
    pub subscription_id: String,
}

/// 发送一条测试通知
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionTest {}

impl Endpoint for SubscriptionTest {
    const NAME: &'static str = "tousu.subscription.test";
    const TITLE: &'static str = "立即发送一条测试通知 ¦ Send a test notice now";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = RateLimit { calls: 5, seconds: 60 };
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    const TAKES: Option<&'static [&'static str]> = WHICH;
    type Request = Request;
    type Response = Tested;

    fn example() -> Example {
        Example {
            request: example_request(json!({})),
            response: json!({ "delivered": 0, "status": 401, "problem": "HTTP 401" }),
        }
    }
}

/// What became of a test notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubscriptionTested")]
pub struct Tested {
    /// 1: the target took it.
    #[schemars(title = "是否送达：0=否,1=是")]
    pub delivered: i64,
    /// The HTTP status of its answer; null if there was none.
    #[schemars(title = "应答的 HTTP 状态；没有应答为 null")]
    pub status: Option<i64>,
    /// Why it was not delivered; empty if it was.
    #[schemars(title = "未送达的原因")]
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_and_for_how_long() {
        let request = |overlap_hours| Request {
            subscription_id: Some("sub_1".into()),
            overlap_hours,
            ..Request::default()
        };
        for (hours, fits) in
            [(None, true), (Some(0), true), (Some(168), true), (Some(-1), false), (Some(169), false)]
        {
            assert_eq!(request(hours).checked().is_ok(), fits, "{hours:?}");
        }
        assert_eq!(Request::default().checked().unwrap_err().name, "subscription_id");
        let nul = Request { subscription_id: Some("a\0".into()), ..Request::default() };
        assert_eq!(nul.checked().unwrap_err().name, "subscription_id");
    }

    #[test]
    fn secrets_are_not_shown() {
        let subscription = serde_json::from_value(example_subscription()).unwrap();
        let shown = format!("{:?}", WithSecret { subscription, secret: Some(EXAMPLE_SECRET.into()) });
        assert!(!shown.contains("whsec_"), "{shown}");
    }
}
