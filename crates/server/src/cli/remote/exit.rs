//! How commands end: one table, which `--help` and docs/commands.md show.

use std::fmt;
use std::process::ExitCode;

use tousu_client::Error;
use tousu_wire::{BACKEND_CONFUSED, BURST, ReturnCode};

/// How a command that talks to a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NoProfile = 3,
    Credentials = 4,
    NotPermitted = 5,
    NotFound = 6,
    Limited = 7,
    Unreachable = 8,
    Refused = 9,
    Different = 10,
    Uncertain = 11,
    Interrupted = 130,
}

/// What each means (`中文 ¦ English`).
const TABLE: [(Exit, &str); 13] = [
    (Exit::Done, "成功 ¦ done"),
    (
        Exit::Failed,
        "本机的问题，如文件无法写入 ¦ something on this machine, such as a file that cannot be written",
    ),
    (Exit::Usage, "命令或筛选条件有误 ¦ the command or a filter is wrong"),
    (Exit::NoProfile, "没有该配置，请先 tousu login ¦ there is no such profile: tousu login makes one"),
    (Exit::Credentials, "凭证、令牌或 IP 白名单不通过 ¦ credentials, token or the allow list of IPs refuse"),
    (Exit::NotPermitted, "应用没有所需的权限集 ¦ the app lacks the permission set"),
    (Exit::NotFound, "没有该投诉单、接口或其他对象 ¦ there is no such complaint, interface or other thing"),
    (Exit::Limited, "等待重试后仍达到调用上限 ¦ still at the rate limit after waiting and trying again"),
    (
        Exit::Unreachable,
        "服务器无法连接、繁忙或答复无法理解 ¦ the server cannot be reached, is busy, or answers what cannot be understood",
    ),
    (Exit::Refused, "服务器以其他返回码拒绝 ¦ the server refused with another code"),
    (
        Exit::Different,
        "conformance：服务器与本项目所知不符 ¦ conformance: the server differs from what this project believes",
    ),
    (
        Exit::Uncertain,
        "sync：两边是否一致，尚有不能确定之处 ¦ sync: it is not certain that both sides are the same",
    ),
    (Exit::Interrupted, "被中断，可续传 ¦ interrupted; it can be resumed"),
];

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// The table as `--help` ends with it, in both languages.
pub(in crate::cli) fn help() -> String {
    let of = |lang| {
        let line = |(exit, text): &(Exit, &'static str)| {
            format!("  {:>3}  {}", *exit as u8, tousu_wire::Text::from(*text).pick(lang))
        };
        TABLE.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    format!("退出码:\n{} ¦ Exit codes:\n{}", of(tousu_wire::Lang::Zh), of(tousu_wire::Lang::En))
}

/// A failure that knows how the command is to end.
#[derive(Debug)]
pub(in crate::cli) struct Failure {
    exit: Exit,
    said: String,
}

impl Failure {
    /// `said` is `中文 ¦ English`.
    pub(in crate::cli) fn new(exit: Exit, said: impl Into<String>) -> Self {
        Failure { exit, said: said.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Failure {}

/// What was typed cannot be meant. `said` is `中文 ¦ English`.
pub(in crate::cli) fn usage(said: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, said)
}

/// How a command ends that this error ended.
pub(in crate::cli) fn of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(known).unwrap_or(Exit::Failed)
}

/// What may help against the error (`中文 ¦ English`).
pub(in crate::cli) fn hint(error: &anyhow::Error) -> Option<String> {
    let of_client = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<Error>()?.hint();
    error.chain().find_map(of_client).map(|hint| hint.to_string())
}

/// Whoever reads what is printed has left, as `head` does: that is no error, and nothing more is to be done.
#[derive(Debug)]
pub(in crate::cli) struct ReaderLeft;

impl fmt::Display for ReaderLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("不再有人读取 ¦ nobody reads any longer")
    }
}

impl std::error::Error for ReaderLeft {}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if cause.is::<ReaderLeft>() {
        return Some(Exit::Done);
    }
    cause.downcast_ref::<Error>().map(|error| match error {
        Error::Setup(_) => Exit::Failed,
        error => error.code().map_or(Exit::Unreachable, of_code),
    })
}

/// How a command ends that was answered with this code.
pub(in crate::cli) fn of_code(code: i64) -> Exit {
    use ReturnCode::{
        AccessTokenExpired, AccessTokenMissing, AppIdMissing, AppIdWrong, Busy, ClientIdWrong,
        GrantTypeMissing, GrantTypeWrong, IpNotAllowed, LimitReached, NoSuchApp, NoSuchComplaint,
        NoSuchExport, NoSuchInterface, NoSuchMember, NoSuchSubscription, NotPermitted, SecretKeyMissing,
        SecretKeyWrong, Success,
    };
    match ReturnCode::from_number(code) {
        _ if code == BURST => Exit::Limited,
        _ if code == BACKEND_CONFUSED => Exit::Unreachable,
        Some(Success) => Exit::Done,
        Some(Busy) => Exit::Unreachable,
        Some(LimitReached) => Exit::Limited,
        Some(NotPermitted) => Exit::NotPermitted,
        Some(
            AppIdMissing | AppIdWrong | SecretKeyMissing | SecretKeyWrong | GrantTypeMissing | GrantTypeWrong
            | AccessTokenMissing | AccessTokenExpired | ClientIdWrong | IpNotAllowed,
        ) => Exit::Credentials,
        Some(
            NoSuchInterface | NoSuchComplaint | NoSuchSubscription | NoSuchExport | NoSuchMember | NoSuchApp,
        ) => Exit::NotFound,
        _ => Exit::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_somewhere() {
        for (code, exit) in [
            (0, Exit::Done),
            (1001, Exit::Unreachable),
            (2004, Exit::Credentials),
            (2008, Exit::Credentials),
            (2017, Exit::NotPermitted),
            (2052, Exit::NotFound),
            (2053, Exit::Limited),
            (2054, Exit::Limited),
            (2055, Exit::Refused),
            (3001, Exit::Refused),
            (3002, Exit::NotFound),
            (20003, Exit::Refused),
        ] {
            assert_eq!(of_code(code), exit, "{code}");
        }
        let deep = anyhow::Error::new(usage("甲 ¦ a")).context("乙 ¦ b");
        assert_eq!(of(&deep), Exit::Usage);
        assert_eq!(of(&anyhow::anyhow!("丙 ¦ c")), Exit::Failed);
    }

    #[test]
    fn each_is_in_the_table_once() {
        let mut numbers: Vec<u8> = TABLE.iter().map(|(exit, _)| *exit as u8).collect();
        assert!(numbers.is_sorted());
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
        let help = tousu_wire::Text::from(help());
        assert!(help.pick(tousu_wire::Lang::Zh).ends_with("被中断，可续传"));
        assert!(help.pick(tousu_wire::Lang::En).starts_with("Exit codes:\n    0  done\n"));
    }
}
