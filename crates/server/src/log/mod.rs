//! The log: to stderr, since stdout is for data. Lines of calls wait for company, up to a tenth of a second, so
//! that a call does not pay for a write of its own; others do not wait.

mod json;

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use parking_lot::Mutex;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};

use self::json::JsonLines;

use crate::settings::{Log, LogFormat};

/// Starts to log. What waits is written when the value is dropped, at the latest.
pub fn start(log: &Log) -> anyhow::Result<Flush> {
    let filter = EnvFilter::try_new(&log.level)
        .with_context(|| format!("log.level {0} 无法识别 ¦ log.level {0} is not understood", log.level))?;
    let terminal = std::io::stderr().is_terminal();
    let lines = Lines::default();
    let json = match log.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let started = match json {
        true => registry().with(filter).with(JsonLines(lines.clone())).try_init(),
        false => {
            let text = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_target(false);
            registry().with(filter).with(text.with_ansi(terminal).compact()).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("log: {error}"))?;
    let patient = lines.clone();
    std::thread::Builder::new().name("log".into()).spawn(move || {
        loop {
            std::thread::sleep(PATIENCE);
            patient.flush();
        }
    })?;
    Ok(Flush(lines))
}

/// How long a line waits.
const PATIENCE: Duration = Duration::from_millis(100);
/// More than this does not wait.
const ENOUGH: usize = 64 << 10;

/// Writes what waits when dropped.
pub struct Flush(Lines);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.flush();
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn flush(&self) {
        let mut waiting = self.0.lock();
        if !waiting.is_empty() {
            // There is nobody to tell that the log cannot be written.
            let _ = std::io::stderr().write_all(&waiting);
            waiting.clear();
        }
    }

    /// Adds a whole line, which waits or not as its level has it.
    fn add(&self, level: Level, line: &[u8]) {
        let full = {
            let mut waiting = self.0.lock();
            waiting.extend_from_slice(line);
            waiting.len() > ENOUGH
        };
        if level != Level::INFO || full {
            self.flush();
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, level: Level::ERROR }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, level: *meta.level() }
    }
}

/// The writer of one line, which comes in one piece.
struct Line<'a> {
    lines: &'a Lines,
    level: Level,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.lines.add(self.level, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
