//! The gateway: what every interface has in common, and all routes on one page.

mod admit;
mod apps;
pub(crate) mod client_ip;
mod complaints;
mod console;
mod docs;
mod events;
mod exports;
mod guest;
mod handling;
mod heard;
mod idle;
mod importing;
mod interface;
mod limiter;
mod members;
mod oidc;
mod personal;
mod queue;
mod refusal;
mod searching;
mod serve;
mod sessions;
mod settings;
mod signed_in;
mod stats;
mod subscriptions;
mod token;
mod usage;
mod visit;
mod watch;

use std::any::Any;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{self, HeaderValue, Method, Response, Uri};
use axum::routing::{any, get};
use axum::{Extension, Router};
use futures_util::FutureExt;
use http_body_util::Either;
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tousu_wire::app::{AppCreate, AppList, AppRotateSecret, AppUpdate};
use tousu_wire::app_usage::AppUsage;
use tousu_wire::complaint_act;
use tousu_wire::complaint_batch::ComplaintBatch;
use tousu_wire::complaint_bundle::ComplaintBundle;
use tousu_wire::complaint_changes::ComplaintChanges;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::complaint_erase::ComplaintErase;
use tousu_wire::complaint_export::{ComplaintExport, ExportGet};
use tousu_wire::complaint_get::ComplaintGet;
use tousu_wire::complaint_history::ComplaintHistory;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::complaint_reveal::ComplaintReveal;
use tousu_wire::complaint_search::ComplaintSearch;
use tousu_wire::complaint_similar::ComplaintSimilar;
use tousu_wire::console::ConsoleGet;
use tousu_wire::deadline_explain::DeadlineExplain;
use tousu_wire::import_file::{ImportPreview, ImportRun};
use tousu_wire::member::{MemberList, MemberNames, MemberRemove, MemberSet};
use tousu_wire::openapi::OpenApi;
use tousu_wire::preference::{PreferenceGet, PreferenceSet};
use tousu_wire::queue::QueueGet;
use tousu_wire::session::{
    SessionClose, SessionGet, SessionOpen, SessionSetPassword, SessionToken, SessionTotp,
};
use tousu_wire::shop_settings::{SettingsGet, SettingsSet};
use tousu_wire::stats::StatsGet;
use tousu_wire::subscription::{
    SubscriptionDelete, SubscriptionGet, SubscriptionList, SubscriptionRotateSecret, SubscriptionTest,
};
use tousu_wire::subscription_change::{SubscriptionCreate, SubscriptionUpdate};
use tousu_wire::subscription_deliveries::{SubscriptionDeliveries, SubscriptionReplay};
use tousu_wire::{RateLimit, ReturnCode, lenient, token as token_wire};
use tower::ServiceExt;

use self::admit::{read_parameters, require_method};
use self::events::{Streams, Watchers};
use self::guest::by_person;
use self::interface::{Answer, Interface, interface};
use self::limiter::{Allowance, Limiter};
use self::refusal::Refusal;
use self::usage::Usage;
use self::visit::{Meter, Peer, Visit};
use crate::clock::Clock;
use crate::familiar::Familiar;
use crate::handling::{Action, Deadlines};
use crate::notices::Sender;
use crate::oidc::Provider;
use crate::passwords::Hasher;
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
    deadlines: Deadlines,
    limiter: Limiter,
    remembered: Remembered,
    /// For notices that are sent at once, to try a target.
    sender: Sender,
    /// Calls that are being answered.
    under_way: AtomicUsize,
    /// Places of exports that are being made.
    exports: Arc<Semaphore>,
    hasher: Hasher,
    /// Who else says who somebody is.
    oidc: Option<Provider>,
    /// Places of streams of live updates, and who watches what.
    streams: Arc<Streams>,
    watchers: Watchers,
    /// Whether it serves a demonstration.
    is_demo: bool,
    /// Places of files that are being brought.
    imports: Arc<Semaphore>,
    usage: Usage,
    token_meter: Meter,
    events_meter: Meter,
    oidc_meter: Meter,
    /// Told to stop: whoever can should call another node from now on.
    stopping: AtomicBool,
    metrics: PrometheusHandle,
    /// Bodies that came before.
    familiar: Familiar,
}

