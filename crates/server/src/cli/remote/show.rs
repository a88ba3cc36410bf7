//! `tousu show ID`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tousu_client::{Client, Error};
use tousu_wire::ReturnCode;
use tousu_wire::complaint_info_get::{self, ComplaintInfoGet};
use tousu_wire::complaint_list::{self, ComplaintList, Row};

use super::exit::{Exit, Failure};
use super::output::written;
use super::screen::Look;
use super::{Target, asked, exit, page};
use crate::cli::Session;

#[derive(Args)]
#[command(after_help = exit::help())]
pub(in crate::cli) struct Show {
    /// 投诉单号 ¦ the complaint's number
    #[arg(value_name = "ID")]
    complaint_id: String,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    look: Look,
}

impl Show {
    pub(in crate::cli) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let id = &self.complaint_id;
        let client = self.target.connect()?.client;
        let row = asked("list", row(&client, id).await)?;
        let request = complaint_info_get::Request { complaint_id: Some(id.clone()) };
        let detail = match client.call::<ComplaintInfoGet>(&request).await {
            Ok(detail) => Some(detail),
            Err(error) if error.is_refused(ReturnCode::NoSuchComplaint) && row.is_none() => {
                return Err(Failure::new(
                    Exit::NotFound,
                    format!("没有投诉单 {id} ¦ there is no complaint {id}"),
                )
                .into());
            }
            // The list has it all but replies and pictures.
            Err(error) if row.is_some() => {
                session.note_why("没有详情与回复 ¦ without detail and replies", &error);
                None
            }
            Err(error) => return asked("show", Err(error)),
        };
        let shown = if session.json {
            serde_json::to_string(&json!({ "row": row, "detail": detail }))?
        } else {
            let now = session.clock.epoch();
            page::page(row.as_ref(), detail.as_ref(), self.look.screen(), session.lang, now)
        };
        written(writeln!(std::io::stdout(), "{shown}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the list has of it.
async fn row(client: &Client, id: &str) -> Result<Option<Row>, Error> {
    let request = complaint_list::Request { complaint_id: Some(id.to_owned()), ..Default::default() };
    let found = client.call::<ComplaintList>(&request).await?.list;
    // A server that does not know the filter would answer with others.
    Ok(found.into_iter().find(|row| row.complaint_id == id))
}
