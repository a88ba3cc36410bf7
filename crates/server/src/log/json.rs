//! An event as one line of JSON. tracing-subscriber has the like; it took an eighth of a call's time.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Lines;

/// Writes `{"timestamp":"2026-01-31T04:05:06.789012Z","level":"INFO","message":…` and the event's fields.
pub(super) struct JsonLines(pub(super) Lines);

impl<S: Subscriber> Layer<S> for JsonLines {
    #[expect(clippy::disallowed_methods, reason = "when a line is written is no matter of any rule")]
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local!(static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
        let mut line = SPARE.take();
        line.clear();
        let level = *event.metadata().level();
        let _ = write!(line, r#"{{"timestamp":"{:.6}","level":"{level}""#, jiff::Timestamp::now());
        event.record(&mut Fields(&mut line));
        line.extend_from_slice(b"}\n");
        self.0.add(level, &line);
        SPARE.set(line);
    }
}

struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        self.0.extend_from_slice(b",\"");
        // A name in the code: there is nothing to escape.
        self.0.extend_from_slice(field.name().as_bytes());
        self.0.extend_from_slice(b"\":");
        // Texts and numbers can be written.
        let _ = serde_json::to_writer(&mut *self.0, value);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.add(field, &text);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_line_is_an_object() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry().with(JsonLines(lines.clone()));
        let (shop, code, ms, error) = ("店\"1\n", 2004, 0.25, "Err(\"x\\y\")");
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(shop, code, ms, error = %error, debug = ?Some(1), late = true, "answered {code}");
        });
        let waiting = lines.0.lock();
        let text = std::str::from_utf8(&waiting).unwrap();
        assert!(text.ends_with("}\n"), "{text}");
        let line: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{line}");
        let told = serde_json::json!({
            "timestamp": line["timestamp"], "level": "INFO", "message": "answered 2004", "shop": shop,
            "code": 2004, "ms": 0.25, "error": error, "debug": "Some(1)", "late": true,
        });
        assert_eq!(line, told);
    }
}
