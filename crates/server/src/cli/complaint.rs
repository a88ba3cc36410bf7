//! `tousu complaint …`: what the interfaces `tousu.complaint.…` do, for whoever may open the database.

mod personal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use tousu_wire::codes::{CodeTable, ComplaintFrom};
use tousu_wire::complaint_act::{Act, Standing};
use tousu_wire::{BeijingTime, InvalidParameter, Text, complaint_batch, complaint_changes, complaint_create};

use self::personal::{Erase, Reveal};
use super::app::no_shop;
use super::search::Search;
use super::{Session, bundle, shop_id};
use crate::handling::{self, Action, Caller, Deadlines, Refused};
use crate::life::{Actor, Event};
use crate::privacy::masked_text;
use crate::store::{Doer, KeptEntry, ShopId, Store};

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

/// Where complaints of one shop are handled.
struct Desk<'a> {
    session: &'a Session,
    deadlines: Deadlines,
    store: Store,
    shop: ShopId,
    operator: Option<String>,
}

impl Desk<'_> {
    fn caller(&self) -> Caller<'_> {
        let handling = &self.session.settings.handling;
        let now = self.session.clock.epoch();
        Caller { client_id: CLIENT_ID, person: None, now, handling, deadlines: &self.deadlines }
    }

    async fn create(&self, create: Create) -> anyhow::Result<()> {
        let Create { reason, phone, order, by, from, source_number } = create;
        let request = complaint_create::Request {
            complaint_reason: Some(reason),
            complainant_phone: phone,
            complaint_resource_id: order,
            by,
            complaint_from: from.map(ComplaintFrom::from),
            source_number,
            operator: self.operator.clone(),
            ..complaint_create::Request::default()
        };
        let done = handling::create(&self.store, &self.shop, &self.caller(), request).await?;
        let created = done.or_else(|why| self.refuse(why, ""))?;
        self.session.print(&created, |created| self.told(&created.complaint))
    }

    async fn act(&self, action: Action, act: Act) -> anyhow::Result<()> {
        let complaint_id = act.complaint_id.clone().unwrap_or_default();
        let act = Act { operator: self.operator.clone(), ..act };
        let done = handling::act(&self.store, &self.shop, action, &self.caller(), act).await?;
        let standing = done.or_else(|why| self.refuse(why, &complaint_id))?;
        self.session.print(&standing, |standing| self.told(standing))
    }

    async fn batch(&self, batch: Batch) -> anyhow::Result<ExitCode> {
        let Batch { action, complaint_ids, content, finish, by, assignee, add, remove } = batch;
        let operator = self.operator.clone();
        let finish = finish.then_some(1);
        let act = Act { content, finish, by, assignee, add, remove, operator, ..Act::default() };
        let request = complaint_batch::Request { action: Some(action), complaint_ids, act };
        let asked = request.query().and_then(|(action, ids, act)| Ok((Action::named(&action)?, ids, act)));
        let (action, ids, act) = asked.or_else(|why| self.refuse(why.into(), ""))?;
        let outcomes =
            handling::act_on_many(&self.store, &self.shop, action, &self.caller(), ids, &act).await?;
        let all = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
        let line = |(id, outcome): (String, Result<Standing, Refused>)| match outcome {
            Ok(standing) => (serde_json::json!({ "standing": standing }), self.told(&standing)),
            Err(why) => {
                let text = refuse::<()>(why, &self.shop, &id).err().map(|why| why.to_string());
                let text = self.session.pick(&text.unwrap_or_default());
                (serde_json::json!({ "complaint_id": id, "refused": text }), format!("{id} {text}"))
            }
        };
        let (values, lines): (Vec<_>, Vec<_>) = outcomes.into_iter().map(line).unzip();
        self.session.print(&values, |_| lines.join("\n"))?;
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn changes(&self, cursor: Option<String>, page_size: Option<i64>) -> anyhow::Result<()> {
        let request = complaint_changes::Request { cursor, page_size };
        let mut tx = self.store.read().await?;
        let (now, lang) = (self.session.clock.epoch(), self.session.lang);
        let answer = handling::changes(&mut tx, &self.shop, &request, now, lang).await?;
        let answer = answer.or_else(|why| self.refuse(why, ""))?;
        self.session.print(&answer, |answer| {
            let headings = ["序号 ¦ ENTRY", "时间 ¦ TIME", "事件 ¦ EVENT", "投诉单号 ¦ COMPLAINT"];
            let line = |change: &complaint_changes::Change| {
                let (entry, at) = (change.entry.to_string(), change.happened_at.to_string());
                vec![entry, at, change.title.clone(), change.complaint_id.clone()]
            };
            let table = self.session.table(&headings, answer.list.iter().map(line).collect());
            let cursor = &answer.next_cursor;
            let next = self.session.pick(&format!("继续：--cursor {cursor} ¦ go on: --cursor {cursor}"));
            format!("{table}\n{next}")
        })
    }

    async fn show(&self, complaint_id: &str) -> anyhow::Result<()> {
        let mut tx = self.store.read().await?;
        let handled = tx.handled(&self.shop, complaint_id).await?;
        let handled = handled.map_or_else(|| self.refuse(Refused::Unknown, complaint_id), Ok)?;
        let standing = handling::standing(&handled, self.session.clock.epoch());
        self.session.print(&standing, |standing| self.told(standing))
    }

    async fn bundle(&self, complaint_id: &str, output: &Path) -> anyhow::Result<()> {
        let operator = self.operator.clone().filter(|name| !name.is_empty());
        let doer = Doer {
            client_id: CLIENT_ID.to_owned(),
            operator: operator.unwrap_or_else(|| CLIENT_ID.to_owned()),
            actor: Actor::Merchant,
            call: None,
            now: self.session.clock.epoch(),
        };
        let made = handling::bundle(&self.store, &self.shop, &doer, &self.deadlines, complaint_id);
        match bundle::written(output, made).await? {
            Some(bundled) => {
                let (shown, digest) = (output.display().to_string(), &bundled.digest);
                let told = serde_json::json!({ "file": shown, "digest": digest });
                self.session.print(&told, |_| {
                    self.session
                        .pick(&format!("已写入 {shown}，摘要 {digest} ¦ written to {shown}, digest {digest}"))
                })
            }
            None => self.refuse(Refused::Unknown, complaint_id),
        }
    }

    async fn history(&self, complaint_id: &str) -> anyhow::Result<()> {
        let mut tx = self.store.read().await?;
        if tx.handled(&self.shop, complaint_id).await?.is_none() {
            return self.refuse(Refused::Unknown, complaint_id);
        }
        let history = tx.history(&self.shop, complaint_id).await?;
        let shown: Vec<_> = history.iter().map(|kept| self.line(kept)).collect();
        let headings =
            ["序号 ¦ ENTRY", "时间 ¦ TIME", "事件 ¦ EVENT", "操作方 ¦ ROLE", "操作人 ¦ WHO", "内容 ¦ SAID"];
        let value: Vec<_> = history
            .iter()
            .map(|kept| {
                serde_json::json!({
                    "entry": kept.number,
                    "event": kept.entry.event,
                    "actor": kept.entry.actor,
                    "operator": masked_text(&kept.entry.operator),
                    "happened_at": BeijingTime::from_epoch(kept.entry.happened_at),
                    "said": masked_text(&kept.entry.said),
                    "hash": kept.hash,
                })
            })
            .collect();
        self.session.print(&value, |_| self.session.table(&headings, shown))
    }

    fn line(&self, kept: &KeptEntry) -> Vec<String> {
        let entry = &kept.entry;
        let title = Event::title_of(&entry.event);
        let said: serde_json::Value = serde_json::from_str(&entry.said).unwrap_or_default();
        vec![
            kept.number.to_string(),
            BeijingTime::from_epoch(entry.happened_at).to_string(),
            self.session.pick(title),
            entry.actor.clone(),
            masked_text(&entry.operator).into_owned(),
            masked_text(said["content"].as_str().or(said["reason"].as_str()).unwrap_or_default())
                .into_owned(),
        ]
    }

    fn told(&self, standing: &Standing) -> String {
        let label = |label: Option<(&str, &str)>| {
            label.map(|(zh, en)| self.session.pick(&format!("{zh} ¦ {en}"))).unwrap_or_default()
        };
        let (state, step) = (label(standing.state.label()), label(standing.current_step.label()));
        let (id, ends) = (&standing.complaint_id, standing.operate_end_time);
        self.session.pick(&format!("{id} {state}，{step}，时限 {ends} ¦ {id} {state}, {step}, due {ends}"))
    }

    fn refuse<T>(&self, why: Refused, complaint_id: &str) -> anyhow::Result<T> {
        refuse(why, &self.shop, complaint_id)
    }
}

