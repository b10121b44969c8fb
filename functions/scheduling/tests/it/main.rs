//! The scheduling function over its routes, with the real table code on a table in memory.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod acts;
mod bad_input;
mod calendar;
mod create;
mod defaults;
mod draft;
mod edit;
mod idempotency;
mod isolation;
mod limited;
mod list;
mod nudge;
mod races;
mod rules;
mod timeline;
mod world;
