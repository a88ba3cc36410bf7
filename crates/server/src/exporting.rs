//! Exports, for the gateway and the commands: complaints of one snapshot into a file, and what the history has of it.
//!
//! An export has two entries: one before anything leaves, whose number is the export's, and one with the manifest once
//! the whole file is made. Of one that was cut off there is the first alone.

mod chosen;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tousu_wire::complaint_export::Request;
use tousu_wire::{BeijingTime, InvalidParameter, Lang, lenient};

use crate::complaint::masked_json;
use crate::export::{self, Format, Manifest, Options, Writer};
use crate::store::{Doer, ShopId, Store, StoreError, Tx};

pub use self::chosen::Chosen;

/// The event by which an export begins.
pub const BEGUN: &str = "export_begun";
/// And that of a whole one.
pub const EXPORTED: &str = "exported";

/// Bytes that are handed on at once, at most, and how many such pieces may wait for a slow reader.
const PIECE: usize = 1 << 16;
const PIECES: usize = 4;

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which complaints.
    pub chosen: Chosen,
    /// The same, as it was asked for.
    pub asked: Value,
    /// The file's form.
    pub format: Format,
    /// The language of headings and labels.
    pub lang: Lang,
}

/// An export that has begun.
pub struct Job {
    /// Its number: that of its first entry.
    pub number: i64,
    /// Where the complaints are.
    pub store: Store,
    /// Whose they are.
    pub shop: ShopId,
    /// Who exports, and when: what is late is so at that moment.
    pub doer: Doer,
    /// What is exported.
    pub order: Order,
    /// What is not done by then is broken off.
    pub until: Option<Instant>,
}

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The complaints could not be read, or the history not written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be made.
    #[error(transparent)]
    File(#[from] export::Error),
    /// There is no such shop any more.
    #[error("店铺已不存在 ¦ the shop is gone")]
    NoShop,
    /// Whoever wanted it left.
    #[error("接收方已离开 ¦ whoever wanted it has left")]
    Left,
    /// It took too long.
    #[error("导出超出时限 ¦ the export took too long")]
    TooLong,
    /// The thread that made it died.
    #[error("导出意外终止 ¦ the export died")]
    Died,
}

impl Order {
    /// What a request asks for.
    pub fn of(request: &Request, lang: Lang) -> Result<Self, InvalidParameter> {
        let chosen = Chosen::of(request)?;
        let name = request.format.as_deref().unwrap_or(Format::Csv.name());
        let format = Format::named(name).ok_or_else(|| {
            let (shown, forms) = (lenient::quoted(name), Format::ALL.map(Format::name).join("、"));
            InvalidParameter::new(
                "format",
                format!("收到 {shown}，应为 {forms} 之一 ¦ received {shown}, expected one of {forms}"),
            )
        })?;
        let mut asked = json!(request.filter());
        // One value is written as it is mostly sent.
        for value in asked.as_object_mut().into_iter().flat_map(|asked| asked.values_mut()) {
            if let Value::Array(values) = value
                && values.len() == 1
            {
                *value = values.remove(0);
            }
        }
        // It is kept, and what is searched for may be somebody's number.
        Ok(Order { chosen, asked: masked_json(asked), format, lang: request.lang(lang)? })
    }

    /// What a file of it is best called.
    pub fn file_name(&self, number: i64, now: i64) -> String {
        let at: String = BeijingTime::from_epoch(now).to_string().replace(' ', "T").replace([':', '-'], "");
        format!("complaints-{at}-{number}.{}", self.format.name())
    }

    /// Writes down that an export begins. `None` if there is no such shop.
    pub async fn begin(
        self,
        store: &Store,
        shop: &ShopId,
        doer: Doer,
        patience: Option<Duration>,
    ) -> Result<Option<Job>, StoreError> {
        let said = json!({ "format": self.format, "lang": self.lang, "filter": self.asked });
        let number = store.note(shop, &doer, "", BEGUN, &said).await?;
        let until = patience.map(|patience| Instant::now() + patience);
        let (store, shop) = (store.clone(), shop.clone());
        Ok(number.map(|number| Job { number, store, shop, doer, order: self, until }))
    }
}

impl Job {
    /// Makes the file and writes down what it is. Blocks: not for a thread that serves others. `begun` is called when
    /// the first complaints were read; `wanted` tells whether somebody still waits.
    pub fn run(
        &self,
        runtime: &Handle,
        temp: PathBuf,
        out: Box<dyn Write + Send>,
        begun: impl FnOnce(),
        wanted: impl Fn() -> bool,
    ) -> Result<Manifest, Broken> {
        let Job { number, store, shop, doer, order, until } = self;
        let options = Options { lang: order.lang, created_at: doer.now, temp };
        let mut writer = Writer::new(order.format, &options, out)?;
        let mut tx = runtime.block_on(snapshot(store))?;
        let mut begun = Some(begun);
        let mut behind = None;
        loop {
            let reading = order.chosen.read(&mut tx, shop, behind.as_ref(), doer.now);
            let chunk = runtime.block_on(reading)?;
            // Before anything is written: until then nobody takes it, and what is written would wait for ever.
            if let Some(begun) = begun.take() {
                begun();
            }
            chunk.write(&mut writer, doer.now)?;
            if chunk.is_last() {
                break;
            }
            behind = chunk.end();
            if !wanted() {
                return Err(Broken::Left);
            }
            if until.is_some_and(|until| Instant::now() > until) {
                return Err(Broken::TooLong);
            }
        }
        drop(tx);
        let summary = writer.finish()?;
        let manifest = Manifest::new(order.format, &options, order.asked.clone(), summary);
        let said = json!({ "export": number, "manifest": manifest });
        let noted = runtime.block_on(store.note(shop, doer, "", EXPORTED, &said))?;
        noted.map(|_| manifest).ok_or(Broken::NoShop)
    }

