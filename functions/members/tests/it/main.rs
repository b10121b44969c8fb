//! Members, roles and account groups through their routes, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_key_rotation;
mod api_keys;
mod app;
mod groups;
mod holders;
mod invitation_limits;
mod invitations;
mod invitations_at_once;
mod inviters;
mod isolation;
mod limits;
mod members;
mod owners;
mod proof;
mod roles;
mod sequences;
