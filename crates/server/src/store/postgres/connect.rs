//! How a connection to PostgreSQL is made: what the address says, and which of its servers is the primary.

use std::collections::HashMap;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, CopyInSink, Row, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{bound, bounded, tls};
use crate::settings::Storage;
use crate::store::{PATIENCE, Result, StoreError, Value};

type Answer<T> = std::result::Result<T, tokio_postgres::Error>;

/// The servers that an address names. One at a time is the primary, and only that is spoken to: what a standby
/// has may be older than what was acknowledged.
pub(super) struct Servers {
    each: Vec<Config>,
    tls: MakeRustlsConnect,
    /// The one that was the primary is asked first.
    primary: AtomicUsize,
}

impl Servers {
    /// What the address means; nobody is spoken to yet.
    pub(super) fn of(url: &str, settings: &Storage) -> Result<Self> {
        let address = Address::of(url);
        let (tls, ssl_mode) = tls::connector(&address.ssl_mode, address.ssl_root.as_deref())?;
        let all: Config = address.with_hosts.parse()?;
        let mut common: Config = address.without_hosts.parse()?;
        common.ssl_mode(ssl_mode);
        common.options(format!(
            "-c statement_timeout={}s -c lock_timeout={}s -c idle_in_transaction_session_timeout={}s {}",
            settings.postgres_statement_seconds,
            PATIENCE.as_secs(),
            settings.postgres_statement_seconds,
            common.get_options().unwrap_or_default(),
        ));
        let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
        let each = (0..hosts.len().max(addresses.len()).max(1)).map(|at| {
            let mut one = common.clone();
            match (hosts.get(at), addresses.get(at)) {
                (Some(Host::Tcp(name)), _) => one.host(name),
                (Some(Host::Unix(folder)), _) => one.host_path(folder),
                (None, Some(address)) => one.host(address.to_string()),
                (None, None) => &mut one,
            };
            if let Some(address) = addresses.get(at) {
                one.hostaddr(*address);
            }
            if let Some(port) = ports.get(at).or(ports.first()) {
                one.port(*port);
            }
            one
        });
        Ok(Servers { each: each.collect(), tls, primary: AtomicUsize::new(0) })
    }

    /// A new connection to the primary.
    pub(super) async fn connect(&self) -> Result<Connection> {
        let (first, count) = (self.primary.load(Ordering::Relaxed), self.each.len());
        let mut refused = None;
        for at in (first..first + count).map(|at| at % count) {
            match bounded(Some(PATIENCE), self.connect_to(&self.each[at])).await {
                Ok(connection) => {
                    self.primary.store(at, Ordering::Relaxed);
                    return Ok(connection);
                }
                // That a standby is there says more than that the others are not.
                Err(_) if matches!(refused, Some(StoreError::Standby)) => {}
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or(StoreError::Standby))
    }

    async fn connect_to(&self, server: &Config) -> Result<Connection> {
        let connected = match server.connect(self.tls.clone()).await {
            // As libpq does: the server has TLS, but none that we speak.
            Err(error) if server.get_ssl_mode() == SslMode::Prefer && is_of_tls(&error) => {
                server.clone().ssl_mode(SslMode::Disable).connect(self.tls.clone()).await
            }
            connected => connected,
        };
        let (client, driven) = connected?;
        let task = tokio::spawn(async move {
            if let Err(error) = driven.await {
                tracing::debug!(error = super::told(&error), "a connection to PostgreSQL ended");
            }
        });
        let connection = Connection { client, statements: HashMap::new(), task };
        if connection.is_to_standby().await? { Err(StoreError::Standby) } else { Ok(connection) }
    }
}

fn is_of_tls(error: &tokio_postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.and_then(io::Error::get_ref).is_some_and(|cause| cause.is::<rustls::Error>())
}

/// A connection to the primary, and what was prepared on it.
pub(super) struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
    task: JoinHandle<()>,
}

