//! SQL about people's sessions, the tokens that hang on them, and attempts to sign in. They belong to no shop.
//!
//! Whoever writes takes a person's row before those of the sessions, and a session's before those of its tokens, so that no
//! two wait for each other.

use super::{Result, Row, ShopId, Store, Tx, Value};
use crate::sessions::{Kept, Lasting, OLD_FOR};

/// A session, whose it is, and what its user is in the shop that was asked about.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The session's id.
    pub session_id: String,
    /// What is kept of it.
    pub kept: Kept,
    /// Whose it is.
    pub user_id: String,
    /// What the person signs in with.
    pub login: String,
    /// What colleagues call the person.
    pub name: String,
    /// Since when the person is refused (epoch seconds).
    pub disabled_at: Option<i64>,
    /// The role's name in the shop.
    pub role: Option<String>,
}

/// How often something may be tried: so many times at once, and once more after each pause.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// At once.
    pub at_once: i64,
    /// Milliseconds until another one.
    pub pause: i64,
}

const SEEN: &str = "s.session_id, s.secret_hash, s.offered_hash, s.offered_at, s.old_hash, s.old_until, \
     s.opened_at, s.used_at, s.rotated_at, s.user_id, u.login, u.name, u.disabled_at, m.role";

fn decode(row: &Row<'_>) -> Result<Seen> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let optional = |at: usize| Ok::<_, super::StoreError>(row.optional_text(at)?.map(str::to_owned));
    Ok(Seen {
        session_id: text(0)?,
        kept: Kept {
            secret_hash: text(1)?,
            offered: optional(2)?.zip(row.optional_int(3)?),
            old: optional(4)?.zip(row.optional_int(5)?),
            opened_at: row.int(6)?,
            used_at: row.int(7)?,
            rotated_at: row.int(8)?,
        },
        user_id: text(9)?,
        login: text(10)?,
        name: text(11)?,
        disabled_at: row.optional_int(12)?,
        role: optional(13)?,
    })
}

impl Store {
    /// Keeps that a session was used.
    pub async fn note_use(&self, session: &Seen, now: i64) -> Result<()> {
        const USED: &str = "update sessions set used_at = $2 where session_id = $1";
        let mut tx = self.begin_write().await?;
        tx.see_user(&session.user_id, now).await?;
        let values = [(&session.session_id).into(), now.into()];
        tx.query_all_shops(USED, &values, |_| Ok(())).await?;
        tx.commit().await
    }

    /// Offers a session whose secret has that hash another one; `false` if somebody was faster.
    pub async fn offer_secret(&self, session: &Seen, hash: &str, offered: &str, now: i64) -> Result<bool> {
        const OFFER: &str = "update sessions set offered_hash = $3, offered_at = $5, used_at = $5
             where session_id = $1 and secret_hash = $2 and coalesce(offered_at, -1) = $4 returning session_id";
        let before = session.kept.offered.as_ref().map_or(-1, |(_, at)| *at);
        let id = &session.session_id;
        let values = [id.into(), hash.into(), offered.into(), before.into(), now.into()];
        let mut tx = self.begin_write().await?;
        tx.see_user(&session.user_id, now).await?;
        let done = tx.query_all_shops(OFFER, &values, |_| Ok(())).await?;
        tx.commit().await?;
        Ok(!done.is_empty())
    }

    /// Puts the secret of that hash, which was offered, in force. Doing it again changes nothing.
    pub async fn confirm_secret(&self, session_id: &str, offered: &str, now: i64) -> Result<()> {
        const CONFIRM: &str =
            "update sessions set old_hash = secret_hash, old_until = $4, secret_hash = offered_hash,
                 offered_hash = null, offered_at = null, used_at = $3, rotated_at = $3
             where session_id = $1 and offered_hash = $2";
        let mut tx = self.begin_write().await?;
        let values = [session_id.into(), offered.into(), now.into(), (now + OLD_FOR).into()];
        tx.query_all_shops(CONFIRM, &values, |_| Ok(())).await?;
        tx.commit().await
    }

    /// Ends a session.
    pub async fn end_session(&self, session_id: &str) -> Result<()> {
        let mut tx = self.begin_write().await?;
        tx.end_session(session_id).await?;
        tx.commit().await
    }

