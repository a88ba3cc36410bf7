//! The programs that may call for a shop: made, changed, given another secret, and how they are used.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::json;
use tousu_wire::app::{App as Shown, Change, Listed, WithSecret};
use tousu_wire::app_usage::{self, OfDay};
use tousu_wire::{BeijingTime, InvalidParameter, PermissionSet, lenient};

use super::{Caller, Holds, Refused, doer};
use crate::life::Actor;
use crate::privacy::masked_text;
use crate::secrets::{self, Secret};
use crate::store::{App, ChangedApp, Result, ShopId, Store, Tx, Used};

/// Apps of one shop, at most `[ours]`.
pub const MOST_APPS: usize = 200;
/// Days, today included, over which the use of an app is shown beside it.
const DAYS: i64 = 7;

type Answer<T> = Result<std::result::Result<T, Refused>>;

/// The shop's apps, oldest first, with how they were used.
pub async fn apps(tx: &mut Tx, shop: &ShopId, now: i64) -> Result<Listed> {
    let used = tx.used(shop, since(now)).await?;
    let apps = tx.apps(shop).await?;
    let used_by = |app: &App| used.get(&app.client_id).copied().unwrap_or_default();
    Ok(Listed { list: apps.iter().map(|app| shown(app, used_by(app))).collect() })
}

/// How an app was used, day by day; `None` if the shop has no such app.
pub async fn app_usage(
    tx: &mut Tx,
    shop: &ShopId,
    client_id: &str,
    days: i64,
    now: i64,
) -> Result<Option<app_usage::Response>> {
    if tx.app(shop, client_id).await?.is_none() {
        return Ok(None);
    }
    let today = BeijingTime::from_epoch(now).day();
    let first = today - (days - 1);
    let counted = tx.calls_by_day(shop, client_id, first).await?;
    let of_day = |day: i64| {
        let known = counted.iter().find(|known| known[0] == day);
        let [_, calls, refused] = known.copied().unwrap_or_default();
        OfDay { day: BeijingTime::of_day(day).date(), calls, refused }
    };
    let by_day = (first..=today).map(of_day).collect();
    Ok(Some(app_usage::Response { client_id: client_id.to_owned(), by_day }))
}

/// Makes an app. Its secret is in the answer, and in no other. One that is `legacy` may fetch tokens without naming itself.
pub async fn create_app(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    holds: Holds<'_>,
    request: Change,
    legacy: bool,
) -> Answer<WithSecret> {
    let secret_key = secrets::new_secret_key();
    // What it does not take is another interface's.
    let request = Change { disabled: None, ..request };
    let made = request.checked().map_err(Refused::from).and_then(|request| {
        let mut app = App {
            client_id: secrets::new_client_id(),
            name: request.name()?,
            secret_hash: secret_key.hash(),
            legacy,
            allow_ips: String::new(),
            created_at: caller.now,
            disabled_at: None,
            grants: String::new(),
        };
        apply(&request, holds, caller.now, &mut app)?;
        Ok((app, request))
    });
    let (app, request) = match made {
        Ok(made) => made,
        Err(why) => return Ok(Err(why)),
    };
    let doer = doer(caller, Actor::Merchant, request.operator.as_deref(), None, String::new());
    let id = app.client_id.clone();
    let decide = |there: Option<&App>, _: Used, count: usize| {
        if there.is_some() {
            return Err(Refused::Impossible("应用 id 重复，请重试 ¦ the id is taken, try again".into()));
        }
        if count >= MOST_APPS {
            let why =
                format!("每个店铺最多 {MOST_APPS} 个应用 ¦ a shop has at most {MOST_APPS} applications");
            return Err(Refused::Impossible(why.into()));
        }
        let answer = with_secret(&app, Used::default(), &secret_key);
        Ok((app.clone(), ["{}".into(), noted(&app), "{}".into()], answer))
    };
    let done = store.change_app(shop, &id, &doer, "app_created", since(caller.now), decide).await?;
    Ok(done.unwrap_or(Err(Refused::NoShop)))
}

/// Changes an app as the request says.
pub async fn change_app(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    holds: Holds<'_>,
    request: Change,
) -> Answer<Shown> {
    let checked = request.checked().and_then(|request| Ok((request.client_id()?, request)));
    let (id, request) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let operator = request.operator.as_deref();
    edit_app(store, shop, caller, (&id, operator), |app| apply(&request, holds, caller.now, app)).await
}

/// Changes an app, given with who does it, by `edit`, under the shop's lock.
pub async fn edit_app(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    (client_id, operator): (&str, Option<&str>),
    edit: impl FnOnce(&mut App) -> std::result::Result<(), Refused>,
) -> Answer<Shown> {
    let doer = doer(caller, Actor::Merchant, operator, None, String::new());
    let decide = |before: Option<&App>, used: Used, _: usize| {
        let before = before.ok_or(Refused::NoApp)?;
        let mut after = before.clone();
        edit(&mut after)?;
        let (history, answer) = ([noted(before), noted(&after), "{}".into()], shown(&after, used));
        Ok((after, history, answer))
    };
    let done = store.change_app(shop, client_id, &doer, "app_changed", since(caller.now), decide).await?;
    Ok(done.unwrap_or(Err(Refused::NoShop)))
}

