//! Images and videos.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{MediaId, TenantId, UserId};

/// Largest image that can be uploaded, in bytes.
pub const IMAGE_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Largest side of an image, in pixels.
pub const IMAGE_SIDE_MAX: u32 = 16_384;
/// Most pixels of an image: 50 megapixels decode into 200 MB, what a function with 512 MB can hold.
pub const IMAGE_PIXELS_MAX: u64 = 50_000_000;
/// Most characters of a file name.
pub const FILE_NAME_MAX: usize = 255;
/// Most characters of an alternative text; networks may take fewer.
pub const ALT_TEXT_MAX: usize = 10_000;

/// What kind of medium it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A still or animated image.
    Image,
    /// A video.
    Video,
}

/// The image types that we take, with the type's exact name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
    /// GIF.
    #[serde(rename = "image/gif")]
    Gif,
}

impl ImageType {
    /// Every type that we take.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Webp, Self::Gif];

    /// The content type, such as `image/png`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The type with this content type.
    pub fn of_content_type(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.content_type() == text)
    }
}

/// What a probe of the stored bytes found; the only description of a medium that rules look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// Image or video.
    pub kind: MediaKind,
    /// The type that the bytes have.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Width in pixels as shown, after the orientation is applied.
    pub width: u32,
    /// Height in pixels as shown, after the orientation is applied.
    pub height: u32,
    /// Length of a video in milliseconds.
    pub duration_ms: Option<u64>,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
}

/// How far a medium is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MediaState {
    /// The bytes are awaited.
    Uploading,
    /// The bytes are stored and probed.
    Ready(MediaFacts),
}

/// An image or a video of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The name that the file had.
    pub file_name: String,
    /// The declared content type.
    pub content_type: String,
    /// The declared size in bytes.
    pub bytes: u64,
    /// What people who cannot see it are told.
    pub alt_text: String,
    /// How far it is.
    pub state: MediaState,
    /// How many posts use it: a medium in use cannot be deleted.
    pub uses: u64,
    /// Who uploaded it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
}

impl Media {
    /// The facts, once the bytes are there.
    pub fn facts(&self) -> Option<&MediaFacts> {
        match &self.state {
            MediaState::Ready(facts) => Some(facts),
            MediaState::Uploading => None,
        }
    }
}
