//! What can be wrong with an answer: one table of names, for files, presets, headers and help.

use std::time::Duration;

use jiff::SignedDuration;
use tousu_wire::{Text, lenient};

/// One thing that is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is not served, but answered with that code.
    Code(i64),
    /// The total is more, or less, by that much.
    TotalBy(i64),
    /// The total is that, whatever there is.
    TotalIs(i64),
    /// So many rows arrived (below 0: vanished) before each page behind the first was read.
    RowsShift(i64),
    /// The page's last row is missing.
    ShortPage,
    /// No date is `0000-00-00 00:00:00`.
    DatesZero,
    /// No date is `""`.
    DatesEmpty,
    /// No date is `null`.
    DatesNull,
    /// Fields that nobody has heard of.
    UnknownKeys,
    /// Codes that no table lists.
    UnknownCodes,
    /// Numbers within `data` are strings.
    NumbersAsStrings,
    /// Strings within `data` that are whole numbers are numbers.
    StringsAsNumbers,
    /// `data` is `null`.
    DataNull,
    /// `data` is `[]`.
    DataList,
    /// `data` is `{}`.
    DataObject,
    /// `data` is the list itself.
    BareList,
    /// `data.list` is `null`.
    ListNull,
    /// `data.list` is `{}`.
    ListObject,
    /// `code` is a string.
    CodeAsString,
    /// The token dies so many seconds after it was given, whatever the answer says.
    TokenDies(i64),
    /// The answer takes that much longer.
    Slow(Duration),
    /// A page of HTML with status 502, as from a proxy.
    Html502,
    /// A page of HTML with status 200.
    Html200,
    /// Status 200 and nothing else.
    EmptyBody,
    /// The connection ends in the middle of the body.
    CutBody,
    /// The body never ends.
    EndlessBody,
}

/// A fault as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What was written, `slow=3s`.
    pub said: String,
    /// What that means.
    pub fault: Fault,
}

/// The order in which what is wrong with one answer is done to it. It can be replaced, and be lost, in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It takes the answer's place.
    Instead,
    /// While the answer is made.
    Within,
    /// To the rows and the total.
    Content,
    /// To how values are written.
    Values,
    /// To the shape around them.
    Shape,
    /// Before it leaves.
    Late,
    /// On the way out.
    Way,
}

/// A name that a fault goes by.
pub struct Kind {
    /// As it is written.
    pub name: &'static str,
    /// What follows a `=`, for help; empty for nothing.
    pub takes: &'static str,
    /// What it does (`中文 ¦ English`).
    pub title: &'static str,
    read: fn(&str) -> Option<Fault>,
}

