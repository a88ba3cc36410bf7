//! All routes on one page: the interfaces, of which the same list says what answers and what is published, and the pages
//! beside them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{self, Method, Response, Uri};
use axum::routing::{any, get};
use axum::{Extension, Router};
use http_body_util::Either;
use hyper::body::Incoming;
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
use tousu_wire::mirror::MirrorGet;
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
use tousu_wire::{Endpoint, PersonalEndpoint, ReturnCode, SandboxEndpoint, lenient, token as token_wire};
use tower::ServiceExt;

use super::admit::{read_parameters, require_method};
use super::guest::by_person;
use super::interface::{Answer, Answering, Interface, interface};
use super::refusal::Refusal;
use super::visit::{self, Meter, Peer, Visit};
use super::{
    Answered, Gateway, apps, bounded, complaints, console, docs, events, exports, handling, importing,
    members, mirror, oidc, patience, personal, queue, quirks, sandbox, searching, sessions, settings, stats,
    subscriptions, token, watch,
};
use crate::handling::Action;

/// The interfaces: what answers on which path, and what is published of them.
#[derive(Default)]
pub(super) struct Interfaces {
    by_path: ByPath,
    /// What each adds to the document, which is made when somebody asks for it.
    published: Vec<fn(OpenApi) -> OpenApi>,
}

/// What answers on which path.
pub(super) type ByPath = HashMap<String, Box<dyn Interface>>;

impl Interfaces {
    fn all() -> Self {
        let none = Interfaces::default();
        none.endpoint(interface::<ComplaintList, _, _>(complaints::list))
            .endpoint(interface::<ComplaintInfoGet, _, _>(complaints::info))
            .endpoint(interface::<ComplaintCreate, _, _>(handling::create))
            .endpoint(interface::<ComplaintGet, _, _>(handling::get))
            .endpoint(interface::<ComplaintHistory, _, _>(handling::history))
            .endpoint(handling::interface_of::<complaint_act::Reply>(Action::Reply))
            .endpoint(handling::interface_of::<complaint_act::ConsumerReply>(Action::ConsumerReply))
            .endpoint(handling::interface_of::<complaint_act::CheckFailed>(Action::CheckFailed))
            .endpoint(handling::interface_of::<complaint_act::Close>(Action::Close))
            .endpoint(handling::interface_of::<complaint_act::Reopen>(Action::Reopen))
            .endpoint(handling::interface_of::<complaint_act::Note>(Action::Note))
            .endpoint(handling::interface_of::<complaint_act::Assign>(Action::Assign))
            .endpoint(handling::interface_of::<complaint_act::Tag>(Action::Tag))
            .endpoint(interface::<ComplaintSearch, _, _>(searching::search))
            .endpoint(interface::<ComplaintBatch, _, _>(handling::batch))
            .endpoint(interface::<ComplaintChanges, _, _>(handling::changes))
            .endpoint(interface::<DeadlineExplain, _, _>(handling::explain))
            .endpoint(interface::<SettingsGet, _, _>(settings::get))
            .endpoint(interface::<SettingsSet, _, _>(settings::set))
            .endpoint(interface::<ComplaintReveal, _, _>(personal::reveal))
            .endpoint(interface::<ComplaintErase, _, _>(personal::erase))
            .endpoint(interface::<StatsGet, _, _>(stats::get))
            .endpoint(interface::<SubscriptionCreate, _, _>(subscriptions::create))
            .endpoint(interface::<SubscriptionList, _, _>(subscriptions::list))
            .endpoint(interface::<SubscriptionGet, _, _>(subscriptions::get))
            .endpoint(interface::<SubscriptionUpdate, _, _>(subscriptions::update))
            .endpoint(interface::<SubscriptionRotateSecret, _, _>(subscriptions::rotate_secret))
            .endpoint(interface::<SubscriptionDelete, _, _>(subscriptions::delete))
            .endpoint(interface::<SubscriptionTest, _, _>(subscriptions::test))
            .endpoint(interface::<SubscriptionDeliveries, _, _>(subscriptions::deliveries))
            .endpoint(interface::<SubscriptionReplay, _, _>(subscriptions::replay))
            .endpoint(interface::<ComplaintExport, _, _>(exports::export))
            .endpoint(interface::<ExportGet, _, _>(exports::get))
            .endpoint(interface::<ComplaintBundle, _, _>(exports::bundle))
            .endpoint(interface::<MemberList, _, _>(members::list))
            .endpoint(interface::<MemberNames, _, _>(members::names))
            .endpoint(interface::<MemberSet, _, _>(members::set))
            .endpoint(interface::<MemberRemove, _, _>(members::remove))
            .endpoint(interface::<PreferenceGet, _, _>(members::preference))
            .endpoint(interface::<PreferenceSet, _, _>(members::set_preference))
            .endpoint(interface::<SessionToken, _, _>(sessions::token))
            .endpoint(interface::<QueueGet, _, _>(queue::get))
            .endpoint(interface::<ComplaintSimilar, _, _>(searching::similar))
            .endpoint(interface::<ImportPreview, _, _>(importing::preview))
            .endpoint(interface::<ImportRun, _, _>(importing::run))
            .endpoint(interface::<AppList, _, _>(apps::list))
            .endpoint(interface::<AppCreate, _, _>(apps::create))
            .endpoint(interface::<AppUpdate, _, _>(apps::update))
            .endpoint(interface::<AppRotateSecret, _, _>(apps::rotate_secret))
            .endpoint(interface::<AppUsage, _, _>(apps::usage))
            .endpoint(interface::<MirrorGet, _, _>(mirror::get))
            .personal(by_person::<SessionOpen, _, _>(sessions::open))
            .personal(by_person::<SessionGet, _, _>(sessions::get))
            .personal(by_person::<SessionClose, _, _>(sessions::close))
            .personal(by_person::<SessionSetPassword, _, _>(sessions::set_password))
            .personal(by_person::<SessionTotp, _, _>(sessions::totp))
            .personal(by_person::<ConsoleGet, _, _>(sessions::console))
    }

