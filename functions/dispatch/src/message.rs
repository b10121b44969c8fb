//! What the dispatcher tells itself through the dispatch queue: which shard has more than a tick can do. A hint like every
//! message: lost, doubled or late it does no harm, for the shard says what there is to do.

use serde::{Deserialize, Serialize};

/// The schema version of messages that this code writes.
const VERSION: u32 = 1;

/// A shard of the index by attention that somebody should work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardMessage {
    v: u32,
    /// Which.
    pub shard: u32,
}

impl ShardMessage {
    /// The message that names this shard.
    pub const fn new(shard: u32) -> Self {
        Self { v: VERSION, shard }
    }

    /// The text for the queue.
    pub fn to_text(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// The message in a text of the queue; `None` for one that this code cannot follow. The next version is read, too: while
    /// a deployment rolls out or back, both are at work.
    pub fn from_text(text: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(text).ok()?;
        (message.v <= VERSION + 1).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_survives_its_text() {
        let message = ShardMessage::new(127);

        assert_eq!(ShardMessage::from_text(&message.to_text()), Some(message));
    }

    #[test]
    fn message_of_much_newer_code_or_none_at_all_is_refused() {
        assert_eq!(ShardMessage::from_text(r#"{"v":3,"shard":1}"#), None);
        assert_eq!(ShardMessage::from_text("shard 1"), None);
    }
}
