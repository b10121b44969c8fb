//! The contract between the product and a social network.

mod consent;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::DeliveryId;
use domain::account::RemoteIdentity;
use domain::delivery::{Fault, RemoteJob};
use domain::network::{ConnectMethod, CredentialField, NetworkId, Rules};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

pub use consent::{
    Consent, ConsentError, ConsentPage, ConsentPages, ConsentRequest, PendingConsent, Verifier,
};
pub use domain::delivery::{CallOutcome, PollOutcome, ReadBack};

/// What a network needs to act as an account, as one opaque text that only its own module reads and that is stored
/// only sealed. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(Zeroizing<String>);

impl Credential {
    /// Takes what a network's module wrote.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself: for the network's module and for sealing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// The answer to a successful connect or refresh.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Who the account is.
    pub identity: RemoteIdentity,
    /// What to keep.
    pub credential: Credential,
}

/// Why a call that publishes nothing failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NetworkError {
    /// What the person typed is not acceptable; the pointer names the field below `credentials`.
    #[error("{message}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What to do.
        message: String,
    },
    /// The network refuses the credentials: a person must connect the account again.
    #[error("the network refuses the credentials: {message}")]
    Unauthorized {
        /// The network's words.
        message: String,
    },
    /// Too many calls.
    #[error("the network asks to wait")]
    RateLimited {
        /// How long.
        retry_after: Duration,
    },
    /// The network does not answer, or not sensibly; trying again later may help.
    #[error("the network does not answer: {message}")]
    Unavailable {
        /// What happened, without secrets.
        message: String,
    },
    /// The network will never accept this.
    #[error("the network refuses: {}", .0.message)]
    Refused(Fault),
}

/// One image or video with its bytes.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The bytes.
    pub bytes: Bytes,
    /// Content type that the bytes have.
    pub content_type: String,
    /// Width and height in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// What people who cannot see it are told; may be empty.
    pub alt_text: String,
}

/// One part of a post; most posts have one, a thread has several.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The text.
    pub text: String,
    /// Images or videos in order.
    pub attachments: Vec<Attachment>,
}

/// Everything that a network needs to publish one delivery.
#[derive(Clone, Debug)]
pub struct PublishRequest {
    /// The delivery. A network that lets the client choose record keys derives them from this id alone, never from the
    /// revision or the attempt, so that a delivery can be visible once at most.
    pub delivery: DeliveryId,
    /// Who publishes.
    pub identity: RemoteIdentity,
    /// When the post is due: frozen over repeats, so that a repeated record is equal to the first.
    pub due: Timestamp,
    /// The first part and the further parts of a thread.
    pub parts: Vec<Part>,
    /// Options of this network, as validated by it.
    pub options: Value,
}

/// What `prepare` made: opaque to everybody but the network's module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepared(pub Value);

/// A social network. Implementations are stateless and shared.
///
/// Only [`Network::call`] may make something visible. Everything else can be repeated at will.
#[async_trait]
pub trait Network: Send + Sync + fmt::Debug {
    /// The short name.
    fn id(&self) -> NetworkId;

    /// The name for people.
    fn name(&self) -> &'static str;

    /// How accounts are connected.
    fn connect_method(&self) -> ConnectMethod;

    /// The fields of the connect form.
    fn credential_fields(&self) -> &'static [CredentialField];

    /// What the network accepts.
    fn rules(&self) -> &Rules;

    /// Checks the options of a target; the error's pointers start below `options` (`/languages/0`).
    fn check_options(&self, options: &Value) -> Result<(), Vec<domain::FieldError>>;

    /// Signs in with what the person typed and tells who the account is.
    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError>;

    /// Proves that the credential still works, by a cheap read; refreshes it where the network no longer takes it but
    /// still takes its refresh token. A changed credential must be stored. After an `Unauthorized` of any other call
    /// this decides whether a person must connect the account again.
    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError>;

    /// Makes the credential fit for a publishing call: `None` where it is fit as it is, a new one where it had to be
    /// refreshed. The new one must be stored before it is used, for the old one may be dead.
    async fn refresh(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Option<Credential>, NetworkError>;

    /// Ends what the network issued for the credential, and nothing else: another sign-in to the same account goes on. May
    /// be repeated; `Unauthorized` says that it was over before.
    async fn sign_out(&self, credential: &Credential) -> Result<(), NetworkError>;

    /// Whether [`Network::check`] and [`Network::refresh`] would use up a refresh token that is good for one use: then
    /// only whoever reserved the refresh may call them, for a second use ends the session.
    fn refreshes_once(&self, _credential: &Credential, _now: Timestamp) -> bool {
        false
    }

    /// The network's consent page, where accounts can be connected by it.
    fn consent(&self) -> Option<&dyn ConsentPages> {
        None
    }

    /// Uploads media and builds the request, without making anything visible. May be repeated.
    async fn prepare(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> Result<Prepared, NetworkError>;

    /// The one call that makes the post visible. Never repeats itself, whatever happens.
    async fn call(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        prepared: &Prepared,
    ) -> CallOutcome;

    /// Looks after a remote job.
    async fn poll(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        job: &RemoteJob,
    ) -> PollOutcome;

    /// Looks whether the delivery is visible, whoever made it so. `called_at` is when the call began. Must find a post
    /// that is visible even when the text was changed by the network (links, white space).
    async fn read_back(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        called_at: Timestamp,
    ) -> Result<ReadBack, NetworkError>;
}

/// The networks that this process can reach, in the order in which people see them.
#[derive(Clone, Debug, Default)]
pub struct Registry(Vec<Arc<dyn Network>>);

impl Registry {
    /// These networks.
    pub fn new(networks: Vec<Arc<dyn Network>>) -> Self {
        Self(networks)
    }

    /// The network with this name.
    pub fn get(&self, id: &NetworkId) -> Option<&Arc<dyn Network>> {
        self.0.iter().find(|network| network.id() == *id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Network>> {
        self.0.iter()
    }
}
