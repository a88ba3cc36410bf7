//! Prints the OpenAPI document: `cargo run -p tousu-wire --example openapi`.
#![allow(clippy::print_stdout)]

use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::complaint_list::ComplaintList;
use tousu_wire::openapi::OpenApi;

fn main() {
    let document = OpenApi::default().token().endpoint::<ComplaintList>().endpoint::<ComplaintInfoGet>();
    println!("{:#}", document.build(env!("CARGO_PKG_VERSION")));
}
