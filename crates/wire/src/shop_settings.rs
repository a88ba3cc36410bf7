//! `tousu.settings.get|set/1.0.0`: what a shop decides about its complaints `[ours]`.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checks::{NAME_CHARACTERS, check_text, flag, within};
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
/// Templates of a shop at most, and characters of one's text.
const MOST_TEMPLATES: usize = 100;
const TEMPLATE_CHARACTERS: usize = 500;
/// Tags that a shop offers at most.
const MOST_OFFERED_TAGS: usize = 100;

/// What a template's text may have between double braces, for whoever uses it to put in, with what that is
/// (`中文 ¦ English`).
pub const TEMPLATE_VARIABLES: [(&str, &str); 6] = [
    ("complaint_id", "投诉单号 ¦ the complaint's number"),
    ("shop", "店铺名称 ¦ the shop's name"),
    ("reason", "问题描述 ¦ the reason"),
    ("order", "资源或订单 ¦ the order or resource"),
    ("deadline", "处理最后时限 ¦ the deadline"),
    ("assignee", "处理人 ¦ whose work it is"),
];

/// 获取店铺设置
#[derive(Clone, Copy, Debug)]
pub enum SettingsGet {}

impl Endpoint for SettingsGet {
    const NAME: &'static str = "tousu.settings.get";
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
        "standard_rules": [{
            "id": "std.any",
            "version": 1,
            "stage": "settlement",
            "kind": { "hours": 72 },
            "title": "72 小时内处理完结 ¦ settled within 72 hours",
        }],
        "templates": [{ "name": "已退款", "text": "您好，订单 {{order}} 的款项已原路退回，请查收。" }],
        "tags": ["退款", "课程质量"],
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
    /// The rules that come with the program, which hold where the shop has none of its own.
    #[schemars(title = "自带的期限规则，店铺没有自己的规则时适用")]
    pub standard_rules: Vec<Value>,
    /// Replies that are offered, in the shop's order.
    #[schemars(title = "回复模板，按店铺自己的顺序")]
    pub templates: Vec<Template>,
    /// Tags that are offered, in the shop's order; others can be used, too.
    #[schemars(title = "备选标签，按店铺自己的顺序；也可使用其他标签")]
    pub tags: Vec<String>,
}

/// A reply that is offered. Whoever uses it puts in what stands between double braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// What people call it, up to 64 characters.
    #[serde(deserialize_with = "lenient::text")]
    #[schemars(title = "名称，最多 64 字")]
    pub name: String,
    /// The text, up to 500 characters. Variables: `{{complaint_id}}`, `{{shop}}`, `{{reason}}`, `{{order}}`,
    /// `{{deadline}}` and `{{assignee}}`.
    #[serde(deserialize_with = "lenient::text")]
    #[schemars(
        title = "正文，最多 500 字；变量：{{complaint_id}} 投诉单号、{{shop}} 店铺名称、{{reason}} 问题描述、{{order}} 资源或订单、{{deadline}} 处理最后时限、{{assignee}} 处理人"
    )]
    pub text: String,
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
    /// All replies that are offered, in place of those there were: up to 100, each under a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "全部回复模板，替换原有的：最多 100 个，名称不重复")]
    pub templates: Option<Vec<Template>>,
    /// All tags that are offered, in place of those there were: up to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "全部备选标签，替换原有的：最多 100 个")]
    pub tags: Option<Vec<String>>,
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
        for (name, given) in [
            ("merchant_closes", self.merchant_closes),
            ("move_running", self.move_running),
            ("dry_run", self.dry_run),
        ] {
            flag(name, given)?;
        }
        within("consumer_reopens_hours", self.consumer_reopens_hours.unwrap_or(0), 0..=MOST_REOPENS_HOURS)?;
        if let Some(hours) = &mut self.remind_hours {
            for hours in hours.iter() {
                within("remind_hours", *hours, 1..=MOST_REMIND_HOURS)?;
            }
            hours.sort_unstable_by(|a, b| b.cmp(a));
            hours.dedup();
            at_most("remind_hours", hours.len(), MOST_REMINDERS)?;
        }
        at_most("deadline_rules", self.deadline_rules.as_ref().map_or(0, Vec::len), MOST_RULES)?;
        check_templates(self.templates.as_deref().unwrap_or_default())?;
        if let Some(tags) = &mut self.tags {
            at_most("tags", tags.len(), MOST_OFFERED_TAGS)?;
            *tags = tags.iter().map(|tag| tag.trim().to_owned()).collect();
            tags.iter().try_for_each(|tag| check_name("tags", tag))?;
            let mut seen = HashSet::new();
            tags.retain(|tag| seen.insert(tag.clone()));
        }
        for (name, text) in [("operator", &self.operator), ("idempotency_key", &self.idempotency_key)] {
            text.as_deref().map_or(Ok(()), |text| check_text(name, text, NAME_CHARACTERS))?;
        }
        Ok(self)
    }
}

