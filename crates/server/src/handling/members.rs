//! Who works in a shop, and as what.

use serde_json::json;
use tousu_wire::member::{Change, Changed, Member as Shown, Name, Removal};
use tousu_wire::session::checked_login;
use tousu_wire::{BeijingTime, InvalidParameter, PermissionSet};

use super::{Caller, Holds, Refused, doer};
use crate::life::Actor;
use crate::passwords::{self, Hasher};
use crate::privacy::masked_text;
use crate::roles::Role;
use crate::secrets::{self, Secret};
use crate::store::{Member, MemberAfter, MemberBefore, Result, ShopId, Store, StoreError, Tx, User};

/// A person who is not there yet.
pub fn new_user(login: &str, name: &str, password_hash: Option<String>, now: i64) -> User {
    User {
        user_id: format!("u_{}", secrets::random_text(12)),
        login: login.to_owned(),
        name: masked_text(if name.is_empty() { login } else { name }).into_owned(),
        password_hash,
        totp_secret: None,
        totp_offered: None,
        totp_step: 0,
        oidc_subject: None,
        created_at: now,
        disabled_at: None,
        last_seen_at: None,
    }
}

/// The login of somebody who is not there yet, as it is kept. It leaves as it is, so that it must not be a person's number.
pub fn new_login(login: Option<&str>) -> std::result::Result<String, InvalidParameter> {
    let login = checked_login(login)?;
    if masked_text(&login) == login {
        return Ok(login);
    }
    let problem = "不能是手机号、证件号等个人号码 ¦ must not be a phone number or another number of a person";
    Err(InvalidParameter::new("login", problem))
}

/// Makes somebody something in a shop, and adds whoever is not there. The say of whoever calls for the shop ends where
/// other shops begin.
pub async fn set_member(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    holds: Holds<'_>,
    hasher: &Hasher,
    request: Change,
) -> Result<std::result::Result<Changed, Refused>> {
    let checked = request.checked().and_then(|(login, role)| {
        new_login(Some(&login))?;
        Ok((login, Role::named(role)?))
    });
    let (login, role) = match checked {
        Ok(checked) => checked,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let is_there = store.read().await?.user_of_login(&login).await?.is_some();
    // Hashing takes its time: nobody else waits for it.
    let made_up = (!is_there && request.password.is_none()).then(passwords::made_up);
    let password = request.password.clone().map(Secret::new).or_else(|| made_up.clone());
    let hash = match &password {
        Some(password) => Some(hashed(hasher, password).await?),
        None => None,
    };
    let doer = doer(caller, Actor::Merchant, request.operator.as_deref(), None, String::new());
    let mut created = false;
    let decide = |before: &MemberBefore| {
        // Whoever knows somebody's password may do what that one may.
        if before.role.as_deref() != Some(role.name()) || request.password.is_some() {
            holds.give(role.draws_on().map(PermissionSet::name))?;
        }
        created = before.user.is_none();
        let user = match &before.user {
            None => new_user(&login, request.name.as_deref().unwrap_or_default(), hash.clone(), caller.now),
            Some(user) => {
                let mut after = user.clone();
                if let Some(name) = &request.name {
                    after.name = masked_text(name).into_owned();
                }
                // A password that was made up for somebody who turned out to be there is none of theirs.
                if request.password.is_some() {
                    after.password_hash.clone_from(&hash);
                }
                let changes = (&after.name, &after.password_hash) != (&user.name, &user.password_hash);
                if matches!(holds, Holds::These(_)) && changes && before.elsewhere > 0 {
                    return Err(Refused::Impossible(
                        "该用户还属于其他店铺，姓名与密码只能由本人或系统管理员更改 ¦ the user belongs to other shops, too: the name and the password are for the user or the operator to change"
                            .into(),
                    ));
                }
                after
            }
        };
        if role != Role::Administrator {
            keep_an_administrator(before)?;
        }
        Ok((MemberAfter { role: Some(role.name().to_owned()), user }, entry(before, &login, Some(role))))
    };
    Ok(match store.change_member(shop, &login, &doer, decide).await? {
        None => Err(Refused::NoShop),
        Some(Err(why)) => Err(why),
        Some(Ok(after)) => {
            let password = made_up.filter(|_| created).map(|password| password.reveal().to_owned());
            let member = shown(&after.user, after.role.as_deref().unwrap_or_default());
            Ok(Changed { member, created, password })
        }
    })
}

/// Somebody whom a provider knows, and who is not there yet.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// As [`new_login`] gives it.
    pub login: &'a str,
    /// What colleagues will call the person; empty for the login.
    pub name: &'a str,
    /// The provider's issuer, a blank, and its name for the person.
    pub subject: &'a str,
}

