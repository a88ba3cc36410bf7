//! Who is told of what happens, and what becomes of that.

pub mod receivers;
mod themselves;
