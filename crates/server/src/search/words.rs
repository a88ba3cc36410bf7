//! What a complaint can be found by, as words for an index: the pairs of neighbouring characters of its reason, so that
//! any text of two characters or more is found by its pairs, whatever the language; and its codes, order, assignee,
//! tags and phone tail, each as one word with a mark in front.
//!
//! A word has no blanks and nothing that either database's index would cut at: ASCII characters that are neither
//! letter nor digit stand shifted into Unicode's private area. What an index finds by words is a little more than
//! what is meant, never less; every complaint is looked at before it is shown.

use std::borrow::Cow;

use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_search::Query;

use super::Candidate;

/// Marks of words that are no pair of characters; shifted ASCII ends before them.
const CHANNEL: char = '\u{E100}';
const STATE: char = '\u{E101}';
const SOURCE: char = '\u{E102}';
const STEP: char = '\u{E103}';
const ASSIGNEE: char = '\u{E104}';
const TAG: char = '\u{E105}';
const ORDER: char = '\u{E106}';
const TAIL: char = '\u{E107}';

/// Longer ones are cut: an entry of an index has a bound.
const WORD_CHARACTERS: usize = 64;

fn safe(character: char) -> char {
    match character {
        _ if character.is_ascii_alphanumeric() => character.to_ascii_lowercase(),
        _ if character.is_ascii() => char::from_u32(0xE000 + u32::from(character)).unwrap_or(character),
        _ => character,
    }
}

/// The pairs of a text, each once.
fn pairs(text: &str) -> Vec<String> {
    let after = text.chars().skip(1);
    let mut pairs: Vec<String> =
        text.chars().zip(after).map(|(one, next)| [safe(one), safe(next)].iter().collect()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn word(mark: char, text: &str) -> String {
    std::iter::once(mark).chain(text.chars().take(WORD_CHARACTERS).map(safe)).collect()
}

fn coded(mark: char, code: impl CodeTable) -> String {
    word(mark, &code.number().to_string())
}

/// What a complaint is found by.
pub fn of(candidate: &Candidate<'_>) -> Vec<String> {
    let shown = &candidate.shown;
    let mut words = pairs(&candidate.text());
    words.extend([
        coded(CHANNEL, shown.channel_type),
        coded(STATE, shown.state),
        coded(SOURCE, shown.complaint_from),
        coded(STEP, shown.current_step),
    ]);
    let tail = candidate.tail();
    let texts = [
        (ASSIGNEE, candidate.assignee.unwrap_or_default()),
        (ORDER, shown.complaint_resource_id),
        (TAIL, tail.as_ref()),
    ];
    words.extend(texts.iter().filter(|text| !text.1.is_empty()).map(|(mark, text)| word(*mark, text)));
    words.extend(candidate.tags().iter().map(|tag| word(TAG, tag)));
    words
}

/// By which words a query finds complaints: all of the first, and one of each of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Each of these.
    pub all: Vec<String>,
    /// One of each of these lists, which have two or more.
    pub any: Vec<Vec<String>>,
}

impl Wanted {
    /// The words of a query; none if it asks for nothing that is in the index.
    pub fn of(query: &Query) -> Self {
        let mut wanted =
            Wanted { all: query.text.as_deref().map(pairs).unwrap_or_default(), any: Vec::new() };
        wanted.add(query.channel_type.iter().map(|code| coded(CHANNEL, *code)).collect());
        wanted.add(query.state.iter().map(|code| coded(STATE, *code)).collect());
        wanted.add(query.complaint_from.iter().map(|code| coded(SOURCE, *code)).collect());
        wanted.add(query.current_step.iter().map(|code| coded(STEP, *code)).collect());
        if !query.unassigned {
            // Nobody has no word.
            wanted.add(query.assignee.iter().map(|name| word(ASSIGNEE, name)).collect());
        }
        wanted.add(query.tag.iter().map(|tag| word(TAG, tag)).collect());
        wanted.add(query.complaint_resource_id.iter().map(|order| word(ORDER, order)).collect());
        wanted.add(query.phone_tail.iter().map(|tail| word(TAIL, tail)).collect());
        wanted
    }

    fn add(&mut self, words: Vec<String>) {
        match words.len() {
            0 => {}
            1 => self.all.extend(words),
            _ => self.any.push(words),
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.any.is_empty()
    }

    /// As SQLite's FTS5 wants it.
    pub fn as_match(&self) -> String {
        let quoted = |word: &String| format!("\"{word}\"");
        let all = self.all.iter().map(quoted);
        let any = self
            .any
            .iter()
            .map(|words| format!("({})", words.iter().map(quoted).collect::<Vec<_>>().join(" OR ")));
        all.chain(any).collect::<Vec<_>>().join(" AND ")
    }
}

/// What stands before each word of a shop on PostgreSQL, where the shops share an index: a word that is common in all
/// shops together costs each only its own. Shops with the same mark cost each other time, nothing else.
pub fn mark(shop: &str) -> String {
    // FNV-1a.
    let hash =
        shop.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (0..4).map(|place| char::from_digit(hash / 36_u32.pow(place) % 36, 36).unwrap_or('0')).collect()
}

/// The words of a shop in one text, with blanks between.
pub fn in_one(shop_mark: &str, words: &[String]) -> String {
    words.iter().map(|word| Cow::Owned([shop_mark, word].concat())).collect::<Vec<Cow<'_, str>>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_become_pairs() {
        assert_eq!(pairs("要退款"), ["要退", "退款"]);
        assert_eq!(pairs("aBab"), ["ab", "ba"]);
        assert_eq!(pairs("退"), [""; 0]);
        assert_eq!(pairs("a \"*"), ["a\u{E020}", "\u{E020}\u{E022}", "\u{E022}\u{E02A}"]);
    }

    #[test]
    fn marks_are_short_and_differ() {
        assert_eq!(mark("appbench").len(), 4);
        assert_ne!(mark("appbench"), mark("appbench0001"));
    }

    proptest! {
        #[test]
        fn a_part_of_a_text_has_pairs_of_the_text_only(before in "\\PC{0,5}", part in "\\PC{2,6}", after in "\\PC{0,5}") {
            let whole = pairs(&format!("{before}{part}{after}"));
            prop_assert!(pairs(&part).iter().all(|pair| whole.contains(pair)));
        }

        #[test]
        fn no_word_can_be_cut(text in "\\PC{0,12}|[\\x00-\\x7f]{0,12}") {
            for word in pairs(&text).into_iter().chain([word(TAG, &text)]) {
                prop_assert!(!word.chars().any(|c| c.is_ascii() && !c.is_ascii_alphanumeric()), "{word:?}");
                prop_assert!(!word.contains(' ') && !word.is_empty());
            }
        }
    }
}
