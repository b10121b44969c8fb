//! Attribute values.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;

/// An item, or the projected part of one.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers hand over what they made for it"
)]
pub(crate) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// An instant as milliseconds since the epoch: compares as a number, whatever its fraction.
pub(crate) fn instant(value: Timestamp) -> AttributeValue {
    number(value.as_millisecond())
}

/// Anything that serde can write.
pub(crate) fn value<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value)
        .map_err(|error| Error::internal("a value cannot be stored", error))
}

/// The text of an attribute.
pub(crate) fn text_of<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    match attributes.get(name)? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

/// The number of an attribute.
pub(crate) fn number_of<T: std::str::FromStr>(attributes: &Attributes, name: &str) -> Option<T> {
    match attributes.get(name)? {
        AttributeValue::N(number) => number.parse().ok(),
        _ => None,
    }
}

/// Stores an instant as milliseconds since the epoch: `#[serde(with = "millis")]`.
pub(crate) mod millis {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        instant: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(instant.as_millisecond())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let millis = i64::deserialize(deserializer)?;
        Timestamp::from_millisecond(millis).map_err(serde::de::Error::custom)
    }
}

/// Stores an optional instant as milliseconds since the epoch; combine with `default` and `skip_serializing_if`.
pub(crate) mod optional_millis {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(
        instant: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => serializer.serialize_some(&instant.as_millisecond()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let millis = Option::<i64>::deserialize(deserializer)?;
        millis
            .map(|millis| Timestamp::from_millisecond(millis).map_err(serde::de::Error::custom))
            .transpose()
    }
}

/// Stores a duration as whole seconds: `#[serde(with = "seconds")]`.
pub(crate) mod seconds {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        duration: &SignedDuration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(duration.as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedDuration, D::Error> {
        i64::deserialize(deserializer).map(SignedDuration::from_secs)
    }
}

/// What [`base64_bytes`] stores.
pub(crate) fn base64_text(bytes: &[u8]) -> AttributeValue {
    use base64::Engine as _;
    text(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// Stores bytes as base64 text, which the console shows and every reader takes.
pub(crate) mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}
