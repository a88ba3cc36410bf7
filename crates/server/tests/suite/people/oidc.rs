//! Signing in through a provider: one that runs here and speaks real HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64ct::{Base64UrlUnpadded, Encoding};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tousu::clock::Clock;

use super::*;

/// A provider, which says whatever it is told to say.
struct Provider {
    url: String,
    key: EncodingKey,
    /// What goes over or out of an honest answer's claims.
    claims: Mutex<Value>,
    /// Who signs, if not the provider.
    forger: Mutex<Option<EncodingKey>>,
    /// What it was asked for at the token endpoint.
    asked: Mutex<Vec<(String, String)>>,
    /// What it was asked for at the authorization endpoint.
    wanted: Mutex<Vec<(String, String)>>,
}

/// A key of its own, made by openssl.
fn key() -> EncodingKey {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let mut command = std::process::Command::new("openssl");
        let made = command.current_dir(folder.path()).args(arguments).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        made.stdout
    };
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key"]);
    EncodingKey::from_ec_der(&openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "key", "-outform", "DER"]))
}

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Arc::new(Provider {
            url: format!("http://{}", listener.local_addr().unwrap()),
            key: key(),
            claims: Mutex::new(json!({})),
            forger: Mutex::default(),
            asked: Mutex::default(),
            wanted: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    fn wanted(&self, name: &str) -> String {
        let wanted = self.wanted.lock();
        wanted.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone()).unwrap_or_default()
    }

    fn id_token(&self) -> String {
        let mut claims = json!({
            "iss": self.url, "aud": "console", "sub": "subject-1", "exp": NOW + 300, "iat": NOW,
            "nonce": self.wanted("nonce"), "email": "Li@Example.com", "email_verified": true, "name": "小李",
        });
        for (name, value) in self.claims.lock().as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::ES256) };
        let forger = self.forger.lock();
        encode(&header, &claims, forger.as_ref().unwrap_or(&self.key)).unwrap()
    }
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let url = &provider.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize?tenant=1"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<JwkSet> {
    let mut key = Jwk::from_encoding_key(&provider.key, Algorithm::ES256).unwrap();
    key.common.key_id = Some("one".into());
    Json(JwkSet { keys: vec![key] })
}

async fn token(
    State(provider): State<Arc<Provider>>,
    headers: axum::http::HeaderMap,
    body: String,
) -> Json<Value> {
    let mut asked: Vec<(String, String)> =
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    asked.push(("authorization".into(), headers["authorization"].to_str().unwrap().to_owned()));
    *provider.asked.lock() = asked;
    Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": provider.id_token() }))
}

/// A browser at the sign-in page.
struct Guest<'a> {
    server: &'a Server,
    provider: &'a Provider,
}

impl Guest<'_> {
    /// Goes to the provider and comes back; gives where that leads, and the session's cookie.
    async fn sign_in(&self) -> (String, Option<String>) {
        self.sign_in_with(|_| {}).await
    }

    /// The same, with another way back.
    async fn sign_in_with(
        &self,
        change: impl FnOnce(&mut Vec<(String, String)>),
    ) -> (String, Option<String>) {
        let start = self.server.http.get(format!("{}/oidc/start", self.server.url)).send().await.unwrap();
        assert_eq!(start.status(), 303);
        let set = start.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.ends_with("; Path=/oidc; Max-Age=600; HttpOnly; SameSite=Lax"), "{set}");
        let there = Url::parse(start.headers()["location"].to_str().unwrap()).unwrap();
        assert!(there.as_str().starts_with(&format!("{}/authorize?tenant=1&", self.provider.url)), "{there}");
        *self.provider.wanted.lock() = there.query_pairs().into_owned().collect();
        let mut back = vec![
            ("state".to_owned(), self.provider.wanted("state")),
            ("code".to_owned(), "code-1".to_owned()),
        ];
        change(&mut back);
        let back = Url::parse_with_params(&format!("{}/oidc/callback", self.server.url), back).unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        let answer = self.server.http.get(back).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        let session = cookies.iter().find_map(|set| {
            let value = set.to_str().unwrap().strip_prefix("tousu_session=")?;
            Some(value.split(';').next().unwrap().to_owned())
        });
        assert!(cookies.iter().any(|set| set.to_str().unwrap().starts_with("tousu_oidc=; ")), "{cookies:?}");
        (answer.headers()["location"].to_str().unwrap().to_owned(), session)
    }
}

async fn start(
    database: &Database,
    provider: &Provider,
    change: impl FnOnce(&mut tousu::settings::Oidc),
) -> Server {
    Server::start_by(Clock::set_at(NOW), database, |settings| {
        settings.oidc.issuer.clone_from(&provider.url);
        settings.oidc.client_id = "console".into();
        settings.oidc.client_secret = "secret: of the console".into();
        settings.oidc.redirect_url = "http://127.0.0.1/oidc/callback".into();
        change(&mut settings.oidc);
        assert_eq!(settings.problems(), [] as [&str; 0]);
    })
    .await
}

