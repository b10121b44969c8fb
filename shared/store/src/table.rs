//! The table's operations on single items and queries.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, DeleteRequest, KeysAndAttributes, PutRequest,
    ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use domain::{Error, Ids, OperationId, Result};

use crate::attribute::{Attributes, text, text_of};
use crate::condition::{Expressions, Write, WriteKind};
use crate::item::{Item, OPERATION, decode};
use crate::key::Key;
use crate::meter::{Direction, Meter};
use crate::patience::Patience;
use crate::schema::{Index, PK, SK};

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

/// How a conditional write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// It happened, now or in an attempt whose answer was lost. For an update, with the item after it.
    Applied(Attributes),
    /// Its condition did not hold; with the item as it is, if there is one.
    Refused(Option<Attributes>),
}

/// What to read of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) index: Option<Index>,
    pub(crate) partition: String,
    pub(crate) range: Range,
    pub(crate) is_descending: bool,
    pub(crate) limit: Option<i32>,
    /// Only what the index projects beside the keys.
    is_without_keys: bool,
}

/// Which sort keys to read.
#[derive(Clone, Debug)]
pub(crate) enum Range {
    All,
    Prefix(String),
    Between(String, String),
    Below(String),
    Above(String),
}

impl Query {
    pub(crate) fn of_table(partition: String, range: Range) -> Self {
        Self {
            index: None,
            partition,
            range,
            is_descending: false,
            limit: None,
            is_without_keys: false,
        }
    }

    pub(crate) fn of_index(index: Index, partition: String, range: Range) -> Self {
        Self {
            index: Some(index),
            partition,
            range,
            is_descending: false,
            limit: None,
            is_without_keys: false,
        }
    }

    pub(crate) fn descending(mut self) -> Self {
        self.is_descending = true;
        self
    }

    pub(crate) fn limit(mut self, limit: i32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Leaves the keys of an index's entries out of the answer: they are the larger part of a small entry.
    pub(crate) fn without_keys(mut self) -> Self {
        self.is_without_keys = true;
        self
    }
}

/// Some items of a query.
#[derive(Debug)]
pub(crate) struct QueryPage {
    pub(crate) items: Vec<Attributes>,
    /// Where to go on; `None` at the end.
    pub(crate) next: Option<Attributes>,
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
            let mut patience = Patience::default();
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

    /// Stores items whether or not there are such, each for itself: where this fails, some of them may be stored.
    pub(crate) async fn batch_put(&self, items: Vec<Attributes>) -> Result<()> {
        let puts = items.into_iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        self.batch_write(puts.collect()).await
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
            let mut patience = Patience::default();
            while let Some(requests) = left.take() {
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
                if left.is_some() {
                    patience.wait().await?;
                }
            }
        }
        Ok(())
    }

    /// One page of a query; reads of an index are eventually consistent, of the table strongly.
    pub(crate) async fn query(
        &self,
        query: &Query,
        start: Option<Attributes>,
    ) -> Result<QueryPage> {
        let mut expressions = Expressions::default();
        let (partition, sort) = query
            .index
            .map_or((PK, SK), |index| (index.partition, index.sort));
        let mut condition = format!(
            "{} = {}",
            expressions.name(partition),
            expressions.value(&text(&query.partition))
        );
        let mut bound = |value: &String| expressions.value(&text(value));
        let range = match &query.range {
            Range::All => None,
            Range::Prefix(prefix) => Some(format!("begins_with(#{sort}, {})", bound(prefix))),
            Range::Between(first, last) => Some(format!(
                "#{sort} BETWEEN {} AND {}",
                bound(first),
                bound(last)
            )),
            Range::Below(end) => Some(format!("#{sort} < {}", bound(end))),
            Range::Above(start) => Some(format!("#{sort} > {}", bound(start))),
        };
        if let Some(range) = range {
            expressions.name(sort);
            condition = format!("{condition} AND {range}");
        }
        let projected = query.index.filter(|_| query.is_without_keys).map(|index| {
            let names = index.projected.iter().map(|name| expressions.name(name));
            names.collect::<Vec<_>>().join(", ")
        });
        let answer = self
            .client
            .query()
            .table_name(&self.settings.name)
            .set_index_name(query.index.map(|index| index.name.to_owned()))
            .key_condition_expression(condition)
            .set_projection_expression(projected)
            .set_expression_attribute_names(expressions.names())
            .set_expression_attribute_values(expressions.values())
            .scan_index_forward(!query.is_descending)
            .set_limit(query.limit)
            .consistent_read(query.index.is_none())
            .set_exclusive_start_key(start)
            .set_return_consumed_capacity(self.wanted_capacity())
            .send()
            .await
            .map_err(unavailable)?;
        self.count(Direction::Read, answer.consumed_capacity());
        Ok(QueryPage {
            items: answer.items.unwrap_or_default(),
            next: answer.last_evaluated_key,
        })
    }

