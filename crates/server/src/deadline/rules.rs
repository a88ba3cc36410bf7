//! All rules of a shop: those that come with the program, in `data/deadlines.toml`, and its own over them.

use std::collections::BTreeMap;

use serde::Deserialize;
use tousu_wire::codes::{ChannelType, ComplaintFrom};

use super::rule::Written;
use super::{Rule, RulesError, Scope, Stage};

/// The rules that come with the program.
const SHIPPED: &str = include_str!("../../data/deadlines.toml");

/// With this begin the ids of the rules that come with the program, and no others: an upgrade cannot take a shop's id.
const SHIPPED_IDS: &str = "std.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRules {
    rules: Vec<Written>,
}

/// Reads rules from TOML: `[[rules]]` with the fields of a [`Rule`]. Of other formats, [`Rule`] itself is read.
pub fn parse_rules(text: &str) -> Result<Vec<Rule>, RulesError> {
    let unreadable = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        // The reader says it on several lines, the error on one.
        let problem = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        RulesError::Unreadable { line: before.matches('\n').count() + 1, problem }
    };
    let written: WrittenRules = toml::from_str(text).map_err(unreadable)?;
    written.rules.into_iter().map(Rule::try_from).collect()
}

/// The rules that come with the program.
pub fn shipped_rules() -> Result<Vec<Rule>, RulesError> {
    parse_rules(SHIPPED)
}

/// All rules that hold for a shop, now and at other times: those that come with the program, and its own over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    shipped: Vec<Rule>,
    own: Vec<Rule>,
    fallback: Rule,
}

impl Rules {
    /// The rules that come with the program, and no others.
    pub fn shipped() -> Result<Self, RulesError> {
        Rules::over(shipped_rules()?, Vec::new())
    }

    /// A shop's `own` rules over those that are `shipped`.
    ///
    /// Refused are rules that contradict each other: among the shipped, and among the shop's own, two ids for the same
    /// scope and stage from the same day; versions of one id that differ in scope or stage, are there twice, or of
    /// which the later holds from an earlier day; ids of the shop's own that begin with `std.`, which the shipped
    /// begin with. Among the shipped there must be a settlement rule for any source that has always held.
    pub fn over(shipped: Vec<Rule>, own: Vec<Rule>) -> Result<Self, RulesError> {
        check_layer(&shipped)?;
        check_layer(&own)?;
        if let Some(rule) = shipped.iter().find(|rule| !rule.id.starts_with(SHIPPED_IDS)) {
            return Err(
                rule.refused("自带规则的 id 应以 std. 开头 ¦ the ids of shipped rules begin with std.")
            );
        }
        if let Some(rule) = own.iter().find(|rule| rule.id.starts_with(SHIPPED_IDS)) {
            return Err(rule.refused(
                "以 std. 开头的 id 留给自带规则 ¦ ids that begin with std. are those of shipped rules",
            ));
        }
        let lasting = |rule: &&Rule| {
            rule.scope == Scope::Any && rule.stage == Stage::Settlement && rule.holds_from == i64::MIN
        };
        let fallback = shipped.iter().filter(lasting).max_by_key(|rule| rule.version).cloned();
        Ok(Rules { fallback: fallback.ok_or(RulesError::NoFallback)?, shipped, own })
    }

    /// The rule that holds at the moment `at` (epoch seconds) for a complaint of this channel and source: of the rules
    /// that hold by then
    ///
    /// 1. one about the source, else one about the channel, else one about any;
    /// 2. of these the shop's own, else a shipped one, however new `[ours]`: what a shop decided, no upgrade undoes;
    /// 3. of these the one that holds since the latest day, and of versions from the same day the highest.
    ///
    /// So a rule never says anything of moments before it holds: to add one changes nothing about the past. `None` is
    /// possible for a first reply only.
    pub fn choose(
        &self,
        channel: ChannelType,
        source: ComplaintFrom,
        stage: Stage,
        at: i64,
    ) -> Option<&Rule> {
        let shipped = self.shipped.iter().map(|rule| (false, rule));
        let own = self.own.iter().map(|rule| (true, rule));
        shipped
            .chain(own)
            .filter(|(_, rule)| {
                rule.stage == stage && rule.holds_from <= at && rule.scope.holds(channel, source)
            })
            .max_by_key(|(own, rule)| (rule.scope.key().0, *own, rule.holds_from, rule.version))
            .map(|(_, rule)| rule)
    }

