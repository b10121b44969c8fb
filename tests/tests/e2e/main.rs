//! The whole product as its users meet it: the built host as a process of its own, reached over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod bluesky;
mod example;
mod host;
mod killed;
mod story;
