//! Which digits make a personal number: the shapes in which people write them.

use crate::privacy::digits::digit_at;

/// The most digits that a number has: a bank card's `[public: ISO/IEC 7812]`.
const MOST_DIGITS: usize = 19;
/// The most groups: a mobile number written digit by digit.
const MOST_GROUPS: usize = 11;

/// Mobile numbers, in digits per group. 3-4-4 is the usual way; the others are met with.
const MOBILE: &[&[usize]] = &[&[11], &[3, 4, 4], &[3, 8], &[7, 4], &[4, 3, 4], &[4, 4, 3], &[1; 11]];
/// Landline numbers with their area code.
const LANDLINE: &[&[usize]] = &[
    &[10],
    &[11],
    &[12],
    &[3, 7],
    &[3, 8],
    &[4, 7],
    &[4, 8],
    &[3, 3, 4],
    &[3, 4, 4],
    &[4, 3, 4],
    &[4, 4, 4],
];
/// Identity numbers of which all is digits: 18, or 15 before 1999 `[public: GB 11643]`.
const IDENTITY: &[&[usize]] =
    &[&[18], &[15], &[6, 8, 4], &[6, 12], &[14, 4], &[6, 4, 4, 4], &[4, 4, 4, 4, 2], &[6, 6, 3], &[6, 9]];
/// The digits of identity numbers that end in X.
const IDENTITY_X: &[&[usize]] = &[&[17], &[6, 8, 3], &[6, 11], &[14, 3], &[6, 4, 4, 3], &[4, 4, 4, 4, 1]];
/// The first two digits of identity numbers: provinces `[public: GB/T 2260]`, Hong Kong, Macau and Taiwan with
/// their residence permits, and foreigners' permits.
const PROVINCES: &[u8] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83, 91,
];

/// Digits without anything between them.
#[derive(Clone, Copy, Default)]
pub(super) struct Group {
    /// Its first byte.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
    /// How many digits it has.
    pub(super) digits: usize,
}

/// Groups that follow each other with no more than blanks or hyphens between them.
#[derive(Default)]
pub(super) struct Groups {
    groups: [Group; MOST_GROUPS],
    sizes: [usize; MOST_GROUPS],
    count: usize,
    values: [u8; MOST_DIGITS],
    total: usize,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Phone,
    Identity,
    Card,
}

/// A number that was found: its first `groups` groups are it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) kind: Kind,
    pub(super) groups: usize,
    /// How many digits it has.
    pub(super) digits: usize,
    /// How many of them are shown at its head.
    pub(super) head: usize,
    /// How many of them are shown at its tail.
    pub(super) tail: usize,
}

impl Groups {
    /// Takes in the groups from the digit at byte `start` on, as far as they may belong to one number. What was
    /// read before is not wiped, only no longer counted: that takes longer than the reading.
    pub(super) fn read(&mut self, text: &[u8], start: usize) {
        (self.count, self.total) = (0, 0);
        let mut next = Some(start);
        while let Some(start) = next.filter(|_| self.count < MOST_GROUPS) {
            let (mut end, mut total) = (start, self.total);
            while let Some((value, length)) = digit_at(text, end) {
                // A group that is too long is none; what stood before it may be a number all the same.
                let Some(place) = self.values.get_mut(total) else { return };
                *place = value;
                total += 1;
                end += length;
            }
            let digits = total - self.total;
            self.groups[self.count] = Group { start, end, digits };
            self.sizes[self.count] = digits;
            self.count += 1;
            self.total = total;
            let area_code = self.count == 1 && matches!(digits, 3 | 4);
            next = next_group(text, end, area_code);
        }
    }

    /// How many digits there are.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// The groups of `number`.
    pub(super) fn of(&self, number: &Number) -> &[Group] {
        &self.groups[..number.groups]
    }

    /// The digits of `number`.
    pub(super) fn values(&self, number: &Number) -> &[u8] {
        &self.values[..number.digits]
    }

    fn sizes(&self) -> &[usize] {
        &self.sizes[..self.count]
    }

    /// The number of the one of `shapes` that fits; none begins with another.
    fn shaped(&self, shapes: &[&[usize]], kind: Kind, head: usize, tail: usize) -> Option<Number> {
        let shape = shapes.iter().find(|shape| self.sizes().starts_with(shape))?;
        Some(Number { kind, groups: shape.len(), digits: shape.iter().sum(), head, tail })
    }

    /// A phone number. As everywhere, the first three and the last four digits are shown; of a country code
    /// that stands right before the number no more than the code.
    pub(super) fn phone(&self, after_plus: bool) -> Option<Number> {
        let phone = match self.values {
            [1, 3..=9, ..] => self.shaped(MOBILE, Kind::Phone, 3, 4),
            [0, 1..=9, ..] => self.shaped(LANDLINE, Kind::Phone, 3, 4),
            [8, 6, 1, 3..=9, ..] => self.shaped(&[&[13], &[5, 4, 4], &[5, 8]], Kind::Phone, 2, 4),
            [0, 0, 8, 6, 1, 3..=9, ..] => self.shaped(&[&[15]], Kind::Phone, 3, 4),
            _ => None,
        };
        phone.or_else(|| self.international(after_plus))
    }

