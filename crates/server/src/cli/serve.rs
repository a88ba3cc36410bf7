//! `tousu serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tousu_wire::Endpoint;
use tousu_wire::complaint_list::ComplaintList;

use super::unusual::{self, Unusual};
use super::{Session, token};
use crate::demo::{self, Demo};
use crate::gateway::{self, Gateway, Manner};
use crate::notices::{Dispatcher, Sender};
use crate::search::following;
use crate::secrets::Secret;
use crate::{jobs, log, source};

#[derive(Args)]
pub(super) struct Serve {
    /// 监听地址（默认 127.0.0.1:8080，端口 0 为任选） ¦ the address to listen on (default 127.0.0.1:8080; port 0 picks one)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// 准备一个有 2000 条投诉的演示店铺并打印调用方法 ¦ make a demo shop with 2,000 complaints and print how to call it
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    unusual: Unusual,
}

impl Serve {
    pub(super) async fn run(self, mut session: Session, has_database: bool) -> anyhow::Result<ExitCode> {
        if self.unusual.asks_for_list() {
            return unusual::list(&session);
        }
        self.unusual.check(self.demo)?;
        let quirks = self.unusual.rules()?;
        let _folder = self.unusual.furnish(&mut session, has_database)?;
        let problems = session.settings.problems();
        if !problems.is_empty() {
            bail!(problems.join("; "));
        }
        let _flush = log::start(&session.settings.log)?;
        let store = session.open().await?;
        let listen = &session.settings.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("无法监听 {listen} ¦ cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let url = format!("http://{}", reachable(address));
        let sandbox = self.unusual.make(&store, &session.clock).await?;
        let mut told = json!({ "address": url });
        if self.demo {
            let now = session.clock.epoch();
            let demo = demo::prepare(&store, now, address.ip().is_loopback()).await?;
            let life = session.settings.token.lifetime_seconds;
            let access = token::issue(&store, &demo.shop, &demo.client_id, now, life).await?;
            let Demo { shop, client_id, secret_key, password } = demo;
            told["app_id"] = json!(shop.as_str());
            told["client_id"] = json!(client_id);
            told["secret_key"] = json!(secret_key.reveal());
            told["access_token"] = json!(access.reveal());
            told["login"] = json!(demo::LOGINS[0].0);
            told["password"] = json!(password.as_ref().map(Secret::reveal));
        } else if let Some(sandbox) = &sandbox {
            self.unusual.tell_of_sandbox(&session, &store, sandbox, &mut told).await?;
        } else if !store.read().await?.has_users().await? {
            told["users"] = json!(0);
        }
        if let Some(quirks) = &quirks {
            self.unusual.tell_of_quirks(&store, quirks, &mut told).await?;
        }
        // Whoever reads the greeting may stop the server at once.
        let stop = told_to_stop()?;
        session.print(&told, |told| greeting(&session, told))?;
        std::io::stdout().flush()?;
        tracing::info!(address = url, database = store.kind(), "serving");
        let Session { settings, clock, .. } = session;
        if settings.limits.redis.is_empty() && store.kind() == "PostgreSQL" {
            tracing::info!("limits are counted per node: set limits.redis if there are several");
        }
        if store.vault().is_none() {
            tracing::warn!(
                "no key is set: phone numbers are kept masked only; put one that `tousu key new` makes into privacy.keys"
            );
        }
        let sealing = tokio::spawn({
            let store = store.clone();
            async move {
                match jobs::phones::seal(&store).await {
                    Ok(done) if done.sealed > 0 => {
                        tracing::info!(sealed = done.sealed, "phone numbers of an older program")
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "not every phone number is sealed"),
                }
            }
        });
        let (end_jobs, jobs_ended) = oneshot::channel::<()>();
        let jobs = jobs::run(store.clone(), (&settings).into(), clock.clone(), async {
            let _ = jobs_ended.await;
        });
        let jobs = tokio::spawn(jobs);
        let (end_following, following_ended) = oneshot::channel::<()>();
        let following =
            tokio::spawn(following::run(store.clone(), settings.storage.clone(), clock.clone(), async {
                let _ = following_ended.await;
            }));
        let (end_notices, notices_ended) = oneshot::channel::<()>();
        let sender = Sender::new(&settings, clock.clone());
        let dispatcher = Dispatcher::new(store.clone(), sender, clock.clone());
        let notices = tokio::spawn(dispatcher.run(async {
            let _ = notices_ended.await;
        }));
        let (end_mirrors, mirrors_ended) = oneshot::channel::<()>();
        let mirrors = tokio::spawn(source::run(store.clone(), clock.clone(), async {
            let _ = mirrors_ended.await;
        }));
        let manner = Manner { is_demo: self.demo, quirks, sandbox };
        let gateway = Gateway::in_manner(store, settings, clock, gateway::record_metrics(), manner)?;
        gateway::serve(gateway, listener, stop).await;
        drop((end_jobs, end_following, end_notices, end_mirrors));
        // What is under way is taken back, and done at the next start.
        sealing.abort();
        jobs.await?;
        following.await?;
        notices.await?;
        mirrors.await?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// An address that a client on this machine can call.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        other => other,
    }
}

fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn greeting(session: &Session, told: &Value) -> String {
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let url = text("address");
    let mut lines = vec![
        session.pick(&format!("服务已启动    {url} ¦ serving       {url}")),
        session.pick(&format!("控制台        {url}/ ¦ console       {url}/")),
        session.pick(&format!("文档与调试    {url}/docs ¦ docs and form {url}/docs")),
    ];
    if told["users"].is_number() {
        lines.push(
            session.pick(
                "\n还没有用户，请新增一位管理员： ¦ \nthere are no users yet: add an administrator with",
            ),
        );
        lines.push("\ntousu user add LOGIN --shop APP_ID --role administrator\n".into());
    }
    if told["login"].is_string() {
        lines.push(format!("{:<13} {}", "login", text("login")));
        lines.push(match told["password"].as_str() {
            Some(password) => format!("{:<13} {password}", "password"),
            None => session.pick(
                "password      与上次启动时相同；忘记可执行 tousu user reset admin ¦ password      as at the last start; tousu user reset admin makes a new one",
            ),
        });
    }
    lines.extend(unusual::greeting(session, told));
    if told["access_token"].is_string() {
        for name in ["app_id", "client_id", "secret_key", "access_token"] {
            lines.push(format!("{name:<13} {}", text(name)));
        }
        lines.push(session.pick("\n粘贴执行即可列出投诉： ¦ \npaste this to list complaints:"));
        lines.push(format!(
            "\ncurl -s '{url}{}' -H 'Content-Type: application/json' -d '{{\"access_token\":\"{}\",\"page\":1,\"page_size\":3}}'\n",
            ComplaintList::path(),
            text("access_token"),
        ));
    }
    lines.join("\n")
}