/// Every fault but the codes, which are written as they are: `2053`.
pub const KINDS: [Kind; 25] = [
    plain(
        "numbers-as-strings",
        "data 中的数字写成字符串 ¦ numbers within data are strings",
        |_| Some(Fault::NumbersAsStrings),
    ),
    plain(
        "strings-as-numbers",
        "data 中形如整数的字符串写成数字 ¦ strings within data that are whole numbers are numbers",
        |_| Some(Fault::StringsAsNumbers),
    ),
    plain("code-as-string", "code 写成字符串 ¦ code is a string", |_| Some(Fault::CodeAsString)),
    plain("data-null", "data 为 null ¦ data is null", |_| Some(Fault::DataNull)),
    plain("data-list", "data 为 [] ¦ data is []", |_| Some(Fault::DataList)),
    plain("data-object", "data 为 {} ¦ data is {}", |_| Some(Fault::DataObject)),
    plain("data-bare-list", "data 即列表本身 ¦ data is the list itself", |_| Some(Fault::BareList)),
    plain("list-null", "data.list 为 null ¦ data.list is null", |_| Some(Fault::ListNull)),
    plain("list-object", "data.list 为 {} ¦ data.list is {}", |_| Some(Fault::ListObject)),
    plain("dates-zero", "空日期写作 0000-00-00 00:00:00 ¦ no date is 0000-00-00 00:00:00", |_| {
        Some(Fault::DatesZero)
    }),
    plain("dates-empty", "空日期写作空字符串 ¦ no date is an empty string", |_| {
        Some(Fault::DatesEmpty)
    }),
    plain("dates-null", "空日期写作 null ¦ no date is null", |_| Some(Fault::DatesNull)),
    plain("unknown-keys", "多出未公布的字段 ¦ fields that no page lists", |_| {
        Some(Fault::UnknownKeys)
    }),
    plain(
        "unknown-codes",
        "来源与步骤为未公布的编号（内容不再属实） ¦ sources and steps that no page lists (what rows say is no longer so)",
        |_| Some(Fault::UnknownCodes),
    ),
    Kind {
        name: "total",
        takes: "+N|-N|N",
        title: "总数多 N、少 N 或恒为 N ¦ the total is N more, N less, or always N",
        read: |value| {
            let number = value.parse().ok()?;
            Some(if value.starts_with(['+', '-']) { Fault::TotalBy(number) } else { Fault::TotalIs(number) })
        },
    },
    Kind {
        name: "rows-shift",
        takes: "N|-N",
        title: "翻页期间行位移：第 2 页起，每读一页前新增（负数为消失）N 条 ¦ rows shift while paging: N arrive (below 0: vanish) before each page behind the first",
        read: |value| {
            let rows: i64 = value.parse().ok()?;
            (-MOST_SHIFTED..=MOST_SHIFTED).contains(&rows).then_some(Fault::RowsShift(rows))
        },
    },
    plain("short-page", "页中少最后一行 ¦ the page's last row is missing", |_| {
        Some(Fault::ShortPage)
    }),
    Kind {
        name: "token-dies",
        takes: "60s",
        title: "令牌在该时长后提前失效（只用于 token） ¦ the token dies after that time, whatever the answer says (token only)",
        read: |value| Some(Fault::TokenDies(duration(value)?.as_secs().try_into().ok()?)),
    },
    Kind {
        name: "slow",
        takes: "3s",
        title: "晚这么久才应答 ¦ the answer comes so much later",
        read: |value| Some(Fault::Slow(duration(value)?)),
    },
    plain("html-502", "HTTP 502 的 HTML 页面 ¦ a page of HTML with status 502", |_| Some(Fault::Html502)),
    plain("html-200", "HTTP 200 的 HTML 页面 ¦ a page of HTML with status 200", |_| Some(Fault::Html200)),
    plain("empty-body", "空的应答体 ¦ an empty body", |_| Some(Fault::EmptyBody)),
    plain("cut-body", "应答体中途断开 ¦ the connection ends in the middle of the body", |_| {
        Some(Fault::CutBody)
    }),
    plain("endless-body", "应答体没有尽头 ¦ a body without end", |_| Some(Fault::EndlessBody)),
    Kind {
        name: "code",
        takes: "N",
        title: "不受理，答以返回码 N；也可只写编号，如 2053 ¦ the call is not served but answered with code N; the number alone does, too: 2053",
        read: code,
    },
];

/// Rows between two pages, at most.
const MOST_SHIFTED: i64 = 1000;
/// How long a fault may last.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

const fn plain(name: &'static str, title: &'static str, read: fn(&str) -> Option<Fault>) -> Kind {
    Kind { name, takes: "", title, read }
}

fn duration(value: &str) -> Option<Duration> {
    let duration: SignedDuration = value.parse().ok()?;
    let sane = !duration.is_negative() && duration <= LONGEST;
    sane.then(|| Duration::try_from(duration).ok()).flatten()
}

fn code(value: &str) -> Option<Fault> {
    value.parse().ok().filter(|code| (1..=999_999).contains(code)).map(Fault::Code)
}

impl Named {
    /// The fault that somebody wrote, `2053` or `slow=3s`; or why it is none (`中文 ¦ English`).
    pub fn parse(said: &str) -> Result<Self, Text> {
        let said = said.trim();
        let (name, value) = match said.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => (said, ""),
        };
        let shown = lenient::quoted(said);
        let fault = match KINDS.iter().find(|kind| kind.name == name) {
            Some(kind) if kind.takes.is_empty() && said.contains('=') => Err(format!(
                "收到 {shown}，{name} 之后不应有值 ¦ received {shown}, but nothing follows {name}"
            )),
            Some(kind) => (kind.read)(value).ok_or_else(|| {
                let takes = kind.takes;
                format!("收到 {shown}，应写作 {name}={takes} ¦ received {shown}, it is written {name}={takes}")
            }),
            None => code(said).ok_or_else(|| {
                let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                let (zh, en) = (names.join("、"), names.join(", "));
                format!("收到 {shown}，应为返回码或以下之一：{zh} ¦ received {shown}, expected a return code or one of: {en}")
            }),
        };
        Ok(Named { said: said.to_owned(), fault: fault? })
    }
}