    /// `+86 10 6234 5678`: a landline number whose area code has lost its 0, or a mobile number in unusual
    /// groups.
    fn international(&self, after_plus: bool) -> Option<Number> {
        let code = match self.values {
            [8, 6, 1..=9, ..] if after_plus => 2,
            [0, 0, 8, 6, 1..=9, ..] => 4,
            _ => return None,
        };
        // A mobile number in groups of its own is found by itself, and shows its own first three.
        if let [first, rest @ ..] = self.sizes()
            && *first == code
            && matches!(self.values[code..], [1, 3..=9, ..])
            && MOBILE.iter().any(|shape| rest.starts_with(shape))
        {
            return None;
        }
        let mut digits = 0;
        let ends = self.sizes().iter().enumerate().map(|(at, size)| {
            digits += size;
            (at + 1, digits, *size)
        });
        // An area code of two or three digits, and seven or eight.
        let fits = |(_, digits, last): &(_, usize, usize)| {
            (9..=11).contains(&digits.saturating_sub(code)) && (*last == 4 || *last >= 7)
        };
        let (groups, digits, _) = ends.filter(fits).last()?;
        Some(Number { kind: Kind::Phone, groups, digits, head: code.min(3), tail: 4 })
    }

    /// An identity number whose province and birthday can be, or one that ends in X. The first three and the
    /// last two characters are shown.
    pub(super) fn identity(&self, x_after: impl Fn(usize) -> bool) -> Option<Number> {
        let with_x = self.shaped(IDENTITY_X, Kind::Identity, 3, 1);
        let with_x = with_x.filter(|number| x_after(self.groups[number.groups - 1].end));
        with_x.or_else(|| {
            let plain = self.shaped(IDENTITY, Kind::Identity, 3, 2)?;
            is_identity(self.values(&plain)).then_some(plain)
        })
    }

    /// A bank card: of 12 to 19 digits, in one group, as 6 and the rest, or by fours. Its last four digits are
    /// shown.
    pub(super) fn card(&self) -> Option<Number> {
        let (groups, digits) = match *self.sizes() {
            [all @ 12..=MOST_DIGITS, ..] => (1, all),
            [6, rest @ 10..=13, ..] => (2, 6 + rest),
            [4, 4, 4, 4, rest @ 1..=3, ..] => (5, 16 + rest),
            [4, 4, 4, 4, ..] => (4, 16),
            [4, 4, 4, rest @ 1..=3, ..] => (4, 12 + rest),
            [4, 4, 4, ..] => (3, 12),
            _ => return None,
        };
        // No card begins with 20. Numbers made from the date do, and moments, and years stand in a row.
        let apart = match self.values {
            [2, 0, _, _, month_1, month_2, day_1, day_2, ..] if groups < 3 => {
                is_day(10 * month_1 + month_2, 10 * day_1 + day_2)
            }
            _ if groups < 3 => false,
            values => values[..digits].chunks_exact(4).all(|four| matches!(four, [1, 9, ..] | [2, 0, ..])),
        };
        (!apart).then_some(Number { kind: Kind::Card, groups, digits, head: 0, tail: 4 })
    }
}

/// Where the next group begins, if no more than three blanks or hyphens lie between. An area code may stand
/// in brackets.
fn next_group(text: &[u8], end: usize, area_code: bool) -> Option<usize> {
    let mut at = end;
    if area_code {
        at += match text.get(at..) {
            Some([b')', ..]) => 1,
            Some([0xEF, 0xBC, 0x89, ..]) => 3,
            _ => 0,
        };
    }
    for _ in 0..=3 {
        if digit_at(text, at).is_some() {
            return Some(at);
        }
        at += separator_at(text, at)?;
    }
    None
}

/// The length in bytes of a blank, a hyphen, a dash, a full stop or a character without width.
fn separator_at(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..)? {
        [b' ' | b'-' | b'.', ..] => Some(1),
        [0xC2, 0xA0, ..] => Some(2),
        [0xE2, 0x80, 0x80..=0x8D | 0x90..=0x95 | 0xAF, ..] => Some(3),
        [0xE2, 0x81, 0xA0, ..] | [0xE2, 0x88, 0x92, ..] | [0xE3, 0x80, 0x80, ..] => Some(3),
        [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBC, 0x8D | 0x8E, ..] => Some(3),
        _ => None,
    }
}

fn is_day(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn is_identity(values: &[u8]) -> bool {
    let two = |at: usize| 10 * values[at] + values[at + 1];
    let born = match values.len() {
        15 => is_day(two(8), two(10)),
        _ => matches!(two(6), 19 | 20) && is_day(two(10), two(12)),
    };
    born && PROVINCES.contains(&two(0))
}

/// Whether the last digit is the check digit of the others, as on bank cards `[public: ISO/IEC 7812]`.
pub(super) fn is_luhn(values: &[u8]) -> bool {
    let doubled = |value: u8| if value > 4 { 2 * value - 9 } else { 2 * value };
    let sum = values
        .iter()
        .rev()
        .enumerate()
        .map(|(at, value)| u32::from(if at % 2 == 1 { doubled(*value) } else { *value }));
    sum.sum::<u32>() % 10 == 0
}
