//! What becomes of a sandbox's complaints while a client looks on: chosen by the seed, or by their numbers.

use rand::RngExt;
use rand::rngs::StdRng;
use tousu_wire::codes::State;
use tousu_wire::complaint_act::Act;
use tousu_wire::complaint_list::{Filter, Page};
use tousu_wire::sandbox_complaint::Meant;

use super::Sandbox;
use crate::demo;
use crate::handling::{self, Action, Caller, Refused};
use crate::store::{Result, ShopId, Store};

/// The complaints that were changed, or why the one that was named was not.
pub type Steered = std::result::Result<Vec<String>, Unsteered>;

/// A complaint that was named and not changed.
#[derive(Debug)]
pub struct Unsteered {
    /// Which.
    pub complaint_id: String,
    /// Why.
    pub why: Refused,
}

impl Sandbox {
    /// So many complaints arrive at `now` (epoch seconds), each in a change of its own.
    pub async fn add(&self, store: &Store, shop: &ShopId, count: usize, now: i64) -> Result<Vec<String>> {
        let _turn = self.turn.lock().await;
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let incoming = demo::arriving(&mut self.chance(), now);
            ids.push(incoming.complaint.complaint_id.clone());
            store.take_in(shop, Sandbox::brought(now), &[incoming]).await?;
        }
        Ok(ids)
    }

    /// Complaints move to that state, as merchant and platform have them move.
    pub async fn move_to(
        &self,
        store: &Store,
        shop: &ShopId,
        meant: Meant,
        to: State,
        caller: &Caller<'_>,
    ) -> Result<Steered> {
        let _turn = self.turn.lock().await;
        let mut ids = Vec::new();
        let (named, count) = match meant {
            Meant::One(complaint_id) => (Some(complaint_id), 1),
            Meant::Some(count) => (None, count),
        };
        for _ in 0..count {
            let mut chance = self.chance();
            let found = match &named {
                Some(complaint_id) => state_of(store, shop, complaint_id).await?,
                None => any_for(store, shop, to, caller.now, &mut chance).await?,
            };
            let Some((complaint_id, from)) = found else { break };
            let (action, request) = act(from, to, complaint_id.clone(), &mut chance);
            match handling::act(store, shop, action, caller, request).await? {
                Ok(_) => ids.push(complaint_id),
                Err(why) => return Ok(Err(Unsteered { complaint_id, why })),
            }
        }
        Ok(unless_unknown(ids, named))
    }

    /// Complaints vanish, as they never should.
    pub async fn remove(&self, store: &Store, shop: &ShopId, meant: Meant, now: i64) -> Result<Steered> {
        let _turn = self.turn.lock().await;
        let brought = Sandbox::brought(now);
        let mut ids = Vec::new();
        let (named, count) = match meant {
            Meant::One(complaint_id) => (Some(complaint_id), 1),
            Meant::Some(count) => (None, count),
        };
        for _ in 0..count {
            let found = match &named {
                Some(complaint_id) => Some(complaint_id.clone()),
                None => any(store, shop, &Filter::default(), now, &mut self.chance()).await?,
            };
            let Some(complaint_id) = found else { break };
            if store.remove(shop, brought, &complaint_id).await? {
                ids.push(complaint_id);
            }
        }
        Ok(unless_unknown(ids, named))
    }
}

fn unless_unknown(ids: Vec<String>, named: Option<String>) -> Steered {
    match named {
        Some(complaint_id) if ids.is_empty() => Err(Unsteered { complaint_id, why: Refused::Unknown }),
        _ => Ok(ids),
    }
}

async fn state_of(store: &Store, shop: &ShopId, complaint_id: &str) -> Result<Option<(String, State)>> {
    let found = store.read().await?.complaint(shop, complaint_id).await?;
    Ok(found.map(|found| (found.complaint.complaint_id, found.complaint.state)))
}

/// A complaint that can move to that state, and its own.
async fn any_for(
    store: &Store,
    shop: &ShopId,
    to: State,
    now: i64,
    chance: &mut StdRng,
) -> Result<Option<(String, State)>> {
    let from = match (to, chance.random::<bool>()) {
        (State::InProgress, _) => [State::Pending, State::Done],
        (_, true) => [State::Pending, State::InProgress],
        (_, false) => [State::InProgress, State::Pending],
    };
    for state in from {
        let filter = Filter { state: Some(state), ..Filter::default() };
        if let Some(complaint_id) = any(store, shop, &filter, now, chance).await? {
            return Ok(Some((complaint_id, state)));
        }
    }
    Ok(None)
}

/// Any of those that the filter lets through.
async fn any(
    store: &Store,
    shop: &ShopId,
    filter: &Filter,
    now: i64,
    chance: &mut StdRng,
) -> Result<Option<String>> {
    let mut tx = store.read().await?;
    let total = tx.count(shop, filter, now).await?;
    if total == 0 {
        return Ok(None);
    }
    let page = Page { offset: chance.random_range(0..total), size: 1 };
    let mut found = None;
    tx.page(shop, filter, page, now, |_, shown| found = Some(shown.complaint_id.to_owned())).await?;
    Ok(found)
}

/// What has a complaint move from one state to the other.
fn act(from: State, to: State, complaint_id: String, chance: &mut StdRng) -> (Action, Act) {
    let request = Act {
        complaint_id: Some(complaint_id),
        content: Some(demo::answer(chance).to_owned()),
        operator: Some("sandbox".into()),
        ..Act::default()
    };
    let by_platform = Act { by: Some("platform".into()), ..request.clone() };
    match (from, to) {
        (State::Done, State::InProgress) => (Action::Reopen, by_platform),
        (_, State::Done) if chance.random::<bool>() => (Action::Close, by_platform),
        (_, State::Done) => (Action::Reply, Act { finish: Some(1), ..request }),
        _ => (Action::Reply, request),
    }
}
