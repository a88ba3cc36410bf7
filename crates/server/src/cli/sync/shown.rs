//! What `tousu sync` prints: how a run ended, and how mirrors stand.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;
use tousu_wire::BeijingTime;
use tousu_wire::codes::CodeTable;
use tousu_wire::mirror::{Day, Mirror, Proof, Uncertain};

use super::Session;
use crate::cli::remote::screen::{fitted, on_one_line};
use crate::cli::shop_id;
use crate::source::{self, Counted};
use crate::store::ShopId;

/// The room of what a line is about.
const LABEL: usize = 16;
/// Days that are shown to people; JSON has more.
const DAYS: usize = 60;

/// Prints how a run ended: what was done, and what is proved, day by day.
pub(super) fn run(
    session: &Session,
    shop: &ShopId,
    counted: Counted,
    proof: Option<Proof>,
    days: &[Day],
) -> anyhow::Result<()> {
    let value = json!({ "app_id": shop.as_str(), "counted": counted, "proof": proof, "days": days });
    session.print(&value, |_| {
        let mut lines = vec![self::counted(session, counted)];
        lines.extend(proof.as_ref().map(|proof| proven(session, proof)));
        lines.extend(by_day(session, days));
        lines.join("\n")
    })
}

/// What was done since a run began.
pub(super) fn counted(session: &Session, counted: Counted) -> String {
    let Counted { calls, added, changed, removed } = counted;
    session.pick(&format!(
        "调用 {calls} 次：新增 {added}，变更 {changed}，移除 {removed} ¦ {calls} calls: {added} added, {changed} changed, {removed} removed"
    ))
}

/// What was proved, and what was not.
fn proven(session: &Session, proof: &Proof) -> String {
    let Proof { complaints, days, certain_days, checksum, ended, .. } = proof;
    let mut lines = vec![session.pick(&format!(
        "核对于 {ended}：{complaints} 条投诉，{days} 天中 {certain_days} 天确定一致\n校验和 {checksum} ¦ compared at {ended}: {complaints} complaints\n{certain_days} of {days} days are certainly the same, checksum {checksum}"
    ))];
    let mark = session.pick("不确定 ¦ uncertain");
    for Uncertain { day, complaint_id, why } in &proof.uncertain {
        let what: Vec<&str> = [day.as_deref(), complaint_id.as_deref()].into_iter().flatten().collect();
        lines.push(on_one_line(&format!("{mark}  {}  {}", what.join(" "), session.pick(why))));
    }
    let more = proof.uncertain_total - i64::try_from(proof.uncertain.len()).unwrap_or_default();
    if more > 0 {
        lines.push(session.pick(&format!("……另有 {more} 项 ¦ … and {more} more")));
    }
    lines.join("\n")
}

