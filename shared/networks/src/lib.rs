//! Social networks: connect an account, publish, read back.
//!
//! One module per network. A network knows nothing of tenants, tables or queues: it gets credentials and content and
//! answers with what happened. The publishing protocol that makes it happen once lives in `functions/publishing`.

mod network;

pub use network::{
    Attachment, CallOutcome, Connected, Credential, Network, NetworkError, Part, PollOutcome,
    Prepared, PublishRequest, ReadBack, Registry,
};
