//! `tousu subscription …`: who is told of what happens, and what became of it.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use tousu_wire::codes::ChannelType;
use tousu_wire::subscription::{Deleted, KINDS, Request, Row, Subscription as Shown, Tested, WithSecret};
use tousu_wire::subscription_change::Change;
use tousu_wire::subscription_deliveries::{self as wire, Delivery, Replay, Replayed, STATES};
use tousu_wire::{BeijingTime, ReturnCode};

use super::app::no_shop;
use super::refused::{both, refuse};
use super::{Session, shop_id};
use crate::handling::{self, Caller, Deadlines, Refused};
use crate::notices::Sender;
use crate::store::{ShopId, Store};

/// Through what the history says that it came.
const CLIENT_ID: &str = "tousu subscription";

#[derive(Args)]
pub(super) struct Subscription {
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
    /// 列出订阅 ¦ list subscriptions
    List,
    /// 查看订阅 ¦ show a subscription
    Show(Which),
    /// 建立订阅，签名密钥只显示这一次 ¦ make a subscription; what signs its webhooks is shown this once
    Add {
        /// 方式：webhook、wecom、dingtalk、feishu、email ¦ webhook, wecom, dingtalk, feishu or email
        #[arg(long)]
        kind: String,
        /// 地址：https 地址，或邮箱（以逗号分隔） ¦ an https address, or those of mail with commas between
        #[arg(long, value_name = "ADDRESS")]
        target: String,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// 更改订阅，未写的不变 ¦ change a subscription; what is not named stays
    Change {
        #[command(flatten)]
        which: Which,
        /// 地址 ¦ the address
        #[arg(long, value_name = "ADDRESS")]
        target: Option<String>,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// 更换 webhook 的签名密钥，新密钥只显示这一次 ¦ make a new secret for a webhook, which is shown this once
    RotateSecret {
        #[command(flatten)]
        which: Which,
        /// 旧密钥同时签名的小时数（默认 24） ¦ for how many hours the old secret goes on signing (default 24)
        #[arg(long, value_name = "HOURS")]
        overlap_hours: Option<i64>,
    },
    /// 删除订阅及其投递记录 ¦ delete a subscription and what is kept of its deliveries
    Delete(Which),
    /// 立即发送一条测试通知 ¦ send a test notice now
    Test(Which),
    /// 查询投递记录，新的在前 ¦ look up deliveries, the newest first
    Deliveries {
        #[command(flatten)]
        which: Which,
        /// 状态：waiting、behind、delivered、given_up、no_news ¦ waiting, behind, delivered, given_up or no_news
        #[arg(long)]
        state: Option<String>,
        /// 投诉单号 ¦ the complaint's number
        #[arg(long, value_name = "ID")]
        complaint: Option<String>,
        /// 上一页给出的游标 ¦ the cursor that the page before gave
        #[arg(long)]
        cursor: Option<String>,
        /// 每页条数（默认 100） ¦ deliveries per page (default 100)
        #[arg(long, value_name = "N")]
        page_size: Option<i64>,
    },
    /// 重新投递：指明的、某段时间的，或全部已放弃的 ¦ send again: those named, those of a time, or all that were given up
    Replay {
        #[command(flatten)]
        which: Which,
        /// 投递 id，由 deliveries 给出 ¦ delivery ids, as deliveries shows them
        #[arg(value_name = "DELIVERY")]
        deliveries: Vec<String>,
        /// 登记时间起，如 "2024-05-01 12:00:00" ¦ put down since then, for example "2024-05-01 12:00:00"
        #[arg(long, value_name = "TIME")]
        since: Option<BeijingTime>,
        /// 登记时间止，含 ¦ put down until then, included
        #[arg(long, value_name = "TIME")]
        until: Option<BeijingTime>,
        /// 也包括已送达的 ¦ also those that were delivered
        #[arg(long)]
        delivered: bool,
    },
}

/// Which subscription is meant.
#[derive(Args)]
struct Which {
    /// 订阅 id ¦ the subscription's id
    #[arg(value_name = "SUBSCRIPTION")]
    subscription_id: String,
}

/// What somebody wants of a subscription.
#[derive(Args)]
struct Wishes {
    /// 名称 ¦ the name
    #[arg(long)]
    name: Option<String>,
    /// 钉钉、飞书机器人的签名密钥；off 为不签名 ¦ what a DingTalk or Feishu bot signs with; off: nothing
    #[arg(long)]
    secret: Option<String>,
    /// 事件，如 complaint.created，以逗号分隔；all 为全部 ¦ events like complaint.created, with commas between; all of them: all
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Option<Vec<String>>,
    /// 渠道编号，以逗号分隔；0 为全部 ¦ numbers of channels, with commas between; 0 for all
    #[arg(long, value_name = "CHANNELS", value_delimiter = ',')]
    channels: Option<Vec<i64>>,
    /// 免打扰时段，如 22:00-08:00；off 为不设 ¦ when to be quiet, for example 22:00-08:00; off: never
    #[arg(long, value_name = "HOURS")]
    quiet_hours: Option<String>,
    /// 日报时间，如 09:05；off 为不发 ¦ when to report the day, for example 09:05; off: never
    #[arg(long, value_name = "TIME")]
    digest_time: Option<String>,
    /// 是否启用：0 否，1 是 ¦ whether it is in use: 0 no, 1 yes
    #[arg(long, value_name = "0|1")]
    enabled: Option<i64>,
}

impl Wishes {
    fn change(self) -> Change {
        let Wishes { name, secret, events, channels, quiet_hours, digest_time, enabled } = self;
        let all = |events: Vec<String>| if events == ["all"] { Vec::new() } else { events };
        let channels = channels.map(|channels| channels.into_iter().map(ChannelType::from).collect());
        let events = events.map(all);
        Change { name, secret, events, channels, quiet_hours, digest_time, enabled, ..Change::default() }
    }
}

impl Subscription {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let Subscription { shop, operator, what } = self;
        let shop = shop.ok_or_else(|| anyhow::anyhow!("请用 --shop 指明店铺 ¦ name the shop with --shop"))?;
        let shop = shop_id(&shop)?;
        let store = session.open_existing().await?;
        let deadlines = Deadlines::load(&session.settings.handling)?;
        Desk { session: &session, deadlines, store, shop, operator }.run(what).await
    }
}

/// Where subscriptions of one shop are looked after.
struct Desk<'a> {
    session: &'a Session,
    deadlines: Deadlines,
    store: Store,
    shop: ShopId,
    operator: Option<String>,
}

