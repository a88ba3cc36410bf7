//! What operators watch: health, readiness, metrics.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tousu_wire::BeijingTime;

use super::Gateway;
use crate::source;
use crate::store::{self, ShopId, StoreError};

/// Begins to count, once per process, and gives what `/metrics` prints.
pub fn record_metrics() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    const BUCKETS: &[f64] =
        &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];
    let handle = RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), BUCKETS);
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("metrics are counted elsewhere");
        }
        metrics::describe_counter!("tousu_requests_total", "Answered calls by interface and return code");
        metrics::describe_histogram!("tousu_request_seconds", "Time from arrival to answer");
        metrics::describe_counter!("tousu_limiter_refusals_total", "Calls refused by the rate limit");
        metrics::describe_counter!(
            "tousu_notices_total",
            "Deliveries by kind of target and what became of them"
        );
        metrics::describe_histogram!("tousu_database_seconds", "Time of one transaction");
        metrics::describe_gauge!("tousu_database_connections", "Connections in use");
        metrics::describe_gauge!("tousu_database_connections_max", "Connections at most");
        metrics::describe_gauge!("tousu_limiter_redis_up", "1 while limits are shared through Redis");
        metrics::describe_gauge!(
            "tousu_mirror_lag_seconds",
            "For how long what happened upstream may not be in a shop's mirror"
        );
        metrics::describe_gauge!(
            "tousu_mirror_last_success_seconds",
            "When the upstream last answered, epoch seconds"
        );
        let _ = store::SECONDS.set(metrics::histogram!("tousu_database_seconds"));
        handle
    });
    handle.clone()
}

/// The process is alive.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can answer calls: its database does, its limits can be told, and nobody told it to stop. What
/// state each is in is told.
pub(super) async fn readyz(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let asked = async {
        let mut tx = gateway.store.read().await?;
        tx.version(&ShopId::nobody()).await?;
        let mirrors = source::lags(&mut tx, gateway.clock.epoch()).await?;
        Ok::<_, StoreError>((tx.is_read_only().await?, mirrors))
    };
    let (status, database, mirrors) = match asked.await {
        Ok((false, mirrors)) => (StatusCode::OK, "ok", mirrors),
        // Calls are answered all the same.
        Ok((true, mirrors)) => (StatusCode::OK, "read_only", mirrors),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let is_standby = matches!(error, StoreError::Standby);
            let database = if is_standby { "standby" } else { "unreachable" };
            (StatusCode::SERVICE_UNAVAILABLE, database, Vec::new())
        }
    };
    let stopping = gateway.stopping.load(Ordering::Relaxed);
    let limits = &gateway.limiter;
    let status = if stopping || limits.is_closed() { StatusCode::SERVICE_UNAVAILABLE } else { status };
    let mut found = serde_json::json!({
        "database": database,
        "kind": gateway.store.kind(),
        "limits": limits.state(),
        "stopping": stopping,
    });
    // A mirror that is behind is told, and is no reason to call another node: that would be as far behind.
    if !mirrors.is_empty() {
        let each = mirrors.into_iter().map(|lag| {
            serde_json::json!({
                "app_id": lag.shop.as_str(),
                "lag_seconds": lag.seconds,
                "last_success": lag.succeeded_at.map(BeijingTime::from_epoch),
                "ok": !lag.has_problem,
            })
        });
        found["mirrors"] = each.collect();
    }
    (status, axum::Json(found))
}

/// Prometheus' text format.
pub(super) async fn metrics(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let (used, most) = gateway.store.pool_status();
    metrics::gauge!("tousu_database_connections").set(used as f64);
    metrics::gauge!("tousu_database_connections_max").set(most as f64);
    match gateway.limiter.state() {
        "per_node" => {}
        state => metrics::gauge!("tousu_limiter_redis_up").set(f64::from(state == "shared")),
    }
    gateway.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], gateway.metrics.render())
}
