//! The published complaint interfaces.

use tousu_wire::{ReturnCode, complaint_info_get, complaint_list, lenient};

use super::admit::Call;
use super::refusal::Refusal;

/// 获取B端投诉列表
pub(super) async fn list(
    mut call: Call,
    request: complaint_list::Request,
) -> Result<complaint_list::Response, Refusal> {
    let (filter, page) = request.query()?;
    let total = call.gateway.totals.total(&mut call.tx, &call.shop, call.version, &filter, call.now).await?;
    let found = match page.offset < total {
        true => call.tx.page(&call.shop, &filter, page, call.now).await?,
        false => Vec::new(),
    };
    let list = found.into_iter().map(|complaint| complaint.to_row(call.now)).collect();
    Ok(complaint_list::Response { list, total })
}

/// 获取交易投诉单详情
pub(super) async fn info(
    mut call: Call,
    request: complaint_info_get::Request,
) -> Result<complaint_info_get::Response, Refusal> {
    let complaint_id = request.complaint_id()?;
    let found = call.tx.complaint(&call.shop, &complaint_id).await?.ok_or_else(|| {
        let shown = lenient::quoted(&complaint_id);
        Refusal::because(ReturnCode::NoSuchComplaint, format!("{shown} ¦ {shown}"))
    })?;
    Ok(found.complaint.to_info(call.shop.as_str(), found.number, found.details))
}
