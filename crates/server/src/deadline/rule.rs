//! One rule: for whom, since when, and how long.

use serde::{Deserialize, Serialize};
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom};
use tousu_wire::{BeijingTime, Lang, Text};

use super::{Kind, day};

/// The longest id and the longest title, in characters.
const LONGEST: usize = 200;

/// What is to be done by the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The merchant's first reply. There need not be a deadline for it.
    FirstReply,
    /// The end of the handling. There always is a deadline for it.
    Settlement,
}

/// Whose complaints a rule is about, the least specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All.
    Any,
    /// Those that came through this channel.
    Channel(ChannelType),
    /// Those of exactly this source, through whatever channel.
    Source(ComplaintFrom),
}

impl Scope {
    pub(super) fn holds(self, channel: ChannelType, source: ComplaintFrom) -> bool {
        match self {
            Scope::Any => true,
            Scope::Channel(own) => own.number() == channel.number(),
            Scope::Source(own) => one_mail(own).number() == one_mail(source).number(),
        }
    }

    /// As it is compared with others: its rank and number.
    pub(super) fn key(self) -> (u8, i64) {
        match self {
            Scope::Any => (0, 0),
            Scope::Channel(channel) => (1, channel.number()),
            Scope::Source(source) => (2, one_mail(source).number()),
        }
    }
}

/// Complaint mail has two numbers, 10 and 210: a rule for one is a rule for both `[ours]`.
fn one_mail(source: ComplaintFrom) -> ComplaintFrom {
    if source == ComplaintFrom::Mail210 { ComplaintFrom::Mail } else { source }
}

/// A rule: for whom, since when, and how long. In data
///
/// ```toml
/// id = "std.wechat-mini-program.settlement"
/// version = 2
/// source = 102            # or channel = 3, or neither
/// from = "2024-03-25"     # absent: it has always held
/// stage = "settlement"
/// kind = { hours = 48 }
/// title = "微信小程序：48 小时内处理 ¦ WeChat mini-program: handled within 48 hours"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Rule {
    /// Names the rule in all its versions: ASCII letters, digits, `.`, `-` and `_`.
    pub id: String,
    /// From 1. A complaint that keeps id and version can be explained after the rule has changed.
    pub version: i64,
    /// The moment from which this version holds, in epoch seconds: 00:00 in Beijing of the day in the data, or
    /// `i64::MIN` if it has always held.
    pub holds_from: i64,
    /// Whose complaints it is about.
    pub scope: Scope,
    /// What is to be done.
    pub stage: Stage,
    /// How long there is.
    pub kind: Kind,
    /// What people read (`中文 ¦ English`).
    pub title: Text,
}

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The data is malformed: what the format's reader says of it.
    #[error("期限规则第 {line} 行无法读取：{problem} ¦ deadline rules, line {line}: {problem}")]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A rule is nonsense, or contradicts another.
    #[error(
        "期限规则 {id}（版本 {version}）：{} ¦ deadline rule {id} (version {version}): {}",
        .problem.pick(Lang::Zh), .problem.pick(Lang::En)
    )]
    Rule {
        /// The rule's id.
        id: String,
        /// Its version.
        version: i64,
        /// What is wrong (`中文 ¦ English`).
        problem: Text,
    },
    /// No rule is left for a complaint that no other rule is about.
    #[error(
        "缺少一条一直有效、适用于全部来源的处理完结规则 ¦ a settlement rule for any source that has always held is missing"
    )]
    NoFallback,
}

/// The rule as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    id: String,
    version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    stage: Stage,
    kind: Kind,
    title: String,
}

impl TryFrom<Written> for Rule {
    type Error = RulesError;

