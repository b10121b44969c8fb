//! `m1autoposter verify-export`: checks the files of an export without the product that made it.

use std::fmt;
use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use domain::import::{ReadVolume, VOLUME_BYTES_MAX};
use transfers::bundle::BundleReader;

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter verify-export FILE…

FILEs are all files of one export, in their order.";

/// What was found to be in order: the last file, and with it those before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(ReadVolume);

/// Checks the files that `arguments` name, one after another.
pub fn verify_export(arguments: &[String]) -> Result<Verified> {
    if arguments.is_empty() {
        bail!(USAGE);
    }
    let mut reader = BundleReader::default();
    for file in arguments {
        let bytes = read(file).with_context(|| format!("{file} cannot be read"))?;
        reader.volume(&bytes).with_context(|| file.clone())?;
    }
    Ok(Verified(reader.finish()?))
}

/// One byte more than a volume can have is enough to refuse it, however large the file is.
fn read(file: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(file)?;
    file.take(VOLUME_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadVolume {
            export,
            tenant,
            requested_at,
            number,
            counts,
            ..
        } = &self.0;
        write!(
            f,
            "The export {export} of {tenant}, asked for at {requested_at}, is whole: {number} files with {} posts, {} media, \
             {} accounts and {} members, each as it was packed.",
            counts.posts, counts.media, counts.accounts, counts.members
        )
    }
}
