//! The same picture without what its camera and its editor wrote beside it: places, times, names, thumbnails of what
//! was cut away, and whatever was appended to the file. No pixel changes.
//!
//! Each format keeps what is known to shape the picture and drops everything else, so that nothing new slips through.

mod bytes;
mod gif;
mod jpeg;
mod png;
mod webp;

use domain::media::ImageType;

/// The cleaned image; `None` where its structure ends too early or is not that of its type.
pub(crate) fn clean(image: &[u8], kind: ImageType) -> Option<Vec<u8>> {
    match kind {
        ImageType::Jpeg => jpeg::clean(image),
        ImageType::Png => png::clean(image),
        ImageType::Webp => webp::clean(image),
        ImageType::Gif => gif::clean(image),
    }
}
