//! `tousu.complaint.search` and `similar`.

use tousu_wire::complaint_search::{Request, Response};
use tousu_wire::{complaint_info_get, complaint_similar};

use super::admit::{Call, Unanswered};
use super::complaints::no_such_complaint;
use super::interface::Data;
use crate::remembered::Total;
use crate::search::Place;
use crate::store::Wish;

/// 搜索投诉单
pub(super) async fn search(mut call: Call, request: Request) -> Result<Data<Response>, Unanswered> {
    let (query, part) = request.query()?;
    let (shop, moment, gateway) = (call.shop.clone(), call.moment, call.gateway.clone());
    let after = part.cursor.map(|cursor| Place::of_cursor(&cursor, &shop, &query)).transpose()?;
    let tx = call.snapshot().await?;
    let wish = Wish { after: after.as_ref(), skip: part.skip, size: part.size };
    let found = tx.search(&shop, &query, wish, moment.now).await?;
    let total = match (part.with_total, found.total) {
        (false, _) => None,
        (true, Some(total)) => Some(total),
        (true, None) => Some(match gateway.remembered.total_of(tx, &shop, moment, &query).await? {
            Total::Known(total) => total,
            Total::Newer => return Err(Unanswered::Moved),
            Total::Unknown => tx.count_found(&shop, &query, moment.now).await?,
        }),
    };
    Ok(Data::Value(found.into_response(&shop, &query, total)))
}

/// 获取相关投诉单
pub(super) async fn similar(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<complaint_similar::Response>, Unanswered> {
    let complaint_id = request.complaint_id()?;
    let (shop, now) = (call.shop.clone(), call.moment.now);
    let found = call.snapshot().await?.similar(&shop, &complaint_id, now).await?;
    Ok(Data::Value(found.ok_or_else(|| no_such_complaint(&complaint_id))?))
}
