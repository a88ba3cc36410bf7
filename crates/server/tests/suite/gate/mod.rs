//! The gateway: what every call passes, whatever it asks for.

mod allow_list;
mod bodies;
pub mod demo;
pub mod limits;
mod paths;
pub mod raw;
mod return_codes;
pub mod secrecy;
mod stopping;
mod tenants;
mod tokens;
mod watching;
