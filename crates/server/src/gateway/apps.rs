//! `tousu.app.…`: the programs that may call for a shop.

use tousu_wire::app::{App, Change, Listed, WithSecret};
use tousu_wire::app_usage;
use tousu_wire::shop_settings::Nothing;

use super::admit::{Call, Unanswered};
use super::handling::{caller, refusal};
use super::interface::Data;
use crate::handling::{self, Holds, Refused};

/// 列出应用
pub(super) async fn list(mut call: Call, _: Nothing) -> Result<Data<Listed>, Unanswered> {
    let (shop, now, gateway) = (call.shop.clone(), call.moment.now, call.gateway.clone());
    gateway.usage.flush(&gateway.store).await?;
    Ok(Data::Value(handling::apps(call.anew().await?, &shop, now).await?))
}

/// 获取应用调用统计
pub(super) async fn usage(
    mut call: Call,
    request: app_usage::Request,
) -> Result<Data<app_usage::Response>, Unanswered> {
    let (client_id, days) = request.checked()?;
    let (shop, now, gateway) = (call.shop.clone(), call.moment.now, call.gateway.clone());
    gateway.usage.flush(&gateway.store).await?;
    let used = handling::app_usage(call.anew().await?, &shop, &client_id, days, now).await?;
    Ok(Data::Value(used.ok_or_else(|| refusal(Refused::NoApp, ""))?))
}

/// 建立应用
pub(super) async fn create(call: Call, request: Change) -> Result<Data<WithSecret>, Unanswered> {
    let call = call.for_writing().await?;
    let (caller, holds) = (caller(&call), Holds::These(&call.caller.grants));
    let done = handling::create_app(&call.gateway.store, &call.shop, &caller, holds, request, false).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 更改应用
pub(super) async fn update(call: Call, request: Change) -> Result<Data<App>, Unanswered> {
    let call = call.for_writing().await?;
    let (caller, holds) = (caller(&call), Holds::These(&call.caller.grants));
    let done = handling::change_app(&call.gateway.store, &call.shop, &caller, holds, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 更换应用密钥
pub(super) async fn rotate_secret(call: Call, request: Change) -> Result<Data<WithSecret>, Unanswered> {
    let call = call.for_writing().await?;
    let (caller, holds) = (caller(&call), Holds::These(&call.caller.grants));
    let done = handling::rotate_app_secret(&call.gateway.store, &call.shop, &caller, holds, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}
