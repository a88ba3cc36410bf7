//! Digits as people type them.

/// The value and the length in bytes of the digit at byte `at`: ASCII, or full-width as Chinese keyboards
/// give it (`１`).
pub(super) fn digit_at(text: &[u8], at: usize) -> Option<(u8, usize)> {
    match text.get(at..)? {
        [digit @ b'0'..=b'9', ..] => Some((digit - b'0', 1)),
        [0xEF, 0xBC, digit @ 0x90..=0x99, ..] => Some((digit - 0x90, 3)),
        _ => None,
    }
}

/// The last four digits of a phone number, in ASCII: by them it can be searched for where the number itself is
/// sealed `[ours]`. Of a mobile number they are what the mask shows anyway.
///
/// Of a number that came masked, only digits after the last star count: of `62****78` they are `78`. Fewer
/// than four are given as they are; a text without digits gives an empty one. An extension is not told apart
/// from the number.
///
/// ```
/// assert_eq!(tousu::privacy::tail("+86 188-1234-1474"), "1474");
/// ```
pub fn tail(phone: &str) -> String {
    let text = phone.as_bytes();
    let shown = text.iter().rposition(|byte| *byte == b'*').map_or(0, |star| star + 1);
    let digits: Vec<u8> =
        (shown..text.len()).filter_map(|at| digit_at(text, at)).map(|(value, _)| value).collect();
    digits.iter().skip(digits.len().saturating_sub(4)).map(|value| char::from(b'0' + value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_left() {
        for (phone, expected) in [
            ("18812341474", "1474"),
            ("+86 188-1234-1474 ", "1474"),
            ("１８８１２３４１４７４", "1474"),
            ("188****1474", "1474"),
            ("188****", ""),
            ("62****78", "78"),
            ("0755-8765 43 21", "4321"),
            ("123", "123"),
            ("微信", ""),
            ("", ""),
        ] {
            assert_eq!(tail(phone), expected, "{phone}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_end_of_the_number(head in "[0-9]{0,8}", last in "[0-9]{4}", gap in "[ -]{0,2}") {
            proptest::prop_assert_eq!(tail(&format!("{head}{gap}{last}")), last);
        }

        #[test]
        fn any_text_gives_at_most_four_digits(text in "\\PC{0,30}") {
            let tail = tail(&text);
            proptest::prop_assert!(tail.len() <= 4 && tail.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
