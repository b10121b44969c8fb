//! How the indexes that all tenants share are cut, so that no partition of them is hot.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::key::time_text;

/// What an entry of the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttentionKind {
    /// A delivery.
    Delivery,
    /// A mail that is owed.
    Notice,
    /// A ready mail that is owed.
    Mail,
    /// An account whose waiting deliveries must be held, resumed or cancelled.
    Account,
    /// The credential of a disconnected account, whose network is still to be told.
    SignOut,
    /// A tenant that was deleted, whose accounts must be disconnected.
    Tenant,
    /// A person whose account ended, of whom something may still be there.
    Departure,
    /// A medium whose bytes were announced.
    Upload,
    /// A medium that was deleted, whose bytes are still to be removed for good.
    DeletedMedium,
    /// A look into a tenant for support that is not over yet.
    SupportVisit,
    /// An event that its owner's audit log does not have yet.
    Seal,
    /// A block of an audit log that no checkpoint has yet.
    Checkpoint,
    /// A deleted tenant that is erased after its grace.
    Erasure,
    /// The newest key of a tenant, in whose place another is to be put some day.
    KeyRotation,
    /// An export whose volumes are being made.
    Export,
    /// An import that is checked or made.
    Import,
}

/// A shard of the index by attention.
pub(crate) fn attention_partition(shard: u32) -> String {
    format!("A#{shard:03}")
}

/// A shard of the blocks that no checkpoint has: all are taken up at once, every hour, so no dispatcher looks at them.
pub(crate) fn checkpoint_partition(shard: u32) -> String {
    format!("C#{shard:03}")
}

/// A shard of the deleted tenants that wait to be erased, which only the sweeper does.
pub(crate) fn erasure_partition(shard: u32) -> String {
    format!("E#{shard:03}")
}

/// A shard of the people whose accounts ended, after whom only the sweeper clears up.
pub(crate) fn departure_partition(shard: u32) -> String {
    format!("P#{shard:03}")
}

/// A shard of the deleted media, whose bytes only the sweeper reaches.
pub(crate) fn removal_partition(shard: u32) -> String {
    format!("M#{shard:03}")
}

/// A shard of the keys that will be rotated, most of them in months: only the sweeper looks at them.
pub(crate) fn rotation_partition(shard: u32) -> String {
    format!("K#{shard:03}")
}

/// Exports and imports that are being made. They are rare, and only the function that makes them looks at them, for no
/// other may read all that a tenant has.
pub(crate) const TRANSFERS_PARTITION: &str = "T#000";

/// A shard of the index by deadline.
pub(crate) fn deadline_partition(shard: u32) -> String {
    format!("D#{shard:03}")
}

/// The partition of something with this id.
pub(crate) fn attention_shard(id: Uuid, shards: u32) -> String {
    attention_partition(shard_of(id, shards))
}

/// The partition of a deadline of something with this id.
pub(crate) fn deadline_shard(id: Uuid, shards: u32) -> String {
    deadline_partition(shard_of(id, shards))
}

/// The sort key of something that wants attention at this time.
pub(crate) fn attention_at(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", time_text(at))
}

/// The shard, from 0, of something with this id: the low bits of a UUIDv7 are random.
pub fn shard_of(id: Uuid, shards: u32) -> u32 {
    u32::try_from(id.as_u128() % u128::from(shards.max(1))).unwrap_or(0)
}
