//! A twin of the official server for whoever writes a client: made-up shops, accounts and complaints, the same for the
//! same seed, which can be changed and made anew at will.

mod changing;

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use tousu_wire::{BeijingTime, Lang, PermissionSet, Text, sandbox as wire};

pub use self::changing::{Steered, Unsteered};
use crate::clock::Clock;
use crate::demo;
use crate::secrets::{Secret, hex};
use crate::store::{App, Brought, Incoming, Result, ShopId, Store, StoreError};

/// What a sandbox is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Other seeds make other complaints, secrets and changes.
    pub seed: u64,
    /// Complaints of the first shop.
    pub complaints: usize,
    /// What time it is at the beginning (epoch seconds).
    pub begins: i64,
}

/// Complaints if nobody says how many: as many as on the published page.
pub const COMPLAINTS: usize = 28;
/// When a sandbox begins if nobody says when: 2024-05-01 12:00:00 in Beijing, soon after the published page's rows.
pub const BEGINS: i64 = 1_714_536_000;

/// A sandbox that is served.
pub struct Sandbox {
    plan: Mutex<Plan>,
    /// How much was changed by chance since the beginning.
    changes: AtomicU64,
    /// Whoever changes it: one after the other, so that the seed decides what comes of it.
    turn: tokio::sync::Mutex<()>,
}

/// Who may call a sandbox.
#[derive(Clone, Debug)]
pub struct Account {
    /// The shop.
    pub shop: ShopId,
    /// The app.
    pub client_id: &'static str,
    /// Its secret.
    pub secret_key: Secret,
    /// What is particular about it (`中文 ¦ English`).
    pub title: &'static str,
}

struct Line {
    app_id: &'static str,
    client_id: &'static str,
    title: &'static str,
    grants: &'static [PermissionSet],
    legacy: bool,
    allow_ips: &'static str,
    disabled: bool,
}

const fn line(
    app_id: &'static str,
    client_id: &'static str,
    title: &'static str,
    grants: &'static [PermissionSet],
) -> Line {
    Line { app_id, client_id, title, grants, legacy: false, allow_ips: "", disabled: false }
}

const FIRST: &str = "appSandbox00001";
const SECOND: &str = "appSandbox00002";
const SHOPS: [(&str, &str); 2] = [(FIRST, "沙箱店铺"), (SECOND, "沙箱空店铺")];
const QUERY: &[PermissionSet] = &[PermissionSet::ComplaintsQuery];

/// One account for each way in which an app can be. The first may do everything.
const ACCOUNTS: [Line; 7] = [
    line(FIRST, "xopSandboxMain1", "全部权限 ¦ may do everything", PermissionSet::ALL),
    line(FIRST, "xopSandboxRead1", "只有 投诉管理-查询 ¦ has 投诉管理-查询 only", QUERY),
    line(FIRST, "xopSandboxNone1", "没有权限集：答 2017 ¦ has no permission set: 2017", &[]),
    Line {
        legacy: true,
        ..line(
            FIRST,
            "xopSandboxOlder",
            "旧应用，可不传 client_id ¦ an older app, which may leave client_id out",
            QUERY,
        )
    },
    Line {
        allow_ips: "203.0.113.0/24",
        ..line(FIRST, "xopSandboxAway1", "白名单不含本机：答 2051 ¦ its allow list is elsewhere: 2051", QUERY)
    },
    Line {
        disabled: true, ..line(FIRST, "xopSandboxGone1", "已停用：答 2020 ¦ disabled: 2020", QUERY)
    },
    line(
        SECOND,
        "xopSandboxEmpty",
        "另一店铺，没有投诉 ¦ of another shop, without complaints",
        PermissionSet::ALL,
    ),
];

/// Who brings a sandbox's complaints.
const SOURCE: &str = "sandbox";
/// Complaints of one transaction.
const BATCH: usize = 2000;

impl Sandbox {
    /// Makes the sandbox of that plan in `store`, in the place of one that was there, and sets the clock.
    pub async fn make(store: &Store, clock: &Clock, plan: Plan) -> Result<Self> {
        let sandbox = Sandbox {
            plan: Mutex::new(plan),
            changes: AtomicU64::new(0),
            turn: tokio::sync::Mutex::default(),
        };
        sandbox.make_anew(store, clock, plan).await?;
        Ok(sandbox)
    }

    /// What it is made from.
    pub fn plan(&self) -> Plan {
        *self.plan.lock()
    }

    /// Makes it anew: shops, accounts, complaints and clock are as at the beginning of that plan, and whatever tokens
    /// there were are gone.
    pub async fn make_anew(&self, store: &Store, clock: &Clock, plan: Plan) -> Result<()> {
        let _turn = self.turn.lock().await;
        // Nobody is held up by what was called before.
        clock.advance_micros(LONGEST_LIMIT * 1_000_000);
        clock.set(plan.begins);
        store.forget_moments().await?;
        for (app_id, name) in SHOPS {
            let shop = shop(app_id)?;
            store.add_shop(&shop, name, plan.begins).await?;
            store.wipe(&shop).await?;
        }
        for (line, secret_key) in ACCOUNTS.iter().zip(secrets(plan.seed)) {
            add_account(store, line, &secret_key, plan.begins).await?;
        }
        // Whose secrets hold by now, even if what follows comes to no end.
        *self.plan.lock() = plan;
        self.changes.store(0, Ordering::SeqCst);
        let first = shop(FIRST)?;
        store.expect_bulk().await?;
        let mut made = demo::made(plan.seed, plan.begins).take(plan.complaints);
        loop {
            let batch: Vec<Incoming> = made.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            store.take_in(&first, Sandbox::brought(plan.begins), &batch).await?;
        }
        Ok(())
    }

