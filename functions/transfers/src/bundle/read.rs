//! Reads the volumes of an export, one after another, and trusts none of them.

use std::collections::BTreeSet;

use domain::MediaId;
use domain::import::{ReadVolume, VOLUME_BYTES_MAX};
use serde::Deserialize;

use super::fault::BundleFault;
use super::zip::entries;
use super::{Entry, FORMAT, Manifest, Records, VERSION, manifest_name, records_name, sha256};

/// What the names of pictures end with.
const ENDINGS: [&str; 5] = ["jpg", "png", "webp", "gif", "bin"];

/// Reads the volumes of one export in their order.
#[derive(Clone, Debug, Default)]
pub struct BundleReader {
    last: Option<ReadVolume>,
}

/// What a volume has, all as its manifest says.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it says of things: all of it can be read.
    pub records: Records<'a>,
    /// Names and bytes of the other entries.
    pub files: Vec<(&'a str, &'a [u8])>,
}

/// What is read of a manifest before it is known that this code knows its form.
#[derive(Deserialize)]
struct Form {
    format: String,
    version: u32,
}

impl BundleReader {
    /// Goes on after this volume.
    pub fn after(last: Option<ReadVolume>) -> Self {
        Self { last }
    }

    /// The volume that was read last.
    pub fn last(&self) -> Option<&ReadVolume> {
        self.last.as_ref()
    }

    /// Reads the next volume.
    pub fn volume<'a>(&mut self, volume: &'a [u8]) -> Result<Contents<'a>, BundleFault> {
        if u64::try_from(volume.len()).is_ok_and(|bytes| bytes > VOLUME_BYTES_MAX) {
            return Err(BundleFault::TooLarge);
        }
        let mut files = entries(volume)?;
        // Always the last entry; the records are the last but it. It is read first, for another version may have other entries.
        let &(manifest_at, text) = files.last().ok_or(BundleFault::Manifest)?;
        let manifest = manifest(text)?;
        check_names(&files)?;
        files.pop();
        if manifest_at != manifest_name(manifest.volume) {
            return Err(BundleFault::Manifest);
        }
        self.check_order(&manifest)?;
        check_entries(&manifest.entries, &files)?;
        let (records_at, records) = files.pop().ok_or(BundleFault::Manifest)?;
        if records_at != records_name(manifest.volume) {
            return Err(BundleFault::Manifest);
        }
        let records = Records::of(records)?;
        self.check_counts(&manifest, records)?;
        self.last = Some(ReadVolume {
            export: manifest.export,
            tenant: manifest.tenant,
            requested_at: manifest.requested_at,
            number: manifest.volume,
            sha256: sha256(volume),
            is_last: manifest.last,
            counts: manifest.counts,
        });
        Ok(Contents {
            manifest,
            records,
            files,
        })
    }

    /// The last volume, once all volumes were read.
    pub fn finish(self) -> Result<ReadVolume, BundleFault> {
        let last = self.last.filter(|last| last.is_last);
        last.ok_or(BundleFault::Incomplete)
    }

    fn check_order(&self, next: &Manifest) -> Result<(), BundleFault> {
        let follows = match &self.last {
            None => next.volume == 1 && next.previous.is_none(),
            Some(last) => {
                !last.is_last
                    && next.volume == last.number.saturating_add(1)
                    && next.previous.as_ref() == Some(&last.sha256)
                    && (next.export, next.tenant, next.requested_at)
                        == (last.export, last.tenant, last.requested_at)
            }
        };
        follows.then_some(()).ok_or(BundleFault::Order)
    }

    /// All records can be read, and there are as many of each as the manifests of this volume and of the one before say.
    fn check_counts(&self, next: &Manifest, records: Records<'_>) -> Result<(), BundleFault> {
        let last = self.last.as_ref();
        let mut counts = last.map(|last| last.counts).unwrap_or_default();
        let mut number = 0_u64;
        for record in records.iter() {
            record?.count(&mut counts);
            number = number.saturating_add(1);
        }
        let has_all = number == next.records && counts == next.counts;
        has_all.then_some(()).ok_or(BundleFault::Checksum)
    }
}

fn manifest(text: &[u8]) -> Result<Manifest, BundleFault> {
    let form: Form = serde_json::from_slice(text).map_err(|_| BundleFault::Manifest)?;
    if form.format != FORMAT {
        return Err(BundleFault::Manifest);
    }
    if form.version != VERSION {
        return Err(BundleFault::Version);
    }
    serde_json::from_slice(text).map_err(|_| BundleFault::Manifest)
}

/// Nothing leads anywhere else: names are folders of ours with ids or numbers in them, each once.
fn check_names(files: &[(&str, &[u8])]) -> Result<(), BundleFault> {
    let mut seen = BTreeSet::new();
    let is_sound = files
        .iter()
        .all(|(name, _)| is_name(name) && seen.insert(*name));
    is_sound.then_some(()).ok_or(BundleFault::EntryName)
}

fn is_name(name: &str) -> bool {
    let is_number = |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.split_once('/') {
        Some(("records", file)) => file.strip_suffix(".jsonl").is_some_and(is_number),
        Some(("manifest", file)) => file.strip_suffix(".json").is_some_and(is_number),
        Some(("media", file)) => file
            .split_once('.')
            .is_some_and(|(id, ending)| id.parse::<MediaId>().is_ok() && ENDINGS.contains(&ending)),
        _ => false,
    }
}

/// The entries are those that the manifest names, in its order.
fn check_entries(named: &[Entry], files: &[(&str, &[u8])]) -> Result<(), BundleFault> {
    let is_named = |(entry, (name, content)): (&Entry, &(&str, &[u8]))| {
        entry.name == *name && entry.bytes == content.len() && entry.sha256 == sha256(content)
    };
    let is_whole = named.len() == files.len() && named.iter().zip(files).all(is_named);
    is_whole.then_some(()).ok_or(BundleFault::Checksum)
}
