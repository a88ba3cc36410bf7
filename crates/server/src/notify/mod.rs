//! Telling people and programs what happened: how a notice is worded, signed, budgeted and retried. Pure: no
//! store, no network, no clock.
//!
//! An [`event::Event`] goes to a program as it is, signed ([`sign`]), or to people as a
//! [`message::Message`], which a group bot ([`bots`]) or a mail ([`mail`]) renders. [`digest`] makes few
//! messages of many events, [`budget`] says when a bot may send, [`quiet`] when nobody wants to be told,
//! [`retry`] when to try again and [`target`] which addresses may be called at all.

pub mod bots;
pub mod budget;
pub mod daily;
pub mod digest;
pub mod event;
pub mod mail;
pub mod message;
pub mod quiet;
pub mod retry;
pub mod sign;
pub mod target;
mod wording;

#[cfg(test)]
mod samples;
