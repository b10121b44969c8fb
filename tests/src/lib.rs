//! What the tests of the whole product share: the product in one process, and a program that uses its API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::return_self_not_must_use,
    reason = "a test fails by panicking"
)]

pub mod caller;
pub mod people;
pub mod phone;
pub mod policy;
pub mod product;
pub mod recorder;
