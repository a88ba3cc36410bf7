//! `tousu.complaint.reveal` and `tousu.complaint.erase`.

use tousu_wire::{complaint_erase, complaint_reveal};

use super::admit::{Call, Unanswered};
use super::handling::{caller, refusal};
use super::interface::Data;
use crate::handling;

/// 查看完整手机号
pub(super) async fn reveal(
    call: Call,
    request: complaint_reveal::Request,
) -> Result<Data<complaint_reveal::Response>, Unanswered> {
    let call = call.for_writing().await?;
    let complaint_id = request.complaint_id.clone().unwrap_or_default();
    let done = handling::reveal(&call.gateway.store, &call.shop, &caller(&call), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, &complaint_id))?))
}

/// 清除个人信息
pub(super) async fn erase(
    call: Call,
    request: complaint_erase::Request,
) -> Result<Data<complaint_erase::Response>, Unanswered> {
    let call = call.for_writing().await?;
    let complaint_id = request.complaint_id.clone().unwrap_or_default();
    let done = handling::erase(&call.gateway.store, &call.shop, &caller(&call), request).await?;
    Ok(Data::Value(done.map_err(|why| refusal(why, &complaint_id))?))
}
