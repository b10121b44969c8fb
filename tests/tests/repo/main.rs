//! Holds the parts of the repository together: crates, routes, configuration, table, templates, documents and sample
//! events say the same, or a test here fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod alarms;
mod archive;
mod audited;
mod configuration;
mod crates;
mod demands;
mod documents;
mod events;
mod files;
mod makefile;
mod openapi;
mod permissions;
mod policies;
mod queues;
mod routes;
mod secrets;
mod table;
mod template;
mod with_host;
