//! What attackers try, against the whole product in one process: foreign ids in every place of every route, fields that
//! nobody may set, calls without a right. The tests are generated from the API's document, so that a new route or field
//! is covered without a change here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod access_policy;
mod avatar;
mod bodies;
mod canary;
mod cpu;
mod credentials;
mod document;
mod echo;
mod enumeration;
mod erasure;
mod fixture;
mod gateway;
mod headers;
mod idempotency;
mod ids;
mod isolation;
mod keys;
mod lost_factor;
mod mails;
mod mass_assignment;
mod months;
mod places;
mod quotas;
mod roles;
mod samples;
mod second_factor;
mod spellings;
mod stored;
mod support;
mod texts;
mod two;
mod world;
