//! Which complaints are meant, in people's words, and what of that the published list can filter itself.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, CodeTable, ComplaintFrom, Overtime, State};
use tousu_wire::complaint_list::{Filter, Row};

use super::exit::{Failure, usage};
use super::when::{self, End};

/// The filters, as typed.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Filters {
    /// 处理状态：未完成、待处理、处理中、处理完成，或 0、1、2；可多个，以逗号分隔 ¦ the state: open, pending, in-progress, done, or 0, 1, 2; several with commas between
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// 渠道：微信、支付宝、店铺、平台，或 1-4；可多个 ¦ the channel: wechat, alipay, shop, platform, or 1-4; may be several
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    channel: Vec<String>,
    /// 来源编号或名称中的文字，如 203、黑猫；可多个 ¦ the source's code, or part of its name, for example 203 or hotline; may be several
    #[arg(long = "from", value_name = "SOURCE", value_delimiter = ',')]
    source: Vec<String>,
    /// 已超时的（含超时结单的） ¦ overdue, those closed late included
    #[arg(long, conflicts_with = "in_time")]
    overdue: bool,
    /// 未超时的 ¦ in time
    #[arg(long)]
    in_time: bool,
    /// 是否超时：1 否，2 是 ¦ overtime: 1 no, 2 yes
    #[arg(long, value_name = "CODE", hide = true, conflicts_with_all = ["overdue", "in_time"])]
    overtime: Option<String>,
    /// 投诉时间不早于：7d、昨天、2026-01-31、"2026-01-31 08:00" ¦ complained since: 7d, yesterday, 2026-01-31, "2026-01-31 08:00"
    #[arg(long, value_name = "WHEN", alias = "start")]
    since: Option<String>,
    /// 投诉时间不晚于；只写日期则含当天 ¦ complained until; a day alone is meant whole
    #[arg(long, value_name = "WHEN", alias = "end")]
    until: Option<String>,
    /// 未完成、尚未超时且在此时间内到期，如 4h ¦ open, not overdue yet, and due within, for example 4h
    #[arg(long, value_name = "SPAN", conflicts_with = "overdue")]
    due_within: Option<String>,
    /// 问题描述中的文字 ¦ part of what is complained about
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// 投诉单号 ¦ exactly this complaint
    #[arg(long = "id", value_name = "ID")]
    complaint_id: Option<String>,
}

/// What to ask a server for, and what to keep of its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Plan {
    /// None: all. So with channels.
    states: Vec<State>,
    channels: Vec<ChannelType>,
    /// What holds for every state and channel.
    common: Filter,
    /// What the list cannot filter.
    pub(super) kept: Kept,
}

/// What is filtered here, since the published list cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    sources: Vec<ComplaintFrom>,
    /// In lower case.
    text: Option<String>,
    /// Open, with a deadline from the first moment to the second.
    due: Option<(BeijingTime, BeijingTime)>,
}

/// Words for states beside their labels and numbers.
const STATES: &[(&[i64], &[&str])] = &[
    (&[0, 1], &["open", "未完成", "未结单", "未结"]),
    (&[0], &["new"]),
    (&[2], &["closed", "已完成", "完成", "已结单", "已处理"]),
    (&[0, 1, 2], &["all", "全部", "所有"]),
];
const STATE_WORDS: (&str, &str) = ("待处理、处理中、处理完成、未完成", "pending, in-progress, done or open");
const CHANNELS: &[(&[i64], &[&str])] = &[
    (&[2], &["平台", "小鹅通", "xiaoe"]),
    (&[3], &["wechat", "weixin", "wx", "微信"]),
    (&[4], &["zfb"]),
    (&[1, 2, 3, 4], &["all", "全部", "所有"]),
];
const CHANNEL_WORDS: (&str, &str) = ("店铺、平台、微信、支付宝", "shop, platform, wechat or alipay");
/// What is open.
const OPEN: [State; 2] = [State::Pending, State::InProgress];

