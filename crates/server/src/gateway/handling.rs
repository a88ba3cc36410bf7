//! Our interfaces about single complaints: what happens to them, and what happened.

use serde_json::Value;
use tousu_wire::complaint_act::{Act, ActEndpoint, Standing};
use tousu_wire::{
    BeijingTime, PermissionSet, ReturnCode, Text, complaint_batch, complaint_changes, complaint_create,
    complaint_get, complaint_history, complaint_info_get, deadline_explain,
};

use super::admit::{Call, Unanswered, require_grant};
use super::complaints::no_such_complaint;
use super::interface::{Answering, Data, interface};
use super::refusal::Refusal;
use crate::complaint::masked_json;
use crate::handling::{self, Action, Caller, Refused};
use crate::life::{Actor, Event};
use crate::privacy::masked_text;
use crate::store::{KeptEntry, StoreError};

/// The interface of an action.
pub(super) fn interface_of<E: ActEndpoint>(action: Action) -> Answering<E> {
    interface::<E, _, _>(move |call, request| act(call, request, action))
}

async fn act(call: Call, request: Act, action: Action) -> Result<Data<Standing>, Unanswered> {
    let call = in_role(call, action.actor(&request)?).await?;
    let complaint_id = request.complaint_id.clone().unwrap_or_default();
    let caller = caller(&call);
    let done = handling::act(&call.gateway.store, &call.shop, action, &caller, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, &complaint_id))?))
}

/// 批量处理投诉单
pub(super) async fn batch(
    call: Call,
    request: complaint_batch::Request,
) -> Result<Data<complaint_batch::Response>, Unanswered> {
    let (action, complaint_ids, act) = request.query()?;
    let action = Action::named(&action)?;
    let call = in_role(call, action.actor(&act)?).await?;
    let lang = call.gateway.settings.lang;
    let caller = caller(&call);
    let store = &call.gateway.store;
    let outcomes = handling::act_on_many(store, &call.shop, action, &caller, complaint_ids, &act).await?;
    let outcome = |(complaint_id, outcome): (String, Result<Standing, Refused>)| match outcome {
        Ok(standing) => complaint_batch::Outcome {
            complaint_id,
            code: ReturnCode::Success.number(),
            msg: String::new(),
            standing: Some(standing),
        },
        Err(why) => {
            let refusal = refusal(why, &complaint_id);
            let (code, msg) = (refusal.code.number(), refusal.message(lang));
            complaint_batch::Outcome { complaint_id, code, msg, standing: None }
        }
    };
    let list: Vec<_> = outcomes.into_iter().map(outcome).collect();
    let done = list.iter().filter(|outcome| outcome.standing.is_some()).count() as i64;
    Ok(Data::Value(complaint_batch::Response { done, list }))
}

/// 新建投诉单
pub(super) async fn create(
    call: Call,
    request: complaint_create::Request,
) -> Result<Data<complaint_create::Response>, Unanswered> {
    let call = in_role(call, handling::creator(&request)?).await?;
    let caller = caller(&call);
    let done = handling::create(&call.gateway.store, &call.shop, &caller, request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, ""))?))
}