impl Connection {
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) async fn query(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Answer<Vec<Row>> {
        let statement = self.prepared(sql).await?;
        self.client.query(&statement, parameters).await
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Answer<u64> {
        let statement = self.prepared(sql).await?;
        self.client.execute(&statement, parameters).await
    }

    /// Sends all before the first answer: the statements, and `first` and `last` as they are. They are carried out in
    /// order; gives the rows of each statement, or the first error.
    pub(super) async fn at_once(
        &mut self,
        first: Option<&str>,
        statements: &[(&str, Vec<Value<'_>>)],
        last: Option<&str>,
    ) -> Answer<Vec<Vec<Row>>> {
        for (sql, _) in statements {
            self.prepared(sql).await?;
        }
        type UnderWay<'a> = Pin<Box<dyn Future<Output = Answer<Vec<Row>>> + Send + 'a>>;
        let this = &*self;
        let plain = |sql| -> UnderWay<'_> {
            Box::pin(async move { this.client.batch_execute(sql).await.map(|()| Vec::new()) })
        };
        let prepared = statements.iter().map(|(sql, parameters)| -> UnderWay<'_> {
            Box::pin(async move { this.client.query(&this.statements[*sql], &bound(parameters)).await })
        });
        let mut all: Vec<_> = first.map(plain).into_iter().chain(prepared).chain(last.map(plain)).collect();
        // Polled once, each is sent.
        let mut answers = Vec::with_capacity(all.len());
        for sent in &mut all {
            answers.push(poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await);
        }
        let mut rows = Vec::with_capacity(all.len());
        for (answer, sent) in answers.into_iter().zip(all) {
            rows.push(match answer {
                Poll::Ready(answer) => answer?,
                Poll::Pending => sent.await?,
            });
        }
        Ok(rows.split_off(usize::from(first.is_some())))
    }

    pub(super) async fn batch(&self, sql: &str) -> Answer<()> {
        self.client.batch_execute(sql).await
    }

    pub(super) async fn copy_in(&self, sql: &str) -> Answer<CopyInSink<Bytes>> {
        self.client.copy_in(sql).await
    }

    /// Whether the server only follows another one.
    pub(super) async fn is_to_standby(&self) -> Answer<bool> {
        let answer = self.client.simple_query("select pg_is_in_recovery()").await?;
        let is_yes = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0) == Some("t"),
            _ => false,
        };
        Ok(answer.iter().any(is_yes))
    }

    async fn prepared(&mut self, sql: &str) -> Answer<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Drop for Connection {
    /// The task would otherwise wait for the answer to what is under way.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is used unless the address says otherwise. A server that is gone without a word is found out within
/// half a minute.
const DEFAULTS: &str = "application_name=tousu&connect_timeout=5&tcp_user_timeout=20\
     &keepalives_idle=10&keepalives_interval=5&keepalives_retries=2";

/// An address, taken apart as far as tokio-postgres does not do it.
struct Address {
    with_hosts: String,
    without_hosts: String,
    ssl_mode: String,
    ssl_root: Option<String>,
}

impl Address {
    fn of(url: &str) -> Self {
        // As in tokio-postgres: credentials end at the first @.
        let scheme = url.find("://").map_or(0, |at| at + "://".len());
        let hosts = url.find('@').map_or(scheme, |at| at + 1);
        let path = url[hosts..].find(['/', '?']).map_or(url.len(), |at| hosts + at);
        let (before, hosts) = (&url[..hosts], &url[hosts..path]);
        let (path, parameters) = url[path..].split_once('?').unwrap_or((&url[path..], ""));
        let mut address = Address {
            with_hosts: format!("{before}{hosts}{path}?{DEFAULTS}"),
            without_hosts: format!("{before}{path}?{DEFAULTS}"),
            ssl_mode: "prefer".into(),
            ssl_root: None,
        };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = || percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => address.ssl_mode = value(),
                "sslrootcert" => address.ssl_root = Some(value()),
                _ => {
                    address.with_hosts.extend(["&", parameter]);
                    if !matches!(name, "host" | "hostaddr" | "port") {
                        address.without_hosts.extend(["&", parameter]);
                    }
                }
            }
        }
        address
    }
}
