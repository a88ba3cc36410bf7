//! The rows that were refused, as a table that can be put right and imported: as they came, for whoever brought them.

use serde_json::Value;
use tousu_wire::{Lang, Text};

use super::Reject;
use crate::export::columns::{COLUMNS, Kind};
use crate::export::csv::guarded;
use crate::headings;
use crate::privacy::masked_text;

/// Refused rows, on their way into CSV.
pub struct Rejects {
    /// Which columns hold fields, and which.
    fields: Vec<(usize, &'static str)>,
    lang: Lang,
    out: csv::Writer<Vec<u8>>,
    any: bool,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Rejects {
    /// None yet, of a table whose columns hold those fields.
    pub fn new(columns: &[Option<&'static str>], lang: Lang) -> Self {
        let out =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.to_vec());
        let fields = (0..).zip(columns).filter_map(|(place, field)| Some((place, (*field)?)));
        Rejects { fields: fields.collect(), lang, out, any: false }
    }

    /// Adds a row.
    pub fn push(&mut self, reject: &Reject) -> anyhow::Result<()> {
        if !self.any {
            let known = self.fields.iter().filter_map(|(_, field)| headings::of(field));
            let headings = known.map(|heading| heading.text(self.lang));
            let reason = Text::from("拒绝原因 ¦ Refused because");
            self.out.write_record(headings.chain([reason.pick(self.lang)]))?;
            self.any = true;
        }
        let cell = |(place, field): &(usize, &'static str)| {
            let value = match &reject.row {
                Value::Object(fields) => fields.get(*field),
                // No row, but its cells as they stand.
                Value::Array(cells) => cells.get(*place),
                _ => None,
            };
            guarded(value.and_then(Value::as_str).unwrap_or_default(), kind(field))
        };
        let reason = Text::from(reject.reason.as_str());
        let reason = masked_text(reason.pick(self.lang));
        let cells = self.fields.iter().map(cell).chain([guarded(&reason, Kind::Text)]);
        Ok(self.out.write_record(cells.map(|cell| cell.into_owned()))?)
    }

    /// The table, if there is a row in it.
    pub fn finish(self) -> Option<Vec<u8>> {
        let Rejects { out, any, .. } = self;
        out.into_inner().ok().filter(|_| any)
    }
}

fn kind(field: &str) -> Kind {
    COLUMNS.iter().find(|column| column.key == field).map_or(Kind::Text, |column| column.kind)
}