fn check_templates(templates: &[Template]) -> Result<(), InvalidParameter> {
    at_most("templates", templates.len(), MOST_TEMPLATES)?;
    let mut names = HashSet::new();
    for Template { name, text } in templates {
        check_name("templates", name)?;
        if !names.insert(name) {
            let shown = lenient::quoted(name);
            let problem = format!("名称 {shown} 重复 ¦ there are two of the name {shown}");
            return Err(InvalidParameter::new("templates", problem));
        }
        if text.is_empty() {
            let shown = lenient::quoted(name);
            let problem = format!("模板 {shown} 没有正文 ¦ the template {shown} has no text");
            return Err(InvalidParameter::new("templates", problem));
        }
        check_text("templates", text, TEMPLATE_CHARACTERS)?;
        check_variables(text)?;
    }
    Ok(())
}

/// Whether everything between double braces is a variable, and every pair of braces is closed.
fn check_variables(text: &str) -> Result<(), InvalidParameter> {
    for part in text.split("{{").skip(1) {
        let variable = part.split_once("}}").map(|(variable, _)| variable);
        let is_known = |variable: &str| TEMPLATE_VARIABLES.iter().any(|(known, _)| *known == variable.trim());
        if !variable.is_some_and(is_known) {
            let shown = lenient::quoted(&format!(
                "{{{{{}",
                variable.map_or(part.into(), |name| format!("{name}}}}}"))
            ));
            let known: Vec<String> =
                TEMPLATE_VARIABLES.iter().map(|(known, _)| format!("{{{{{known}}}}}")).collect();
            let (zh, en) = (known.join("、"), known.join(", "));
            let problem =
                format!("收到变量 {shown}，可用：{zh} ¦ received the variable {shown}; there are: {en}");
            return Err(InvalidParameter::new("templates", problem));
        }
    }
    Ok(())
}

/// A name that must be there.
fn check_name(parameter: &str, name: &str) -> Result<(), InvalidParameter> {
    if name.is_empty() {
        return Err(InvalidParameter::new(parameter, "名称为空 ¦ a name is empty"));
    }
    check_text(parameter, name, NAME_CHARACTERS)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: Value) -> Result<Change, InvalidParameter> {
        let Value::Object(change) = change else { panic!("an object") };
        lenient::request::<Change>(change)?.checked()
    }

    #[test]
    fn templates_and_tags_are_within_bounds() {
        let template = |name: &str, text: &str| json!({ "name": name, "text": text });
        let all = TEMPLATE_VARIABLES
            .map(|(variable, _)| format!("{{{{{variable}}}}} {{{{ {variable} }}}}"))
            .concat();
        for templates in [json!([]), json!([template("甲", &all), template("乙", "一个 { 或 } 没有关系 }}")])]
        {
            checked(json!({ "templates": templates })).unwrap();
        }
        let many: Vec<Value> = (0..101).map(|at| template(&at.to_string(), "好")).collect();
        for templates in [
            json!(many),
            json!([template("", "好")]),
            json!([template(" ", "好")]),
            json!([template("甲", "")]),
            json!([template("甲", "好"), template("甲", "的")]),
            json!([template("甲", "{{phone}}")]),
            json!([template("甲", "{{order")]),
            json!([template("甲", "{{}}")]),
            json!([template("甲", &"好".repeat(501))]),
            json!([template(&"甲".repeat(65), "好")]),
            json!([template("甲", "a\u{0}b")]),
            json!("甲"),
        ] {
            let refused = checked(json!({ "templates": templates })).unwrap_err();
            assert!(refused.name.starts_with("templates"), "{refused:?}");
        }
        let tags = checked(json!({ "tags": ["退款", " 急 ", "退款"] })).unwrap().tags.unwrap();
        assert_eq!(tags, ["退款", "急"]);
        let many: Vec<String> = (0..101).map(|at| at.to_string()).collect();
        for tags in [json!(many), json!([""]), json!(["x".repeat(65)]), json!(["a\u{1}b"])] {
            assert_eq!(checked(json!({ "tags": tags })).unwrap_err().name, "tags");
        }
    }
}
