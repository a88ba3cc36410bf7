//! Which fault for which call: rules as a file writes them, and what they decide. Pure: the same seed, interface and
//! number of the call give the same faults.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tousu_wire::{Lang, Text, lenient};

use super::fault::{Named, Stage};

/// How the answers of a server are wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Other seeds make other calls go wrong.
    pub seed: u64,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    /// Of several one is drawn.
    faults: Vec<Named>,
    when: When,
    /// Names, or how they begin (`xe.*`); none: where such faults are expected.
    interfaces: Vec<String>,
    /// Only answers that show this complaint.
    complaint: Option<String>,
    /// Only pages without rows.
    empty: bool,
}

/// For which numbers of calls.
#[derive(Clone, Debug, PartialEq)]
enum When {
    Always,
    /// For this share of the calls, and the next `burst - 1` after each.
    Rate {
        rate: f64,
        burst: u64,
    },
    /// For every so many-th, and the next `burst - 1` after each.
    Every {
        every: u64,
        burst: u64,
    },
    Calls(Vec<RangeInclusive<u64>>),
}

/// A fault that a call is to have, if its answer is such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    /// The fault.
    pub(super) named: Named,
    /// Only if the answer shows this complaint.
    pub(super) complaint: Option<String>,
    /// Only if the answer is a page without rows.
    pub(super) empty: bool,
}

/// Why rules cannot be read.
#[derive(Debug, thiserror::Error)]
pub struct BadRules(Text);

impl fmt::Display for BadRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    #[serde(default)]
    quirk: Vec<Written>,
}

/// A rule as a file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fault: OneOrMany<Scalar>,
    rate: Option<f64>,
    every: Option<u64>,
    burst: Option<u64>,
    calls: Option<OneOrMany<Scalar>>,
    interface: Option<OneOrMany<String>>,
    complaint: Option<String>,
    #[serde(default)]
    empty: bool,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected one value or a list of values")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a number that is not negative")]
enum Scalar {
    Number(u64),
    Text(String),
}

impl<T> OneOrMany<T> {
    fn many(self) -> Vec<T> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Number(number) => number.fmt(f),
            Scalar::Text(text) => text.fmt(f),
        }
    }
}

impl Rules {
    /// The rules that a file has, TOML or JSON.
    pub fn parse(text: &str) -> Result<Self, BadRules> {
        let File { seed, quirk } = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| {
                let (line, why) = (error.line(), one_line(&error.to_string()));
                bad(format!("第 {line} 行：{why} ¦ line {line}: {why}"))
            })?,
            false => toml::from_str(text).map_err(|error: toml::de::Error| {
                let at = error.span().map_or(0, |span| span.start.min(text.len()));
                let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                let why = one_line(error.message());
                bad(format!("第 {line} 行：{why} ¦ line {line}: {why}"))
            })?,
        };
        let rules = quirk.into_iter().zip(1..).map(|(written, number)| {
            Rule::of(written).map_err(|why| {
                let (zh, en) = (why.pick(Lang::Zh), why.pick(Lang::En));
                bad(format!("第 {number} 条 quirk：{zh} ¦ quirk {number}: {en}"))
            })
        });
        Ok(Rules { seed: seed.unwrap_or_default(), rules: rules.collect::<Result<_, _>>()? })
    }

    /// What one call is to have: the `call`-th of that interface, counted from 1.
    pub(super) fn pick(&self, interface: &str, call: u64) -> Vec<Picked> {
        let rules = self.rules.iter().zip(0u64..).filter(|(rule, _)| rule.is_of(interface));
        let picked = rules.filter_map(|(rule, number)| {
            let draw = |call| Draw::of(self.seed, number, interface, call);
            if !rule.when.holds(call, draw) {
                return None;
            }
            let faults: Vec<&Named> = rule.faults_of(interface).collect();
            let named = (*faults.get(draw(call).below(faults.len()))?).clone();
            Some(Picked { named, complaint: rule.complaint.clone(), empty: rule.empty })
        });
        picked.collect()
    }

    /// Whether there is nothing wrong.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Rule {
    fn of(written: Written) -> Result<Self, Text> {
        let faults = written.fault.many();
        if faults.is_empty() {
            return Err("fault 不能为空 ¦ fault must name one at least".into());
        }
        let faults =
            faults.iter().map(|said| Named::parse(&said.to_string())).collect::<Result<Vec<_>, _>>()?;
        let burst = written.burst.unwrap_or(1);
        let chosen = [written.rate.is_some(), written.every.is_some(), written.calls.is_some()];
        if chosen.iter().filter(|is_there| **is_there).count() > 1 {
            return Err(
                "rate、every、calls 只能有其一 ¦ only one of rate, every and calls can be there".into()
            );
        }
        if !(1..=LONGEST_BURST).contains(&burst) || written.burst.is_some() && !(chosen[0] || chosen[1]) {
            return Err(format!(
                "burst 应为 1 到 {LONGEST_BURST}，且须有 rate 或 every ¦ burst is 1 to {LONGEST_BURST}, and goes with rate or every"
            )
            .into());
        }
        let when = match (written.rate, written.every, written.calls) {
            (Some(rate), ..) if (0.0..=1.0).contains(&rate) => When::Rate { rate, burst },
            (Some(rate), ..) => {
                return Err(format!("rate 为 {rate}，应为 0 到 1 ¦ rate is {rate}, allowed is 0 to 1").into());
            }
            (_, Some(0), _) => return Err("every 应不小于 1 ¦ every must be 1 or more".into()),
            (_, Some(every), _) => When::Every { every, burst },
            (.., Some(calls)) => When::Calls(
                calls.many().iter().map(|said| numbers(&said.to_string())).collect::<Result<_, _>>()?,
            ),
            _ => When::Always,
        };
        let of_some_answers = written.complaint.is_some() || written.empty;
        if of_some_answers && faults.iter().any(|named| named.fault.stage() == Stage::Within) {
            return Err("rows-shift 与 token-dies 不能与 complaint、empty 同用 ¦ rows-shift and token-dies do not go with complaint or empty".into());
        }
        let interfaces = written.interface.map(OneOrMany::many).unwrap_or_default();
        Ok(Rule { faults, when, interfaces, complaint: written.complaint, empty: written.empty })
    }

    fn is_of(&self, interface: &str) -> bool {
        let is_named = |name: &String| match name.strip_suffix('*') {
            Some(begin) => interface.starts_with(begin),
            None => interface == name,
        };
        match self.interfaces.is_empty() {
            true => interface == TOKEN || interface.starts_with(PUBLISHED),
            false => self.interfaces.iter().any(is_named),
        }
    }

    /// Those that make sense there: what is about tokens on `/token`, where nothing else is unless it was asked for.
    fn faults_of(&self, interface: &str) -> impl Iterator<Item = &Named> {
        let (is_token, everywhere) = (interface == TOKEN, !self.interfaces.is_empty());
        self.faults.iter().filter(move |named| match named.fault.is_of_tokens() {
            true => is_token,
            false => !is_token || everywhere,
        })
    }
}

