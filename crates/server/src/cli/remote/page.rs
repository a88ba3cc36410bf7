//! One complaint as a page: what the list and the detail have of it, and what was said. Pure.

use tousu_wire::codes::{CodeTable, ComplaintFrom, DetailStep, Overtime, State};
use tousu_wire::complaint_info_get::{Reply, Response as Detail};
use tousu_wire::complaint_list::Row;
use tousu_wire::{BeijingTime, Lang, Text};

use super::columns;
use super::screen::{Screen, Tone, fitted, harmless, on_one_line};

/// No line of text is wider, however wide the terminal is.
const READABLE: usize = 100;
/// The room of what a line is about.
const LABEL: usize = 14;
/// In front of what was said.
const INDENT: &str = "  ";

/// A page under way.
struct Page {
    screen: Screen,
    lang: Lang,
    width: usize,
    lines: Vec<String>,
}

/// The page of a complaint, of which there is a row, a detail, or both.
pub(super) fn page(
    row: Option<&Row>,
    detail: Option<&Detail>,
    screen: Screen,
    lang: Lang,
    now: i64,
) -> String {
    let width = screen.width.unwrap_or(READABLE).min(READABLE);
    let mut page = Page { screen, lang, width, lines: Vec::new() };
    page.head(row, detail, now);
    match row {
        Some(row) => page.of_row(row),
        None => detail.into_iter().for_each(|detail| page.of_detail_alone(detail)),
    }
    if let Some(detail) = detail {
        page.beside_the_row(detail, row);
    }
    let reason = row
        .map(|row| row.complaint_reason.as_str())
        .or(detail.map(|detail| detail.complaint_reason.as_str()));
    page.section("问题描述 ¦ What is complained about", reason.unwrap_or_default());
    if let Some(detail) = detail {
        page.section("投诉内容 ¦ Content", &detail.complaint_content_msg);
        page.addresses("图片 ¦ Pictures", &detail.uploaded_images);
        page.replies(&detail.reply_list);
    }
    page.lines.join("\n")
}

impl Page {
    fn pick(&self, text: &str) -> String {
        Text::from(text).pick(self.lang).to_owned()
    }

    fn label<T: CodeTable>(&self, code: T) -> String {
        match code.label() {
            Some((zh, en)) => if self.lang == Lang::Zh { zh } else { en }.to_owned(),
            None => code.number().to_string(),
        }
    }

    /// The complaint's number, its state, and how much time is left.
    fn head(&mut self, row: Option<&Row>, detail: Option<&Detail>, now: i64) {
        let id = row.map(|row| &row.complaint_id).or(detail.map(|detail| &detail.complaint_id));
        let state = row.map(|row| row.state).or(detail.map(|detail| detail.state));
        let mut parts = vec![self.screen.toned(&on_one_line(id.map_or("", String::as_str)), Tone::Heading)];
        parts.extend(state.map(|state| self.label(state)));
        let left = match (row, detail) {
            (Some(row), _) => Some(columns::left(row, now, self.lang)),
            (None, Some(detail)) if detail.state != State::Done => {
                Some(columns::until(detail.operate_end_time, now, self.lang))
            }
            _ => None,
        };
        parts.extend(left.map(|(words, tone)| self.screen.toned(&words, tone)));
        self.lines.push(parts.join("  "));
        self.lines.push(String::new());
    }

    fn of_row(&mut self, row: &Row) {
        let (channel, from) = (self.label(row.channel_type), self.label(row.complaint_from));
        let (step, of_type) = (self.label(row.current_step), self.label(row.complaint_type));
        self.field("渠道 ¦ Channel", &format!("{channel} / {from}"));
        self.field("投诉类型 ¦ Type", &of_type);
        self.field("当前步骤 ¦ Step", &step);
        self.field("投诉时间 ¦ Complained", &row.complaint_time.to_string());
        self.window(row.operate_time, row.operate_end_time, row.time_limit);
        let late = if row.is_overtime == Overtime::Late { self.pick("是 ¦ yes") } else { String::new() };
        self.field("超时 ¦ Overdue", &late);
        if let Some(closed) = row.closed_at {
            self.field("结单时间 ¦ Closed", &closed.to_string());
        }
        self.field("投诉人 ¦ Complainant", &row.complainant_phone);
        self.field("资源或订单 ¦ Order", &row.complaint_resource_id);
    }

    fn of_detail_alone(&mut self, detail: &Detail) {
        let from = match detail.complaint_from.parse::<i64>() {
            Ok(number) => self.label(ComplaintFrom::from(number)),
            Err(_) => detail.complaint_from.clone(),
        };
        let (step, of_type) =
            (self.label::<DetailStep>(detail.current_step), self.label(detail.complaint_type));
        self.field("来源 ¦ Source", &from);
        self.field("投诉类型 ¦ Type", &of_type);
        self.field("当前步骤 ¦ Step", &step);
        self.field("投诉时间 ¦ Complained", &detail.complaint_time.to_string());
        self.window(detail.operate_time, detail.operate_end_time, detail.time_limit);
        self.field("投诉人 ¦ Complainant", &detail.complainant_phone);
        self.field("资源或订单 ¦ Order", &detail.complaint_resource_id);
    }

