//! The client against servers that answer byte by byte what a test says.

#![allow(clippy::unwrap_used, reason = "a helper of a test may fail where it stands, as the test may")]

mod api;
mod examples;
mod fixture;
mod patience;
mod secrecy;
mod survives;
mod tls;
mod tokens;
mod trouble;
mod walks;
#[cfg(feature = "blocking")]
mod without_async;
