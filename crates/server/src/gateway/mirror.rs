//! `tousu.mirror.get`.

use tousu_wire::mirror::Response;
use tousu_wire::shop_settings::Nothing;

use super::admit::{Call, Unanswered};
use super::interface::Data;
use crate::source;

/// 获取官方数据同步状态
pub(super) async fn get(mut call: Call, _: Nothing) -> Result<Data<Response>, Unanswered> {
    let (shop, now) = (call.shop.clone(), call.moment.now);
    let tx = call.snapshot().await?;
    let mirror = match tx.mirror(&shop).await? {
        Some(kept) => Some(source::standing(tx, kept, now).await?),
        None => None,
    };
    Ok(Data::Value(Response { mirror }))
}
