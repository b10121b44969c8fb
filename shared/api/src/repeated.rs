//! Members that stand twice in their object, which I-JSON (RFC 7493) forbids: readers differ in which one they take, and
//! maps take the last one without a word.

use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// The pointer to the first member of a JSON document that stands twice in its object, at any depth. All of the document
/// is read; what is not JSON, or is nested more deeply than `serde_json` follows (128 levels), is an error.
pub(crate) fn repeated_member(document: &[u8]) -> serde_json::Result<Option<String>> {
    let mut repeated = None;
    let search = Search {
        pointer: &mut String::new(),
        repeated: &mut repeated,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    search.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(repeated)
}

/// Adds a member or a place to a pointer, escaped as RFC 6901 asks for.
pub(crate) fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// Reads one value and keeps nothing of it.
struct Search<'a> {
    /// To the value.
    pointer: &'a mut String,
    repeated: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { pointer, repeated } = self;
        let length = pointer.len();
        let mut index = 0_usize;
        loop {
            push(pointer, &index.to_string());
            let item = items.next_element_seed(Search {
                pointer: &mut *pointer,
                repeated: &mut *repeated,
            })?;
            pointer.truncate(length);
            if item.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { pointer, repeated } = self;
        let length = pointer.len();
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            push(pointer, &name);
            if !names.insert(name) && repeated.is_none() {
                *repeated = Some(pointer.clone());
            }
            members.next_value_seed(Search {
                pointer: &mut *pointer,
                repeated: &mut *repeated,
            })?;
            pointer.truncate(length);
        }
        Ok(())
    }
}
