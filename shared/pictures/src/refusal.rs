//! Why bytes cannot be used.

use domain::Error;
use domain::media::ImageType;

/// Why bytes cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They are no image of a type that we take.
    NotTaken {
        /// What they begin like.
        found: &'static str,
    },
    /// They are something else.
    TypeMismatch {
        /// What somebody said.
        declared: ImageType,
        /// What they begin like.
        found: &'static str,
    },
    /// A side is too long, or there are too many pixels.
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Pixels that a side may have.
        side_max: u32,
        /// Pixels that there may be altogether.
        pixels_max: u64,
    },
    /// The colours need more memory than there is.
    TooDeep {
        /// That they need.
        bytes: u64,
    },
    /// An animation is too long.
    TooManyFrames {
        /// That it may have.
        most: u32,
    },
    /// They cannot be decoded to the end.
    Corrupt {
        /// What the decoder says.
        reason: String,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::NotTaken { found } => (
                "unsupported_type",
                format!(
                    "the bytes are {found}; use one of {}",
                    ImageType::ALL.map(ImageType::content_type).join(", ")
                ),
            ),
            Refusal::TypeMismatch { declared, found } => (
                "type_mismatch",
                format!(
                    "{} was declared, but the bytes are {found}",
                    declared.content_type()
                ),
            ),
            Refusal::TooLarge {
                width,
                height,
                side_max,
                pixels_max,
            } => (
                "image_too_large",
                format!(
                    "the image has {width} x {height} pixels; at most {side_max} a side and {pixels_max} altogether"
                ),
            ),
            Refusal::TooDeep { bytes } => (
                "image_too_large",
                format!("decoded, the image has {bytes} bytes: use 8 bits per colour"),
            ),
            Refusal::TooManyFrames { most } => (
                "image_too_large",
                format!("the animation is too long: at most {most} frames of its size"),
            ),
            Refusal::Corrupt { reason } => (
                "corrupt_image",
                format!("the image cannot be decoded, is the file complete? {reason}"),
            ),
        };
        Self::Unusable { code, detail }
    }
}