impl Filters {
    /// What they mean at that moment.
    pub(in crate::cli) fn plan(&self, now: i64) -> Result<Plan, Failure> {
        let moment = |flag: &str, text: &Option<String>, end| -> Result<Option<BeijingTime>, Failure> {
            let Some(text) = text else { return Ok(None) };
            when::moment(text, end, now).map(Some).ok_or_else(|| {
                usage(format!(
                    "{flag} {text} 看不懂，可写 7d、昨天、2026-01-31 或 \"2026-01-31 08:00\" ¦ {flag} {text} is not understood; write 7d, yesterday, 2026-01-31 or \"2026-01-31 08:00\""
                ))
            })
        };
        let start_time = moment("--since", &self.since, End::Since)?;
        let end_time = moment("--until", &self.until, End::Until)?;
        if let (Some(start), Some(end)) = (start_time, end_time)
            && start > end
        {
            return Err(usage(format!(
                "--since {start} 晚于 --until {end} ¦ --since {start} is after --until {end}"
            )));
        }
        let due = self.due_within.as_deref().map(|text| {
            let span = when::span(text).ok_or_else(|| {
                usage(format!(
                    "--due-within {text} 看不懂，可写 4h、30m 或 2d ¦ --due-within {text} is not understood; write 4h, 30m or 2d"
                ))
            });
            span.map(|span| (BeijingTime::from_epoch(now), BeijingTime::from_epoch(now.saturating_add(span))))
        });
        let due = due.transpose()?;
        let mut states = codes::<State>("--state", &self.state, STATES, STATE_WORDS)?;
        if due.is_some() {
            states = if states.is_empty() { OPEN.to_vec() } else { states };
            states.retain(|state| OPEN.contains(state));
            if states.is_empty() {
                return Err(usage(
                    "--due-within 只对未完成的投诉有意义 ¦ --due-within is about open complaints",
                ));
            }
        }
        let channels = codes::<ChannelType>("--channel", &self.channel, CHANNELS, CHANNEL_WORDS)?;
        let common = Filter {
            complaint_id: self.complaint_id.clone(),
            is_overtime: self.overtime()?,
            start_time,
            end_time,
            ..Filter::default()
        };
        let kept = Kept { sources: sources(&self.source)?, text: self.text.as_deref().map(folded), due };
        Ok(Plan { states, channels, common, kept })
    }

    fn overtime(&self) -> Result<Option<Overtime>, Failure> {
        Ok(match (self.overdue, self.in_time, self.overtime.as_deref()) {
            (true, ..) | (_, _, Some("2")) => Some(Overtime::Late),
            (_, true, _) | (_, _, Some("1")) => Some(Overtime::InTime),
            (_, _, None | Some("0")) => None,
            (_, _, Some(other)) => {
                return Err(usage(format!(
                    "--overtime {other}：应为 1 否或 2 是 ¦ --overtime {other}: allowed is 1 no or 2 yes"
                )));
            }
        })
    }
}

/// Each of them, or nothing once, which asks for all.
fn each<T: Copy>(codes: &[T]) -> Vec<Option<T>> {
    if codes.is_empty() { vec![None] } else { codes.iter().copied().map(Some).collect() }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// As words are compared: `In Progress` is `in-progress`.
fn word(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '_'], "-")
}

/// The codes meant: by number, by label, or by another word for them. All of them are none, which asks for all.
fn codes<T: CodeTable + PartialEq>(
    flag: &str,
    words: &[String],
    others: &[(&[i64], &[&str])],
    hint: (&str, &str),
) -> Result<Vec<T>, Failure> {
    let mut found: Vec<T> = Vec::new();
    for typed in words {
        let typed_word = word(typed);
        let listed = T::LISTED.iter().filter(|(number, zh, en)| {
            number.to_string() == typed_word || word(zh) == typed_word || word(en) == typed_word
        });
        let other = others.iter().filter(|(_, names)| names.contains(&typed_word.as_str()));
        let numbers: Vec<i64> =
            listed.map(|row| row.0).chain(other.flat_map(|row| row.0.iter().copied())).collect();
        if numbers.is_empty() {
            let (zh, en) = hint;
            return Err(usage(format!(
                "{flag} {typed} 看不懂，可写 {zh} ¦ {flag} {typed} is not understood; write {en}"
            )));
        }
        for code in numbers.into_iter().map(T::from) {
            if !found.contains(&code) {
                found.push(code);
            }
        }
    }
    // The list's order, whatever order they were typed in, so that the same filter is the same.
    found.sort_by_key(|code| code.number());
    Ok(if found.len() == T::LISTED.len() { Vec::new() } else { found })
}

