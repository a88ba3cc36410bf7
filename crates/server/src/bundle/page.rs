//! The page of a bundle, for people: without scripts, addresses that are followed or anything from elsewhere; it prints.

use std::fmt::Write;

use serde_json::Value;
use tousu_wire::codes::{CodeTable, ComplaintFrom};
use tousu_wire::{BeijingTime, Lang, Text};

use super::{Bundle, Evidence};
use crate::life::Event;

const STYLE: &str = "
body { font: 14px/1.7 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; color: #1a1a1a;
  max-width: 60em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: bold; padding: .4em 0; }
th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f4f4f4; font-weight: normal; white-space: nowrap; } .when { white-space: nowrap; }
.said { white-space: pre-wrap; } .hash { font: 11px/1.4 monospace; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
";

/// What stands before and behind the data.
pub(super) fn around(bundle: &Bundle, lang: Lang) -> (String, String) {
    let title = format!("投诉单 {} 存证", bundle.about.complaint_id);
    let mut out = String::new();
    out.push_str("<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n");
    let _ = write!(
        out,
        "<title>{0}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
        escaped(&title)
    );
    about(&mut out, bundle);
    complaint(&mut out, bundle);
    deadlines(&mut out, bundle);
    history(&mut out, bundle, lang);
    out.push_str(
        "<h2>查验</h2>\n<p>本文件内含上述内容的数据与各条历史的哈希。在任一台装有 tousu 的机器上执行 \
         <code>tousu bundle verify 文件名</code>，无需数据库，即可查验页面与数据是否被改动，并指出第一处不符。\
         每条历史的哈希由上一条的哈希与本条全部内容算出；打码的内容除外，其哈希可与店铺的数据库核对。</p>\n",
    );
    (out, "\n</body>\n</html>\n".to_owned())
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // HTML has no way to write it.
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

fn label(label: Option<(&'static str, &'static str)>, number: i64) -> String {
    label.map_or_else(|| number.to_string(), |label| label.0.to_owned())
}

fn code<T: CodeTable>(code: T) -> String {
    label(code.label(), code.number())
}

fn facts(out: &mut String, rows: &[(&str, String)]) {
    out.push_str("<table>\n");
    for (name, text) in rows.iter().filter(|row| !row.1.is_empty()) {
        let _ = writeln!(out, "<tr><th>{name}</th><td class=\"said\">{}</td></tr>", escaped(text));
    }
    out.push_str("</table>\n");
}

fn about(out: &mut String, bundle: &Bundle) {
    let about = &bundle.about;
    facts(
        out,
        &[
            ("店铺", format!("{}（{}）", about.shop, about.app_id)),
            ("制作时间", format!("{}（北京时间）", about.made_at)),
            ("制作人", about.made_by.clone()),
            ("制作程序", about.program.clone()),
            ("店铺历史", format!("共 {} 条，末条哈希 {}", about.entries, about.last_hash)),
        ],
    );
}

fn complaint(out: &mut String, bundle: &Bundle) {
    let (standing, info) = (&bundle.complaint.standing, &bundle.complaint.info);
    let source = info
        .complaint_from
        .parse()
        .map_or_else(|_| info.complaint_from.clone(), |number: i64| code(ComplaintFrom::from(number)));
    let objects = match info.complaint_content_object.as_slice() {
        [] => String::new(),
        objects => Value::from(objects.to_vec()).to_string(),
    };
    out.push_str("<h2>投诉</h2>\n");
    facts(
        out,
        &[
            ("投诉单号", info.complaint_id.clone()),
            ("投诉来源", source),
            ("投诉类型", code(info.complaint_type)),
            ("投诉时间", format!("{}（北京时间）", info.complaint_time)),
            ("投诉人手机号", info.complainant_phone.clone()),
            ("投诉人用户 id", info.complainant_user_id.clone()),
            ("资源或订单", info.complaint_resource_id.clone()),
            ("微信支付子商户号", info.sub_mch_id.clone().unwrap_or_default()),
            ("问题描述", info.complaint_reason.clone()),
            ("投诉内容", info.complaint_content_msg.clone()),
            ("投诉内容对象", objects),
            ("图片地址", info.uploaded_images.join("\n")),
            ("处理状态", code(standing.state)),
            ("当前步骤", code(standing.current_step)),
            ("是否超时", code(standing.is_overtime)),
            ("结单时间", standing.closed_at.map(|at| at.to_string()).unwrap_or_default()),
            ("处理人", standing.assignee.clone()),
            ("标签", standing.tags.join("、")),
        ],
    );
    out.push_str("<h2>回复</h2>\n");
    if info.reply_list.is_empty() {
        out.push_str("<p>没有回复。</p>\n");
        return;
    }
    out.push_str("<table>\n<tr><th>时间</th><th>回复方</th><th>内容</th><th>图片地址</th></tr>\n");
    for reply in &info.reply_list {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"said\">{}</td><td class=\"said\">{}</td></tr>",
            reply.time.map(|at| at.to_string()).unwrap_or_default(),
            escaped(actor(&reply.reply_from)),
            escaped(&reply.content),
            escaped(&reply.images.join("\n"))
        );
    }
    out.push_str("</table>\n");
}

fn deadlines(out: &mut String, bundle: &Bundle) {
    out.push_str("<h2>时限</h2>\n");
    for window in &bundle.deadlines.windows {
        let stage = stage_name(&window.stage);
        let counts = if window.counts == 1 { "，当前计时" } else { "" };
        let rule = match window.rule.as_str() {
            "" => String::new(),
            rule => format!("，规则 {}（{rule} 版本 {}）", window.title, window.rule_version),
        };
        let _ = write!(
            out,
            "<table>\n<caption>{stage}：{} 至 {}{counts}{}</caption>\n",
            window.starts,
            window.ends,
            escaped(&rule)
        );
        if !window.note.is_empty() {
            let _ = writeln!(out, "<tr><td>{}</td></tr>", escaped(&window.note));
        }
        for interval in &window.intervals {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                interval.starts,
                interval.ends,
                escaped(&interval.why)
            );
        }
        out.push_str("</table>\n");
    }
}

