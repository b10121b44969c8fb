//! The one-process host: the functions of the product on local files.
//!
//! It has no behaviour of its own: routers and handlers are the functions', the table is an embedded emulator behind
//! the real SDK client, and keys, queue, objects and mail are the durable local implementations of the traits in `cloud`.
//! Whatever it has answered survives `SIGKILL`.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod archive;
mod at_rest;
pub mod audit;
mod body;
pub mod erasure;
pub mod export;
#[cfg(test)]
mod fairness;
mod folder;
mod functions;
mod host;
mod keys;
mod objects;
mod outbox;
mod queue;
pub mod retirement;
pub mod rotation;
mod routes;
mod services;
mod settings;
mod shards;
mod sqlite;
mod table;
mod timers;
mod web;

pub use host::Host;
pub use settings::Settings;
pub use table::EmbeddedTable;
