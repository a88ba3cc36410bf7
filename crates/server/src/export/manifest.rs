//! What an export is, in JSON, to be kept beside its file: whoever has both can tell what was exported, when, and
//! that the file is still the same.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tousu_wire::BeijingTime;

use super::columns::{COLUMNS, Kind};
use super::{Format, Options, Summary};

/// The zone of every moment in an export.
const ZONE: &str = "Asia/Shanghai (UTC+08:00)";

/// What an export is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program that made it, with its version.
    pub program: String,
    /// When it was made, in RFC 3339 with Beijing's offset.
    pub created_at: String,
    /// The file's form.
    pub format: Format,
    /// The zone of the file's moments.
    pub zone: String,
    /// Which complaints were asked for, as the caller has it.
    pub filter: Value,
    /// Complaints in the file.
    pub rows: u64,
    /// Texts of which a cell of XLSX does not hold everything: too long, which a mark at the end tells, or with
    /// control characters.
    pub cut: u64,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The file's SHA-256, in lower-case hex.
    pub sha256: String,
    /// What each row has.
    pub columns: Vec<ColumnNote>,
}

/// What a row has in one column, or under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnNote {
    /// The published name, or ours; in NDJSON the key.
    pub key: String,
    /// The heading, in forms that have headings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// What its cells are.
    pub kind: Kind,
}

impl Manifest {
    /// The manifest of a finished export. `filter` is shown as it is: it must not hold a token.
    pub fn new(format: Format, options: &Options, filter: Value, summary: Summary) -> Self {
        let Summary { rows, cut, bytes, sha256 } = summary;
        let heading = |heading: &str| (format != Format::Ndjson).then(|| heading.to_owned());
        let columns = COLUMNS.iter().map(|column| ColumnNote {
            key: column.key.to_owned(),
            heading: heading(column.heading(options.lang)),
            kind: column.kind,
        });
        Manifest {
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            created_at: BeijingTime::from_epoch(options.created_at).to_string().replace(' ', "T") + "+08:00",
            format,
            zone: ZONE.to_owned(),
            filter,
            rows,
            cut,
            bytes,
            sha256,
            columns: columns.collect(),
        }
    }

    /// The manifest as JSON for people, which ends in a line break.
    pub fn to_json(&self) -> String {
        // Neither map keys nor numbers that JSON cannot say: this cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_said_and_read_back() {
        let options = Options { lang: Default::default(), created_at: 1_714_535_999, temp: "/".into() };
        let summary = Summary { rows: 2, cut: 1, bytes: 300, sha256: "ab".into() };
        let filter = json!({ "state": 0, "start_time": "2024-04-01 00:00:00" });
        let manifest = Manifest::new(Format::Csv, &options, filter.clone(), summary.clone());
        let said: Value = serde_json::from_str(&manifest.to_json()).unwrap();
        let expected = json!({
            "program": concat!("tousu ", env!("CARGO_PKG_VERSION")),
            "created_at": "2024-05-01T11:59:59+08:00",
            "format": "csv",
            "zone": "Asia/Shanghai (UTC+08:00)",
            "filter": filter,
            "rows": 2,
            "cut": 1,
            "bytes": 300,
            "sha256": "ab",
        });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&said[key], value, "{key}");
        }
        assert_eq!(said["columns"].as_array().unwrap().len(), COLUMNS.len());
        let first = json!({ "key": "complaint_id", "heading": "投诉单号", "kind": "id" });
        assert_eq!(said["columns"][0], first);
        assert_eq!(serde_json::from_value::<Manifest>(said).unwrap(), manifest);
        let lines = Manifest::new(Format::Ndjson, &options, Value::Null, summary);
        assert_eq!(lines.columns[0].heading, None);
    }
}
