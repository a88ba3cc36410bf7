//! `tousu export`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, json};
use tokio::runtime::Handle;
use tousu_wire::complaint_export::Request;
use tousu_wire::{InvalidParameter, lenient};

use super::app::no_shop;
use super::refused::refuse;
use super::{Session, shop_id};
use crate::export::{Format, Manifest};
use crate::exporting::{Broken, Job, Order};
use crate::life::Actor;
use crate::store::Doer;

#[derive(Args)]
pub(super) struct Export {
    /// 写入的文件；另写清单 文件.manifest.json ¦ the file to write; its manifest goes to FILE.manifest.json
    file: PathBuf,
    /// 店铺 id ¦ the shop's id
    #[arg(long, value_name = "APP_ID")]
    shop: String,
    /// 格式：csv、xlsx 或 ndjson（默认按扩展名） ¦ the form: csv, xlsx or ndjson (default: by the file's ending)
    #[arg(long, value_name = "FORM")]
    format: Option<String>,
    /// 操作人，记入历史（默认为登录用户） ¦ who exports, for the history (default: the user logged in)
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    operator: Option<String>,
    /// 投诉单号 ¦ exactly this complaint
    #[arg(long = "id", value_name = "ID")]
    complaint_id: Option<String>,
    /// 投诉类型编号 ¦ the channel's code
    #[arg(long = "channel", value_name = "CODE")]
    channel_type: Option<String>,
    /// 处理状态：0 待处理，1 处理中，2 处理完成 ¦ the state: 0 pending, 1 in progress, 2 done
    #[arg(long, value_name = "CODE")]
    state: Option<String>,
    /// 是否超时：1 否，2 是 ¦ overtime: 1 no, 2 yes
    #[arg(long = "overtime", value_name = "CODE")]
    is_overtime: Option<String>,
    /// 投诉时间不早于，如 "2024-04-19 00:00:00" ¦ complained at or after, for example "2024-04-19 00:00:00"
    #[arg(long = "start", value_name = "TIME")]
    start_time: Option<String>,
    /// 投诉时间不晚于 ¦ complained at or before
    #[arg(long = "end", value_name = "TIME")]
    end_time: Option<String>,
}

/// Through what the history says that it left.
const CLIENT_ID: &str = "tousu export";

impl Export {
    pub(super) async fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let shop = shop_id(&self.shop)?;
        let file = self.file.clone();
        let operator = self.operator.clone().filter(|name| !name.is_empty());
        let order = self.request().and_then(|request| Order::of(&request, session.lang));
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
            now: session.clock.epoch(),
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
        let noted = beside(&file, ".manifest.json");
        let partial = beside(&noted, ".part");
        fs::write(&partial, manifest.to_json()).with_context(|| unwritable(&partial))?;
        fs::rename(&partial, &noted).with_context(|| unwritable(&noted))?;
        let told = json!({ "export_id": number, "manifest": manifest });
        session.print(&told, |_| {
            let (rows, sha256, shown) = (manifest.rows, &manifest.sha256, file.display());
            session.pick(&format!(
                "已导出 {rows} 条到 {shown}\n导出编号 {number}，SHA-256 {sha256} ¦ exported {rows} complaints to {shown}\nexport {number}, SHA-256 {sha256}"
            ))
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn request(self) -> Result<Request, InvalidParameter> {
        let ending = self.file.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let format = self.format.or_else(|| ending.filter(|ending| Format::named(ending).is_some()));
        let asked = [
            ("format", format),
            ("operator", self.operator),
            ("complaint_id", self.complaint_id),
            ("channel_type", self.channel_type),
            ("state", self.state),
            ("is_overtime", self.is_overtime),
            ("start_time", self.start_time),
            ("end_time", self.end_time),
        ];
        let asked = asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        lenient::request(asked.collect::<Map<_, _>>())
    }
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