/// What was learnt of a call on the way to its answer, for the log and the headers.
#[derive(Default)]
struct Answered {
    caller: Option<(ShopId, String)>,
    /// When it was, where there is a caller (epoch seconds).
    at: i64,
    allowance: Option<Allowance>,
    /// Boxed, since few calls bring one.
    set_cookie: Option<Box<HeaderValue>>,
    /// The place of a call that brings a file; whatever it sets going keeps it.
    place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Answered {
    /// What a person did who is in no shop at that moment.
    fn of_user(user_id: &str) -> Self {
        let caller = Some((ShopId::nobody(), signed_in::client_id(user_id)));
        Answered { caller, ..Answered::default() }
    }
}

impl Gateway {
    /// A gateway in front of `store`; what happens is counted by `metrics` (see [`record_metrics`]).
    pub fn new(
        store: Store,
        settings: Settings,
        clock: Clock,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Arc<Self>> {
        Gateway::of_demo(store, settings, clock, metrics, false)
    }

    /// The same, which may serve a demonstration.
    pub fn of_demo(
        store: Store,
        settings: Settings,
        clock: Clock,
        metrics: PrometheusHandle,
        is_demo: bool,
    ) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Gateway {
            sender: Sender::new(&settings, clock.clone()),
            limiter: Limiter::new(&settings.limits, &clock),
            stopping: AtomicBool::new(false),
            remembered: Remembered::new(store.clone(), &settings.storage),
            hasher: Hasher::default(),
            oidc: Provider::new(&settings.oidc)?,
            streams: Arc::new(Streams::new(settings.sessions.max_streams)),
            watchers: Watchers::default(),
            is_demo,
            token_meter: Meter::of("token"),
            events_meter: Meter::of("events"),
            oidc_meter: Meter::of("oidc"),
            deadlines: Deadlines::load(&settings.handling)?,
            under_way: AtomicUsize::new(0),
            exports: Arc::new(Semaphore::new(settings.server.max_exports)),
            imports: Arc::new(Semaphore::new(settings.server.max_imports)),
            usage: Usage::default(),
            familiar: Familiar::new(),
            store,
            settings,
            clock,
            metrics,
        }))
    }

    /// Whether the node was told to stop.
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The published limit, as the settings scale it.
    fn limit(&self, published: RateLimit) -> RateLimit {
        let calls = published.calls.saturating_mul(self.settings.limits.calls_factor.max(1));
        RateLimit { calls, ..published }
    }

    /// Everything that is served.
    pub(crate) fn routes(self: &Arc<Self>) -> Routes {
        let interfaces = [
            interface::<ComplaintList, _, _>(complaints::list),
            interface::<ComplaintInfoGet, _, _>(complaints::info),
            interface::<ComplaintCreate, _, _>(handling::create),
            interface::<ComplaintGet, _, _>(handling::get),
            interface::<ComplaintHistory, _, _>(handling::history),
            handling::interface_of::<complaint_act::Reply>(Action::Reply),
            handling::interface_of::<complaint_act::ConsumerReply>(Action::ConsumerReply),
            handling::interface_of::<complaint_act::CheckFailed>(Action::CheckFailed),
            handling::interface_of::<complaint_act::Close>(Action::Close),
            handling::interface_of::<complaint_act::Reopen>(Action::Reopen),
            handling::interface_of::<complaint_act::Note>(Action::Note),
            handling::interface_of::<complaint_act::Assign>(Action::Assign),
            handling::interface_of::<complaint_act::Tag>(Action::Tag),
            interface::<ComplaintSearch, _, _>(searching::search),
            interface::<ComplaintBatch, _, _>(handling::batch),
            interface::<ComplaintChanges, _, _>(handling::changes),
            interface::<DeadlineExplain, _, _>(handling::explain),
            interface::<SettingsGet, _, _>(settings::get),
            interface::<SettingsSet, _, _>(settings::set),
            interface::<ComplaintReveal, _, _>(personal::reveal),
            interface::<ComplaintErase, _, _>(personal::erase),
            interface::<StatsGet, _, _>(stats::get),
            interface::<SubscriptionCreate, _, _>(subscriptions::create),
            interface::<SubscriptionList, _, _>(subscriptions::list),
            interface::<SubscriptionGet, _, _>(subscriptions::get),
            interface::<SubscriptionUpdate, _, _>(subscriptions::update),
            interface::<SubscriptionRotateSecret, _, _>(subscriptions::rotate_secret),
            interface::<SubscriptionDelete, _, _>(subscriptions::delete),
            interface::<SubscriptionTest, _, _>(subscriptions::test),
            interface::<SubscriptionDeliveries, _, _>(subscriptions::deliveries),
            interface::<SubscriptionReplay, _, _>(subscriptions::replay),
            interface::<ComplaintExport, _, _>(exports::export),
            interface::<ExportGet, _, _>(exports::get),
            interface::<ComplaintBundle, _, _>(exports::bundle),
            interface::<MemberList, _, _>(members::list),
            interface::<MemberNames, _, _>(members::names),
            interface::<MemberSet, _, _>(members::set),
            interface::<MemberRemove, _, _>(members::remove),
            interface::<PreferenceGet, _, _>(members::preference),
            interface::<PreferenceSet, _, _>(members::set_preference),
            interface::<SessionToken, _, _>(sessions::token),
            by_person::<SessionOpen, _, _>(sessions::open),
            by_person::<SessionGet, _, _>(sessions::get),
            by_person::<SessionClose, _, _>(sessions::close),
            by_person::<SessionSetPassword, _, _>(sessions::set_password),
            by_person::<SessionTotp, _, _>(sessions::totp),
            by_person::<ConsoleGet, _, _>(sessions::console),
            interface::<QueueGet, _, _>(queue::get),
            interface::<ComplaintSimilar, _, _>(searching::similar),
            interface::<ImportPreview, _, _>(importing::preview),
            interface::<ImportRun, _, _>(importing::run),
            interface::<AppList, _, _>(apps::list),
            interface::<AppCreate, _, _>(apps::create),
            interface::<AppUpdate, _, _>(apps::update),
            interface::<AppRotateSecret, _, _>(apps::rotate_secret),
            interface::<AppUsage, _, _>(apps::usage),
        ];
        let others = Router::new()
            .route(token_wire::PATH, any(token_route))
            .route("/docs", get(docs::page))
            .route("/docs/{file}", get(docs::file))
            .route("/openapi.json", get(docs::openapi))
            .route("/healthz", get(watch::healthz))
            .route("/readyz", get(watch::readyz))
            .route("/metrics", get(watch::metrics))
            .route("/events", any(events::events))
            .route("/oidc/start", get(oidc::start))
            .route("/oidc/callback", get(oidc::callback))
            .route("/", get(console_page))
            .route("/sign-in", get(console_page))
            .route("/queue", get(console_page))
            .route("/complaints/{id}", get(console_page))
            .route("/dashboard", get(console_page))
            .route("/settings", get(console_page))
            .route("/settings/{*place}", get(console_page))
            .route("/import", get(console_page))
            .fallback(no_such_interface)
            .with_state(self.clone());
        Routes { gateway: self.clone(), interfaces: HashMap::from(interfaces), others }
    }
}