impl Desk<'_> {
    async fn run(self, what: What) -> anyhow::Result<ExitCode> {
        match what {
            What::List => self.list().await?,
            What::Show(which) => self.show(&which.subscription_id).await?,
            What::Add { kind, target, wishes } => {
                let asked = Change { kind: Some(kind), target: Some(target), ..wishes.change() };
                self.add(asked).await?;
            }
            What::Change { which, target, wishes } => {
                let subscription_id = Some(which.subscription_id);
                self.change(Change { subscription_id, target, ..wishes.change() }).await?;
            }
            What::RotateSecret { which, overlap_hours } => {
                let asked = Request { overlap_hours, ..self.request(which) };
                let done =
                    handling::rotate_subscription_secret(&self.store, &self.shop, &self.caller(), asked)
                        .await?;
                self.with_secret(self.done(done)?)?;
            }
            What::Delete(which) => {
                let asked = self.request(which);
                let done =
                    handling::delete_subscription(&self.store, &self.shop, &self.caller(), asked).await?;
                self.session.print(&self.done(done)?, |Deleted { subscription_id }| {
                    self.session.pick(&format!("已删除 {subscription_id} ¦ {subscription_id} is deleted"))
                })?;
            }
            What::Test(which) => return self.test(&which.subscription_id).await,
            What::Deliveries { which, state, complaint, cursor, page_size } => {
                let subscription_id = Some(which.subscription_id);
                let asked =
                    wire::Request { subscription_id, state, complaint_id: complaint, cursor, page_size };
                self.deliveries(&asked).await?;
            }
            What::Replay { which, deliveries, since, until, delivered } => {
                let asked = Replay {
                    subscription_id: Some(which.subscription_id),
                    delivery_ids: deliveries,
                    start_time: since,
                    end_time: until,
                    delivered: delivered.then_some(1),
                    idempotency_key: None,
                };
                let done =
                    handling::replay_deliveries(&self.store, &self.shop, &self.caller(), asked).await?;
                self.session.print(&self.done(done)?, |Replayed { replayed }| {
                    self.session.pick(&format!("重新投递 {replayed} 条 ¦ {replayed} are sent again"))
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn caller(&self) -> Caller<'_> {
        let handling = &self.session.settings.handling;
        let now = self.session.clock.epoch();
        Caller { client_id: CLIENT_ID, person: None, now, handling, deadlines: &self.deadlines }
    }

    fn request(&self, which: Which) -> Request {
        let (subscription_id, operator) = (Some(which.subscription_id), self.operator.clone());
        Request { subscription_id, operator, ..Request::default() }
    }

    fn done<T>(&self, done: Result<T, Refused>) -> anyhow::Result<T> {
        done.or_else(|why| refuse(why, &self.shop, ""))
    }

    async fn list(&self) -> anyhow::Result<()> {
        let mut tx = self.store.read().await?;
        if tx.version(&self.shop).await?.is_none() {
            bail!(no_shop(&self.shop));
        }
        let (now, lang) = (self.session.clock.epoch(), self.session.lang);
        let rows = handling::subscriptions(&mut tx, &self.shop, now, lang).await?;
        self.session.print(&rows, |rows| self.table(rows))
    }

    async fn show(&self, id: &str) -> anyhow::Result<()> {
        let mut tx = self.store.read().await?;
        let (now, lang) = (self.session.clock.epoch(), self.session.lang);
        let found = handling::subscription(&mut tx, &self.shop, id, now, lang).await?;
        let Some(row) = found else { bail!(no_such_subscription()) };
        self.session.print(&row, |row| {
            let mut lines = vec![self.told(&row.subscription)];
            let Row { subscription: _, waiting, given_up, failures, problem, paused_until } = row;
            lines.push(self.session.pick(&format!(
                "待送达 {waiting}，已放弃 {given_up}，连续失败 {failures} ¦ {waiting} waiting, {given_up} given up, {failures} failures in a row"
            )));
            if let Some(until) = paused_until {
                lines.push(self.session.pick(&format!("暂停至 {until} ¦ paused until {until}")));
            }
            if !problem.is_empty() {
                lines.push(problem.clone());
            }
            lines.join("\n")
        })
    }

    async fn add(&self, asked: Change) -> anyhow::Result<()> {
        let asked = Change { operator: self.operator.clone(), ..asked };
        let allowed = self.session.settings.notices.allowed();
        let done =
            handling::create_subscription(&self.store, &self.shop, &self.caller(), allowed, asked).await?;
        self.with_secret(self.done(done)?)
    }

    async fn change(&self, asked: Change) -> anyhow::Result<()> {
        let asked = Change { operator: self.operator.clone(), ..asked };
        let allowed = self.session.settings.notices.allowed();
        let done =
            handling::change_subscription(&self.store, &self.shop, &self.caller(), allowed, asked).await?;
        self.session.print(&self.done(done)?, |subscription| self.told(subscription))
    }

    fn with_secret(&self, done: WithSecret) -> anyhow::Result<()> {
        self.session.print(&done, |WithSecret { subscription, secret }| {
            let told = self.told(subscription);
            secret.as_ref().map_or(told.clone(), |secret| format!("{told}\n{secret}"))
        })?;
        if done.secret.is_some() {
            self.session.once_only();
        }
        Ok(())
    }

    async fn test(&self, id: &str) -> anyhow::Result<ExitCode> {
        let Session { settings, clock, lang, .. } = self.session;
        let sender = Sender::new(settings, clock.clone());
        let tested =
            handling::test_subscription(&self.store, &sender, &self.shop, id, clock.epoch(), *lang).await?;
        let Some(tested) = tested else { bail!(no_such_subscription()) };
        self.session.print(&tested, |Tested { delivered, status: _, problem }| match delivered {
            1 => self.session.pick("已送达 ¦ delivered"),
            _ => self.session.pick(&format!("未送达：{problem} ¦ not delivered: {problem}")),
        })?;
        Ok(if tested.delivered == 1 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn deliveries(&self, asked: &wire::Request) -> anyhow::Result<()> {
        let query = asked.query().or_else(|why| refuse(why.into(), &self.shop, ""))?;
        let mut tx = self.store.read().await?;
        let page = handling::deliveries(&mut tx, &self.shop, &query, self.session.lang).await?;
        let Some(page) = page else { bail!(no_such_subscription()) };
        self.session.print(&page, |wire::Response { list, next_cursor }| {
            let line = |delivery: &Delivery| {
                let last = delivery.tries.last();
                vec![
                    delivery.delivery_id.clone(),
                    delivery.created_at.to_string(),
                    delivery.event.clone(),
                    delivery.complaint_id.clone(),
                    self.named(&STATES, &delivery.state),
                    delivery.attempts.to_string(),
                    last.map(|one| one.problem.clone()).unwrap_or_default(),
                ]
            };
            let headings = [
                "投递 ¦ DELIVERY",
                "登记时间 ¦ SINCE",
                "事件 ¦ EVENT",
                "投诉单号 ¦ COMPLAINT",
                "状态 ¦ STATE",
                "尝试 ¦ TRIES",
                "原因 ¦ PROBLEM",
            ];
            let mut table = self.session.table(&headings, list.iter().map(line).collect());
            if !next_cursor.is_empty() {
                table += &self
                    .session
                    .pick(&format!("\n下一页：--cursor {next_cursor} ¦ \nnext page: --cursor {next_cursor}"));
            }
            table
        })
    }

    fn table(&self, rows: &[Row]) -> String {
        let line = |row: &Row| {
            let subscription = &row.subscription;
            let state = if subscription.enabled == 1 { "启用 ¦ in use" } else { "停用 ¦ disabled" };
            vec![
                subscription.subscription_id.clone(),
                self.named(&KINDS, &subscription.kind),
                subscription.name.clone(),
                subscription.target.clone(),
                self.session.pick(state),
                row.waiting.to_string(),
                row.given_up.to_string(),
                row.problem.clone(),
            ]
        };
        let headings = [
            "订阅 ¦ SUBSCRIPTION",
            "方式 ¦ KIND",
            "名称 ¦ NAME",
            "地址 ¦ TARGET",
            "状态 ¦ STATE",
            "待送达 ¦ WAITING",
            "已放弃 ¦ GIVEN UP",
            "问题 ¦ PROBLEM",
        ];
        self.session.table(&headings, rows.iter().map(line).collect())
    }

    fn told(&self, shown: &Shown) -> String {
        let Shown { subscription_id, kind, name, target, events, enabled, .. } = shown;
        let kind = self.named(&KINDS, kind);
        let state = self.session.pick(if *enabled == 1 { "启用 ¦ in use" } else { "停用 ¦ disabled" });
        let events = if events.is_empty() {
            self.session.pick("全部事件 ¦ all events")
        } else {
            events.join(" ")
        };
        format!("{subscription_id}  {kind}  {name}  {target}  {state}  {events}")
    }

    /// What people call that name.
    fn named(&self, known: &[(&str, &str)], name: &str) -> String {
        let found = known.iter().find(|known| known.0 == name);
        self.session.pick(found.map_or(name, |known| known.1))
    }
}

fn no_such_subscription() -> String {
    both(&ReturnCode::NoSuchSubscription.meaning().into())
}
