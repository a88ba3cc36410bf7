//! `tousu doctor`.

use std::process::ExitCode;

use anyhow::Context;

use super::Session;
use tousu_wire::{Lang, Text};

use crate::index::Indexes;
use crate::privacy::keys;
use crate::remembered::Moment;
use crate::store::{self, Examined, Finding, ShopId, Store};

pub(super) async fn run(session: Session) -> anyhow::Result<ExitCode> {
    let settings = &session.settings;
    let store =
        Store::open_as_it_is(&settings.database.0, &settings.storage).with_context(|| session.unopened())?;
    let mut findings = vec![Finding {
        what: "数据库 ¦ database".into(),
        good: true,
        seen: format!("{} {}", store.kind(), settings.redacted().database.0),
    }];
    let now = session.clock.epoch();
    findings.extend(store.examine(now).await.with_context(|| session.unopened())?);
    findings.push(recounted(&store, now).await.with_context(|| session.unopened())?);
    findings.push(words(&store).await.with_context(|| session.unopened())?);
    findings.push(phones(&session, &store).await?);
    let problems = settings.problems();
    findings.push(Finding {
        what: "设置 ¦ settings".into(),
        good: problems.is_empty(),
        seen: if problems.is_empty() { "ok".into() } else { problems.join("; ") },
    });
    session.print(&findings, |findings| {
        let line = |finding: &Finding| {
            let mark = if finding.good { "✓" } else { "✗" };
            format!("{mark} {}: {}", session.pick(&finding.what), session.pick(&finding.seen))
        };
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(if findings.iter().all(|finding| finding.good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opens every phone number that is kept, and what subscriptions and people keep sealed.
async fn phones(session: &Session, store: &Store) -> anyhow::Result<Finding> {
    let what = "手机号与通知地址加密 ¦ phone numbers and addresses of notices are sealed".into();
    let vault = match keys::existing(&session.settings) {
        Ok(vault) => vault,
        Err(error) => return Ok(Finding { what, good: false, seen: both(&error) }),
    };
    let mut tx = store.read().await?;
    tx.unhurried().await?;
    let mut all = tx.examine_people(vault.as_ref()).await.with_context(|| session.unopened())?;
    for shop in tx.shops().await?.iter().filter_map(|shop| ShopId::parse(&shop.app_id)) {
        let of_phones = tx.examine_phones(&shop, vault.as_ref()).await.with_context(|| session.unopened())?;
        let of_subscriptions =
            tx.examine_subscriptions(&shop, vault.as_ref()).await.with_context(|| session.unopened())?;
        let of_mirror = tx.examine_mirror(&shop, vault.as_ref()).await.with_context(|| session.unopened())?;
        for Examined { kept, to_reseal, unopenable, plain } in [of_phones, of_subscriptions, of_mirror] {
            all.kept += kept;
            all.to_reseal += to_reseal;
            all.unopenable += unopenable;
            all.plain += plain;
        }
    }
    let Examined { kept, to_reseal, unopenable, plain } = all;
    Ok(Finding {
        what,
        good: unopenable == 0,
        seen: format!(
            "{kept} 个，待换密钥 {to_reseal}，无法解开 {unopenable}，未加密 {plain} ¦ {kept}, {to_reseal} to be resealed, {unopenable} cannot be opened, {plain} not sealed"
        ),
    })
}

fn both(error: &anyhow::Error) -> String {
    let causes = |lang| {
        let causes = error.chain().map(|cause| Text::from(cause.to_string()).pick(lang).to_owned());
        causes.collect::<Vec<_>>().join(": ")
    };
    format!("{} ¦ {}", causes(Lang::Zh), causes(Lang::En))
}

/// Looks for some complaints of each shop in the index of words, by what they have.
async fn words(store: &Store) -> store::Result<Finding> {
    const SAMPLE: i64 = 100;
    let mut tx = store.read().await?;
    tx.unhurried().await?;
    let mut differences = Vec::new();
    let shops = tx.shops().await?;
    for shop in shops.iter().filter_map(|shop| ShopId::parse(&shop.app_id)) {
        differences.extend(tx.differences_in_words(&shop, SAMPLE).await?);
    }
    Ok(Finding {
        what: "搜索索引与投诉一致 ¦ the search index agrees with the complaints".into(),
        good: differences.is_empty(),
        seen: match differences.first() {
            Some(first) => {
                format!("{} 处不符：{first} ¦ {} differ: {first}", differences.len(), differences.len())
            }
            None => format!("{} 个店铺 ¦ {} shops", shops.len(), shops.len()),
        },
    })
}

/// Reads each shop into memory as the server does, and compares totals and pages with what the database counts.
async fn recounted(store: &Store, now: i64) -> store::Result<Finding> {
    let mut tx = store.read().await?;
    let mut differences = Vec::new();
    let shops = tx.shops().await?;
    for shop in &shops {
        let Some(id) = ShopId::parse(&shop.app_id) else { continue };
        // One at a time, however large.
        let indexes = Indexes::new(store.clone(), usize::MAX);
        let moment = Moment { version: shop.version, now };
        differences.extend(indexes.differences(&mut tx, &id, moment, true).await?);
    }
    Ok(Finding {
        what: "内存索引与重新计数一致 ¦ indexes in memory agree with a recount".into(),
        good: differences.is_empty(),
        seen: match differences.first() {
            Some(first) => {
                format!("{} 处不符：{first} ¦ {} differ: {first}", differences.len(), differences.len())
            }
            None => format!("{} 个店铺 ¦ {} shops", shops.len(), shops.len()),
        },
    })
}
