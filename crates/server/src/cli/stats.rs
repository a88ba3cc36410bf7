//! `tousu stats`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value};
use tousu_wire::codes::CodeTable;
use tousu_wire::stats::{Counted, Durations, Query, Request, Response};
use tousu_wire::{InvalidParameter, lenient};

use super::app::no_shop;
use super::refused::refuse;
use super::{Session, shop_id};

#[derive(Args)]
pub(super) struct Stats {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 投诉时间不早于，如 "2024-04-19 00:00:00" ¦ complained at or after, for example "2024-04-19 00:00:00"
    #[arg(long = "start", value_name = "TIME")]
    start_time: Option<String>,
    /// 投诉时间不晚于 ¦ complained at or before
    #[arg(long = "end", value_name = "TIME")]
    end_time: Option<String>,
    /// 投诉类型编号，可重复 ¦ the channel's code; may be repeated
    #[arg(long = "channel", value_name = "CODE")]
    channel_type: Vec<String>,
    /// 投诉来源编号，可重复 ¦ the source's code; may be repeated
    #[arg(long = "from", value_name = "CODE")]
    complaint_from: Vec<String>,
}

impl Stats {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let shop = shop_id(&self.shop)?;
        let query = self.query().or_else(|invalid| refuse(invalid.into(), &shop, ""))?;
        let store = session.open_existing().await?;
        let mut tx = store.read().await?;
        tx.unhurried().await?;
        if tx.version(&shop).await?.is_none() {
            bail!(no_shop(&shop));
        }
        let counted = tx.stats(&shop, &query, session.clock.epoch()).await?;
        session.print(&counted, |counted| shown(&session, counted))?;
        Ok(ExitCode::SUCCESS)
    }

    fn query(self) -> Result<Query, InvalidParameter> {
        let times = [("start_time", self.start_time), ("end_time", self.end_time)];
        let codes = [("channel_type", self.channel_type), ("complaint_from", self.complaint_from)];
        let mut asked = Map::new();
        asked.extend(times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), time?.into()))));
        asked.extend(codes.map(|(name, codes)| (name.to_owned(), Value::from(codes))));
        lenient::request::<Request>(asked)?.query()
    }
}

fn shown(session: &Session, counted: &Response) -> String {
    let number = |number: i64| number.to_string();
    let code = |title: &str, label: Option<(&'static str, &'static str)>, code: i64| {
        let label = label.map_or(number(code), |(zh, en)| session.pick(&format!("{zh} ¦ {en}")));
        (session.pick(title), label)
    };
    let all = Counted { total: counted.total, overtime: counted.overtime };
    let mut lines = vec![((session.pick("总数 ¦ all"), String::new()), all)];
    for of in &counted.by_channel {
        let channel = of.channel_type;
        lines.push((code("投诉类型 ¦ channel", channel.label(), channel.number()), of.counted));
    }
    for of in &counted.by_source {
        let source = of.complaint_from;
        lines.push((code("投诉来源 ¦ source", source.label(), source.number()), of.counted));
    }
    for of in &counted.by_state {
        lines.push((code("处理状态 ¦ state", of.state.label(), of.state.number()), of.counted));
    }
    for of in &counted.by_day {
        lines.push(((session.pick("日期 ¦ day"), of.day.clone()), of.counted));
    }
    let today = Counted { total: counted.new_today, overtime: 0 };
    lines.push(((session.pick("今日 ¦ today"), String::new()), today));
    for of in &counted.by_resource {
        let what = session.pick("资源或订单 ¦ order or resource");
        lines.push(((what, of.complaint_resource_id.clone()), of.counted));
    }
    let line = |((what, value), Counted { total, overtime }): ((String, String), Counted)| {
        vec![what, value, number(total), number(overtime)]
    };
    let lines = lines.into_iter().map(line);
    let totals = session
        .table(&["统计 ¦ COUNTED", "值 ¦ VALUE", "投诉数 ¦ TOTAL", "超时数 ¦ OVERTIME"], lines.collect());
    let took = |title: &str, took: &Durations| {
        let seconds = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), number);
        vec![session.pick(title), number(took.count), seconds(took.median_seconds), seconds(took.p90_seconds)]
    };
    let durations = session.table(
        &["用时（秒） ¦ TIME (SECONDS)", "投诉数 ¦ TOTAL", "中位数 ¦ MEDIAN", "90 百分位 ¦ 90TH PERCENTILE"],
        vec![took("首次回复 ¦ first reply", &counted.first_reply), took("结单 ¦ closing", &counted.closing)],
    );
    let due = &counted.due;
    let due = session.table(
        &[
            "已超时 ¦ OVERDUE",
            "1 小时内 ¦ IN 1 HOUR",
            "4 小时内 ¦ IN 4 HOURS",
            "24 小时内 ¦ IN 24 HOURS",
            "今日内 ¦ TODAY",
        ],
        vec![vec![
            number(due.overdue),
            number(due.within_1_hour),
            number(due.within_4_hours),
            number(due.within_24_hours),
            number(due.today),
        ]],
    );
    let people = counted
        .by_assignee
        .iter()
        .map(|of| vec![of.assignee.clone(), number(of.open), number(of.overdue), number(of.closed)]);
    let people = session.table(
        &["处理人 ¦ ASSIGNEE", "未完成 ¦ OPEN", "已超时 ¦ OVERDUE", "已完成 ¦ CLOSED"],
        people.collect(),
    );
    [totals, durations, due, people].join("\n")
}
