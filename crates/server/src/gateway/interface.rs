//! The one way from the wire to an interface's handler and back.

use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tousu_wire::{Endpoint, ReturnCode, complaint_list};

use super::admit::{Call, Size, Unanswered, admit, admit_by_memory, announced, read_body, require_method};
use super::heard::{Heard, Said};
use super::refusal::Refusal;
use super::signed_in::{Presented, admit_person};
use super::visit::{self, Meter, Peer, Visit};
use super::{Answered, Gateway, bounded, patience};

/// Whatever answers requests on one path.
pub(super) trait Interface: Send + Sync {
    /// Answers a request, in the contract's form whatever happens.
    fn answer<'a>(
        &'a self,
        gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a>;
}

/// An answer on its way.
pub(super) type OnItsWay<'a> = Pin<Box<dyn Future<Output = Response<Answer>> + Send + 'a>>;

/// An answer that is whole, or comes as it is made.
pub(super) type Answer = Either<Full<Bytes>, Body>;

/// What a handler answers: `data`, or the whole answer where its bytes are at hand, or a file.
pub(super) enum Data<T> {
    Value(T),
    Ready(Bytes),
    /// Boxed: what every call carries stays small.
    Streamed(Box<Streamed>),
}

/// A file that leaves as it is made. The call is over when it begins to: neither its place nor its time are taken
/// any longer, so that whoever makes the file bounds both.
pub(super) struct Streamed {
    pub(super) headers: [(HeaderName, HeaderValue); 4],
    pub(super) body: Body,
}

/// What answers the calls of `E`.
pub(super) struct Answering<E>(pub(super) Box<dyn Interface>, pub(super) PhantomData<fn() -> E>);

/// What answers the calls of `E` by that handler.
pub(super) fn interface<E, H, F>(handler: H) -> Answering<E>
where
    E: Endpoint,
    H: Fn(Call, E::Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Data<E::Response>, Unanswered>> + Send + 'static,
{
    let served = Served::<E, H> { handler, meter: Meter::of(E::NAME), heard: Heard::new() };
    Answering(Box::new(served), PhantomData)
}

struct Served<E: Endpoint, H> {
    handler: H,
    meter: Meter,
    heard: Heard<E::Request>,
}

impl<E, H, F> Interface for Served<E, H>
where
    E: Endpoint,
    H: Fn(Call, E::Request) -> F + Send + Sync,
    F: Future<Output = Result<Data<E::Response>, Unanswered>> + Send,
{
    fn answer<'a>(
        &'a self,
        gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a> {
        let visit = Visit::begin(gateway, &self.meter, peer, request.headers());
        let announced = announced(request.headers());
        let presented = Presented::of(gateway, peer, request.headers());
        let (method, body) = (request.method().clone(), request.into_body());
        // Everything that a call carries from here on is one allocation, and a small one.
        Box::pin(async move {
            let mut answered = Answered::default();
            let outcome = {
                let work = pin!(async {
                    require_method(&method, &[Method::POST])?;
                    let size = match E::CARRIES_FILE {
                        true => {
                            // Of what is large there are few at once.
                            answered.place = Some(place_for_file(gateway)?.into());
                            Size::with_file(gateway)
                        }
                        false => Size::ordinary(gateway),
                    };
                    let body = read_body(size, announced, body).await?;
                    let said = self.heard.understand(&gateway.familiar, &body)?;
                    self.call(gateway, &said, presented.as_deref(), visit.client, &mut answered).await
                });
                bounded(gateway, patience_for::<E>(gateway), work).await
            };
            let outcome = match outcome {
                Ok(Data::Value(data)) => Ok(visit::encoded(data, complaint_list::SUCCESS)),
                Ok(Data::Ready(bytes)) => Ok(bytes),
                Ok(Data::Streamed(file)) => return visit.stream(answered, *file).map(Either::Right),
                Err(refusal) => Err(refusal),
            };
            visit.answer(answered, outcome).map(Either::Left)
        })
    }
}

impl<E, H, F> Served<E, H>
where
    E: Endpoint,
    H: Fn(Call, E::Request) -> F,
    F: Future<Output = Result<Data<E::Response>, Unanswered>>,
{
    /// Admits a call and has it answered: by what is in memory if that holds, else in snapshots until one does.
    async fn call(
        &self,
        gateway: &Arc<Gateway>,
        said: &Said<E::Request>,
        presented: Option<&Presented>,
        client: IpAddr,
        answered: &mut Answered,
    ) -> Result<Data<E::Response>, Refusal> {
        let mut admitted = match &said.bearer {
            Some(bearer) => admit_by_memory::<E>(gateway, bearer, client, answered).await,
            None => None,
        };
        for _ in 0..ATTEMPTS {
            let call = match admitted.take() {
                Some(call) => call,
                // Boxed, as is everything that seldom happens: what every call carries stays small.
                None => match (&said.bearer, presented) {
                    (Some(bearer), _) => Box::pin(admit::<E>(gateway, bearer, client, answered)).await?,
                    (None, Some(person)) => {
                        Box::pin(admit_person::<E>(gateway, person, client, answered)).await?
                    }
                    (None, None) => return Err(Refusal::new(ReturnCode::AccessTokenMissing)),
                },
            };
            match (self.handler)(call, said.request.clone()?).await {
                Ok(data) => return Ok(data),
                Err(Unanswered::Refused(refusal)) => return Err(refusal),
                Err(Unanswered::Moved) => {}
            }
        }
        Err(Refusal::busy("the shop changes faster than it can be read"))
    }
}

/// How long a call of `E` may take. One with a file in it: until that has arrived, as long as a file is worked on, and what
/// every answer may take, so that whoever works on it ends first and can say how far it came.
fn patience_for<E: Endpoint>(gateway: &Gateway) -> Duration {
    match E::CARRIES_FILE {
        true => {
            let server = &gateway.settings.server;
            Size::with_file(gateway).patience
                + Duration::from_secs(server.export_seconds + server.answer_seconds)
        }
        false => patience(gateway),
    }
}

fn place_for_file(gateway: &Gateway) -> Result<OwnedSemaphorePermit, Refusal> {
    let place = gateway.imports.clone().try_acquire_owned();
    place.map_err(|_| Refusal::busy("too many files at once"))
}

/// How often a call is tried while others change its shop under it.
const ATTEMPTS: usize = 8;
