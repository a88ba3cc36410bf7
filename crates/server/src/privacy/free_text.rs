//! Personal numbers inside free text, hidden.
//!
//! People write their phone numbers into complaints, and merchants write them into replies. What is looked for
//! and what is left alone is decided here `[ours]`:
//!
//! | hidden | shown of it |
//! |---|---|
//! | mobile numbers, in one piece or in groups, with +86, 0086 or 86 | first 3, last 4: `188****1474` |
//! | landline numbers with their area code | first 3, last 4: `010-****5678` |
//! | identity numbers of 18 characters and of 15 | first 3, last 2: `110*************2X` |
//! | bank cards: 12 to 19 digits, in one piece, as 6 and the rest, or by fours | last 4 |
//!
//! Any 12 to 19 digits are taken for a card, right check digit or not: a card that is missed does more harm
//! than a hidden order number. These stay, since they can be told apart: digits that touch letters or `_` (but
//! for a few labels such as `tel`), all of 20 digits or more, what begins with a date, years in a row, UUIDs,
//! and what follows `订单号` and its like, unless it is a card beyond doubt. Addresses of pages and files stay
//! whole. So do service numbers (400, 800, 95588, 12315), which are nobody's, and all of fewer than ten digits.
//!
//! By hand, not by the regex crate: most of this is what stands around the digits, which a pattern without
//! look-around cannot ask, and numbers that overlap must all be found. On the usual text of 51 characters without
//! digits it takes 1.4 times as long as counting the characters; a pattern for the same kinds takes 18 times.

mod context;
mod shapes;

use std::borrow::Cow;

use self::context::Context;
use self::shapes::{Group, Groups, Number};
use super::digits::digit_at;

/// No personal number has fewer digits.
const FEWEST_DIGITS: usize = 10;

/// `text` with the digits of personal numbers hidden, a star for each. All else stays to the letter, blanks
/// and hyphens inside of numbers too. Masking twice changes nothing. What has nothing to hide is given back as
/// it is, without an allocation. It takes time in proportion to the text's length.
///
/// It is for what people write. An order's or a resource's number in a field of its own is not to be given to
/// it: where the field says what the digits are, nothing is to be guessed.
///
/// ```
/// use tousu::privacy::masked_text;
/// assert_eq!(masked_text("请打18812341474"), "请打188****1474");
/// assert_eq!(masked_text("订单 E20240417180801783546V2"), "订单 E20240417180801783546V2");
/// ```
pub fn masked_text(text: &str) -> Cow<'_, str> {
    if digits_at_most(text.as_bytes()) < FEWEST_DIGITS {
        return Cow::Borrowed(text);
    }
    let hidden = hidden(text);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let shown = |(at, character): (usize, char)| if hidden[at] { '*' } else { character };
    Cow::Owned(text.char_indices().map(shown).collect())
}

/// As [`masked_text`], for a field that holds an id, an order's number for example: as behind `订单号`, only what
/// is a phone's, a person's or a card's number beyond doubt is hidden.
///
/// ```
/// use tousu::privacy::masked_id;
/// assert_eq!(masked_id("18812341474"), "188****1474");
/// assert_eq!(masked_id("4200002137202404"), "4200002137202404");
/// ```
pub fn masked_id(id: &str) -> Cow<'_, str> {
    const BEFORE: &str = "订单号：";
    // An id with letters is an id; of identity numbers the last may be one.
    let has_letters = id.bytes().any(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'x'));
    if has_letters || digits_at_most(id.as_bytes()) < FEWEST_DIGITS {
        return Cow::Borrowed(id);
    }
    match masked_text(&format!("{BEFORE}{id}")) {
        Cow::Owned(masked) if masked[BEFORE.len()..] != *id => Cow::Owned(masked[BEFORE.len()..].to_owned()),
        _ => Cow::Borrowed(id),
    }
}

/// A number that the digits of `text` do not exceed. Most texts have few, and nobody else looks at them: this
/// is written so that the compiler takes many bytes at once.
fn digits_at_most(text: &[u8]) -> usize {
    let ascii = |byte: u8| u8::from(byte.wrapping_sub(b'0') < 10);
    // A full-width digit ends like this; a few Chinese characters do, too.
    let wide = |before: u8, byte: u8| u8::from(before == 0xBC) & u8::from(byte.wrapping_sub(0x90) < 10);
    let Some((first, rest)) = text.split_first() else { return 0 };
    let mut sum = usize::from(ascii(*first));
    // In pieces of 255, so that a byte can count them.
    for (befores, bytes) in text.chunks(255).zip(rest.chunks(255)) {
        let found = befores.iter().zip(bytes).map(|(before, byte)| ascii(*byte) + wide(*before, *byte));
        sum += usize::from(found.sum::<u8>());
    }
    sum
}

/// For each byte whether the digit that begins there is to be hidden; nothing if none is.
fn hidden(text: &str) -> Vec<bool> {
    let bytes = text.as_bytes();
    let mut hidden = Vec::new();
    let mut context = Context::new(text);
    let mut groups = Groups::default();
    let mut at = 0;
    while let Some(start) = next_digit(bytes, at) {
        groups.read(bytes, start);
        // What can be read in more than one way is hidden in each.
        if groups.total() >= FEWEST_DIGITS {
            let phone = groups.phone(context.after_plus(start));
            let document = groups.identity(|end| context.x_at(end)).or_else(|| groups.card());
            let document = document.filter(|other| phone.is_none_or(|phone| phone.digits != other.digits));
            for number in phone.into_iter().chain(document) {
                let written = groups.of(&number);
                let end = written.last().map_or(start, |group| group.end);
                if !is_left_over(bytes, written)
                    && context.allows(number.kind, start, end, groups.values(&number))
                {
                    hidden.resize(text.len(), false);
                    hide(&mut hidden, bytes, written, &number);
                }
            }
        }
        at = start;
        while let Some((_, length)) = digit_at(bytes, at) {
            at += length;
        }
    }
    hidden
}

fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|byte| byte.is_ascii_digit() || *byte == 0xEF)?;
        if digit_at(text, at).is_some() {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether the first or the last of these groups may be what masking left of another number: four digits after
/// at least three stars, or up to three before one. They make no number with their neighbours.
fn is_left_over(text: &[u8], written: &[Group]) -> bool {
    let tail =
        written.first().is_some_and(|group| group.digits == 4 && text[..group.start].ends_with(b"***"));
    let head = written.last().is_some_and(|group| group.digits <= 3 && text[group.end..].starts_with(b"*"));
    tail || head
}

fn hide(hidden: &mut [bool], text: &[u8], written: &[Group], number: &Number) {
    let places = number.head..number.digits - number.tail;
    let starts = written.iter().flat_map(|group| group.start..group.end);
    for (place, start) in starts.filter(|at| digit_at(text, *at).is_some()).enumerate() {
        if places.contains(&place) {
            hidden[start] = true;
        }
    }
}

#[cfg(test)]
mod tests;
