//! Exports: everything that a tenant has, in volumes that are made one after another.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, ExportId, MediaId, PostId, TenantId, UserId};
use crate::transfer::{Pace, expires_at, later};

/// How long after the request an export that does not get done is given up.
const TRIED: SignedDuration = SignedDuration::from_hours(2 * 24);

/// An export of everything that a tenant has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Of what.
    pub tenant: TenantId,
    /// Who asked for it, and gets the mail.
    pub requested_by: UserId,
    /// When.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: ExportState,
    /// Where the next volume begins.
    pub position: Position,
    /// The volumes so far.
    pub volumes: u32,
    /// Their bytes together.
    pub bytes: u64,
    /// SHA-256 of the last of them, hexadecimal.
    pub last_sha256: Option<String>,
    /// What is in them.
    pub counts: Counts,
    /// When its volumes are made.
    pub pace: Pace,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// Volumes are being made.
    Running,
    /// All volumes are made.
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// It could not be made.
    Failed,
}

/// A place in what is exported, in the order in which an import needs it: what is named comes before what names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "section", content = "after", rename_all = "snake_case")]
pub enum Position {
    /// The tenant itself.
    Tenant,
    /// Accounts after this one.
    Accounts(Option<AccountId>),
    /// All account groups.
    AccountGroups,
    /// All roles that the tenant made.
    Roles,
    /// Members after this one.
    Members(Option<UserId>),
    /// Media before this one: the newest come first.
    Media(Option<MediaId>),
    /// Posts after this one.
    Posts(Option<PostId>),
    /// Nothing is left.
    End,
}

/// How many of each there are in an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Accounts, also disconnected ones.
    pub accounts: u64,
    /// Account groups.
    pub account_groups: u64,
    /// Roles that the tenant made.
    pub roles: u64,
    /// Members.
    pub members: u64,
    /// Media.
    pub media: u64,
    /// Posts.
    pub posts: u64,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its number, from 1.
    pub number: u32,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl Export {
    /// An export that was just asked for.
    pub fn new(id: ExportId, tenant: TenantId, by: UserId, at: Timestamp) -> Self {
        Self {
            id,
            tenant,
            requested_by: by,
            requested_at: at,
            state: ExportState::Running,
            position: Position::Tenant,
            volumes: 0,
            bytes: 0,
            last_sha256: None,
            counts: Counts::default(),
            pace: Pace::due_at(at),
        }
    }

    /// The same with one more volume, that was made at `now` and after which `position` is next.
    #[must_use]
    pub fn with(
        &self,
        volume: &Volume,
        counts: Counts,
        position: Position,
        now: Timestamp,
    ) -> Self {
        Self {
            state: if position == Position::End {
                ExportState::Ready { since: now }
            } else {
                self.state
            },
            position,
            volumes: volume.number,
            bytes: self.bytes.saturating_add(volume.bytes),
            last_sha256: Some(volume.sha256.clone()),
            counts,
            pace: Pace::due_at(now),
            ..self.clone()
        }
    }

    /// The same while somebody makes its next volume, from `now` on.
    #[must_use]
    pub fn claimed(&self, now: Timestamp) -> Self {
        Self {
            pace: self.pace.stepping(now),
            ..self.clone()
        }
    }

    /// From when on it cannot be downloaded any more.
    pub fn expires_at(&self) -> Timestamp {
        expires_at(self.requested_at)
    }

    /// Whether it does not get done.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        now >= later(self.requested_at, TRIED)
    }
}
