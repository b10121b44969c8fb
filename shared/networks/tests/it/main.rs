//! Bluesky against a real server, and against servers that lie.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bluesky;
mod consent;
mod cutter;
mod real_server;
mod strange_consent;
mod strange_servers;
