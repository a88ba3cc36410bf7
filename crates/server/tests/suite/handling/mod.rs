//! What happens to complaints, and what is known of it afterwards.

mod feed;
mod history;
mod life;
mod shop;
mod texts;
mod together;

use serde_json::{Value, json};
use tousu::store::ShopId;
use tousu_wire::complaint_create::ComplaintCreate;
use tousu_wire::{Endpoint, complaint_act, complaint_history};

use crate::support::*;

/// A running server with one shop, and a token that may do everything.
pub struct Desk {
    pub server: Server,
    pub shop: ShopId,
    pub token: String,
}

impl Desk {
    pub async fn open(database: &Database) -> Self {
        let server = Server::start_with(database, |settings| {
            settings.handling.merchant_closes = true;
            settings.limits.calls_factor = 1000;
        })
        .await;
        let shop = server.shop("appDesk").await;
        let app = server.app(&shop).await;
        let token = server.token_for(&shop, &app, 1_000_000_000).await;
        Desk { server, shop, token }
    }

    /// Calls an interface.
    pub async fn call<E: Endpoint>(&self, mut body: Value) -> Answer {
        body["access_token"] = json!(self.token);
        self.server.post(&E::path(), &body).await
    }

    /// Calls `tousu.complaint.NAME`.
    pub async fn act(&self, name: &str, complaint_id: &str, mut body: Value) -> Answer {
        body["access_token"] = json!(self.token);
        body["complaint_id"] = json!(complaint_id);
        self.server.post(&format!("/tousu.complaint.{name}/1.0.0"), &body).await
    }

    /// A new complaint's number.
    pub async fn submitted(&self) -> String {
        let answer = self.call::<ComplaintCreate>(json!({ "complaint_reason": "要退款" })).await;
        answer.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned()
    }

    /// What happened to a complaint.
    pub async fn history(&self, complaint_id: &str) -> Vec<Value> {
        let asked = json!({ "complaint_id": complaint_id });
        let answer = self.call::<complaint_history::ComplaintHistory>(asked).await;
        answer.data()["list"].as_array().unwrap().clone()
    }
}

/// Every act, with a body that will do, and the role in which it is done.
pub fn acts() -> Vec<(&'static str, Value, &'static str)> {
    let names = [
        complaint_act::Reply::NAME,
        complaint_act::ConsumerReply::NAME,
        complaint_act::CheckFailed::NAME,
        complaint_act::Close::NAME,
        complaint_act::Reopen::NAME,
        complaint_act::Note::NAME,
        complaint_act::Assign::NAME,
        complaint_act::Tag::NAME,
    ];
    let acts = vec![
        ("reply", json!({ "content": "好的" }), "merchant"),
        ("reply", json!({ "content": "已退款", "finish": 1 }), "merchant"),
        ("consumer_reply", json!({ "content": "没有收到" }), "consumer"),
        ("check_failed", json!({ "content": "凭证不清" }), "platform"),
        ("close", json!({ "by": "platform", "content": "结束" }), "platform"),
        ("close", json!({}), "merchant"),
        ("reopen", json!({ "by": "platform" }), "platform"),
        ("reopen", json!({ "by": "consumer", "content": "没有解决" }), "consumer"),
        ("note", json!({ "content": "已联系" }), "merchant"),
        ("assign", json!({ "assignee": "小李" }), "merchant"),
        ("tag", json!({ "add": ["退款"] }), "merchant"),
    ];
    for name in names {
        let short = name.rsplit_once('.').unwrap().1;
        assert!(acts.iter().any(|act| act.0 == short), "{name} is not among the acts");
    }
    acts
}
