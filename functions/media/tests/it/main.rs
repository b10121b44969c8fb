//! The media function through its routes, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod announce;
mod app;
mod avatar;
mod clean;
mod complete;
mod life;
mod pictures;
