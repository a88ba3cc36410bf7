//! What is told of mirrors: to the console, to commands, and to whoever watches the nodes.

use tousu_wire::BeijingTime;
use tousu_wire::codes::State;
use tousu_wire::mirror::{self as wire, Day, Proof};

use super::plan::Progress;
use super::proof::is_certain;
use super::{EVERY, SHARE, read};
use crate::store::{Mirror, MirrorStanding, Result, ShopId, Tx};

/// Days that are told at once, one line for each state.
const DAYS: usize = 1000;
/// Missing complaints that are named.
const NAMED: usize = 100;

/// From where a shop is to be fetched, and how.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The app's secret, sealed; `None`: whoever runs the command brings it.
    pub secret: Option<String>,
    /// Seconds between two rounds.
    pub every_seconds: i64,
    /// How much of the upstream's limits may be used, in percent.
    pub share: i64,
    /// Whether servers fetch it.
    pub enabled: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { secret: None, every_seconds: EVERY, share: SHARE, enabled: false }
    }
}

impl Setup {
    /// A mirror set up like this, which has not fetched anything.
    pub fn mirror(self, shop: ShopId, upstream: &super::Upstream) -> Mirror {
        Mirror {
            shop,
            base_url: upstream.base_url.trim_end_matches('/').to_owned(),
            app_id: upstream.credentials.app_id.clone(),
            client_id: upstream.credentials.client_id.clone(),
            secret: self.secret,
            every_seconds: self.every_seconds,
            share: self.share,
            enabled: self.enabled,
            progress: String::new(),
            standing: MirrorStanding::default(),
        }
    }
}

/// How far a mirror is behind its upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The shop.
    pub shop: ShopId,
    /// For how many seconds what happens upstream may not be here; `None` before the first whole round.
    pub seconds: Option<i64>,
    /// When the upstream last answered (epoch seconds).
    pub succeeded_at: Option<i64>,
    /// Whether something is in its way.
    pub has_problem: bool,
}

/// How far every mirror is behind at `now`.
pub async fn lags(tx: &mut Tx, now: i64) -> Result<Vec<Lag>> {
    Ok(tx.mirrors().await?.iter().map(|mirror| Lag::of(mirror, now)).collect())
}

impl Lag {
    /// How far the mirror is behind at `now`.
    pub(super) fn of(mirror: &Mirror, now: i64) -> Self {
        Lag {
            shop: mirror.shop.clone(),
            seconds: seconds(&mirror.standing, now),
            succeeded_at: mirror.standing.succeeded_at,
            has_problem: mirror.standing.problem.is_some(),
        }
    }
}

fn seconds(standing: &MirrorStanding, now: i64) -> Option<i64> {
    standing.fresh_as_of.map(|as_of| now.saturating_sub(as_of).max(0))
}

/// How a mirror stands at `now`.
pub async fn standing(tx: &mut Tx, mirror: Mirror, now: i64) -> Result<wire::Mirror> {
    let progress: Progress = read(&mirror.progress)?;
    let (complaints, details_due) = tx.count_mirrored(&mirror.shop).await?;
    let proof: Option<Proof> = match &mirror.standing.proof {
        Some(kept) => read::<Option<Proof>>(kept)?,
        None => None,
    };
    let mut days = Vec::new();
    if let Some(last) = &progress.last_pass {
        let found = tx.mirror_days(&mirror.shop, last.number).await?;
        days.extend(found.iter().take(DAYS).map(|tally| Day {
            day: BeijingTime::of_day(tally.day).date(),
            state: State::from(tally.state),
            here: tally.here.count,
            there: tally.there.count,
            here_checksum: tally.here.shown_sum(),
            there_checksum: tally.there.shown_sum(),
            certain: i64::from(is_certain(tally, &last.doubtful)),
        }));
    }
    let time = |at: Option<i64>| at.map(BeijingTime::from_epoch);
    let lag_seconds = seconds(&mirror.standing, now);
    let MirrorStanding { tried_at, succeeded_at, fresh_as_of, problem, proof: _ } = mirror.standing;
    Ok(wire::Mirror {
        base_url: mirror.base_url,
        app_id: mirror.app_id,
        every_seconds: mirror.every_seconds,
        share_percent: mirror.share,
        enabled: i64::from(mirror.enabled),
        as_of: BeijingTime::from_epoch(now),
        fresh_as_of: time(fresh_as_of),
        lag_seconds,
        tried_at: time(tried_at),
        succeeded_at: time(succeeded_at),
        problem,
        complaints,
        details_due,
        missing: progress.missing.into_keys().take(NAMED).collect(),
        proof,
        days,
    })
}