/// Why something was not done, as the commands say it.
pub(super) fn refuse<T>(why: Refused, shop: &ShopId, complaint_id: &str) -> anyhow::Result<T> {
    let text = match why {
        Refused::Parameter(InvalidParameter { name, problem }) => {
            let (zh, en) = (problem.pick(tousu_wire::Lang::Zh), problem.pick(tousu_wire::Lang::En));
            format!("{name} {zh} ¦ {name}: {en}")
        }
        Refused::NotAllowed(why) => both(&why.text()),
        Refused::Changed(text) => both(&text),
        Refused::Unknown => format!("没有投诉单 {complaint_id} ¦ there is no complaint {complaint_id}"),
        Refused::NoApp => both(&tousu_wire::ReturnCode::NoSuchApp.meaning().into()),
        Refused::NoSubscription => both(&tousu_wire::ReturnCode::NoSuchSubscription.meaning().into()),
        Refused::NoMember => both(&tousu_wire::ReturnCode::NoSuchMember.meaning().into()),
        Refused::Impossible(why) => both(&why),
        Refused::NotKept(None) => both(&tousu_wire::ReturnCode::PhoneNotKept.meaning().into()),
        Refused::NotKept(Some(why)) => both(&why),
        Refused::KeyTaken => "幂等键已用于另一调用 ¦ the idempotency key belongs to another call".into(),
        Refused::NoShop => no_shop(shop),
    };
    bail!(text)
}

pub(super) fn both(text: &Text) -> String {
    format!("{} ¦ {}", text.pick(tousu_wire::Lang::Zh), text.pick(tousu_wire::Lang::En))
}
