//! The gateway: what every interface has in common.

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
mod mirror;
mod oidc;
mod personal;
mod queue;
pub mod quirks;
mod refusal;
mod routes;
mod sandbox;
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
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::http::HeaderValue;
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tousu_wire::RateLimit;

use self::events::{Streams, Watchers};
use self::limiter::{Allowance, Limiter};
use self::quirks::{Quirks, Rules};
use self::refusal::Refusal;
use self::routes::no_such_interface;
use self::usage::Usage;
use self::visit::Meter;
use crate::clock::Clock;
use crate::familiar::Familiar;
use crate::handling::Deadlines;
use crate::notices::Sender;
use crate::oidc::Provider;
use crate::passwords::Hasher;
use crate::remembered::Remembered;
use crate::sandbox::Sandbox;
use crate::settings::Settings;
use crate::store::{ShopId, Store};

pub use self::routes::openapi;
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
    quirks: Option<Quirks>,
    sandbox: Option<Sandbox>,
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

/// What is unusual about a gateway.
#[derive(Default)]
pub struct Manner {
    /// Whether it serves a demonstration.
    pub is_demo: bool,
    /// How its answers are wrong.
    pub quirks: Option<Rules>,
    /// The sandbox that it serves, which can be steered then.
    pub sandbox: Option<Sandbox>,
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
        Gateway::in_manner(store, settings, clock, metrics, Manner::default())
    }

    /// The same, in another manner than usual.
    pub fn in_manner(
        store: Store,
        settings: Settings,
        clock: Clock,
        metrics: PrometheusHandle,
        manner: Manner,
    ) -> anyhow::Result<Arc<Self>> {
        let Manner { is_demo, quirks, sandbox } = manner;
        let by_header = sandbox.is_some();
        let quirks = if by_header { quirks.or_else(|| Some(Rules::default())) } else { quirks };
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
            quirks: quirks.map(|rules| Quirks::new(rules, by_header)),
            sandbox,
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
