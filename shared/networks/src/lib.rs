//! Social networks: connect an account, publish, read back.
//!
//! One module per network. A network knows nothing of tenants, tables or queues: it gets credentials and content and
//! answers with what happened. The publishing protocol that makes it happen once lives in `functions/publishing`.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod bluesky;
mod deployed;
mod egress;
mod http;
mod network;

pub use crate::http::{Answer, CALL_TIME, ClientNotBuilt, HttpClient, NoAnswer};
pub use bluesky::{Bluesky, OauthClient};
pub use deployed::{connecting, deployed};
pub use egress::{Egress, Forbidden};
pub use network::{
    Attachment, CallOutcome, Connected, Consent, ConsentError, ConsentPage, ConsentPages,
    ConsentRequest, Credential, Network, NetworkError, Part, PendingConsent, PollOutcome, Prepared,
    PublishRequest, ReadBack, Registry, Verifier,
};
