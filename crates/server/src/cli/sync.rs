//! `tousu sync`, `tousu sync add | remove | status`.

mod shown;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::json;
use tousu_client::Credentials;

use super::app::no_shop;
use super::remote::exit::{self, Exit};
use super::remote::screen::on_one_line;
use super::remote::{self, when};
use super::{Session, shop_id};
use crate::privacy::masked_text;
use crate::source::{self, EVERY, Fetching, SHARE, Setup, Step, Terms, Upstream};
use crate::store::{Mirror, ShopId, Store};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = exit::help())]
pub(super) struct Sync {
    #[command(subcommand)]
    command: Option<Which>,
    /// 店铺 id，投诉存入此店铺 ¦ the shop that is to have the complaints
    #[arg(long, value_name = "APP_ID")]
    shop: Option<String>,
    #[command(flatten)]
    from: Origin,
    #[command(flatten)]
    pace: Pace,
    /// 上游一次缺失大量投诉时，仍予移除 ¦ remove what is missing upstream, even if it is much at once
    #[arg(long)]
    accept_removals: bool,
}

#[derive(Subcommand)]
enum Which {
    /// 由 tousu serve 持续同步店铺；密钥加密保存 ¦ have tousu serve fetch a shop all the time; the secret is kept sealed
    Add {
        /// 店铺 id，投诉存入此店铺 ¦ the shop that is to have the complaints
        #[arg(long, value_name = "APP_ID")]
        shop: String,
        #[command(flatten)]
        from: Origin,
        #[command(flatten)]
        pace: Pace,
    },
    /// 不再同步店铺，已有的投诉保留 ¦ fetch a shop no longer; its complaints stay
    Remove {
        /// 店铺 id ¦ the shop's id
        #[arg(long, value_name = "APP_ID")]
        shop: String,
    },
    /// 查看同步状态：落后多少、最近成功时间、核对结果 ¦ how mirrors stand: lag, last success, what is proved
    Status {
        /// 仅此店铺，含每日核对结果 ¦ this shop alone, day by day
        #[arg(long, value_name = "APP_ID")]
        shop: Option<String>,
    },
}

/// From where.
#[derive(Args)]
struct Origin {
    /// 上游的配置名，由 tousu login 建立 ¦ the upstream's profile, made by tousu login
    #[arg(long, value_name = "PROFILE", conflicts_with = "url")]
    from: Option<String>,
    /// 上游地址，代替 --from；密钥取自环境变量 TOUSU_UPSTREAM_SECRET ¦ the upstream's address, in place of --from; the secret comes from the environment's TOUSU_UPSTREAM_SECRET
    #[arg(long, value_name = "URL", requires = "app_id")]
    url: Option<String>,
    /// 上游的店铺 id，与 --url 同用 ¦ the shop's id upstream, with --url
    #[arg(long, value_name = "APP_ID", requires = "url")]
    app_id: Option<String>,
    /// 上游的应用 id，与 --url 同用 ¦ the app's id upstream, with --url
    #[arg(long, value_name = "CLIENT_ID", requires = "url")]
    client_id: Option<String>,
}

/// How often, and how much of the limits.
#[derive(Args)]
struct Pace {
    /// 每隔多久读取新增与未完成的投诉，如 60s、5m；不写则同步一次即结束 ¦ how often to look at what is new or open, for example 60s or 5m; left out, one run and no more
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    every: Option<i64>,
    /// 至多使用上游频率限制的百分之几 ¦ how much of the upstream's limits may be used
    #[arg(long, value_name = "PERCENT", default_value_t = SHARE, value_parser = percent)]
    share: i64,
}

/// Where the secret comes from that no profile has.
const SECRET: &str = "TOUSU_UPSTREAM_SECRET";
/// Without an answer so often in a row, a run ends.
const GIVEN_UP_AFTER: u32 = 5;
/// After the store failed, a run that has no end waits.
const PAUSE: Duration = Duration::from_secs(5);

impl Sync {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        match self.command {
            Some(Which::Add { shop, from, pace }) => add(&session, &shop, from, pace).await,
            Some(Which::Remove { shop }) => remove(&session, &shop).await,
            Some(Which::Status { shop }) => shown::status(&session, shop.as_deref()).await,
            None => {
                let shop =
                    self.shop.as_deref().context("请以 --shop 指定店铺 ¦ name the shop with --shop")?;
                fetch(&session, shop, self.from, self.pace, self.accept_removals).await
            }
        }
    }
}

