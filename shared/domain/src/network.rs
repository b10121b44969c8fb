//! What the product must know about a social network: its name and its rules, as data.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The short stable name of a network, such as `bluesky`: lower-case letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetworkId(Cow<'static, str>);

/// The text is not the name of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network's name has 1 to 32 lower-case letters, digits and dashes")]
pub struct InvalidNetworkId;

impl NetworkId {
    /// Bluesky, and every other server of the AT protocol.
    pub const BLUESKY: Self = Self(Cow::Borrowed("bluesky"));
    /// The fake network of the local run.
    pub const PLAYGROUND: Self = Self(Cow::Borrowed("playground"));

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NetworkId {
    type Err = InvalidNetworkId;

    fn from_str(text: &str) -> Result<Self, InvalidNetworkId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for NetworkId {
    type Error = InvalidNetworkId;

    fn try_from(text: String) -> Result<Self, InvalidNetworkId> {
        let fits = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits {
            Ok(Self(Cow::Owned(text)))
        } else {
            Err(InvalidNetworkId)
        }
    }
}

impl From<NetworkId> for String {
    fn from(network: NetworkId) -> Self {
        network.0.into_owned()
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How people connect an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectMethod {
    /// By the network's consent page.
    Oauth,
    /// By credentials that the person types.
    Credentials,
}

/// One field of a connect form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CredentialField {
    /// The name in `credentials`.
    pub name: &'static str,
    /// What people see beside it.
    pub label: &'static str,
    /// Whether it is hidden while typed and stored only sealed.
    pub secret: bool,
    /// Whether the form may leave it out.
    pub optional: bool,
    /// An example or the default.
    pub placeholder: &'static str,
}

/// What a network accepts. One table serves the API, the publisher and the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// Rules of the text.
    pub text: TextRules,
    /// Rules of images and videos.
    pub media: MediaRules,
    /// The largest number of further parts in a thread; 0 where threads are not offered.
    pub thread_parts_max: u32,
    /// How the network lets us avoid a second post.
    pub repeat: RepeatRule,
    /// Shortest time between two posts of one account, in seconds; 0 where there is none.
    pub gap_seconds: u32,
    /// Most posts of one account in a day (UTC).
    pub daily_posts_max: u32,
}

/// Rules of the text of one post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextRules {
    /// Most grapheme clusters (what people see as characters).
    pub graphemes_max: u32,
    /// Most UTF-8 bytes.
    pub bytes_max: u32,
    /// Whether a post with media may have no text.
    pub optional_with_media: bool,
}

/// Rules of the media of one post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MediaRules {
    /// Most images.
    pub images_max: u32,
    /// Content types of images.
    pub image_types: &'static [&'static str],
    /// Most bytes of one image.
    pub image_bytes_max: u64,
    /// Most grapheme clusters of an alternative text.
    pub alt_text_max: u32,
    /// Most videos; 0 where videos are not offered.
    pub videos_max: u32,
}

/// What may be done when the answer to a publishing call is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RepeatRule {
    /// We choose the record's key, so a repeat of the call is recognised and harmless.
    ClientKey,
    /// Own posts can be listed; a post that is absent this many seconds after the call was given up never came. A post
    /// that the network took and still works on is not absent: where it does not show, the look must fail.
    ReadBack {
        /// Seconds from giving up the call to the first absence that counts; `None` where absence proves nothing.
        absence_after_seconds: Option<u32>,
    },
    /// Nothing: a person must look.
    Nothing,
}
