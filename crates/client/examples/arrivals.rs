//! Tells of each new complaint. There is no push, so it asks: a minute apart, and for the last hours only, since a
//! complaint may appear later than the time that it bears.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use tousu_client::wire::BeijingTime;
use tousu_client::wire::complaint_list::Filter;
use tousu_client::{Client, Clock, Credentials, Pace, SystemClock};

const APART: Duration = Duration::from_secs(60);
const OVERLAP: i64 = 6 * 3600;

#[tokio::main]
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    // How often to look; without a number, until it is stopped.
    let rounds = std::env::args().nth(1).map(|number| number.parse::<u64>()).transpose()?;
    let client = Client::builder()
        .base_url(setting("TOUSU_URL")?)
        .credentials(Credentials::new(
            setting("TOUSU_APP_ID")?,
            setting("TOUSU_CLIENT_ID")?,
            setting("TOUSU_SECRET_KEY")?,
        ))
        .pace(Pace::share(0.1))
        .build()?;

    let clock = SystemClock::default();
    let mut known = BTreeSet::new();
    let mut round = 0;
    loop {
        let since = BeijingTime::from_epoch(clock.epoch_millis() / 1000 - OVERLAP);
        let mut recent = client.complaints(Filter { start_time: Some(since), ..Filter::default() });
        let mut seen = BTreeSet::new();
        while let Some(row) = recent.next().await {
            match row {
                Ok(row) => {
                    if !known.contains(&row.complaint_id) {
                        println!("{}  {}  {}", row.complaint_time, row.complaint_id, row.complaint_reason);
                    }
                    seen.insert(row.complaint_id);
                }
                // The next round will tell.
                Err(error) if error.is_retryable() => {
                    eprintln!("{error}");
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        known.append(&mut seen);
        round += 1;
        if rounds == Some(round) {
            return Ok(());
        }
        clock.sleep(APART).await;
    }
}