    /// Takes one try for each of `keys`, if all of them have one left at `now` (epoch milliseconds). Otherwise gives the
    /// milliseconds until they have. Exact, whoever else tries at the same time on whichever node.
    pub async fn take_tries(&self, keys: &[(&str, Tries)], now: i64) -> Result<Option<i64>> {
        // A leaky bucket as one moment: until when what was tried fills it.
        const TAKE: &str = "insert into sign_in_attempts (attempted, used_until) values ($1, cast($2 as bigint) + cast($3 as bigint))
             on conflict (attempted) do update set used_until =
                 case when sign_in_attempts.used_until > $2 then sign_in_attempts.used_until else $2 end + $3
             where sign_in_attempts.used_until + $3 <= $2 + cast($4 as bigint)
             returning used_until";
        const UNTIL: &str = "select used_until from sign_in_attempts where attempted = $1";
        let mut tx = self.begin_write().await?;
        // In one order, so that no two wait for each other.
        let mut keys = keys.to_vec();
        keys.sort_unstable_by_key(|(key, _)| key.to_owned());
        for (key, Tries { at_once, pause }) in keys {
            let full = at_once * pause;
            let values: [Value<'_>; 4] = [key.into(), now.into(), pause.into(), full.into()];
            if tx.query_all_shops(TAKE, &values, |_| Ok(())).await?.is_empty() {
                let until = tx.query_all_shops(UNTIL, &[key.into()], |row| row.int(0)).await?.pop();
                return Ok(Some((until.unwrap_or(now) + pause - full - now).max(1)));
            }
        }
        tx.commit().await?;
        Ok(None)
    }

    /// Takes away what of sessions, tokens and attempts is over at `now` (epoch seconds), up to `limit` of each; gives how
    /// many that were.
    pub async fn tidy_sessions(&self, lasting: Lasting, now: i64, limit: i64) -> Result<u64> {
        const SESSIONS: &str = "delete from sessions where session_id in (
                 select session_id from sessions where used_at <= $1 or opened_at <= $2 limit $3) returning session_id";
        const TOKENS: &str = "delete from session_tokens where token_hash in (
                 select token_hash from session_tokens where expires_at <= $1 limit $2) returning token_hash";
        const ATTEMPTS: &str = "delete from sign_in_attempts where attempted in (
                 select attempted from sign_in_attempts where used_until <= $1 limit $2) returning attempted";
        let mut tx = self.begin_write().await?;
        let ends = [(now - lasting.idle).into(), (now - lasting.whole).into(), limit.into()];
        let sessions = tx.query_all_shops(SESSIONS, &ends, |row| Ok(row.text(0)?.to_owned())).await?;
        for session in &sessions {
            tx.end_session(session).await?;
        }
        let tokens = tx.query_all_shops(TOKENS, &[now.into(), limit.into()], |_| Ok(())).await?;
        let attempts = tx.query_all_shops(ATTEMPTS, &[(now * 1000).into(), limit.into()], |_| Ok(())).await?;
        tx.commit().await?;
        Ok((sessions.len() + tokens.len() + attempts.len()) as u64)
    }
}

impl Tx {
    /// The session of that id, with its user's role in a shop.
    pub async fn session(&mut self, shop: &ShopId, session_id: &str) -> Result<Option<Seen>> {
        let sql = format!(
            "select {SEEN} from sessions s join users u on u.user_id = s.user_id
             left join memberships m on m.user_id = s.user_id and m.shop_id = $1
             where s.session_id = $2"
        );
        Ok(self.query(shop, &sql, &[session_id.into()], decode).await?.pop())
    }

    /// The session on which the token of that hash hangs, and when that ends (epoch seconds); with the user's role in the
    /// token's shop. `None` if it is over at `now`.
    pub async fn session_of_token(
        &mut self,
        shop: &ShopId,
        token_hash: &str,
        now: i64,
    ) -> Result<Option<(Seen, i64)>> {
        let sql = format!(
            "select {SEEN}, t.expires_at from session_tokens t
             join sessions s on s.session_id = t.session_id join users u on u.user_id = s.user_id
             left join memberships m on m.user_id = s.user_id and m.shop_id = $1
             where t.token_hash = $2 and t.shop_id = $1 and t.expires_at > $3"
        );
        let decode = |row: &Row<'_>| Ok((decode(row)?, row.int(14)?));
        Ok(self.query(shop, &sql, &[token_hash.into(), now.into()], decode).await?.pop())
    }

    /// Keeps a new session.
    pub async fn open_session(
        &mut self,
        session_id: &str,
        hash: &str,
        user_id: &str,
        now: i64,
    ) -> Result<()> {
        const OPEN: &str =
            "insert into sessions (session_id, user_id, secret_hash, opened_at, used_at, rotated_at)
             values ($1, $2, $3, $4, $4, $4)";
        self.see_user(user_id, now).await?;
        let values = [session_id.into(), user_id.into(), hash.into(), now.into()];
        self.query_all_shops(OPEN, &values, |_| Ok(())).await.map(drop)
    }

    /// Keeps a token that hangs on a session.
    pub async fn add_session_token(
        &mut self,
        shop: &ShopId,
        session_id: &str,
        token_hash: &str,
        expires_at: i64,
    ) -> Result<()> {
        const ADD: &str = "insert into session_tokens (shop_id, token_hash, session_id, expires_at)
             values ($1, $2, $3, $4)";
        self.execute(shop, ADD, &[token_hash.into(), session_id.into(), expires_at.into()]).await.map(drop)
    }

    /// Ends a session, and the tokens that hang on it.
    pub async fn end_session(&mut self, session_id: &str) -> Result<()> {
        for sql in
            ["delete from sessions where session_id = $1", "delete from session_tokens where session_id = $1"]
        {
            self.query_all_shops(sql, &[session_id.into()], |_| Ok(())).await?;
        }
        Ok(())
    }

    /// Ends a person's sessions, but for that one.
    pub async fn end_sessions(&mut self, user_id: &str, but: Option<&str>) -> Result<()> {
        const SESSIONS: &str = "select session_id from sessions where user_id = $1 and session_id <> $2";
        let values = [user_id.into(), but.unwrap_or_default().into()];
        let sessions = self.query_all_shops(SESSIONS, &values, |row| Ok(row.text(0)?.to_owned())).await?;
        for session in sessions {
            self.end_session(&session).await?;
        }
        Ok(())
    }

    /// Gives back all tries of a key.
    pub async fn forget_tries(&mut self, key: &str) -> Result<()> {
        const FORGET: &str = "delete from sign_in_attempts where attempted = $1";
        self.query_all_shops(FORGET, &[key.into()], |_| Ok(())).await.map(drop)
    }

    async fn see_user(&mut self, user_id: &str, now: i64) -> Result<()> {
        const SEE: &str = "update users set last_seen_at = $2 where user_id = $1";
        self.query_all_shops(SEE, &[user_id.into(), now.into()], |_| Ok(())).await.map(drop)
    }
}
