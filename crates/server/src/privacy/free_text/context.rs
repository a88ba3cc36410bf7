//! What stands around digits, and tells a number of a person's from one of an order, a file or an address.
//!
//! Everything here takes a star for a digit. So hiding digits changes no answer, and masking a masked text
//! changes nothing.

use super::shapes::{Kind, is_luhn};
use crate::privacy::digits::digit_at;

/// Letters that may touch a number without making an order's of it. [ours]
const LABELS: &[&str] = &[
    "tel", "phone", "mobile", "cell", "wx", "vx", "v", "wechat", "weixin", "qq", "dh", "sj", "sfz", "id",
    "card", "kh",
];
/// What stands before an order's number. [ours]
const ORDER_WORDS: &[&str] =
    &["单号", "订单", "订单编号", "流水号", "交易号", "order", "order_id", "trade_no"];
/// Endings of files: a picture's address may have come without its host. [ours]
const FILES: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "webp", "bmp", "heic", "svg", "mp4", "mov", "mp3", "m4a", "pdf", "doc",
    "docx", "xls", "xlsx", "zip",
];
/// Addresses whose content is a phone number.
const PHONE_SCHEMES: &[&str] = &["tel", "sms", "callto"];

/// The surroundings of numbers in one text, asked from its beginning to its end.
pub(super) struct Context<'a> {
    text: &'a str,
    /// The bytes of the address looked at last, so that a long one is walked once.
    address: std::ops::Range<usize>,
    /// From where in it everything stays.
    kept_from: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Context { text, address: 0..0, kept_from: 0 }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Whether `+` stands before byte `at`.
    pub(super) fn after_plus(&self, at: usize) -> bool {
        self.bytes()[..at].ends_with(b"+") || self.bytes()[..at].ends_with("＋".as_bytes())
    }

    /// Whether an X that ends an identity number stands at byte `at`.
    pub(super) fn x_at(&self, at: usize) -> bool {
        let length = match self.bytes().get(at..) {
            Some([b'X' | b'x', ..]) => 1,
            Some([0xEF, 0xBC, 0xB8, ..] | [0xEF, 0xBD, 0x98, ..]) => 3,
            _ => return false,
        };
        let next = at + length;
        // A digit right after a letter is never hidden, so that here it need not be taken for a star.
        let letter = self.bytes().get(next).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        !letter && digit_at(self.bytes(), next).is_none()
    }

    /// Whether digits in the bytes from `start` to `end` may be a person's number for all that stands around.
    /// From one call to the next `start` must not fall.
    pub(super) fn allows(&mut self, kind: Kind, start: usize, end: usize, values: &[u8]) -> bool {
        let ends_in_x = kind == Kind::Identity && self.x_at(end);
        self.free_before(start)
            && (ends_in_x || self.free_after(end))
            && !self.in_uuid(start)
            && !(kind == Kind::Card && self.after_order_word(start) && !is_surely_card(values))
            && !self.in_address(start, end)
    }

    /// No letters before, or a label.
    fn free_before(&self, start: usize) -> bool {
        let before = &self.bytes()[..start];
        let letters =
            before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).take(LONGEST_LABEL + 1);
        let (rest, label) = before.split_at(start - letters.count());
        rest.last() != Some(&b'_') && is_label(label)
    }

    /// No letters after, or a label that stands by itself.
    fn free_after(&self, end: usize) -> bool {
        let after = &self.bytes()[end..];
        let letters = after.iter().take_while(|byte| byte.is_ascii_alphabetic()).take(LONGEST_LABEL + 1);
        let (label, rest) = after.split_at(letters.count());
        let touches = matches!(rest.first(), Some(b'_' | b'*')) || digit_at(rest, 0).is_some();
        let letters_follow = rest.first().is_some_and(u8::is_ascii_alphabetic);
        !letters_follow && (label.is_empty() && rest.first() != Some(&b'_') || !touches && is_label(label))
    }

    /// Inside of `550e8400-e29b-41d4-a716-446655440000`.
    fn in_uuid(&self, start: usize) -> bool {
        const LENGTH: usize = 36;
        let belongs = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'*');
        let (before, after) = self.bytes().split_at(start);
        let from = start - before.iter().rev().take(LENGTH).take_while(belongs).count();
        let to = start + after.iter().take(LENGTH).take_while(belongs).count();
        let hyphens = |(at, byte): (usize, &u8)| (*byte == b'-') == matches!(at, 8 | 13 | 18 | 23);
        to - from == LENGTH && self.bytes()[from..to].iter().enumerate().all(hyphens)
    }

    /// `订单号：`, and the like, before byte `start`.
    fn after_order_word(&self, start: usize) -> bool {
        const FILLERS: &[char] = &[' ', ':', '：', '=', '#', '是', '为', '"', '“', '【', '[', '(', '（'];
        let mut before = &self.text[..start];
        for _ in 0..4 {
            before = before.strip_suffix(FILLERS).unwrap_or(before);
        }
        ORDER_WORDS.iter().any(|word| {
            let at = before.len().checked_sub(word.len());
            at.and_then(|at| before.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
        })
    }

    /// Whether all of it stands in an address.
    fn in_address(&mut self, start: usize, end: usize) -> bool {
        if !self.address.contains(&start) {
            let (before, after) = self.text.split_at(start);
            // What stood before the last address' end was no part of this one.
            let before = before.get(self.address.end..).unwrap_or_default();
            let from = start - before.len() + before.trim_end_matches(is_address).len();
            let to = start + after.len() - after.trim_start_matches(is_address).len();
            self.address = from..to;
            self.kept_from = kept_from(&self.text[from..to]).map_or(to, |at| from + at);
        }
        start >= self.kept_from && end <= self.address.end
    }
}

