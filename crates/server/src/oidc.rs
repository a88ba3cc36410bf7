//! OpenID Connect: a provider says who somebody is. The code flow with PKCE; what the provider says is checked: who
//! signed it, for whom, when, and that it answers our own question.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use crate::secrets::{self, Secret};
use crate::settings::Oidc;

/// Algorithms by which a provider may sign: with a key of its own that everybody can check.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
/// Seconds for which it is remembered what a provider says of itself.
const REMEMBERED: i64 = 600;
/// Seconds by which clocks may differ.
const LEEWAY: i64 = 60;
/// For so many seconds somebody may be at the provider.
pub const FLOW_SECONDS: i64 = 600;
/// Of an answer no more is read.
const MOST_READ: usize = 256 * 1024;

/// Why it is not known who somebody is; for the log.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The provider does not answer as it should.
    #[error("the provider: {0}")]
    Provider(String),
    /// What it says of somebody cannot be believed.
    #[error("the id token: {0}")]
    Token(&'static str),
    /// It answers a question that was not asked here.
    #[error("this browser did not ask for it")]
    NotAsked,
}

/// One person's way to the provider and back: everything follows from one secret, which the browser keeps meanwhile, so
/// that whichever node it comes back to knows its own question again.
pub struct Flow(Secret);

impl Flow {
    /// A new one.
    pub fn new() -> Self {
        Flow(Secret::new(secrets::random_text(43)))
    }

    /// The one whose secret a browser brings back.
    pub fn of(secret: &str) -> Option<Self> {
        let sane = secret.len() == 43 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        sane.then(|| Flow(Secret::new(secret)))
    }

    /// What the browser keeps.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    fn derived(&self, what: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.reveal().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(b"tousu oidc ");
        mac.update(what.as_bytes());
        Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())
    }

    /// Whether that is the state that it went out with.
    pub fn is_state(&self, state: &str) -> bool {
        self.derived("state").as_bytes().ct_eq(state.as_bytes()).into()
    }
}

impl Default for Flow {
    fn default() -> Self {
        Flow::new()
    }
}

/// What a provider says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// Whom a provider speaks of.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's name for the person, which never changes: its issuer, a blank, and the subject.
    pub subject: String,
    /// What the person signs in with here.
    pub login: Option<String>,
    /// What colleagues call the person.
    pub name: Option<String>,
}

/// A provider.
pub struct Provider {
    settings: Oidc,
    http: reqwest::Client,
    known: Mutex<Option<(i64, Metadata, JwkSet)>>,
}

