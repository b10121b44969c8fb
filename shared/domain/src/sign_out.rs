//! Signing out at a network: what it issued to us is ended once its account is disconnected.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::delivery::UnreadableMessage;
use crate::id::{AccountId, TenantId};
use crate::message;

/// How long a network that cannot be told is tried. Then its credential is removed all the same: a server that is gone
/// must not make us keep what opens an account.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// After the first try; longer than a try takes.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// At most.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// When the next try may begin, after `tries` before one that begins now.
pub fn next_try(tries: u32, now: Timestamp) -> Timestamp {
    let factor = 2_i32.checked_pow(tries).unwrap_or(i32::MAX);
    let pause = FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE);
    now.saturating_add(pause).unwrap_or(now)
}

/// Whether nobody tries any more, for an account that was disconnected at this time.
pub fn is_too_late(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= GIVE_UP_AFTER
}

/// A message of the publishing queue: the session of a disconnected account is to be ended. Only a hint, as every message
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignOutMessage {
    /// The network is to be told, if it was not.
    SignOut {
        /// Whose account it was.
        tenant: TenantId,
        /// The account.
        account: AccountId,
    },
}

impl SignOutMessage {
    /// The text for the queue.
    pub fn to_text(self) -> String {
        message::to_text(self)
    }

    /// The message in a text of the queue.
    pub fn from_text(text: &str) -> Result<Self, UnreadableMessage> {
        message::from_text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let now = Timestamp::UNIX_EPOCH;
        let minutes = |tries| next_try(tries, now).as_second() / 60;

        assert_eq!([0, 1, 2, 5, 6, 200].map(minutes), [1, 2, 4, 32, 60, 60]);
    }

    #[test]
    fn network_is_tried_for_a_day() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |seconds| Timestamp::from_second(seconds).unwrap();

        assert!(!is_too_late(since, after(86_399)));
        assert!(is_too_late(since, after(86_400)));
    }

    #[test]
    fn sign_out_message_is_read_as_it_was_written() {
        let message = SignOutMessage::SignOut {
            tenant: "ten_00000000000000000000000001".parse().unwrap(),
            account: "acc_00000000000000000000000002".parse().unwrap(),
        };
        let text = message.to_text();
        assert_eq!(
            text,
            r#"{"v":1,"kind":"sign_out","tenant":"ten_00000000000000000000000001","account":"acc_00000000000000000000000002"}"#
        );

        assert_eq!(SignOutMessage::from_text(&text).unwrap(), message);
        let later = text.replace(r#""v":1"#, r#""v":3"#);
        assert!(matches!(
            SignOutMessage::from_text(&later),
            Err(UnreadableMessage::Version(3))
        ));
    }
}
