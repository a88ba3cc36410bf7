//! `tousu bench-data`.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde_json::json;
use tousu_wire::BeijingTime;

use super::Session;
use crate::bench_data::{self, Plan, Skew};

#[derive(Args)]
pub(super) struct BenchData {
    /// 投诉条数 ¦ how many complaints
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    complaints: i64,
    /// 店铺数：一个为 appbench，多个为 appbench0001、appbench0002…… ¦ how many shops: one is appbench, several are appbench0001, appbench0002, …
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    shops: i64,
    /// 分布：even 平均；campaign 每店九成投诉集中在一天；shops 少数店铺占多数投诉 ¦ what is uneven: even (nothing), campaign (nine of ten of a shop's complaints are made on one day), shops (few shops have most complaints)
    #[arg(long, value_enum, default_value = "even")]
    skew: Uneven,
    /// 投诉时间的跨度，至少 2 天 ¦ over how many days the complaints are made, at least 2
    #[arg(long, value_name = "D", default_value_t = 365, value_parser = clap::value_parser!(i64).range(2..=10_000))]
    days: i64,
    /// 截止时间，北京时间，默认为当前整点 ¦ as of when everything is, Beijing time; by default the hour that it is
    #[arg(long, value_name = "yyyy-MM-dd HH:mm:ss", value_parser = moment)]
    until: Option<BeijingTime>,
    /// 随机种子；参数相同则数据相同 ¦ other seeds give other complaints, the same arguments the same
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Uneven {
    Even,
    Campaign,
    Shops,
}

impl BenchData {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let started = Instant::now();
        let this_hour = session.clock.epoch() / 3600 * 3600;
        let until = self.until.unwrap_or(BeijingTime::from_epoch(this_hour));
        let plan = Plan {
            complaints: self.complaints,
            shops: self.shops,
            skew: match self.skew {
                Uneven::Even => Skew::Even,
                Uneven::Campaign => Skew::Campaign,
                Uneven::Shops => Skew::Shops,
            },
            days: self.days,
            until: until.epoch(),
            seed: self.seed,
        };
        let store = session.open().await?;
        let known = store.read().await?.shops().await?;
        let known: HashSet<&str> = known.iter().map(|shop| shop.app_id.as_str()).collect();
        if let Some(taken) = plan.shops().iter().find(|shop| known.contains(shop.id.as_str())) {
            bail!(
                "店铺 {0} 已存在，请用 --database 指定另一个数据库 ¦ the shop {0} exists already: name another database with --database",
                taken.id
            );
        }
        // Drawn on a terminal only.
        let bar = ProgressBar::new(plan.complaints.unsigned_abs());
        let made = bar.clone();
        bench_data::make(&store, &plan, move |rows| made.inc(rows)).await.context(
            "未能写入；写入时不能有其他程序使用该数据库 ¦ the complaints were not written; no other program may use the database meanwhile",
        )?;
        bar.finish_and_clear();
        let value = json!({
            "complaints": plan.complaints,
            "shops": plan.shops,
            "until": until,
            "seconds": started.elapsed().as_secs_f64(),
        });
        session.print(&value, |value| {
            let (complaints, shops, seconds) = (plan.complaints, plan.shops, value["seconds"].as_f64());
            let seconds = seconds.unwrap_or_default();
            session.pick(&format!(
                "已生成 {shops} 个店铺的 {complaints} 条投诉，截至 {until}，用时 {seconds:.1} 秒 ¦ made {complaints} complaints in {shops} shops, as of {until}, in {seconds:.1} s"
            ))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// In one word, since what clap says is in no language.
pub(super) fn moment(text: &str) -> Result<BeijingTime, &'static str> {
    text.parse().map_err(|_| "yyyy-MM-dd HH:mm:ss")
}
