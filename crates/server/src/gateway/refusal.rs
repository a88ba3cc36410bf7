//! The one error of the gateway: what the caller sees, and what the log gets.

use tousu_wire::{InvalidParameter, Lang, ReturnCode, Text};

use crate::privacy::masked_text;
use crate::store::StoreError;

/// Why a call was not served.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What the caller's program sees.
    pub(crate) code: ReturnCode,
    /// What the caller's people see, beyond the code's own meaning.
    detail: Option<Text>,
    /// What the operator sees, in the log alone.
    pub(crate) cause: Option<String>,
    /// Whole seconds after which another try makes sense.
    pub(crate) retry_after: Option<i64>,
}

impl Refusal {
    /// The code and its meaning.
    pub(crate) fn new(code: ReturnCode) -> Self {
        Refusal { code, detail: None, cause: None, retry_after: None }
    }

    /// The code, its meaning, and what was wrong in particular (`中文 ¦ English`).
    pub(crate) fn because(code: ReturnCode, detail: impl Into<Text>) -> Self {
        Refusal { detail: Some(detail.into()), ..Refusal::new(code) }
    }

    /// Busy, for a reason that only the operator should read.
    pub(crate) fn busy(cause: impl Into<String>) -> Self {
        Refusal { cause: Some(cause.into()), retry_after: Some(1), ..Refusal::new(ReturnCode::Busy) }
    }

    /// `msg` of the answer. What was received may be in it, and personal numbers in that: they are masked.
    pub(crate) fn message(&self, lang: Lang) -> String {
        let meaning = self.code.label(lang);
        match &self.detail {
            Some(detail) => {
                let colon = if lang == Lang::Zh { "：" } else { ": " };
                format!("{meaning}{colon}{}", masked_text(detail.pick(lang)))
            }
            None => meaning,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::busy(error.to_string())
    }
}

impl From<InvalidParameter> for Refusal {
    fn from(InvalidParameter { name, problem }: InvalidParameter) -> Self {
        let (zh, en) = (problem.pick(Lang::Zh), problem.pick(Lang::En));
        let detail = match name.as_str() {
            "." => format!("{zh} ¦ {en}"),
            name => format!("{name} {zh} ¦ {name}: {en}"),
        };
        Refusal::because(ReturnCode::InvalidParameter, detail)
    }
}
