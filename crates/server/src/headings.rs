//! How people head the columns of tables: what an export writes and the importer reads.

use tousu_wire::Lang;

/// A column's headings.
#[derive(Debug)]
pub struct Heading {
    /// The published name of the field, or ours.
    pub key: &'static str,
    /// What an export writes in Chinese. A moment's names the zone.
    zh: &'static str,
    /// And in English.
    en: &'static str,
    /// What the importer also knows it by: the page's description first.
    others: &'static [&'static str],
    /// Whether a published row has it: what is ours is not imported.
    published: bool,
}

impl Heading {
    /// What an export writes.
    pub fn text(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// All of them. No heading leads to two fields.
pub const HEADINGS: &[Heading] = &[
    published("complaint_id", "投诉单号", "Complaint ID", &["单号", "id"]),
    published("channel_type", "渠道", "Channel", &["投诉渠道"]),
    published("complaint_from", "来源", "Source", &["投诉来源"]),
    published(
        "complainant_phone",
        "投诉人手机号(脱敏)",
        "Phone (masked)",
        &["投诉人手机号", "手机号", "phone"],
    ),
    published("complaint_reason", "问题描述", "Reason", &["投诉原因"]),
    published("complaint_resource_id", "资源或订单", "Order or resource", &["投诉具体资源或订单", "订单号"]),
    published("complaint_resource_type", "资源类型", "Resource type", &["投诉资源类型"]),
    published("complaint_type", "投诉类型", "Type", &[]),
    published("state", "状态", "State", &["处理状态"]),
    published("current_step", "当前步骤", "Current step", &["当前所属步骤", "步骤"]),
    published("is_overtime", "是否超时", "Overtime", &[]),
    published("complaint_time", "投诉时间(北京时间)", "Complained at (Beijing time)", &["投诉时间"]),
    published("operate_time", "操作时间(北京时间)", "Handling since (Beijing time)", &["操作时间"]),
    published("time_limit", "处理时限(小时)", "Time limit (hours)", &["处理时限:小时", "处理时限"]),
    published(
        "operate_end_time",
        "处理最后时限(北京时间)",
        "Deadline (Beijing time)",
        &["处理最后时限", "最后时限"],
    ),
    published("closed_at", "结单时间(北京时间)", "Closed at (Beijing time)", &["结单时间"]),
    ours("handler", "处理人", "Handler"),
    ours("tags", "标签", "Tags"),
];

const fn published(
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    others: &'static [&'static str],
) -> Heading {
    Heading { key, zh, en, others, published: true }
}

const fn ours(key: &'static str, zh: &'static str, en: &'static str) -> Heading {
    Heading { key, zh, en, others: &[], published: false }
}

/// The published fields.
pub fn fields() -> impl Iterator<Item = &'static str> {
    HEADINGS.iter().filter(|heading| heading.published).map(|heading| heading.key)
}

/// The published field that a column headed so holds, by its name, in either language or as people put it; what is
/// ours is none.
///
/// Full-width brackets and colons count as their narrow forms, since people retype headings.
pub fn field(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let text = text.replace('：', ":").replace('（', "(").replace('）', ")");
    let same = |name: &&str| name.eq_ignore_ascii_case(&text);
    let found = HEADINGS.iter().find(|heading| {
        [heading.key, heading.zh, heading.en].iter().any(same) || heading.others.iter().any(same)
    })?;
    found.published.then_some(found.key)
}

/// A field's headings.
pub fn of(key: &str) -> Option<&'static Heading> {
    HEADINGS.iter().find(|heading| heading.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_heading_leads_back_to_its_field_alone() {
        let mut seen = HashSet::new();
        for heading in HEADINGS {
            let expected = heading.published.then_some(heading.key);
            for text in [heading.key, heading.zh, heading.en].iter().chain(heading.others) {
                assert_eq!(field(text), expected, "{text}");
                assert_eq!(field(&format!(" \u{feff}{}", text.to_uppercase())), expected, "{text}");
                let lower = text.to_lowercase();
                assert!(
                    seen.insert(lower) || text.eq_ignore_ascii_case(heading.key),
                    "{text} is there twice"
                );
            }
            assert_eq!(field(&heading.zh.replace('(', "（").replace(')', "）")), expected);
        }
        assert_eq!(field("备注"), None);
    }

    /// No published field is forgotten: the row's own keys are the columns that are not ours.
    #[test]
    fn all_published_fields_have_a_heading() {
        let example = <tousu_wire::complaint_list::ComplaintList as tousu_wire::Endpoint>::example();
        let row = example.response["list"][0].as_object().unwrap().clone();
        let published: HashSet<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(fields().collect::<HashSet<_>>(), published);
    }
}