/// The OpenAPI document of everything that is served (JSON).
pub fn openapi() -> String {
    let document = OpenApi::default()
        .token()
        .endpoint::<ComplaintList>()
        .endpoint::<ComplaintInfoGet>()
        .endpoint::<ComplaintCreate>()
        .endpoint::<ComplaintGet>()
        .endpoint::<ComplaintHistory>()
        .endpoint::<complaint_act::Reply>()
        .endpoint::<complaint_act::ConsumerReply>()
        .endpoint::<complaint_act::CheckFailed>()
        .endpoint::<complaint_act::Close>()
        .endpoint::<complaint_act::Reopen>()
        .endpoint::<complaint_act::Note>()
        .endpoint::<complaint_act::Assign>()
        .endpoint::<complaint_act::Tag>()
        .endpoint::<ComplaintSearch>()
        .endpoint::<ComplaintBatch>()
        .endpoint::<ComplaintChanges>()
        .endpoint::<DeadlineExplain>()
        .endpoint::<SettingsGet>()
        .endpoint::<SettingsSet>()
        .endpoint::<ComplaintReveal>()
        .endpoint::<ComplaintErase>()
        .endpoint::<StatsGet>()
        .endpoint::<SubscriptionCreate>()
        .endpoint::<SubscriptionList>()
        .endpoint::<SubscriptionGet>()
        .endpoint::<SubscriptionUpdate>()
        .endpoint::<SubscriptionRotateSecret>()
        .endpoint::<SubscriptionDelete>()
        .endpoint::<SubscriptionTest>()
        .endpoint::<SubscriptionDeliveries>()
        .endpoint::<SubscriptionReplay>()
        .endpoint::<ComplaintExport>()
        .endpoint::<ExportGet>()
        .endpoint::<ComplaintBundle>()
        .endpoint::<MemberList>()
        .endpoint::<MemberNames>()
        .endpoint::<MemberSet>()
        .endpoint::<MemberRemove>()
        .endpoint::<PreferenceGet>()
        .endpoint::<PreferenceSet>()
        .endpoint::<SessionToken>()
        .endpoint::<QueueGet>()
        .endpoint::<ComplaintSimilar>()
        .endpoint::<ImportPreview>()
        .endpoint::<ImportRun>()
        .endpoint::<AppList>()
        .endpoint::<AppCreate>()
        .endpoint::<AppUpdate>()
        .endpoint::<AppRotateSecret>()
        .endpoint::<AppUsage>()
        .personal::<SessionOpen>()
        .personal::<SessionGet>()
        .personal::<SessionClose>()
        .personal::<SessionSetPassword>()
        .personal::<SessionTotp>()
        .personal::<ConsoleGet>();
    document.build(env!("CARGO_PKG_VERSION")).to_string()
}

