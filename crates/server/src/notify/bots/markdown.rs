//! Text among Markdown of which only the platform knows how it is read.

use super::super::wording::one_line;

/// `text` as Markdown that shows it and does nothing: on one line, and whatever any of the platforms gives a
/// meaning to is written in its full width. Backslashes would do in standard Markdown, but neither 企业微信 nor
/// 钉钉 says that it knows them; a full-width bracket is a bracket to people and nothing to a parser `[ours]`.
///
/// An underscore between two letters or digits stays: complaint numbers have them and are copied, and there
/// it has no meaning in Markdown.
pub(super) fn inert(text: &str) -> String {
    let line = one_line(text);
    let mut characters = line.chars().peekable();
    let mut before = None;
    let mut inert = String::with_capacity(line.len());
    while let Some(character) = characters.next() {
        let inside = |side: Option<char>| side.is_some_and(|side| side.is_ascii_alphanumeric());
        let means_something = match character {
            '[' | ']' | '(' | ')' | '<' | '>' | '{' | '}' => true,
            '`' | '*' | '#' | '~' | '|' | '\\' | '&' | '@' | '!' | '$' | '^' | '=' | '"' => true,
            '_' => !(inside(before) && inside(characters.peek().copied())),
            // The mark of a list.
            '-' | '+' => before.is_none(),
            _ => false,
        };
        before = Some(character);
        inert.push(if means_something { full_width(character) } else { character });
    }
    inert
}

fn full_width(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(' '),
        other => other,
    }
}

/// An address as it may stand in `[text](address)`. Percent-encoding leaves no character that would end it.
pub(super) fn address(url: &str) -> String {
    let mut address = String::with_capacity(url.len());
    for character in url.chars().filter(|character| !character.is_control()) {
        match character {
            '(' | ')' | '<' | '>' | '[' | ']' | '"' | '\\' | '`' | ' ' | '|' | '{' | '}' => {
                address.push_str(&format!("%{:02X}", u32::from(character)));
            }
            other => address.push(other),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_keeps_a_meaning() {
        assert_eq!(
            inert("[x](http://evil)<@all><at id=all>"),
            "［x］（http：//evil）＜＠all＞＜at id＝all＞"
        );
        assert_eq!(inert("a\n# b\n```\n> c"), "a ＃ b ｀｀｀ ＞ c");
        assert_eq!(inert("- a - b"), "－ a - b");
        assert_eq!(inert("c_6621e41fa5e18_dA0idHLY _a_ __b__"), "c_6621e41fa5e18_dA0idHLY ＿a＿ ＿＿b＿＿");
        assert_eq!(inert("188****1474"), "188＊＊＊＊1474");
        assert_eq!(inert("&lt;@all&gt;"), "＆lt;＠all＆gt;");
    }

    #[test]
    fn addresses_end_where_they_end() {
        assert_eq!(address("https://a.cn/x_(1)?y=[2]&z=3"), "https://a.cn/x_%281%29?y=%5B2%5D&z=3");
    }

    proptest::proptest! {
        #[test]
        fn no_mark_is_left(text in "[\\[\\]()<>@`*_#~|&!\\\\a\n -]{0,40}|\\PC{0,40}") {
            let inert = inert(&text);
            let marks = ['[', ']', '(', ')', '<', '>', '`', '*', '#', '&', '@', '\\', '\n'];
            proptest::prop_assert!(!inert.contains(marks), "{inert}");
            proptest::prop_assert!(!inert.starts_with(['-', '+', '_']));
        }
    }
}