    /// Makes the file on a thread of its own; `place` is given back when it is done. Ready when the first complaints
    /// were read; what goes wrong later ends the pieces with an error.
    pub async fn stream(self, place: impl Send + 'static) -> Result<Pieces, Broken> {
        let (pieces, taken) = mpsc::channel(PIECES);
        let (tell, told) = oneshot::channel();
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let out =
                Box::new(Outgoing { pieces: pieces.clone(), runtime: runtime.clone(), until: self.until });
            // Whoever is told is told once: at the beginning, or what went wrong before.
            let tell = parking_lot::Mutex::new(Some(tell));
            let begun = || drop(tell.lock().take().map(|tell| tell.send(Ok(()))));
            let ran = self.run(&runtime, std::env::temp_dir(), out, begun, || !pieces.is_closed());
            let export = self.number;
            let last = match ran {
                Ok(manifest) => {
                    tracing::info!(export, rows = manifest.rows, bytes = manifest.bytes, "exported");
                    Piece::End
                }
                Err(error) => {
                    tracing::warn!(export, %error, "an export broke off");
                    if let Some(tell) = tell.lock().take() {
                        let _ = tell.send(Err(error));
                    }
                    Piece::Broken
                }
            };
            // Whoever sees the end finds the place free.
            drop(place);
            let _ = runtime.block_on(within(self.until, pieces.send(last)));
        });
        told.await.unwrap_or(Err(Broken::Died))?;
        Ok(Pieces(Some(taken)))
    }
}

async fn snapshot(store: &Store) -> Result<Tx, StoreError> {
    let mut tx = store.read().await?;
    // Its end is the export's own.
    tx.unhurried().await?;
    Ok(tx)
}

/// Some of a file, and how it ends.
enum Piece {
    Bytes(Bytes),
    End,
    Broken,
}

/// The file as it is made.
pub struct Pieces(Option<mpsc::Receiver<Piece>>);

impl futures_util::Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        use std::task::Poll;
        let Some(taken) = &mut self.0 else { return Poll::Ready(None) };
        let piece = std::task::ready!(taken.poll_recv(context));
        let item = match piece {
            Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
            Some(Piece::End) => None,
            // A thread that died says nothing.
            Some(Piece::Broken) | None => Some(Err(io::Error::other("the export broke off"))),
        };
        self.0 = None;
        Poll::Ready(item)
    }
}

/// Hands on what is written, and waits for whoever takes it.
struct Outgoing {
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
    until: Option<Instant>,
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        let sending = self.pieces.send(Piece::Bytes(Bytes::copy_from_slice(piece)));
        match self.runtime.block_on(within(self.until, sending)) {
            Some(Ok(())) => Ok(piece.len()),
            Some(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn within<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => tokio::time::timeout_at(until.into(), work).await.ok(),
        None => Some(work.await),
    }
}

/// What the history has of an export.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its number.
    pub number: i64,
    /// When it began, in epoch seconds.
    pub begun_at: i64,
    /// Who exported.
    pub operator: String,
    /// Through which app.
    pub client_id: String,
    /// Its manifest, if it came to its end.
    pub manifest: Option<Value>,
}

/// What the shop's history has of the export of that number, if it is one.
pub async fn record(tx: &mut Tx, shop: &ShopId, number: i64) -> Result<Option<Record>, StoreError> {
    /// Entries that are read at once: an export's end is seldom far behind its beginning.
    const MOST: i64 = 100;
    let mut from = number;
    let mut record: Option<Record> = None;
    loop {
        let entries = tx.history_of_shop(shop, from, [BEGUN, EXPORTED], MOST).await?;
        let was_last = (entries.len() as i64) < MOST;
        for kept in entries {
            let entry = kept.entry;
            from = kept.number + 1;
            match &mut record {
                None if kept.number == number && entry.event == BEGUN => {
                    record = Some(Record {
                        number,
                        begun_at: entry.happened_at,
                        operator: entry.operator,
                        client_id: entry.client_id,
                        manifest: None,
                    });
                }
                None => return Ok(None),
                Some(record) if entry.event == EXPORTED => {
                    let mut said: Value = serde_json::from_str(&entry.said)
                        .map_err(|error| StoreError::Value(format!("history: {error}")))?;
                    if said["export"] == json!(number) {
                        record.manifest = Some(said["manifest"].take());
                        return Ok(Some(record.clone()));
                    }
                }
                Some(_) => {}
            }
        }
        if was_last {
            return Ok(record);
        }
    }
}
