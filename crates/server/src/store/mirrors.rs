//! SQL about shops that are fetched from an upstream: from where, how far it is, and what was found on both sides.

use super::{Result, Row, ShopId, Store, Tx, Value};

/// A shop that is fetched from an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The shop.
    pub shop: ShopId,
    /// Where the upstream is.
    pub base_url: String,
    /// The shop's id there.
    pub app_id: String,
    /// The app's id there; `None` for apps flagged legacy.
    pub client_id: Option<String>,
    /// The app's secret, sealed; `None`: whoever runs the command brings it.
    pub secret: Option<String>,
    /// Seconds between two looks at what is new or open.
    pub every_seconds: i64,
    /// How much of the upstream's limits may be used, in percent.
    pub share: i64,
    /// Whether servers fetch it.
    pub enabled: bool,
    /// How far it is (JSON of [`crate::source::Progress`]).
    pub progress: String,
    /// What is told of it.
    pub standing: MirrorStanding,
}

/// What is told of a mirror.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorStanding {
    /// When the upstream was last asked (epoch seconds).
    pub tried_at: Option<i64>,
    /// When it last answered.
    pub succeeded_at: Option<i64>,
    /// What happened upstream before is in the mirror.
    pub fresh_as_of: Option<i64>,
    /// Why it does not get on (`中文 ¦ English`).
    pub problem: Option<String>,
    /// How the last pass over everything ended (JSON of [`tousu_wire::mirror::Proof`]).
    pub proof: Option<String>,
}

/// What one side has of a day's complaints in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// The sum of their rows' checksums, which no order changes.
    pub sum: u64,
}

/// What both sides have of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayTally {
    /// The Beijing day of complaint, since 1970.
    pub day: i64,
    /// The state, by its number.
    pub state: i64,
    /// The mirror.
    pub here: Tally,
    /// The upstream.
    pub there: Tally,
    /// When that was found (epoch seconds).
    pub as_of: i64,
}

impl Tally {
    /// One more row.
    pub fn add(&mut self, sum: u64) {
        *self = self.and(Tally { count: 1, sum });
    }

    /// Both together.
    pub fn and(self, other: Tally) -> Self {
        Tally { count: self.count + other.count, sum: self.sum.wrapping_add(other.sum) }
    }

    /// The sum, as it is kept and shown.
    pub fn shown_sum(self) -> String {
        format!("{:016x}", self.sum)
    }
}

const COLUMNS: &str = "shop_id, base_url, app_id, client_id, secret, every_seconds, share, enabled, progress, tried_at, \
     succeeded_at, fresh_as_of, problem, proof";

fn decode(row: &Row<'_>) -> Result<Mirror> {
    let optional = |at: usize| Ok::<_, super::StoreError>(row.optional_text(at)?.map(str::to_owned));
    Ok(Mirror {
        shop: ShopId(row.text(0)?.to_owned()),
        base_url: row.text(1)?.to_owned(),
        app_id: row.text(2)?.to_owned(),
        client_id: optional(3)?,
        secret: optional(4)?,
        every_seconds: row.int(5)?,
        share: row.int(6)?,
        enabled: row.int(7)? == 1,
        progress: row.text(8)?.to_owned(),
        standing: MirrorStanding {
            tried_at: row.optional_int(9)?,
            succeeded_at: row.optional_int(10)?,
            fresh_as_of: row.optional_int(11)?,
            problem: optional(12)?,
            proof: optional(13)?,
        },
    })
}

impl Store {
    /// Keeps from where a shop is fetched; how far it is stays as it was.
    pub async fn keep_mirror(&self, mirror: &Mirror, now: i64) -> Result<()> {
        const KEEP: &str =
            "insert into mirrors (shop_id, base_url, app_id, client_id, secret, every_seconds, share,
                 enabled, progress, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (shop_id) do update
             set base_url = excluded.base_url, app_id = excluded.app_id, client_id = excluded.client_id,
                 secret = excluded.secret, every_seconds = excluded.every_seconds, share = excluded.share,
                 enabled = excluded.enabled";
        let values = [
            (&mirror.base_url).into(),
            (&mirror.app_id).into(),
            mirror.client_id.as_ref().into(),
            mirror.secret.as_ref().into(),
            mirror.every_seconds.into(),
            mirror.share.into(),
            i64::from(mirror.enabled).into(),
            (&mirror.progress).into(),
            now.into(),
        ];
        let mut tx = self.begin_write().await?;
        tx.execute(&mirror.shop, KEEP, &values).await?;
        tx.commit().await
    }

