//! The queue's event.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};

use crate::{Ctx, Incoming, handle};

/// One run for one batch of messages; the answer names those that must come again.
pub async fn on_messages(ctx: &Ctx, event: SqsEvent) -> SqsBatchResponse {
    let messages = event.records.into_iter().map(|message| Incoming {
        // The queue always gives an id. An empty one in the answer would make the whole batch come again: safe.
        id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    });
    let failed = handle(ctx, messages.collect()).await;
    ctx.metrics.flush(ctx.clock.now());
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}
