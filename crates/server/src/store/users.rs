//! SQL about people: who signs in, and what they are in which shop.

use super::history::kept_by;
use super::{Doer, Result, Row, ShopId, Store, Tx, Value};
use crate::privacy::masked_text;

/// A person who signs in. Moments are epoch seconds.
#[derive(Clone)]
pub struct User {
    /// Never changes.
    pub user_id: String,
    /// What the person signs in with, in lower case.
    pub login: String,
    /// What colleagues call the person.
    pub name: String,
    /// argon2id, as a PHC string; `None` for one who signs in through a provider only.
    pub password_hash: Option<String>,
    /// What one-time passwords are counted from, sealed.
    pub totp_secret: Option<String>,
    /// The same, not confirmed yet.
    pub totp_offered: Option<String>,
    /// The step of the last one-time password that was taken.
    pub totp_step: i64,
    /// The provider's issuer, a blank, and its name for the person.
    pub oidc_subject: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// Since when signing in is refused.
    pub disabled_at: Option<i64>,
    /// When the person was last here, to some minutes.
    pub last_seen_at: Option<i64>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("user_id", &self.user_id)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

impl User {
    /// What of the person others may see.
    pub fn shown(&self) -> tousu_wire::session::User {
        let User { user_id, login, name, .. } = self.clone();
        tousu_wire::session::User { user_id, login, name }
    }

    /// For what place a person's secret of one-time passwords is sealed.
    pub fn totp_place(user_id: &str) -> String {
        format!("user/{user_id}/totp")
    }
}

/// A person's place in a shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The person.
    pub user_id: String,
    /// The shop.
    pub shop_id: String,
    /// What the shop is called, masked as whatever leaves.
    pub shop_name: String,
    /// The role's name.
    pub role: String,
}

/// A person and that person's role in one shop.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub user: User,
    /// The role's name.
    pub role: String,
}

/// What whoever changes a member is told.
#[derive(Clone, Debug)]
pub struct MemberBefore {
    /// The person, if there is one of that login.
    pub user: Option<User>,
    /// What the person is in the shop.
    pub role: Option<String>,
    /// Of how many other shops the person is a member.
    pub elsewhere: i64,
    /// The roles of those others in the shop who are not disabled.
    pub others: Vec<String>,
}

/// What is to be since.
#[derive(Clone, Debug)]
pub struct MemberAfter {
    /// The person, new or changed. All sessions end if the password is another one.
    pub user: User,
    /// The role's name; `None` for nothing any more.
    pub role: Option<String>,
}

const COLUMNS: &str = "user_id, login, name, password_hash, totp_secret, totp_offered, totp_step, oidc_subject, \
     created_at, disabled_at, last_seen_at";
const COLUMN_COUNT: usize = 11;

fn decode(row: &Row<'_>) -> Result<User> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let optional = |at: usize| Ok::<_, super::StoreError>(row.optional_text(at)?.map(str::to_owned));
    Ok(User {
        user_id: text(0)?,
        login: text(1)?,
        name: text(2)?,
        password_hash: optional(3)?,
        totp_secret: optional(4)?,
        totp_offered: optional(5)?,
        totp_step: row.int(6)?,
        oidc_subject: optional(7)?,
        created_at: row.int(8)?,
        disabled_at: row.optional_int(9)?,
        last_seen_at: row.optional_int(10)?,
    })
}

/// The columns of `u`, which is `users`.
fn columns_of_u() -> String {
    COLUMNS.split(", ").map(|column| format!("u.{column}")).collect::<Vec<_>>().join(", ")
}

impl Store {
    /// A transaction that writes about people, and so takes no shop's version.
    pub async fn write_people(&self) -> Result<Tx> {
        self.begin_write().await
    }

