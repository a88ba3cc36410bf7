//! A row that was read is the same after being written and read again: no code, time or text is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tousu_wire::complaint_list::Row;

fuzz_target!(|json: &[u8]| {
    let Ok(row) = serde_json::from_slice::<Row>(json) else { return };
    let written = serde_json::to_vec(&row).expect("a row is always writable");
    let again = serde_json::from_slice::<Row>(&written).expect("what was written is readable");
    assert_eq!(row, again);
});
