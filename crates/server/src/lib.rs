//! The server behind the binary `tousu`.

pub mod bench_data;
pub mod cli;
pub mod clock;
pub mod complaint;
pub mod deadline;
pub mod demo;
pub mod export;
pub mod familiar;
pub mod gateway;
pub mod handling;
pub mod import;
pub mod index;
pub mod jobs;
pub mod life;
pub mod log;
pub mod notices;
pub mod notify;
pub mod privacy;
pub mod remembered;
pub mod search;
pub mod secrets;
pub mod settings;
pub mod shop_settings;
pub mod store;