    fn try_from(written: Written) -> Result<Self, RulesError> {
        let Written { id, version, channel, source, from, stage, kind, title } = written;
        let refuse = |problem: String| RulesError::Rule { id: id.clone(), version, problem: problem.into() };
        let scope = match (channel, source) {
            (None, None) => Scope::Any,
            (Some(channel), None) => Scope::Channel(channel.into()),
            (None, Some(source)) => Scope::Source(source.into()),
            (Some(_), Some(_)) => {
                return Err(refuse("channel 与 source 只能写一个 ¦ only one of channel and source".into()));
            }
        };
        let holds_from = match from {
            None => i64::MIN,
            Some(text) => {
                let date = day::written_date(&text).and_then(|date| day::begins(date).ok());
                date.filter(|from| day::writable(*from).is_ok()).ok_or_else(|| {
                    refuse(format!(
                        "from 应写作 2024-03-25，收到“{text}” ¦ from is written 2024-03-25, received \"{text}\""
                    ))
                })?
            }
        };
        let rule = Rule { id, version, holds_from, scope, stage, kind, title: title.into() };
        rule.check().map(|()| rule)
    }
}

impl From<Rule> for Written {
    fn from(rule: Rule) -> Self {
        let Rule { id, version, holds_from, scope, stage, kind, title } = rule;
        let (channel, source) = match scope {
            Scope::Any => (None, None),
            Scope::Channel(channel) => (Some(channel.number()), None),
            Scope::Source(source) => (None, Some(source.number())),
        };
        // The date is the first ten characters of the wire's form.
        let date = |at| BeijingTime::from_epoch(at).to_string().chars().take(10).collect();
        let from = (holds_from != i64::MIN).then(|| date(holds_from));
        Written { id, version, channel, source, from, stage, kind, title: title.to_string() }
    }
}

impl Rule {
    pub(super) fn refused(&self, problem: impl Into<Text>) -> RulesError {
        RulesError::Rule { id: self.id.clone(), version: self.version, problem: problem.into() }
    }

