//! Secrets in the system's keyring, where there is one: through `secret-tool`, the program of libsecret, which speaks
//! to GNOME Keyring, KWallet and others. Nothing of a secret is ever an argument.
//!
//! Not through a crate: those bring D-Bus into every build, for a service that servers do not have. Linux' own kernel
//! keyring needs no service, but forgets at every restart.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::secrets::Secret;

const PROGRAM: &str = "secret-tool";

/// Whether a secret can be kept there: the program is there, and there is a service to speak to.
pub(super) fn is_there() -> bool {
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty())
        && std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file()))
}

/// Keeps the profile's secret.
pub(super) fn put(profile: &str, secret: &Secret) -> anyhow::Result<()> {
    let label = format!("--label=tousu {profile}");
    run(&["store", &label], profile, Some(secret)).map(drop)
}

/// The profile's secret.
pub(super) fn get(profile: &str) -> anyhow::Result<String> {
    run(&["lookup"], profile, None)
}

/// Forgets the profile's secret.
pub(super) fn remove(profile: &str) -> anyhow::Result<()> {
    run(&["clear"], profile, None).map(drop)
}

fn run(arguments: &[&str], profile: &str, typed: Option<&Secret>) -> anyhow::Result<String> {
    let unheard = "密钥环（secret-tool）没有答复 ¦ the keyring (secret-tool) does not answer";
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .args(["service", "tousu", "profile", profile])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context(unheard)?;
    if let (Some(mut input), Some(secret)) = (child.stdin.take(), typed) {
        input.write_all(secret.reveal().as_bytes()).context(unheard)?;
    }
    let done = child.wait_with_output().context(unheard)?;
    if !done.status.success() {
        bail!("密钥环（secret-tool）拒绝了 ¦ the keyring (secret-tool) refused");
    }
    String::from_utf8(done.stdout).context(unheard)
}
