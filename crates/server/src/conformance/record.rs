//! What was seen of each belief.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tousu_wire::{Text, lenient};

use super::beliefs::{BELIEFS, Belief, Source};

/// What came of a belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The server does as believed.
    Agrees,
    /// It does not, although it is published.
    Differs,
    /// It does not, where this project had decided for itself.
    Learned,
    /// There was nothing to see it by.
    Untested,
}

/// A belief, and what was seen of it.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The belief.
    pub id: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What came of it.
    pub verdict: Verdict,
    /// What is expected (`中文 ¦ English`).
    pub expected: &'static str,
    /// What was seen instead, the first time, or why nothing was (`中文 ¦ English`, or the same in both).
    pub seen: String,
    /// How often it was as expected, and how often not.
    pub as_expected: u64,
    /// How often not.
    pub otherwise: u64,
}

/// Under way.
#[derive(Debug, Default)]
pub(super) struct Record {
    seen: BTreeMap<&'static str, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    as_expected: u64,
    otherwise: u64,
    first: String,
    untested: String,
}

impl Record {
    /// Notes whether something was as expected, or else what it was.
    pub(super) fn note(&mut self, id: &'static str, is_so: bool, otherwise: impl FnOnce() -> String) {
        debug_assert!(BELIEFS.iter().any(|belief| belief.id == id), "{id} is no belief");
        let seen = self.seen.entry(id).or_default();
        if is_so {
            seen.as_expected += 1;
            return;
        }
        if seen.otherwise == 0 {
            seen.first = otherwise();
        }
        seen.otherwise += 1;
    }

    /// Notes why something could not be seen.
    pub(super) fn untested(&mut self, id: &'static str, why: &str) {
        self.seen.entry(id).or_default().untested = why.to_owned();
    }

    /// All beliefs, with what was seen of each.
    pub(super) fn findings(mut self) -> Vec<Finding> {
        let finding = |belief: &Belief| {
            let Seen { as_expected, otherwise, first, untested } =
                self.seen.remove(belief.id).unwrap_or_default();
            let (verdict, seen) = match (otherwise, as_expected, belief.source) {
                (0, 0, _) => (Verdict::Untested, untested),
                (0, ..) => (Verdict::Agrees, String::new()),
                (_, _, Source::Ours) => (Verdict::Learned, first),
                _ => (Verdict::Differs, first),
            };
            let Belief { id, source, expected } = *belief;
            Finding { id, source, verdict, expected, seen, as_expected, otherwise }
        };
        BELIEFS.iter().map(finding).collect()
    }
}

/// A value as a report shows it.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "没有该键 ¦ no such key".to_owned(),
        Some(value) => lenient::received(value),
    }
}

/// What kind of value it is, where the value itself is not for a report: phone numbers, and what people wrote.
pub(super) fn kind(value: Option<&Value>) -> String {
    let kind = match value {
        None => return shown(None),
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    kind.to_owned()
}

/// What is told of a field, with the complaint that has it.
pub(super) fn told_of(id: &str, told: String) -> String {
    let text = Text::from(told);
    let (zh, en) = (text.pick(tousu_wire::Lang::Zh), text.pick(tousu_wire::Lang::En));
    format!("{zh}（{id}） ¦ {en} ({id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let mut record = Record::default();
        record.note("list.msg", true, String::new);
        record.note("list.data", true, String::new);
        record.note("list.data", false, || "a".into());
        record.note("list.data", false, || "b".into());
        record.note("list.order", false, || "c".into());
        record.untested("list.ties", "d");
        let findings = record.findings();
        let of = |id: &str| {
            let finding = findings.iter().find(|finding| finding.id == id).unwrap();
            (finding.verdict, finding.seen.as_str(), finding.otherwise)
        };
        assert_eq!(of("list.msg"), (Verdict::Agrees, "", 0));
        assert_eq!(of("list.data"), (Verdict::Differs, "a", 2));
        assert_eq!(of("list.order"), (Verdict::Learned, "c", 1));
        assert_eq!(of("list.ties"), (Verdict::Untested, "d", 0));
        assert_eq!(of("gateway.form"), (Verdict::Untested, "", 0));
        assert_eq!(findings.len(), BELIEFS.len());
    }
}
