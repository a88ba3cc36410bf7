//! `tousu.subscription.…`: who is told of what happens.

use tousu_wire::ReturnCode;
use tousu_wire::shop_settings::Nothing;
use tousu_wire::subscription::{Deleted, Listed, Request, Row, Subscription, Tested, WithSecret};
use tousu_wire::subscription_change::Change;
use tousu_wire::subscription_deliveries::{self as deliveries_wire, Replay, Replayed};

use super::admit::{Call, Unanswered};
use super::handling::{caller, refusal};
use super::interface::Data;
use super::refusal::Refusal;
use crate::handling;

fn no_such_subscription() -> Unanswered {
    Refusal::new(ReturnCode::NoSuchSubscription).into()
}

/// 列出订阅
pub(super) async fn list(mut call: Call, _: Nothing) -> Result<Data<Listed>, Unanswered> {
    let (shop, now, lang) = (call.shop.clone(), call.moment.now, call.gateway.settings.lang);
    let list = handling::subscriptions(call.snapshot().await?, &shop, now, lang).await?;
    Ok(Data::Value(Listed { list }))
}

/// 获取订阅
pub(super) async fn get(mut call: Call, request: Request) -> Result<Data<Row>, Unanswered> {
    let id = request.checked()?;
    let (shop, now, lang) = (call.shop.clone(), call.moment.now, call.gateway.settings.lang);
    let found = handling::subscription(call.snapshot().await?, &shop, &id, now, lang).await?;
    Ok(Data::Value(found.ok_or_else(no_such_subscription)?))
}

/// 建立订阅
pub(super) async fn create(call: Call, request: Change) -> Result<Data<WithSecret>, Unanswered> {
    let call = call.for_writing().await?;
    let (store, notices) = (&call.gateway.store, &call.gateway.settings.notices);
    let done =
        handling::create_subscription(store, &call.shop, &caller(&call), notices.allowed(), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 更改订阅
pub(super) async fn update(call: Call, request: Change) -> Result<Data<Subscription>, Unanswered> {
    let call = call.for_writing().await?;
    let (store, notices) = (&call.gateway.store, &call.gateway.settings.notices);
    let done =
        handling::change_subscription(store, &call.shop, &caller(&call), notices.allowed(), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 更换签名密钥
pub(super) async fn rotate_secret(call: Call, request: Request) -> Result<Data<WithSecret>, Unanswered> {
    let call = call.for_writing().await?;
    let done = handling::rotate_subscription_secret(&call.gateway.store, &call.shop, &caller(&call), request)
        .await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 删除订阅
pub(super) async fn delete(call: Call, request: Request) -> Result<Data<Deleted>, Unanswered> {
    let call = call.for_writing().await?;
    let done =
        handling::delete_subscription(&call.gateway.store, &call.shop, &caller(&call), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 发送一条测试通知
pub(super) async fn test(call: Call, request: Request) -> Result<Data<Tested>, Unanswered> {
    let id = request.checked()?;
    let call = call.for_writing().await?;
    let (gateway, lang) = (&call.gateway, call.gateway.settings.lang);
    let tested =
        handling::test_subscription(&gateway.store, &gateway.sender, &call.shop, &id, call.moment.now, lang)
            .await?;
    Ok(Data::Value(tested.ok_or_else(no_such_subscription)?))
}

/// 查询投递记录
pub(super) async fn deliveries(
    mut call: Call,
    request: deliveries_wire::Request,
) -> Result<Data<deliveries_wire::Response>, Unanswered> {
    let query = request.query()?;
    let (shop, lang) = (call.shop.clone(), call.gateway.settings.lang);
    let page = handling::deliveries(call.snapshot().await?, &shop, &query, lang).await?;
    Ok(Data::Value(page.ok_or_else(no_such_subscription)?))
}

/// 重新投递
pub(super) async fn replay(call: Call, request: Replay) -> Result<Data<Replayed>, Unanswered> {
    let call = call.for_writing().await?;
    let done = handling::replay_deliveries(&call.gateway.store, &call.shop, &caller(&call), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}
