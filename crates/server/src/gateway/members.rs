//! `tousu.member.…`: who works in a shop; `tousu.preference.…`: what each of them likes there.

use serde_json::Value;
use tousu_wire::ReturnCode;
use tousu_wire::member::{Change, Changed, Listed, Names, Removal};
use tousu_wire::preference::{Kept, Preference};
use tousu_wire::shop_settings::Nothing;

use super::admit::{Call, Unanswered};
use super::handling::{caller, refusal};
use super::interface::Data;
use super::refusal::Refusal;
use super::sessions::for_people_only;
use crate::handling::{self, Holds};
use crate::store::MOST_PREFERENCES;

/// 列出店铺成员
pub(super) async fn list(mut call: Call, _: Nothing) -> Result<Data<Listed>, Unanswered> {
    let shop = call.shop.clone();
    let list = handling::members(call.snapshot().await?, &shop).await?;
    Ok(Data::Value(Listed { list }))
}

/// 列出可分派的成员
pub(super) async fn names(mut call: Call, _: Nothing) -> Result<Data<Names>, Unanswered> {
    let shop = call.shop.clone();
    let list = handling::member_names(call.snapshot().await?, &shop).await?;
    Ok(Data::Value(Names { list }))
}

/// 新增成员或更改其角色
pub(super) async fn set(call: Call, request: Change) -> Result<Data<Changed>, Unanswered> {
    let call = call.for_writing().await?;
    let (store, hasher) = (&call.gateway.store, &call.gateway.hasher);
    let (caller, holds) = (caller(&call), Holds::These(&call.caller.grants));
    let done = handling::set_member(store, &call.shop, &caller, holds, hasher, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 移除成员
pub(super) async fn remove(call: Call, request: Removal) -> Result<Data<Nothing>, Unanswered> {
    let call = call.for_writing().await?;
    let done = handling::remove_member(&call.gateway.store, &call.shop, &caller(&call), request).await?;
    done.map_err(|why| refusal(why, ""))?;
    Ok(Data::Value(Nothing {}))
}

/// 获取个人偏好
pub(super) async fn preference(mut call: Call, request: Preference) -> Result<Data<Kept>, Unanswered> {
    let (shop, user_id) = (call.shop.clone(), user_id(&call)?);
    let kept = call.snapshot().await?.preference(&shop, &user_id, request.key()?).await?;
    let value = kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or(Value::Null);
    Ok(Data::Value(Kept { value }))
}

/// 保存个人偏好
pub(super) async fn set_preference(call: Call, request: Preference) -> Result<Data<Kept>, Unanswered> {
    let user_id = user_id(&call)?;
    let (key, value) = (request.key()?, request.value()?);
    let call = call.for_writing().await?;
    let (store, now) = (&call.gateway.store, call.moment.now);
    if !store.set_preference(&call.shop, &user_id, key, value.as_deref(), now).await? {
        let detail = format!("最多保存 {MOST_PREFERENCES} 项 ¦ at most {MOST_PREFERENCES} are kept");
        return Err(Refusal::because(ReturnCode::NotAllowed, detail).into());
    }
    Ok(Data::Value(Kept { value: request.value }))
}

fn user_id(call: &Call) -> Result<String, Refusal> {
    call.caller.person.as_ref().map(|person| person.user_id.clone()).ok_or_else(for_people_only)
}
