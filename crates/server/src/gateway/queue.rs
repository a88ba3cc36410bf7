//! `tousu.queue.get`: how many complaints wait for what.

use tousu_wire::BeijingTime;
use tousu_wire::queue::Response;
use tousu_wire::shop_settings::Nothing;

use super::admit::{Call, Unanswered};
use super::interface::Data;
use crate::remembered::Tabs;

/// 获取待办数
pub(super) async fn get(mut call: Call, _: Nothing) -> Result<Data<Response>, Unanswered> {
    let (shop, moment, gateway) = (call.shop.clone(), call.moment, call.gateway.clone());
    let tx = call.snapshot().await?;
    let counted = gateway.remembered.tabs(tx, &shop, moment).await?;
    let Tabs { pending, processing, overdue, done } = counted.ok_or(Unanswered::Moved)?;
    let due_soon_hours = tx.shop_settings(&shop).await?.due_soon_hours();
    let due_soon = tx.due_within(&shop, moment.now, due_soon_hours.saturating_mul(3600)).await?;
    Ok(Data::Value(Response {
        version: moment.version,
        as_of: BeijingTime::from_epoch(moment.now),
        pending,
        processing,
        due_soon,
        overdue,
        done,
        due_soon_hours,
    }))
}
