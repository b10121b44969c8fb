//! A volume that is being packed: its records, its files, and at last the manifest over both.

use domain::export::{Counts, Export, Position};
use domain::{Error, Result};

use crate::bundle::{
    Entry, FORMAT, Manifest, Record, VERSION, Zip, manifest_name, records_name, sha256,
};

/// Records from which on a volume is full: each post is three reads, so a volume is made in a few seconds.
const RECORDS: u64 = 5_000;
/// Files from which on a volume is full, for the same reason.
const FILES: usize = 500;

/// A volume that is being packed.
#[derive(Debug)]
pub(super) struct Packing {
    zip: Zip,
    lines: Vec<u8>,
    records: u64,
    entries: Vec<Entry>,
    /// Bytes from which on it is full.
    bytes_max: usize,
    /// How many of each the export has so far.
    pub(super) counts: Counts,
}

impl Packing {
    /// An empty volume of an export that has these already.
    pub(super) fn new(counts: Counts, bytes_max: usize) -> Self {
        Self {
            zip: Zip::default(),
            lines: Vec::new(),
            records: 0,
            entries: Vec::new(),
            bytes_max,
            counts,
        }
    }

    /// Whether nothing more belongs into it.
    pub(super) fn is_full(&self) -> bool {
        self.packed() >= self.bytes_max || self.records >= RECORDS || self.entries.len() >= FILES
    }

    /// How many bytes are left until it is full.
    pub(super) fn room(&self) -> u64 {
        u64::try_from(self.bytes_max.saturating_sub(self.packed())).unwrap_or(0)
    }

    fn packed(&self) -> usize {
        self.zip.len().saturating_add(self.lines.len())
    }

    /// Adds a record.
    pub(super) fn record(&mut self, record: &Record) -> Result<()> {
        record.count(&mut self.counts);
        serde_json::to_writer(&mut self.lines, record).map_err(unwritable)?;
        self.lines.push(b'\n');
        self.records = self.records.saturating_add(1);
        Ok(())
    }

    /// Adds a file.
    pub(super) fn file(&mut self, name: String, content: &[u8]) -> Result<()> {
        self.zip.add(&name, content)?;
        self.entries.push(Entry {
            bytes: content.len(),
            sha256: sha256(content),
            name,
        });
        Ok(())
    }

    /// The bytes of the volume that follows those of `export`; `next` is where the one after it begins.
    pub(super) fn finish(mut self, export: &Export, next: Position) -> Result<Vec<u8>> {
        let volume = export.volumes.saturating_add(1);
        let lines = std::mem::take(&mut self.lines);
        self.file(records_name(volume), &lines)?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            export: export.id,
            tenant: export.tenant,
            requested_at: export.requested_at,
            volume,
            previous: export.last_sha256.clone(),
            last: next == Position::End,
            records: self.records,
            counts: self.counts,
            entries: self.entries,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(unwritable)?;
        self.zip.add(&manifest_name(volume), &text)?;
        self.zip.finish()
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal("a volume cannot be written", error)
}
