//! Commands that speak to a server: the real binary, against the real server or one that answers otherwise.

mod conformance;
mod export;
mod list;
mod others;
mod profiles;
mod proxy;
mod watch;

use serde_json::{Value, json};
use tousu::clock::Clock;
use tousu::store::ShopId;
use tousu_client::Credentials;
use tousu_wire::{BeijingTime, PermissionSet};

use crate::program::{Program, Ran};
use crate::support::*;

/// A server that goes by the machine's clock, as the program does, and the program logged in to it.
pub struct Desk {
    pub server: Server,
    pub program: Program,
    pub shop: ShopId,
    pub credentials: Credentials,
    pub now: i64,
}

impl Desk {
    pub async fn open(database: &Database) -> Self {
        let server = Server::start(database).await;
        let now = Clock::system().epoch();
        server.clock.set(now);
        let shop = server.shop("appShop").await;
        let credentials = server.app_with(&shop, |_| {}, &[PermissionSet::ComplaintsQuery]).await;
        let program = Program::on(database);
        let desk = Desk { server, program, shop, credentials, now };
        let ran = desk.login("main", &desk.server.url, &desk.credentials.secret_key);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        desk
    }

    /// Logs in as the app, at that address, with that secret.
    pub fn login(&self, name: &str, url: &str, secret: &str) -> Ran {
        let Credentials { app_id, client_id, secret_key: _ } = &self.credentials;
        let client_id = client_id.as_deref().unwrap();
        let flags =
            ["login", name, "--url", url, "--app-id", app_id, "--client-id", client_id, "--secret-stdin"];
        self.program.typing(&flags, secret)
    }

    /// Puts an open complaint into the shop, so many seconds old, with a deadline in so many seconds.
    pub async fn put(&self, id: &str, age: i64, due: i64) {
        self.put_with(id, age, due, json!({})).await;
    }

    /// The same, with other fields.
    pub async fn put_with(&self, id: &str, age: i64, due: i64, fields: Value) {
        let mut row = serde_json::to_value(complaint(id, self.now - age).to_row(self.now)).unwrap();
        row["operate_end_time"] = json!(BeijingTime::from_epoch(self.now + due));
        row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let row = serde_json::from_value(row).unwrap();
        self.server.put(&self.shop, &[tousu::complaint::Complaint::from_row(row)]).await;
    }

    /// Runs the program, which must go well; gives what it printed.
    pub fn out(&self, arguments: &[&str]) -> String {
        let ran = self.program.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.out
    }

    /// The ids that a list prints.
    pub fn ids(&self, filters: &[&str]) -> Vec<String> {
        let out = self.out(&[&["list", "--all", "--ndjson", "--columns", "id"], filters].concat());
        let id = |line: &str| {
            serde_json::from_str::<Value>(line).unwrap()["complaint_id"].as_str().unwrap().to_owned()
        };
        out.lines().map(id).collect()
    }
}
