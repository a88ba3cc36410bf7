//! `GET /events`: tells an open console that something changed in its shop. It says what the shop's version is and
//! nothing else; what changed is asked for by the interfaces, as always.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, header};
use futures_util::Stream;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, interval};
use tousu_wire::{ReturnCode, lenient};

use super::interface::Streamed;
use super::refusal::Refusal;
use super::signed_in::{self, Presented};
use super::visit::{Peer, Visit};
use super::{Answered, Gateway, no_such_interface};
use crate::sessions::Cookie;
use crate::store::{ShopId, Store};

/// Between two looks at a shop's version, however many watch it. What changed is known within twice that.
const LOOKS: Duration = Duration::from_millis(400);
/// Between two signs of life, at each of which it is seen whether the person may still look.
const PINGS: Duration = Duration::from_secs(15);

/// Streams of one person at once.
const MOST_OF_ONE: usize = 16;

/// The streams that are open.
pub(super) struct Streams {
    most: usize,
    /// How many, by person.
    open: Mutex<HashMap<String, usize>>,
}

/// One of them.
struct Place {
    streams: Arc<Streams>,
    user_id: String,
}

impl Streams {
    pub(super) fn new(most: usize) -> Self {
        Streams { most, open: Mutex::default() }
    }

    /// A place for one more, if there is one.
    fn take(self: &Arc<Self>, user_id: &str) -> Option<Place> {
        let mut open = self.open.lock();
        let of_one = open.get(user_id).copied().unwrap_or_default();
        if of_one >= MOST_OF_ONE || open.values().sum::<usize>() >= self.most {
            return None;
        }
        open.insert(user_id.to_owned(), of_one + 1);
        Some(Place { streams: self.clone(), user_id: user_id.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        match open.get_mut(&self.user_id) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.user_id);
            }
        }
    }
}

/// Who watches which shop: one look serves all.
#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<ShopId, Weak<watch::Sender<i64>>>>);

impl Watchers {
    /// What becomes of a shop's version, behind the one that is known. As long as anybody listens, it is looked at.
    fn listen(
        &self,
        store: &Store,
        shop: &ShopId,
        version: i64,
    ) -> (Arc<watch::Sender<i64>>, watch::Receiver<i64>) {
        let mut watched = self.0.lock();
        watched.retain(|_, sender| sender.strong_count() > 0);
        if let Some(sender) = watched.get(shop).and_then(Weak::upgrade) {
            let receiver = sender.subscribe();
            return (sender, receiver);
        }
        let (sender, receiver) = watch::channel(version);
        let sender = Arc::new(sender);
        watched.insert(shop.clone(), Arc::downgrade(&sender));
        tokio::spawn(look(store.clone(), shop.clone(), Arc::downgrade(&sender)));
        (sender, receiver)
    }
}

/// Looks at a shop's version until nobody listens any more.
async fn look(store: Store, shop: ShopId, watched: Weak<watch::Sender<i64>>) {
    let mut looks = interval(LOOKS);
    loop {
        looks.tick().await;
        let Some(sender) = watched.upgrade() else { return };
        // A database that is gone is back at some time.
        if let Ok(Some(version)) = store.version(&shop).await {
            sender.send_if_modified(|known| std::mem::replace(known, version) != version);
        }
    }
}

/// Answers `GET /events?app_id=…`.
pub(super) async fn events(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    if *request.method() != Method::GET {
        return no_such_interface(State(gateway), Extension(peer), request).await;
    }
    let visit = Visit::begin(&gateway, &gateway.events_meter, peer, request.headers());
    let presented = Presented::of(&gateway, peer, request.headers());
    let query = lenient::query(request.uri().query().unwrap_or_default());
    let named = query.get("app_id").and_then(|value| value.as_str()).unwrap_or_default();
    let mut answered = Answered::default();
    match begin(&gateway, presented.as_deref(), named, &mut answered).await {
        Err(refusal) => visit.answer(answered, Err(refusal)).map(Body::new),
        Ok(told) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                // Not to be held back by a proxy until there is more of it.
                (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
            ];
            visit.stream(answered, Streamed { headers, body: Body::from_stream(stream(told)) })
        }
    }
}

/// Somebody who watches a shop.
struct Told {
    gateway: Arc<Gateway>,
    shop: ShopId,
    cookie: Cookie,
    /// Keeps the looks going.
    _sender: Arc<watch::Sender<i64>>,
    versions: watch::Receiver<i64>,
    /// The version that was told last.
    told: Option<i64>,
    ping_at: Instant,
    _place: Place,
}

async fn begin(
    gateway: &Arc<Gateway>,
    presented: Option<&Presented>,
    named: &str,
    answered: &mut Answered,
) -> Result<Told, Refusal> {
    let not_signed_in = || Refusal::new(ReturnCode::NotSignedIn);
    let presented = presented.ok_or_else(not_signed_in)?;
    let cookie = presented.cookie.clone().ok_or_else(not_signed_in)?;
    if named.is_empty() {
        return Err(Refusal::new(ReturnCode::AppIdMissing));
    }
    let shop = ShopId::parse(named).ok_or(Refusal::new(ReturnCode::AppIdWrong))?;
    let now = gateway.clock.epoch();
    let (seen, set) = signed_in::session(gateway, &shop, &cookie, presented.way, now).await?;
    answered.set_cookie = set.map(Box::new);
    let user_id = seen.user_id.clone();
    answered.caller = Some((shop.clone(), signed_in::client_id(&user_id)));
    signed_in::caller_of(seen, true, i64::MAX)?;
    let version = gateway.store.version(&shop).await?.ok_or(Refusal::new(ReturnCode::AppIdWrong))?;
    let place = gateway.streams.take(&user_id);
    let place = place.ok_or_else(|| Refusal::busy("too many streams at once"))?;
    let (sender, versions) = gateway.watchers.listen(&gateway.store, &shop, version);
    Ok(Told {
        gateway: gateway.clone(),
        shop,
        cookie,
        _sender: sender,
        versions,
        told: None,
        ping_at: Instant::now() + PINGS,
        _place: place,
    })
}

fn stream(told: Told) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures_util::stream::unfold(told, |mut told| async move {
        let next = told.next().await?;
        Some((Ok(next), told))
    })
}

impl Told {
    /// What is to be told next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let mut stopping = interval(LOOKS);
        loop {
            let version = *self.versions.borrow_and_update();
            if self.told != Some(version) {
                if !self.may_still_look().await {
                    return None;
                }
                self.told = Some(version);
                return Some(Bytes::from(format!("event: version\ndata: {{\"version\":{version}}}\n\n")));
            }
            tokio::select! {
                changed = self.versions.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.ping_at) => {
                    self.ping_at = Instant::now() + PINGS;
                    return self.may_still_look().await.then(|| Bytes::from_static(b": ping\n\n"));
                }
                // Whoever listens finds another node.
                _ = stopping.tick() => if self.gateway.is_stopping() { return None; },
            }
        }
    }

    /// Whether the session goes on and its user is still somebody in the shop.
    async fn may_still_look(&self) -> bool {
        let seen = async {
            let mut tx = self.gateway.store.read().await?;
            tx.session(&self.shop, self.cookie.id()).await
        };
        let lasting = self.gateway.settings.sessions.lasting();
        let now = self.gateway.clock.epoch();
        match seen.await {
            Ok(Some(seen)) => {
                seen.disabled_at.is_none() && seen.role.is_some() && now < seen.kept.ends(lasting)
            }
            Ok(None) => false,
            // A database that is gone is back at some time; nothing is told that it does not tell.
            Err(_) => true,
        }
    }
}
