//! What the tests of the whole product share: a program that uses the API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::return_self_not_must_use,
    reason = "a test fails by panicking"
)]

pub mod caller;
