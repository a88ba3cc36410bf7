//! `tousu login` and `tousu logout`: profiles made, checked and forgotten.

use std::fs;
use std::io::{IsTerminal, Read};
use std::net::IpAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use console::Term;
use serde_json::json;
use tousu_client::{Client, Retry};
use tousu_wire::ReturnCode;
use tousu_wire::complaint_list::{ComplaintList, Request};

use super::exit::{self, usage};
use super::profiles::{self, Place, Profile, Profiles};
use super::{asked, keyring};
use crate::cli::Session;
use crate::secrets::Secret;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Login {
    /// 配置名（默认 main） ¦ the profile's name (default main)
    #[arg(value_name = "NAME", default_value = "main", hide_default_value = true)]
    name: String,
    /// 服务器地址（默认 https://api.xiaoe-tech.com） ¦ the server's address (default https://api.xiaoe-tech.com)
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "ID")]
    app_id: Option<String>,
    /// 应用 id；旧版应用写空 ¦ the app's id; empty for a legacy app
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// 从标准输入读密钥的第一行；不给则在终端询问，从不作为参数 ¦ read the secret from the first line of standard input; otherwise it is asked for in the terminal, and it is never an argument
    #[arg(long)]
    secret_stdin: bool,
    /// 密钥存放处：keyring 密钥环，file 仅本人可读（600）的文件（默认：有 secret-tool 与密钥环服务则用密钥环，否则用文件） ¦ where to keep the secret: keyring, or file, which only you can read (600) (default: the keyring where there are secret-tool and a keyring's service, else the file)
    #[arg(long, value_enum, value_name = "PLACE", hide_possible_values = true)]
    secret_place: Option<Place>,
    /// 未指明配置时用它 ¦ use it where no profile is named
    #[arg(long)]
    default: bool,
    /// 不检查，直接保存 ¦ save it without a check
    #[arg(long)]
    no_check: bool,
}

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Logout {
    /// 配置名 ¦ the profile's name
    #[arg(value_name = "NAME")]
    name: String,
}

const OFFICIAL: &str = "https://api.xiaoe-tech.com";

