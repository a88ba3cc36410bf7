//! `tousu doctor`.

use std::process::ExitCode;

use anyhow::Context;

use super::Session;
use crate::store::{Finding, Store};

pub(super) async fn run(session: Session) -> anyhow::Result<ExitCode> {
    let settings = &session.settings;
    let store =
        Store::open_as_it_is(&settings.database.0, &settings.storage).with_context(|| session.unopened())?;
    let mut findings = vec![Finding {
        what: "数据库 ¦ database".into(),
        good: true,
        seen: format!("{} {}", store.kind(), settings.redacted().database.0),
    }];
    findings.extend(store.examine(session.clock.epoch()).await.with_context(|| session.unopened())?);
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
