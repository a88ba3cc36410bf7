//! The published complaint interfaces.

use tousu_wire::{ReturnCode, complaint_info_get, complaint_list, lenient};

use super::Data;
use super::admit::Call;
use super::refusal::Refusal;

/// 获取B端投诉列表
pub(super) async fn list(
    mut call: Call,
    request: complaint_list::Request,
) -> Result<Data<complaint_list::Response>, Refusal> {
    let (filter, page) = request.query()?;
    let Call { gateway, shop, moment, tx } = &mut call;
    Ok(Data::Ready(gateway.remembered.page(tx, shop, *moment, filter, page).await?))
}

/// 获取交易投诉单详情
pub(super) async fn info(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<complaint_info_get::Response>, Refusal> {
    let complaint_id = request.complaint_id()?;
    let found = call.tx.complaint(&call.shop, &complaint_id).await?.ok_or_else(|| {
        let shown = lenient::quoted(&complaint_id);
        Refusal::because(ReturnCode::NoSuchComplaint, format!("{shown} ¦ {shown}"))
    })?;
    Ok(Data::Value(found.complaint.to_info(call.shop.as_str(), found.number, found.details)))
}
