//! `tousu config`: the settings in force, each with what it means.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;

use super::Session;
use crate::settings::Settings;

pub(super) fn run(session: &Session) -> anyhow::Result<ExitCode> {
    let shown = session.settings.redacted();
    let text = document(session, &shown)?;
    session.print(&shown, |_| text.trim_end().to_owned())?;
    Ok(ExitCode::SUCCESS)
}

/// The settings as a TOML file with comments, from the struct and its docs.
fn document(session: &Session, settings: &Settings) -> anyhow::Result<String> {
    let schema = schemars::schema_for!(Settings).to_value();
    let values = toml::Table::try_from(settings)?;
    let mut out = String::new();
    let (sections, plain): (Vec<_>, Vec<_>) = values.iter().partition(|(_, value)| value.is_table());
    for (name, value) in plain {
        setting(session, &mut out, &schema["properties"][name], name, value)?;
    }
    for (name, value) in sections {
        let section = &schema["properties"][name];
        let fields = definition(&schema, section);
        writeln!(out, "\n# {}\n[{name}]", session.pick(description(section)))?;
        for (name, value) in value.as_table().into_iter().flatten() {
            setting(session, &mut out, &fields["properties"][name], name, value)?;
        }
    }
    Ok(out)
}

fn setting(
    session: &Session,
    out: &mut String,
    schema: &Value,
    name: &str,
    value: &toml::Value,
) -> anyhow::Result<()> {
    writeln!(out, "# {}\n{name} = {value}", session.pick(description(schema)))?;
    Ok(())
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn definition<'a>(schema: &'a Value, section: &'a Value) -> &'a Value {
    let name = section["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    &schema["$defs"][name]
}
