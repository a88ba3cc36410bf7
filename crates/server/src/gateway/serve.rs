//! Accepts connections until told to stop, then lets the calls in flight be answered.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use super::visit::Peer;
use super::{Gateway, Routes};

/// Serves `gateway` on `listener` until `stop` is ready; returns when the calls in flight are answered or
/// the settings' patience is at its end.
pub async fn serve(gateway: Arc<Gateway>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let routes = Arc::new(gateway.routes());
    let patience = Duration::from_secs(gateway.settings.server.receive_seconds);
    let connections = GracefulShutdown::new();
    let mut upkeep = tokio::time::interval(Duration::from_secs(1));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
            // Durations pile up until they are sorted into their buckets.
            _ = upkeep.tick() => {
                gateway.metrics.run_upkeep();
                if let Err(error) = gateway.store.let_go() {
                    tracing::warn!(%error, "a snapshot was not given up");
                }
                continue;
            }
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                connection(&routes, stream, Peer(peer), patience, &connections);
            }
            // Out of file handles, most likely: the next connection to close frees one.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let patience = Duration::from_secs(gateway.settings.server.stop_seconds);
    if tokio::time::timeout(patience, connections.shutdown()).await.is_err() {
        tracing::warn!("some calls were cut off: they took longer than a stop waits");
    }
}

fn connection(
    routes: &Arc<Routes>,
    stream: TcpStream,
    peer: Peer,
    patience: Duration,
    connections: &GracefulShutdown,
) {
    let routes = routes.clone();
    let service = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.answer(peer, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(stream), service);
    let serving = connections.watch(serving);
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}
