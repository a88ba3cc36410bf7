//! SQL about shops, their apps, what those may do, and their tokens.

use super::{Result, Row, ShopId, Store, StoreError, Tx, Value};
use crate::privacy::masked_text;
use crate::roles::Role;

/// A shop.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Shop {
    /// Its id.
    pub app_id: String,
    /// What people call it.
    pub name: String,
    /// How many changes it has seen.
    pub version: i64,
    /// Epoch seconds.
    pub created_at: i64,
}

/// An application of a shop; its secret is kept as a hash.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// What people call it.
    pub name: String,
    /// Lower-case hex SHA-256.
    pub secret_hash: String,
    /// May fetch tokens without naming itself.
    pub legacy: bool,
    /// Networks separated by blanks; empty for any address.
    pub allow_ips: String,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds; `None` while it may be used.
    pub disabled_at: Option<i64>,
    /// Permission sets separated by commas.
    pub grants: String,
}

impl App {
    /// The permission sets that it has.
    pub fn granted(&self) -> impl Iterator<Item = &str> {
        self.grants.split(',').filter(|set| !set.is_empty())
    }
}

/// Who calls, as of the snapshot that was asked.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The app, or what stands for it where a person calls.
    pub client_id: String,
    /// The person, where one calls.
    pub person: Option<Box<Person>>,
    /// Permission sets separated by commas.
    pub grants: String,
    /// Networks separated by blanks; empty for any address.
    pub allow_ips: String,
    /// When the token expires, in epoch seconds.
    pub expires_at: i64,
}

/// A person who calls.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who it is.
    pub user_id: String,
    /// What the history calls the person.
    pub operator: String,
    /// What the person is in the shop.
    pub role: Role,
    /// The session's id, if the call came with its cookie.
    pub session_id: Option<String>,
}

/// A token as it is kept.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Lower-case hex SHA-256.
    pub token_hash: String,
    /// Derives the token from the app's secret; `None` for one that cannot be given again.
    pub nonce: Option<String>,
    /// Epoch seconds.
    pub issued_at: i64,
    /// Epoch seconds; from then on it is expired.
    pub expires_at: i64,
}

impl Store {
    /// Adds a shop; `false` if the id is taken.
    pub async fn add_shop(&self, shop: &ShopId, name: &str, now: i64) -> Result<bool> {
        const ADD: &str = "insert into shops (shop_id, name, version, last_number, created_at)
             values ($1, $2, 0, 0, $3) on conflict (shop_id) do nothing";
        let mut tx = self.begin_write().await?;
        let added = tx.execute(shop, ADD, &[name.into(), now.into()]).await?;
        tx.commit().await?;
        Ok(added == 1)
    }

    /// Has a token die at `until` (epoch seconds), if it lives longer.
    pub async fn shorten_token(&self, shop: &ShopId, token_hash: &str, until: i64) -> Result<()> {
        const SHORTEN: &str = "update tokens set expires_at = $3
             where shop_id = $1 and token_hash = $2 and expires_at > $3";
        // It is a change of the shop: whoever remembers the token's holder learns of it.
        let Some((mut tx, _)) = self.write(shop).await? else { return Ok(()) };
        tx.execute(shop, SHORTEN, &[token_hash.into(), until.into()]).await?;
        tx.commit().await
    }
}

const APP_COLUMNS: &str =
    "a.client_id, a.name, a.secret_hash, a.legacy, a.allow_ips, a.created_at, a.disabled_at,
     coalesce((select string_agg(g.permission_set, ',') from grants g
               where g.shop_id = $1 and g.client_id = a.client_id), '')";

fn decode_app(row: &Row<'_>) -> Result<App> {
    Ok(App {
        client_id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        secret_hash: row.text(2)?.to_owned(),
        legacy: row.int(3)? != 0,
        allow_ips: row.text(4)?.to_owned(),
        created_at: row.int(5)?,
        disabled_at: row.optional_int(6)?,
        grants: row.text(7)?.to_owned(),
    })
}

