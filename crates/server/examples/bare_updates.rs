//! A yardstick for `make bench`: changes per second of one complaint at a time, each in a transaction of its own, by
//! a bare `update` and by the store, which takes a version and logs the change. Prints both rates as JSON.
//!
//! `bare_updates DATABASE COUNT`, where the database (`sqlite:FILE` or `postgres://…`) holds a shop `appbench` with
//! open complaints, as `tousu bench-data` makes it. The two take turns, COUNT changes at a time; the median counts.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use anyhow::{Context, ensure};
use rusqlite::Connection;
use serde_json::json;
use tokio_postgres::{Client, NoTls, Statement};
use tousu::complaint::{Complaint, Shown};
use tousu::settings::Storage;
use tousu::store::{Brought, Incoming, Outcome, ShopId, Store};
use tousu_wire::codes::{CodeTable, CurrentStep, State};
use tousu_wire::complaint_list::{Filter, Page};

const SHOP: &str = "appbench";
const ROUNDS: usize = 5;
/// Complaints that are changed in turn, at most.
const CHANGED: i64 = 1000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().context("the first argument is a database")?;
    let count: usize = arguments.next().context("the second argument is a number")?.parse()?;

    let store = Store::open_existing(&database, &Storage::default()).await?;
    let shop = ShopId::parse(SHOP).context(SHOP)?;
    let mut complaints = open_complaints(&store, &shop).await?;
    ensure!(!complaints.is_empty(), "{SHOP} has no open complaints");
    let bare = Bare::open(&database).await?;

    let (mut by_bare, mut by_store) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for at in 0..count {
            let (number, complaint) = next(&mut complaints, at);
            bare.update(number, complaint).await?;
        }
        by_bare.push(count as f64 / started.elapsed().as_secs_f64());

        let started = Instant::now();
        for at in 0..count {
            let (_, complaint) = next(&mut complaints, at);
            update(&store, &shop, complaint).await?;
        }
        by_store.push(count as f64 / started.elapsed().as_secs_f64());
    }
    println!("{}", json!({ "bare": median(by_bare), "tousu": median(by_store) }));
    Ok(())
}

/// The newest open complaints with their numbers.
async fn open_complaints(store: &Store, shop: &ShopId) -> anyhow::Result<Vec<(i64, Complaint)>> {
    let mut tx = store.read().await?;
    let mut found = Vec::new();
    for state in [State::Pending, State::InProgress] {
        let filter = Filter { state: Some(state), ..Filter::default() };
        let newest = Page { offset: 0, size: CHANGED / 2 };
        let add = |number, complaint: Shown<'_>| found.push((number, complaint.to_complaint()));
        tx.page(shop, &filter, newest, 0, add).await?;
    }
    Ok(found)
}

/// The complaint whose turn it is, changed.
fn next(complaints: &mut [(i64, Complaint)], at: usize) -> (i64, &Complaint) {
    let turn = at % complaints.len();
    let (number, complaint) = &mut complaints[turn];
    (complaint.state, complaint.current_step) = match complaint.state {
        State::Pending => (State::InProgress, CurrentStep::MerchantReplied),
        _ => (State::Pending, CurrentStep::New),
    };
    (*number, complaint)
}

/// The change as the store makes it.
async fn update(store: &Store, shop: &ShopId, complaint: &Complaint) -> anyhow::Result<()> {
    let batch = [Incoming { complaint: complaint.clone(), details: Default::default() }];
    let outcomes =
        store.take_in(shop, Brought { by: "bench", doer: None, at: 0 }, &batch).await?.context(SHOP)?;
    ensure!(outcomes == [Outcome::Changed]);
    Ok(())
}

/// The database without the store.
enum Bare {
    Sqlite(Connection),
    Postgres(Client, Statement),
}

impl Bare {
    const UPDATE: &str =
        "update complaints set state = $3, current_step = $4 where shop_id = $1 and number = $2";

    async fn open(database: &str) -> anyhow::Result<Self> {
        if let Some(file) = database.strip_prefix("sqlite:") {
            let connection = Connection::open(file)?;
            connection.execute_batch("pragma journal_mode = wal; pragma synchronous = full;")?;
            return Ok(Bare::Sqlite(connection));
        }
        let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
        tokio::spawn(connection);
        let update = client.prepare(Self::UPDATE).await?;
        Ok(Bare::Postgres(client, update))
    }

    /// The change as the database makes it by itself.
    async fn update(&self, number: i64, complaint: &Complaint) -> anyhow::Result<()> {
        let (state, step) = (complaint.state.number(), complaint.current_step.number());
        let changed = match self {
            Bare::Sqlite(connection) => {
                let mut update = connection.prepare_cached(&Self::UPDATE.replace('$', "?"))?;
                update.execute((SHOP, number, state, step))? as u64
            }
            Bare::Postgres(client, update) => {
                client.execute(update, &[&SHOP, &number, &state, &step]).await?
            }
        };
        ensure!(changed == 1);
        Ok(())
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2].round()
}
