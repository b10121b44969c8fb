//! The templates and the deployed functions as AWS runs them: an HTTP API, functions that start cold, roles that are
//! enforced, a table, a queue, timers, and a real Bluesky server behind it all.
//!
//! AWS is an emulator here. `tests/aws` starts it, deploys both templates as they are, and names what differs; what
//! differs while it runs is said in the test that meets it. Nothing of the product knows of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api;
mod api_keys;
mod cold_starts;
mod consent;
mod deployment;
mod lost_factor;
mod members;
mod messages;
mod own_key;
mod people;
mod roles;
mod routes;
mod story;
mod timers;
mod transfers;
