//! The form of exports: volumes, and what each says of itself (`docs/exports.md`).

mod fault;
mod lines;
mod read;
mod records;
#[cfg(test)]
mod tests;
mod zip;

use domain::export::Counts;
use domain::{ExportId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use fault::BundleFault;
pub use lines::Records;
pub use read::{BundleReader, Contents};
pub use records::{
    AccountGroupRecord, AccountRecord, MediaRecord, MemberRecord, PostRecord, Record, RoleRecord,
    TargetRecord, TenantRecord,
};
pub(crate) use zip::Zip;

/// What every manifest begins with.
pub(crate) const FORMAT: &str = "m1autoposter-export";
/// The version of the form; raised by every change that readers must know of.
pub(crate) const VERSION: u32 = 1;

/// What a volume says of itself and of those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always the same.
    pub format: String,
    /// The version of the form.
    pub version: u32,
    /// The export.
    pub export: ExportId,
    /// Of what.
    pub tenant: TenantId,
    /// When somebody asked for it.
    pub requested_at: Timestamp,
    /// The volume's number, from 1.
    pub volume: u32,
    /// SHA-256 of the volume before, hexadecimal.
    pub previous: Option<String>,
    /// Whether no further volume follows.
    pub last: bool,
    /// Records of this volume.
    pub records: u64,
    /// How many of each there are up to here.
    pub counts: Counts,
    /// All other entries of the volume, in their order.
    pub entries: Vec<Entry>,
}

/// One entry of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

pub(crate) fn manifest_name(volume: u32) -> String {
    format!("manifest/{volume:06}.json")
}

pub(crate) fn records_name(volume: u32) -> String {
    format!("records/{volume:06}.jsonl")
}

/// SHA-256, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hex::encode(digest)
}