    /// Changes what the person of that login is in a shop, with an entry in its history. `decide` is told what is the case,
    /// which nobody else changes meanwhile; it gives what is to be, and an entry's before and after (JSON), or says why
    /// not. `None` if there is no such shop.
    pub async fn change_member<E>(
        &self,
        shop: &ShopId,
        login: &str,
        doer: &Doer,
        decide: impl FnOnce(&MemberBefore) -> std::result::Result<(MemberAfter, [String; 2]), E>,
    ) -> Result<Option<std::result::Result<MemberAfter, E>>> {
        let begun = self.write_asking(shop, None, |_| Ok(())).await?;
        let Some((mut tx, taken, _)) = begun else { return Ok(None) };
        let (version, mut chain) = (taken.version, taken.chain);
        let user = tx.lock_user(login).await?;
        let id = user.as_ref().map_or("", |user| user.user_id.as_str()).to_owned();
        let of_user = tx.shops_of(&id).await?;
        let is_here = |place: &&Membership| place.shop_id == shop.as_str();
        let before = MemberBefore {
            role: of_user.iter().find(is_here).map(|here| here.role.clone()),
            elsewhere: of_user.iter().filter(|place| !is_here(place)).count() as i64,
            others: tx
                .members(shop)
                .await?
                .into_iter()
                .filter(|other| other.user.user_id != id && other.user.disabled_at.is_none())
                .map(|other| other.role)
                .collect(),
            user,
        };
        let (after, [was, is]) = match decide(&before) {
            Ok(decided) => decided,
            Err(why) => return Ok(Some(Err(why))),
        };
        match &before.user {
            None => tx.add_user(&after.user).await?,
            Some(user) => {
                tx.rename_user(&user.user_id, &after.user.name).await?;
                if user.password_hash != after.user.password_hash {
                    tx.set_password(&user.user_id, after.user.password_hash.as_deref(), None).await?;
                }
            }
        }
        match &after.role {
            Some(role) => tx.set_role(shop, &after.user.user_id, role, doer.now).await?,
            None => tx.take_role(shop, &after.user.user_id).await?,
        }
        let kept = chain.add(shop, doer.entry(version, "", "member_changed", [&was, &is, "{}"]));
        tx.commit_with(shop, &kept_by(&kept, &chain)).await?;
        Ok(Some(Ok(after)))
    }
}

impl Tx {
    /// The person of that login (in lower case).
    pub async fn user_of_login(&mut self, login: &str) -> Result<Option<User>> {
        let sql = format!("select {COLUMNS} from users where login = $1");
        Ok(self.query_all_shops(&sql, &[login.into()], decode).await?.pop())
    }

    /// The person of that id.
    pub async fn user(&mut self, user_id: &str) -> Result<Option<User>> {
        let sql = format!("select {COLUMNS} from users where user_id = $1");
        Ok(self.query_all_shops(&sql, &[user_id.into()], decode).await?.pop())
    }

    /// Whom a provider knows by that name.
    pub async fn user_of_subject(&mut self, subject: &str) -> Result<Option<User>> {
        let sql = format!("select {COLUMNS} from users where oidc_subject = $1");
        Ok(self.query_all_shops(&sql, &[subject.into()], decode).await?.pop())
    }

    /// As [`Tx::user_of_login`], in a transaction that writes: nobody else changes the person until that ends.
    pub async fn lock_user(&mut self, login: &str) -> Result<Option<User>> {
        let sql = format!("update users set name = name where login = $1 returning {COLUMNS}");
        Ok(self.query_all_shops(&sql, &[login.into()], decode).await?.pop())
    }

    /// Everybody, by login.
    pub async fn users(&mut self) -> Result<Vec<User>> {
        let sql = format!("select {COLUMNS} from users order by login");
        self.query_all_shops(&sql, &[], decode).await
    }

    /// Whether there is anybody.
    pub async fn has_users(&mut self) -> Result<bool> {
        const ANY: &str = "select user_id from users limit 1";
        Ok(!self.query_all_shops(ANY, &[], |_| Ok(())).await?.is_empty())
    }

    /// What a person is in which shops, by the shop's id.
    pub async fn shops_of(&mut self, user_id: &str) -> Result<Vec<Membership>> {
        const SHOPS: &str = "select m.user_id, m.shop_id, s.name, m.role
             from memberships m join shops s on s.shop_id = m.shop_id where m.user_id = $1 order by m.shop_id";
        self.query_all_shops(SHOPS, &[user_id.into()], decode_membership).await
    }

    /// What everybody is in which shop.
    pub async fn memberships(&mut self) -> Result<Vec<Membership>> {
        const ALL: &str = "select m.user_id, m.shop_id, s.name, m.role
             from memberships m join shops s on s.shop_id = m.shop_id order by m.user_id, m.shop_id";
        self.query_all_shops(ALL, &[], decode_membership).await
    }

    /// A shop's members, by login.
    pub async fn members(&mut self, shop: &ShopId) -> Result<Vec<Member>> {
        let sql = format!(
            "select {}, m.role from memberships m join users u on u.user_id = m.user_id
             where m.shop_id = $1 order by u.login",
            columns_of_u()
        );
        let decode =
            |row: &Row<'_>| Ok(Member { user: decode(row)?, role: row.text(COLUMN_COUNT)?.to_owned() });
        self.query(shop, &sql, &[], decode).await
    }