/// The sources meant: a number, listed or not, or part of a label.
fn sources(words: &[String]) -> Result<Vec<ComplaintFrom>, Failure> {
    let mut found = Vec::new();
    for typed in words {
        if let Ok(number) = typed.trim().parse::<i64>() {
            found.push(ComplaintFrom::from(number));
            continue;
        }
        let part = typed.trim().to_lowercase();
        let matching = ComplaintFrom::LISTED
            .iter()
            .filter(|(_, zh, en)| {
                !part.is_empty() && (zh.to_lowercase().contains(&part) || en.to_lowercase().contains(&part))
            })
            .map(|row| ComplaintFrom::from(row.0));
        let before = found.len();
        found.extend(matching);
        if found.len() == before {
            return Err(usage(format!(
                "--from {typed}：没有这样的来源，可写编号（如 203）或名称中的文字（如 黑猫） ¦ --from {typed}: no such source; write its code (for example 203) or part of its name (for example hotline)"
            )));
        }
    }
    Ok(found)
}

impl Kept {
    /// Whether the row is meant.
    pub(super) fn keeps(&self, row: &Row) -> bool {
        let Kept { sources, text, due } = self;
        let due = due.is_none_or(|(from, to)| {
            OPEN.contains(&row.state) && (from..=to).contains(&row.operate_end_time)
        });
        due && (sources.is_empty() || sources.contains(&row.complaint_from))
            && text.as_ref().is_none_or(|text| folded(&row.complaint_reason).contains(text))
    }

    /// The flags that are filtered here; none if every row is kept.
    pub(super) fn flags(&self) -> Vec<&'static str> {
        let Kept { sources, text, due } = self;
        let set =
            [("--from", !sources.is_empty()), ("--text", text.is_some()), ("--due-within", due.is_some())];
        set.into_iter().filter_map(|(flag, is_set)| is_set.then_some(flag)).collect()
    }
}

impl Plan {
    /// What the list is asked for, one after the other: disjoint, since it filters by one state and one channel.
    pub(super) fn asked(&self) -> Vec<Filter> {
        let Plan { states, channels, common, kept: _ } = self;
        let of = |state| each(channels).into_iter().map(move |channel_type| (state, channel_type));
        let pairs = each(states).into_iter().flat_map(of);
        pairs.map(|(state, channel_type)| Filter { state, channel_type, ..common.clone() }).collect()
    }