/// 获取投诉单全部信息
pub(super) async fn get(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<complaint_get::Response>, Unanswered> {
    let complaint_id = request.complaint_id()?;
    let (shop, now) = (call.shop.clone(), call.moment.now);
    let tx = call.snapshot().await?;
    let handled = tx.handled(&shop, &complaint_id).await?.ok_or_else(|| no_such_complaint(&complaint_id))?;
    let found = tx.complaint(&shop, &complaint_id).await?.ok_or_else(|| no_such_complaint(&complaint_id))?;
    let standing = handling::standing(&handled, now);
    let info = found.complaint.to_info(shop.as_str(), found.number, found.details);
    Ok(Data::Value(complaint_get::Response { standing, info }))
}

/// 获取投诉单历史
pub(super) async fn history(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<complaint_history::Response>, Unanswered> {
    let complaint_id = request.complaint_id()?;
    let shop = call.shop.clone();
    let lang = call.gateway.settings.lang;
    let tx = call.snapshot().await?;
    tx.handled(&shop, &complaint_id).await?.ok_or_else(|| no_such_complaint(&complaint_id))?;
    let shown = |kept: KeptEntry| {
        let KeptEntry { number, entry, hash, .. } = kept;
        let title = Event::title_of(&entry.event);
        Ok(complaint_history::Entry {
            entry: number,
            title: Text::from(title).pick(lang).to_owned(),
            event: entry.event,
            actor: entry.actor,
            operator: masked_text(&entry.operator).into_owned(),
            happened_at: BeijingTime::from_epoch(entry.happened_at),
            before: masked_json(json(&entry.before)?),
            after: masked_json(json(&entry.after)?),
            // Nothing, where that was erased.
            said: if entry.said.is_empty() { Value::Null } else { masked_json(json(&entry.said)?) },
            hash,
        })
    };
    let list =
        tx.history(&shop, &complaint_id).await?.into_iter().map(shown).collect::<Result<_, StoreError>>()?;
    Ok(Data::Value(complaint_history::Response { list }))
}

/// 获取投诉单变更
pub(super) async fn changes(
    mut call: Call,
    request: complaint_changes::Request,
) -> Result<Data<complaint_changes::Response>, Unanswered> {
    let (shop, now, lang) = (call.shop.clone(), call.moment.now, call.gateway.settings.lang);
    let answer = handling::changes(call.snapshot().await?, &shop, &request, now, lang).await?;
    Ok(Data::Value(answer.map_err(|why| refusal(why, ""))?))
}

/// 解释投诉单时限
pub(super) async fn explain(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<deadline_explain::Response>, Unanswered> {
    let complaint_id = request.complaint_id()?;
    let (shop, now, gateway) = (call.shop.clone(), call.moment.now, call.gateway.clone());
    let tx = call.snapshot().await?;
    let handled = tx.handled(&shop, &complaint_id).await?.ok_or_else(|| no_such_complaint(&complaint_id))?;
    let settings = tx.shop_settings(&shop).await?;
    let lang = gateway.settings.lang;
    Ok(Data::Value(handling::explain(&handled, &settings, &gateway.deadlines, now, lang)))
}

fn json(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Value(format!("history: {error}")))
}

/// A call that writes, of somebody who may act in that role.
async fn in_role(call: Call, actor: Actor) -> Result<Call, Unanswered> {
    let call = call.for_writing().await?;
    if actor == Actor::Platform {
        require_grant(&call.caller, PermissionSet::Platform)?;
    }
    Ok(call)
}

pub(super) fn caller(call: &Call) -> Caller<'_> {
    Caller {
        client_id: &call.caller.client_id,
        person: call.caller.person.as_ref().map(|person| person.operator.as_str()),
        now: call.moment.now,
        handling: &call.gateway.settings.handling,
        deadlines: &call.gateway.deadlines,
    }
}

pub(super) fn refusal(why: Refused, complaint_id: &str) -> Refusal {
    match why {
        Refused::Parameter(invalid) => invalid.into(),
        Refused::NotAllowed(why) => Refusal::because(ReturnCode::NotAllowed, why.text()),
        Refused::Changed(text) => Refusal::because(ReturnCode::ChangedMeanwhile, text),
        Refused::NotKept(None) => Refusal::new(ReturnCode::PhoneNotKept),
        Refused::NotKept(Some(why)) => Refusal::because(ReturnCode::PhoneNotKept, why),
        Refused::Unknown => no_such_complaint(complaint_id),
        Refused::NoSubscription => Refusal::new(ReturnCode::NoSuchSubscription),
        Refused::NoMember => Refusal::new(ReturnCode::NoSuchMember),
        Refused::NoApp => Refusal::new(ReturnCode::NoSuchApp),
        Refused::Impossible(why) => Refusal::because(ReturnCode::NotAllowed, why),
        Refused::KeyTaken => Refusal::new(ReturnCode::KeyTaken),
        Refused::NoShop => Refusal::new(ReturnCode::AccessTokenExpired),
    }
}
