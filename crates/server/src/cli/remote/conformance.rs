//! `tousu conformance`: where a server differs from what this project believes of it.

use std::borrow::Cow;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tousu_wire::Text;

use super::exit::{self, Exit, Failure};
use super::screen::{Look, Screen, Tone, fitted, on_one_line};
use super::{HURRIED, Target, asked};
use crate::cli::Session;
use crate::conformance::{self, App, Finding, Report, Sender, Source, Verdict};

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Conformance {
    /// 服务器地址（默认为配置的） ¦ the server's address (default: the profile's)
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    #[command(flatten)]
    target: Target,
    /// 每秒最多调用几次，1-50（默认 10，为公布上限的五分之一） ¦ calls a second at most, 1-50 (default 10, a fifth of the published limit)
    #[arg(long, value_name = "CALLS", default_value_t = 10, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=50))]
    per_second: u32,
    /// 把未公布而由本项目自定之处的不同也算作不符 ¦ count as differences, too, where it differs from what is unpublished and was decided here
    #[arg(long)]
    strict: bool,
    /// 也列出相符的 ¦ list what agrees, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    look: Look,
}

impl Conformance {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let connection = self.target.connect_to(self.against.as_deref(), HURRIED)?;
        let token = asked("token", connection.client.access_token().await)?;
        let between = Duration::from_secs(1) / self.per_second;
        let url = connection.client.base_url();
        let sender = Sender::new(url, token.reveal().to_owned(), between, session.clock.clone())
            .context("无法准备连接 ¦ a connection cannot be prepared")?;
        let app = App {
            app_id: connection.profile.app_id.clone(),
            client_id: connection.profile.client_id.clone(),
        };
        let report = conformance::run(sender, &app)
            .await
            .map_err(|why| Failure::new(Exit::Unreachable, why.to_string()))?;
        let screen = self.look.screen();
        session.print(&report, |report| shown(&session, report, screen, self.all))?;
        let counts = report.counts();
        let is_wrong = |verdict| counts.get(&verdict).is_some_and(|count| *count > 0);
        let different = is_wrong(Verdict::Differs) || self.strict && is_wrong(Verdict::Learned);
        Ok(if different { Exit::Different } else { Exit::Done }.into())
    }
}

fn named(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Agrees => ("相符 ¦ agrees", Tone::Good),
        Verdict::Differs => ("不符 ¦ differs", Tone::Bad),
        Verdict::Learned => ("得知 ¦ learned", Tone::Warning),
        Verdict::Untested => ("未测 ¦ untested", Tone::Dim),
    }
}

fn shown(session: &Session, report: &Report, screen: Screen, all: bool) -> String {
    let mut lines = Vec::new();
    for finding in report.findings.iter().filter(|finding| all || finding.verdict != Verdict::Agrees) {
        lines.extend(about(session, finding, screen));
    }
    let counts = report.counts();
    let count = |verdict| {
        let count = counts.get(&verdict).copied().unwrap_or(0);
        format!("{} {count}", session.pick(named(verdict).0))
    };
    let all = [Verdict::Agrees, Verdict::Differs, Verdict::Learned, Verdict::Untested].map(count).join("  ");
    let calls = report.calls;
    lines.push(session.pick(&format!("{all}（调用 {calls} 次） ¦ {all} ({calls} calls)")));
    lines.join("\n")
}

/// The line of a finding, and one about what was seen instead.
fn about(session: &Session, finding: &Finding, screen: Screen) -> Vec<String> {
    let Finding { id, source, verdict, expected, seen, as_expected, otherwise } = finding;
    let (name, tone) = named(*verdict);
    let source = match source {
        Source::Page => "页面 ¦ page",
        Source::Public => "公开 ¦ public",
        Source::Ours => "自定 ¦ ours",
    };
    let width = screen.width.unwrap_or(usize::MAX);
    let options = textwrap::Options::new(width).initial_indent("    ").subsequent_indent("      ");
    let wrapped = |label: &str, text: &str| -> Vec<String> {
        let text = format!("{}: {}", session.pick(label), on_one_line(text));
        textwrap::wrap(&text, &options).into_iter().map(Cow::into_owned).collect()
    };
    let name = screen.toned(&fitted(&session.pick(name), 8), tone);
    let mut lines = vec![format!("{name}  {}  {id}", fitted(&session.pick(source), 6))];
    lines.extend(wrapped("应为 ¦ expected", &session.pick(expected)));
    if !seen.is_empty() {
        let times = match otherwise + as_expected {
            0 => String::new(),
            all => session.pick(&format!("（{otherwise}/{all} 次） ¦  ({otherwise} of {all})")),
        };
        let seen = Text::from(seen.as_str()).pick(session.lang).to_owned();
        lines.extend(wrapped("实为 ¦ seen", &format!("{seen}{times}")));
    }
    lines
}
