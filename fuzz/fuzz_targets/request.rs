//! A body from anywhere is read without a panic, always the same way, and what was read survives
//! being written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tousu_wire::complaint_list::{PAGE_SIZES, Request};
use tousu_wire::lenient;

fuzz_target!(|body: &[u8]| {
    let parameters = lenient::parameters(body);
    assert_eq!(parameters, lenient::parameters(body), "the same body, read twice");
    let Ok(parameters) = parameters else { return };

    let request = lenient::request::<Request>(parameters.clone());
    assert_eq!(request, lenient::request(parameters), "the same parameters, decoded twice");
    let Ok(request) = request else { return };

    let Ok(Value::Object(written)) = serde_json::to_value(&request) else {
        panic!("{request:?} is not written as an object")
    };
    assert_eq!(Ok(&request), lenient::request(written).as_ref(), "written and read again");

    if let Ok((filter, page)) = request.query() {
        assert!(PAGE_SIZES.contains(&page.size) && page.offset >= 0, "{page:?}");
        assert!(filter.start_time.zip(filter.end_time).is_none_or(|(start, end)| start <= end), "{filter:?}");
    }
});
