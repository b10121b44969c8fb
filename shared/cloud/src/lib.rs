//! Keys, signatures, queue, objects, archive, mail, configuration, telemetry and faults.
//!
//! Each service is a small trait with an AWS implementation beside it; the local run and the tests bring their own.
//! Product code holds `Arc<dyn …>` and never knows which it has.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod archive;
pub mod aws;
pub mod clock;
pub mod config;
pub mod envelope;
pub mod faults;
pub mod keys;
pub mod mail;
pub mod objects;
pub mod queue;
pub mod signing;
pub mod telemetry;
