//! One HTTP call to a target: to exactly the addresses that were checked, and no further.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Client, redirect};
use tousu_wire::Text;
use url::Url;

use crate::notify::target::{self, Allowed};

/// What a target answered.
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Retry-After`, as it came.
    pub(super) retry_after: Option<String>,
    /// Its beginning.
    pub(super) body: Vec<u8>,
}

/// Of an answer no more is read.
const MOST_READ: usize = 64 * 1024;
/// Clients that are kept. Making one loads the certificates that the system trusts.
const MOST_CLIENTS: usize = 256;

/// Calls targets.
pub(super) struct Http {
    allowed: Allowed,
    patience: Duration,
    clients: Mutex<HashMap<(String, Vec<SocketAddr>), Client>>,
}

impl Http {
    pub(super) fn new(allowed: Allowed, patience: Duration) -> Self {
        Http { allowed, patience, clients: Mutex::default() }
    }

    /// Posts a JSON body, or says why there was no answer (`中文 ¦ English`).
    pub(super) async fn post(
        &self,
        address: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Text> {
        let called = tokio::time::timeout(self.patience, self.called(address, headers, body));
        called.await.unwrap_or_else(|_| Err("未在时限内应答 ¦ there was no answer in time".into()))
    }

    async fn called(
        &self,
        address: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Text> {
        let said = |refused: target::Refused| Text::from(refused.to_string());
        let url = target::parse(address, self.allowed).map_err(said)?;
        let addresses = resolved(&url).await?;
        let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
        target::check(&ips, self.allowed).map_err(said)?;
        let client = self.client(url.host_str().unwrap_or_default(), addresses)?;
        let mut request = client.post(url).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.map(str::to_owned);
        let mut body = Vec::new();
        // What breaks off in the body has been answered all the same.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MOST_READ.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if body.len() >= MOST_READ {
                break;
            }
        }
        Ok(Answer { status, retry_after, body })
    }

    fn client(&self, host: &str, addresses: Vec<SocketAddr>) -> Result<Client, Text> {
        let key = (host.to_owned(), addresses);
        if let Some(client) = self.clients.lock().get(&key) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .resolve_to_addrs(&key.0, &key.1)
            .user_agent(concat!("tousu/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| failed(&error))?;
        let mut clients = self.clients.lock();
        if clients.len() >= MOST_CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// Where the address leads, in a fixed order.
async fn resolved(url: &Url) -> Result<Vec<SocketAddr>, Text> {
    let nowhere = || Text::from(target::Refused::Nowhere.to_string());
    let port = url.port_or_known_default().unwrap_or(443);
    let mut addresses: Vec<SocketAddr> = match url.host() {
        Some(url::Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(url::Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(url::Host::Domain(name)) => {
            tokio::net::lookup_host((name, port)).await.map_err(|_| nowhere())?.collect()
        }
        None => return Err(nowhere()),
    };
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// Why a call failed. The target's address, which may hold a key, is not repeated.
fn failed(error: &reqwest::Error) -> Text {
    if error.is_timeout() {
        "未在时限内应答 ¦ there was no answer in time".into()
    } else if error.is_connect() {
        "无法连接 ¦ there was no connection".into()
    } else {
        "连接中断 ¦ the connection broke".into()
    }
}
