//! How a complaint begins.

use serde_json::json;
use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, State};
use tousu_wire::{BeijingTime, InvalidParameter, complaint_create};

use super::{Caller, Refused, answered, doer, hash, role, standing};
use crate::complaint::{Complaint, Details, Phone};
use crate::life::{self, Actor, Event};
use crate::secrets;
use crate::shop_settings::ShopSettings;
use crate::store::{Beginning, Handled, Incoming, Result, ShopId, Store};

/// Who brings a new complaint.
pub fn creator(request: &complaint_create::Request) -> std::result::Result<Actor, InvalidParameter> {
    role(request.by.as_deref(), Actor::Consumer)
}

/// Lets a complaint begin.
pub async fn create(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: complaint_create::Request,
) -> Result<std::result::Result<complaint_create::Response, Refused>> {
    // Masked, so that what is kept of the call cannot be tried until a number fits.
    let phone = request.complainant_phone.clone().map(|phone| Phone(phone).masked());
    let known_by =
        complaint_create::Request { complainant_phone: phone, idempotency_key: None, ..request.clone() };
    let asked = hash("Create", &known_by);
    let checked = request.checked().and_then(|request| {
        request.reason()?;
        Ok((creator(&request)?, request))
    });
    let (actor, request) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let event = match actor {
        Actor::Platform => Event::Entered,
        Actor::ThirdParty => Event::Imported,
        _ => Event::Submitted,
    };
    let at = request.complaint_time.map_or(caller.now, BeijingTime::epoch);
    if at > caller.now {
        let problem = "投诉时间不能晚于现在 ¦ a complaint is not made in the future";
        return Ok(Err(InvalidParameter::new("complaint_time", problem).into()));
    }
    let (channel, source) = origin(&request, actor);
    let operator = request.operator.clone();
    let key = request.idempotency_key.clone();
    let beginning = Beginning {
        complaint_id: new_id(at),
        complaint_from: source,
        source_number: request.source_number.clone(),
        event,
    };
    let doer = doer(caller, actor, operator.as_deref(), key.as_deref(), asked);
    let begin = |settings: &ShopSettings| {
        let open = |at| caller.deadlines.windows(&settings.deadline_rules, channel, source, at);
        let begun = life::begun(event, actor, at, open).map_err(Refused::NotAllowed)?;
        let windows = begun.windows.clone().unwrap_or_else(|| open(at));
        Ok((incoming(request, actor, beginning.complaint_id.clone(), at, begun), windows))
    };
    let answer = |handled: &Handled, created: bool| {
        let complaint = standing(handled, caller.now);
        Ok::<_, Refused>(json!(complaint_create::Response { created, complaint }).to_string())
    };
    Ok(match store.begin(shop, &beginning, &doer, begin, answer).await? {
        None => Err(Refused::NoShop),
        Some(done) => answered(done)?,
    })
}

/// Through which channel and from which source a new complaint comes.
fn origin(request: &complaint_create::Request, actor: Actor) -> (ChannelType, ComplaintFrom) {
    let source = request.complaint_from.unwrap_or(ComplaintFrom::H5Shop);
    let channel = request.channel_type.unwrap_or(match (source, actor) {
        (ComplaintFrom::WechatPay, _) => ChannelType::WechatPay,
        (ComplaintFrom::Alipay, _) => ChannelType::Alipay,
        (_, Actor::Consumer) => ChannelType::Shop,
        _ => ChannelType::Platform,
    });
    (channel, source)
}

fn incoming(
    request: complaint_create::Request,
    actor: Actor,
    complaint_id: String,
    at: i64,
    begun: life::Standing,
) -> Incoming {
    let (channel_type, complaint_from) = origin(&request, actor);
    let default_type =
        if actor == Actor::Consumer { ComplaintType::Trade } else { ComplaintType::ThirdParty };
    let complaint = Complaint {
        complaint_id,
        channel_type,
        complaint_from,
        complaint_type: request.complaint_type.unwrap_or(default_type),
        complaint_resource_type: request.complaint_resource_type.unwrap_or(0),
        complaint_resource_id: request.complaint_resource_id.unwrap_or_default(),
        complaint_reason: request.complaint_reason.unwrap_or_default(),
        complainant_phone: Phone(request.complainant_phone.unwrap_or_default()),
        complaint_time: at,
        state: State::Pending,
        current_step: begun.step,
        operate_time: begun.window.opened,
        time_limit: begun.window.hours,
        operate_end_time: begun.window.ends,
        closed_at: None,
        closed_overtime: None,
    };
    let details = Details {
        complainant_user_id: request.complainant_user_id.unwrap_or_default(),
        content_msg: request.complaint_content_msg.unwrap_or_default(),
        uploaded_images: request.uploaded_images,
        sub_mch_id: request.sub_mch_id,
        ..Details::default()
    };
    Incoming { complaint, details }
}

/// A number as the vendor's look: `c_`, 13 hexadecimal digits that begin with the moment, `_`, 8 letters and digits.
fn new_id(at: i64) -> String {
    let random = secrets::random_text(13);
    let (tail, rest) = random.split_at(8);
    let part: u64 = rest.bytes().fold(0, |sum, byte| sum * 62 + u64::from(byte));
    format!("c_{:08x}{:05x}_{tail}", at.clamp(0, i64::from(u32::MAX)), part % (1 << 20))
}