impl Newcomer<'_> {
    /// The person, who signs in through the provider only.
    pub fn user(&self, now: i64) -> User {
        User { oidc_subject: Some(self.subject.to_owned()), ..new_user(self.login, self.name, None, now) }
    }
}

/// Adds somebody whom a provider knows, as that in a shop: both or neither, since whoever is there already gets no place.
/// `None` if somebody of that login has come meanwhile.
pub async fn add_known(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    newcomer: Newcomer<'_>,
    role: Role,
) -> Result<std::result::Result<Option<User>, Refused>> {
    let doer = doer(caller, Actor::Merchant, None, None, String::new());
    let decide = |before: &MemberBefore| {
        if before.user.is_some() {
            return Err(());
        }
        let after = MemberAfter { user: newcomer.user(caller.now), role: Some(role.name().to_owned()) };
        Ok((after, entry(before, newcomer.login, Some(role))))
    };
    Ok(match store.change_member(shop, newcomer.login, &doer, decide).await? {
        None => Err(Refused::NoShop),
        Some(done) => Ok(done.ok().map(|after| after.user)),
    })
}

/// Makes somebody nothing in a shop any more.
pub async fn remove_member(
    store: &Store,
    shop: &ShopId,
    caller: &Caller<'_>,
    request: Removal,
) -> Result<std::result::Result<(), Refused>> {
    let login = match request.checked() {
        Ok(login) => login,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let doer = doer(caller, Actor::Merchant, request.operator.as_deref(), None, String::new());
    let decide = |before: &MemberBefore| {
        let (Some(user), Some(_)) = (&before.user, &before.role) else { return Err(Refused::NoMember) };
        keep_an_administrator(before)?;
        Ok((MemberAfter { user: user.clone(), role: None }, entry(before, &login, None)))
    };
    Ok(match store.change_member(shop, &login, &doer, decide).await? {
        None => Err(Refused::NoShop),
        Some(done) => done.map(drop),
    })
}

/// A shop's members, by login.
pub async fn members(tx: &mut Tx, shop: &ShopId) -> Result<Vec<Shown>> {
    let all = tx.members(shop).await?;
    Ok(all.iter().map(|Member { user, role }| shown(user, role)).collect())
}

/// The members to whom complaints can be assigned, by login.
pub async fn member_names(tx: &mut Tx, shop: &ShopId) -> Result<Vec<Name>> {
    let handles = |member: &Member| {
        let role = Role::of_name(&member.role);
        member.user.disabled_at.is_none()
            && role.is_some_and(|role| role.sets().contains(&PermissionSet::ComplaintsHandle))
    };
    let all = tx.members(shop).await?.into_iter().filter(handles);
    Ok(all.map(|Member { user, .. }| Name { login: user.login, name: user.name }).collect())
}

fn shown(user: &User, role: &str) -> Shown {
    Shown {
        user: user.shown(),
        role: role.to_owned(),
        disabled: user.disabled_at.is_some(),
        last_seen_at: user.last_seen_at.map(BeijingTime::from_epoch),
    }
}

/// Refuses what would leave a shop without an administrator, who alone could name another.
fn keep_an_administrator(before: &MemberBefore) -> std::result::Result<(), Refused> {
    let is_one = |role: &str| Role::of_name(role) == Some(Role::Administrator);
    if !before.role.as_deref().is_some_and(is_one) || before.others.iter().any(|role| is_one(role)) {
        return Ok(());
    }
    Err(Refused::Impossible("店铺须保留至少一位管理员 ¦ a shop keeps at least one administrator".into()))
}

fn entry(before: &MemberBefore, login: &str, role: Option<Role>) -> [String; 2] {
    let role = role.map(Role::name);
    [json!({ "login": login, "role": before.role }), json!({ "login": login, "role": role })]
        .map(|value| value.to_string())
}

async fn hashed(hasher: &Hasher, password: &Secret) -> Result<String> {
    hasher.hash(password).await.map_err(|error| StoreError::Value(error.to_string()))
}