    /// What only the detail tells; its step where it says more than the row's, whose numbers are others.
    fn beside_the_row(&mut self, detail: &Detail, row: Option<&Row>) {
        if let Some(row) = row
            && DetailStep::from(row.current_step) != detail.current_step
        {
            let step = self.label(detail.current_step);
            self.field("详情步骤 ¦ Detail's step", &step);
        }
        self.field("用户 ¦ User", &detail.complainant_user_id);
        self.field("子商户号 ¦ Sub-merchant", detail.sub_mch_id.as_deref().unwrap_or_default());
    }

    fn window(&mut self, from: BeijingTime, until: BeijingTime, hours: i64) {
        let text =
            self.pick(&format!("{from} 起 {hours} 小时，至 {until} ¦ {hours} h from {from}, until {until}"));
        self.field("处理时限 ¦ To be handled", &text);
    }

    /// A line about one thing, unless there is nothing.
    fn field(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let label = self.screen.toned(&fitted(&self.pick(label), LABEL), Tone::Dim);
        self.lines.push(format!("{label}  {}", on_one_line(text)));
    }

    fn heading(&mut self, heading: &str) {
        self.lines.push(String::new());
        let heading = self.screen.toned(&self.pick(heading), Tone::Heading);
        self.lines.push(heading);
    }

    /// A text under its heading, unless there is none.
    fn section(&mut self, heading: &str, text: &str) {
        if !text.trim().is_empty() {
            self.heading(heading);
            self.text(text, INDENT);
        }
    }

    fn addresses(&mut self, heading: &str, addresses: &[String]) {
        if !addresses.is_empty() {
            self.heading(heading);
            // Whole, so that a terminal can open them.
            self.lines.extend(addresses.iter().map(|address| format!("{INDENT}{}", on_one_line(address))));
        }
    }

    fn replies(&mut self, replies: &[Reply]) {
        self.heading(&format!("回复 {0} 条 ¦ Replies: {0}", replies.len()));
        for reply in replies {
            let from = match reply.reply_from.as_str() {
                "merchant" => self.pick("商家 ¦ merchant"),
                "consumer" => self.pick("消费者 ¦ consumer"),
                "platform" => self.pick("平台 ¦ platform"),
                other => on_one_line(other),
            };
            let time = reply.time.map(|time| time.to_string()).unwrap_or_default();
            let head = self.screen.toned(&format!("{time}  {from}"), Tone::Dim);
            self.lines.push(format!("{INDENT}{head}"));
            self.text(&reply.content, "    ");
            self.lines.extend(reply.images.iter().map(|image| format!("    {}", on_one_line(image))));
        }
    }

    /// A text in lines that fit, broken where its language allows.
    fn text(&mut self, text: &str, indent: &str) {
        let options = textwrap::Options::new(self.width).initial_indent(indent).subsequent_indent(indent);
        for line in harmless(text.trim_end()).split('\n') {
            self.lines.extend(textwrap::wrap(line, &options).into_iter().map(|line| line.into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tousu_wire::Endpoint;
    use tousu_wire::complaint_info_get::ComplaintInfoGet;

    use super::*;
    use crate::cli::remote::screen::columns_of;
    use crate::cli::remote::testing;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn detail() -> Detail {
        let mut detail = ComplaintInfoGet::example().response;
        detail["uploaded_images"] = json!(["https://images.example/1.png"]);
        detail["reply_list"][0]["content"] = json!(
            "您好，已为您提交退款，预计三个工作日内原路退回，请留意到账通知。\n如有问题\u{1b}[2J请回复。"
        );
        serde_json::from_value(detail).unwrap()
    }

    #[test]
    fn a_page_in_a_narrow_terminal() {
        let row = testing::row(json!({
            "complaint_id": "c_661a9d66b6733_qTRys2mU", "current_step": 4, "state": 1, "is_overtime": 2,
            "complaint_time": "2024-04-13 22:57:42", "operate_time": "2024-04-13 22:57:42", "operate_end_time": "2024-04-16 22:57:42",
        }));
        let screen = Screen { colours: false, width: Some(60) };
        let page = page(Some(&row), Some(&detail()), screen, Lang::Zh, NOW);
        let expected = "\
c_661a9d66b6733_qTRys2mU  处理中  超 14天13时

渠道            店铺 / H5店铺
投诉类型        交易投诉
当前步骤        小鹅通核验不通过
投诉时间        2024-04-13 22:57:42
处理时限        2024-04-13 22:57:42 起 72 小时，至 2024-04-16 22:57:42
超时            是
投诉人          188****1474
资源或订单      E20240417180801783546V2
用户            u_65fa972b227f7_qTRys2mU

问题描述
  要退款

图片
  https://images.example/1.png

回复 1 条
  2024-04-14 09:12:05  商家
    您好，已为您提交退款，预计三个工作日内原路退回，请留意到
    账通知。
    如有问题 [2J请回复。";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_detail_alone_is_a_page_too() {
        let screen = Screen { colours: true, width: Some(80) };
        let text = page(None, Some(&detail()), screen, Lang::En, NOW);
        let bare = console::strip_ansi_codes(&text).into_owned();
        assert!(bare.starts_with("c_661a9d66b6733_qTRys2mU  in progress  over 14d13h\n"), "{bare}");
        assert!(bare.contains("Source          H5 shop\n") && bare.contains("Replies: 1"), "{bare}");
        assert!(text.lines().all(|line| columns_of(line) <= 80));
    }
}
