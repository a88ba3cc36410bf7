//! Several nodes on one database.

mod jobs;
mod limits;
mod redis;
mod redis_gone;
mod rolling;
mod tokens;

use tousu::clock::Clock;
use tousu::settings::Settings;

use crate::support::*;

/// Two servers on one database that go by one clock.
pub async fn two_nodes(database: &Database, change: impl Fn(&mut Settings)) -> [Server; 2] {
    let clock = Clock::set_at(NOW);
    [
        Server::start_by(clock.clone(), database, &change).await,
        Server::start_by(clock, database, &change).await,
    ]
}
