//! `tousu call NAME`: any interface, and its answer as it came.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use tousu_client::Answer;
use tousu_wire::lenient;

use super::exit::{self, Exit, Failure, usage};
use super::output::written;
use super::{Target, asked};
use crate::cli::Session;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Call {
    /// 接口名，可带版本，如 xe.complaint.info.get 或 xe.complaint.info.get/1.0.0 ¦ the interface, perhaps with a version, for example xe.complaint.info.get or xe.complaint.info.get/1.0.0
    #[arg(value_name = "NAME")]
    name: String,
    /// 参数：k=v（整数按数字发送）、k:=JSON；- 则从标准输入读 JSON ¦ parameters: k=v (an integer is sent as a number), k:=JSON; - reads JSON from standard input
    #[arg(value_name = "K=V")]
    parameters: Vec<String>,
    /// 在标准错误输出状态、耗时、剩余次数与请求号 ¦ tell status, time taken, calls left and request id on stderr
    #[arg(long, short = 'v')]
    verbose: bool,
    #[command(flatten)]
    target: Target,
}

impl Call {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let request = match self.parameters.as_slice() {
            [dash] if dash == "-" => typed_in()?,
            parameters => {
                Value::Object(parameters.iter().map(|text| parameter(text)).collect::<Result<_, _>>()?)
            }
        };
        let (name, version) = named(&self.name);
        let client = self.target.connect()?.client;
        let answer = asked(name, client.call_raw(name, version, &request).await)?;
        let mut out = std::io::stdout();
        written(out.write_all(&answer.body))?;
        if out.is_terminal() && !answer.body.ends_with(b"\n") {
            written(writeln!(out))?;
        }
        written(out.flush())?;
        if self.verbose {
            session.note(&told(&answer));
        }
        Ok(ended(&answer).into())
    }
}

/// Name and version: as typed, with a path's slashes, or the only version that there is.
fn named(typed: &str) -> (&str, &str) {
    typed.trim_matches('/').split_once('/').unwrap_or((typed.trim_matches('/'), "1.0.0"))
}

fn typed_in() -> anyhow::Result<Value> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).context("标准输入无法读取 ¦ standard input cannot be read")?;
    Ok(Value::Object(lenient::parameters(&text).map_err(usage)?))
}

/// `k=v` or `k:=JSON`.
fn parameter(text: &str) -> Result<(String, Value), Failure> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        usage(format!(
            "参数 {text} 应写作 k=v 或 k:=JSON ¦ the parameter {text} must be written k=v or k:=JSON"
        ))
    })?;
    let Some(name) = name.strip_suffix(':') else {
        let number = value.parse::<i64>().ok().filter(|number| number.to_string() == value);
        return Ok((name.to_owned(), number.map_or_else(|| value.into(), Value::from)));
    };
    let value = serde_json::from_str(value).map_err(|error| {
        usage(format!("{name} 的值不是 JSON：{error} ¦ the value of {name} is not JSON: {error}"))
    })?;
    Ok((name.to_owned(), value))
}

/// How a command ends that got this answer.
fn ended(answer: &Answer) -> Exit {
    match (answer.status, answer.code()) {
        (200, Some(code)) => exit::of_code(code),
        // A file has no envelope.
        (200, None)
            if answer
                .media_type
                .as_deref()
                .is_some_and(|of| !of.contains("html") && !of.contains("json")) =>
        {
            Exit::Done
        }
        _ => Exit::Unreachable,
    }
}

fn told(answer: &Answer) -> String {
    let mut parts =
        vec![format!("HTTP {}", answer.status), format!("{:.1} ms", answer.elapsed.as_secs_f64() * 1000.0)];
    if answer.attempts > 1 {
        parts.push(format!("×{}", answer.attempts));
    }
    if let Some(limits) = answer.limits {
        let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        parts.push(format!("{}/{}", number(limits.remaining), number(limits.limit)));
    }
    parts.extend(answer.request_id.clone());
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_as_typed() {
        for (typed, name, value) in [
            ("page=2", "page", json!(2)),
            ("complaint_id=c_1", "complaint_id", json!("c_1")),
            ("state=", "state", json!("")),
            ("phone=01234", "phone", json!("01234")),
            ("text=a=b", "text", json!("a=b")),
            ("n=99999999999999999999", "n", json!("99999999999999999999")),
            ("page:=\"2\"", "page", json!("2")),
            ("state:=[0,1]", "state", json!([0, 1])),
        ] {
            assert_eq!(parameter(typed).unwrap(), (name.to_owned(), value), "{typed}");
        }
        for typed in ["page", "=2", "state:=[0"] {
            assert!(parameter(typed).is_err(), "{typed}");
        }
        assert_eq!(named("/xe.a.b/2.0.0"), ("xe.a.b", "2.0.0"));
        assert_eq!(named("xe.a.b"), ("xe.a.b", "1.0.0"));
    }
}
