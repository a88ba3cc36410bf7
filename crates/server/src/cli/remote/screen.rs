//! What output goes to: colours or none, how wide, and texts that cannot command the terminal.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use console::{Alignment, Style, Term, measure_text_width, pad_str};

/// Whether to colour.
#[derive(Args, Clone, Copy, Debug)]
pub(in crate::cli) struct Look {
    /// 颜色：auto（默认，遵从 NO_COLOR）、always 或 never ¦ colours: auto (default, respects NO_COLOR), always or never
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    color: Colour,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// What output goes to.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Screen {
    /// Whether colours are wanted.
    pub(in crate::cli) colours: bool,
    /// How wide it is; none for a pipe or a file, where nothing is cut.
    pub(in crate::cli) width: Option<usize>,
}

/// How something stands, which its colour tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Tone {
    Plain,
    /// Over, or otherwise out of interest.
    Dim,
    Heading,
    Good,
    /// Soon.
    Warning,
    /// Too late, or wrong.
    Bad,
    /// Was not there before.
    New,
}

impl Look {
    /// What stdout is.
    pub(in crate::cli) fn screen(self) -> Screen {
        let is_terminal = std::io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colours = match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => is_terminal && !set("NO_COLOR") && !dumb,
        };
        Screen { colours, width: is_terminal.then(width) }
    }
}

/// How many columns the terminal has; 80 if it does not tell.
pub(super) fn width() -> usize {
    Term::stdout().size_checked().map_or(80, |(_, columns)| columns.into())
}

/// How many lines the terminal has; 24 if it does not tell.
pub(super) fn height() -> usize {
    Term::stdout().size_checked().map_or(24, |(lines, _)| lines.into())
}

impl Screen {
    /// The text in the tone's colour.
    pub(in crate::cli) fn toned(&self, text: &str, tone: Tone) -> String {
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Dim => Style::new().dim(),
            Tone::Heading => Style::new().bold(),
            Tone::Good => Style::new().green(),
            Tone::Warning => Style::new().yellow(),
            Tone::Bad => Style::new().red().bold(),
            Tone::New => Style::new().cyan().bold(),
        };
        style.force_styling(self.colours).apply_to(text).to_string()
    }
}

/// The text on one line, without what would command a terminal or turn its direction.
pub(in crate::cli) fn on_one_line(text: &str) -> String {
    text.chars().map(|character| if is_command(character) { ' ' } else { character }).collect()
}

/// The text without what would command a terminal; its lines stay.
pub(in crate::cli) fn harmless(text: &str) -> String {
    text.replace("\r\n", "\n").split('\n').map(on_one_line).collect::<Vec<_>>().join("\n")
}

/// Control characters, among them those that begin escape sequences, and marks that turn the direction of writing.
fn is_command(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text in exactly so many columns: cut with a mark, or filled up with blanks.
pub(in crate::cli) fn fitted(text: &str, columns: usize) -> String {
    // Filled up behind the mark, too: where half a character is left over, a column would be missing.
    pad_str(&cut(text, columns), columns, Alignment::Left, None).into_owned()
}

/// The text in at most so many columns.
pub(in crate::cli) fn cut(text: &str, columns: usize) -> String {
    console::truncate_str(text, columns, "…").into_owned()
}

/// How many columns the text takes; Chinese takes two each.
pub(in crate::cli) fn columns_of(text: &str) -> usize {
    measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!(fitted("退款", 6), "退款  ");
        assert_eq!(columns_of(&fitted("要退款八八八", 7)), 7);
        assert_eq!(fitted("要退款八八八", 7), "要退款…");
        assert_eq!(columns_of(&fitted("要退款八八八", 8)), 8);
        assert_eq!(cut("退款", 4), "退款");
        assert_eq!(columns_of(&cut("退款中", 4)), 3);
    }

    #[test]
    fn no_text_commands_the_terminal() {
        let hostile = "a\u{1b}[2Jb\u{9b}31mc\r\n\u{202e}d\te\u{7}";
        assert_eq!(on_one_line(hostile), "a [2Jb 31mc   d e ");
        assert_eq!(harmless(hostile), "a [2Jb 31mc\n d e ");
    }

    #[test]
    fn colours_only_where_wanted() {
        let plain = Screen { colours: false, width: None };
        assert_eq!(plain.toned("x", Tone::Bad), "x");
        let coloured = Screen { colours: true, width: None };
        assert_eq!(coloured.toned("x", Tone::Bad), "\u{1b}[31m\u{1b}[1mx\u{1b}[0m");
        assert_eq!(columns_of(&coloured.toned("退", Tone::New)), 2);
    }
}
