//! What travels through the queue: ids and versions, never the truth. Whoever receives a message reads the delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Delivery, Fence, Revision};
use crate::id::{AccountId, DeliveryId, PostId, TenantId};

/// Where a delivery is stored. Messages and index entries carry it, and only this product writes those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// The post.
    pub post: PostId,
    /// The account.
    pub account: AccountId,
    /// The delivery.
    pub delivery: DeliveryId,
}

impl DeliveryKey {
    /// Where this delivery is stored.
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            tenant: delivery.tenant,
            post: delivery.post,
            account: delivery.account,
            delivery: delivery.id,
        }
    }
}

/// A look at an uncertain outcome. It is for one look only, so that doubled and late messages make no further ones, and
/// it is timed by the queue, so that no wrong clock can make it early: what its absence proves depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The claim whose outcome is uncertain.
    pub fence: Fence,
    /// The looks that were made before.
    pub looks: u32,
    /// Seconds for which the queue holds it.
    pub waits: u32,
}

/// A message of the publishing queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryMessage {
    /// Do what the delivery's state asks for: publish, poll a remote job, or look for an uncertain outcome.
    Work {
        /// Which delivery.
        #[serde(flatten)]
        key: DeliveryKey,
        /// The plan for which it was sent; void for every other.
        rev: Revision,
        /// Not before this time: the delivery's not-before for a try, else the time of the poll or look.
        nb: Timestamp,
        /// The look at an uncertain outcome that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look: Option<Look>,
    },
    /// The owner of this claim seemed dead a lease ago; if it still owns the delivery, its outcome is uncertain.
    Reap {
        /// Which delivery.
        #[serde(flatten)]
        key: DeliveryKey,
        /// The claim.
        fence: Fence,
    },
}

/// A message with the schema version that it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    /// The version; a reader takes its own, those before and the next one: while a deployment rolls out or back, both are
    /// at work.
    pub v: u32,
    /// The message.
    #[serde(flatten)]
    pub message: DeliveryMessage,
}

/// The schema version of messages that this code writes.
pub const MESSAGE_VERSION: u32 = 1;

/// Why a text is not a message that this code can follow.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    /// It is no message at all.
    #[error("the message cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// Newer code wrote it.
    #[error("the message has version {0}")]
    Version(u32),
}

impl DeliveryMessage {
    /// The text for the queue.
    pub fn to_text(self) -> String {
        let versioned = Versioned {
            v: MESSAGE_VERSION,
            message: self,
        };
        serde_json::to_string(&versioned).unwrap_or_default()
    }

    /// The message in a text of the queue.
    pub fn from_text(text: &str) -> Result<Self, UnreadableMessage> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_str(text).map_err(UnreadableMessage::Malformed)?;
        if v > MESSAGE_VERSION.saturating_add(1) {
            return Err(UnreadableMessage::Version(v));
        }
        let versioned: Versioned =
            serde_json::from_str(text).map_err(UnreadableMessage::Malformed)?;
        Ok(versioned.message)
    }

    /// Where the delivery is stored.
    pub fn key(&self) -> &DeliveryKey {
        match self {
            Self::Work { key, .. } | Self::Reap { key, .. } => key,
        }
    }

    /// Whole seconds until it should become visible: rounded down, for being early is repaired and being late is not.
    pub fn delay_seconds(&self, now: Timestamp) -> u64 {
        match self {
            Self::Work {
                look: Some(look), ..
            } => u64::from(look.waits),
            Self::Work { nb, look: None, .. } => crate::clock::seconds_between(now, *nb),
            Self::Reap { .. } => u64::try_from(super::timing::LEASE.as_secs()).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key() -> DeliveryKey {
        let uuid = Uuid::from_u128(5);
        DeliveryKey {
            tenant: TenantId::from_uuid(uuid),
            post: PostId::from_uuid(uuid),
            account: AccountId::from_uuid(uuid),
            delivery: DeliveryId::from_uuid(uuid),
        }
    }

    #[test]
    fn message_survives_its_text() {
        for message in [
            DeliveryMessage::Work {
                key: key(),
                rev: 3,
                nb: "2026-12-01T09:00:00Z".parse().unwrap(),
                look: None,
            },
            DeliveryMessage::Work {
                key: key(),
                rev: 3,
                nb: "2026-12-01T09:00:00Z".parse().unwrap(),
                look: Some(Look {
                    fence: 2,
                    looks: 1,
                    waits: 120,
                }),
            },
            DeliveryMessage::Reap {
                key: key(),
                fence: 9,
            },
        ] {
            assert_eq!(
                DeliveryMessage::from_text(&message.to_text()).unwrap(),
                message
            );
        }
    }

    #[test]
    fn message_with_an_unknown_field_is_read() {
        let text = DeliveryMessage::Reap {
            key: key(),
            fence: 9,
        }
        .to_text()
        .replacen('{', r#"{"trace":"x","#, 1);

        assert!(DeliveryMessage::from_text(&text).is_ok());
    }

    #[test]
    fn message_of_the_next_version_is_read() {
        let message = DeliveryMessage::Reap {
            key: key(),
            fence: 9,
        };
        let next = message.to_text().replace(r#""v":1"#, r#""v":2"#);

        assert_eq!(DeliveryMessage::from_text(&next).unwrap(), message);
    }

    #[test]
    fn message_for_a_look_waits_as_long_as_it_says_whatever_the_time() {
        let message = DeliveryMessage::Work {
            key: key(),
            rev: 1,
            nb: "2026-12-01T09:00:00Z".parse().unwrap(),
            look: Some(Look {
                fence: 2,
                looks: 0,
                waits: 30,
            }),
        };

        assert_eq!(
            message.delay_seconds("2026-12-01T09:05:00Z".parse().unwrap()),
            30
        );
    }

    #[test]
    fn message_of_much_newer_code_is_refused() {
        let text = DeliveryMessage::Reap {
            key: key(),
            fence: 9,
        }
        .to_text()
        .replace(r#""v":1"#, r#""v":3"#);

        assert!(matches!(
            DeliveryMessage::from_text(&text),
            Err(UnreadableMessage::Version(3))
        ));
    }

    #[test]
    fn delay_is_rounded_down_and_never_negative() {
        let message = DeliveryMessage::Work {
            key: key(),
            rev: 1,
            nb: "2026-12-01T09:00:00Z".parse().unwrap(),
            look: None,
        };

        assert_eq!(
            message.delay_seconds("2026-12-01T08:58:00.4Z".parse().unwrap()),
            119
        );
        assert_eq!(
            message.delay_seconds("2026-12-01T09:00:05Z".parse().unwrap()),
            0
        );
    }
}
