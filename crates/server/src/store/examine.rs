//! What `tousu doctor` asks the database.

use super::{Driver, Result, Store, migrate};

/// Something that should hold, and whether it does.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finding {
    /// What was looked at (`中文 ¦ English`).
    pub what: String,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was seen (`中文 ¦ English`).
    pub seen: String,
}

/// Deadlines are right to the second; a few seconds between two machines are common.
const CLOCK_TOLERANCE: i64 = 5;
/// 2024-01-01: a clock before this was never set.
const CLOCK_FLOOR: i64 = 1_704_038_400;

/// What must hold of every row, and a count of the rows for which it does not.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "结单与超时事实一致 ¦ closed complaints carry the fact of overtime, open ones do not",
        "select count(*) from complaints where (state = 2) <> (closed_overtime is not null)",
    ),
    (
        "投诉版本不超过店铺版本 ¦ no complaint is ahead of its shop's version",
        "select count(*) from complaints c join shops s on s.shop_id = c.shop_id
         where c.version > s.version or c.number > s.last_number",
    ),
    (
        "每条投诉都有店铺 ¦ every complaint has a shop",
        "select count(*) from complaints c left join shops s on s.shop_id = c.shop_id where s.shop_id is null",
    ),
    (
        "每次变更都记入日志 ¦ every change is in the log",
        "select count(*) from complaints c join shops s on s.shop_id = c.shop_id left join changes h
             on h.shop_id = c.shop_id and h.version = c.version and h.number = c.number
         where c.version > c.created_version and c.version > s.changes_after and h.shop_id is null",
    ),
    (
        "变更日志不超过店铺版本 ¦ the log is not ahead of the shops",
        "select count(*) from changes h join shops s on s.shop_id = h.shop_id
         where h.version > s.version or h.version <= s.changes_after or h.number > s.last_number",
    ),
];

impl Store {
    /// Looks at migrations, the clock and every row. `now` is our clock, in epoch seconds.
    pub async fn examine(&self, now: i64) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let mut tx = self.read().await?;
        tx.unhurried().await?;
        let version = migrate::applied(&mut tx).await?;
        findings.push(Finding {
            what: "数据库迁移 ¦ migrations".into(),
            good: version >= migrate::LATEST && migrate::suits(&mut tx, version).await?,
            seen: format!("{version} / {}", migrate::LATEST),
        });
        if let Driver::Sqlite(_) = &self.0 {
            let said = tx
                .query_all_shops("pragma integrity_check", &[], |row| Ok(row.text(0)?.to_owned()))
                .await?
                .join("; ");
            findings.push(Finding {
                what: "文件完整性 ¦ file integrity".into(),
                good: said == "ok",
                seen: said,
            });
        }
        let clock = match &self.0 {
            Driver::Sqlite(_) => "select unixepoch()",
            Driver::Postgres(_) => "select cast(extract(epoch from now()) as bigint)",
        };
        let theirs = tx.query_all_shops(clock, &[], |row| row.int(0)).await?.pop().unwrap_or_default();
        findings.push(Finding {
            what: "时钟 ¦ clock".into(),
            good: (theirs - now).abs() <= CLOCK_TOLERANCE && now > CLOCK_FLOOR,
            seen: format!("与数据库相差 {} 秒 ¦ {} s from the database's", theirs - now, theirs - now),
        });
        for (what, sql) in INVARIANTS {
            let broken = tx.query_all_shops(sql, &[], |row| row.int(0)).await?.pop().unwrap_or_default();
            findings.push(Finding {
                what: (*what).into(),
                good: broken == 0,
                seen: format!("{broken} 条不符 ¦ {broken} rows differ"),
            });
        }
        Ok(findings)
    }
}
