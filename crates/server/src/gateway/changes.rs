//! `tousu.complaint.changes`.

use tousu_wire::complaint_changes::{Change, From, Request, Response, cursor, not_a_cursor};
use tousu_wire::{BeijingTime, InvalidParameter, Lang, Text};

use super::admit::{Call, Unanswered};
use super::interface::Data;
use crate::life::Event;
use crate::privacy::masked_text;
use crate::store::{Happened, Seen};

/// 获取投诉单变更
pub(super) async fn changes(mut call: Call, request: Request) -> Result<Data<Response>, Unanswered> {
    let (from, size) = request.query()?;
    let (shop, now, lang) = (call.shop.clone(), call.moment.now, call.gateway.settings.lang);
    let tx = call.snapshot().await?;
    let end = tx.chain(&shop).await?.unwrap_or_default().entries;
    let seen = Seen::from(from, end, &request)?;
    let (happened, seen, more) = tx.happened_after(&shop, seen, size, now).await?;
    Ok(Data::Value(response(happened, seen, more, lang)))
}

impl Seen {
    /// As the wire has it, in a history with `end` entries. A cursor from the future is another database's.
    pub(crate) fn from(from: From, end: i64, request: &Request) -> Result<Self, InvalidParameter> {
        match from {
            From::Latest => Ok(Seen { entry: end, of_next: 0 }),
            From::After(entry, of_next) if entry > end || (entry == end && of_next > 0) => {
                Err(not_a_cursor(request.cursor.as_deref().unwrap_or_default()))
            }
            From::After(entry, of_next) => Ok(Seen { entry, of_next }),
        }
    }
}

/// As the wire has it.
pub(crate) fn response(happened: Vec<Happened>, seen: Seen, more: bool, lang: Lang) -> Response {
    let change = |Happened { entry, what, complaint_id, complaint }| Change {
        entry,
        title: Text::from(Event::title_of(&what.event)).pick(lang).to_owned(),
        event: what.event,
        actor: what.actor,
        operator: masked_text(&what.operator).into_owned(),
        happened_at: BeijingTime::from_epoch(what.happened_at),
        complaint_id,
        complaint,
    };
    Response {
        list: happened.into_iter().map(change).collect(),
        next_cursor: cursor(seen.entry, seen.of_next),
        has_more: more.into(),
    }
}
