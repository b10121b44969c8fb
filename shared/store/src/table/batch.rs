//! Many items at once, each for itself.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};
use domain::{Error, Result};

use super::{Table, key_attributes, unavailable};
use crate::attribute::Attributes;
use crate::key::Key;
use crate::meter::Direction;
use crate::patience::Patience;

impl Table {
    /// Strongly consistent reads of up to 100 items at once; absent ones are left out, the order is not kept.
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(100) {
            let mut wanted = Some(
                KeysAndAttributes::builder()
                    .set_keys(Some(chunk.iter().map(key_attributes).collect()))
                    .consistent_read(true)
                    .build()
                    .map_err(|error| Error::internal("a batch read cannot be built", error))?,
            );
            let mut patience = Patience::with_table(&self.ids);
            while let Some(keys) = wanted.take() {
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.settings.name, keys)
                    .set_return_consumed_capacity(self.wanted_capacity())
                    .send()
                    .await
                    .map_err(unavailable)?;
                for consumed in answer.consumed_capacity() {
                    self.count(Direction::Read, Some(consumed));
                }
                let before = found.len();
                found.extend(answer.responses.unwrap_or_default().into_values().flatten());
                wanted = answer
                    .unprocessed_keys
                    .unwrap_or_default()
                    .into_values()
                    .next();
                // What is left out of an answer that is full is asked for at once; an answer without anything means
                // that the table has too much to do.
                if wanted.is_some() && found.len() == before {
                    patience.wait().await?;
                }
            }
        }
        Ok(found)
    }

    /// Removes items, each for itself: where this fails, some of them may be gone.
    pub(crate) async fn batch_delete(&self, keys: Vec<Key>) -> Result<()> {
        let deletions = keys.iter().map(|key| {
            let key = Some(key_attributes(key));
            let delete = DeleteRequest::builder().set_key(key).build()?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        });
        self.batch_write(deletions.collect()).await
    }

    async fn batch_write(
        &self,
        requests: std::result::Result<Vec<WriteRequest>, BuildError>,
    ) -> Result<()> {
        let requests =
            requests.map_err(|error| Error::internal("a batch write cannot be built", error))?;
        for chunk in requests.chunks(25) {
            let mut left = Some(chunk.to_vec());
            let mut patience = Patience::with_table(&self.ids);
            while let Some(requests) = left.take() {
                let before = requests.len();
                let answer = self
                    .client
                    .batch_write_item()
                    .request_items(&self.settings.name, requests)
                    .set_return_consumed_capacity(self.wanted_capacity())
                    .send()
                    .await
                    .map_err(unavailable)?;
                for consumed in answer.consumed_capacity() {
                    self.count(Direction::Write, Some(consumed));
                }
                let unprocessed = answer.unprocessed_items.unwrap_or_default();
                left = unprocessed.into_values().next();
                if let Some(left) = &left {
                    // A table that takes some of them at a time has much to do, and gets on.
                    if left.len() < before {
                        patience = Patience::with_table(&self.ids);
                    }
                    patience.wait().await?;
                }
            }
        }
        Ok(())
    }
}
