//! `tousu whoami`: which app on which server, what it may do, and how often it may still call.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use tousu_client::{Client, Limits};
use tousu_wire::app::AppList;
use tousu_wire::complaint_act::{CheckFailed, Note};
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::complaint_reveal::ComplaintReveal;
use tousu_wire::{BeijingTime, Endpoint, ReturnCode};

use super::exit;
use super::{Connection, Target, asked};
use crate::cli::Session;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Whoami {
    #[command(flatten)]
    target: Target,
}

/// What is told.
#[derive(Serialize)]
struct Told {
    profile: String,
    url: String,
    app_id: String,
    client_id: Option<String>,
    token_expires_at: BeijingTime,
    /// Whether the server is one of ours, with more interfaces than the published ones.
    ours: bool,
    interfaces: Vec<Tried>,
}

/// An interface that was tried.
#[derive(Serialize)]
struct Tried {
    name: &'static str,
    /// What people call it (`中文 ¦ English`); its name is too long for a table.
    #[serde(skip)]
    title: &'static str,
    permission_set: &'static str,
    /// What it answered.
    code: Option<i64>,
    /// Whether the app may call it; none if the answer does not tell.
    permitted: Option<bool>,
    /// Calls left of how many.
    remaining: Option<u64>,
    limit: Option<u64>,
}

impl Whoami {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let Connection { name, profile, client } = self.target.connect()?;
        let token = asked("token", client.access_token().await)?;
        let (listed, first) = list(&client).await?;
        let mut interfaces = vec![listed];
        // Without a complaint there is none to ask for, and a missing one may be answered in any way.
        if let Some(id) = first {
            let asked_for = json!({ "complaint_id": id });
            interfaces.push(tried::<ComplaintInfoGet>(&client, &asked_for).await?);
        }
        let apps = tried::<AppList>(&client, &json!({})).await?;
        // Whatever else answers for an interface that it does not know may do so in its own way.
        let ours = apps.permitted.is_some();
        if ours {
            // Refused for what is missing before anything could be done, but only to whoever has the permission set.
            interfaces.push(tried::<Note>(&client, &json!({})).await?);
            interfaces.push(tried::<CheckFailed>(&client, &json!({})).await?);
            interfaces.push(apps);
            interfaces.push(tried::<ComplaintReveal>(&client, &json!({})).await?);
        }
        let limits = client.last_limits();
        let interfaces = interfaces.into_iter().map(|one| with_limits(one, &limits)).collect();
        let told = Told {
            profile: name,
            url: profile.url,
            app_id: profile.app_id,
            client_id: profile.client_id,
            token_expires_at: BeijingTime::from_epoch(token.expires_at()),
            ours,
            interfaces,
        };
        session.print(&told, |told| shown(&session, told))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The list, and the number of its first complaint.
async fn list(client: &Client) -> anyhow::Result<(Tried, Option<String>)> {
    let called =
        client.call_raw(ComplaintList::NAME, ComplaintList::VERSION, &json!({ "page_size": 1 })).await;
    let answer = asked(ComplaintList::NAME, called)?;
    let first =
        answer.json().and_then(|body| Some(body["data"]["list"][0]["complaint_id"].as_str()?.to_owned()));
    Ok((judged::<ComplaintList>(answer.code()), first))
}

async fn tried<E: Endpoint>(client: &Client, request: &Value) -> anyhow::Result<Tried> {
    let answer = asked(E::NAME, client.call_raw(E::NAME, E::VERSION, request).await)?;
    Ok(judged::<E>(answer.code()))
}

fn judged<E: Endpoint>(code: Option<i64>) -> Tried {
    let permitted = match code.and_then(ReturnCode::from_number) {
        Some(ReturnCode::Success | ReturnCode::InvalidParameter | ReturnCode::NoSuchComplaint) => Some(true),
        Some(ReturnCode::NotPermitted) => Some(false),
        _ => None,
    };
    Tried {
        name: E::NAME,
        title: E::TITLE,
        permission_set: E::PERMISSION_SET.name(),
        code,
        permitted,
        remaining: None,
        limit: None,
    }
}

fn with_limits(tried: Tried, limits: &BTreeMap<String, Limits>) -> Tried {
    match limits.get(tried.name) {
        Some(told) => Tried { remaining: told.remaining, limit: told.limit, ..tried },
        None => tried,
    }
}

fn shown(session: &Session, told: &Told) -> String {
    let Told { profile, url, app_id, client_id, token_expires_at, ours, interfaces } = told;
    let kind = if *ours { "tousu" } else { "–" };
    let mut lines: Vec<String> = [
        ("配置 ¦ profile", profile.as_str()),
        ("服务器 ¦ server", url.as_str()),
        ("服务器种类 ¦ kind", kind),
        ("app_id", app_id.as_str()),
        ("client_id", client_id.as_deref().unwrap_or("–")),
        ("令牌有效至 ¦ token until", &token_expires_at.to_string()),
    ]
    .into_iter()
    .map(|(label, value)| format!("{}  {value}", super::screen::fitted(&session.pick(label), 12)))
    .collect();
    let row = |tried: &Tried| {
        let permitted = match tried.permitted {
            Some(true) => "可以 ¦ yes",
            Some(false) => "没有权限集 ¦ not granted",
            None => "不确定 ¦ uncertain",
        };
        let code = tried.code.map_or_else(|| "–".to_owned(), |code| code.to_string());
        let left = match (tried.remaining, tried.limit) {
            (Some(remaining), Some(limit)) => format!("{remaining}/{limit}"),
            _ => "–".to_owned(),
        };
        vec![tried.permission_set.to_owned(), session.pick(permitted), left, code, session.pick(tried.title)]
    };
    let headings = [
        "权限集 ¦ PERMISSION SET",
        "可否 ¦ MAY",
        "剩余次数 ¦ CALLS LEFT",
        "返回码 ¦ CODE",
        "接口 ¦ INTERFACE",
    ];
    lines.push(String::new());
    lines.push(session.table(&headings, interfaces.iter().map(row).collect()));
    lines.join("\n")
}
