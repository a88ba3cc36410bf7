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
use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{self, Method, Response, Uri};
use axum::routing::{any, get};
use axum::{Extension, Router};
use futures_util::FutureExt;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::{self, ComplaintList};
use tousu_wire::openapi::OpenApi;
use tousu_wire::{Endpoint, RateLimit, ReturnCode, lenient, token as token_wire};
use tower::ServiceExt;

use self::admit::{Call, Unanswered, admit, admit_by_memory, bearer, read_parameters, require_method};
use self::limiter::{Allowance, Limiter};
use self::refusal::Refusal;
use self::visit::{Meter, Peer, Visit};
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
    token_meter: Meter,
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
            remembered: Remembered::new(store.clone(), &settings.storage),
            token_meter: Meter::of("token"),
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
    pub(crate) fn routes(self: &Arc<Self>) -> Routes {
        let interfaces = [
            interface::<ComplaintList, _, _>(self, complaints::list),
            interface::<ComplaintInfoGet, _, _>(self, complaints::info),
        ];
        let others = Router::new()
            .route(token_wire::PATH, any(token_route))
            .route("/docs", get(docs::page))
            .route("/docs/{file}", get(docs::file))
            .route("/openapi.json", get(docs::openapi))
            .route("/healthz", get(watch::healthz))
            .route("/readyz", get(watch::readyz))
            .route("/metrics", get(watch::metrics))
            .route("/", get(docs::root))
            .fallback(no_such_interface)
            .with_state(self.clone());
        Routes { interfaces: HashMap::from(interfaces), others }
    }
}

/// Where a request goes. The interfaces are found by their path alone, without the router's detours, which cost as
/// much as the rest of the gate.
pub(crate) struct Routes {
    interfaces: HashMap<String, Interface>,
    others: Router,
}

type Interface = Box<dyn Fn(Peer, http::Request<Incoming>) -> Answering + Send + Sync>;
type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

impl Routes {
    /// Answers a request, whatever it asks for.
    pub(crate) async fn answer(
        &self,
        peer: Peer,
        mut request: http::Request<Incoming>,
    ) -> Response<Either<Full<Bytes>, Body>> {
        if let Some(uri) = normalized(request.uri()) {
            *request.uri_mut() = uri;
        }
        if let Some(interface) = self.interfaces.get(request.uri().path()) {
            return interface(peer, request).await.map(Either::Left);
        }
        request.extensions_mut().insert(peer);
        let answered = self.others.clone().oneshot(request.map(Body::new)).await;
        answered.unwrap_or_else(|never| match never {}).map(Either::Right)
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

/// An interface's path, and the one way from the wire to its handler and back.
fn interface<E, H, F>(gateway: &Arc<Gateway>, handler: H) -> (String, Interface)
where
    E: Endpoint + 'static,
    E::Request: Clone + Send + Sync,
    H: Fn(Call, E::Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Data<E::Response>, Unanswered>> + Send + 'static,
{
    let (gateway, meter) = (gateway.clone(), Meter::of(E::NAME));
    let answering = move |peer, request: http::Request<Incoming>| -> Answering {
        let (gateway, handler) = (gateway.clone(), handler.clone());
        let visit = Visit::begin(&gateway, &meter, peer, request.headers());
        Box::pin(async move {
            let mut answered = Answered::default();
            let work = async {
                require_method(request.method(), &[Method::POST])?;
                let (parts, body) = request.into_parts();
                let parameters = read_parameters(&gateway, &parts.headers, body).await?;
                call::<E, H, F>(&gateway, &handler, parameters, visit.client, &mut answered).await
            };
            let outcome = bounded(&gateway, pin!(work)).await.map(|data| match data {
                Data::Value(data) => visit::encoded(data, complaint_list::SUCCESS),
                Data::Ready(bytes) => bytes,
            });
            visit.answer(answered, outcome)
        })
    };
    (E::path(), Box::new(answering))
}

/// Admits a call and has it answered: by what is in memory if that holds, else in snapshots until one does.
async fn call<E, H, F>(
    gateway: &Arc<Gateway>,
    handler: &H,
    mut parameters: Map<String, Value>,
    client: IpAddr,
    answered: &mut Answered,
) -> Result<Data<E::Response>, Refusal>
where
    E: Endpoint,
    E::Request: Clone,
    H: Fn(Call, E::Request) -> F,
    F: Future<Output = Result<Data<E::Response>, Unanswered>>,
{
    let bearer = bearer(&mut parameters)?;
    let mut admitted = admit_by_memory::<E>(gateway, &bearer, client, answered).await;
    let mut parameters = Some(parameters);
    let mut request = None;
    for _ in 0..ATTEMPTS {
        let call = match admitted.take() {
            Some(call) => call,
            // Boxed, as is everything that seldom happens: what every call carries stays small.
            None => Box::pin(admit::<E>(gateway, &bearer, client, answered)).await?,
        };
        let request = match (&mut request, parameters.take()) {
            (Some(request), _) => request,
            (none, parameters) => {
                none.insert(lenient::request::<E::Request>(parameters.unwrap_or_default())?)
            }
        };
        match handler(call, request.clone()).await {
            Ok(data) => return Ok(data),
            Err(Unanswered::Refused(refusal)) => return Err(refusal),
            Err(Unanswered::Moved) => {}
        }
    }
    Err(Refusal::busy("the shop changes faster than it can be read"))
}

/// How often a call is tried while others change its shop under it.
const ATTEMPTS: usize = 8;

/// What a handler answers: `data`, or the whole answer where its bytes are at hand.
enum Data<T> {
    Value(T),
    Ready(Bytes),
}

async fn token_route(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let visit = Visit::begin(&gateway, &gateway.token_meter, peer, request.headers());
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
    let outcome = bounded(&gateway, pin!(work)).await.map(|token| visit::encoded(token, token_wire::SUCCESS));
    visit.answer(answered, outcome).map(Body::new)
}

async fn no_such_interface(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let visit = Visit::begin(&gateway, &Meter::of("unknown"), peer, request.headers());
    let shown = lenient::quoted(request.uri().path());
    let refusal = Refusal::because(ReturnCode::NoSuchInterface, format!("{shown} ¦ {shown}"));
    visit.answer(Answered::default(), Err(refusal)).map(Body::new)
}

/// Runs the work of one call: not too many at once, not for ever, and a panic is that call's alone.
async fn bounded<T>(
    gateway: &Gateway,
    work: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
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
