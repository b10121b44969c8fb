//! The auth function through its routes, on a real table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access_policy;
mod admission;
mod app;
mod attempts;
mod between;
mod cross_site;
mod delays;
mod departure;
mod departure_tenants;
mod departure_way_back;
mod devices;
mod email;
mod email_at_once;
mod equal_work;
mod factors_at_once;
mod forgery;
mod half_sign_ins;
mod limits;
mod links;
mod login;
mod mail_limits;
mod older_hashes;
mod outage;
mod passkeys;
mod password;
mod reauthenticate;
mod refresh;
mod register;
mod rotation;
mod second_factor;
mod session;
mod sessions;
mod stuffing;
mod verify_email;
