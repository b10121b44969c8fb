//! The playground over real loopback HTTP: each behaviour as readers, programs and the publisher see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod behaviour;
mod host;
mod publishing;
mod read_back;
mod reading;
