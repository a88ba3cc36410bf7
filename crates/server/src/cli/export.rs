//! `tousu export`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use tokio::runtime::Handle;
use tousu_wire::complaint_export::Request;
use tousu_wire::lenient;

use super::app::no_shop;
use super::refused::refuse;
use super::remote::{self, Filters, Target, exit};
use super::{Session, shop_id};
use crate::export::{Format, Manifest};
use crate::exporting::{Broken, Job, Order};
use crate::life::Actor;
use crate::store::{Doer, ShopId};

#[derive(Args)]
#[command(after_help = exit::help())]
pub(super) struct Export {
    /// 写入的文件，格式按扩展名；另写清单 文件.manifest.json ¦ the file to write, in the form of its ending; its manifest goes to FILE.manifest.json
    #[arg(value_name = "FILE", required_unless_present = "output")]
    file: Option<PathBuf>,
    /// 同上 ¦ the same
    #[arg(long, short, value_name = "FILE", conflicts_with = "file")]
    output: Option<PathBuf>,
    /// 从本机数据库导出此店铺；不给则从配置的服务器逐页导出，中断后重复同一命令即续传 ¦ export this shop from the database; otherwise page by page from the profile's server, where the same command goes on after an interruption
    #[arg(long, value_name = "APP_ID")]
    shop: Option<String>,
    #[command(flatten)]
    target: Target,
    /// 格式：csv、xlsx 或 ndjson（默认按扩展名） ¦ the form: csv, xlsx or ndjson (default: by the file's ending)
    #[arg(long, value_name = "FORM")]
    format: Option<String>,
    #[command(flatten)]
    filters: Filters,
    /// 放弃上次未完成的，重新开始 ¦ give up what was begun before, and begin anew
    #[arg(long, conflicts_with = "shop")]
    restart: bool,
    /// 操作人，记入本机历史（默认为登录用户） ¦ who exports, for the database's history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    operator: Option<String>,
}

/// Through what the history says that it left.
const CLIENT_ID: &str = "tousu export";

impl Export {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let file =
            self.file.clone().or_else(|| self.output.clone()).context("没有文件名 ¦ no file is named")?;
        let ending = file.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let format = self.format.clone().or_else(|| ending.filter(|ending| Format::named(ending).is_some()));
        match self.shop.clone() {
            Some(shop) => self.export_database(&session, shop_id(&shop)?, file, format).await,
            None => {
                let format = match format {
                    Some(name) => Format::named(&name).ok_or_else(|| {
                        exit::usage(format!(
                            "--format {name}：应为 csv、xlsx 或 ndjson ¦ --format {name}: allowed is csv, xlsx or ndjson"
                        ))
                    })?,
                    None => Format::Csv,
                };
                let Export { target, filters, restart, .. } = self;
                remote::export(&session, remote::Wanted { target, filters, file, format, restart }).await
            }
        }
    }

    async fn export_database(
        self,
        session: &Session,
        shop: ShopId,
        file: PathBuf,
        format: Option<String>,
    ) -> anyhow::Result<ExitCode> {
        let operator = self.operator.filter(|name| !name.is_empty());
        let now = session.clock.epoch();
        let mut asked = self.filters.plan(now)?.parameters();
        let more = [("format", format), ("operator", operator.clone())];
        asked.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
        let order = lenient::request(asked).and_then(|request: Request| Order::of(&request, session.lang));
        let order = order.or_else(|invalid| refuse(invalid.into(), &shop, ""))?;
        let store = session.open_existing().await?;
        if store.read().await?.version(&shop).await?.is_none() {
            bail!(no_shop(&shop));
        }
        // Before anything is written down: a file that cannot be is no export.
        let partial = beside(&file, ".part");
        let out = File::create(&partial).with_context(|| unwritable(&partial))?;
        let doer = Doer {
            client_id: CLIENT_ID.to_owned(),
            operator: operator.unwrap_or_else(|| CLIENT_ID.to_owned()),
            actor: Actor::Merchant,
            call: None,
            now,
        };
        let job = order.begin(&store, &shop, doer, None).await?.with_context(|| no_shop(&shop))?;
        let number = job.number;
        let made = tokio::task::spawn_blocking(move || make(&job, out)).await;
        let manifest = match made.map_err(|_| Broken::Died).flatten() {
            Ok(manifest) => manifest,
            Err(error) => {
                let _ = fs::remove_file(&partial);
                return Err(error).context("导出未完成 ¦ the export broke off");
            }
        };
        fs::rename(&partial, &file).with_context(|| unwritable(&file))?;
        write_manifest(&file, &manifest)?;
        let told = json!({ "export_id": number, "manifest": manifest });
        session.print(&told, |_| {
            let (rows, sha256, shown) = (manifest.rows, &manifest.sha256, file.display());
            session.pick(&format!(
                "已导出 {rows} 条到 {shown}\n导出编号 {number}，SHA-256 {sha256} ¦ exported {rows} complaints to {shown}\nexport {number}, SHA-256 {sha256}"
            ))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The manifest beside its file, whole or not at all.
pub(super) fn write_manifest(file: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let noted = beside(file, ".manifest.json");
    let partial = beside(&noted, ".part");
    fs::write(&partial, manifest.to_json()).with_context(|| unwritable(&partial))?;
    fs::rename(&partial, &noted).with_context(|| unwritable(&noted))
}

/// The whole file, on the disk.
fn make(job: &Job, out: File) -> Result<Manifest, Broken> {
    let on_disk = out.try_clone().map_err(crate::export::Error::Io)?;
    let manifest = job.run(&Handle::current(), std::env::temp_dir(), Box::new(out), || {}, || true)?;
    on_disk.sync_all().map_err(crate::export::Error::Io)?;
    Ok(manifest)
}

pub(super) fn unwritable(file: &Path) -> String {
    format!("{0} 无法写入 ¦ {0} cannot be written", file.display())
}

/// The file of the same name with that at its end.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}
