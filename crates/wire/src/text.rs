//! Sentences for people, in both languages at once.

use std::fmt;

/// The language of what people read. Chinese unless the settings say otherwise.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

/// One sentence in Chinese and in English, written side by side so that neither is forgotten.
///
/// In a single string the two are separated by `¦`; that is how sentences travel through errors
/// and help texts that can only carry one string.
///
/// ```
/// use tousu_wire::{Lang, Text};
/// let text = Text::from("店铺不存在 ¦ no such shop");
/// assert_eq!(text.pick(Lang::Zh), "店铺不存在");
/// assert_eq!(text.pick(Lang::En), "no such shop");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

/// Stands between the Chinese and the English half.
const BETWEEN: &str = " ¦ ";

impl Text {
    /// The half for `lang`. A text without the separator is the same in both.
    pub fn pick(&self, lang: Lang) -> &str {
        match (self.0.split_once(BETWEEN), lang) {
            (Some((zh, _)), Lang::Zh) => zh,
            (Some((_, en)), Lang::En) => en,
            (None, _) => &self.0,
        }
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(both: T) -> Self {
        Text(both.into())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
