//! What tests share: a table in memory, a clock that tests move, a real Bluesky server, and the crash harness. Only
//! ever a dev-dependency.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::return_self_not_must_use,
    reason = "a test fails by panicking"
)]

pub mod clock;
pub mod http;
pub mod network;
pub mod objects;
pub mod passkey;
pub mod pds;
pub mod posts;
pub mod prices;
pub mod queue;
pub mod rules;
pub mod services;
pub mod table;
pub mod traits;

pub use clock::{FixedRandom, TestClock};
pub use http::{Answer, GENEROUS, TestApi, TestMember, gate, gate_with, member, public_url};
pub use network::{Behaviour, FakeNetwork, VisiblePost};
pub use objects::MemoryObjects;
pub use passkey::SoftPasskey;
pub use pds::{Pds, PdsAccount, PdsImage, PdsPost, PdsSegment};
pub use prices::Price;
pub use queue::{MemoryQueue, QueuedMessage};
pub use rules::pace;
pub use services::{
    Mailbox, MemoryArchive, MemoryKeys, OTHER_OWN_KEY, OWN_KEY, envelope, own_keys, signer,
};
pub use table::{table, table_with};
