//! `tousu.subscription.create|update/1.0.0`: who is to be told of what `[ours]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checks::{NAME_CHARACTERS, check_text, flag, missing};
use crate::codes::{ChannelType, CodeTable};
use crate::complaint_list::listed;
use crate::complaint_reveal::check_names;
use crate::subscription::{
    EVENTS, EXAMPLE_SECRET, KINDS, LIMIT, Subscription, WithSecret, example_subscription, which,
};
use crate::{Endpoint, Example, InvalidParameter, PermissionSet, RateLimit, lenient};

/// Characters of an address, at most.
pub const TARGET_CHARACTERS: usize = 2048;
/// Characters of a secret, at most.
pub const SECRET_CHARACTERS: usize = 256;
/// What takes a setting away.
pub const OFF: &str = "off";

/// 建立订阅
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionCreate {}

impl Endpoint for SubscriptionCreate {
    const NAME: &'static str = "tousu.subscription.create";
    const TITLE: &'static str = "建立订阅，签名密钥只显示这一次 ¦ Create a subscription";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["kind", "target"];
    const TAKES: Option<&'static [&'static str]> = Some(&[
        "kind",
        "name",
        "target",
        "secret",
        "events",
        "channels",
        "quiet_hours",
        "digest_time",
        "enabled",
        "operator",
        "idempotency_key",
    ]);
    type Request = Change;
    type Response = WithSecret;

    fn example() -> Example {
        Example {
            request: json!({
                "access_token": "xxxxx",
                "kind": "webhook",
                "name": "客服系统",
                "target": "https://kefu.example.com/hooks/tousu",
                "events": ["complaint.created", "complaint.overdue"],
                "channels": [1, 2],
            }),
            response: json!({ "subscription": example_subscription(), "secret": EXAMPLE_SECRET }),
        }
    }
}

/// 更改订阅
#[derive(Clone, Copy, Debug)]
pub enum SubscriptionUpdate {}

impl Endpoint for SubscriptionUpdate {
    const NAME: &'static str = "tousu.subscription.update";
    const TITLE: &'static str = "更改订阅 ¦ Change a subscription";
    const PERMISSION_SET: PermissionSet = PermissionSet::Apps;
    const LIMIT: RateLimit = LIMIT;
    const REQUIRED: &'static [&'static str] = &["subscription_id"];
    const TAKES: Option<&'static [&'static str]> = Some(&[
        "subscription_id",
        "name",
        "target",
        "secret",
        "events",
        "channels",
        "quiet_hours",
        "digest_time",
        "enabled",
        "operator",
        "idempotency_key",
    ]);
    type Request = Change;
    type Response = Subscription;

    fn example() -> Example {
        let mut changed = example_subscription();
        changed["events"] = json!([]);
        changed["quiet_hours"] = json!("22:00-08:00");
        Example {
            request: json!({
                "access_token": "xxxxx",
                "subscription_id": "sub_Kq3bLwXyz0aB",
                "events": [],
                "quiet_hours": "22:00-08:00",
            }),
            response: changed,
        }
    }
}

/// What a subscription is to be; of one that is there, what is absent stays. The Debug output shows neither the
/// address nor the secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SubscriptionChange")]
pub struct Change {
    /// Which one is to be changed.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "订阅 id")]
    pub subscription_id: Option<String>,
    /// `webhook`, `wecom`, `dingtalk`, `feishu` or `email`.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "方式：webhook、wecom 企业微信、dingtalk 钉钉、feishu 飞书、email 邮件")]
    pub kind: Option<String>,
    /// What people call it, up to 64 characters.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "名称，不超过 64 字")]
    pub name: Option<String>,
    /// Where notices go: an https address, or up to 10 of mail with commas between.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "地址：https 地址，或邮箱(最多 10 个，以逗号分隔)")]
    pub target: Option<String>,
    /// What is signed with: that of a 钉钉 or 飞书 bot; a webhook's is made if it is absent. `off`: none (bots).
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "签名密钥：钉钉、飞书机器人的；webhook 不填则生成。off 为不签名(机器人)")]
    pub secret: Option<String>,
    /// Of which events; empty: of all.
    #[serde(deserialize_with = "lenient::optional_array", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "事件；空为全部", schema_with = "events_schema")]
    pub events: Option<Vec<String>>,
    /// Of which channels; empty: of all. An import, which has no channel, is always told.
    #[serde(deserialize_with = "lenient::optional_array", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "渠道；空为全部。批量导入不分渠道，总会通知")]
    pub channels: Option<Vec<ChannelType>>,
    /// Hours of the Beijing day in which only what is overdue is told, for example `22:00-08:00`; `off`: none. Bots and mail.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "免打扰时段，例如 22:00-08:00，仅已超时的照常通知；off 为不设。仅机器人与邮件")]
    pub quiet_hours: Option<String>,
    /// At which minute of the Beijing day the day's report is sent, for example `09:05`; `off`: never. Bots and mail.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "日报时间，例如 09:05；off 为不发。仅机器人与邮件")]
    pub digest_time: Option<String>,
    /// 0: nothing is sent, and what happens meanwhile is never told. Default 1.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "是否启用：0=否，其间发生的不再通知,1=是(默认是)")]
    pub enabled: Option<i64>,
    /// Who does it, for the history; default: the app.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "操作人，记入历史；默认为应用")]
    pub operator: Option<String>,
    /// The same call with the same key again does nothing and gets the same answer, for 24 hours.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "幂等键：24 小时内相同的调用只生效一次")]
    pub idempotency_key: Option<String>,
}