#[test]
fn who_the_provider_knows_signs_in() {
    on_each_database(async |database| {
        let provider = Provider::start().await;
        let server = start(database, &provider, |_| {}).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li@example.com", "agent").await;
        let guest = Guest { server: &server, provider: &provider };
        let (place, session) = guest.sign_in().await;
        assert_eq!(place, "/");
        let browser = Browser::new(&server);
        browser.cookie.replace(session);
        let signed_in = browser.call("tousu.session.get", json!({})).await;
        assert_eq!(signed_in.data()["user"]["login"], "li@example.com");
        browser.csrf_token.replace(signed_in.data()["csrf_token"].as_str().unwrap().to_owned());
        browser.shop.replace(shop.to_string());
        assert_eq!(browser.code().await, 0);
        // It was asked as the standards have it.
        assert_eq!(provider.wanted("response_type"), "code");
        assert_eq!(provider.wanted("scope"), "openid profile email");
        assert_eq!(provider.wanted("code_challenge_method"), "S256");
        let asked = provider.asked.lock().clone();
        let asked = |name: &str| asked.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone()).unwrap();
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(asked("code_verifier")));
        assert_eq!(challenge, provider.wanted("code_challenge"));
        assert_eq!((asked("code"), asked("grant_type")), ("code-1".into(), "authorization_code".into()));
        let basic = base64ct::Base64::encode_string(b"console:secret%3A+of+the+console");
        assert_eq!(asked("authorization"), format!("Basic {basic}"));
        // From now on by the provider's own name, whatever the address is; nobody else gets the login.
        *provider.claims.lock() = json!({ "email": "li@new.example.com" });
        assert_eq!(guest.sign_in().await.0, "/");
        *provider.claims.lock() = json!({ "sub": "subject-2" });
        assert_eq!(guest.sign_in().await, ("/sign-in?error=oidc_unknown".into(), None));
        *provider.claims.lock() = json!({});
        let mut tx = server.store.write_people().await.unwrap();
        let li = tx.lock_user("li@example.com").await.unwrap().unwrap();
        tx.set_user_disabled(&li.user_id, Some(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(guest.sign_in().await, ("/sign-in?error=oidc_disabled".into(), None));
    });
}

#[test]
fn what_cannot_be_believed_is_not() {
    on_sqlite(async |database| {
        let provider = Provider::start().await;
        let server = start(database, &provider, |_| {}).await;
        let shop = server.shop("appOne").await;
        person(&server, &shop, "li@example.com", "agent").await;
        let guest = Guest { server: &server, provider: &provider };
        let failed = ("/sign-in?error=oidc_failed".to_owned(), None);
        let unknown = ("/sign-in?error=oidc_unknown".to_owned(), None);
        for (claims, expected) in [
            (json!({ "iss": "https://elsewhere.example.com" }), &failed),
            (json!({ "aud": "another" }), &failed),
            (json!({ "aud": ["another", "console"], "azp": "another" }), &failed),
            (json!({ "aud": ["another", "console"] }), &failed),
            (json!({ "exp": NOW - 61 }), &failed),
            (json!({ "exp": "never" }), &failed),
            (json!({ "iat": NOW + 61 }), &failed),
            (json!({ "nonce": "another" }), &failed),
            (json!({ "nonce": null }), &failed),
            (json!({ "sub": null }), &failed),
            (json!({ "email_verified": false }), &unknown),
            (json!({ "email_verified": null }), &unknown),
            (json!({ "email": "nobody@example.com" }), &unknown),
            (json!({ "email": "not a login" }), &unknown),
        ] {
            *provider.claims.lock() = claims.clone();
            assert_eq!(guest.sign_in().await, *expected, "{claims}");
        }
        *provider.claims.lock() = json!({});
        *provider.forger.lock() = Some(key());
        assert_eq!(guest.sign_in().await, failed, "signed by a stranger");
        *provider.forger.lock() = None;
        // Another state, none, no code, no cookie, an error of the provider's.
        let with_state =
            |state: &'static str| move |back: &mut Vec<(String, String)>| back[0].1 = state.to_owned();
        assert_eq!(guest.sign_in_with(with_state("another")).await, failed);
        assert_eq!(guest.sign_in_with(with_state("")).await, failed);
        assert_eq!(guest.sign_in_with(|back| back.truncate(1)).await, failed);
        let denied = guest.sign_in_with(|back| back.push(("error".into(), "access_denied".into()))).await;
        assert_eq!(denied, ("/sign-in?error=oidc_denied".into(), None));
        let state = provider.wanted("state");
        let stolen = server.http.get(format!("{}/oidc/callback?code=c&state={state}", server.url));
        let answer = stolen.send().await.unwrap();
        assert_eq!(answer.headers()["location"], "/sign-in?error=oidc_failed", "another browser's");
        // And an honest one does, also one for several of whom we asked.
        assert_eq!(guest.sign_in().await.0, "/");
        *provider.claims.lock() = json!({ "aud": ["another", "console"], "azp": "console" });
        assert_eq!(guest.sign_in().await.0, "/");
    });
}

#[test]
fn somebody_new_is_added_where_that_is_set() {
    on_each_database(async |database| {
        let provider = Provider::start().await;
        let server = start(database, &provider, |oidc| {
            oidc.create = true;
            oidc.create_shop = "appOne".into();
            oidc.create_role = "agent".into();
        })
        .await;
        server.shop("appOne").await;
        let guest = Guest { server: &server, provider: &provider };
        for _ in 0..2 {
            let (place, session) = guest.sign_in().await;
            assert_eq!(place, "/");
            let browser = Browser::new(&server);
            browser.cookie.replace(session);
            let signed_in = browser.call("tousu.session.get", json!({})).await;
            let data = signed_in.data();
            assert_eq!(
                (&data["user"]["login"], &data["user"]["name"]),
                (&json!("li@example.com"), &json!("小李"))
            );
            assert_eq!(data["shops"][0]["role"], "agent");
        }
        // Logins leave as they are: nobody gets a person's number for one.
        *provider.claims.lock() = json!({ "sub": "subject-2", "email": "18812341474" });
        assert_eq!(guest.sign_in().await, ("/sign-in?error=oidc_unknown".into(), None));
        // There is no password by which anybody could come in.
        let answer =
            Browser::new(&server).sign_in(json!({ "login": "li@example.com", "password": "x" })).await;
        assert_eq!(answer.code(), 3010);
    });
}
