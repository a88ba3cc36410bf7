//! The gateway: what every interface has in common, and all routes on one page.

mod admit;
pub(crate) mod client_ip;
mod complaints;
mod docs;
mod limiter;
mod refusal;
mod serve;
mod token;
mod visit;
mod watch;

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::routing::{MethodRouter, any, get};
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::{self, ComplaintList};
use tousu_wire::openapi::OpenApi;
use tousu_wire::{Endpoint, RateLimit, ReturnCode, lenient, token as token_wire};

use self::admit::{Call, admit, read_parameters, require_method};
use self::limiter::{Allowance, Limiter};
use self::refusal::Refusal;
use self::visit::Visit;
use crate::clock::Clock;
use crate::remembered::Remembered;
use crate::settings::Settings;
use crate::store::{ShopId, Store};

pub use self::serve::serve;
pub use self::watch::record_metrics;

/// What all calls share.
pub struct Gateway {
    store: Store,
    settings: Settings,
    clock: Clock,
    limiter: Limiter,
    remembered: Remembered,
    places: Semaphore,
    /// Told to stop: whoever can should call another node from now on.
    stopping: AtomicBool,
    metrics: PrometheusHandle,
    openapi: String,
}

/// What was learnt of a call on the way to its answer, for the log and the headers.
#[derive(Default)]
struct Answered {
    caller: Option<(ShopId, String)>,
    allowance: Option<Allowance>,
}

impl Gateway {
    /// A gateway in front of `store`; what happens is counted by `metrics` (see [`record_metrics`]).
    pub fn new(store: Store, settings: Settings, clock: Clock, metrics: PrometheusHandle) -> Arc<Self> {
        let document = OpenApi::default().token().endpoint::<ComplaintList>().endpoint::<ComplaintInfoGet>();
        Arc::new(Gateway {
            limiter: Limiter::new(&settings.limits, &clock),
            stopping: AtomicBool::new(false),
            remembered: Remembered::new(&settings.storage),
            places: Semaphore::new(settings.server.max_requests),
            openapi: document.build(env!("CARGO_PKG_VERSION")).to_string(),
            store,
            settings,
            clock,
            metrics,
        })
    }

    /// The published limit, as the settings scale it.
    fn limit(&self, published: RateLimit) -> RateLimit {
        let calls = published.calls.saturating_mul(self.settings.limits.calls_factor.max(1));
        RateLimit { calls, ..published }
    }

    /// Everything that is served.
    pub fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route(token_wire::PATH, any(token_route))
            .merge(interface::<ComplaintList, _, _>(complaints::list))
            .merge(interface::<ComplaintInfoGet, _, _>(complaints::info))
            .route("/docs", get(docs::page))
            .route("/docs/{file}", get(docs::file))
            .route("/openapi.json", get(docs::openapi))
            .route("/healthz", get(watch::healthz))
            .route("/readyz", get(watch::readyz))
            .route("/metrics", get(watch::metrics))
            .route("/", get(docs::root))
            .fallback(no_such_interface)
            .with_state(self.clone())
    }
}

/// The path as we serve it: `//xe.…` and `/api/xe.…` are `/xe.…` `[public: clients in the field send both]`.
fn normalized(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let bare = path.trim_start_matches('/');
    let bare = bare.strip_prefix("api/").map_or(bare, |rest| rest.trim_start_matches('/'));
    if path.strip_prefix('/') == Some(bare) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{bare}{query}").parse().ok()
}

/// Mounts an interface: the one way from the wire to a handler and back.
fn interface<E, H, F>(handler: H) -> Router<Arc<Gateway>>
where
    E: Endpoint + 'static,
    E::Request: Send,
    H: Fn(Call, E::Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Data<E::Response>, Refusal>> + Send + 'static,
{
    let route: MethodRouter<Arc<Gateway>> =
        any(move |State(gateway): State<Arc<Gateway>>, request: Request| {
            let handler = handler.clone();
            async move {
                let visit = Visit::begin(&gateway, E::NAME, &request);
                let mut answered = Answered::default();
                let work = async {
                    require_method(request.method(), &[Method::POST])?;
                    let (parts, body) = request.into_parts();
                    let parameters = read_parameters(&gateway, &parts.headers, body).await?;
                    let (call, request) =
                        admit::<E>(&gateway, parameters, visit.client, &mut answered).await?;
                    handler(call, request).await
                };
                let outcome = bounded(&gateway, work).await.map(|data| match data {
                    Data::Value(data) => visit::encoded(data, complaint_list::SUCCESS),
                    Data::Ready(bytes) => bytes,
                });
                visit.answer(answered, outcome)
            }
        });
    Router::new().route(&E::path(), route)
}

/// What a handler answers: `data`, or the whole answer where its bytes are at hand.
enum Data<T> {
    Value(T),
    Ready(Bytes),
}

async fn token_route(State(gateway): State<Arc<Gateway>>, request: Request) -> axum::response::Response {
    let visit = Visit::begin(&gateway, "token", &request);
    let mut answered = Answered::default();
    let work = async {
        require_method(request.method(), &[Method::GET, Method::POST])?;
        let (parts, body) = request.into_parts();
        let mut parameters = lenient::query(parts.uri.query().unwrap_or_default());
        for (name, value) in read_parameters(&gateway, &parts.headers, body).await? {
            parameters.entry(name).or_insert(value);
        }
        token::token(&gateway, parameters, visit.client, &mut answered).await
    };
    let outcome = bounded(&gateway, work).await.map(|token| visit::encoded(token, token_wire::SUCCESS));
    visit.answer(answered, outcome)
}

async fn no_such_interface(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
) -> axum::response::Response {
    let visit = Visit::begin(&gateway, "unknown", &request);
    let shown = lenient::quoted(request.uri().path());
    let refusal = Refusal::because(ReturnCode::NoSuchInterface, format!("{shown} ¦ {shown}"));
    visit.answer(Answered::default(), Err(refusal))
}

/// Runs the work of one call: not too many at once, not for ever, and a panic is that call's alone.
async fn bounded<T>(gateway: &Gateway, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let Ok(_place) = gateway.places.try_acquire() else {
        return Err(Refusal::busy("too many requests at once"));
    };
    let patience =
        Duration::from_secs(gateway.settings.server.answer_seconds + gateway.settings.server.receive_seconds);
    match tokio::time::timeout(patience, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(Refusal::busy(format!("panic: {}", panic_message(&*panic)))),
        Err(_) => Err(Refusal::busy("the answer took too long")),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("of unknown kind")
}