fn stage_name(stage: &str) -> &'static str {
    match stage {
        "first_reply" => "首次回复",
        _ => "处理完结",
    }
}

fn history(out: &mut String, bundle: &Bundle, lang: Lang) {
    out.push_str("<h2>历史</h2>\n");
    if bundle.history.is_empty() {
        out.push_str("<p>没有单独的历史：该投诉单由批量导入而来，此后未经操作。</p>\n");
        return;
    }
    out.push_str(
        "<table>\n<tr><th>序号</th><th>时间</th><th>事件</th><th>操作</th><th>内容与变化</th></tr>\n",
    );
    for evidence in &bundle.history {
        let title = Text::from(Event::title_of(&evidence.event)).pick(lang).to_owned();
        let title = if title.is_empty() { evidence.event.clone() } else { title };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"when\">{}</td><td>{}</td><td>{} {}</td><td><div class=\"said\">{}</div>\
             <div class=\"hash\">哈希 {}</div></td></tr>",
            evidence.entry,
            BeijingTime::from_epoch(evidence.happened_at),
            escaped(&title),
            escaped(actor(&evidence.actor)),
            escaped(&evidence.operator),
            escaped(&told(evidence)),
            escaped(&evidence.hash)
        );
    }
    out.push_str("</table>\n");
}

fn actor(name: &str) -> &str {
    match name {
        "consumer" => "消费者",
        "merchant" => "商家",
        "platform" => "平台",
        "third_party" => "第三方",
        other => other,
    }
}

/// What was said, and what became different, in lines.
fn told(evidence: &Evidence) -> String {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut lines = Vec::new();
    for (name, value) in object(&evidence.said) {
        match value {
            Value::Null => {}
            Value::Array(list) if list.is_empty() => {}
            Value::String(text) if name == "content" => lines.push(text),
            value => lines.push(format!("{}：{}", field(&name), plain(&name, &value))),
        }
    }
    let before = object(&evidence.before);
    for (name, value) in object(&evidence.after) {
        let was = before.get(&name);
        let nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if was != Some(&value) && !(was.is_none_or(nothing) && nothing(&value)) {
            let was = was.map_or_else(|| "无".to_owned(), |was| plain(&name, was));
            lines.push(format!("{}：{was} → {}", field(&name), plain(&name, &value)));
        }
    }
    if !evidence.masked.is_empty() {
        lines.push("（含打码内容）".to_owned());
    }
    lines.join("\n")
}

fn field(name: &str) -> &str {
    match name {
        "windows" => "各时限",
        "images" => "图片地址",
        "assignee" => "处理人",
        "tags" => "标签",
        "add" => "加标签",
        "remove" => "去标签",
        "closed_overtime" => "结单时是否超时",
        "detail_step" => "当前步骤(详情编号)",
        "step_before_closing" => "结单前步骤",
        other => crate::headings::of(other).map_or(other, |heading| heading.text(Lang::Zh)),
    }
}

/// A value as people read it: a code by its label, a moment in Beijing time.
fn plain(name: &str, value: &Value) -> String {
    use tousu_wire::codes::{CurrentStep, DetailStep, Overtime, State};
    match (name, value) {
        (_, Value::Null) => "无".to_owned(),
        ("windows", Value::Object(windows)) => windows
            .iter()
            .filter(|(_, window)| window["ends"].is_i64())
            .map(|(stage, window)| {
                let ends = BeijingTime::from_epoch(window["ends"].as_i64().unwrap_or_default());
                let rule = window["rule"].as_str().unwrap_or_default();
                format!("{}至 {ends}（{rule}）", stage_name(stage))
            })
            .collect::<Vec<_>>()
            .join("、"),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(list)) => list.iter().map(|item| plain("", item)).collect::<Vec<_>>().join("、"),
        (_, Value::Number(number)) => match (name, number.as_i64()) {
            ("state", Some(number)) => code(State::from(number)),
            ("current_step" | "step_before_closing", Some(number)) => code(CurrentStep::from(number)),
            ("detail_step", Some(number)) => code(DetailStep::from(number)),
            ("closed_overtime", Some(number)) => code(Overtime::from(number)),
            ("operate_time" | "operate_end_time" | "closed_at", Some(at)) => {
                BeijingTime::from_epoch(at).to_string()
            }
            _ => number.to_string(),
        },
        (_, other) => other.to_string(),
    }
}
