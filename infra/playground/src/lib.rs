//! The playground: a fake social network for people who try the product, and for tests.
//!
//! [`Server`] is the network: it keeps what was posted and can be told to misbehave. [`Playground`] is the product's
//! side of it and speaks with it over HTTP only, like with every other network. It offers read-back of own posts and no
//! idempotency key, which makes it the hard case of publishing once.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod network;
mod outcome;
mod server;
mod wire;

pub use network::Playground;
pub use server::{OpenError, Server};

/// Where the host serves the network; every path of it begins so.
pub const PREFIX: &str = "/local/networks/playground";