    /// The shop is no longer fetched: its complaints stay, as its own. Whether it was.
    pub async fn remove_mirror(&self, shop: &ShopId) -> Result<bool> {
        const MIRROR: &str = "delete from mirrors where shop_id = $1";
        const MIRRORED: &str = "delete from mirrored where shop_id = $1";
        const DAYS: &str = "delete from mirror_days where shop_id = $1";
        let mut tx = self.begin_write().await?;
        let removed = tx.execute(shop, MIRROR, &[]).await?;
        tx.execute(shop, MIRRORED, &[]).await?;
        tx.execute(shop, DAYS, &[]).await?;
        tx.commit().await?;
        Ok(removed > 0)
    }

    /// Keeps how far a mirror is, together with what that pass found. Whether there is one still.
    pub async fn keep_progress(
        &self,
        shop: &ShopId,
        progress: &str,
        standing: &MirrorStanding,
        found: Option<(i64, &[DayTally])>,
    ) -> Result<bool> {
        const PROGRESS: &str = "update mirrors set progress = $2, tried_at = $3, succeeded_at = $4,
                 fresh_as_of = $5, problem = $6, proof = $7
             where shop_id = $1";
        let MirrorStanding { tried_at, succeeded_at, fresh_as_of, problem, proof } = standing;
        let values = [
            progress.into(),
            (*tried_at).into(),
            (*succeeded_at).into(),
            (*fresh_as_of).into(),
            problem.as_ref().into(),
            proof.as_ref().into(),
        ];
        let mut tx = self.begin_write().await?;
        if tx.execute(shop, PROGRESS, &values).await? == 0 {
            return Ok(false);
        }
        if let Some((pass, tallies)) = found {
            for tally in tallies {
                tx.add_tally(shop, pass, tally).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets what passes before that one found.
    pub async fn forget_days_before(&self, shop: &ShopId, pass: i64) -> Result<()> {
        const OLD: &str = "delete from mirror_days where shop_id = $1 and pass < $2";
        let mut tx = self.begin_write().await?;
        tx.execute(shop, OLD, &[pass.into()]).await?;
        tx.commit().await
    }
}

impl Tx {
    /// All mirrors of all shops: for the node that fetches them, and for whoever watches it.
    pub async fn mirrors(&mut self) -> Result<Vec<Mirror>> {
        let sql = format!("select {COLUMNS} from mirrors order by shop_id");
        self.query_all_shops(&sql, &[], decode).await
    }

    /// The shop's mirror, if it has one.
    pub async fn mirror(&mut self, shop: &ShopId) -> Result<Option<Mirror>> {
        let sql = format!("select {COLUMNS} from mirrors where shop_id = $1");
        Ok(self.query(shop, &sql, &[], decode).await?.pop())
    }

    /// What that pass found, the latest day first.
    pub async fn mirror_days(&mut self, shop: &ShopId, pass: i64) -> Result<Vec<DayTally>> {
        const DAYS: &str = "select day, state, here, here_sum, there, there_sum, as_of from mirror_days
             where shop_id = $1 and pass = $2 order by day desc, state";
        self.query(shop, DAYS, &[pass.into()], |row| {
            Ok(DayTally {
                day: row.int(0)?,
                state: row.int(1)?,
                here: Tally { count: row.int(2)?, sum: sum(row.text(3)?) },
                there: Tally { count: row.int(4)?, sum: sum(row.text(5)?) },
                as_of: row.int(6)?,
            })
        })
        .await
    }

    /// Adds what was found of a day to what that pass found of it before.
    async fn add_tally(&mut self, shop: &ShopId, pass: i64, tally: &DayTally) -> Result<()> {
        const BEFORE: &str = "select here, here_sum, there, there_sum from mirror_days
             where shop_id = $1 and day = $2 and state = $3 and pass = $4";
        const KEEP: &str = "insert into mirror_days (shop_id, day, state, pass, here, here_sum, there, there_sum, as_of)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (shop_id, day, state) do update
             set pass = excluded.pass, here = excluded.here, here_sum = excluded.here_sum, there = excluded.there,
                 there_sum = excluded.there_sum, as_of = excluded.as_of";
        let key: [Value<'_>; 3] = [tally.day.into(), tally.state.into(), pass.into()];
        let before = self
            .query(shop, BEFORE, &key, |row| {
                let here = Tally { count: row.int(0)?, sum: sum(row.text(1)?) };
                Ok((here, Tally { count: row.int(2)?, sum: sum(row.text(3)?) }))
            })
            .await?;
        let (here, there) = before.first().copied().unwrap_or_default();
        let (here, there) = (here.and(tally.here), there.and(tally.there));
        let (here_sum, there_sum) = (here.shown_sum(), there.shown_sum());
        let values = [
            &key[..],
            &[
                here.count.into(),
                (&here_sum).into(),
                there.count.into(),
                (&there_sum).into(),
                tally.as_of.into(),
            ],
        ]
        .concat();
        self.execute(shop, KEEP, &values).await.map(drop)
    }
}

fn sum(kept: &str) -> u64 {
    u64::from_str_radix(kept, 16).unwrap_or_default()
}
