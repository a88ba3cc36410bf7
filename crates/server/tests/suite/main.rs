//! The real server, driven over real HTTP by the real client, on every database.

#![allow(unreachable_pub, reason = "one crate, seen by nobody")]

mod support;

mod commands;
mod crash;
mod gate;
mod golden;
mod import;
mod model;
