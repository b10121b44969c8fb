//! Ids, entities, state machines and rules of the product.
//!
//! Nothing here does input or output, reads a clock or knows a transport: time and randomness come in through
//! [`Clock`] and [`Random`], errors go out as [`Error`].
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

pub mod access_policy;
pub mod account;
pub mod address;
pub mod api_key;
pub mod clock;
pub mod delivery;
pub mod email;
pub mod error;
pub mod event;
pub mod export;
pub mod id;
pub mod import;
pub mod media;
pub mod membership;
mod message;
pub mod network;
pub mod notice;
pub mod post;
pub mod preflight;
pub mod schedule;
pub mod sign_out;
pub mod support;
pub mod tenant;
pub mod tenant_key;
pub mod text;
pub mod transfer;
pub mod user;
pub mod wrapping_key;

pub use clock::{Clock, Random};
pub use error::{Error, FieldError, Result};
pub use id::{
    AccountGroupId, AccountId, ApiKeyId, DeliveryId, EventId, ExportId, FamilyId, Ids, ImportId,
    InvitationId, MediaId, NoticeId, OperationId, PasskeyId, PostId, RoleId, SupportConsentId,
    TenantId, UserId,
};
pub use tenant_key::{TenantKeySource, WrappedTenantKey};
pub use wrapping_key::{KeyRefusal, KmsKeyArn, WrappingKey};
