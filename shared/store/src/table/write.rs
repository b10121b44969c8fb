//! Conditional writes of single items.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Error, Result};

use super::{Table, key_attributes, unavailable};
use crate::attribute::{Attributes, text_of};
use crate::condition::{Expressions, Write, WriteKind};
use crate::item::OPERATION;
use crate::meter::Direction;
use crate::patience::Patience;

/// How a conditional write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// It happened, now or in an attempt whose answer was lost. For an update, with the item after it.
    Applied(Attributes),
    /// Its condition did not hold; with the item as it is, if there is one.
    Refused(Option<Attributes>),
}

impl Table {
    /// One conditional write. The SDK repeats a request whose answer was lost: the write is stamped, so that a refusal
    /// of the repeat is recognised as its own success. A write that meets a transaction has no effect and is repeated
    /// here, for the SDK does not.
    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        let operation = self.operation();
        let write = write.stamped(operation);
        let mut patience = Patience::with_others(&self.ids);
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
