//! What happened since somebody last asked.

use tousu_wire::complaint_changes::{Change, From, Request, Response, cursor, not_a_cursor};
use tousu_wire::{BeijingTime, Lang, Text};

use super::Refused;
use crate::life::Event;
use crate::privacy::masked_text;
use crate::store::{Happened, Result, Seen, ShopId, Tx};

/// What happened behind the request's cursor, with the complaints as they are at `now`.
pub async fn changes(
    tx: &mut Tx,
    shop: &ShopId,
    request: &Request,
    now: i64,
    lang: Lang,
) -> Result<std::result::Result<Response, Refused>> {
    let (from, size) = match request.query() {
        Ok(query) => query,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let Some(end) = tx.chain(shop).await? else { return Ok(Err(Refused::NoShop)) };
    let seen = match from {
        From::Latest => Seen { entry: end.entries, of_next: 0 },
        // A cursor from the future is another database's.
        From::After(entry, of_next) if entry > end.entries || (entry == end.entries && of_next > 0) => {
            return Ok(Err(not_a_cursor(request.cursor.as_deref().unwrap_or_default()).into()));
        }
        From::After(entry, of_next) => Seen { entry, of_next },
    };
    let (happened, seen, more) = tx.happened_after(shop, seen, size, now).await?;
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
    Ok(Ok(Response {
        list: happened.into_iter().map(change).collect(),
        next_cursor: cursor(seen.entry, seen.of_next),
        has_more: more.into(),
    }))
}
