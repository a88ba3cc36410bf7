//! Who is told of what happens, and what becomes of that.

mod alarms;
mod bots;
mod commands;
mod deliveries;
mod interfaces;
mod killed;
mod personal;
pub mod receivers;
mod telling;
mod themselves;
mod trying;
mod two_nodes;

use serde_json::{Value, json};
use tousu::notices::{Dispatcher, Sender};
use tousu::settings::Settings;
use tousu_wire::Endpoint;
use tousu_wire::subscription_change::SubscriptionCreate;

use crate::handling::Desk;
use crate::support::*;

/// A desk from which this machine may be called, which is where the tests' receivers are.
pub async fn desk(database: &Database) -> Desk {
    desk_with(database, |_| {}).await
}

/// The same, with other settings.
pub async fn desk_with(database: &Database, change: impl FnOnce(&mut Settings)) -> Desk {
    let server = Server::start_with(database, |settings| {
        settings.handling.merchant_closes = true;
        settings.limits.calls_factor = 1000;
        near(settings);
        change(settings);
    })
    .await;
    let shop = server.shop("appDesk").await;
    let app = server.app(&shop).await;
    let token = server.token_for(&shop, &app, 1_000_000_000).await;
    Desk { server, shop, token }
}

/// Lets notices go to this machine.
pub fn near(settings: &mut Settings) {
    settings.notices.http = true;
    settings.notices.private_targets = true;
}

impl Desk {
    /// Who sends from this desk's server, by its clock.
    pub fn dispatcher(&self) -> Dispatcher {
        let Server { store, settings, clock, .. } = &self.server;
        Dispatcher::new(store.clone(), Sender::new(settings, clock.clone()), clock.clone())
    }

    /// Makes a subscription; gives its id and the secret that was made for it.
    pub async fn subscribed(&self, asked: Value) -> (String, Option<String>) {
        let answer = self.call::<SubscriptionCreate>(asked).await;
        let id = answer.data()["subscription"]["subscription_id"].as_str().unwrap().to_owned();
        (id, answer.data()["secret"].as_str().map(str::to_owned))
    }

    /// Calls an interface about that subscription.
    pub async fn about<E: Endpoint>(&self, subscription_id: &str, mut body: Value) -> Answer {
        body["subscription_id"] = json!(subscription_id);
        self.call::<E>(body).await
    }
}