    /// What can be said of a rule by itself.
    pub(super) fn check(&self) -> Result<(), RulesError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if self.id.is_empty() || self.id.len() > LONGEST || !self.id.chars().all(plain) {
            return Err(self.refused(
                "id 应为 1 至 200 个字母、数字、点、横线或下划线 ¦ the id must be 1 to 200 letters, digits, dots, dashes or underscores",
            ));
        }
        if self.version < 1 {
            return Err(self.refused("version 从 1 起 ¦ versions begin with 1"));
        }
        let title = self.title.to_string();
        if title.trim().is_empty() || title.chars().count() > LONGEST || title.chars().any(char::is_control) {
            return Err(self.refused(
                "title 应为 1 至 200 个字符，不含控制字符 ¦ the title must have 1 to 200 characters, no control characters",
            ));
        }
        if self.scope != Scope::Any && self.scope.key().1 < 1 {
            return Err(self.refused("渠道与来源的编号从 1 起 ¦ channels and sources are numbered from 1"));
        }
        self.kind.checked().map_err(|error| self.refused(error.to_string()))?;
        let midnight = |at| day::date_of(at).and_then(day::begins) == Ok(at);
        if self.holds_from != i64::MIN && !midnight(self.holds_from) {
            return Err(self
                .refused("生效时刻应为北京时间某日 00:00 ¦ a rule holds from 00:00 of some day in Beijing"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_rules;
    use super::*;

    const GOOD: &str = r#"[[rules]]
id = "own.mini-program"
version = 2
source = 102
from = "2024-03-25"
stage = "settlement"
kind = { hours = 48 }
title = "小程序 ¦ mini-program"
"#;

    #[test]
    fn a_rule_as_it_is_written() {
        let rules = parse_rules(GOOD).unwrap();
        let rule = Rule {
            id: "own.mini-program".into(),
            version: 2,
            // 2024-03-24T16:00:00Z.
            holds_from: 1_711_296_000,
            scope: Scope::Source(ComplaintFrom::WechatMiniProgram),
            stage: Stage::Settlement,
            kind: Kind::Hours(48),
            title: "小程序 ¦ mini-program".into(),
        };
        assert_eq!(rules, [rule]);
    }

    #[test]
    fn every_shipped_rule_survives_json() {
        for rule in super::super::shipped_rules().unwrap() {
            let written = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<Rule>(&written).unwrap(), rule, "{written}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_both_languages() {
        for (good, bad, zh, en) in [
            ("hours = 48", "hours = 0", "期限应为 1 至 8784，收到 0 小时", "received 0 hours"),
            ("hours = 48", "hours = -72", "收到 -72 小时", "received -72 hours"),
            ("hours = 48", "hours = 8785", "收到 8785 小时", "must be 1 to 8784"),
            ("hours = 48", "day_end = 367", "0 至 366，收到 第 367 日 24:00", "received 24:00 of day 367"),
            ("hours = 48", "working_days = 0", "收到 0 个工作日", "received 0 working days"),
            ("version = 2", "version = 0", "version 从 1 起", "versions begin with 1"),
            ("own.mini-program", "", "id 应为", "the id must be"),
            ("own.mini-program", "小程序", "id 应为", "the id must be"),
            ("own.mini-program", "own rule", "id 应为", "the id must be"),
            ("小程序 ¦ mini-program", " ", "title 应为", "the title must"),
            ("小程序 ¦ mini-program", "a\\nb", "title 应为", "the title must"),
            ("source = 102", "source = 102\nchannel = 3", "只能写一个", "only one of channel and source"),
            ("source = 102", "channel = 0", "编号从 1 起", "numbered from 1"),
            ("source = 102", "source = -1", "编号从 1 起", "numbered from 1"),
            ("2024-03-25", "2024-3-25", "收到“2024-3-25”", "received \"2024-3-25\""),
            ("2024-03-25", "2024-02-30", "from 应写作 2024-03-25", "from is written 2024-03-25"),
            ("2024-03-25", "2024-03-25 00:00:00", "from 应写作", "from is written"),
            ("2024-03-25", "0000-01-01", "from 应写作", "from is written"),
        ] {
            let text = GOOD.replace(good, bad);
            assert_ne!(text, GOOD);
            let error = parse_rules(&text).unwrap_err();
            assert!(matches!(error, RulesError::Rule { .. }), "{error}");
            let written = Text::from(error.to_string());
            assert!(written.pick(Lang::Zh).contains(zh), "{written}");
            assert!(written.pick(Lang::En).contains(en), "{written}");
            assert!(!written.pick(Lang::En).contains('¦'), "{written}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_with_its_line() {
        for (good, bad, line, problem) in [
            ("title =", "until = \"2025-01-01\"\ntitle =", 8, "unknown field `until`"),
            ("hours = 48", "hour = 48", 7, "unknown variant `hour`"),
            ("hours = 48", "hours = 48, day_end = 1", 7, "wanted exactly 1"),
            ("hours = 48", "hours = 1.5", 7, "floating point"),
            ("hours = 48", "hours = \"48\"", 7, "invalid type: string"),
            ("\"settlement\"", "\"closing\"", 6, "unknown variant `closing`"),
            ("[[rules]]", "[[rule]]", 1, "unknown field `rule`"),
            ("version = 2", "version = 2\nversion = 3", 4, "duplicate key"),
            ("version = 2", "", 1, "missing field `version`"),
            ("\"own.mini-program\"", "\"own", 2, ""),
        ] {
            let text = GOOD.replace(good, bad);
            assert_ne!(text, GOOD);
            let error = parse_rules(&text).unwrap_err();
            let RulesError::Unreadable { line: found, .. } = &error else { panic!("{error}") };
            let written = error.to_string();
            assert_eq!((*found, written.lines().count()), (line, 1), "{written}");
            assert!(written.contains(problem), "{written}");
            assert!(
                written.starts_with("期限规则第 ") && written.contains(" ¦ deadline rules, line "),
                "{written}"
            );
        }
    }
}
