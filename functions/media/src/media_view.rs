//! How callers see a medium.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::objects::{ObjectStore, SignedUpload};
use domain::Result;
use domain::media::{Media, MediaFacts, MediaKind, MediaState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kept_at;

/// How long an address to read from works.
const READ_LIFETIME: Duration = Duration::from_mins(15);

/// An image.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Media)]
pub(crate) struct MediaView {
    /// Its id.
    #[schema(example = "med_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// `uploading` until the bytes are there and proven, then `ready`.
    #[schema(example = "ready")]
    state: &'static str,
    /// `image` or `video`.
    #[schema(value_type = String, example = "image")]
    kind: MediaKind,
    /// The name that the file had.
    file_name: String,
    /// The type: declared while `uploading`, then proven.
    #[schema(example = "image/png")]
    content_type: String,
    /// Size in bytes: declared while `uploading`, then proven.
    bytes: u64,
    /// Width in pixels as shown; `null` while `uploading`.
    width: Option<u32>,
    /// Height in pixels as shown; `null` while `uploading`.
    height: Option<u32>,
    /// Length of a video in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    /// SHA-256 of the bytes, hexadecimal; `null` while `uploading`.
    sha256: Option<String>,
    /// What people who cannot see it are told.
    alt_text: String,
    /// How many posts use it.
    uses: u64,
    /// Where the bytes can be read for some minutes; `null` while `uploading`, and for support.
    url: Option<String>,
    /// Who uploaded it.
    created_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: jiff::Timestamp,
    /// When anything of it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: jiff::Timestamp,
}

impl MediaView {
    /// The medium, with an address to read from where there are bytes. Without `objects` there is none: an address opens
    /// to whoever has it, also after they may not look any more.
    pub(crate) async fn of(media: Media, objects: Option<&dyn ObjectStore>) -> Result<Self> {
        let key = kept_at(&media);
        let Media {
            id,
            tenant: _,
            file_name,
            content_type,
            bytes,
            alt_text,
            state,
            uses,
            created_by,
            created_at,
            updated_at,
        } = media;
        let mut view = Self {
            id: id.to_string(),
            state: "uploading",
            kind: MediaKind::Image,
            file_name,
            content_type,
            bytes,
            width: None,
            height: None,
            duration_ms: None,
            sha256: None,
            alt_text,
            uses,
            url: None,
            created_by: created_by.to_string(),
            created_at,
            updated_at,
        };
        match state {
            MediaState::Uploading => {}
            MediaState::Ready(facts) => {
                view.take_facts(facts);
                if let Some(objects) = objects {
                    view.url = Some(objects.presign_read(key, READ_LIFETIME).await?.into());
                }
            }
        }
        Ok(view)
    }

    fn take_facts(&mut self, facts: MediaFacts) {
        let MediaFacts {
            kind,
            content_type,
            bytes,
            width,
            height,
            duration_ms,
            sha256,
        } = facts;
        self.state = "ready";
        self.kind = kind;
        self.content_type = content_type;
        self.bytes = bytes;
        self.width = Some(width);
        self.height = Some(height);
        self.duration_ms = duration_ms;
        self.sha256 = Some(sha256);
    }
}

/// How to upload the bytes: one request with this method, address and headers, and the bytes as its body.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(crate) struct UploadView {
    /// The method.
    #[schema(example = "PUT")]
    method: &'static str,
    /// The signed address; whoever has it can upload until it expires.
    url: String,
    /// Headers that must be sent as they are.
    headers: BTreeMap<String, String>,
}

impl From<SignedUpload> for UploadView {
    fn from(upload: SignedUpload) -> Self {
        Self {
            method: upload.method,
            url: upload.url.into(),
            headers: upload.headers,
        }
    }
}
