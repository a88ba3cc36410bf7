//! Where complaints of one shop are handled, and how the commands tell what came of it.

use std::path::Path;
use std::process::ExitCode;

use tousu_wire::codes::{CodeTable, ComplaintFrom};
use tousu_wire::complaint_act::{Act, Standing};
use tousu_wire::{BeijingTime, complaint_batch, complaint_changes, complaint_create};

use super::{Batch, CLIENT_ID, Create};
use crate::cli::refused::refuse;
use crate::cli::{Session, bundle};
use crate::handling::{self, Action, Caller, Deadlines, Refused};
use crate::life::{Actor, Event};
use crate::privacy::masked_text;
use crate::store::{KeptEntry, ShopId, Store};

/// Where complaints of one shop are handled.
pub(super) struct Desk<'a> {
    pub(super) session: &'a Session,
    pub(super) deadlines: Deadlines,
    pub(super) store: Store,
    pub(super) shop: ShopId,
    pub(super) operator: Option<String>,
}

impl Desk<'_> {
    pub(super) fn caller(&self) -> Caller<'_> {
        let handling = &self.session.settings.handling;
        let now = self.session.clock.epoch();
        Caller { client_id: CLIENT_ID, person: None, now, handling, deadlines: &self.deadlines }
    }

    pub(super) async fn create(&self, create: Create) -> anyhow::Result<()> {
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

    pub(super) async fn act(&self, action: Action, act: Act) -> anyhow::Result<()> {
        let complaint_id = act.complaint_id.clone().unwrap_or_default();
        let act = Act { operator: self.operator.clone(), ..act };
        let done = handling::act(&self.store, &self.shop, action, &self.caller(), act).await?;
        let standing = done.or_else(|why| self.refuse(why, &complaint_id))?;
        self.session.print(&standing, |standing| self.told(standing))
    }

    pub(super) async fn batch(&self, batch: Batch) -> anyhow::Result<ExitCode> {
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

    pub(super) async fn changes(&self, cursor: Option<String>, page_size: Option<i64>) -> anyhow::Result<()> {
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

    pub(super) async fn show(&self, complaint_id: &str) -> anyhow::Result<()> {
        let mut tx = self.store.read().await?;
        let handled = tx.handled(&self.shop, complaint_id).await?;
        let handled = handled.map_or_else(|| self.refuse(Refused::Unknown, complaint_id), Ok)?;
        let standing = handling::standing(&handled, self.session.clock.epoch());
        self.session.print(&standing, |standing| self.told(standing))
    }

    pub(super) async fn bundle(&self, complaint_id: &str, output: &Path) -> anyhow::Result<()> {
        let operator = self.operator.as_deref().filter(|name| !name.is_empty());
        let doer = self.caller().doer(Actor::Merchant, operator);
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

    pub(super) async fn history(&self, complaint_id: &str) -> anyhow::Result<()> {
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

    pub(super) fn told(&self, standing: &Standing) -> String {
        let label = |label: Option<(&str, &str)>| {
            label.map(|(zh, en)| self.session.pick(&format!("{zh} ¦ {en}"))).unwrap_or_default()
        };
        let (state, step) = (label(standing.state.label()), label(standing.current_step.label()));
        let (id, ends) = (&standing.complaint_id, standing.operate_end_time);
        self.session.pick(&format!("{id} {state}，{step}，时限 {ends} ¦ {id} {state}, {step}, due {ends}"))
    }

    pub(super) fn refuse<T>(&self, why: Refused, complaint_id: &str) -> anyhow::Result<T> {
        refuse(why, &self.shop, complaint_id)
    }
}