    /// Adds a person; the login and the subject must be free.
    pub async fn add_user(&mut self, user: &User) -> Result<()> {
        let User {
            user_id,
            login,
            name,
            password_hash,
            totp_secret,
            totp_offered,
            totp_step,
            oidc_subject,
            created_at,
            disabled_at,
            last_seen_at,
        } = user;
        let sql =
            format!("insert into users ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
        let values: [Value<'_>; COLUMN_COUNT] = [
            user_id.into(),
            login.into(),
            name.into(),
            password_hash.as_ref().into(),
            totp_secret.as_ref().into(),
            totp_offered.as_ref().into(),
            (*totp_step).into(),
            oidc_subject.as_ref().into(),
            (*created_at).into(),
            (*disabled_at).into(),
            (*last_seen_at).into(),
        ];
        self.query_all_shops(&sql, &values, |_| Ok(())).await.map(drop)
    }

    /// Has colleagues call a person something else.
    pub async fn rename_user(&mut self, user_id: &str, name: &str) -> Result<()> {
        const NAME: &str = "update users set name = $2 where user_id = $1 and name <> $2";
        self.query_all_shops(NAME, &[user_id.into(), name.into()], |_| Ok(())).await.map(drop)
    }

    /// Replaces a person's password and ends all sessions but that one.
    pub async fn set_password(&mut self, user_id: &str, hash: Option<&str>, but: Option<&str>) -> Result<()> {
        const PASSWORD: &str = "update users set password_hash = $2 where user_id = $1";
        self.query_all_shops(PASSWORD, &[user_id.into(), hash.into()], |_| Ok(())).await?;
        self.end_sessions(user_id, but).await
    }

    /// Refuses a person from now on, or no longer (`None`); all sessions end.
    pub async fn set_user_disabled(&mut self, user_id: &str, at: Option<i64>) -> Result<()> {
        const DISABLE: &str = "update users set disabled_at = $2 where user_id = $1";
        self.query_all_shops(DISABLE, &[user_id.into(), at.into()], |_| Ok(())).await?;
        self.end_sessions(user_id, None).await
    }

    /// Notes by what name a provider knows a person.
    pub async fn set_subject(&mut self, user_id: &str, subject: &str) -> Result<()> {
        const SUBJECT: &str = "update users set oidc_subject = $2 where user_id = $1";
        self.query_all_shops(SUBJECT, &[user_id.into(), subject.into()], |_| Ok(())).await.map(drop)
    }

    /// Keeps a secret of one-time passwords (sealed) that is not in force before it is confirmed.
    pub async fn offer_totp(&mut self, user_id: &str, sealed: &str) -> Result<()> {
        const OFFER: &str = "update users set totp_offered = $2 where user_id = $1";
        self.query_all_shops(OFFER, &[user_id.into(), sealed.into()], |_| Ok(())).await.map(drop)
    }

    /// Puts a secret of one-time passwords (sealed) in force, or ends them (`None`).
    pub async fn set_totp(&mut self, user_id: &str, sealed: Option<&str>) -> Result<()> {
        const SET: &str = "update users set totp_secret = $2, totp_offered = null where user_id = $1";
        self.query_all_shops(SET, &[user_id.into(), sealed.into()], |_| Ok(())).await.map(drop)
    }

    /// Takes the one-time password of a step; `false` if it, or a later one, was taken already.
    pub async fn take_totp(&mut self, user_id: &str, step: i64) -> Result<bool> {
        const TAKE: &str =
            "update users set totp_step = $2 where user_id = $1 and totp_step < $2 returning user_id";
        Ok(!self.query_all_shops(TAKE, &[user_id.into(), step.into()], |_| Ok(())).await?.is_empty())
    }

    /// Makes a person something in a shop.
    pub async fn set_role(&mut self, shop: &ShopId, user_id: &str, role: &str, now: i64) -> Result<()> {
        const SET: &str = "insert into memberships (shop_id, user_id, role, since) values ($1, $2, $3, $4)
             on conflict (user_id, shop_id) do update set role = excluded.role";
        self.execute(shop, SET, &[user_id.into(), role.into(), now.into()]).await.map(drop)
    }

    /// Makes a person nothing in a shop any more.
    pub async fn take_role(&mut self, shop: &ShopId, user_id: &str) -> Result<()> {
        const TAKE: &str = "delete from memberships where shop_id = $1 and user_id = $2";
        const FORGET: &str = "delete from preferences where shop_id = $1 and user_id = $2";
        self.execute(shop, TAKE, &[user_id.into()]).await?;
        self.execute(shop, FORGET, &[user_id.into()]).await.map(drop)
    }
}

fn decode_membership(row: &Row<'_>) -> Result<Membership> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    Ok(Membership {
        user_id: text(0)?,
        shop_id: text(1)?,
        shop_name: masked_text(row.text(2)?).into_owned(),
        role: text(3)?,
    })
}
