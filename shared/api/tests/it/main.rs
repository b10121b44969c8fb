//! What every route gets from this crate, through small routes on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod access_policy;
mod app;
mod body;
mod cursor;
mod document;
mod edge;
mod limits;
mod query;
mod reads;
