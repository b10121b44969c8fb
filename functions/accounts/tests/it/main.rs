//! The accounts function through its routes, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod app;
mod authorizations;
mod check;
mod connect;
mod defaults;
mod disconnect;
mod door;
mod limited;
mod networks;
mod reconnect;
mod sign_ins;
mod vault;
