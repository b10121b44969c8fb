//! Exports and imports, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bundle;
mod crash;
mod export;
mod import;
mod round_trip;
mod settings;
mod world;
