//! `tousu ping`: whether the server answers, how fast, and whether its clock is right.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tousu_client::Answer;
use tousu_wire::Endpoint;
use tousu_wire::complaint_list::ComplaintList;

use super::exit::{self, Exit};
use super::{Target, asked};
use crate::cli::Session;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Ping {
    /// 次数（默认 5） ¦ how many tries (default 5)
    #[arg(long, short = 'n', default_value_t = 5, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
    #[command(flatten)]
    target: Target,
}

/// What lies between two tries.
const BETWEEN: Duration = Duration::from_millis(100);
/// A server's clock is told in whole seconds: so many milliseconds of difference are none.
const EXACT: i64 = 1000;

/// What one try told.
struct Try {
    milliseconds: f64,
    /// By how many milliseconds the server's clock is ahead, if it told its time.
    ahead: Option<i64>,
    code: Option<i64>,
}

impl Try {
    /// `until`: when the answer was there, in milliseconds.
    fn of(answer: &Answer, until: i64) -> Self {
        let milliseconds = answer.elapsed.as_secs_f64() * 1000.0;
        // The server's second began up to a second before, and it told it in the middle of the call.
        let ahead =
            answer.server_time.map(|second| second * 1000 + 500 - (until - (milliseconds / 2.0) as i64));
        Try { milliseconds, ahead, code: answer.code() }
    }
}

impl Ping {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let connection = self.target.connect()?;
        let mut tries = Vec::new();
        for at in 0..self.count {
            if at > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            let request = json!({ "page_size": 1 });
            let called =
                connection.client.call_raw(ComplaintList::NAME, ComplaintList::VERSION, &request).await;
            let answer = asked("ping", called)?;
            tries.push(Try::of(&answer, session.clock.epoch_millis()));
        }
        let Some(first) = tries.first() else { return Ok(ExitCode::SUCCESS) };
        let first_ms = first.milliseconds;
        // The first has to connect; the others tell how fast the server is.
        let mut later: Vec<f64> = tries.iter().skip(1).map(|one| one.milliseconds).collect();
        if later.is_empty() {
            later.push(first_ms);
        }
        later.sort_by(f64::total_cmp);
        let (least, middle, most) =
            (later[0], later[later.len() / 2], later.last().copied().unwrap_or_default());
        let mut ahead: Vec<i64> = tries.iter().filter_map(|one| one.ahead).collect();
        ahead.sort_unstable();
        let ahead = ahead.get(ahead.len() / 2).copied();
        let code = tries.iter().find_map(|one| one.code.filter(|code| *code != 0)).or(first.code);
        let url = &connection.profile.url;
        let value = json!({
            "profile": connection.name, "url": url, "tries": tries.len(), "code": code, "first_ms": first_ms,
            "least_ms": least, "median_ms": middle, "most_ms": most, "clock_ahead_ms": ahead,
        });
        session.print(&value, |_| {
            let code = code.map_or_else(|| "–".to_owned(), |code| code.to_string());
            let tries = tries.len();
            let clock = clock(ahead);
            session.pick(&format!(
                "{url}  返回码 {code}\n首次（含连接） {first_ms:.1} ms，之后最快 {least:.1}，中位 {middle:.1}，最慢 {most:.1}（共 {tries} 次）\n{} ¦ {url}  code {code}\nfirst, with connecting, {first_ms:.1} ms, then fastest {least:.1}, median {middle:.1}, slowest {most:.1} ({tries} tries)\n{}",
                clock.0, clock.1
            ))
        })?;
        Ok(code.map_or(Exit::Unreachable, exit::of_code).into())
    }
}

/// How the server's clock stands to this machine's, in Chinese and English.
fn clock(ahead: Option<i64>) -> (String, String) {
    let seconds = ahead.unwrap_or_default().unsigned_abs() as f64 / 1000.0;
    match ahead {
        None => ("服务器没有给出时间".into(), "the server does not tell its time".into()),
        Some(ahead) if ahead.abs() <= EXACT => {
            ("时钟一致（1 秒以内）".into(), "clocks agree, within a second".into())
        }
        Some(0..) => (
            format!("服务器时钟快 {seconds:.0} 秒"),
            format!("the server's clock is {seconds:.0} s ahead of this machine's"),
        ),
        Some(_) => (
            format!("服务器时钟慢 {seconds:.0} 秒"),
            format!("the server's clock is {seconds:.0} s behind this machine's"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_in_words() {
        assert!(clock(None).0.contains("没有"));
        assert!(clock(Some(-900)).1.contains("agree") && clock(Some(1000)).1.contains("agree"));
        assert_eq!(clock(Some(61_400)).0, "服务器时钟快 61 秒");
        assert_eq!(clock(Some(-3_600_000)).1, "the server's clock is 3600 s behind this machine's");
    }
}
