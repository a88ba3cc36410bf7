//! `tousu complaint …`: what the interfaces `tousu.complaint.…` do, for whoever may open the database.

mod desk;
mod personal;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use tousu_wire::complaint_act::Act;

use self::desk::Desk;
use self::personal::{Erase, Reveal};
use super::search::Search;
use super::{Session, shop_id};
use crate::handling::{Action, Deadlines};

#[derive(Args)]
pub(super) struct Complaint {
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID", global = true)]
    shop: Option<String>,
    /// 操作人，记入历史（默认为登录用户） ¦ who does it, for the history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true, global = true)]
    operator: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// 新建投诉单 ¦ create a complaint
    Create(Create),
    /// 商家回复 ¦ reply as the merchant
    Reply {
        #[command(flatten)]
        said: Said,
        /// 回复后即处理完成 ¦ the reply finishes the complaint
        #[arg(long)]
        finish: bool,
    },
    /// 消费者回复 ¦ reply as the consumer
    ConsumerReply(Said),
    /// 平台核验不通过 ¦ the platform's check fails
    CheckFailed(MaybeSaid),
    /// 结单 ¦ close a complaint
    Close(MaybeSaid),
    /// 重新打开 ¦ reopen a complaint
    Reopen(MaybeSaid),
    /// 备注 ¦ note something for colleagues
    Note(Said),
    /// 分派 ¦ assign a complaint
    Assign {
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
        /// 处理人；不写则不再分派 ¦ whose work it becomes; without it nobody's
        assignee: Option<String>,
    },
    /// 加减标签 ¦ add and remove tags
    Tag {
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
        /// 要加的标签 ¦ tags to add
        #[arg(long, value_name = "TAG")]
        add: Vec<String>,
        /// 要去的标签 ¦ tags to remove
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// 显示处理情况 ¦ show how a complaint stands
    Show {
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
    },
    /// 一次处理多个投诉单 ¦ do the same to many complaints
    Batch(Batch),
    /// 自某处起的全部变更 ¦ everything that changed since some point
    Changes {
        /// 上次输出的游标；不写从头开始，latest 从现在开始 ¦ the cursor printed last; without it from the beginning, latest: from now on
        #[arg(long, value_name = "CURSOR")]
        cursor: Option<String>,
        /// 最多多少条，1 到 1000 ¦ how many at most, 1 to 1000
        #[arg(long, value_name = "COUNT")]
        page_size: Option<i64>,
    },
    /// 查看完整手机号，记入历史 ¦ reveal a phone number, which the history keeps
    Reveal(Reveal),
    /// 清除个人信息，不可恢复 ¦ erase a person's data for good
    Erase(Erase),
    /// 制作存证文件：时间线、回复、时限与历史，可离线查验 ¦ make a file of evidence: timeline, replies, deadlines and history, verified offline
    Bundle {
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
        /// 写入的文件（HTML） ¦ the file to write (HTML)
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// 显示历史 ¦ show what happened to a complaint
    History {
        /// 投诉单号 ¦ the complaint's number
        complaint_id: String,
    },
    /// 搜索投诉单 ¦ search complaints
    Search(Box<Search>),
}

#[derive(Args)]
struct Create {
    /// 问题描述 ¦ what is complained about
    reason: String,
    /// 投诉人手机号 ¦ the complainant's phone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// 订单或资源 ¦ the order or resource
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// 来自：consumer、platform 或 third_party ¦ who brings it: consumer, platform or third_party
    #[arg(long, value_name = "ROLE")]
    by: Option<String>,
    /// 投诉来源编号，如 203 ¦ the source's code, for example 203
    #[arg(long, value_name = "CODE")]
    from: Option<i64>,
    /// 来源单号，同一来源只建一次 ¦ the source's own number, created once
    #[arg(long, value_name = "NUMBER")]
    source_number: Option<String>,
}

#[derive(Args)]
struct Batch {
    /// 操作：reply、consumer_reply、check_failed、close、reopen、note、assign、tag ¦ the action: reply, consumer_reply, check_failed, close, reopen, note, assign or tag
    action: String,
    /// 投诉单号，不超过 1000 个 ¦ the complaints' numbers, up to 1000
    #[arg(required = true)]
    complaint_ids: Vec<String>,
    /// 内容 ¦ what is said
    #[arg(long, value_name = "TEXT")]
    content: Option<String>,
    /// 回复后即处理完成 ¦ the reply finishes the complaints
    #[arg(long)]
    finish: bool,
    /// 操作方：merchant、consumer 或 platform ¦ the role: merchant, consumer or platform
    #[arg(long, value_name = "ROLE")]
    by: Option<String>,
    /// 处理人 ¦ whose work they become
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// 要加的标签 ¦ tags to add
    #[arg(long, value_name = "TAG")]
    add: Vec<String>,
    /// 要去的标签 ¦ tags to remove
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

#[derive(Args)]
struct Said {
    /// 投诉单号 ¦ the complaint's number
    complaint_id: String,
    /// 内容 ¦ what is said
    content: String,
}

#[derive(Args)]
struct MaybeSaid {
    /// 投诉单号 ¦ the complaint's number
    complaint_id: String,
    /// 内容 ¦ what is said
    content: Option<String>,
    /// 操作方：merchant、consumer 或 platform（默认 platform） ¦ the role: merchant, consumer or platform (default platform)
    #[arg(long, value_name = "ROLE", default_value = "platform")]
    by: String,
}

/// Through what the history says that it came.
pub(super) const CLIENT_ID: &str = "tousu complaint";

impl Complaint {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let app_id = self.shop.context("请用 --shop 指明店铺 ¦ name the shop with --shop")?;
        let shop = shop_id(&app_id)?;
        let store = session.open_existing().await?;
        let deadlines = Deadlines::load(&session.settings.handling)?;
        let desk = Desk { session: &session, deadlines, store, shop, operator: self.operator };
        match self.what {
            What::Create(create) => desk.create(create).await?,
            What::Reply { said, finish } => {
                desk.act(Action::Reply, Act { finish: Some(finish.into()), ..said.act() }).await?
            }
            What::ConsumerReply(said) => desk.act(Action::ConsumerReply, said.act()).await?,
            What::CheckFailed(said) => desk.act(Action::CheckFailed, said.act()).await?,
            What::Close(said) => desk.act(Action::Close, said.act()).await?,
            What::Reopen(said) => desk.act(Action::Reopen, said.act()).await?,
            What::Note(said) => desk.act(Action::Note, said.act()).await?,
            What::Assign { complaint_id, assignee } => {
                desk.act(Action::Assign, Act { complaint_id: Some(complaint_id), assignee, ..Act::default() })
                    .await?
            }
            What::Tag { complaint_id, add, remove } => {
                desk.act(Action::Tag, Act { complaint_id: Some(complaint_id), add, remove, ..Act::default() })
                    .await?
            }
            What::Show { complaint_id } => desk.show(&complaint_id).await?,
            What::Batch(batch) => return desk.batch(batch).await,
            What::Changes { cursor, page_size } => desk.changes(cursor, page_size).await?,
            What::Reveal(reveal) => reveal.run(&desk).await?,
            What::Erase(erase) => erase.run(&desk).await?,
            What::Bundle { complaint_id, output } => desk.bundle(&complaint_id, &output).await?,
            What::History { complaint_id } => desk.history(&complaint_id).await?,
            What::Search(search) => search.run(&session, &desk.store, &desk.shop).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Said {
    fn act(self) -> Act {
        Act { complaint_id: Some(self.complaint_id), content: Some(self.content), ..Act::default() }
    }
}

impl MaybeSaid {
    fn act(self) -> Act {
        let MaybeSaid { complaint_id, content, by } = self;
        Act { complaint_id: Some(complaint_id), content, by: Some(by), ..Act::default() }
    }
}
