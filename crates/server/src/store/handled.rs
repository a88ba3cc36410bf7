//! A complaint with what its life changes, as it is read, kept and noted in the history.

use tousu_wire::codes::{CodeTable, CurrentStep, DetailStep};

use super::complaints::{COLUMN_COUNT, COLUMNS, decode, from_json, to_json};
use super::{Result, Row, ShopId, Tx};
use crate::complaint::Complaint;
use crate::life::{Standing, Window, Windows};

/// A complaint as whoever acts on it finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The complaint.
    pub complaint: Complaint,
    /// The shop's version of its last change.
    pub version: i64,
    /// `current_step` of the detail, where the list has no number for it.
    pub detail_step: Option<DetailStep>,
    /// `current_step` when it was closed.
    pub step_before_closing: Option<CurrentStep>,
    /// The windows that run, where they are not the source's.
    pub windows: Option<Windows>,
    /// Whose work it is.
    pub assignee: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The source's own number.
    pub source_number: Option<String>,
    /// Whether an upstream has it, of which this is the mirror.
    pub mirrored: bool,
}

/// The columns behind those of a [`Complaint`], in the order that [`handled`] reads them.
pub(super) const HANDLING: &str = "number, version, detail_step, step_before_closing, assignee, tags, source_number, windows, \
     (select m.number from mirrored m where m.shop_id = $1 and m.number = complaints.number) as mirrored";

/// How many those are.
pub(super) const HANDLING_COUNT: usize = 9;

impl Handled {
    /// What of it its life changes.
    pub fn standing(&self) -> Standing {
        let complaint = &self.complaint;
        Standing {
            state: complaint.state,
            step: complaint.current_step,
            detail_step: self.detail_step,
            step_before_closing: self.step_before_closing,
            window: Window {
                opened: complaint.operate_time,
                hours: complaint.time_limit,
                ends: complaint.operate_end_time,
            },
            windows: self.windows.clone(),
            closed_at: complaint.closed_at,
            closed_overtime: complaint.closed_overtime,
        }
    }

    /// The complaint with another standing.
    pub fn standing_as(mut self, standing: Standing) -> Self {
        let Standing {
            state,
            step,
            detail_step,
            step_before_closing,
            window,
            windows,
            closed_at,
            closed_overtime,
        } = standing;
        self.windows = windows;
        (self.complaint.state, self.complaint.current_step) = (state, step);
        (self.detail_step, self.step_before_closing) = (detail_step, step_before_closing);
        (self.complaint.operate_time, self.complaint.time_limit) = (window.opened, window.hours);
        self.complaint.operate_end_time = window.ends;
        (self.complaint.closed_at, self.complaint.closed_overtime) = (closed_at, closed_overtime);
        self
    }
}

/// What the history has of a complaint before and after a change (JSON).
pub(super) fn shown(handled: &Handled) -> Result<String> {
    let Standing {
        state,
        step,
        detail_step,
        step_before_closing,
        window,
        windows,
        closed_at,
        closed_overtime,
    } = handled.standing();
    let code = |code: Option<i64>| code.map_or(serde_json::Value::Null, Into::into);
    let shown = serde_json::json!({
        "state": state.number(),
        "current_step": step.number(),
        "detail_step": code(detail_step.map(CodeTable::number)),
        "step_before_closing": code(step_before_closing.map(CodeTable::number)),
        "operate_time": window.opened,
        "time_limit": window.hours,
        "operate_end_time": window.ends,
        "windows": windows,
        "closed_at": closed_at,
        "closed_overtime": code(closed_overtime.map(CodeTable::number)),
        "assignee": handled.assignee,
        "tags": handled.tags,
    });
    to_json(&shown)
}

pub(super) fn handled(row: &Row<'_>) -> Result<(Handled, i64)> {
    let at = |column: usize| COLUMN_COUNT + column;
    let tags = row.optional_text(at(5))?.map(from_json).transpose()?.unwrap_or_default();
    let windows: Option<Windows> = row.optional_text(at(7))?.map(from_json).transpose()?;
    let complaint = decode(row)?;
    let counting = Window {
        opened: complaint.operate_time,
        hours: complaint.time_limit,
        ends: complaint.operate_end_time,
    };
    let handled = Handled {
        version: row.int(at(1))?,
        detail_step: row.optional_int(at(2))?.map(DetailStep::from),
        step_before_closing: row.optional_int(at(3))?.map(CurrentStep::from),
        // Where the source has set another deadline since, it is the source's.
        windows: windows.filter(|windows| windows.counting().window == counting),
        assignee: row.optional_text(at(4))?.map(str::to_owned),
        tags,
        source_number: row.optional_text(at(6))?.map(str::to_owned),
        mirrored: row.optional_int(at(8))?.is_some(),
        complaint,
    };
    Ok((handled, row.int(at(0))?))
}

impl Tx {
    /// A complaint as whoever acts on it finds it, if the shop has it.
    pub async fn handled(&mut self, shop: &ShopId, complaint_id: &str) -> Result<Option<Handled>> {
        let sql =
            format!("select {COLUMNS}, {HANDLING} from complaints where shop_id = $1 and complaint_id = $2");
        Ok(self.query(shop, &sql, &[complaint_id.into()], handled).await?.pop().map(|found| found.0))
    }

    /// The open complaints whose windows are by rules, with their numbers.
    pub(super) async fn running(&mut self, shop: &ShopId) -> Result<Vec<(Handled, i64)>> {
        let sql = format!(
            "select {COLUMNS}, {HANDLING} from complaints
             where shop_id = $1 and state <> 2 and windows is not null order by number"
        );
        self.query_slowly(shop, &sql, &[], handled).await
    }
}
