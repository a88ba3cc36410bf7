//! The list while its rows shift: as it would be read if complaints had arrived, or vanished, between two pages.

use serde_json::{Value, json};
use tousu_wire::complaint_list::{self, ComplaintList};

use super::super::admit::{Call, Unanswered};
use super::super::complaints;
use super::super::interface::{Answering, Data, interface};
use super::super::refusal::Refusal;

tokio::task_local! {
    /// By how many rows the call under way finds the list shifted, for each page before its own.
    pub(super) static SHIFT: i64;
}

/// The list interface in the place of the usual one.
pub(super) fn list() -> Answering<ComplaintList> {
    interface(shifted)
}

/// 获取B端投诉列表
async fn shifted(
    call: Call,
    request: complaint_list::Request,
) -> Result<Data<complaint_list::Response>, Unanswered> {
    let each = SHIFT.try_with(|rows| *rows).unwrap_or_default();
    let page = request.clone().query()?.1;
    let rows = each.saturating_mul(page.offset / page.size.max(1));
    match rows {
        0 => complaints::list(call, request).await,
        rows => by(rows, call, request).await,
    }
}

/// What the page holds after so many rows arrived (below 0: vanished) at the list's beginning.
async fn by(
    rows: i64,
    mut call: Call,
    request: complaint_list::Request,
) -> Result<Data<complaint_list::Response>, Unanswered> {
    let (filter, mut page) = request.query()?;
    page.offset = page.offset.saturating_sub(rows).max(0);
    let key = (call.shop, filter, page);
    let answer = call.gateway.remembered.page(call.tx.as_mut(), call.moment, key).await?;
    let answer = answer.ok_or(Unanswered::Moved)?;
    let mut said: Value =
        serde_json::from_slice(&answer).map_err(|error| Refusal::busy(format!("an answer: {error}")))?;
    let total = said["data"]["total"].as_i64().unwrap_or_default();
    said["data"]["total"] = json!(total.saturating_add(rows).max(0));
    Ok(Data::Ready(said.to_string().into()))
}
