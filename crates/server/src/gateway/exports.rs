//! Our interfaces that give complaints away as files, and what is known of that afterwards.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use tousu_wire::complaint_export::{self, EXPORT_ID};
use tousu_wire::{BeijingTime, ReturnCode, complaint_bundle};

use super::admit::{Call, Unanswered};
use super::complaints::no_such_complaint;
use super::handling::caller;
use super::interface::{Data, Streamed};
use super::refusal::Refusal;
use crate::exporting::{self, Broken, Order};
use crate::life::Actor;
use crate::{bundle, handling};

/// 导出投诉单
pub(super) async fn export(call: Call, request: complaint_export::Request) -> Result<Data<()>, Unanswered> {
    let gateway = call.gateway.clone();
    let order = Order::of(&request, gateway.settings.lang)?;
    let place = gateway.exports.clone().try_acquire_owned();
    let place = place.map_err(|_| Refusal::busy("too many exports at once"))?;
    let call = call.for_writing().await?;
    let doer = caller(&call).doer(Actor::Merchant, request.operator.as_deref());
    let patience = Duration::from_secs(gateway.settings.server.export_seconds);
    let job = order.begin(&gateway.store, &call.shop, doer, Some(patience)).await?;
    let job = job.ok_or_else(|| Refusal::new(ReturnCode::AccessTokenExpired))?;
    let disposition = format!("attachment; filename=\"{}\"", job.order.file_name(job.number, job.doer.now));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(job.order.format.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(unwritable)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static(EXPORT_ID), job.number.into()),
    ];
    let pieces = job.stream(place).await?;
    Ok(Data::Streamed(Box::new(Streamed { headers, body: Body::from_stream(pieces) })))
}

/// 获取导出清单
pub(super) async fn get(
    mut call: Call,
    request: complaint_export::GetRequest,
) -> Result<Data<complaint_export::Response>, Unanswered> {
    let export_id = request.export_id()?;
    let shop = call.shop.clone();
    let record = exporting::record(call.snapshot().await?, &shop, export_id).await?;
    let record = record
        .ok_or_else(|| Refusal::because(ReturnCode::NoSuchExport, format!("{export_id} ¦ {export_id}")))?;
    Ok(Data::Value(complaint_export::Response {
        export_id: record.number,
        begun_at: BeijingTime::from_epoch(record.begun_at),
        operator: record.operator,
        client_id: record.client_id,
        complete: record.manifest.is_some(),
        manifest: record.manifest.unwrap_or(Value::Null),
    }))
}

/// 获取投诉单存证文件
pub(super) async fn bundle(
    call: Call,
    request: complaint_bundle::Request,
) -> Result<Data<complaint_bundle::Response>, Unanswered> {
    let (complaint_id, operator) = request.checked()?;
    let call = call.for_writing().await?;
    let doer = caller(&call).doer(Actor::Merchant, operator.as_deref());
    let gateway = &call.gateway;
    let bundled =
        handling::bundle(&gateway.store, &call.shop, &doer, &gateway.deadlines, &complaint_id).await?;
    let bundled = bundled.ok_or_else(|| no_such_complaint(&complaint_id))?;
    let data = bundle::parse(&bundled.html).ok().and_then(|(data, _)| serde_json::from_str(data).ok());
    Ok(Data::Value(complaint_bundle::Response {
        file_name: bundle::file_name(&complaint_id),
        data: data.unwrap_or_default(),
        html: bundled.html,
        digest: bundled.digest,
    }))
}

fn unwritable(error: impl std::fmt::Display) -> Refusal {
    Refusal::busy(format!("a header: {error}"))
}

impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Self {
        Refusal::busy(broken.to_string())
    }
}
