//! The host as a process: how it starts, refuses, stops and dies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bodies;
mod durability;
mod process;
mod serving;
mod smuggling;
mod starting;
mod wire;
