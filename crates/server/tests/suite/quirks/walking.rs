//! A client that walks the list while all of it goes wrong.

use std::collections::HashMap;

use tousu::gateway::quirks::Rules;
use tousu::sandbox::Plan;
use tousu_client::{Client, SetClock};
use tousu_wire::complaint_list::{Filter, Row};

use crate::sandbox::{MAIN, PLAN, Twin};
use crate::support::*;

/// Each row comes once and says what is so; where one is left out, the walk says that it is not sure.
#[test]
fn what_a_walk_through_everything_brings_is_so() {
    const SEEDS: std::ops::Range<u64> = 1..5;
    on_sqlite(async |database| {
        let plan = Plan { complaints: 900, ..PLAN };
        let right = Twin::with(database, plan, None).await;
        let rows = right.rows(&right.token(MAIN).await).await.into_iter();
        let rows: HashMap<String, Row> = rows
            .map(|row| serde_json::from_value(row).unwrap())
            .map(|row: Row| (row.complaint_id.clone(), row))
            .collect();
        assert_eq!(rows.len(), 900);
        let mut whole = 0;
        for seed in SEEDS {
            let mut rules = Rules::preset("everything").unwrap();
            rules.seed = seed;
            let twin = Twin::with(database, plan, Some(rules)).await;
            let client = Client::builder().base_url(&twin.server.url).credentials(twin.account(MAIN).await);
            // Waiting takes no time.
            let client = client.clock(SetClock::at(NOW)).random(|| 0.5).build().unwrap();
            let mut walk = client.complaints(Filter::default()).page_size(40);
            let mut seen = HashMap::new();
            while let Some(row) = walk.next().await {
                let row = row.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                assert_eq!(rows.get(&row.complaint_id), Some(&row), "seed {seed}");
                let twice = seen.insert(row.complaint_id.clone(), row);
                assert_eq!(twice, None, "seed {seed}");
            }
            assert!(seen.len() == rows.len() || !walk.doubts().is_empty(), "seed {seed}: {}", seen.len());
            whole += usize::from(seen.len() == rows.len());
        }
        assert!(whole > 0, "some come through all of it");
    });
}