/// Where a request goes. The interfaces are found by their path alone, without the router's detours, which cost as
/// much as the rest of the gate.
pub(crate) struct Routes {
    gateway: Arc<Gateway>,
    interfaces: HashMap<String, Box<dyn Interface>>,
    others: Router,
}

impl Routes {
    /// Whether the node was told to stop.
    fn stopping(&self) -> bool {
        self.gateway.is_stopping()
    }

    /// Answers a request, whatever it asks for.
    pub(crate) async fn answer(&self, peer: Peer, mut request: http::Request<Incoming>) -> Response<Answer> {
        if let Some(uri) = normalized(request.uri()) {
            *request.uri_mut() = uri;
        }
        if let Some(interface) = self.interfaces.get(request.uri().path()) {
            return interface.answer(&self.gateway, peer, request).await;
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
    let outcome = bounded(&gateway, patience(&gateway), pin!(work))
        .await
        .map(|token| visit::encoded(token, token_wire::SUCCESS));
    visit.answer(answered, outcome).map(Body::new)
}

async fn console_page(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    console::page(request.headers(), gateway.settings.lang)
}

async fn no_such_interface(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    // What is no interface may be a file of the console.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path().trim_start_matches('/');
        if let Some(file) = console::file(path, request.headers()) {
            return file;
        }
        if path.starts_with("assets/") {
            return console::missing();
        }
    }
    let meter = Meter::of("unknown");
    let visit = Visit::begin(&gateway, &meter, peer, request.headers());
    let shown = lenient::quoted(request.uri().path());
    let refusal = Refusal::because(ReturnCode::NoSuchInterface, format!("{shown} ¦ {shown}"));
    visit.answer(Answered::default(), Err(refusal)).map(Body::new)
}

/// How long an ordinary call may take.
fn patience(gateway: &Gateway) -> Duration {
    Duration::from_secs(gateway.settings.server.answer_seconds + gateway.settings.server.receive_seconds)
}

/// Runs the work of one call: not too many at once, not for ever, and a panic is that call's alone.
async fn bounded<T>(
    gateway: &Gateway,
    patience: Duration,
    work: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
    let _place = Place::take(gateway).ok_or_else(|| Refusal::busy("too many requests at once"))?;
    match in_time(patience, pin!(AssertUnwindSafe(work).catch_unwind())).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(Refusal::busy(format!("panic: {}", panic_message(&*panic)))),
        Err(_) => Err(Refusal::busy("the answer took too long")),
    }
}

/// One of the calls that may be answered at once.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(gateway: &'a Gateway) -> Option<Self> {
        let place = Place(&gateway.under_way);
        (place.0.fetch_add(1, Ordering::Relaxed) < gateway.settings.server.max_requests).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As tokio's timeout, but what is ready at once, as most is, never pays for a timer.
async fn in_time<F: Future>(patience: Duration, mut future: Pin<&mut F>) -> Result<F::Output, Elapsed> {
    match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Box::pin(tokio::time::timeout(patience, future)).await,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("of unknown kind")
}