    /// [`choose`](Self::choose) for the settlement, of which there always is a rule.
    pub fn settlement(&self, channel: ChannelType, source: ComplaintFrom, at: i64) -> &Rule {
        self.choose(channel, source, Stage::Settlement, at).unwrap_or(&self.fallback)
    }

    /// The rule that a complaint was given, by what was kept of it.
    pub fn find(&self, id: &str, version: i64) -> Option<&Rule> {
        self.all().find(|rule| rule.id == id && rule.version == version)
    }

    /// Every rule, those of other times included; the shipped first.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.shipped.iter().chain(&self.own)
    }
}

/// Whether rules that lie on one level go together.
fn check_layer(rules: &[Rule]) -> Result<(), RulesError> {
    let mut in_order: Vec<&Rule> = rules.iter().collect();
    in_order.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
    for pair in in_order.windows(2) {
        let &[earlier, later] = pair else { continue };
        if earlier.id != later.id {
            continue;
        }
        if earlier.version == later.version {
            return Err(later.refused("同一 id 与版本出现两次 ¦ the same id and version twice"));
        }
        if (earlier.scope.key(), earlier.stage) != (later.scope.key(), later.stage) {
            return Err(later.refused(
                "同一 id 的各版本须适用于同一范围与阶段 ¦ the versions of one id must agree in scope and stage",
            ));
        }
        if later.holds_from < earlier.holds_from {
            return Err(
                later.refused("生效日早于前一版本 ¦ it holds from an earlier day than the version before")
            );
        }
    }
    let mut places: BTreeMap<_, &str> = BTreeMap::new();
    for rule in rules {
        rule.check()?;
        let place = (rule.scope.key(), rule.stage, rule.holds_from);
        let id = *places.entry(place).or_insert(&rule.id);
        if id != rule.id {
            return Err(rule.refused(format!(
                "与 {id} 的范围、阶段、生效日相同，无法取舍 ¦ same scope, stage and day as {id}: which one holds?"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Kind;
    use super::*;

    const DAY: i64 = 86_400;
    /// 2024-01-01 00:00 in Beijing.
    const START: i64 = 1_704_038_400;

    fn rule(id: &str, version: i64, scope: Scope, holds_from: i64, hours: i64) -> Rule {
        Rule {
            id: id.into(),
            version,
            holds_from,
            scope,
            stage: Stage::Settlement,
            kind: Kind::Hours(hours),
            title: "自定 ¦ own".into(),
        }
    }

    fn over_shipped(own: Vec<Rule>) -> Result<Rules, RulesError> {
        Rules::over(shipped_rules().unwrap(), own)
    }

    fn refusal(shipped: Vec<Rule>, own: Vec<Rule>) -> String {
        Rules::over(shipped, own).unwrap_err().to_string()
    }

    const MINI_PROGRAM: Scope = Scope::Source(ComplaintFrom::WechatMiniProgram);
    const WECHAT_PAY: Scope = Scope::Channel(ChannelType::WechatPay);

    #[test]
    fn the_most_specific_wins_whoever_wrote_it() {
        let rules = over_shipped(vec![
            rule("any", 1, Scope::Any, i64::MIN, 10),
            rule("channel", 1, WECHAT_PAY, i64::MIN, 20),
        ])
        .unwrap();
        let hours = |channel, source| rules.settlement(channel, source, START).kind.n();
        assert_eq!(hours(ChannelType::Shop, ComplaintFrom::H5Shop), 10, "own any before shipped any");
        assert_eq!(
            hours(ChannelType::WechatPay, ComplaintFrom::WechatPay),
            20,
            "own channel before shipped channel"
        );
        let mini_program = hours(ChannelType::WechatPay, ComplaintFrom::WechatMiniProgram);
        assert_eq!(mini_program, 72, "shipped source before own channel");
        let stage = Stage::FirstReply;
        let reply = rules.choose(ChannelType::WechatPay, ComplaintFrom::WechatPay, stage, START).unwrap();
        assert_eq!(reply.kind, Kind::DayEnd(1), "the other stage is untouched");
    }

    #[test]
    fn own_goes_before_shipped_from_its_day_and_whatever_is_shipped_later() {
        let rules = over_shipped(vec![rule("mine", 1, MINI_PROGRAM, START, 60)]).unwrap();
        let at = |at| rules.settlement(ChannelType::Shop, ComplaintFrom::WechatMiniProgram, at);
        assert_eq!(at(START - 1).id, "std.wechat-mini-program.settlement");
        assert_eq!(at(START).id, "mine");
        assert_eq!(at(START + 365 * DAY).id, "mine", "the shipped rule of 25 March 2024 is newer");
    }

    #[test]
    fn a_rule_for_mail_is_for_both_its_numbers() {
        for (written, came) in
            [(ComplaintFrom::Mail, ComplaintFrom::Mail210), (ComplaintFrom::Mail210, ComplaintFrom::Mail)]
        {
            let rules = over_shipped(vec![rule("mail", 1, Scope::Source(written), i64::MIN, 24)]).unwrap();
            assert_eq!(rules.settlement(ChannelType::Platform, came, START).id, "mail");
        }
    }

    #[test]
    fn of_the_same_day_the_highest_version_holds_and_none_is_lost() {
        let rules = over_shipped(vec![
            rule("mine", 3, Scope::Any, START, 3),
            rule("mine", 1, Scope::Any, i64::MIN, 1),
            rule("mine", 2, Scope::Any, START, 2),
        ])
        .unwrap();
        let at = |at| rules.settlement(ChannelType::Shop, ComplaintFrom::H5Shop, at).version;
        assert_eq!((at(START - 1), at(START)), (1, 3));
        assert_eq!(rules.find("mine", 2).unwrap().kind, Kind::Hours(2));
        assert_eq!(rules.find("mine", 4), None);
        assert_eq!(rules.all().count(), shipped_rules().unwrap().len() + 3);
    }

    #[test]
    fn contradictions_are_refused() {
        let shipped = || shipped_rules().unwrap();
        let own = |first, second| refusal(shipped(), vec![first, second]);
        let any = |id, version, from| rule(id, version, Scope::Any, from, 24);
        assert!(own(any("a", 1, START), any("b", 1, START)).contains("与 a 的范围、阶段、生效日相同"));
        assert!(own(any("a", 1, START), any("a", 1, START + DAY)).contains("the same id and version twice"));
        assert!(
            own(any("a", 2, START), any("a", 1, START + DAY)).contains("earlier day than the version before")
        );
        assert!(own(any("a", 1, START), rule("a", 2, WECHAT_PAY, START, 24)).contains("must agree in scope"));
        let mail = |id, source| rule(id, 1, Scope::Source(source), START, 24);
        assert!(
            own(mail("a", ComplaintFrom::Mail), mail("b", ComplaintFrom::Mail210))
                .contains("which one holds?")
        );
        assert!(refusal(shipped(), vec![any("std.a", 1, START)]).contains("are those of shipped rules"));
        assert!(refusal(vec![any("a", 1, i64::MIN)], vec![]).contains("begin with std."));
        assert!(refusal(shipped(), vec![any("a", 1, START + 1)]).contains("00:00"));
        assert!(refusal(shipped(), vec![rule("a", 1, Scope::Any, START, 0)]).contains("1 至 8784"));
    }

    #[test]
    fn without_a_rule_for_everything_there_are_no_rules() {
        for lacking in [
            vec![],
            vec![rule("std.a", 1, Scope::Any, START, 72)],
            vec![rule("std.a", 1, WECHAT_PAY, i64::MIN, 72)],
            vec![Rule { stage: Stage::FirstReply, ..rule("std.a", 1, Scope::Any, i64::MIN, 72) }],
        ] {
            assert_eq!(Rules::over(lacking, vec![]), Err(RulesError::NoFallback));
        }
    }

    const SCOPES: &[Scope] = &[
        Scope::Any,
        WECHAT_PAY,
        Scope::Channel(ChannelType::Shop),
        MINI_PROGRAM,
        Scope::Source(ComplaintFrom::WechatPay),
    ];
    const COMPLAINTS: &[(ChannelType, ComplaintFrom)] = &[
        (ChannelType::WechatPay, ComplaintFrom::WechatPay),
        (ChannelType::WechatPay, ComplaintFrom::WechatMiniProgram),
        (ChannelType::Shop, ComplaintFrom::WechatMiniProgram),
        (ChannelType::Shop, ComplaintFrom::H5Shop),
        (ChannelType::Other(9), ComplaintFrom::Other(9)),
    ];

    /// Rules that do not contradict each other: each of an id and a day of its own.
    fn some_rules(prefix: &'static str, days: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Rule>> {
        let days: Vec<i64> = days.collect();
        let days = prop::sample::subsequence(days.clone(), 0..=days.len().min(8));
        let parts = (0..SCOPES.len(), any::<bool>(), 1i64..9);
        days.prop_flat_map(move |days| {
            prop::collection::vec(parts.clone(), days.len()).prop_map(move |parts| {
                let one = |(day, (scope, replies, version)): (&i64, (usize, bool, i64))| {
                    let stage = if replies { Stage::FirstReply } else { Stage::Settlement };
                    let id = format!("{prefix}{day}");
                    Rule { stage, ..rule(&id, version, SCOPES[scope], START + day * DAY, 24) }
                };
                days.iter().zip(parts).map(one).collect()
            })
        })
    }

    proptest! {
        /// Rules that hold from later, shipped or own, new ones or new versions, say nothing of earlier moments.
        #[test]
        fn the_past_stays_as_it_was(
            own in some_rules("own", 0..20), more in some_rules("more", 20..40),
            shipped in some_rules("std.", 20..40), later in 20i64..40, at in -5 * DAY..20 * DAY,
        ) {
            let before = over_shipped(own.clone()).unwrap();
            let next_version = |rule: &Rule| Rule {
                version: rule.version + 1, holds_from: START + later * DAY, kind: Kind::Hours(1), ..rule.clone()
            };
            let mut edited: Vec<Rule> = own.iter().chain(&own.first().map(next_version)).cloned().collect();
            edited.extend(more);
            let all_shipped = shipped_rules().unwrap().into_iter().chain(shipped).collect();
            // Now and then a new version falls on the day of another rule for the same complaints.
            let Ok(after) = Rules::over(all_shipped, edited) else { return Err(TestCaseError::reject("contradiction")) };
            for (channel, source) in COMPLAINTS {
                for stage in [Stage::FirstReply, Stage::Settlement] {
                    let chosen = |rules: &Rules| rules.choose(*channel, *source, stage, START + at).cloned();
                    prop_assert_eq!(chosen(&before), chosen(&after));
                }
            }
        }

        /// The choice, said the long way round: nothing that holds is more specific, and of the equally specific
        /// none is the shop's own where the chosen is not, or newer in the same hands.
        #[test]
        fn nothing_that_holds_goes_before_what_was_chosen(
            own in some_rules("own", 0..40), shipped in some_rules("std.", 0..40), at in -5 * DAY..45 * DAY,
        ) {
            let all_shipped = shipped_rules().unwrap().into_iter().chain(shipped).collect();
            let rules = Rules::over(all_shipped, own).unwrap();
            let at = START + at;
            for (channel, source) in COMPLAINTS {
                let settlement = rules.choose(*channel, *source, Stage::Settlement, at);
                prop_assert_eq!(settlement, Some(rules.settlement(*channel, *source, at)));
                for stage in [Stage::FirstReply, Stage::Settlement] {
                    let chosen = rules.choose(*channel, *source, stage, at);
                    let concerns = |scope: Scope| match scope {
                        Scope::Any => true,
                        Scope::Channel(number) => number == *channel,
                        Scope::Source(number) => number == *source,
                    };
                    let holding = rules.all().filter(|rule| {
                        rule.stage == stage && rule.holds_from <= at && concerns(rule.scope)
                    });
                    let holding: Vec<&Rule> = holding.collect();
                    prop_assert_eq!(chosen.is_some(), !holding.is_empty());
                    let Some(chosen) = chosen else { continue };
                    prop_assert!(holding.contains(&chosen));
                    let rank = |rule: &Rule| match rule.scope {
                        Scope::Any => 0,
                        Scope::Channel(_) => 1,
                        Scope::Source(_) => 2,
                    };
                    let owned = |rule: &Rule| !rule.id.starts_with("std.");
                    for other in holding {
                        prop_assert!(rank(other) <= rank(chosen));
                        if rank(other) == rank(chosen) {
                            prop_assert!(owned(chosen) || !owned(other));
                            if owned(other) == owned(chosen) {
                                prop_assert!(other.holds_from <= chosen.holds_from);
                            }
                        }
                    }
                }
            }
        }
    }
}
