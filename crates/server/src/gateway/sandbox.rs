//! The interfaces by which a sandbox is steered: no token, no limit, no quirks, and there in a sandbox only.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;

use axum::http::{Method, Request};
use http_body_util::Either;
use hyper::body::Incoming;
use tousu_wire::sandbox::{self as wire, ClockAdvance, ClockGet, ClockSet, SandboxGet, SandboxReset};
use tousu_wire::sandbox_complaint::{
    Add, Changed, ComplaintAdd, ComplaintMove, ComplaintRemove, Move, Which,
};
use tousu_wire::{InvalidParameter, ReturnCode, SandboxEndpoint, complaint_list, lenient};

use super::admit::{Size, announced, parameters, read_body, require_method};
use super::handling::refusal;
use super::interface::{Answering, Interface, OnItsWay};
use super::refusal::Refusal;
use super::routes::Interfaces;
use super::visit::{self, Meter, Peer, Visit};
use super::{Answered, Gateway, bounded};
use crate::handling::Caller;
use crate::sandbox::{self, Plan, Sandbox, Steered};
use crate::store::ShopId;

/// Every one of them.
pub(super) fn interfaces() -> Interfaces {
    Interfaces::default()
        .steering(steer::<SandboxGet, _, _>(|gateway, _| async move { shown(&gateway) }))
        .steering(steer::<SandboxReset, _, _>(reset))
        .steering(steer::<ClockGet, _, _>(|gateway, _| async move { Ok(clock(&gateway)) }))
        .steering(steer::<ClockSet, _, _>(set_clock))
        .steering(steer::<ClockAdvance, _, _>(advance_clock))
        .steering(steer::<ComplaintAdd, _, _>(add))
        .steering(steer::<ComplaintMove, _, _>(move_to))
        .steering(steer::<ComplaintRemove, _, _>(remove))
}

async fn reset(gateway: Arc<Gateway>, request: wire::Reset) -> Result<wire::Sandbox, Refusal> {
    let (seed, complaints) = request.checked()?;
    let sandbox = there(&gateway)?;
    let plan = sandbox.plan();
    let plan = Plan {
        seed: seed.unwrap_or(plan.seed),
        complaints: complaints.unwrap_or(plan.complaints),
        begins: plan.begins,
    };
    sandbox.make_anew(&gateway.store, &gateway.clock, plan).await?;
    if let Some(quirks) = &gateway.quirks {
        quirks.begin_anew();
    }
    shown(&gateway)
}

async fn set_clock(gateway: Arc<Gateway>, request: wire::SetClock) -> Result<wire::Clock, Refusal> {
    let (now, runs) = request.checked()?;
    if let Some(now) = now {
        gateway.clock.set(now.epoch());
    }
    if let Some(runs) = runs {
        gateway.clock.let_run(runs);
    }
    Ok(clock(&gateway))
}

async fn advance_clock(gateway: Arc<Gateway>, request: wire::AdvanceClock) -> Result<wire::Clock, Refusal> {
    gateway.clock.advance_micros(request.checked()?.saturating_mul(1_000_000));
    Ok(clock(&gateway))
}

async fn add(gateway: Arc<Gateway>, request: Add) -> Result<Changed, Refusal> {
    let (count, shop) = (request.checked()?, shop(request.app_id)?);
    let now = gateway.clock.epoch();
    let complaint_ids = there(&gateway)?.add(&gateway.store, &shop, count, now).await?;
    Ok(Changed { complaint_ids })
}

async fn move_to(gateway: Arc<Gateway>, request: Move) -> Result<Changed, Refusal> {
    let ((meant, to), shop) = (request.checked()?, shop(request.app_id)?);
    let caller = Caller {
        client_id: "sandbox",
        person: None,
        now: gateway.clock.epoch(),
        handling: &gateway.settings.handling,
        deadlines: &gateway.deadlines,
    };
    changed(there(&gateway)?.move_to(&gateway.store, &shop, meant, to, &caller).await?)
}

async fn remove(gateway: Arc<Gateway>, request: Which) -> Result<Changed, Refusal> {
    let (meant, shop) = (request.checked()?, shop(request.app_id)?);
    let now = gateway.clock.epoch();
    changed(there(&gateway)?.remove(&gateway.store, &shop, meant, now).await?)
}

fn changed(steered: Steered) -> Result<Changed, Refusal> {
    match steered {
        Ok(complaint_ids) => Ok(Changed { complaint_ids }),
        Err(unsteered) => Err(refusal(unsteered.why, &unsteered.complaint_id)),
    }
}

fn there(gateway: &Gateway) -> Result<&Sandbox, Refusal> {
    gateway.sandbox.as_ref().ok_or(Refusal::new(ReturnCode::NoSuchInterface))
}

fn shop(app_id: Option<String>) -> Result<ShopId, Refusal> {
    sandbox::shop_named(app_id.as_deref()).ok_or_else(|| {
        let shown = lenient::quoted(app_id.as_deref().unwrap_or_default());
        let problem =
            format!("收到 {shown}，沙箱没有这个店铺 ¦ received {shown}, which is no shop of the sandbox");
        InvalidParameter::new("app_id", problem).into()
    })
}

fn clock(gateway: &Gateway) -> wire::Clock {
    sandbox::shown_clock(&gateway.clock)
}

fn shown(gateway: &Gateway) -> Result<wire::Sandbox, Refusal> {
    Ok(there(gateway)?.shown(&gateway.clock, gateway.settings.lang)?)
}

/// What answers the calls of `E` by that handler.
fn steer<E, H, F>(handler: H) -> Answering<E>
where
    E: SandboxEndpoint,
    H: Fn(Arc<Gateway>, E::Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<E::Response, Refusal>> + Send + 'static,
{
    let steered = Steer::<E, H> { handler, meter: Meter::of(E::NAME), endpoint: PhantomData };
    Answering(Box::new(steered), PhantomData)
}

struct Steer<E, H> {
    handler: H,
    meter: Meter,
    endpoint: PhantomData<fn() -> E>,
}

impl<E, H, F> Interface for Steer<E, H>
where
    E: SandboxEndpoint,
    H: Fn(Arc<Gateway>, E::Request) -> F + Send + Sync,
    F: Future<Output = Result<E::Response, Refusal>> + Send,
{
    fn answer<'a>(
        &'a self,
        gateway: &'a Arc<Gateway>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> OnItsWay<'a> {
        let visit = Visit::begin(gateway, &self.meter, peer, request.headers());
        let announced = announced(request.headers());
        let (method, body) = (request.method().clone(), request.into_body());
        Box::pin(async move {
            let outcome = {
                let work = pin!(async {
                    require_method(&method, &[Method::POST])?;
                    let said = parameters(&read_body(Size::ordinary(gateway), announced, body).await?)?;
                    (self.handler)(gateway.clone(), lenient::request(said)?).await
                });
                // A million complaints take their time.
                let patience = std::time::Duration::from_secs(gateway.settings.server.export_seconds);
                bounded(gateway, patience, work).await
            };
            let outcome = outcome.map(|data| visit::encoded(data, complaint_list::SUCCESS));
            visit.answer(Answered::default(), outcome).map(Either::Left)
        })
    }
}
