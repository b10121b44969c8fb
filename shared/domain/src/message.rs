//! Messages of the publishing queue that are about no delivery, with the schema version that they were written in.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::delivery::{MESSAGE_VERSION, UnreadableMessage};

#[derive(Serialize, Deserialize)]
struct Versioned<M> {
    v: u32,
    #[serde(flatten)]
    message: M,
}

/// The text for the queue.
pub(crate) fn to_text(message: impl Serialize) -> String {
    let versioned = Versioned {
        v: MESSAGE_VERSION,
        message,
    };
    serde_json::to_string(&versioned).unwrap_or_default()
}

/// The message in a text of the queue: of this version, those before and the next one.
pub(crate) fn from_text<M: DeserializeOwned>(text: &str) -> Result<M, UnreadableMessage> {
    let Versioned { v, message } =
        serde_json::from_str(text).map_err(UnreadableMessage::Malformed)?;
    if v > MESSAGE_VERSION.saturating_add(1) {
        return Err(UnreadableMessage::Version(v));
    }
    Ok(message)
}
