//! One person's number shown, and a person's data taken away.

use serde_json::json;
use tousu_wire::{InvalidParameter, complaint_erase, complaint_reveal};

use super::{Caller, Refused, answered, doer, hash};
use crate::complaint::Phone;
use crate::life::Actor;
use crate::privacy::masked_text;
use crate::store::{Done, Result, Revealed, ShopId, Store, Whose};

/// Shows the whole number of a complaint; that it was shown is in the history, or it is not shown.
pub async fn reveal(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: complaint_reveal::Request,
) -> Result<std::result::Result<complaint_reveal::Response, Refused>> {
    let asked = hash("Reveal", &complaint_reveal::Request { idempotency_key: None, ..request.clone() });
    let (complaint_id, reason) = match request.checked() {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let (operator, key) = (request.operator.as_deref(), request.idempotency_key.as_deref());
    let doer = doer(caller, Actor::Merchant, operator, key, asked);
    Ok(match store.reveal(shop, &complaint_id, &doer, &said(&reason)).await? {
        None => Err(Refused::NoShop),
        Some(Revealed::Unknown) => Err(Refused::Unknown),
        Some(Revealed::KeyTaken) => Err(Refused::KeyTaken),
        Some(Revealed::NotKept(why)) => Err(Refused::NotKept(why.map(|why| why.to_string().into()))),
        Some(Revealed::Number(number, entry)) => Ok(complaint_reveal::Response {
            complaint_id,
            complainant_phone: number.reveal().to_owned(),
            entry,
        }),
    })
}

/// Takes a person's data away for good.
pub async fn erase(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: complaint_erase::Request,
) -> Result<std::result::Result<complaint_erase::Response, Refused>> {
    // Masked, so that what is kept of the call cannot be tried until a number fits.
    let phone = request.complainant_phone.clone().map(|phone| Phone(phone).masked());
    let known_by =
        complaint_erase::Request { complainant_phone: phone, idempotency_key: None, ..request.clone() };
    let asked = hash("Erase", &known_by);
    let reason = match request.checked() {
        Ok(reason) => reason,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let dry_run = request.dry_run == Some(1);
    let (operator, key) = (request.operator.as_deref(), request.idempotency_key.as_deref());
    let doer = doer(caller, Actor::Merchant, operator, key, asked);
    let whose = match (request.complaint_id, request.complainant_user_id, request.complainant_phone) {
        (Some(id), ..) => Whose::Complaint(id),
        (_, Some(user), _) => Whose::User(user),
        (.., Some(phone)) => Whose::Phone(Phone(phone)),
        _ => return Ok(Err(InvalidParameter::new(".", "").into())),
    };
    let answer =
        |complaint_ids, more| json!(complaint_erase::Response { complaint_ids, more, dry_run }).to_string();
    let erased = store.erase(shop, &whose, &doer, &said(&reason), dry_run, answer).await?;
    Ok(match erased {
        None => Err(Refused::NoShop),
        Some(Done::Answered(answer)) => answered(Done::Answered(answer))?,
        Some(Done::KeyTaken) => Err(Refused::KeyTaken),
        Some(_) => Err(Refused::Unknown),
    })
}

/// What the history keeps of a reason. It stays when all else is erased, so that no number may stand in it.
fn said(reason: &str) -> String {
    json!({ "reason": masked_text(reason) }).to_string()
}