/// Gives an app another secret, which is in the answer, and in no other. The old one and all tokens end at once.
pub async fn rotate_app_secret(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    holds: Holds<'_>,
    request: Change,
) -> Answer<WithSecret> {
    let checked = request.checked().and_then(|request| Ok((request.client_id()?, request)));
    let (id, request) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let doer = doer(caller, Actor::Merchant, request.operator.as_deref(), None, String::new());
    let secret_key = secrets::new_secret_key();
    let decide =
        |before: Option<&App>, used: Used, _: usize| -> std::result::Result<ChangedApp<_>, Refused> {
            let before = before.ok_or(Refused::NoApp)?;
            // Whoever has the secret may do what the app may.
            holds.give(before.granted())?;
            let after = App { secret_hash: secret_key.hash(), ..before.clone() };
            let said = json!({ "changed": ["secret"] }).to_string();
            let answer = with_secret(&after, used, &secret_key);
            Ok((after, [noted(before), noted(before), said], answer))
        };
    let event = "app_secret_rotated";
    let done = store.change_app(shop, &id, &doer, event, since(caller.now), decide).await?;
    Ok(done.unwrap_or(Err(Refused::NoShop)))
}

/// A network (`10.0.0.0/8`) or a single address, as an allow list has them.
pub fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))
}

/// The permission set of that name.
pub fn permission_set(name: &str) -> std::result::Result<PermissionSet, InvalidParameter> {
    PermissionSet::from_name(name).ok_or_else(|| {
        let all: Vec<&str> = PermissionSet::ALL.iter().map(|set| set.name()).collect();
        let (zh, en, shown) = (all.join("、"), all.join(", "), lenient::quoted(name));
        let problem =
            format!("没有权限集 {shown}，可用：{zh} ¦ there is no permission set {shown}; there are: {en}");
        InvalidParameter::new("grants", problem)
    })
}

/// Lays what is asked for over an app.
fn apply(request: &Change, holds: Holds<'_>, now: i64, app: &mut App) -> std::result::Result<(), Refused> {
    if let Some(name) = &request.name {
        app.name.clone_from(name);
    }
    if let Some(names) = &request.grants {
        let mut grants: Vec<&str> = Vec::with_capacity(names.len());
        for name in names {
            let set = permission_set(name)?.name();
            if !grants.contains(&set) {
                grants.push(set);
            }
        }
        holds.give(grants.iter().copied().filter(|set| !app.granted().any(|had| had == *set)))?;
        app.grants = grants.join(",");
    }
    if let Some(networks) = &request.allow_ips {
        if let Some(wrong) = networks.iter().find(|network| parse_network(network).is_none()) {
            let shown = lenient::quoted(wrong);
            let problem = format!("{shown} 不是 IP 或网段 ¦ {shown} is neither an address nor a network");
            return Err(InvalidParameter::new("allow_ips", problem).into());
        }
        app.allow_ips = networks.join(" ");
    }
    match request.disabled {
        Some(1) => app.disabled_at = app.disabled_at.or(Some(now)),
        Some(_) => app.disabled_at = None,
        None => {}
    }
    Ok(())
}

/// The first of the days over which the use of an app is shown beside it.
fn since(now: i64) -> i64 {
    BeijingTime::from_epoch(now).day() - (DAYS - 1)
}

fn shown(app: &App, used: Used) -> Shown {
    Shown {
        client_id: app.client_id.clone(),
        name: masked_text(&app.name).into_owned(),
        grants: in_order(app).into_iter().map(str::to_owned).collect(),
        allow_ips: app.allow_ips.split_whitespace().map(str::to_owned).collect(),
        legacy: app.legacy.into(),
        disabled: app.disabled_at.is_some().into(),
        created_at: BeijingTime::from_epoch(app.created_at),
        last_used_at: used.last_at.map(BeijingTime::from_epoch),
        calls_7d: used.calls,
        refused_7d: used.refused,
    }
}

/// An app's permission sets, in the order in which they are listed.
fn in_order(app: &App) -> Vec<&str> {
    let place = |set: &&str| PermissionSet::ALL.iter().position(|known| known.name() == *set);
    let mut granted: Vec<&str> = app.granted().collect();
    granted.sort_by_key(place);
    granted
}

fn with_secret(app: &App, used: Used, secret_key: &Secret) -> WithSecret {
    WithSecret { app: shown(app, used), client_secret: secret_key.reveal().to_owned() }
}

/// What the history has of an app: nothing of its secret, and nothing that is another thing every day.
fn noted(app: &App) -> String {
    json!({
        "client_id": app.client_id,
        "name": masked_text(&app.name),
        "grants": in_order(app),
        "allow_ips": app.allow_ips.split_whitespace().collect::<Vec<_>>(),
        "legacy": app.legacy,
        "disabled": app.disabled_at.is_some(),
    })
    .to_string()
}
