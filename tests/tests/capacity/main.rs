//! How late posts are when very many are due at once: a discrete-event model of dispatcher, queue and publishers, with
//! the quotas of the services as inputs. Constants, prices of steps, the order of turns and delays are the product's own;
//! what it takes a service to answer is an assumption of `quotas.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking, and a model computes with rounded numbers"
)]

mod dispatcher;
mod environments;
mod fairness;
mod lateness;
mod limiter;
mod load;
mod million;
mod queue;
mod quotas;
mod random;
mod settings;
mod simulation;
mod table;

use lateness::Lateness;

/// `docs/performance.md` has the row of a table that begins like this and goes on with this lateness.
fn documented(case: &str, lateness: &Lateness) {
    let row = format!("| {case} | {} |", lateness.cells());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    let document = std::fs::read_to_string(path).unwrap();
    assert!(document.contains(&row), "the row is now\n{row}");
}
