//! Typed ids in the TypeID form: a prefix, an underscore and the 26 characters of a UUIDv7 (RFC 9562) in lower-case
//! Crockford base32. Their text sorts by creation time, so ids serve as sort keys and cursors.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::clock::{Clock, Random};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 26;

/// Makes new ids from an injected clock and random source. Ids of one source, clones included, rise strictly: what was
/// made first also sorts first within a millisecond.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    last: Arc<Mutex<Last>>,
}

/// The time and counter of the newest id.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    millis: u64,
    counter: u16,
}

/// The counter takes the 12 bits after the time (RFC 9562, 6.2, method 1) and starts in the lower half.
const COUNTER_MAX: u16 = 0x0fff;
const COUNTER_START_MAX: u16 = 0x07ff;

impl Ids {
    /// A source of ids that are ordered by `clock`.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            clock,
            random,
            last: Arc::default(),
        }
    }

    /// The clock that orders them.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Where their random part comes from.
    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    fn uuid_v7(&self) -> Uuid {
        let mut random = [0_u8; 10];
        self.random.fill(&mut random);
        let [first, second, ..] = random;
        let Last { millis, counter } =
            self.next(u16::from_be_bytes([first, second]) & COUNTER_START_MAX);
        let [high, low] = counter.to_be_bytes();
        let [counter_high, counter_low, ..] = &mut random;
        (*counter_high, *counter_low) = (high, low);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// The present time with `start`, or what follows the newest id where the clock stands still or went back.
    fn next(&self, start: u16) -> Last {
        let now = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if now > last.millis {
            Last {
                millis: now,
                counter: start,
            }
        } else if last.counter < COUNTER_MAX {
            Last {
                counter: last.counter.saturating_add(1),
                ..*last
            }
        } else {
            Last {
                millis: last.millis.saturating_add(1),
                counter: start,
            }
        };
        *last
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected `{prefix}_` and 26 characters")]
pub struct InvalidId {
    /// The prefix that the wanted kind of id has.
    pub prefix: &'static str,
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the text form, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id of the present time.
            pub fn generate(ids: &Ids) -> Self {
                Self(ids.uuid_v7())
            }

            /// The id with this UUID; for ids that are derived from something else.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), Base32(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

id! {
    /// A person who signs in.
    UserId = "usr",
    /// A customer whose posts, accounts and members are separate from every other's.
    TenantId = "ten",
    /// A connected account at a social network.
    AccountId = "acc",
    /// What people write and schedule.
    PostId = "post",
    /// One post at one account: the unit of publishing (a post's target).
    DeliveryId = "dlv",
    /// An image or a video.
    MediaId = "med",
    /// A role that a tenant made.
    RoleId = "rol",
    /// A named set of accounts.
    AccountGroupId = "grp",
    /// An invitation to a tenant.
    InvitationId = "inv",
    /// That a tenant lets itself be looked into by support.
    SupportConsentId = "sup",
    /// Something that happened, for timelines and the audit log.
    EventId = "evt",
    /// A key of a program.
    ApiKeyId = "key",
    /// A family of refresh tokens: one sign-in of a program.
    FamilyId = "fam",
    /// A passkey of a person.
    PasskeyId = "psk",
    /// An export of everything that a tenant has.
    ExportId = "exp",
    /// An import of what another tenant had.
    ImportId = "imp",
    /// A mail that is owed to somebody.
    NoticeId = "ntc",
    /// One conditional write: how a repeated attempt recognises its own earlier success.
    OperationId = "op",
}

struct Base32(Uuid);

impl fmt::Display for Base32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.as_u128();
        for position in (0..TEXT_LENGTH).rev() {
            let digit = (value >> (5 * position)) & 0x1f;
            let symbol = usize::try_from(digit)
                .ok()
                .and_then(|digit| ALPHABET.get(digit))
                .copied();
            fmt::Write::write_char(f, char::from(symbol.unwrap_or(b'0')))?;
        }
        Ok(())
    }
}

/// Only the canonical form: 26 characters carry 130 bits, so the first one is at most `7`.
fn decode(text: &str) -> Option<Uuid> {
    if text.len() != TEXT_LENGTH || !text.starts_with(|first: char| ('0'..='7').contains(&first)) {
        return None;
    }
    let mut value = 0_u128;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|symbol| *symbol == byte)?;
        value = (value << 5) | u128::try_from(digit).ok()?;
    }
    Some(Uuid::from_u128(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn id_of_any_uuid_survives_its_text(value: u128) {
            let id = PostId::from_uuid(Uuid::from_u128(value));

            prop_assert_eq!(id.to_string().parse::<PostId>(), Ok(id));
        }

        #[test]
        fn id_text_sorts_like_its_uuid(left: u128, right: u128) {
            let (first, second) = (MediaId::from_uuid(Uuid::from_u128(left)), MediaId::from_uuid(Uuid::from_u128(right)));

            prop_assert_eq!(first.to_string().cmp(&second.to_string()), left.cmp(&right));
        }

        #[test]
        fn id_of_any_other_text_is_refused(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<AccountId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn wait_until(
            &self,
            _instant: jiff::Timestamp,
        ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(std::future::pending())
        }
    }

    impl Random for Stopped {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn ids_of_one_millisecond_rise_also_past_the_counter() {
        let ids = Ids::new(Arc::new(Stopped), Arc::new(Stopped));
        let made: Vec<EventId> = (0..10_000).map(|_| EventId::generate(&ids)).collect();

        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.iter().all(|id| id.as_uuid().get_version_num() == 7));
    }

    #[test]
    fn id_with_another_prefix_is_refused() {
        let post = PostId::from_uuid(Uuid::from_u128(7)).to_string();

        assert_eq!(post, "post_00000000000000000000000007");
        assert!(post.parse::<AccountId>().is_err());
    }

    #[test]
    fn id_in_a_form_that_is_not_canonical_is_refused() {
        for text in [
            "post_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "post_0000000000000000000000000A",
            "post_0000000000000000000000000l",
            "post_",
            "",
        ] {
            assert!(text.parse::<PostId>().is_err(), "{text}");
        }
    }
}
