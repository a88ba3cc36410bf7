//! The real server, driven over real HTTP by the real client, on every database.

#![allow(unreachable_pub, reason = "one crate, seen by nobody")]
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail where it stands, as the test may")]

mod support;

mod apps;
mod bench_data;
mod bundles;
mod citus;
mod cluster;
mod commands;
mod crash;
mod demo;
mod documents;
mod export;
mod exporting;
mod gate;
mod golden;
mod handling;
mod import;
mod index;
mod migrations;
mod mirror;
mod model;
mod nodes;
mod notices;
mod people;
mod postgres;
mod privacy;
mod program;
mod queue;
mod quirks;
mod remote;
mod sandbox;
mod search;
mod stats;