impl Tx {
    /// Every shop, by id.
    pub async fn shops(&mut self) -> Result<Vec<Shop>> {
        const SHOPS: &str = "select shop_id, name, version, created_at from shops order by shop_id";
        self.query_all_shops(SHOPS, &[], |row| {
            Ok(Shop {
                app_id: row.text(0)?.to_owned(),
                name: row.text(1)?.to_owned(),
                version: row.int(2)?,
                created_at: row.int(3)?,
            })
        })
        .await
    }

    /// What people call the shop, masked as whatever leaves, if there is such a shop.
    pub async fn shop_name(&mut self, shop: &ShopId) -> Result<Option<String>> {
        const NAME: &str = "select name from shops where shop_id = $1";
        Ok(self.query(shop, NAME, &[], |row| Ok(masked_text(row.text(0)?).into_owned())).await?.pop())
    }

    /// The shop's apps, oldest first.
    pub async fn apps(&mut self, shop: &ShopId) -> Result<Vec<App>> {
        let sql = format!(
            "select {APP_COLUMNS} from apps a where a.shop_id = $1 order by a.created_at, a.client_id"
        );
        self.query(shop, &sql, &[], decode_app).await
    }

    /// One app.
    pub async fn app(&mut self, shop: &ShopId, client_id: &str) -> Result<Option<App>> {
        let sql = format!("select {APP_COLUMNS} from apps a where a.shop_id = $1 and a.client_id = $2");
        Ok(self.query(shop, &sql, &[client_id.into()], decode_app).await?.pop())
    }

    /// Adds an app without grants; `false` if the id is taken.
    pub async fn add_app(&mut self, shop: &ShopId, app: &App) -> Result<bool> {
        const ADD: &str = "insert into apps
                 (shop_id, client_id, name, secret_hash, legacy, allow_ips, created_at, disabled_at)
             values ($1, $2, $3, $4, $5, $6, $7, null) on conflict (shop_id, client_id) do nothing";
        let values = [
            (&app.client_id).into(),
            (&app.name).into(),
            (&app.secret_hash).into(),
            i64::from(app.legacy).into(),
            (&app.allow_ips).into(),
            app.created_at.into(),
        ];
        Ok(self.execute(shop, ADD, &values).await? == 1)
    }

    /// Grants a permission set; again changes nothing.
    pub async fn grant(&mut self, shop: &ShopId, client_id: &str, set: &str, now: i64) -> Result<()> {
        const GRANT: &str = "insert into grants (shop_id, client_id, permission_set, granted_at)
             values ($1, $2, $3, $4) on conflict (shop_id, client_id, permission_set) do nothing";
        self.execute(shop, GRANT, &[client_id.into(), set.into(), now.into()]).await?;
        Ok(())
    }

    /// Takes a permission set back; `false` if it was not granted.
    pub async fn revoke(&mut self, shop: &ShopId, client_id: &str, set: &str) -> Result<bool> {
        const REVOKE: &str =
            "delete from grants where shop_id = $1 and client_id = $2 and permission_set = $3";
        Ok(self.execute(shop, REVOKE, &[client_id.into(), set.into()]).await? == 1)
    }

    /// Replaces the app's secret and ends all its tokens.
    pub async fn set_secret(&mut self, shop: &ShopId, client_id: &str, secret_hash: &str) -> Result<()> {
        const SECRET: &str = "update apps set secret_hash = $3 where shop_id = $1 and client_id = $2";
        self.execute(shop, SECRET, &[client_id.into(), secret_hash.into()]).await?;
        self.end_tokens(shop, client_id).await
    }

    /// As [`Tx::set_secret`], but nothing happens if the app has that secret already.
    pub async fn set_secret_if_other(
        &mut self,
        shop: &ShopId,
        client_id: &str,
        secret_hash: &str,
    ) -> Result<()> {
        match self.app(shop, client_id).await? {
            Some(app) if app.secret_hash == secret_hash => Ok(()),
            _ => self.set_secret(shop, client_id, secret_hash).await,
        }
    }

    /// Takes the app out of use, or back into it (`None`), and ends all its tokens.
    pub async fn set_disabled(&mut self, shop: &ShopId, client_id: &str, at: Option<i64>) -> Result<()> {
        const DISABLE: &str = "update apps set disabled_at = $3 where shop_id = $1 and client_id = $2";
        self.execute(shop, DISABLE, &[client_id.into(), at.into()]).await?;
        self.end_tokens(shop, client_id).await
    }

