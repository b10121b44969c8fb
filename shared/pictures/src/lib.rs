//! What uploaded bytes really are. Nothing is decoded before its header says that it fits into memory, and what is kept
//! is what was decoded.

mod avatar;
mod clean;
mod decode;
mod refusal;
mod sniff;

use aws_lc_rs::digest;
use bytes::Bytes;
use domain::media::{ImageType, MediaFacts, MediaKind};

pub use avatar::avatar;
use clean::clean;
pub use refusal::Refusal;
pub use sniff::SNIFFED;

/// A sound image: the bytes to keep, without what was written beside the picture, and what they are.
#[derive(Debug)]
pub struct Proven {
    /// The bytes.
    pub bytes: Bytes,
    /// What they are.
    pub facts: MediaFacts,
}

/// Whether bytes that begin with `start` are of the declared type.
pub fn check_type(start: &[u8], declared: ImageType) -> Result<(), Refusal> {
    let found = sniff::sniff(start);
    if found == declared.content_type() {
        Ok(())
    } else {
        Err(Refusal::TypeMismatch { declared, found })
    }
}

/// What the bytes are, if they are a sound image of the declared type. Takes processor time: not for async threads.
pub fn probe(uploaded: &[u8], declared: ImageType) -> Result<Proven, Refusal> {
    check_type(uploaded, declared)?;
    let header = decode::header(uploaded, declared)?;
    let cleaned = clean(uploaded, declared).ok_or_else(|| Refusal::Corrupt {
        reason: "it ends too early".to_owned(),
    })?;
    let picture = decode::decode(cleaned, declared, header.orientation)?;
    Ok(Proven {
        facts: MediaFacts {
            kind: MediaKind::Image,
            content_type: declared.content_type().to_owned(),
            bytes: u64::try_from(picture.bytes.len()).unwrap_or(u64::MAX),
            width: picture.width,
            height: picture.height,
            duration_ms: None,
            sha256: hex::encode(digest::digest(&digest::SHA256, &picture.bytes)),
        },
        bytes: picture.bytes.into(),
    })
}
