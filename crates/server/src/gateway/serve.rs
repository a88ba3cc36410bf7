//! Accepts connections until told to stop, then lets the calls in flight be answered.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use futures_util::FutureExt;
use http_body_util::Either;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::idle::{Paced, Waiting, Watched};
use super::routes::Routes;
use super::visit::Peer;
use super::{Gateway, usage};

/// Serves `gateway` on `listener` until `stop` is ready, and for as long after it as the settings say; returns
/// when the calls in flight are answered or the settings' patience is at its end.
pub async fn serve(gateway: Arc<Gateway>, listener: TcpListener, stop: impl Future<Output = ()>) {
    gateway.limiter.open().await;
    let door = Door {
        routes: Arc::new(gateway.routes()),
        gateway: gateway.clone(),
        connections: GracefulShutdown::new(),
    };
    let (end_counting, counting_ended) = oneshot::channel();
    let counting = tokio::spawn(usage::keep(gateway.clone(), counting_ended));
    let mut upkeep = tokio::time::interval(Duration::from_secs(1));
    let mut stop = pin!(async {
        stop.await;
        gateway.stopping.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(gateway.settings.server.drain_seconds)).await;
    });
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
            Ok((stream, peer)) => door.let_in(stream, peer),
            // Out of file handles, most likely: the next connection to close frees one.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // Whoever came before the door is closed finds somebody behind it.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        door.let_in(stream, peer);
    }
    drop(listener);
    // A connection on which nothing was read yet is closed like an idle one, though a call may be on its way.
    tokio::time::sleep(LAST_CALLS).await;
    let patience = Duration::from_secs(gateway.settings.server.stop_seconds);
    if tokio::time::timeout(patience, door.connections.shutdown()).await.is_err() {
        tracing::warn!("some calls were cut off: they took longer than a stop waits");
    }
    drop(end_counting);
    if counting.await.is_err() {
        tracing::warn!("how often apps called of late was not written down");
    }
}

/// How long calls that were sent before the door was closed may take to arrive.
const LAST_CALLS: Duration = Duration::from_millis(200);

/// What every connection needs.
struct Door {
    gateway: Arc<Gateway>,
    routes: Arc<Routes>,
    connections: GracefulShutdown,
}

impl Door {
    fn let_in(&self, stream: TcpStream, peer: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let (routes, waiting) = (self.routes.clone(), Waiting::new());
        let asked = waiting.clone();
        let service = service_fn(move |request| {
            let (routes, waiting) = (routes.clone(), asked.clone());
            async move {
                waiting.pause();
                let mut answer = routes.answer(Peer(peer), request).await;
                waiting.begin();
                if matches!(answer.body(), Either::Right(_)) {
                    answer = answer.map(|body| match body {
                        Either::Right(body) => Either::Right(Body::new(Paced { body, waiting })),
                        whole => whole,
                    });
                }
                if routes.stopping() {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let patience = Duration::from_secs(self.gateway.settings.server.receive_seconds);
        let stream = TokioIo::new(Watched { stream, waiting: waiting.clone() });
        let serving = http1::Builder::new().serve_connection(stream, service);
        let serving = self.connections.watch(serving);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                served = serving => if let Err(error) = served {
                    tracing::debug!(%error, "a connection broke");
                },
                () = waiting.longer_than(patience) => tracing::debug!("a connection stood still"),
            }
        });
    }
}