impl Provider {
    /// The provider of these settings, if they name one.
    pub fn new(settings: &Oidc) -> anyhow::Result<Option<Self>> {
        if settings.issuer.is_empty() {
            return Ok(None);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .user_agent(concat!("tousu/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Some(Provider { settings: settings.clone(), http, known: Mutex::default() }))
    }

    /// Where somebody goes to say who that is.
    pub async fn begin(&self, flow: &Flow, now: i64) -> Result<Url, Failed> {
        let (metadata, _) = self.known(now, false).await?;
        let wrong = |_| Failed::Provider("authorization_endpoint is no URL".into());
        let mut url = Url::parse(&metadata.authorization_endpoint).map_err(wrong)?;
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(flow.derived("verifier")));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_url)
            .append_pair("scope", &self.settings.scopes)
            .append_pair("state", &flow.derived("state"))
            .append_pair("nonce", &flow.derived("nonce"))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who it is that came back with that code.
    pub async fn finish(&self, flow: &Flow, state: &str, code: &str, now: i64) -> Result<Identity, Failed> {
        if !flow.is_state(state) {
            return Err(Failed::NotAsked);
        }
        let (metadata, _) = self.known(now, false).await?;
        let Oidc { client_id, client_secret, redirect_url, .. } = &self.settings;
        let verifier = flow.derived("verifier");
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_url.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let mut request = self.http.post(&metadata.token_endpoint);
        let methods = &metadata.token_endpoint_auth_methods_supported;
        // The default where nothing is said; both parts are escaped before they are joined.
        if methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic") {
            let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(escaped(client_id), Some(escaped(client_secret)));
        } else {
            pairs.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.as_str())]);
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
        }
        let Tokens { id_token } = answered(request).await?;
        let claims = self.checked(&id_token, flow, now).await?;
        self.identity(&claims)
    }

    /// What the id token says, if it can be believed.
    async fn checked(&self, token: &str, flow: &Flow, now: i64) -> Result<Map<String, Value>, Failed> {
        let header = decode_header(token).map_err(|_| Failed::Token("it is none"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Failed::Token("it is signed by an algorithm that is not taken"));
        }
        let key_of = |keys: &JwkSet| {
            let key = match &header.kid {
                Some(kid) => keys.find(kid),
                None => keys.keys.first().filter(|_| keys.keys.len() == 1),
            };
            key.and_then(|key| DecodingKey::from_jwk(key).ok())
        };
        let (metadata, keys) = self.known(now, false).await?;
        let key = match key_of(&keys) {
            Some(key) => key,
            // The provider may have a new one since.
            None => key_of(&self.known(now, true).await?.1).ok_or(Failed::Token("its key is unknown"))?,
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.settings.client_id]);
        validation.set_issuer(&[&metadata.issuer]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Times go by our clock, below.
        validation.validate_exp = false;
        let claims = decode::<Map<String, Value>>(token, &key, &validation)
            .map_err(|_| Failed::Token("its signature, issuer or audience is wrong"))?
            .claims;
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        if number("exp").is_none_or(|expires| now >= expires + LEEWAY) {
            return Err(Failed::Token("it is over"));
        }
        if number("iat").is_some_and(|issued| issued > now + LEEWAY) {
            return Err(Failed::Token("it is of the future"));
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let for_several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        let is_ours = text("azp").map_or(!for_several, |party| party == self.settings.client_id);
        if !is_ours {
            return Err(Failed::Token("it was made for somebody else"));
        }
        let nonce = text("nonce").unwrap_or_default();
        if !bool::from(flow.derived("nonce").as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(Failed::Token("it answers another question"));
        }
        Ok(claims)
    }

    fn identity(&self, claims: &Map<String, Value>) -> Result<Identity, Failed> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let subject = text("sub").ok_or(Failed::Token("it names nobody"))?;
        let claim = self.settings.login_claim.as_str();
        let verified = match claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        };
        Ok(Identity {
            // However the settings write the issuer.
            subject: format!("{} {subject}", self.settings.issuer.trim_end_matches('/')),
            // An address that nobody verified is anybody's.
            login: text(claim).filter(|_| claim != "email" || verified).map(str::to_lowercase),
            name: text("name").map(|name| name.chars().take(40).collect()),
        })
    }

    /// What the provider says of itself, and its keys.
    async fn known(&self, now: i64, anew: bool) -> Result<(Metadata, JwkSet), Failed> {
        let known = self.known.lock().clone();
        if let Some((at, metadata, keys)) = known
            && !anew
            && (0..REMEMBERED).contains(&(now - at))
        {
            return Ok((metadata, keys));
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let metadata: Metadata =
            answered(self.http.get(format!("{issuer}/.well-known/openid-configuration"))).await?;
        if metadata.issuer.trim_end_matches('/') != issuer {
            return Err(Failed::Provider(format!("it says that it is {}", metadata.issuer)));
        }
        let keys: JwkSet = answered(self.http.get(&metadata.jwks_uri)).await?;
        *self.known.lock() = Some((now, metadata.clone(), keys.clone()));
        Ok((metadata, keys))
    }
}

async fn answered<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Failed> {
    let failed = |error: reqwest::Error| Failed::Provider(error.without_url().to_string());
    let mut response = request.header("accept", "application/json").send().await.map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_READ {
            return Err(Failed::Provider("it says too much".into()));
        }
    }
    if !status.is_success() {
        // RFC 6749 has a word for what is wrong.
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let error = said.as_ref().and_then(|said| said["error"].as_str()).unwrap_or_default();
        let error: String =
            error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        return Err(Failed::Provider(format!("it answers {status} {error}")));
    }
    serde_json::from_slice(&body).map_err(|error| Failed::Provider(error.to_string()))
}