impl Fault {
    /// When it is done.
    pub(super) fn stage(&self) -> Stage {
        match self {
            Fault::Code(_) => Stage::Instead,
            Fault::RowsShift(_) | Fault::TokenDies(_) => Stage::Within,
            Fault::TotalBy(_)
            | Fault::TotalIs(_)
            | Fault::ShortPage
            | Fault::DatesZero
            | Fault::DatesEmpty
            | Fault::DatesNull
            | Fault::UnknownKeys
            | Fault::UnknownCodes => Stage::Content,
            Fault::NumbersAsStrings | Fault::StringsAsNumbers => Stage::Values,
            Fault::DataNull
            | Fault::DataList
            | Fault::DataObject
            | Fault::BareList
            | Fault::ListNull
            | Fault::ListObject
            | Fault::CodeAsString => Stage::Shape,
            Fault::Slow(_) => Stage::Late,
            Fault::Html502 | Fault::Html200 | Fault::EmptyBody | Fault::CutBody | Fault::EndlessBody => {
                Stage::Way
            }
        }
    }

    /// Whether it is about tokens, and so about nothing but `/token`.
    pub(super) fn is_of_tokens(&self) -> bool {
        matches!(self, Fault::TokenDies(_))
    }

    /// Whether it is about what a single row says.
    pub(super) fn is_of_rows(&self) -> bool {
        matches!(
            self,
            Fault::DatesZero
                | Fault::DatesEmpty
                | Fault::DatesNull
                | Fault::UnknownKeys
                | Fault::UnknownCodes
                | Fault::NumbersAsStrings
                | Fault::StringsAsNumbers
        )
    }
}

#[cfg(test)]
mod tests {
    use tousu_wire::Lang;

    use super::*;

    fn fault(said: &str) -> Fault {
        Named::parse(said).unwrap().fault
    }

    #[test]
    fn every_name_is_one_fault() {
        let example = |kind: &Kind| match kind.takes {
            "" => kind.name.to_owned(),
            takes => format!("{}={}", kind.name, takes.split('|').next().unwrap().replace('N', "5")),
        };
        let faults: Vec<Fault> = KINDS.iter().map(|kind| fault(&example(kind))).collect();
        for (at, one) in faults.iter().enumerate() {
            assert!(!faults[..at].contains(one), "{one:?} has two names");
        }
        for kind in &KINDS {
            let title = Text::from(kind.title);
            assert!(title.pick(Lang::Zh) != title.pick(Lang::En), "{}", kind.name);
        }
    }

    #[test]
    fn values_are_read() {
        assert_eq!(fault("2053"), Fault::Code(2053));
        assert_eq!(fault(" code = 2054 "), Fault::Code(2054));
        assert_eq!(fault("slow=250ms"), Fault::Slow(Duration::from_millis(250)));
        assert_eq!(fault("total=+5"), Fault::TotalBy(5));
        assert_eq!(fault("total=-5"), Fault::TotalBy(-5));
        assert_eq!(fault("total=0"), Fault::TotalIs(0));
        assert_eq!(fault("rows-shift=-2"), Fault::RowsShift(-2));
        assert_eq!(fault("token-dies=1m"), Fault::TokenDies(60));
    }

    #[test]
    fn what_is_no_fault_is_told_in_both_languages() {
        for wrong in [
            "",
            "0",
            "-1",
            "nonsense",
            "slow",
            "slow=",
            "slow=-3s",
            "slow=25h",
            "total=x",
            "data-null=1",
            "rows-shift=1001",
            "code=0",
            "2053=1",
        ] {
            let why = Named::parse(wrong).unwrap_err();
            assert!(why.pick(Lang::Zh).contains("收到"), "{wrong}: {why}");
            assert!(why.pick(Lang::En).starts_with("received"), "{wrong}: {why}");
        }
    }
}
