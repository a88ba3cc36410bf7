//! `tousu.settings.…`: what a shop decides.

use tousu_wire::shop_settings::{Change, Changed, Nothing, ShopSettings};

use super::admit::{Call, Unanswered};
use super::handling::{caller, refusal};
use super::interface::Data;
use crate::handling;

/// 获取店铺设置
pub(super) async fn get(mut call: Call, _: Nothing) -> Result<Data<ShopSettings>, Unanswered> {
    let shop = call.shop.clone();
    let settings = call.snapshot().await?.shop_settings(&shop).await?;
    Ok(Data::Value(handling::shown_settings(
        &settings,
        &call.gateway.settings.handling,
        &call.gateway.deadlines,
    )))
}

/// 更改店铺设置
pub(super) async fn set(call: Call, request: Change) -> Result<Data<Changed>, Unanswered> {
    let call = call.for_writing().await?;
    let caller = caller(&call);
    let done = handling::change_settings(&call.gateway.store, &call.shop, &caller, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}