    /// What the sandbox is, as the wire has it.
    pub fn shown(&self, clock: &Clock, lang: Lang) -> Result<wire::Sandbox> {
        let plan = self.plan();
        let account = |account: Account| wire::Account {
            app_id: account.shop.to_string(),
            client_id: account.client_id.into(),
            secret_key: account.secret_key.reveal().into(),
            title: Text::from(account.title).pick(lang).to_owned(),
        };
        Ok(wire::Sandbox {
            seed: plan.seed,
            complaints: plan.complaints as u64,
            clock: shown_clock(clock),
            accounts: accounts(plan.seed)?.into_iter().map(account).collect(),
        })
    }

    fn brought(at: i64) -> Brought<'static> {
        Brought { by: SOURCE, doer: None, at }
    }

    /// What chance has for the next change.
    fn chance(&self) -> StdRng {
        let number = self.changes.fetch_add(1, Ordering::SeqCst);
        let mut hash = Sha256::new();
        hash.update(b"tousu sandbox change ");
        hash.update(self.plan().seed.to_le_bytes());
        hash.update(number.to_le_bytes());
        StdRng::from_seed(hash.finalize().into())
    }
}

/// A clock, as the wire has it.
pub fn shown_clock(clock: &Clock) -> wire::Clock {
    let epoch = clock.epoch();
    wire::Clock { now: BeijingTime::from_epoch(epoch), epoch, runs: clock.runs().into() }
}

/// For as long as the longest limit looks back, in seconds.
const LONGEST_LIMIT: i64 = 3600;

/// Who may call the sandbox of that seed.
pub fn accounts(seed: u64) -> Result<Vec<Account>> {
    let accounts = ACCOUNTS.iter().zip(secrets(seed)).map(|(line, secret_key)| {
        Ok(Account { shop: shop(line.app_id)?, client_id: line.client_id, secret_key, title: line.title })
    });
    accounts.collect()
}

/// Whether the database may become a sandbox: it holds nothing, or one.
pub async fn may_be_made_in(store: &Store) -> Result<bool> {
    let shops = store.read().await?.shops().await?;
    Ok(shops.iter().all(|shop| SHOPS.iter().any(|(app_id, _)| *app_id == shop.app_id)))
}

/// The sandbox's shop of that id, the first if none is named; `None` if it has no such shop.
pub fn shop_named(app_id: Option<&str>) -> Option<ShopId> {
    let app_id = app_id.unwrap_or(FIRST);
    SHOPS.iter().find(|shop| shop.0 == app_id).and_then(|shop| ShopId::parse(shop.0))
}

/// The accounts' secrets: made up like everything else, so that nobody is kept from knowing them.
fn secrets(seed: u64) -> impl Iterator<Item = Secret> {
    ACCOUNTS.iter().map(move |line| {
        let hash = Sha256::digest(format!("tousu sandbox secret {seed} {}", line.client_id));
        Secret::new(&hex(&hash)[..32])
    })
}

async fn add_account(store: &Store, line: &Line, secret_key: &Secret, now: i64) -> Result<()> {
    let shop = shop(line.app_id)?;
    let gone = || StoreError::Value(format!("the shop {} is gone", line.app_id));
    let (mut tx, _) = store.write(&shop).await?.ok_or_else(gone)?;
    let app = App {
        client_id: line.client_id.into(),
        name: line.title.split(" ¦ ").next().unwrap_or_default().into(),
        secret_hash: secret_key.hash(),
        legacy: line.legacy,
        allow_ips: line.allow_ips.into(),
        created_at: now,
        disabled_at: None,
        grants: String::new(),
    };
    tx.add_app(&shop, &app).await?;
    for set in line.grants {
        tx.grant(&shop, line.client_id, set.name(), now).await?;
    }
    if line.disabled {
        tx.set_disabled(&shop, line.client_id, Some(now)).await?;
    }
    tx.commit().await
}

fn shop(app_id: &str) -> Result<ShopId> {
    ShopId::parse(app_id).ok_or_else(|| StoreError::Value(app_id.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_look_like_the_vendors_and_follow_the_seed() {
        let (seven, eight) = (accounts(7).unwrap(), accounts(8).unwrap());
        for (account, other) in seven.iter().zip(&eight) {
            assert_eq!((account.shop.as_str().len(), account.client_id.len()), (15, 15));
            assert_eq!(account.secret_key.reveal().len(), 32);
            assert_ne!(account.secret_key.reveal(), other.secret_key.reveal());
        }
        let again = accounts(7).unwrap();
        assert!(
            seven.iter().zip(&again).all(|(one, two)| one.secret_key.reveal() == two.secret_key.reveal())
        );
    }
}
