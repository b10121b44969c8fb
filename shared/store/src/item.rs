//! Stored items: private structs that know their key.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attribute::{Attributes, number, text, text_of};
use crate::key::Key;
use crate::schema::{PK, SK};

/// The type of an item, so that a mixed query is never decoded wrongly.
pub(crate) const TYPE: &str = "ty";
/// The schema version of an item. A reader takes every version up to its own and ignores attributes that it does not
/// know, so that old and new code can run at once.
pub(crate) const SCHEMA: &str = "v";
/// The last conditional write: how a repeated attempt recognises its own success.
pub(crate) const OPERATION: &str = "op";

/// An item of one type.
pub(crate) trait Item: Serialize + DeserializeOwned {
    /// The stored name of the type.
    const TYPE: &'static str;
    /// The schema version that this code writes.
    const SCHEMA: u32 = 1;

    /// Where it is stored.
    fn key(&self) -> Key;

    /// The keys of the sparse indexes in which it appears.
    fn index_keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The item as attributes, with its keys. Absent options are left out: an index must not see them as null.
pub(crate) fn encode<T: Item>(item: &T) -> Result<Attributes> {
    let mut attributes: Attributes = serde_dynamo::to_item(item)
        .map_err(|error| Error::internal("an item cannot be stored", error))?;
    attributes.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    let Key { pk, sk } = item.key();
    attributes.insert(PK.to_owned(), text(pk));
    attributes.insert(SK.to_owned(), text(sk));
    attributes.insert(TYPE.to_owned(), text(T::TYPE));
    attributes.insert(SCHEMA.to_owned(), number(T::SCHEMA));
    for (name, key) in item.index_keys() {
        attributes.insert(name.to_owned(), text(key));
    }
    Ok(attributes)
}

/// The item in these attributes.
pub(crate) fn decode<T: Item>(attributes: Attributes) -> Result<T> {
    if !is::<T>(&attributes) {
        return Err(Error::corrupt(T::TYPE, "the item has another type"));
    }
    serde_dynamo::from_item(attributes).map_err(|error| Error::corrupt(T::TYPE, error))
}

/// Whether the attributes are an item of this type.
pub(crate) fn is<T: Item>(attributes: &Attributes) -> bool {
    text_of(attributes, TYPE) == Some(T::TYPE)
}
