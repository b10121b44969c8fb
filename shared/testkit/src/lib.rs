//! What tests share: a table in memory, a clock that tests move, and the crash harness. Only ever a dev-dependency.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

pub mod clock;
pub mod table;

pub use clock::{FixedRandom, TestClock};
pub use table::{table, table_with};
