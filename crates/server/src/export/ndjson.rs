//! One JSON object a line: the list row's keys in the list's order and with its types, then ours.

use std::io::Write;

use serde::Serialize;
use tousu_wire::BeijingTime;
use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use tousu_wire::written::RowRef;

use super::{Error, HashingWriter, Row, Summary};

/// NDJSON under way.
pub struct Ndjson {
    out: HashingWriter,
    /// The line under way, kept for its room.
    line: Vec<u8>,
    rows: u64,
}

/// A line: the fields of the list's row, then ours.
#[derive(Serialize)]
struct Line<'a> {
    channel_type: ChannelType,
    #[serde(serialize_with = "tousu_wire::closed_at")]
    closed_at: Option<BeijingTime>,
    complainant_phone: &'a str,
    complaint_from: ComplaintFrom,
    complaint_id: &'a str,
    complaint_reason: &'a str,
    complaint_resource_id: &'a str,
    complaint_resource_type: i64,
    complaint_time: BeijingTime,
    complaint_type: ComplaintType,
    current_step: CurrentStep,
    is_overtime: Overtime,
    operate_end_time: BeijingTime,
    operate_time: BeijingTime,
    state: State,
    time_limit: i64,
    handler: &'a str,
    tags: &'a [String],
}

impl<'a> Line<'a> {
    fn of(row: &'a Row<'_>) -> Self {
        // Every field by name, so that a new one cannot be forgotten.
        let Row { listed, handler, tags } = row;
        let RowRef {
            channel_type,
            closed_at,
            complainant_phone,
            complaint_from,
            complaint_id,
            complaint_reason,
            complaint_resource_id,
            complaint_resource_type,
            complaint_time,
            complaint_type,
            current_step,
            is_overtime,
            operate_end_time,
            operate_time,
            state,
            time_limit,
        } = listed;
        Line {
            channel_type: *channel_type,
            closed_at: *closed_at,
            complainant_phone,
            complaint_from: *complaint_from,
            complaint_id,
            complaint_reason,
            complaint_resource_id,
            complaint_resource_type: *complaint_resource_type,
            complaint_time: *complaint_time,
            complaint_type: *complaint_type,
            current_step: *current_step,
            is_overtime: *is_overtime,
            operate_end_time: *operate_end_time,
            operate_time: *operate_time,
            state: *state,
            time_limit: *time_limit,
            handler,
            tags,
        }
    }
}

impl Ndjson {
    pub(super) fn new(out: HashingWriter) -> Self {
        Ndjson { out, line: Vec::new(), rows: 0 }
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, &Line::of(row)).map_err(std::io::Error::from)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)?;
        self.rows += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Summary, Error> {
        let (bytes, sha256) = self.out.finish()?;
        Ok(Summary { rows: self.rows, cut: 0, bytes, sha256 })
    }
}
