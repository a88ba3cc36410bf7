//! `tousu complaint search`.

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value};
use tousu_wire::codes::CodeTable;
use tousu_wire::complaint_search::{Request, Response, Row};
use tousu_wire::{InvalidParameter, lenient};

use super::Session;
use super::app::no_shop;
use super::refused::refuse;
use crate::search::Place;
use crate::store::{ShopId, Store, Wish};

#[derive(Args)]
pub(super) struct Search {
    /// 问题描述中的文字，2 到 100 字 ¦ part of the reason, 2 to 100 characters
    text: Option<String>,
    /// 投诉类型编号，可重复 ¦ the channel's code; may be repeated
    #[arg(long = "channel", value_name = "CODE")]
    channel_type: Vec<String>,
    /// 处理状态：0 待处理，1 处理中，2 处理完成，可重复 ¦ the state: 0 pending, 1 in progress, 2 done; may be repeated
    #[arg(long, value_name = "CODE")]
    state: Vec<String>,
    /// 是否超时：1 否，2 是 ¦ overtime: 1 no, 2 yes
    #[arg(long = "overtime", value_name = "CODE")]
    is_overtime: Option<String>,
    /// 投诉来源编号，可重复 ¦ the source's code; may be repeated
    #[arg(long = "from", value_name = "CODE")]
    complaint_from: Vec<String>,
    /// 当前所属步骤编号，可重复 ¦ the code of the step taken last; may be repeated
    #[arg(long = "step", value_name = "CODE")]
    current_step: Vec<String>,
    /// 处理人，可重复 ¦ whose work it is; may be repeated
    #[arg(long, value_name = "NAME")]
    assignee: Vec<String>,
    /// 未分派的；与 --assignee 同给时为未分派或属于他们 ¦ nobody's work; with --assignee nobody's or theirs
    #[arg(long)]
    unassigned: bool,
    /// 标签，可重复，有其一即可 ¦ a tag; of several, one is enough
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// 投诉时间不早于，如 "2024-04-19 00:00:00" ¦ complained at or after, for example "2024-04-19 00:00:00"
    #[arg(long = "start", value_name = "TIME")]
    start_time: Option<String>,
    /// 投诉时间不晚于 ¦ complained at or before
    #[arg(long = "end", value_name = "TIME")]
    end_time: Option<String>,
    /// 投诉时刻的钟点（北京时间），0-23，可重复 ¦ the hour of the Beijing day, 0-23; may be repeated
    #[arg(long, value_name = "HOUR")]
    hour: Vec<String>,
    /// 未完成且时限不早于 ¦ open and due at or after
    #[arg(long, value_name = "TIME")]
    due_after: Option<String>,
    /// 未完成且时限不晚于 ¦ open and due at or before
    #[arg(long, value_name = "TIME")]
    due_before: Option<String>,
    /// 变更时间不早于 ¦ changed at or after
    #[arg(long, value_name = "TIME")]
    changed_since: Option<String>,
    /// 订单或资源，完整编号 ¦ the order or resource, its whole number
    #[arg(long = "order", value_name = "ID")]
    complaint_resource_id: Option<String>,
    /// 投诉人手机号后四位 ¦ the last four digits of the complainant's phone number
    #[arg(long, value_name = "DIGITS")]
    phone_tail: Option<String>,
    /// 排序：complaint_time、deadline 或 changed ¦ the order: complaint_time, deadline or changed
    #[arg(long, value_name = "ORDER")]
    sort: Option<String>,
    /// 游标：上一页给出的 next_cursor ¦ where to go on: next_cursor of the page before
    #[arg(long)]
    cursor: Option<String>,
    /// 页码，从 1 起，最多到第 10000 条；与 --cursor 二选一 ¦ the page's number, from 1, no further than the row 10,000; in place of --cursor
    #[arg(long, value_name = "PAGE")]
    page_index: Option<i64>,
    /// 每页条数，1 到 100（默认 20） ¦ rows per page, 1 to 100 (default 20)
    #[arg(long, value_name = "ROWS")]
    page_size: Option<i64>,
    /// 给出总数 ¦ tell the total
    #[arg(long)]
    total: bool,
}

