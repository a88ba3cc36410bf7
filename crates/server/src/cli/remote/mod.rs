//! Commands that speak to a server, the official one or ours, as an app: which one, a profile says.

mod call;
mod columns;
mod conformance;
pub(super) mod exit;
mod export;
mod filters;
mod keyring;
mod list;
mod login;
mod marks;
mod output;
mod page;
mod ping;
mod profiles;
pub(super) mod screen;
mod show;
#[cfg(test)]
mod testing;
mod walk;
mod watch;
pub(super) mod when;
mod whoami;

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tousu_client::{Client, Credentials, Retry};
use tousu_wire::Text;

pub(super) use self::call::Call;
pub(super) use self::conformance::Conformance;
pub(super) use self::export::{Wanted, export};
pub(super) use self::filters::Filters;
pub(super) use self::list::List;
pub(super) use self::login::{Login, Logout};
pub(super) use self::output::written;
pub(super) use self::ping::Ping;
pub(super) use self::screen::harmless;
pub(super) use self::show::Show;
pub(super) use self::whoami::Whoami;

use self::profiles::{Profile, Profiles};
use super::Session;

/// Which server, as which app.
#[derive(Args, Clone, Debug)]
pub(super) struct Target {
    /// 配置名，由 tousu login 建立（默认为第一个） ¦ the profile, made by tousu login (default: the first)
    #[arg(long, value_name = "NAME", env = "TOUSU_PROFILE")]
    profile: Option<String>,
}

/// A server, and the client for it.
struct Connection {
    /// The profile's name.
    name: String,
    profile: Profile,
    client: Client,
}

impl Target {
    /// The client of the profile, for somebody who waits. Nothing is called yet, and no secret is read before a token must
    /// be fetched.
    fn connect(&self) -> anyhow::Result<Connection> {
        self.connect_to(None, HURRIED)
    }

    /// The same for work that is long anyhow.
    fn connect_patiently(&self) -> anyhow::Result<Connection> {
        self.connect_to(None, Retry::default())
    }

    /// The same, perhaps at another address than the profile's.
    fn connect_to(&self, url: Option<&str>, retry: Retry) -> anyhow::Result<Connection> {
        let profiles = Profiles::load()?;
        let (name, profile) = profiles.get(self.profile.as_deref())?;
        let (name, mut profile) = (name.to_owned(), profile.clone());
        if let Some(url) = url {
            url.clone_into(&mut profile.url);
        }
        let builder = builder(&profile).retry(retry).secret_from({
            let (name, profile) = (name.clone(), profile.clone());
            move || {
                let secret = profiles.secret(&name, &profile).map_err(|error| error.to_string())?;
                Ok(secret.reveal().to_owned())
            }
        });
        // Without a folder for it each process fetches a token of its own, which is slower and no more.
        let builder = match profiles::token_file(&name) {
            Ok(file) => builder.token_cache(file),
            Err(_) => builder,
        };
        Ok(Connection { client: builder.build()?, name, profile })
    }
}

/// Address and credentials of a profile, for what keeps a client of its own.
pub(super) fn upstream(name: &str) -> anyhow::Result<(String, Credentials)> {
    let profiles = Profiles::load()?;
    let (name, profile) = profiles.get(Some(name))?;
    let secret = profiles.secret(name, profile)?;
    Ok((profile.url.clone(), credentials(profile, secret.reveal())))
}

/// The patience of somebody who waits: that of a window of the rate limit, and no longer.
const HURRIED: Retry = Retry {
    attempts: 4,
    base: Duration::from_millis(300),
    most: Duration::from_secs(10),
    patience: Duration::from_secs(12),
};

/// How every client here begins.
fn builder(profile: &Profile) -> tousu_client::Builder {
    Client::builder()
        .base_url(&profile.url)
        .credentials(credentials(profile, ""))
        .user_agent(concat!("tousu/", env!("CARGO_PKG_VERSION")))
}

fn credentials(profile: &Profile, secret_key: &str) -> Credentials {
    let Profile { url: _, app_id, client_id, secret: _ } = profile;
    Credentials { app_id: app_id.clone(), client_id: client_id.clone(), secret_key: secret_key.to_owned() }
}

impl Session {
    /// Tells something that is no data: on stderr. `text` is `中文 ¦ English`.
    fn note(&self, text: &str) {
        eprintln!("{}", screen::on_one_line(Text::from(text).pick(self.lang)));
    }

    /// Tells something, and why it is so.
    pub(super) fn note_why(&self, text: &str, why: &dyn std::fmt::Display) {
        let (text, why) = (self.pick(text), self.pick(&why.to_string()));
        eprintln!("{}", screen::on_one_line(&format!("{text}: {why}")));
    }
}

/// What went wrong while this was called, as a command tells it.
fn asked<T>(what: &str, result: Result<T, tousu_client::Error>) -> anyhow::Result<T> {
    result.with_context(|| format!("{what} 未成功 ¦ {what} did not go well"))
}
