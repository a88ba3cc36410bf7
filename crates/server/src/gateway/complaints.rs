//! The published complaint interfaces.

use tousu_wire::{ReturnCode, complaint_info_get, complaint_list, lenient};

use super::admit::{Call, Unanswered};
use super::interface::Data;
use super::refusal::Refusal;

/// 获取B端投诉列表
pub(super) async fn list(
    mut call: Call,
    request: complaint_list::Request,
) -> Result<Data<complaint_list::Response>, Unanswered> {
    let (filter, page) = request.query()?;
    let key = (call.shop, filter, page);
    let answer = call.gateway.remembered.page(call.tx.as_mut(), call.moment, key).await?;
    answer.map(Data::Ready).ok_or(Unanswered::Moved)
}

/// 获取交易投诉单详情
pub(super) async fn info(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<Data<complaint_info_get::Response>, Unanswered> {
    let complaint_id = request.complaint_id()?;
    let shop = call.shop.clone();
    let found = call.snapshot().await?.complaint(&shop, &complaint_id).await?;
    let found = found.ok_or_else(|| no_such_complaint(&complaint_id))?;
    Ok(Data::Value(found.complaint.to_info(shop.as_str(), found.number, found.details)))
}

pub(super) fn no_such_complaint(complaint_id: &str) -> Refusal {
    let shown = lenient::quoted(complaint_id);
    Refusal::because(ReturnCode::NoSuchComplaint, format!("{shown} ¦ {shown}"))
}