impl When {
    fn holds(&self, call: u64, draw: impl Fn(u64) -> Draw) -> bool {
        match self {
            When::Always => true,
            When::Rate { rate, burst } => {
                (call.saturating_sub(burst - 1).max(1)..=call).any(|begun| draw(begun).share() < *rate)
            }
            When::Every { every, burst } => call >= *every && call % every < *burst,
            When::Calls(ranges) => ranges.iter().any(|range| range.contains(&call)),
        }
    }
}

/// `/token`, as rules name it.
pub(super) const TOKEN: &str = "token";
/// How published interfaces begin.
const PUBLISHED: &str = "xe.";
/// Calls that one burst takes, at most.
const LONGEST_BURST: u64 = 1000;

/// What chance has for one rule and call. By a hash, so that it stays the same whatever the libraries do.
struct Draw([u8; 32]);

impl Draw {
    fn of(seed: u64, rule: u64, interface: &str, call: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tousu quirk ");
        [seed, rule, call].iter().for_each(|number| hash.update(number.to_le_bytes()));
        hash.update(interface.as_bytes());
        Draw(hash.finalize().into())
    }

    fn number(&self, at: usize) -> u64 {
        self.0[8 * at..].iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    /// Between 0 and 1, never 1.
    fn share(&self) -> f64 {
        (self.number(0) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&self, count: usize) -> usize {
        (self.number(1) % count.max(1) as u64) as usize
    }
}

/// `7` or `7-12`.
fn numbers(said: &str) -> Result<RangeInclusive<u64>, Text> {
    let range = match said.split_once('-') {
        Some((first, last)) => (first.trim().parse::<u64>(), last.trim().parse::<u64>()),
        None => (said.trim().parse(), said.trim().parse()),
    };
    match range {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(first..=last),
        _ => {
            let shown = lenient::quoted(said);
            Err(format!(
                "calls 中的 {shown} 应写作 7 或 7-12，从 1 起 ¦ {shown} in calls is written 7 or 7-12, from 1"
            )
            .into())
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bad(why: impl Into<Text>) -> BadRules {
    BadRules(why.into())
}

impl Picked {
    /// What a caller asked for by name.
    pub(super) fn asked(named: Named) -> Self {
        Picked { named, complaint: None, empty: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::*;

    const LIST: &str = "xe.pay_through.complaint_record.xe.b_complaints.list";

    fn rules(text: &str) -> Rules {
        Rules::parse(text).unwrap()
    }

    /// The numbers of the calls up to `last` that have a fault.
    fn hit(rules: &Rules, interface: &str, last: u64) -> Vec<u64> {
        (1..=last).filter(|call| !rules.pick(interface, *call).is_empty()).collect()
    }

    #[test]
    fn by_number() {
        let rules = rules(
            "quirk = [{ fault = 2053, calls = [3, \"5-7\"] }, { fault = '2054', every = 10, burst = 2 }]",
        );
        assert_eq!(hit(&rules, LIST, 21), [3, 5, 6, 7, 10, 11, 20, 21]);
        assert_eq!(rules.pick(LIST, 5)[0].named.fault, Fault::Code(2053));
        assert_eq!(rules.pick(LIST, 10)[0].named.fault, Fault::Code(2054));
    }

    #[test]
    fn by_rate_the_same_each_time() {
        let of = |seed: u64| {
            rules(&format!("seed = {seed}\n[[quirk]]\nfault = ['data-null', 'list-null']\nrate = 0.25"))
        };
        let calls = hit(&of(7), LIST, 4000);
        assert!((900..1100).contains(&calls.len()), "{}", calls.len());
        assert_eq!(calls, hit(&of(7), LIST, 4000));
        assert_ne!(calls, hit(&of(8), LIST, 4000));
        assert_ne!(calls, hit(&of(7), "xe.complaint.info.get", 4000), "each interface has its own");
        let first = calls.iter().filter(|call| of(7).pick(LIST, **call)[0].named.fault == Fault::DataNull);
        assert!((350..650).contains(&first.count()), "either is drawn as often");
        // To the letter, so that nobody's recorded run changes by an update.
        assert_eq!(calls[..8], PINNED);
    }

    const PINNED: [u64; 8] = [1, 4, 8, 10, 15, 17, 21, 24];

    #[test]
    fn a_burst_goes_on() {
        let rules = rules("[[quirk]]\nfault = '1001'\nrate = 0.01\nburst = 5");
        let calls = hit(&rules, LIST, 2000);
        let begun: Vec<u64> = calls.iter().copied().filter(|call| !calls.contains(&(call - 1))).collect();
        assert!(begun.len() >= 5, "{begun:?}");
        for first in begun {
            assert!(
                (first..first + 5).all(|call| call > 2000 || calls.contains(&call)),
                "{first}: {calls:?}"
            );
        }
    }

    #[test]
    fn where_nothing_is_said_they_are_where_they_belong() {
        let both = rules("quirk = [{ fault = ['2053', 'token-dies=5s'] }]");
        let faults = |rules: &Rules, interface| {
            rules.pick(interface, 1).into_iter().map(|picked| picked.named.said).collect::<Vec<_>>()
        };
        assert_eq!(faults(&both, TOKEN), ["token-dies=5s"]);
        assert_eq!(faults(&both, LIST), ["2053"]);
        assert!(faults(&both, "tousu.complaint.get").is_empty());
        let named = rules("quirk = [{ fault = '2053', interface = ['token', 'tousu.*'] }]");
        assert_eq!(faults(&named, TOKEN), ["2053"]);
        assert_eq!(faults(&named, "tousu.complaint.get"), ["2053"]);
        assert!(faults(&named, LIST).is_empty());
    }

    #[test]
    fn json_says_the_same() {
        let json = r#"{"seed": 7, "quirk": [{"fault": "slow=3s", "complaint": "c_1"}, {"fault": "data-null", "empty": true}]}"#;
        let toml = "seed = 7\n[[quirk]]\nfault = 'slow=3s'\ncomplaint = 'c_1'\n[[quirk]]\nfault = 'data-null'\nempty = true";
        assert_eq!(rules(json), rules(toml));
        let picked = rules(json).pick(LIST, 9);
        assert_eq!((picked[0].complaint.as_deref(), picked[1].empty), (Some("c_1"), true));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (text, zh, en) in [
            ("seed = -1", "第 1 行", "line 1"),
            ("[[quirk]]\nfault = 'slow'", "第 1 条 quirk", "quirk 1"),
            ("[[quirk]]\nfault = '2053'\n\n[[quirk]]\nrate = 0.5", "第 4 行", "line 4"),
            ("[[quirk]]\nfault = '2053'\nrates = 0.5", "第 3 行", "line 3"),
            ("[[quirk]]\nfault = '2053'\nrate = 1.5", "应为 0 到 1", "allowed is 0 to 1"),
            ("[[quirk]]\nfault = '2053'\nrate = 0.5\nevery = 3", "只能有其一", "only one of"),
            ("[[quirk]]\nfault = '2053'\nburst = 3", "须有 rate 或 every", "goes with rate or every"),
            ("[[quirk]]\nfault = '2053'\ncalls = [0]", "从 1 起", "from 1"),
            ("[[quirk]]\nfault = '2053'\ncalls = '9-3'", "从 1 起", "from 1"),
            ("[[quirk]]\nfault = []", "不能为空", "one at least"),
            ("[[quirk]]\nfault = ['data-null', 'rows-shift=1']\nempty = true", "不能与", "do not go with"),
            ("{\"quirk\": [{\"fault\": 1,}]}", "第 1 行", "line 1"),
        ] {
            let why = Text::from(Rules::parse(text).unwrap_err().to_string());
            assert!(why.pick(Lang::Zh).contains(zh), "{text}: {why}");
            assert!(why.pick(Lang::En).contains(en), "{text}: {why}");
            assert_eq!(why.to_string().lines().count(), 1, "{why}");
        }
    }
}
