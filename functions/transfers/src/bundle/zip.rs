//! Zip files whose entries are stored as they are (PKWARE's APPNOTE 6.3): every system opens them, and none of them can
//! unpack to more than it is.

use domain::{Error, Result};

use super::fault::BundleFault;

/// 1 January 1980, the first day that the format knows: the same content makes the same bytes.
const NO_DATE: u16 = 0x0021;
/// The version of the format that a reader must know.
const VERSION: u16 = 20;

/// Bytes of what headers of entries and of the directory have in common.
const COMMON: usize = 26;
/// Entries of a volume, at the most.
const ENTRIES_MAX: usize = 1_000;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const END_OF_DIRECTORY: u32 = 0x0605_4b50;

/// A zip file that is being written.
#[derive(Debug, Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Zip {
    /// How long it is so far, without its directory.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a file. Its name is of ASCII and no entry has it yet.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let offset = fits::<u32>(self.bytes.len())?;
        let size = fits::<u32>(content.len())?;
        let name_length = fits::<u16>(name.len())?;
        let mut common = Vec::with_capacity(COMMON);
        for field in [VERSION, 0, 0, 0, NO_DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc32fast::hash(content), size, size] {
            common.extend(field.to_le_bytes());
        }
        // The lengths of the name and of what else there could be.
        common.extend(name_length.to_le_bytes());
        common.extend(0_u16.to_le_bytes());

        self.bytes.extend(LOCAL_HEADER.to_le_bytes());
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);

        self.directory.extend(DIRECTORY_HEADER.to_le_bytes());
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&common);
        // No comment, the first disk, no attributes.
        self.directory.extend([0_u8; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.entries = fits(usize::from(self.entries) + 1)?;
        Ok(())
    }

    /// The whole file.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        let offset = fits::<u32>(self.bytes.len())?;
        let size = fits::<u32>(self.directory.len())?;
        self.bytes.append(&mut self.directory);
        self.bytes.extend(END_OF_DIRECTORY.to_le_bytes());
        self.bytes.extend([0_u8; 4]);
        for field in [self.entries, self.entries] {
            self.bytes.extend(field.to_le_bytes());
        }
        for field in [size, offset] {
            self.bytes.extend(field.to_le_bytes());
        }
        self.bytes.extend([0_u8; 2]);
        Ok(self.bytes)
    }
}

/// The entries of a zip file that is as [`Zip`] makes it, byte for byte: nothing overlaps, nothing hides between entries or
/// behind them, nothing is compressed, and there is one way only to read it. All else is refused without being unpacked.
pub(super) fn entries(volume: &[u8]) -> std::result::Result<Vec<(&str, &[u8])>, BundleFault> {
    let mut found = Vec::new();
    let mut written = Zip::default();
    let mut rest = volume;
    while let Some(after) = rest.strip_prefix(&LOCAL_HEADER.to_le_bytes()) {
        if found.len() >= ENTRIES_MAX {
            return Err(BundleFault::TooLarge);
        }
        let (header, after) = after
            .split_first_chunk::<COMMON>()
            .ok_or(BundleFault::Changed)?;
        if number(header, 4, 2) != 0 {
            return Err(BundleFault::Compressed);
        }
        let (name, after) = split(after, number(header, 22, 2))?;
        let (content, after) = split(after, number(header, 14, 4))?;
        let name = std::str::from_utf8(name).map_err(|_| BundleFault::Changed)?;
        written
            .add(name, content)
            .map_err(|_| BundleFault::TooLarge)?;
        found.push((name, content));
        rest = after;
    }
    let is_ours = written.finish().is_ok_and(|bytes| bytes == volume);
    is_ours.then_some(found).ok_or(BundleFault::Changed)
}

/// A number of a header; zero where the header does not reach.
fn number(header: &[u8; COMMON], at: usize, bytes: usize) -> usize {
    let digits = header.iter().skip(at).take(bytes).rev();
    digits.fold(0, |number, byte| (number << 8) | usize::from(*byte))
}

fn split(bytes: &[u8], at: usize) -> std::result::Result<(&[u8], &[u8]), BundleFault> {
    bytes.split_at_checked(at).ok_or(BundleFault::Changed)
}

fn fits<T: TryFrom<usize, Error = std::num::TryFromIntError>>(value: usize) -> Result<T> {
    T::try_from(value).map_err(|error| Error::internal("a volume is too large", error))
}
