//! Why something was not done, as the commands say it.

use anyhow::bail;
use tousu_wire::{InvalidParameter, Text};

use super::app::no_shop;
use crate::handling::Refused;
use crate::store::ShopId;

/// Says why something was not done (`中文 ¦ English`).
pub(super) fn refuse<T>(why: Refused, shop: &ShopId, complaint_id: &str) -> anyhow::Result<T> {
    let text = match why {
        Refused::Parameter(InvalidParameter { name, problem }) => {
            let (zh, en) = (problem.pick(tousu_wire::Lang::Zh), problem.pick(tousu_wire::Lang::En));
            format!("{name} {zh} ¦ {name}: {en}")
        }
        Refused::NotAllowed(why) => both(&why.text()),
        Refused::Changed(text) => both(&text),
        Refused::Unknown => format!("没有投诉单 {complaint_id} ¦ there is no complaint {complaint_id}"),
        Refused::NoApp => both(&tousu_wire::ReturnCode::NoSuchApp.meaning().into()),
        Refused::NoSubscription => both(&tousu_wire::ReturnCode::NoSuchSubscription.meaning().into()),
        Refused::NoMember => both(&tousu_wire::ReturnCode::NoSuchMember.meaning().into()),
        Refused::Impossible(why) => both(&why),
        Refused::NotKept(None) => both(&tousu_wire::ReturnCode::PhoneNotKept.meaning().into()),
        Refused::NotKept(Some(why)) => both(&why),
        Refused::KeyTaken => "幂等键已用于另一调用 ¦ the idempotency key belongs to another call".into(),
        Refused::NoShop => no_shop(shop),
    };
    bail!(text)
}

pub(super) fn both(text: &Text) -> String {
    format!("{} ¦ {}", text.pick(tousu_wire::Lang::Zh), text.pick(tousu_wire::Lang::En))
}
