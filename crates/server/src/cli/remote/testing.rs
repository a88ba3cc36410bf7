//! What the tests of these commands share.

use serde_json::{Value, json};
use tousu_wire::complaint_list::Row;

/// The page's first example row, open, with some fields as the test wants them.
pub(super) fn row(fields: Value) -> Row {
    let mut row = json!({
        "channel_type": 1,
        "closed_at": "1970-01-02 00:00:00",
        "complainant_phone": "188****1474",
        "complaint_from": 101,
        "complaint_id": "c_6621e41fa5e18_dA0idHLY",
        "complaint_reason": "要退款",
        "complaint_resource_id": "E20240417180801783546V2",
        "complaint_resource_type": 0,
        "complaint_time": "2024-04-19 11:25:19",
        "complaint_type": 1,
        "current_step": 1,
        "is_overtime": 1,
        "operate_end_time": "2024-04-22 11:25:19",
        "operate_time": "2024-04-19 11:25:19",
        "state": 0,
        "time_limit": 72,
    });
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(row).unwrap()
}
