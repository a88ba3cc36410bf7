//! What waits for the merchant, the most urgent first.

use std::error::Error;

use tousu_client::wire::codes::{CodeTable, State};
use tousu_client::wire::complaint_list::Filter;
use tousu_client::{Client, Credentials};

#[tokio::main]
#[allow(clippy::print_stdout, reason = "a program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let client = Client::new(
        setting("TOUSU_URL")?,
        Credentials::new(setting("TOUSU_APP_ID")?, setting("TOUSU_CLIENT_ID")?, setting("TOUSU_SECRET_KEY")?),
    );

    let mut open = Vec::new();
    for state in [State::Pending, State::InProgress] {
        let mut complaints = client.complaints(Filter { state: Some(state), ..Filter::default() });
        while let Some(row) = complaints.next().await {
            open.push(row?);
        }
    }
    open.sort_by_key(|row| row.operate_end_time);
    // One may have been seen in both states.
    open.dedup_by(|one, other| one.complaint_id == other.complaint_id);
    for row in open {
        let channel = row.channel_type.label().map_or("?", |(zh, _)| zh);
        println!("{}  {}  {channel}  {}", row.operate_end_time, row.complaint_id, row.complaint_reason);
    }
    Ok(())
}