    fn endpoint<E: Endpoint>(mut self, Answering(interface, _): Answering<E>) -> Self {
        self.by_path.insert(E::path(), interface);
        self.published.push(OpenApi::endpoint::<E>);
        self
    }

    fn personal<E: PersonalEndpoint>(mut self, Answering(interface, _): Answering<E>) -> Self {
        self.by_path.insert(E::path(), interface);
        self.published.push(OpenApi::personal::<E>);
        self
    }

    pub(super) fn steering<E: SandboxEndpoint>(mut self, Answering(interface, _): Answering<E>) -> Self {
        self.by_path.insert(E::path(), interface);
        self.published.push(OpenApi::sandbox::<E>);
        self
    }
}

/// The OpenAPI document of everything that is served (JSON).
pub fn openapi() -> String {
    document_of([Interfaces::all()])
}

/// The same of a sandbox, which has more.
pub(super) fn openapi_of_sandbox() -> String {
    document_of([Interfaces::all(), sandbox::interfaces()])
}

fn document_of<const N: usize>(interfaces: [Interfaces; N]) -> String {
    let published = interfaces.into_iter().flat_map(|interfaces| interfaces.published);
    let document = published.fold(OpenApi::default().token(), |document, add| add(document));
    document.pages().build(env!("CARGO_PKG_VERSION")).to_string()
}

impl Gateway {
    /// Everything that is served.
    pub(crate) fn routes(self: &Arc<Self>) -> Routes {
        let others = Router::new()
            .route(token_wire::PATH, any(token_route))
            .route("/docs", get(docs::page))
            .route("/docs/{file}", get(docs::file))
            .route("/openapi.json", get(docs::openapi))
            .route("/healthz", get(watch::healthz))
            .route("/readyz", get(watch::readyz))
            .route("/metrics", get(watch::metrics))
            .route("/events", any(events::events))
            .route("/oidc/start", any(oidc::start))
            .route("/oidc/callback", any(oidc::callback))
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
        let mut interfaces = Interfaces::all().by_path;
        if self.quirks.is_some() {
            interfaces = quirks::around(interfaces, &others);
        }
        if self.sandbox.is_some() {
            interfaces.extend(sandbox::interfaces().by_path);
        }
        Routes { gateway: self.clone(), interfaces, others }
    }
}

/// Where a request goes. The interfaces are found by their path alone, without the router's detours, which cost as
/// much as the rest of the gate.
pub(crate) struct Routes {
    gateway: Arc<Gateway>,
    interfaces: ByPath,
    others: Router,
}

impl Routes {
    /// Whether the node was told to stop.
    pub(super) fn stopping(&self) -> bool {
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
        routed(&self.others, peer, request).await
    }

    /// Whether something other than the router answers there.
    #[cfg(test)]
    pub(super) fn has(&self, path: &str) -> bool {
        self.interfaces.contains_key(path)
    }
}

/// What the router answers.
pub(super) async fn routed(
    router: &Router,
    peer: Peer,
    mut request: http::Request<Incoming>,
) -> Response<Answer> {
    request.extensions_mut().insert(peer);
    let answered = router.clone().oneshot(request.map(Body::new)).await;
    answered.unwrap_or_else(|never| match never {}).map(Either::Right)
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

pub(super) async fn no_such_interface(
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
