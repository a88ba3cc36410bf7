//! `tousu.complaint.search`.

use tousu_wire::complaint_search::{Request, Response};

use super::admit::{Call, Unanswered};
use super::interface::Data;
use crate::remembered::Total;
use crate::search::Place;

/// 搜索投诉单
pub(super) async fn search(mut call: Call, request: Request) -> Result<Data<Response>, Unanswered> {
    let (query, part) = request.query()?;
    let (shop, moment, gateway) = (call.shop.clone(), call.moment, call.gateway.clone());
    let after = part.cursor.map(|cursor| Place::of_cursor(&cursor, &shop, &query)).transpose()?;
    let tx = call.snapshot().await?;
    let found = tx.search(&shop, &query, after.as_ref(), part.size, moment.now).await?;
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
