//! Texts from outside, made fit for a notice, and how spans of time are said. Every renderer sends each text
//! that is not its own through [`one_line`].

/// A text on one line, that neither steers nor links: what breaks lines or cannot be seen is gone (marks that
/// turn the direction of writing included), and addresses are written so that no chat or mail program makes a
/// link of them `[ours]`. Doing it twice changes nothing.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut blank = false;
    for character in text.chars().filter(|&character| !is_unseen(character)) {
        if character.is_whitespace() || character.is_control() {
            blank = true;
        } else {
            if blank && !line.is_empty() {
                line.push(' ');
            }
            blank = false;
            line.push(character);
        }
    }
    unlinked(&line)
}

/// Writes the colon of `http://` and the full stop of `evil.com` in their full width.
fn unlinked(line: &str) -> String {
    let mut characters = line.chars().peekable();
    let mut before = ' ';
    let mut unlinked = String::with_capacity(line.len());
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        unlinked.push(match character {
            ':' if after == '/' => '：',
            // Digits may follow: 3.5 is an amount.
            '.' if before.is_alphanumeric() && after.is_alphabetic() => '．',
            other => other,
        });
        before = character;
    }
    unlinked
}

/// Characters without a shape of their own. The joiner of emoji stays.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// One line of at most `most` characters; what is left out is shown by `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// A span of `seconds`, as long as two units: `2天3小时`, `3小时12分`, `12分钟`.
pub(super) fn span(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    match (days, hours, minutes % 60) {
        (0, 0, 0) => "不足1分钟".into(),
        (0, 0, minutes) => format!("{minutes}分钟"),
        (0, hours, 0) => format!("{hours}小时"),
        (0, hours, minutes) => format!("{hours}小时{minutes}分"),
        (days, 0, _) => format!("{days}天"),
        (days, hours, _) => format!("{days}天{hours}小时"),
    }
}

/// How far off a deadline is. At the deadline itself there is still time `[ours]`.
pub(super) fn left(deadline: i64, now: i64) -> String {
    match deadline.saturating_sub(now) {
        left if left < 0 => format!("已超时 {}", span(left.saturating_neg())),
        left => format!("剩 {}", span(left)),
    }
}

/// `2024-04-22 11:25`, Beijing time.
pub(super) fn minute(epoch: i64) -> String {
    let mut text = tousu_wire::BeijingTime::from_epoch(epoch).to_string();
    text.truncate("2024-04-22 11:25".len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_neither_break_nor_link() {
        assert_eq!(one_line(" 一\r\n二\t三\u{2028}四\u{8}五 "), "一 二 三 四 五");
        assert_eq!(one_line("a\u{202e}b\u{200b}c\u{feff}"), "abc");
        assert_eq!(
            one_line("退 3.5 元，见http://evil.com/x 或 www.evil.com"),
            "退 3.5 元，见http：//evil．com/x 或 www．evil．com"
        );
        assert_eq!(one_line("写到a@b.cn。Bye."), "写到a@b．cn。Bye.");
        assert_eq!(one_line("👨\u{200d}👩"), "👨\u{200d}👩");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("要退款", 3), "要退款");
        assert_eq!(cut("要退款！", 3), "要退款…");
        assert_eq!(cut("要退 款", 3), "要退…");
        assert_eq!(cut("\n\n要\n退", 9), "要 退");
    }

    #[test]
    fn spans_have_two_units() {
        let said = [0, 59, 60, 3599, 3600, 3661, 11_520, 86_399, 86_400, 90_000, 183_600].map(span);
        let expected = [
            "不足1分钟",
            "不足1分钟",
            "1分钟",
            "59分钟",
            "1小时",
            "1小时1分",
            "3小时12分",
            "23小时59分",
            "1天",
            "1天1小时",
            "2天3小时",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_deadline_has_passed_one_second_later() {
        assert_eq!(left(100, 100), "剩 不足1分钟");
        assert_eq!(left(100, 101), "已超时 不足1分钟");
        assert_eq!(left(i64::MIN, i64::MAX), left(0, i64::MAX));
    }

    proptest::proptest! {
        #[test]
        fn twice_is_once(text in "\\PC{0,40}|[a-z.:/\\s\u{200b}\u{202e}]{0,40}") {
            let once = one_line(&text);
            proptest::prop_assert_eq!(one_line(&once), once.clone());
            proptest::prop_assert!(!once.contains("://") && !once.contains(char::is_control));
        }
    }
}
