//! The store against a real expression engine: by default the one in memory; `make test-aws` runs the same tests
//! against a second, independent implementation of DynamoDB over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod at_once;
mod audit;
mod audit_part;
mod erased_log;
mod gated_log;
mod large;
mod meeting;
mod pace;
mod posts;
mod published;
mod removals;
mod units;
mod verdicts;
mod writes;
