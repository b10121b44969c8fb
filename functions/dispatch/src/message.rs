//! What the dispatcher tells itself through the dispatch queue. A hint like every message: lost, doubled or late it does no
//! harm, for the table says what there is to do.

use serde::{Deserialize, Serialize};

/// The schema version of messages that this code writes.
const VERSION: u32 = 1;

/// What a run of the dispatcher is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispatchMessage {
    /// This shard of the index by attention has more than a tick can do.
    Shard(u32),
    /// Events wait for their place in the audit log, wherever they are.
    Seal,
}

/// A message as JSON.
#[derive(Serialize, Deserialize)]
struct Form {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    seal: bool,
}

impl DispatchMessage {
    /// The text for the queue.
    pub fn to_text(self) -> String {
        let (shard, seal) = match self {
            Self::Shard(shard) => (Some(shard), false),
            Self::Seal => (None, true),
        };
        let form = Form {
            v: VERSION,
            shard,
            seal,
        };
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// The message in a text of the queue; `None` for one that this code cannot follow. The next version is read, too: while
    /// a deployment rolls out or back, both are at work.
    pub fn from_text(text: &str) -> Option<Self> {
        let form: Form = serde_json::from_str(text).ok()?;
        match (form.shard, form.seal) {
            _ if form.v > VERSION + 1 => None,
            (Some(shard), false) => Some(Self::Shard(shard)),
            (None, true) => Some(Self::Seal),
            (Some(_), true) | (None, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_survives_its_text() {
        for message in [DispatchMessage::Shard(127), DispatchMessage::Seal] {
            let text = message.to_text();
            assert_eq!(DispatchMessage::from_text(&text), Some(message), "{text}");
        }
        assert_eq!(DispatchMessage::Shard(3).to_text(), r#"{"v":1,"shard":3}"#);
    }

    #[test]
    fn message_of_much_newer_code_or_none_at_all_is_refused() {
        for text in [
            r#"{"v":3,"shard":1}"#,
            r#"{"v":1}"#,
            r#"{"v":1,"shard":1,"seal":true}"#,
            "shard 1",
        ] {
            assert_eq!(DispatchMessage::from_text(text), None, "{text}");
        }
    }
}