impl Origin {
    /// The upstream that was named, if one was.
    fn upstream(&self) -> anyhow::Result<Option<Upstream>> {
        if let Some(base_url) = &self.url {
            let secret_key = std::env::var(SECRET)
                .with_context(|| format!("请设置环境变量 {SECRET} ¦ set {SECRET} in the environment"))?;
            let app_id = self.app_id.clone().unwrap_or_default();
            let credentials = Credentials { app_id, client_id: self.client_id.clone(), secret_key };
            return Ok(Some(Upstream { base_url: base_url.clone(), credentials }));
        }
        self.from.as_deref().map(of_profile).transpose()
    }
}

fn of_profile(name: &str) -> anyhow::Result<Upstream> {
    let (base_url, credentials) = remote::upstream(name)?;
    Ok(Upstream { base_url, credentials })
}

async fn shop_of(store: &Store, text: &str) -> anyhow::Result<ShopId> {
    let shop = shop_id(text)?;
    if store.read().await?.version(&shop).await?.is_none() {
        bail!(no_shop(&shop));
    }
    Ok(shop)
}

async fn add(session: &Session, shop: &str, from: Origin, pace: Pace) -> anyhow::Result<ExitCode> {
    let store = session.open_existing().await?;
    let shop = shop_of(&store, shop).await?;
    let upstream = from.upstream()?.context("请以 --from 指定上游 ¦ name the upstream with --from")?;
    let vault = store.vault().context(
        "未设置加密密钥，无法保存上游的密钥：用 tousu key new 生成并写入 privacy.keys ¦ no key is set, under which the upstream's secret could be kept: put one that tousu key new makes into privacy.keys",
    )?;
    check_same(&store, &shop, &upstream).await?;
    let every_seconds = pace.every.unwrap_or(EVERY);
    let secret = Some(source::seal(vault, &shop, &upstream.credentials.secret_key));
    let setup = Setup { secret, every_seconds, share: pace.share, enabled: true };
    let mirror = setup.mirror(shop.clone(), &upstream);
    store.keep_mirror(&mirror, session.clock.epoch()).await?;
    let value = json!({
        "app_id": shop.as_str(), "base_url": mirror.base_url, "every_seconds": every_seconds, "share_percent": pace.share,
    });
    session.print(&value, |_| {
        session.pick(&format!(
            "tousu serve 将从 {0} 同步店铺 {shop}，每 {every_seconds} 秒一次 ¦ tousu serve fetches the shop {shop} from {0}, every {every_seconds} s",
            mirror.base_url
        ))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A shop is the mirror of one upstream: what another has would look like removals.
async fn check_same(store: &Store, shop: &ShopId, upstream: &Upstream) -> anyhow::Result<Option<Mirror>> {
    let kept = store.read().await?.mirror(shop).await?;
    if let Some(kept) = &kept {
        let is_same = kept.base_url == upstream.base_url.trim_end_matches('/')
            && kept.app_id == upstream.credentials.app_id;
        if !is_same {
            bail!(
                "店铺 {shop} 已在同步 {0} 的 {1}；要换上游，先执行 tousu sync remove ¦ the shop {shop} is fetched from {1} at {0}; tousu sync remove comes first",
                kept.base_url,
                kept.app_id
            );
        }
    }
    Ok(kept)
}

async fn remove(session: &Session, shop: &str) -> anyhow::Result<ExitCode> {
    let store = session.open_existing().await?;
    let shop = shop_of(&store, shop).await?;
    if !store.remove_mirror(&shop).await? {
        bail!("店铺 {shop} 没有设置同步 ¦ the shop {shop} is not fetched from anywhere");
    }
    session.print(&json!({ "app_id": shop.as_str() }), |_| {
        session.pick(&format!(
            "不再同步店铺 {shop}，已有的投诉保留 ¦ the shop {shop} is no longer fetched; its complaints stay"
        ))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Fetches a shop in this process.
async fn fetch(
    session: &Session,
    shop: &str,
    from: Origin,
    Pace { every, share }: Pace,
    accept_removals: bool,
) -> anyhow::Result<ExitCode> {
    let store = session.open_existing().await?;
    let shop = shop_of(&store, shop).await?;
    let upstream = match from.upstream()? {
        Some(upstream) => {
            if check_same(&store, &shop, &upstream).await?.is_none() {
                let setup = Setup { every_seconds: every.unwrap_or(EVERY), share, ..Setup::default() };
                store.keep_mirror(&setup.mirror(shop.clone(), &upstream), session.clock.epoch()).await?;
            }
            upstream
        }
        None => {
            let kept = store.read().await?.mirror(&shop).await?;
            let kept = kept.map(|kept| source::upstream_of(&kept, store.vault())).transpose()?.flatten();
            kept.context("请以 --from 指定上游 ¦ name the upstream with --from")?
        }
    };
    let terms = Terms { every: every.unwrap_or(EVERY), ..Terms::default() };
    let mut fetching =
        Fetching::open(store.clone(), shop.clone(), &upstream, share, terms, session.clock.clone()).await?;
    if accept_removals {
        fetching.believe_all();
    }
    let ended = tokio::select! {
        ended = work(session, &mut fetching, every.is_none()) => ended.map(|()| true),
        _ = tokio::signal::ctrl_c() => Ok(false),
    };
    let proof = match ended {
        Ok(true) => fetching.conclude().await.map_err(Into::into),
        Ok(false) => fetching.proof().await.map_err(Into::into),
        Err(error) => Err(error),
    };
    // Another process need not wait.
    let _ = fetching.release().await;
    let proof = proof?;
    let certain = proof.as_ref().is_some_and(|proof| proof.certain == 1);
    let mut tx = store.read().await?;
    let kept = tx.mirror(&shop).await?.with_context(|| no_shop(&shop))?;
    let days = source::standing(&mut tx, kept, session.clock.epoch()).await?.days;
    shown::run(session, &shop, fetching.counted(), proof, &days)?;
    Ok(if certain { Exit::Done } else { Exit::Uncertain }.into())
}

/// Fetches until all is done, where once is enough.
async fn work(session: &Session, fetching: &mut Fetching, once: bool) -> anyhow::Result<()> {
    let began = session.clock.epoch();
    fetching.want_pass();
    let spinner =
        if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    // It moves while one waits for an upstream that does not answer.
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner.set_message(session.pick("正在访问上游 ¦ asking the upstream"));
    let mut told = None;
    loop {
        let step = match fetching.step().await {
            Err(error) if !once => {
                spinner.suspend(|| session.note_why("未能写入 ¦ nothing was written", &error));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            step => step?,
        };
        spinner.set_message(shown::counted(session, fetching.counted()));
        let problem = fetching.standing().problem.clone();
        if once && fetching.failures() >= GIVEN_UP_AFTER {
            return Err(anyhow!(problem.unwrap_or_default()))
                .context("上游没有应答 ¦ the upstream does not answer");
        }
        if let (true, Some(problem)) = (once, fetching.hopeless()) {
            bail!(problem.to_owned());
        }
        if problem != told {
            if let Some(problem) = &problem {
                spinner.suspend(|| eprintln!("{}", on_one_line(&masked_text(&session.pick(problem)))));
            }
            told = problem;
        }
        let nap = match step {
            Step::Worked => continue,
            Step::Rest(_) if once && fetching.is_done_since(began).await? => break,
            Step::Rest(until) => until.saturating_sub(session.clock.epoch()).clamp(0, 1),
            Step::Others => {
                spinner.set_message(
                    session.pick("另一进程正在同步此店铺 ¦ another process is fetching this shop"),
                );
                1
            }
        };
        tokio::time::sleep(Duration::from_secs(nap.unsigned_abs()).max(Duration::from_millis(20))).await;
    }
    spinner.finish_and_clear();
    Ok(())
}

/// A span as a person writes it: `60s`, `5m`, `1小时`, or seconds alone.
fn seconds(text: &str) -> Result<i64, String> {
    let span = when::span(text).or_else(|| text.trim().parse().ok());
    span.filter(|seconds| (1..=86_400).contains(seconds)).ok_or_else(|| "1s … 24h".into())
}

/// `20%`, or `20`.
fn percent(text: &str) -> Result<i64, String> {
    let number = text.trim().trim_end_matches('%').parse().ok();
    number.filter(|percent| (1..=100).contains(percent)).ok_or_else(|| "1% … 100%".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_shares_as_people_write_them() {
        for (text, expected) in [("60s", 60), ("5m", 300), ("1小时", 3600), ("90", 90)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "0s", "25h", "-1s", "m", "99999999999999999999h"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!((percent("20%"), percent("5")), (Ok(20), Ok(5)));
        assert!(percent("0%").is_err() && percent("101%").is_err() && percent("x").is_err());
    }
}
