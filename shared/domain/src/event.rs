//! The append-only record of what happened: timelines and the audit log are views of it.

mod kind;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{
    AccountGroupId, AccountId, ApiKeyId, DeliveryId, EventId, ExportId, ImportId, InvitationId,
    MediaId, OperationId, PostId, RoleId, TenantId, UserId,
};
use crate::user::Origin;

pub use kind::EventKind;

/// Whose record an event belongs to. Each has a chain of its own in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Owner {
    /// A tenant: whatever happens in it.
    Tenant(TenantId),
    /// A person: sign-ins, passwords and whatever else belongs to no tenant. It ends with the person.
    User(UserId),
}

impl Owner {
    /// The id, for what is derived from it.
    pub fn as_uuid(&self) -> uuid::Uuid {
        match self {
            Self::Tenant(tenant) => tenant.as_uuid(),
            Self::User(user) => user.as_uuid(),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tenant(tenant) => tenant.fmt(f),
            Self::User(user) => user.fmt(f),
        }
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A program, by its key.
    ApiKey(ApiKeyId),
    /// A person of another tenant, who acts for that one in the owner's, with its consent (`act` of RFC 8693).
    Support(Supporter),
    /// The product itself, by the name of its part.
    System(String),
}

/// Somebody who supports a tenant that is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supporter {
    /// Who.
    pub user: UserId,
    /// The tenant that they belong to, and act for.
    pub tenant: TenantId,
}

impl Actor {
    /// A part of the product.
    pub fn system(part: &str) -> Self {
        Self::System(part.to_owned())
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::ApiKey(key) => key.fmt(f),
            Self::Support(supporter) => write!(f, "support:{}", supporter.user),
            Self::System(part) => write!(f, "system:{part}"),
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// The tenant.
    Tenant(TenantId),
    /// The person that owns the event.
    User(UserId),
    /// A member.
    Member(UserId),
    /// An invitation.
    Invitation(InvitationId),
    /// A role that the tenant made.
    Role(RoleId),
    /// An account group.
    AccountGroup(AccountGroupId),
    /// A key of a program.
    ApiKey(ApiKeyId),
    /// An account.
    Account(AccountId),
    /// A medium.
    Media(MediaId),
    /// An export of the tenant.
    Export(ExportId),
    /// An import into the tenant.
    Import(ImportId),
    /// A post as a whole.
    Post(PostId),
    /// One target of a post.
    Delivery(PostId, DeliveryId),
}

impl Subject {
    /// The post that it is, or is a target of.
    pub fn post(self) -> Option<PostId> {
        match self {
            Self::Post(post) | Self::Delivery(post, _) => Some(post),
            Self::Tenant(_)
            | Self::User(_)
            | Self::Member(_)
            | Self::Invitation(_)
            | Self::Role(_)
            | Self::AccountGroup(_)
            | Self::ApiKey(_)
            | Self::Account(_)
            | Self::Media(_)
            | Self::Export(_)
            | Self::Import(_) => None,
        }
    }
}

/// Something that happened, written in the transaction of the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id; sorts by time.
    pub id: EventId,
    /// Whose it is.
    pub owner: Owner,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// What it is about.
    pub subject: Subject,
    /// From where, where that is remembered: of what people do with their own accounts.
    pub origin: Option<Origin>,
    /// What is worth knowing, without secrets.
    pub detail: Value,
    /// The conditional write that it belongs to.
    pub operation: OperationId,
}
