//! How callers see an export.

use domain::export::{Counts, Export, ExportState, Volume};
use domain::{ExportId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Everything that a tenant has, as it was when somebody asked for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView {
    #[schema(value_type = String, example = "exp_01jd8mz0000000000000000000")]
    id: ExportId,
    /// `running`, `ready` to be downloaded, or `failed`.
    #[schema(example = "ready")]
    state: &'static str,
    /// Who asked for it.
    #[schema(value_type = String)]
    requested_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// Since when it can be downloaded.
    #[schema(value_type = Option<String>, format = DateTime)]
    ready_at: Option<Timestamp>,
    /// When it is deleted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Files so far.
    volumes: u32,
    /// Their bytes together.
    bytes: u64,
    /// What is in them.
    counts: CountsView,
}

/// How many of each there are in an export so far.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = ExportCounts)]
pub(crate) struct CountsView {
    /// Disconnected ones, too.
    accounts: u64,
    account_groups: u64,
    /// Those that the tenant made.
    roles: u64,
    members: u64,
    media: u64,
    posts: u64,
}

/// All exports that are not deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportList {
    pub(crate) items: Vec<ExportView>,
    /// Always `null`: there are few.
    pub(crate) next: Option<String>,
}

/// Where the files of an export can be downloaded for some minutes, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportLinks {
    pub(crate) items: Vec<VolumeLink>,
}

/// One file of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportVolume)]
pub(crate) struct VolumeLink {
    /// Its number, from 1.
    number: u32,
    /// Its size.
    bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// The address; whoever has it can download the file until `expires_at`.
    url: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        let (state, ready_at) = match export.state {
            ExportState::Running => ("running", None),
            ExportState::Ready { since } => ("ready", Some(since)),
            ExportState::Failed => ("failed", None),
        };
        Self {
            id: export.id,
            state,
            requested_by: export.requested_by,
            requested_at: export.requested_at,
            ready_at,
            expires_at: export.expires_at(),
            volumes: export.volumes,
            bytes: export.bytes,
            counts: export.counts.into(),
        }
    }
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let Counts {
            accounts,
            account_groups,
            roles,
            members,
            media,
            posts,
        } = counts;
        Self {
            accounts,
            account_groups,
            roles,
            members,
            media,
            posts,
        }
    }
}

impl VolumeLink {
    pub(crate) fn new(volume: Volume, url: String, expires_at: Timestamp) -> Self {
        let Volume {
            number,
            bytes,
            sha256,
        } = volume;
        Self {
            number,
            bytes,
            sha256,
            url,
            expires_at,
        }
    }
}