fn events_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = EVENTS.map(|(name, _)| name);
    schemars::json_schema!({ "type": ["array", "null"], "items": { "type": "string", "enum": names } })
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("subscription_id", &self.subscription_id)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Change {
    /// The kind and the address of one that is to be made.
    pub fn new_one(&self) -> Result<(&str, &str), InvalidParameter> {
        let kind = self.kind.as_deref().ok_or_else(|| missing("kind"))?;
        Ok((kind, self.target.as_deref().ok_or_else(|| missing("target"))?))
    }

    /// The one that is to be changed.
    pub fn subscription_id(&self) -> Result<String, InvalidParameter> {
        which(self.subscription_id.as_ref())
    }

    /// The request, if no part of it is out of bounds. Addresses, hours and secrets are read by the server.
    pub fn checked(mut self) -> Result<Self, InvalidParameter> {
        for (name, text, most) in [
            ("name", &self.name, NAME_CHARACTERS),
            ("target", &self.target, TARGET_CHARACTERS),
            ("secret", &self.secret, SECRET_CHARACTERS),
        ] {
            check_text(name, text.as_deref().unwrap_or_default(), most)?;
        }
        check_names(self.operator.as_deref(), self.idempotency_key.as_deref())?;
        if let Some(kind) = &self.kind {
            one_of("kind", kind, &KINDS)?;
        }
        if let Some(events) = &mut self.events {
            events.iter().try_for_each(|event| one_of("events", event, &EVENTS))?;
            let place = |event: &String| EVENTS.iter().position(|(name, _)| name == event);
            events.sort_by_key(place);
            events.dedup();
        }
        if let Some(channels) = &mut self.channels {
            // As in a filter, 0 is all.
            channels.retain(|channel| channel.number() != 0);
            channels.iter().try_for_each(|channel| listed("channels", Some(*channel), "0, ").map(drop))?;
            channels.sort_by_key(|channel| channel.number());
            channels.dedup();
        }
        flag("enabled", self.enabled)?;
        Ok(self)
    }
}

/// Whether `text` is a name on that list.
pub(crate) fn one_of(name: &str, text: &str, known: &[(&str, &str)]) -> Result<(), InvalidParameter> {
    if known.iter().any(|(known, _)| *known == text) {
        return Ok(());
    }
    let shown = lenient::quoted(text);
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let (zh, en) = (names.join("、"), names.join(", "));
    let problem = format!("收到 {shown}，应为 {zh} 之一 ¦ received {shown}, expected one of {en}");
    Err(InvalidParameter::new(name, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn asked(parameters: Value) -> Result<Change, InvalidParameter> {
        let Value::Object(parameters) = parameters else { unreachable!() };
        lenient::request::<Change>(parameters)?.checked()
    }

    #[test]
    fn what_is_absent_stays_and_what_is_empty_is_all() {
        let change = asked(json!({ "events": "", "channels": null, "quiet_hours": "" })).unwrap();
        assert_eq!(change, Change::default());
        let change = asked(json!({ "events": [], "channels": [] })).unwrap();
        assert_eq!((change.events, change.channels), (Some(vec![]), Some(vec![])));
        let change = asked(json!({
            "events": ["complaint.closed", "complaint.created", "complaint.closed"], "channels": ["4", 1, 4, 0],
        }));
        let change = change.unwrap();
        assert_eq!(change.events.unwrap(), ["complaint.created", "complaint.closed"]);
        assert_eq!(change.channels.unwrap(), [ChannelType::Shop, ChannelType::Alipay]);
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        for (name, value) in [
            ("kind", json!("pigeon")),
            ("name", json!("名".repeat(65))),
            ("name", json!("a\u{1}")),
            ("target", json!("x".repeat(2049))),
            ("secret", json!("x".repeat(257))),
            ("events", json!(["complaint.sold"])),
            ("channels", json!([1, 9])),
            ("channels", json!(["x"])),
            ("enabled", json!(2)),
            ("operator", json!("x".repeat(65))),
        ] {
            let refused = asked(json!({ name: value })).unwrap_err();
            assert!(refused.name.starts_with(name), "{name} {value}: {refused:?}");
        }
        assert_eq!(Change::default().new_one().unwrap_err().name, "kind");
        let kind = Change { kind: Some("webhook".into()), ..Change::default() };
        assert_eq!(kind.new_one().unwrap_err().name, "target");
    }

    #[test]
    fn addresses_and_secrets_are_not_shown() {
        let change = asked(json!({ "target": "https://a.example.com/KEY", "secret": "SECRET" })).unwrap();
        let shown = format!("{change:?}");
        assert!(!shown.contains("KEY") && !shown.contains("SECRET"), "{shown}");
    }
}