    /// All items of a query. Only where their number is bounded by design.
    pub(crate) async fn query_all(&self, query: &Query) -> Result<Vec<Attributes>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.query(query, start).await?;
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// One conditional write. The SDK repeats a request whose answer was lost: the write is stamped, so that a refusal
    /// of the repeat is recognised as its own success. A write that meets a transaction has no effect and is repeated
    /// here, for the SDK does not.
    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        let operation = self.operation();
        let write = write.stamped(operation);
        let mut patience = Patience::default();
        loop {
            match self.write_once(&write).await? {
                Answer::Applied(item) => return Ok(Written::Applied(item)),
                Answer::Refused(Some(old))
                    if text_of(&old, OPERATION) == Some(operation.to_string().as_str()) =>
                {
                    return Ok(Written::Applied(old));
                }
                Answer::Refused(old) => return Ok(Written::Refused(old)),
                Answer::Conflict => patience.wait().await?,
            }
        }
    }

    async fn write_once(&self, write: &Write) -> Result<Answer> {
        let mut expressions = Expressions::default();
        let condition = write
            .condition
            .as_ref()
            .map(|condition| expressions.condition(condition));
        match &write.kind {
            WriteKind::Put(attributes) => {
                let answer = self
                    .client
                    .put_item()
                    .table_name(&self.settings.name)
                    .set_item(Some(attributes.clone()))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .set_return_consumed_capacity(self.wanted_capacity())
                    .send()
                    .await;
                match answer {
                    Ok(answer) => {
                        self.count(Direction::Write, answer.consumed_capacity());
                        Ok(Answer::Applied(attributes.clone()))
                    }
                    Err(error) => not_written(error),
                }
            }
            WriteKind::Update(actions) => {
                let update = expressions.update(actions);
                let answer = self
                    .client
                    .update_item()
                    .table_name(&self.settings.name)
                    .set_key(Some(key_attributes(&write.key)))
                    .update_expression(update)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values(ReturnValue::AllNew)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .set_return_consumed_capacity(self.wanted_capacity())
                    .send()
                    .await;
                match answer {
                    Ok(answer) => {
                        self.count(Direction::Write, answer.consumed_capacity());
                        Ok(Answer::Applied(answer.attributes.unwrap_or_default()))
                    }
                    Err(error) => not_written(error),
                }
            }
            WriteKind::Delete => {
                let answer = self
                    .client
                    .delete_item()
                    .table_name(&self.settings.name)
                    .set_key(Some(key_attributes(&write.key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values(ReturnValue::AllOld)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .set_return_consumed_capacity(self.wanted_capacity())
                    .send()
                    .await;
                match answer {
                    Ok(answer) => {
                        self.count(Direction::Write, answer.consumed_capacity());
                        Ok(Answer::Applied(answer.attributes.unwrap_or_default()))
                    }
                    Err(error) => not_written(error),
                }
            }
            WriteKind::Check => Err(Error::internal(
                "a check stands alone",
                "only a transaction has checks",
            )),
        }
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

/// What the service answers to a single write.
enum Answer {
    Applied(Attributes),
    /// The condition did not hold.
    Refused(Option<Attributes>),
    /// A transaction is at work on the item: nothing happened.
    Conflict,
}

/// The answer in an error of the service; everything else may pass.
fn not_written<E, R>(error: SdkError<E, R>) -> Result<Answer>
where
    E: NotWritten + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(error) => error.into_err().answer(),
        other => Err(unavailable(other)),
    }
}

/// An error of one of the three operations that write an item.
trait NotWritten {
    fn answer(self) -> Result<Answer>;
}

macro_rules! not_written {
    ($($error:ident),*) => {$(
        impl NotWritten for $error {
            fn answer(self) -> Result<Answer> {
                match self {
                    Self::ConditionalCheckFailedException(failure) => {
                        Ok(Answer::Refused(failure.item))
                    }
                    Self::TransactionConflictException(_) => Ok(Answer::Conflict),
                    other => Err(unavailable(other)),
                }
            }
        }
    )*};
}

not_written!(PutItemError, UpdateItemError, DeleteItemError);

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
