//! The windows that all nodes share, in Redis.
//!
//! Every question is one script, run at once for one key, so that two nodes never get the same place.
//! No call waits long for a Redis that is gone: the first to miss it says so, from then on nobody asks,
//! and a task of its own looks until it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, RedisResult, Script};
use tousu_wire::RateLimit;

use super::{Allowance, Way, span_micros};
use crate::clock::Clock;
use crate::settings::Limits;

/// How long Redis may take to answer a call.
const ANSWER: Duration = Duration::from_millis(250);
/// How long it may take to be connected to, for which no call waits.
const CONNECT: Duration = Duration::from_secs(1);
/// How long it is left alone before it is looked for again.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Shared {
    url: String,
    prefix: String,
    script: Script,
    clock: Clock,
    link: RwLock<Option<Link>>,
    came_back_at: AtomicI64,
}

/// A connection that worked when it was last used. Calls that share it do not wait for each other.
#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    number: u64,
}

impl Shared {
    pub(super) fn new(settings: &Limits, clock: Clock) -> Self {
        // Fails if there is one already, which does as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Shared {
            url: settings.redis.clone(),
            prefix: format!("{}limit:", settings.redis_prefix),
            script: Script::new(include_str!("window.lua")),
            clock,
            link: RwLock::default(),
            came_back_at: AtomicI64::new(i64::MIN),
        }
    }

    pub(super) async fn open(self: &Arc<Self>) {
        match self.connect().await {
            Ok(connection) => self.keep(connection),
            Err(error) => self.gone(&error),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.link.read().is_some()
    }

    /// Whether Redis came back within the limit's span before `now`.
    pub(super) fn came_back_within(&self, limit: RateLimit, now: i64) -> bool {
        now.saturating_sub(self.came_back_at.load(Ordering::Relaxed)) < span_micros(limit)
    }

    /// As [`super::Limiter::ask`]; `None` if Redis is gone.
    pub(super) async fn ask(
        self: &Arc<Self>,
        key: &str,
        limit: RateLimit,
        now: i64,
        way: Way,
    ) -> Option<Allowance> {
        let mut link = self.link.read().clone()?;
        match in_time(ANSWER, self.run(&mut link.connection, key, limit, now, way)).await {
            Ok(allowance) => Some(allowance),
            Err(error) => {
                self.lost(link.number, &error);
                None
            }
        }
    }

    async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        limit: RateLimit,
        now: i64,
        way: Way,
    ) -> RedisResult<Allowance> {
        let mut script = self.script.key(format!("{}{key}", self.prefix));
        script.arg(limit.calls).arg(span_micros(limit)).arg(i32::from(way == Way::Take));
        // Redis has the time; only one that a test has set is brought along, and Redis' own then does not
        // make it forget.
        match self.clock.is_set() {
            false => script.arg(span_micros(limit) / 1000 + 1).arg(""),
            true => script.arg(3_600_000).arg(now),
        };
        let (admitted, served, micros_until_free): (bool, u32, i64) = script.invoke_async(connection).await?;
        Ok(Allowance::new(admitted, limit, served, micros_until_free))
    }

    /// A connection on which the script works: a Redis that answers but may not write is as good as gone.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        in_time(CONNECT, async {
            let settings = TcpSettings::default().set_nodelay(true);
            let address = self.url.as_str().into_connection_info()?.set_tcp_settings(settings);
            let mut connection = Client::open(address)?.get_multiplexed_async_connection().await?;
            let probe = RateLimit { calls: u32::MAX, seconds: 1 };
            self.run(&mut connection, "probe", probe, self.clock.monotonic_micros(), Way::Take).await?;
            Ok(connection)
        })
        .await
    }

    fn keep(&self, connection: MultiplexedConnection) {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        *self.link.write() = Some(Link { connection, number });
    }

    /// Notes that the connection of that number failed; who comes later with the same news is not heard.
    fn lost(self: &Arc<Self>, number: u64, error: &redis::RedisError) {
        if self.link.write().take_if(|link| link.number == number).is_some() {
            self.gone(error);
        }
    }

    fn gone(self: &Arc<Self>, error: &redis::RedisError) {
        tracing::error!(%error, "the Redis of the limits is gone");
        let shared = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PAUSE).await;
                let Some(shared) = shared.upgrade() else { break };
                if let Ok(connection) = shared.connect().await {
                    shared.came_back_at.store(shared.clock.monotonic_micros(), Ordering::Relaxed);
                    shared.keep(connection);
                    tracing::info!("the Redis of the limits is back");
                    break;
                }
            }
        });
    }
}

async fn in_time<T>(patience: Duration, asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let timed_out = |_| Err(redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)));
    tokio::time::timeout(patience, asked).await.unwrap_or_else(timed_out)
}
