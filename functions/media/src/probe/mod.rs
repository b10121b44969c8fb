//! What uploaded bytes really are. Nothing is decoded before its header says that it fits into memory.

mod decode;
mod refusal;
mod sniff;

use aws_lc_rs::digest;
use domain::media::{ImageType, MediaFacts, MediaKind};

use refusal::Refusal;
pub(crate) use sniff::SNIFFED;

/// Whether bytes that begin with `start` are of the declared type.
pub(crate) fn check_type(start: &[u8], declared: ImageType) -> Result<(), Refusal> {
    let found = sniff::sniff(start);
    if found == declared.content_type() {
        Ok(())
    } else {
        Err(Refusal::TypeMismatch { declared, found })
    }
}

/// What the bytes are, if they are a sound image of the declared type. Takes processor time: not for async threads.
pub(crate) fn probe(bytes: &[u8], declared: ImageType) -> Result<MediaFacts, Refusal> {
    check_type(bytes, declared)?;
    let shown = decode::decode(bytes, declared)?;
    Ok(MediaFacts {
        kind: MediaKind::Image,
        content_type: declared.content_type().to_owned(),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        width: shown.width,
        height: shown.height,
        duration_ms: None,
        sha256: hex::encode(digest::digest(&digest::SHA256, bytes)),
    })
}
