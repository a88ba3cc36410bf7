//! `tousu.stats.get`.

use tousu_wire::stats::{Request, Response};

use super::admit::{Call, Unanswered};
use super::interface::Data;

/// 获取投诉统计
pub(super) async fn get(mut call: Call, request: Request) -> Result<Data<Response>, Unanswered> {
    let query = request.query()?;
    let (shop, now) = (call.shop.clone(), call.moment.now);
    Ok(Data::Value(call.snapshot().await?.stats(&shop, &query, now).await?))
}
