//! The sweeper on a table in memory: what a run does of itself, and what an operator orders.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod supporters;
mod timer;
mod world;
