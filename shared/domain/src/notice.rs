//! Mails that the product owes to people: one per cause.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, DeliveryId, ExportId, NoticeId, PostId, TenantId, UserId};

/// Why a mail is sent. The cause is the mail's identity: the same cause is never mailed twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeCause {
    /// A target failed for good.
    Failed {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
        /// The plan that failed.
        revision: u32,
    },
    /// A target's time passed without a try.
    Missed {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
        /// The plan that was missed.
        revision: u32,
    },
    /// A target waits for a person.
    Held {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
        /// The plan that is held.
        revision: u32,
    },
    /// Whether a target went out is not known; a person must look.
    OutcomeUnknown {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
        /// The plan whose outcome is not known.
        revision: u32,
    },
    /// An account must be connected again; covers all posts that it holds up.
    ReconnectNeeded {
        /// The account.
        account: AccountId,
        /// The credential that stopped working.
        credential_version: u32,
    },
    /// An export can be downloaded.
    ExportReady {
        /// The export.
        export: ExportId,
    },
    /// A tenant's own encryption key is refused; covers all that waits for it. To its owners.
    OwnKeyRefused {
        /// Whose key it is.
        tenant: TenantId,
        /// When that was found out.
        at: Timestamp,
    },
    /// From where a tenant takes requests was changed. To its owners.
    AllowedAddressesChanged {
        /// The tenant.
        tenant: TenantId,
        /// The version of the tenant that has others.
        version: u64,
    },
}

impl NoticeCause {
    /// Whether it waits for somebody who does something, so that the tenant's owners hear of it where the person whom it
    /// concerns is gone.
    pub fn needs_somebody(&self) -> bool {
        match self {
            Self::Failed { .. }
            | Self::Missed { .. }
            | Self::Held { .. }
            | Self::OutcomeUnknown { .. }
            | Self::ReconnectNeeded { .. } => true,
            // Whoever asked for it is gone, or every owner has their own mail.
            Self::ExportReady { .. }
            | Self::OwnKeyRefused { .. }
            | Self::AllowedAddressesChanged { .. } => false,
        }
    }
}

/// Owners of a tenant who are told of something: more would not make it safer.
pub const OWNERS_TOLD_MAX: usize = 10;

/// A mail that is owed to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id: derived from the cause, so that the same cause cannot owe two.
    pub id: NoticeId,
    /// The tenant in which it happened; none for what concerns only the person.
    pub tenant: Option<TenantId>,
    /// To whom.
    pub user: UserId,
    /// Why.
    pub cause: NoticeCause,
    /// Since when it is owed.
    pub owed_since: Timestamp,
    /// How often sending it failed.
    pub tries: u32,
    /// Whether it goes to an owner because the person whom it concerns is gone.
    pub is_for_departed: bool,
}
