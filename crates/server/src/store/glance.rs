//! One look at a shop, outside any transaction: its version, and some of its complaints, of one snapshot.
//!
//! Most calls are answered from memory and need no more than this. On PostgreSQL, where a statement costs a round
//! trip, looks at the same shop that arrive while others are under way go out together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::complaints::{COLUMN_COUNT, COLUMNS, shown};
use super::listing::{MOST_NUMBERS, in_list};
use super::{Driver, Result, Row, ShopId, Store, StoreError, Value, citus, count_seconds, postgres};
use crate::complaint::Shown;

impl Store {
    /// The shop's version at this moment, if there is such a shop.
    pub async fn version(&self, shop: &ShopId) -> Result<Option<i64>> {
        if let Driver::Sqlite(sqlite) = &self.0
            && let Some(version) = sqlite.known_version(shop)
        {
            return Ok(Some(version));
        }
        Box::pin(self.glance(shop, &[], |_, _| {})).await
    }

    /// Gives those of the numbered complaints that exist, each with its number, in any order, and the shop's
    /// version, if there is such a shop; all of one snapshot.
    pub async fn glance(
        &self,
        shop: &ShopId,
        numbers: &[i64],
        mut give: impl FnMut(i64, Shown<'_>),
    ) -> Result<Option<i64>> {
        match &self.0 {
            Driver::Postgres(_) if numbers.len() <= TOGETHER => {
                let seen = Box::pin(self.1.look(self, shop, numbers)).await?;
                for number in numbers {
                    if let Some(row) = seen.rows.get(number) {
                        give(*number, shown(&Row::Postgres(row))?);
                    }
                }
                Ok(seen.version)
            }
            // Here a transaction costs nothing; there so many rows make up for one.
            _ => {
                let mut tx = self.read().await?;
                let version = tx.version(shop).await?;
                tx.numbered(shop, numbers, give).await?;
                Ok(version)
            }
        }
    }
}

/// Numbers that go out in one statement at most, of all calls together.
const TOGETHER: usize = 400;
/// Statements about one shop under way at once; what arrives meanwhile waits and goes out together.
const AT_ONCE: usize = 2;

/// Looks that wait to go out, by shop.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<ShopId, Queue>>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Look>,
    under_way: usize,
}

struct Look {
    numbers: Vec<i64>,
    answer: oneshot::Sender<std::result::Result<Arc<Seen>, Arc<StoreError>>>,
}

/// What one statement saw.
struct Seen {
    version: Option<i64>,
    rows: HashMap<i64, tokio_postgres::Row>,
}

impl Looks {
    async fn look(&self, store: &Store, shop: &ShopId, numbers: &[i64]) -> Result<Arc<Seen>> {
        let (answer, answered) = oneshot::channel();
        let must_go = {
            let mut queues = self.0.lock();
            let queue = queues.entry(shop.clone()).or_default();
            queue.waiting.push(Look { numbers: numbers.to_vec(), answer });
            let must_go = queue.under_way < AT_ONCE;
            queue.under_way += usize::from(must_go);
            must_go
        };
        if must_go {
            // On its own, since it answers others, too, whatever becomes of this call.
            let (store, shop) = (store.clone(), shop.clone());
            tokio::spawn(async move { while store.1.go(&store, &shop).await {} });
        }
        let lost = |_| StoreError::Value("a look was lost".into());
        answered.await.map_err(lost)?.map_err(StoreError::Shared)
    }

    /// Sends out what waits; `false` if nothing does.
    async fn go(&self, store: &Store, shop: &ShopId) -> bool {
        let Some(looks) = self.next(shop) else { return false };
        let mut numbers: Vec<i64> = looks.iter().flat_map(|look| &look.numbers).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let began = Instant::now();
        let seen = match &store.0 {
            Driver::Postgres(postgres) => Box::pin(see(postgres, shop, &numbers)).await,
            Driver::Sqlite(_) => Err(StoreError::Value("looks are for PostgreSQL".into())),
        };
        count_seconds(began);
        let seen = seen.map(Arc::new).map_err(Arc::new);
        // What befell one befalls all that wait: none is left to find out by itself that the server is gone.
        let others = if seen.is_err() { self.all(shop) } else { Vec::new() };
        for look in looks.into_iter().chain(others) {
            let _ = look.answer.send(seen.clone());
        }
        true
    }

    fn all(&self, shop: &ShopId) -> Vec<Look> {
        self.0.lock().get_mut(shop).map(|queue| std::mem::take(&mut queue.waiting)).unwrap_or_default()
    }

    fn next(&self, shop: &ShopId) -> Option<Vec<Look>> {
        let mut queues = self.0.lock();
        let queue = queues.get_mut(shop)?;
        let mut numbers = 0;
        let fitting = queue.waiting.iter().take_while(|look| {
            numbers += look.numbers.len();
            numbers <= TOGETHER
        });
        let looks: Vec<Look> = queue.waiting.drain(..fitting.count()).collect();
        if looks.is_empty() {
            queue.under_way -= 1;
            if queue.under_way == 0 {
                queues.remove(shop);
            }
            return None;
        }
        Some(looks)
    }
}

async fn see(postgres: &postgres::Postgres, shop: &ShopId, numbers: &[i64]) -> Result<Seen> {
    const VERSION: &str = "select version from shops where shop_id = $1";
    let mut parameters = vec![Value::Text(shop.as_str())];
    if numbers.is_empty() {
        let rows = postgres.query(VERSION, &parameters).await?;
        let version = rows.first().map(|row| Row::Postgres(row).int(0)).transpose()?;
        return Ok(Seen { version, rows: HashMap::new() });
    }
    debug_assert!(numbers.len() <= MOST_NUMBERS);
    let (list, numbers) = in_list(numbers);
    parameters.extend(numbers);
    // The shop's row is there even if no complaint is.
    let columns = COLUMNS.split(", ").map(|column| format!("c.{column}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "select {columns}, c.number, s.version
         from shops s left join complaints c on c.shop_id = $1 and c.number in ({list})
         where s.shop_id = $1"
    );
    citus::check(&sql);
    let mut seen = Seen { version: None, rows: HashMap::new() };
    for row in postgres.query(&sql, &parameters).await? {
        let read = Row::Postgres(&row);
        seen.version = Some(read.int(COLUMN_COUNT + 1)?);
        if let Some(number) = read.optional_int(COLUMN_COUNT)? {
            seen.rows.insert(number, row);
        }
    }
    Ok(seen)
}
