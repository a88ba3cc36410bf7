//! Sets of faults that go by a name, in the form of a file each.

use super::rules::Rules;

/// A preset.
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for (`中文 ¦ English`).
    pub title: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// Every preset.
pub const PRESETS: [Preset; 7] = [
    Preset {
        name: "everything",
        title: "以下全部（unknown-codes 除外），各占少数 ¦ all of those below but unknown-codes, each now and then",
        text: include_str!("../../../data/quirks/everything.toml"),
    },
    Preset {
        name: "types",
        title: "类型不一：数字与字符串互换、空结果的各种写法、两种空日期、多出的字段 ¦ types that vary: numbers and strings, ways to write nothing, both dates for none, more fields",
        text: include_str!("../../../data/quirks/types.toml"),
    },
    Preset {
        name: "transport",
        title: "传输不可靠：HTML、空、断开、没有尽头、缓慢 ¦ a bad line: HTML, empty, cut and endless bodies, slow answers",
        text: include_str!("../../../data/quirks/transport.toml"),
    },
    Preset {
        name: "limits",
        title: "一阵阵的 1001、2053、2054 ¦ bursts of 1001, 2053 and 2054",
        text: include_str!("../../../data/quirks/limits.toml"),
    },
    Preset {
        name: "paging",
        title: "翻页不可靠：位移、少行、总数不实 ¦ pages that lie: rows that shift, short pages, wrong totals",
        text: include_str!("../../../data/quirks/paging.toml"),
    },
    Preset {
        name: "tokens",
        title: "令牌提前失效 ¦ tokens that die early",
        text: include_str!("../../../data/quirks/tokens.toml"),
    },
    Preset {
        name: "codes",
        title: "未公布的编号（内容不再属实） ¦ codes that no page lists (what rows say is no longer so)",
        text: include_str!("../../../data/quirks/codes.toml"),
    },
];

impl Rules {
    /// The preset of that name.
    pub fn preset(name: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.name == name)?;
        // A test reads them all.
        Rules::parse(preset.text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::{Fault, KINDS, Named};
    use super::*;

    #[test]
    fn every_preset_is_read_and_does_something() {
        for preset in &PRESETS {
            let rules = Rules::parse(preset.text).unwrap_or_else(|why| panic!("{}: {why}", preset.name));
            assert!(!rules.is_empty(), "{}", preset.name);
        }
    }

    /// What each preset makes wrong within many calls.
    fn faults_of(name: &str) -> Vec<Fault> {
        let rules = Rules::preset(name).unwrap();
        let interfaces = ["xe.pay_through.complaint_record.xe.b_complaints.list", "token"];
        let calls = interfaces.iter().flat_map(|interface| (1..2000).map(move |call| (*interface, call)));
        let mut faults = Vec::new();
        for picked in calls.flat_map(|(interface, call)| rules.pick(interface, call)) {
            if !faults.contains(&picked.named.fault) {
                faults.push(picked.named.fault);
            }
        }
        faults
    }

    #[test]
    fn everything_is_everything() {
        let all = faults_of("everything");
        for preset in PRESETS.iter().filter(|preset| preset.name != "codes") {
            for fault in faults_of(preset.name) {
                assert!(all.contains(&fault), "{fault:?} of {}", preset.name);
            }
        }
        assert!(!all.contains(&Fault::UnknownCodes));
        // Every name is in some preset.
        let presets: Vec<Fault> = PRESETS.iter().flat_map(|preset| faults_of(preset.name)).collect();
        for kind in KINDS.iter().filter(|kind| kind.takes.is_empty()) {
            let fault = Named::parse(kind.name).unwrap().fault;
            assert!(presets.contains(&fault), "{} is in no preset", kind.name);
        }
    }
}