    async fn end_tokens(&mut self, shop: &ShopId, client_id: &str) -> Result<()> {
        const END: &str = "delete from tokens where shop_id = $1 and client_id = $2";
        self.execute(shop, END, &[client_id.into()]).await?;
        Ok(())
    }

    /// The shop's version in this snapshot, if there is such a shop.
    pub async fn version(&mut self, shop: &ShopId) -> Result<Option<i64>> {
        const VERSION: &str = "select version from shops where shop_id = $1";
        if let Some(known) = self.known_version(shop) {
            return Ok(Some(known));
        }
        let version = self.query(shop, VERSION, &[], |row| row.int(0)).await?.pop();
        self.note_version(shop, version);
        Ok(version)
    }

    /// Who holds the token of that hash at `now`, and what the app may do. `None` for a token that is unknown
    /// or past its time, and for an app that was disabled.
    pub async fn caller(&mut self, shop: &ShopId, token_hash: &str, now: i64) -> Result<Option<Caller>> {
        const CALLER: &str = "select t.client_id, a.allow_ips, t.expires_at,
                 coalesce((select string_agg(g.permission_set, ',') from grants g
                           where g.shop_id = $1 and g.client_id = t.client_id), '')
             from tokens t join apps a on a.shop_id = $1 and a.client_id = t.client_id
             where t.shop_id = $1 and t.token_hash = $2 and t.expires_at > $3 and a.disabled_at is null";
        let decode = |row: &Row<'_>| {
            Ok(Caller {
                client_id: row.text(0)?.to_owned(),
                person: None,
                allow_ips: row.text(1)?.to_owned(),
                expires_at: row.int(2)?,
                grants: row.text(3)?.to_owned(),
            })
        };
        Ok(self.query(shop, CALLER, &[token_hash.into(), now.into()], decode).await?.pop())
    }

    /// The app's newest token that can be derived again and lives at `now`.
    pub async fn newest_token(
        &mut self,
        shop: &ShopId,
        client_id: &str,
        now: i64,
    ) -> Result<Option<TokenRow>> {
        const NEWEST: &str = "select token_hash, nonce, issued_at, expires_at from tokens
             where shop_id = $1 and client_id = $2 and nonce is not null and expires_at > $3
             order by expires_at desc, issued_at desc limit 1";
        let decode = |row: &Row<'_>| {
            Ok(TokenRow {
                token_hash: row.text(0)?.to_owned(),
                nonce: row.optional_text(1)?.map(str::to_owned),
                issued_at: row.int(2)?,
                expires_at: row.int(3)?,
            })
        };
        Ok(self.query(shop, NEWEST, &[client_id.into(), now.into()], decode).await?.pop())
    }

    /// Keeps a new token. Those that it replaces live until `overlap_until` at most; dead ones go.
    pub async fn add_token(
        &mut self,
        shop: &ShopId,
        client_id: &str,
        token: &TokenRow,
        overlap_until: i64,
    ) -> Result<()> {
        if token.nonce.is_some() {
            const SHORTEN: &str = "update tokens set expires_at = $3
                 where shop_id = $1 and client_id = $2 and expires_at > $3 and nonce is not null";
            self.execute(shop, SHORTEN, &[client_id.into(), overlap_until.into()]).await?;
        }
        const CLEAR: &str = "delete from tokens where shop_id = $1 and client_id = $2 and expires_at <= $3";
        self.execute(shop, CLEAR, &[client_id.into(), token.issued_at.into()]).await?;
        const ADD: &str = "insert into tokens (shop_id, token_hash, client_id, nonce, issued_at, expires_at)
             values ($1, $2, $3, $4, $5, $6)";
        let values = [
            (&token.token_hash).into(),
            client_id.into(),
            Value::from(token.nonce.as_ref()),
            token.issued_at.into(),
            token.expires_at.into(),
        ];
        if self.execute(shop, ADD, &values).await? != 1 {
            return Err(StoreError::Value("the token was not kept".into()));
        }
        Ok(())
    }
}
