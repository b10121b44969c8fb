//! The store against a real expression engine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod posts;
mod units;
mod verdicts;
mod writes;