impl Login {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let mut profiles = Profiles::load()?;
        let before = profiles.get(Some(self.name.as_str())).ok().map(|(_, profile)| profile.clone());
        let asking = Asking { session: &session, can: !self.secret_stdin && std::io::stdin().is_terminal() };
        let suggested = |of: fn(&Profile) -> String| before.as_ref().map(of).unwrap_or_default();
        let url = before.as_ref().map_or(OFFICIAL, |profile| profile.url.as_str());
        let url = asking.for_text(self.url, "--url", "服务器地址 ¦ server", url)?;
        let app_id = suggested(|profile| profile.app_id.clone());
        let app_id =
            asking.for_text(self.app_id, "--app-id", "店铺 id（app_id） ¦ shop's id (app_id)", &app_id)?;
        let client_id = suggested(|profile| profile.client_id.clone().unwrap_or_default());
        let client_id = asking.for_maybe(
            self.client_id,
            "--client-id",
            "应用 id（client_id） ¦ app's id (client_id)",
            &client_id,
        )?;
        let secret = asking.for_secret(self.secret_stdin)?;
        let place =
            self.secret_place.unwrap_or(if keyring::is_there() { Place::Keyring } else { Place::File });
        let profile = Profile {
            url: url.trim_end_matches('/').to_owned(),
            app_id,
            client_id: Some(client_id).filter(|id| !id.is_empty()),
            secret: place,
        };
        if in_the_clear(&profile.url) {
            session.note("地址不是 https，密钥会以明文传输 ¦ the address is not https: the secret goes over the net in the clear");
        }
        if !self.no_check {
            check(&session, &profile, &secret).await?;
        }
        profiles.put(&self.name, profile.clone(), &secret, self.default)?;
        forget_token(&self.name);
        let name = &self.name;
        let told = json!({ "profile": name, "url": profile.url, "app_id": profile.app_id, "secret": profile.secret });
        session.print(&told, |_| {
            let (zh, en) = match place {
                Place::Keyring => ("密钥环", "the keyring"),
                Place::File => ("仅本人可读的文件", "a file that only you can read"),
            };
            session.pick(&format!(
                "已保存配置 {name}，密钥在{zh}中 ¦ saved the profile {name}; its secret is in {en}"
            ))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Logout {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let mut profiles = Profiles::load()?;
        let name = self.name.as_str();
        profiles.get(Some(name))?;
        profiles.remove(name)?;
        forget_token(name);
        session.print(&json!({ "profile": name }), |_| {
            session.pick(&format!("已删除配置 {name} 及其密钥 ¦ removed the profile {name} and its secret"))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The kept token is another app's, or nobody's any longer.
fn forget_token(name: &str) {
    if let Ok(file) = profiles::token_file(name) {
        // Where there is none, or it cannot go, the client finds out that it is not its own.
        let _ = fs::remove_file(file);
    }
}

/// Whether a secret sent there can be read on the way.
fn in_the_clear(url: &str) -> bool {
    let Some(host) = url.strip_prefix("http://") else { return false };
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name != "localhost" && !name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the server gives a token for it, and lets the app list complaints.
async fn check(session: &Session, profile: &Profile, secret: &Secret) -> anyhow::Result<()> {
    let credentials = super::credentials(profile, secret.reveal());
    let client: Client = super::builder(profile).credentials(credentials).retry(Retry::NEVER).build()?;
    asked("token", client.access_token().await)?;
    match client.call::<ComplaintList>(&Request { page_size: Some(1), ..Request::default() }).await {
        Ok(page) => {
            let total = page.total;
            session.note(&format!("可以列出投诉，共 {total} 条 ¦ complaints can be listed: {total} in all"));
            Ok(())
        }
        // The credentials are right, and what is missing can be granted later.
        Err(error) if error.is_refused(ReturnCode::NotPermitted) => {
            session.note_why(
                "凭证正确，但还不能列出投诉 ¦ the credentials are right, but complaints cannot be listed yet",
                &error,
            );
            Ok(())
        }
        Err(error) => asked("list", Err(error)),
    }
}

/// Where what was not given is asked for.
struct Asking<'a> {
    session: &'a Session,
    /// There is somebody to ask.
    can: bool,
}

impl Asking<'_> {
    /// What was given or is typed in; empty is the suggestion.
    fn for_maybe(
        &self,
        given: Option<String>,
        flag: &str,
        what: &str,
        suggested: &str,
    ) -> anyhow::Result<String> {
        if let Some(given) = given {
            return Ok(given.trim().to_owned());
        }
        if !self.can {
            return Ok(suggested.to_owned());
        }
        let term = Term::stderr();
        let hint = if suggested.is_empty() { String::new() } else { format!(" [{suggested}]") };
        let unread = || format!("{flag} 没有读到 ¦ {flag} was not typed in");
        term.write_str(&format!("{}{hint}: ", self.session.pick(what))).with_context(unread)?;
        let typed = term.read_line().with_context(unread)?;
        Ok(if typed.trim().is_empty() { suggested.to_owned() } else { typed.trim().to_owned() })
    }

    /// The same, but something must come of it.
    fn for_text(
        &self,
        given: Option<String>,
        flag: &str,
        what: &str,
        suggested: &str,
    ) -> anyhow::Result<String> {
        let text = self.for_maybe(given, flag, what, suggested)?;
        if text.is_empty() {
            return Err(usage(format!("缺少 {flag} ¦ {flag} is missing")).into());
        }
        Ok(text)
    }

    fn for_secret(&self, from_stdin: bool) -> anyhow::Result<Secret> {
        let unread = "密钥没有读到 ¦ the secret was not typed in";
        let text = if from_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context(unread)?;
            text.lines().next().unwrap_or_default().to_owned()
        } else if self.can {
            let term = Term::stderr();
            term.write_str(&format!("{}: ", self.session.pick("密钥（不显示） ¦ secret (not shown)")))
                .context(unread)?;
            term.read_secure_line().context(unread)?
        } else {
            return Err(usage("缺少 --secret-stdin ¦ --secret-stdin is missing").into());
        };
        if text.trim().is_empty() {
            bail!(unread);
        }
        Ok(Secret::new(text.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_addresses_are_in_the_clear() {
        for url in ["https://api.example", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:80"] {
            assert!(!in_the_clear(url), "{url}");
        }
        for url in [
            "http://api.example",
            "http://10.0.0.1:8080/x",
            "http://localhost.example",
            "http://[2001:db8::1]",
        ] {
            assert!(in_the_clear(url), "{url}");
        }
    }
}
