//! The records of a volume, each of them a line. They are read one at a time: a number of two bytes takes thirty in memory,
//! so all records of a volume at once could be more than a function has.

use super::Record;
use super::fault::BundleFault;

/// Longest line, in bytes: twice as long as that of the largest post with every character escaped.
pub(super) const LINE_MAX: usize = 4 << 20;

/// The records of a volume, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a>(&'a str);

impl<'a> Records<'a> {
    pub(super) fn of(lines: &'a [u8]) -> Result<Self, BundleFault> {
        let lines = std::str::from_utf8(lines).map_err(|_| BundleFault::Record)?;
        Ok(Self(lines))
    }

    /// Reads one after another.
    pub fn iter(self) -> impl Iterator<Item = Result<Record, BundleFault>> + use<'a> {
        self.0.lines().map(record)
    }
}

fn record(line: &str) -> Result<Record, BundleFault> {
    if line.len() > LINE_MAX {
        return Err(BundleFault::Record);
    }
    serde_json::from_str(line).map_err(|_| BundleFault::Record)
}
