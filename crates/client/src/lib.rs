#![doc = include_str!("../README.md")]

mod answer;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod cache;
mod client;
mod clock;
mod complaints;
mod credentials;
mod download;
mod error;
mod exchange;
mod hint;
mod limits;
mod pace;
mod retry;
mod tokens;

pub use answer::Answer;
pub use builder::Builder;
pub use client::Client;
pub use clock::{Clock, SetClock, Sleep, SystemClock};
pub use complaints::{Complaints, Cursor, Doubt};
pub use credentials::Credentials;
pub use download::Download;
pub use error::{Error, Refusal, Transport};
pub use limits::Limits;
pub use pace::Pace;
pub use retry::Retry;
pub use tokens::AccessToken;
pub use tousu_wire as wire;
