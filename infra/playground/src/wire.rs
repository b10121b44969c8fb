//! What the network and its client say to each other.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Limits of the network, which the server enforces and the rules announce.
pub(crate) const TEXT_GRAPHEMES_MAX: u32 = 500;
pub(crate) const TEXT_BYTES_MAX: u32 = 20_000;
pub(crate) const IMAGES_MAX: u32 = 4;
pub(crate) const IMAGE_BYTES_MAX: u64 = 5 * 1024 * 1024;
pub(crate) const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];
pub(crate) const ALT_TEXT_GRAPHEMES_MAX: u32 = 1000;
/// Further parts of a thread, behind the first.
pub(crate) const THREAD_PARTS_MAX: u32 = 9;
/// Longest delay of a behaviour: no accepted post appears later than this after its call.
pub(crate) const DELAY_MS_MAX: u64 = 600_000;
/// Most characters of an account's name.
pub(crate) const IDENTIFIER_MAX: usize = 64;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) identifier: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) identifier: String,
    pub(crate) token: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Me {
    pub(crate) identifier: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Uploaded {
    pub(crate) id: String,
}

/// A publishing call: a post, or a thread that appears as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) parts: Vec<PublishPart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishPart {
    pub(crate) text: String,
    pub(crate) media: Vec<PublishMedia>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishMedia {
    pub(crate) id: String,
    pub(crate) alt_text: String,
}

/// The answer to an accepted call: `post` where it is visible already (201), `job` where it must be polled (202).
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Accepted {
    Post { id: String, posted_at: Timestamp },
    Job { id: String, poll_at: Timestamp },
}

/// The state of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Job {
    Running { poll_at: Timestamp },
    Done { id: String, posted_at: Timestamp },
}

/// The account's own posts, for read-back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OwnPosts {
    pub(crate) items: Vec<OwnPost>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OwnPost {
    /// `None` while the call is still being worked on and may yet end in a post.
    pub(crate) id: Option<String>,
    pub(crate) text: String,
    pub(crate) media_count: usize,
    pub(crate) reply_to: Option<String>,
    /// When readers see it; may be ahead.
    pub(crate) posted_at: Timestamp,
    pub(crate) visible: bool,
}

/// An error answer (RFC 9457).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) detail: String,
}
