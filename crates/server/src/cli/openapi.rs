//! `tousu openapi`.

use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;

use crate::gateway;

/// Prints what the server answers at `/openapi.json`, for people to read and for programs to make types of.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let document: Value = serde_json::from_str(&gateway::openapi())?;
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(ExitCode::SUCCESS)
}