/// Prints how mirrors stand.
pub(super) async fn status(session: &Session, shop: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = session.open_existing().await?;
    let mut tx = store.read().await?;
    tx.unhurried().await?;
    let now = session.clock.epoch();
    let kept = match shop {
        None => tx.mirrors().await?,
        Some(shop) => {
            let shop = shop_id(shop)?;
            let Some(mirror) = tx.mirror(&shop).await? else {
                bail!("店铺 {shop} 没有设置同步 ¦ the shop {shop} is not fetched from anywhere");
            };
            vec![mirror]
        }
    };
    let mut mirrors = Vec::with_capacity(kept.len());
    for mirror in kept {
        mirrors.push((mirror.shop.clone(), source::standing(&mut tx, mirror, now).await?));
    }
    let value: serde_json::Value =
        mirrors.iter().map(|(shop, mirror)| json!({ "app_id": shop.as_str(), "mirror": mirror })).collect();
    session.print(&value, |_| match (shop, mirrors.first()) {
        (Some(_), Some((shop, mirror))) => in_full(session, shop, mirror),
        _ => all(session, &mirrors),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each, which fits a narrow terminal; what is wrong stands below.
fn all(session: &Session, mirrors: &[(ShopId, Mirror)]) -> String {
    let headings = [
        "店铺 ¦ SHOP",
        "落后 ¦ LAG",
        "最近成功 ¦ LAST SUCCESS",
        "投诉 ¦ COMPLAINTS",
        "待取详情 ¦ DUE",
        "一致天数 ¦ CERTAIN DAYS",
    ];
    let line = |(shop, mirror): &(ShopId, Mirror)| {
        let counts = [mirror.complaints.to_string(), mirror.details_due.to_string(), certain_days(mirror)];
        [&[shop.to_string(), lag(mirror), time(mirror.succeeded_at)][..], &counts].concat()
    };
    let table = session.table(&headings, mirrors.iter().map(line).collect());
    let wrong = mirrors.iter().filter(|(_, mirror)| mirror.problem.is_some());
    let wrong = wrong.map(|(shop, mirror)| format!("{shop}: {}", problem(session, mirror)));
    std::iter::once(table).chain(wrong).collect::<Vec<_>>().join("\n")
}

fn lag(mirror: &Mirror) -> String {
    let Some(seconds) = mirror.lag_seconds else { return "-".into() };
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn time(at: Option<BeijingTime>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

fn problem(session: &Session, mirror: &Mirror) -> String {
    mirror.problem.as_deref().map(|problem| on_one_line(&session.pick(problem))).unwrap_or_default()
}

fn certain_days(mirror: &Mirror) -> String {
    mirror
        .proof
        .as_ref()
        .map_or_else(|| "-".to_owned(), |proof| format!("{}/{}", proof.certain_days, proof.days))
}

fn in_full(session: &Session, shop: &ShopId, mirror: &Mirror) -> String {
    let served = match mirror.enabled {
        1 => "由 tousu serve 同步 ¦ by tousu serve",
        _ => "由命令同步 ¦ by the command",
    };
    let lines = [
        ("店铺 ¦ shop", shop.to_string()),
        ("上游 ¦ upstream", format!("{} {}", mirror.base_url, mirror.app_id)),
        ("方式 ¦ fetched", session.pick(served)),
        ("间隔 ¦ every", format!("{} s", mirror.every_seconds)),
        ("占用限频 ¦ share of limits", format!("{} %", mirror.share_percent)),
        ("落后 ¦ lag", lag(mirror)),
        ("此前变更均已同步 ¦ whole as of", time(mirror.fresh_as_of)),
        ("最近成功 ¦ last success", time(mirror.succeeded_at)),
        ("投诉 ¦ complaints", mirror.complaints.to_string()),
        ("待取详情 ¦ details due", mirror.details_due.to_string()),
        ("上游查不到 ¦ missing upstream", mirror.missing.len().to_string()),
        ("问题 ¦ problem", problem(session, mirror)),
    ];
    let told = lines.into_iter().filter(|(_, value)| !value.is_empty());
    let line = |(name, value): (&str, String)| format!("{}  {value}", fitted(&session.pick(name), LABEL));
    let mut parts: Vec<String> = told.map(line).collect();
    parts.extend(mirror.proof.as_ref().map(|proof| proven(session, proof)));
    parts.extend(by_day(session, &mirror.days));
    parts.join("\n")
}

/// What both sides had, the latest days first; nothing if there is nothing.
fn by_day(session: &Session, days: &[Day]) -> Option<String> {
    let headings = [
        "日期 ¦ DAY",
        "处理状态 ¦ STATE",
        "本地 ¦ HERE",
        "上游 ¦ UPSTREAM",
        "校验和 ¦ CHECKSUM",
        "确定 ¦ CERTAIN",
    ];
    let rows: Vec<Vec<String>> = days.iter().take(DAYS).map(|day| of_day(session, day)).collect();
    (!rows.is_empty()).then(|| session.table(&headings, rows))
}

fn of_day(session: &Session, day: &Day) -> Vec<String> {
    let state = match day.state.label() {
        Some((zh, en)) => session.pick(&format!("{zh} ¦ {en}")),
        None => day.state.number().to_string(),
    };
    let sums = match day.here_checksum == day.there_checksum {
        true => day.here_checksum.clone(),
        false => format!("{} ≠ {}", day.here_checksum, day.there_checksum),
    };
    let certain = if day.certain == 1 { "✓" } else { "?" };
    vec![day.day.clone(), state, day.here.to_string(), day.there.to_string(), sums, certain.into()]
}