    /// The same as parameters of an export `[ours]`, which filters by all of it.
    pub(in crate::cli) fn parameters(&self) -> Map<String, Value> {
        let Plan { states, channels, common, kept } = self;
        let Filter { complaint_id, channel_type: _, is_overtime, state: _, start_time, end_time } = common;
        let Kept { sources, text, due } = kept;
        let several = |is_empty: bool, values: Value| (!is_empty).then_some(values);
        let fields = [
            ("complaint_id", complaint_id.as_ref().map(|id| json!(id))),
            ("channel_type", several(channels.is_empty(), json!(channels))),
            ("state", several(states.is_empty(), json!(states))),
            ("is_overtime", is_overtime.map(|code| json!(code))),
            ("start_time", start_time.map(|time| json!(time))),
            ("end_time", end_time.map(|time| json!(time))),
            ("complaint_from", several(sources.is_empty(), json!(sources))),
            ("text", text.as_ref().map(|text| json!(text))),
            ("due_after", due.map(|(from, _)| json!(from))),
            ("due_before", due.map(|(_, to)| json!(to))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::*;
    use crate::cli::remote::testing;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        filters: Filters,
    }

    fn plan(typed: &str) -> Result<Plan, Failure> {
        let words = std::iter::once("tousu").chain(typed.split_whitespace());
        Typed::try_parse_from(words).unwrap().filters.plan(NOW)
    }

    /// What is asked for, without what is not.
    fn asked(typed: &str) -> Value {
        let shown = |filter: Filter| {
            let Filter { complaint_id, channel_type, is_overtime, state, start_time, end_time } = filter;
            let mut shown = json!({
                "complaint_id": complaint_id, "channel_type": channel_type, "is_overtime": is_overtime,
                "state": state, "start_time": start_time, "end_time": end_time,
            });
            shown.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            shown
        };
        plan(typed).unwrap().asked().into_iter().map(shown).collect()
    }

    #[test]
    fn words_for_what_the_list_filters() {
        for (typed, expected) in [
            ("", json!([{}])),
            ("--state open", json!([{ "state": 0 }, { "state": 1 }])),
            ("--state 未完成", json!([{ "state": 0 }, { "state": 1 }])),
            ("--state 处理中,待处理", json!([{ "state": 0 }, { "state": 1 }])),
            ("--state all", json!([{}])),
            ("--state 2 --state open", json!([{}])),
            ("--state In_Progress", json!([{ "state": 1 }])),
            ("--state closed --channel 微信", json!([{ "state": 2, "channel_type": 3 }])),
            ("--channel wechat", json!([{ "channel_type": 3 }])),
            ("--channel WeChat-Pay,alipay", json!([{ "channel_type": 3 }, { "channel_type": 4 }])),
            ("--channel 小鹅通平台", json!([{ "channel_type": 2 }])),
            ("--overdue", json!([{ "is_overtime": 2 }])),
            ("--in-time", json!([{ "is_overtime": 1 }])),
            ("--overtime 2", json!([{ "is_overtime": 2 }])),
            (
                "--since 7d --until 2024-04-30",
                json!([{ "start_time": "2024-04-24 12:00:00", "end_time": "2024-04-30 23:59:59" }]),
            ),
            ("--id c_1", json!([{ "complaint_id": "c_1" }])),
            ("--due-within 4h", json!([{ "state": 0 }, { "state": 1 }])),
            ("--due-within 4h --state pending,done", json!([{ "state": 0 }])),
        ] {
            assert_eq!(asked(typed), expected, "{typed}");
        }
    }

    #[test]
    fn an_export_of_ours_filters_by_all_of_it() {
        let typed = "--state open --channel 微信 --from 黑猫 --text Ab --due-within 4h --since 2024-01-01";
        let expected = json!({
            "channel_type": [3], "state": [0, 1], "start_time": "2024-01-01 00:00:00", "complaint_from": [207],
            "text": "ab", "due_after": "2024-05-01 12:00:00", "due_before": "2024-05-01 16:00:00",
        });
        assert_eq!(Value::Object(plan(typed).unwrap().parameters()), expected);
        assert!(plan("").unwrap().parameters().is_empty());
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (typed, said) in [
            ("--state later", "待处理、处理中、处理完成、未完成"),
            ("--state later", "pending, in-progress, done or open"),
            ("--channel 9", "店铺、平台、微信、支付宝"),
            ("--from 火星", "火星"),
            ("--since soon", "--since soon"),
            ("--since 1d --until 2d", "晚于"),
            ("--due-within soon", "4h"),
            ("--due-within 4h --state done", "未完成"),
            ("--overtime 3", "--overtime 3"),
        ] {
            let failure = plan(typed).unwrap_err().to_string();
            assert!(failure.contains(said) && failure.contains(" ¦ "), "{typed}: {failure}");
        }
        let both = Typed::try_parse_from(["tousu", "--overdue", "--in-time"]);
        assert_eq!(both.err().map(|error| error.kind()), Some(ErrorKind::ArgumentConflict));
    }

    #[test]
    fn the_rest_is_filtered_here() {
        let row = |state: i64, hours: i64, reason: &str| {
            testing::row(json!({
                "state": state, "complaint_reason": reason, "complaint_from": 207,
                "operate_end_time": BeijingTime::from_epoch(NOW + hours * 3600),
            }))
        };
        let due = plan("--due-within 4h").unwrap().kept;
        assert!(due.keeps(&row(0, 4, "")) && due.keeps(&row(1, 0, "")));
        assert!(!due.keeps(&row(0, 5, "")) && !due.keeps(&row(0, -1, "")) && !due.keeps(&row(2, 1, "")));
        assert_eq!(due.flags(), ["--due-within"]);
        let text = plan("--text App退款 --from 黑猫").unwrap().kept;
        assert!(text.keeps(&row(2, 1, "要app退款")) && !text.keeps(&row(2, 1, "要退款")));
        assert_eq!(text.flags(), ["--from", "--text"]);
        assert!(!plan("--from 203").unwrap().kept.keeps(&row(0, 1, "")));
        assert_eq!(plan("--from 微信").unwrap().kept.sources.len(), 3);
        assert_eq!(plan("--from 999").unwrap().kept.sources, [ComplaintFrom::Other(999)]);
        assert!(plan("--state open").unwrap().kept.flags().is_empty());
    }
}
