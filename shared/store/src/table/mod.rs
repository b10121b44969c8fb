//! The table, and its operations: those of single items here, the others below.

mod batch;
mod query;
mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use domain::{Error, Ids, OperationId, Result};

use crate::attribute::{Attributes, text};
use crate::item::{Item, decode};
use crate::key::Key;
use crate::meter::{Direction, Meter};
use crate::schema::{PK, SK};

pub(crate) use self::query::{Query, Range};
pub(crate) use self::write::Written;

/// How the table is called and cut.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// Partitions of the indexes that all tenants share; never lowered while items are in them.
    pub shards: u32,
}

/// The single table.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    meter: Option<Arc<Meter>>,
}

impl Table {
    /// The table behind `client`.
    pub fn new(client: Client, settings: Settings, ids: Ids) -> Self {
        Self {
            client,
            settings,
            ids,
            meter: None,
        }
    }

    /// The same table, with every consumed unit counted.
    #[must_use]
    pub fn metered(self, meter: Arc<Meter>) -> Self {
        Self {
            meter: Some(meter),
            ..self
        }
    }

    /// How it is called and cut.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The source of ids for items.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// One cheap read: opens the connection while a function starts, and tells whether the table answers.
    pub async fn ping(&self) -> Result<()> {
        self.get_attributes(&Key {
            pk: "X#PING".to_owned(),
            sk: "-".to_owned(),
        })
        .await
        .map(drop)
    }

    pub(crate) fn operation(&self) -> OperationId {
        OperationId::generate(&self.ids)
    }

    /// A strongly consistent read of one item.
    pub(crate) async fn get<T: Item>(&self, key: &Key) -> Result<Option<T>> {
        self.get_attributes(key).await?.map(decode).transpose()
    }

    pub(crate) async fn get_attributes(&self, key: &Key) -> Result<Option<Attributes>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.settings.name)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true)
            .set_return_consumed_capacity(self.wanted_capacity())
            .send()
            .await
            .map_err(unavailable)?;
        self.count(Direction::Read, answer.consumed_capacity());
        Ok(answer.item)
    }

    pub(crate) fn wanted_capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    pub(crate) fn count(&self, direction: Direction, consumed: Option<&ConsumedCapacity>) {
        if let (Some(meter), Some(consumed)) = (&self.meter, consumed) {
            meter.add(direction, consumed);
        }
    }
}

pub(crate) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("the table", error)
}

pub(crate) fn key_attributes(key: &Key) -> std::collections::HashMap<String, AttributeValue> {
    [
        (PK.to_owned(), text(&key.pk)),
        (SK.to_owned(), text(&key.sk)),
    ]
    .into()
}
