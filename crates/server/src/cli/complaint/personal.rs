//! `tousu complaint reveal|erase`: one person's number shown, and a person's data taken away.

use clap::Args;
use tousu_wire::{complaint_erase, complaint_reveal};

use super::Desk;
use crate::handling;

#[derive(Args)]
pub(super) struct Reveal {
    /// 投诉单号 ¦ the complaint's number
    complaint_id: String,
    /// 原因，记入历史 ¦ what for, for the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args)]
pub(super) struct Erase {
    /// 投诉单号 ¦ the complaint's number
    complaint_id: Option<String>,
    /// 用户 id：其全部投诉单 ¦ all complaints of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// 手机号：其全部投诉单 ¦ all complaints of whoever has this number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// 原因，记入历史 ¦ what for, for the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// 仅列出 ¦ only name the complaints
    #[arg(long)]
    dry_run: bool,
}

impl Reveal {
    pub(super) async fn run(self, desk: &Desk<'_>) -> anyhow::Result<()> {
        let Reveal { complaint_id, reason } = self;
        let request = complaint_reveal::Request {
            complaint_id: Some(complaint_id.clone()),
            reason: Some(reason),
            operator: desk.operator.clone(),
            idempotency_key: None,
        };
        let done = handling::reveal(&desk.store, &desk.shop, &desk.caller(), request).await?;
        let revealed = done.or_else(|why| desk.refuse(why, &complaint_id))?;
        desk.session.print(&revealed, |revealed| revealed.complainant_phone.clone())
    }
}

impl Erase {
    pub(super) async fn run(self, desk: &Desk<'_>) -> anyhow::Result<()> {
        let Erase { complaint_id, user, phone, reason, dry_run } = self;
        let request = complaint_erase::Request {
            complaint_id: complaint_id.clone(),
            complainant_user_id: user,
            complainant_phone: phone,
            reason: Some(reason),
            dry_run: Some(dry_run.into()),
            operator: desk.operator.clone(),
            idempotency_key: None,
        };
        let done = handling::erase(&desk.store, &desk.shop, &desk.caller(), request).await?;
        let erased = done.or_else(|why| desk.refuse(why, &complaint_id.unwrap_or_default()))?;
        desk.session.print(&erased, |erased| {
            let count = erased.complaint_ids.len();
            let (zh, en) = match (erased.dry_run, erased.more) {
                (true, _) => ("将清除", "to be erased"),
                (false, true) => ("已清除，还有更多，请再次执行", "erased, and there are more: run it again"),
                (false, false) => ("已清除", "erased"),
            };
            let ids = erased.complaint_ids.join("\n");
            let told = desk.session.pick(&format!("{count} 个投诉单{zh} ¦ {count} complaints {en}"));
            format!("{told}\n{ids}")
        })
    }
}
