//! The dispatcher on a table in memory: what a tick does itself, what it hands over, and in which order a backlog goes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod backlog;
mod departed;
mod fairness;
mod seals;
mod world;
