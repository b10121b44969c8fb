//! Mails that the product owes to people: one per cause.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, DeliveryId, PostId};

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
    },
    /// A target's time passed without a try.
    Missed {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
    },
    /// A target waits for a person.
    Held {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
    },
    /// Whether a target went out is not known; a person must look.
    OutcomeUnknown {
        /// The post.
        post: PostId,
        /// The target.
        delivery: DeliveryId,
    },
    /// An account must be connected again; covers all posts that it holds up.
    ReconnectNeeded {
        /// The account.
        account: AccountId,
        /// The credential that stopped working.
        credential_version: u32,
    },
}