const LONGEST_LABEL: usize = 8;

fn is_label(letters: &[u8]) -> bool {
    letters.is_empty() || LABELS.iter().any(|label| label.as_bytes().eq_ignore_ascii_case(letters))
}

/// A UnionPay card, whose check digit is right. Of orders' numbers one in a thousand looks like it.
fn is_surely_card(values: &[u8]) -> bool {
    matches!(values, [6, 2, ..]) && values.len() >= 16 && is_luhn(values)
}

/// What addresses are made of. Commas, semicolons, quotes and brackets may stand in one, but more often end it.
fn is_address(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "-._~:/?#@&*+=%".contains(character)
        || ('０'..='９').contains(&character)
}

/// From where on `text`, which has no blanks, is the address of a page or a file.
fn kept_from(text: &str) -> Option<usize> {
    if let Some(at) = text.find("://") {
        let scheme = text[..at].trim_end_matches(|character: char| character.is_ascii_alphabetic()).len();
        let is = |name: &&str| name.eq_ignore_ascii_case(&text[scheme..at]);
        return (scheme < at && !PHONE_SCHEMES.iter().any(is)).then_some(scheme);
    }
    let from =
        text.len() - text.trim_start_matches(|character: char| !character.is_ascii_alphanumeric()).len();
    let address = &text[from..];
    let protocol_relative =
        text[..from].ends_with("//") && address.starts_with(|first: char| first.is_ascii_alphabetic());
    let www = address.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    (protocol_relative || www || has_host(address) || is_file(address)).then_some(from)
}

/// `example.com/…`
fn has_host(address: &str) -> bool {
    let Some((host, _)) = address.split_once('/') else { return false };
    let in_host = |character: char| is_address(character) && !"_~:?#@&+=%".contains(character);
    host.chars().all(in_host)
        && host.rsplit_once('.').is_some_and(|(name, top)| {
            !name.is_empty() && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
}

/// `image/b_u_5b2/kq9x.jpg?imageView2/2`
fn is_file(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('.');
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| FILES.iter().any(|file| file.eq_ignore_ascii_case(ending)))
}
