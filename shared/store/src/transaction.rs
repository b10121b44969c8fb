//! Transactions: all writes or none.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use domain::{Error, Result};

use crate::attribute::Attributes;
use crate::condition::{Expressions, Write, WriteKind};
use crate::meter::Direction;
use crate::patience::Patience;
use crate::table::{Table, key_attributes, unavailable};

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All writes happened.
    Done,
    /// None happened, because these conditions did not hold.
    Refused(Vec<RefusedWrite>),
}

/// A write whose condition did not hold.
#[derive(Debug)]
pub(crate) struct RefusedWrite {
    /// Its place in the transaction.
    pub(crate) index: usize,
    /// The item as it is, if there is one.
    pub(crate) old: Option<Attributes>,
}

impl Table {
    /// Writes all or none. The token makes a repeat by the SDK, after a lost answer, do nothing.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<Transacted> {
        let operation = self.operation();
        let items = writes
            .into_iter()
            .map(|write| transaction_item(&self.settings.name, write.stamped(operation)))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| Error::internal("a transaction cannot be built", error))?;
        let mut with_others = Patience::with_others(&self.ids);
        let mut with_table = Patience::with_table(&self.ids);
        loop {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(operation.to_string())
                .set_return_consumed_capacity(self.wanted_capacity())
                .send()
                .await;
            let error = match answer {
                Ok(answer) => {
                    for consumed in answer.consumed_capacity() {
                        self.count(Direction::Write, Some(consumed));
                    }
                    return Ok(Transacted::Done);
                }
                Err(error) => error,
            };
            let refused = refused_writes(&error);
            if !refused.is_empty() {
                return Ok(Transacted::Refused(refused));
            }
            // Of a transaction that met both, the table has too much to do.
            let patience = if is_throttled(&error) {
                &mut with_table
            } else if met_another(&error) {
                &mut with_others
            } else {
                return Err(unavailable(error));
            };
            if patience.is_at_end() {
                return Err(unavailable(error));
            }
            patience.wait().await?;
        }
    }
}

fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}

fn refused_writes<R>(error: &SdkError<TransactWriteItemsError, R>) -> Vec<RefusedWrite> {
    reasons(error)
        .iter()
        .enumerate()
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(index, reason)| RefusedWrite {
            index,
            old: reason.item().cloned(),
        })
        .collect()
}

fn met_another<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let is_in_progress = error
        .as_service_error()
        .is_some_and(TransactWriteItemsError::is_transaction_in_progress_exception);
    is_in_progress || has_reason(error, "TransactionConflict")
}

fn is_throttled<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    has_reason(error, "ThrottlingError")
}

fn has_reason<R>(error: &SdkError<TransactWriteItemsError, R>, code: &str) -> bool {
    reasons(error)
        .iter()
        .any(|reason| reason.code() == Some(code))
}

fn transaction_item(
    table: &str,
    write: Write,
) -> std::result::Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
    let Write {
        key,
        kind,
        condition,
        is_silent,
    } = write;
    let mut expressions = Expressions::default();
    let condition = condition.map(|condition| expressions.condition(&condition));
    let on_failure = if is_silent {
        ReturnValuesOnConditionCheckFailure::None
    } else {
        ReturnValuesOnConditionCheckFailure::AllOld
    };
    let item = TransactWriteItem::builder();
    Ok(match kind {
        WriteKind::Put(attributes) => item
            .put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(attributes))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values_on_condition_check_failure(on_failure)
                    .build()?,
            )
            .build(),
        WriteKind::Update(actions) => {
            let update = expressions.update(&actions);
            item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&key)))
                    .update_expression(update)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values_on_condition_check_failure(on_failure)
                    .build()?,
            )
            .build()
        }
        WriteKind::Delete => item
            .delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values_on_condition_check_failure(on_failure)
                    .build()?,
            )
            .build(),
        WriteKind::Check => item
            .condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(expressions.names())
                    .set_expression_attribute_values(expressions.values())
                    .return_values_on_condition_check_failure(on_failure)
                    .build()?,
            )
            .build(),
    })
}
