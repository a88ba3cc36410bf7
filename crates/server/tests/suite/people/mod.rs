//! People: how they sign in, what each of them may, and how that ends.

mod commands;
mod members;
mod oidc;
mod one_time;
mod pages;
mod roles;
mod sessions;
mod signing_in;
mod stream;
mod tokens;

use std::cell::RefCell;
use std::sync::OnceLock;

use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tousu::handling::new_user;
use tousu::passwords::Hasher;
use tousu::secrets::Secret;
use tousu::store::ShopId;

use crate::support::*;

/// Everybody's.
pub const PASSWORD: &str = "password of everybody";

/// Its hash: making one takes its time.
async fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    if HASH.get().is_none() {
        let made = Hasher::default().hash(&Secret::new(PASSWORD)).await.unwrap();
        let _ = HASH.set(made);
    }
    HASH.get().unwrap().clone()
}

/// Adds somebody who is that in a shop.
pub async fn person(server: &Server, shop: &ShopId, login: &str, role: &str) {
    let (hash, now) = (hash().await, server.clock.epoch());
    let (mut tx, _) = server.store.write(shop).await.unwrap().unwrap();
    let known = tx.lock_user(login).await.unwrap();
    let user = match known {
        Some(user) => user,
        None => {
            let user = new_user(login, &format!("姓名{login}"), Some(hash), now);
            tx.add_user(&user).await.unwrap();
            user
        }
    };
    tx.set_role(shop, &user.user_id, role, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a browser keeps of a server, and sends with every call.
pub struct Browser {
    url: String,
    http: reqwest::Client,
    pub cookie: RefCell<Option<String>>,
    pub csrf_token: RefCell<String>,
    pub shop: RefCell<String>,
}

impl Browser {
    /// One that was never here.
    pub fn new(server: &Server) -> Self {
        Browser {
            url: server.url.clone(),
            http: server.http.clone(),
            cookie: RefCell::default(),
            csrf_token: RefCell::default(),
            shop: RefCell::default(),
        }
    }

    /// One in which somebody signed in, in that shop.
    pub async fn of(server: &Server, login: &str, shop: &ShopId) -> Self {
        let browser = Browser::new(server);
        browser.sign_in(json!({ "login": login, "password": PASSWORD })).await.data();
        browser.shop.replace(shop.to_string());
        browser
    }

    /// The same browser at another node.
    pub fn at(&self, server: &Server) -> Self {
        Browser {
            url: server.url.clone(),
            http: server.http.clone(),
            cookie: self.cookie.clone(),
            csrf_token: self.csrf_token.clone(),
            shop: self.shop.clone(),
        }
    }

    /// Signs in with these credentials.
    pub async fn sign_in(&self, credentials: Value) -> Answer {
        let answer = self.call("tousu.session.open", credentials).await;
        if answer.code() == 0 {
            self.csrf_token.replace(answer.data()["csrf_token"].as_str().unwrap().to_owned());
        }
        answer
    }

    /// A request with all that the browser sends.
    pub fn request(&self, name: &str, body: &Value) -> reqwest::RequestBuilder {
        let mut request = self.http.post(format!("{}/{name}/1.0.0", self.url));
        if let Some(cookie) = &*self.cookie.borrow() {
            request = request.header(COOKIE, format!("theme=dark; tousu_session={cookie}; x=y"));
        }
        for (name, value) in [("x-csrf-token", &self.csrf_token), ("x-app-id", &self.shop)] {
            if !value.borrow().is_empty() {
                request = request.header(name, value.borrow().as_str());
            }
        }
        request.header(CONTENT_TYPE, "application/json").body(body.to_string())
    }

    /// Calls an interface.
    pub async fn call(&self, name: &str, body: Value) -> Answer {
        let answer = Answer::of(self.request(name, &body)).await;
        self.keep(&answer);
        answer
    }

    /// Keeps the cookie that an answer brings, as a browser does.
    pub fn keep(&self, answer: &Answer) {
        if let Some(set) = answer.header(SET_COOKIE.as_str()) {
            let value = set.strip_prefix("tousu_session=").unwrap().split(';').next().unwrap();
            self.cookie.replace((!value.is_empty()).then(|| value.to_owned()));
        }
    }

    /// The code of a call that only people in the shop may make.
    pub async fn code(&self) -> i64 {
        self.call("tousu.member.names", json!({})).await.code()
    }

    /// GETs a path with the cookie.
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(cookie) = &*self.cookie.borrow() {
            request = request.header(COOKIE, format!("tousu_session={cookie}"));
        }
        request
    }
}

/// Lets a set clock go on.
pub fn pass(server: &Server, seconds: i64) {
    server.clock.advance_micros(seconds * 1_000_000);
}

/// A secret that is right but for its last character.
pub fn other_end(secret: &str) -> String {
    let (rest, last) = secret.split_at(secret.len() - 1);
    format!("{rest}{}", if last == "x" { "y" } else { "x" })
}
