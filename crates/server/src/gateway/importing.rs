//! `tousu.import.…`: complaints out of a table that comes with the call.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tousu_wire::import_file::{File, MOST_REJECTED, Preview, Rejected, Request, Response};
use tousu_wire::{InvalidParameter, Lang, Text, lenient};

use super::admit::{Call, Unanswered};
use super::handling::caller;
use super::interface::Data;
use super::refusal::Refusal;
use crate::import::{self, Format, Manner, Reject, Rejects, Report, Table};
use crate::life::Actor;
use crate::privacy::masked_text;

/// 预览导入文件
pub(super) async fn preview(call: Call, request: Request) -> Result<Data<Preview>, Unanswered> {
    let file = checked(&call, request)?;
    // The snapshot is let go while the file is read.
    let call = call.for_writing().await?;
    let lang = call.gateway.settings.lang;
    let seen = off_the_calls(move || import::preview(open(&file)?, lang).map_err(unreadable)).await??;
    Ok(Data::Value(seen))
}

/// 导入投诉单
pub(super) async fn run(call: Call, request: Request) -> Result<Data<Response>, Unanswered> {
    let file = checked(&call, request)?;
    let call = call.for_writing().await?;
    let mapping = file.mapping.clone();
    let opened = off_the_calls({
        let file = file.clone();
        move || {
            let table = open(&file)?;
            let columns = match &mapping {
                Some(mapping) => table.by_places(mapping).map_err(|error| invalid("mapping", &error))?,
                None => table.by_headings().map_err(unreadable)?,
            };
            Ok::<_, Refusal>((table, columns))
        }
    });
    let (table, columns) = opened.await??;
    // Whoever leaves does not leave half a file behind: what has begun goes on to its end.
    let ended = tokio::spawn(async move { take_in(call, &file, table, columns).await });
    let report = ended.await.map_err(|error| Refusal::busy(format!("an import died: {error}")))?;
    Ok(Data::Value(report))
}

async fn take_in(call: Call, file: &File, table: Table, columns: Vec<Option<&'static str>>) -> Response {
    let gateway = &call.gateway;
    let lang = gateway.settings.lang;
    let (mut rejected, mut kept) = (Vec::new(), Rejects::new(&columns, lang));
    let committed = |_: &Report, rejects: &[Reject]| {
        for reject in rejects {
            kept.push(reject)?;
            if rejected.len() < MOST_REJECTED {
                rejected.push(shown(reject, lang));
            }
        }
        Ok(())
    };
    let doer = caller(&call).doer(Actor::Merchant, file.operator.as_deref());
    let doer = (doer.operator.as_str(), doer.client_id.as_str());
    let manner = Manner { doer: Some(doer), dry_run: file.dry_run, ..Manner::default() };
    // Before the call itself is over: whoever waits is told how far it came.
    let stop = tokio::time::sleep(Duration::from_secs(gateway.settings.server.export_seconds));
    let rows = table.rows(columns);
    let ended =
        import::import(&gateway.store, &call.shop, &gateway.clock, rows, manner, committed, stop).await;
    let Report { added, changed, unchanged, refused, .. } = ended.report;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let problem = ended.cut_short.map(|error| Text::from(format!("{error:#}")).pick(lang).to_owned());
    Response {
        imported: number(added + changed),
        changed: number(changed),
        repeated: number(unchanged),
        rejected,
        rejected_total: number(refused),
        rejects_csv: kept.finish().map(|csv| STANDARD.encode(csv)).unwrap_or_default(),
        complete: problem.is_none().into(),
        problem: problem.map(|problem| masked_text(&problem).into_owned()).unwrap_or_default(),
    }
}

/// The file, which must be of a form that has columns, and not too large.
fn checked(call: &Call, request: Request) -> Result<File, Refusal> {
    let file = request.checked()?;
    format(&file)?;
    let (size, most) = (file.content.len(), call.gateway.settings.server.max_import_bytes);
    if size > most {
        let problem = format!(
            "文件为 {size} 字节，超出 {most} 字节的上限 ¦ the file of {size} bytes is over the limit of {most} bytes"
        );
        return Err(InvalidParameter::new("content", problem).into());
    }
    Ok(file)
}

fn format(file: &File) -> Result<Format, InvalidParameter> {
    let known = Format::of(Path::new(&file.file_name)).filter(|format| *format != Format::Json);
    known.ok_or_else(|| {
        let shown = lenient::quoted(&file.file_name);
        let problem = format!(
            "收到 {shown}，应以 .csv 或 .xlsx 结尾 ¦ received {shown}, which must end in .csv or .xlsx"
        );
        InvalidParameter::new("file_name", problem)
    })
}

fn open(file: &File) -> Result<Table, Refusal> {
    import::open_table(file.content.clone(), format(file)?, file.sheet.as_deref()).map_err(unreadable)
}

fn unreadable(error: anyhow::Error) -> Refusal {
    invalid("content", &error)
}

/// What is wrong with a parameter, as the importer says it, in one language or in both.
fn invalid(name: &str, error: &anyhow::Error) -> Refusal {
    let in_one = |lang: Lang| {
        let said = error.chain().map(|cause| Text::from(cause.to_string()).pick(lang).to_owned());
        said.collect::<Vec<_>>().join(": ")
    };
    InvalidParameter::new(name, format!("{} ¦ {}", in_one(Lang::Zh), in_one(Lang::En))).into()
}

fn shown(reject: &Reject, lang: Lang) -> Rejected {
    let problem = Text::from(reject.reason.as_str());
    Rejected {
        row: i64::try_from(reject.line).unwrap_or(i64::MAX),
        problem: masked_text(problem.pick(lang)).into_owned(),
    }
}

/// Runs what takes long where no call waits for it.
async fn off_the_calls<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::busy(format!("a file was not read: {error}")))
}