impl Search {
    /// As the interface is asked.
    fn request(self) -> Result<Request, InvalidParameter> {
        let mut asked = Map::new();
        let one = [
            ("text", self.text),
            ("is_overtime", self.is_overtime),
            ("start_time", self.start_time),
            ("end_time", self.end_time),
            ("due_after", self.due_after),
            ("due_before", self.due_before),
            ("changed_since", self.changed_since),
            ("complaint_resource_id", self.complaint_resource_id),
            ("phone_tail", self.phone_tail),
            ("sort", self.sort),
            ("cursor", self.cursor),
        ];
        asked.extend(one.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
        let several = [
            ("channel_type", self.channel_type),
            ("state", self.state),
            ("complaint_from", self.complaint_from),
            ("current_step", self.current_step),
            ("assignee", self.assignee),
            ("tag", self.tag),
            ("hour", self.hour),
        ];
        asked.extend(several.map(|(name, values)| (name.to_owned(), Value::from(values))));
        asked.extend(self.page_size.map(|size| ("page_size".to_owned(), size.into())));
        asked.extend(self.page_index.map(|index| ("page_index".to_owned(), index.into())));
        asked.insert("with_total".to_owned(), i64::from(self.total).into());
        asked.insert("unassigned".to_owned(), i64::from(self.unassigned).into());
        lenient::request(asked)
    }

    pub(super) async fn run(self, session: &Session, store: &Store, shop: &ShopId) -> anyhow::Result<()> {
        let answer = self.answer(session, store, shop).await?;
        session.print(&answer, |answer| shown(session, answer))
    }

    async fn answer(self, session: &Session, store: &Store, shop: &ShopId) -> anyhow::Result<Response> {
        let asked = self.request().and_then(|request| {
            let (query, part) = request.query()?;
            let after = part.cursor.map(|cursor| Place::of_cursor(&cursor, shop, &query)).transpose()?;
            Ok((query, part.skip, part.size, part.with_total, after))
        });
        let (query, skip, size, with_total, after) =
            asked.or_else(|invalid: InvalidParameter| refuse(invalid.into(), shop, ""))?;
        let now = session.clock.epoch();
        let mut tx = store.read().await?;
        if tx.version(shop).await?.is_none() {
            bail!(no_shop(shop));
        }
        let wish = Wish { after: after.as_ref(), skip, size };
        let found = tx.search(shop, &query, wish, now).await?;
        let total = match (with_total, found.total) {
            (false, _) => None,
            (true, Some(total)) => Some(total),
            (true, None) => Some(tx.count_found(shop, &query, now).await?),
        };
        Ok(found.into_response(shop, &query, total))
    }
}

fn shown(session: &Session, answer: &Response) -> String {
    let headings = [
        "投诉单号 ¦ COMPLAINT",
        "投诉时间 ¦ TIME",
        "状态 ¦ STATE",
        "时限 ¦ DUE",
        "处理人 ¦ ASSIGNEE",
        "标签 ¦ TAGS",
        "问题描述 ¦ REASON",
    ];
    let line = |found: &Row| {
        let row = &found.row;
        let state = row.state.label().map(|(zh, en)| session.pick(&format!("{zh} ¦ {en}")));
        vec![
            row.complaint_id.clone(),
            row.complaint_time.to_string(),
            state.unwrap_or_else(|| row.state.number().to_string()),
            row.operate_end_time.to_string(),
            found.assignee.clone(),
            found.tags.join(" "),
            row.complaint_reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect(),
        ]
    };
    let mut lines = vec![session.table(&headings, answer.list.iter().map(line).collect())];
    if let Some(total) = answer.total {
        lines.push(session.pick(&format!("共 {total} 条 ¦ {total} in all")));
    }
    if !answer.next_cursor.is_empty() {
        let cursor = &answer.next_cursor;
        lines.push(session.pick(&format!("下一页：--cursor {cursor} ¦ next page: --cursor {cursor}")));
    }
    lines.join("\n")
}
