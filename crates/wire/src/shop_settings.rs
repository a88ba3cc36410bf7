//! `tousu.settings.get|set/1.0.0`: what a shop decides about its complaints `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::complaint_act::{NAME_CHARACTERS, check_text};
use crate::{BeijingTime, Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

const LIMIT: RateLimit = RateLimit { calls: 100, seconds: 10 };
/// Hours that a consumer may have at most to have a complaint reopened: ten years.
const MOST_REOPENS_HOURS: i64 = 87_600;
/// Hours before a deadline at most: thirty days.
const MOST_REMIND_HOURS: i64 = 720;
/// How many of them at most.
const MOST_REMINDERS: usize = 10;
/// Rules of a shop at most.
const MOST_RULES: usize = 200;

/// 获取店铺设置
#[derive(Clone, Copy, Debug)]
pub enum SettingsGet {}

impl Endpoint for SettingsGet {
    const NAME: &'static str = "tousu.settings.get";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "获取店铺设置 ¦ Get a shop's settings";
    const PERMISSION_SET: PermissionSet = PermissionSet::ComplaintsQuery;
    const LIMIT: RateLimit = LIMIT;
    type Request = Nothing;
    type Response = ShopSettings;

    fn example() -> Example {
        Example { request: json!({ "access_token": "xxxxx" }), response: example_settings() }
    }
}

/// 更改店铺设置
#[derive(Clone, Copy, Debug)]
pub enum SettingsSet {}

impl Endpoint for SettingsSet {
    const NAME: &'static str = "tousu.settings.set";
    const VERSION: &'static str = "1.0.0";
    const TITLE: &'static str = "更改店铺设置 ¦ Change a shop's settings";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    type Request = Change;
    type Response = Changed;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "remind_hours": [24, 4, 1],
                "deadline_rules": [example_rule()],
                "move_running": 1,
                "dry_run": 1,
            }),
            response: json!({
                "settings": example_settings(),
                "moved": [{
                    "complaint_id": "c_661a9d66b6733_qTRys2mU",
                    "before": "2024-04-16 22:57:42",
                    "after": "2024-04-15 22:57:42",
                    "rule": "own.shop",
                    "rule_version": 1,
                }],
            }),
        }
    }
}

fn example_rule() -> Value {
    json!({
        "id": "own.shop",
        "version": 1,
        "channel": 1,
        "from": "2024-04-01",
        "stage": "settlement",
        "kind": { "hours": 48 },
        "title": "店铺渠道：48 小时内处理完结",
    })
}

fn example_settings() -> Value {
    json!({
        "merchant_closes": 0,
        "consumer_reopens_hours": 168,
        "remind_hours": [24, 4, 1],
        "deadline_rules": [example_rule()],
    })
}

/// No parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

/// What holds for a shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShopSettings {
    /// 1: the merchant may close complaints itself.
    #[schemars(title = "商家可否自行结单：0=否,1=是")]
    pub merchant_closes: i64,
    /// For how many hours after the closing the consumer may have a complaint reopened.
    #[schemars(title = "结单后消费者可重新打开的小时数")]
    pub consumer_reopens_hours: i64,
    /// How many hours before a deadline somebody is to be told of it, longest first.
    #[schemars(title = "到期前多少小时提醒，从长到短")]
    pub remind_hours: Vec<i64>,
    /// The shop's own deadline rules, over those that come with the program.
    #[schemars(title = "店铺自己的期限规则，优先于自带规则")]
    pub deadline_rules: Vec<Value>,
}

/// What is to change; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SettingsChange")]
pub struct Change {
    /// 1: the merchant may close complaints itself.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "商家可否自行结单：0=否,1=是")]
    pub merchant_closes: Option<i64>,
    /// For how many hours after the closing the consumer may have a complaint reopened, 0 to 87600.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "结单后消费者可重新打开的小时数：0-87600")]
    pub consumer_reopens_hours: Option<i64>,
    /// How many hours before a deadline somebody is to be told of it: up to 10 values from 1 to 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "到期前多少小时提醒：最多 10 个，1-720")]
    pub remind_hours: Option<Vec<i64>>,
    /// All of the shop's own deadline rules, in place of those there were. Fields as in the answer of `get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "店铺自己的全部期限规则，替换原有的")]
    pub deadline_rules: Option<Vec<Value>>,
    /// 1: windows that run already are counted anew, too, from when they opened; otherwise they stay.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否重算进行中的时限：0=否,1=是(默认否)")]
    pub move_running: Option<i64>,
    /// 1: nothing changes; the answer says what would.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "仅试算：0=否,1=是(默认否)")]
    pub dry_run: Option<i64>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

impl Change {
    /// The request, if no part of it is out of bounds. Rules are read by the server.
    pub fn checked(mut self) -> Result<Self, InvalidParameter> {
        for (name, flag) in [
            ("merchant_closes", self.merchant_closes),
            ("move_running", self.move_running),
            ("dry_run", self.dry_run),
        ] {
            within(name, flag, 0, 1)?;
        }
        within("consumer_reopens_hours", self.consumer_reopens_hours, 0, MOST_REOPENS_HOURS)?;
        if let Some(hours) = &mut self.remind_hours {
            hours.iter().try_for_each(|hours| within("remind_hours", Some(*hours), 1, MOST_REMIND_HOURS))?;
            hours.sort_unstable_by(|a, b| b.cmp(a));
            hours.dedup();
            at_most("remind_hours", hours.len(), MOST_REMINDERS)?;
        }
        at_most("deadline_rules", self.deadline_rules.as_ref().map_or(0, Vec::len), MOST_RULES)?;
        for (name, text) in [("operator", &self.operator), ("idempotency_key", &self.idempotency_key)] {
            text.as_deref().map_or(Ok(()), |text| check_text(name, text, NAME_CHARACTERS))?;
        }
        Ok(self)
    }
}

fn within(name: &str, value: Option<i64>, least: i64, most: i64) -> Result<(), InvalidParameter> {
    match value.filter(|value| !(least..=most).contains(value)) {
        None => Ok(()),
        Some(value) => {
            let problem = format!(
                "收到 {value}，应为 {least} 到 {most} ¦ received {value}, expected {least} to {most}"
            );
            Err(InvalidParameter::new(name, problem))
        }
    }
}

fn at_most(name: &str, received: usize, most: usize) -> Result<(), InvalidParameter> {
    if received <= most {
        return Ok(());
    }
    let problem = format!("收到 {received} 个，最多 {most} 个 ¦ received {received}, at most {most}");
    Err(InvalidParameter::new(name, problem))
}

/// What has changed, or would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsChanged")]
pub struct Changed {
    /// What holds since, or would.
    #[schemars(title = "更改后的设置")]
    pub settings: ShopSettings,
    /// Every complaint of which a window was moved, or would be.
    #[schemars(title = "时限被调整的投诉单")]
    pub moved: Vec<Moved>,
}

/// A complaint of which the deadline moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    /// The complaint.
    #[schemars(title = "投诉单号")]
    pub complaint_id: String,
    /// The deadline that counted.
    #[schemars(title = "原时限")]
    pub before: BeijingTime,
    /// The deadline that counts since.
    #[schemars(title = "新时限")]
    pub after: BeijingTime,
    /// The id of the rule that gives it.
    #[schemars(title = "规则")]
    pub rule: String,
    /// The rule's version.
    #[schemars(title = "规则版本")]
    pub rule_version: i64,
}
